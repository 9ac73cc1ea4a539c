//! `orion system` and `orion provider`: how the platform stands.

use super::{Call, Remote};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

/// `orion system …`
#[derive(Debug, Args)]
pub(in crate::cli) struct System {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Whether the platform answers
    Health,
    /// How its services stand
    Status,
    /// The machine it runs on
    Info,
}

impl System {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let open = match self.command {
            Action::Status => {
                let call =
                    Call::get("/status").rows("services").columns(&["service", "status", "latency_ms", "uptime"]);
                return remote.run(call).await;
            }
            Action::Health => Call::get("/health"),
            Action::Info => Call::get("/api/v1/system/info"),
        };
        let answer = remote.client()?.open(open.method.clone(), &open.path, None).await?;
        remote.print(&answer, &open)
    }
}

/// `orion provider …`
#[derive(Debug, Args)]
pub(in crate::cli) struct ProviderCommand {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: ProviderAction,
}

#[derive(Debug, Subcommand)]
enum ProviderAction {
    /// Who serves a capability
    Status {
        /// llm, image, video or tts
        #[arg(value_parser = ["llm", "image", "video", "tts"])]
        service: String,
    },
    /// Choose who serves a capability, for every process and without a restart
    Switch {
        /// llm, image, video or tts
        #[arg(value_parser = ["llm", "image", "video", "tts"])]
        service: String,
        /// Where it runs
        #[arg(long, ignore_case = true, value_parser = ["LOCAL", "CLOUD"])]
        mode: String,
        /// Which model
        #[arg(long)]
        model: String,
    },
}

impl ProviderCommand {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let call = match self.command {
            ProviderAction::Status { service } => Call::get(format!("/api/v1/providers/{service}/status")),
            ProviderAction::Switch { service, mode, model } => {
                let body = json!({ "provider": mode.to_uppercase(), "model": model });
                Call::put(format!("/api/v1/providers/{service}/config"), body)
            }
        };
        remote.run(call).await
    }
}
