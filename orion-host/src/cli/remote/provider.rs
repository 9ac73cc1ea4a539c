//! `orion provider`: who serves each capability of a platform, how each provider does, and who is to serve.

use super::{Call, Remote};
use crate::cli::failure::Failure;
use crate::switch::Switchable;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What a table shows of a provider.
const COLUMNS: &[&str] =
    &["service", "place", "provider", "mode", "state", "requests", "errors", "last_served_at", "last_failure"];

/// `orion provider …`
#[derive(Debug, Args)]
pub(in crate::cli) struct ProviderCommand {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show who serves each capability, who not and why, and how each provider did
    Status {
        /// Only this one: llm, critic, image, video, tts, stt or embeddings
        #[arg(value_parser = ["llm", "critic", "image", "video", "tts", "stt", "embeddings"])]
        service: Option<String>,
    },
    /// Choose who serves a capability, for every process and without a restart
    Switch {
        /// llm, image, video, tts, stt (transcription) or embeddings
        #[arg(value_parser = Switchable::names())]
        service: String,
        /// Where it runs
        #[arg(long, ignore_case = true, value_parser = ["LOCAL", "CLOUD"])]
        mode: String,
        /// Which provider: a name of `orion provider status`, or the scheme of an address, like ollama; `none` switches video
        /// or stt off
        #[arg(long)]
        provider: Option<String>,
        /// Which model
        #[arg(long)]
        model: Option<String>,
        /// Let those whom the configuration names follow if it fails
        #[arg(long)]
        fallback: bool,
    },
    /// Go back to whoever the configuration names
    Reset {
        /// llm, image, video, tts, stt (transcription) or embeddings
        #[arg(value_parser = Switchable::names())]
        service: String,
    },
}

impl ProviderCommand {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let call = match self.command {
            Action::Status { service } => {
                let call = Call::get("/api/v1/providers").rows("rows").columns(COLUMNS);
                let answer = remote.client()?.call(call.method.clone(), &call.path, None).await?;
                return remote.print(&rows(answer, service.as_deref()), &call);
            }
            Action::Switch { service, mode, provider, model, fallback } => {
                let body = json!({
                    "provider": mode.to_uppercase(), "name": provider.unwrap_or_default(),
                    "model": model.unwrap_or_default(), "fallback": fallback,
                });
                Call::put(format!("/api/v1/providers/{service}/config"), body)
            }
            Action::Reset { service } => Call::new(Method::DELETE, format!("/api/v1/providers/{service}/config")),
        };
        remote.run(call).await
    }
}

/// The answer with a row for each provider, as a table shows it, beside what the platform said.
fn rows(mut answer: Value, service: Option<&str>) -> Value {
    let mut rows = Vec::new();
    if let Some(items) = answer.get_mut("items").and_then(Value::as_array_mut) {
        items.retain(|item| service.is_none_or(|service| item["service"] == service));
        for item in items.iter() {
            for provider in item["providers"].as_array().into_iter().flatten() {
                rows.push(row(item, provider));
            }
        }
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("rows".to_owned(), rows.into());
    }
    answer
}

fn row(item: &Value, provider: &Value) -> Value {
    let text = |key: &str| provider[key].as_str().unwrap_or_default();
    let name = [text("provider"), text("model")];
    let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let last = &provider["last_failures"][0];
    let failure = last["error"].as_str().map(|error| format!("{} {error}", last["at"].as_str().unwrap_or_default()));
    json!({
        "service": item["service"], "place": provider["place"], "provider": name, "mode": provider["mode"],
        "state": if provider["available"] == true { "available" } else { text("why_not") },
        "requests": provider["requests"], "errors": provider["errors"],
        "last_served_at": provider["last_served_at"], "last_failure": failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_a_row() {
        let provider = json!({
            "provider": "ollama", "model": "llama3.2", "mode": "LOCAL", "place": null, "available": false,
            "why_not": "never asked, as policy is cloud", "requests": 3, "errors": 1,
            "last_failures": [{ "at": "2026-01-01T00:00:00Z", "error": "down" }],
        });
        let answer = json!({ "items": [
            { "service": "llm", "providers": [provider] }, { "service": "tts", "providers": [] },
        ] });
        let rows = rows(answer.clone(), None);
        assert_eq!(rows["rows"][0]["provider"], "ollama/llama3.2");
        assert_eq!(rows["rows"][0]["state"], "never asked, as policy is cloud");
        assert_eq!(rows["rows"][0]["last_failure"], "2026-01-01T00:00:00Z down");
        assert_eq!(super::rows(answer, Some("tts"))["rows"], json!([]));
    }
}
