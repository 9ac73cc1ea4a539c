//! Commands that work on a running platform, over its API (contract, section 6).

mod admin;
mod auth;
mod client;
mod content;
mod live;
mod notifications;
mod pipeline;
mod provider;
mod publish;
mod session;
mod show;
mod system;
mod trends;

pub(super) use admin::Admin;
pub(super) use auth::Auth;
#[cfg(feature = "http")]
pub(super) use auth::ask;
pub(super) use content::Content;
pub(super) use notifications::Notifications;
pub(super) use pipeline::Pipeline;
pub(super) use provider::ProviderCommand;
pub(super) use publish::Publish;
pub(super) use system::System;
pub(super) use trends::Trends;

use super::failure::Failure;
use super::output::{Format, Printing};
use client::Client;
use orion_core::domain::Secret;
use reqwest::Method;
use serde_json::Value;
use std::process::ExitCode;

/// What every command takes that calls a platform.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) printing: Printing,
    /// Address of the platform [default: the one you signed in to, else http://localhost:8000]
    #[arg(long, global = true, env = "ORION_GATEWAY_URL", value_name = "ADDRESS", help_heading = "Platform")]
    gateway_url: Option<String>,
    /// Access token to use instead of the session of `orion auth login`
    #[arg(long, global = true, env = "ORION_AUTH_TOKEN", hide_env_values = true, help_heading = "Platform")]
    token: Option<String>,
}

/// Which platform, as whom, and how to print: what the command line said.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) gateway: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) format: Format,
}

impl Remote {
    pub(super) fn new(options: Options, format: Format) -> Self {
        Self { gateway: options.gateway_url, token: options.token.map(Secret::new), format }
    }

    fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(self.gateway.as_deref(), self.token.clone())?)
    }

    fn print(&self, answer: &Value, call: &Call) -> Result<ExitCode, Failure> {
        show::show(answer, call.rows, call.columns, self.format)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Makes one call and prints its answer.
    async fn run(&self, call: Call) -> Result<ExitCode, Failure> {
        let answer = self.client()?.call(call.method.clone(), &call.path, call.body.as_ref()).await?;
        self.print(&answer, &call)
    }
}

/// One call, and what is shown of its answer.
#[derive(Debug)]
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    rows: Option<&'static str>,
    columns: &'static [&'static str],
}

impl Call {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, rows: None, columns: &[] }
    }

    fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    fn post(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, path) }
    }

    fn put(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, path) }
    }

    /// The key that holds the list.
    fn rows(self, key: &'static str) -> Self {
        Self { rows: Some(key), ..self }
    }

    /// What a table shows of each row.
    fn columns(self, columns: &'static [&'static str]) -> Self {
        Self { columns, ..self }
    }
}

/// A query string of what was given; values are encoded.
fn query(pairs: &[(&str, Option<String>)]) -> String {
    let given = pairs.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)));
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if encoded.is_empty() { encoded } else { format!("?{encoded}") }
}
