//! `orion publish`: where content goes out.

use super::{Call, Remote, query};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use orion_core::Error;
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use uuid::Uuid;

/// `orion publish …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Publish {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List connected accounts
    Accounts,
    /// Connect an account
    Connect {
        /// Where: folder, webhook
        #[arg(long)]
        platform: String,
        /// Name for people
        #[arg(long)]
        name: String,
        /// A credential, as NAME=VALUE; NAME=@FILE reads it from a file, so that it stays out of the shell's history
        #[arg(long = "credential", value_name = "NAME=VALUE")]
        credentials: Vec<String>,
    },
    /// Disconnect an account
    Disconnect {
        /// Its identifier
        account: Uuid,
    },
    /// Publish approved content
    Send {
        /// The content's identifier
        id: Uuid,
        /// Where; may be repeated
        #[arg(long, required = true)]
        platform: Vec<String>,
    },
    /// List what was published, newest first
    History {
        /// Only of this content
        #[arg(long)]
        content: Option<Uuid>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

impl Publish {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let call = match self.command {
            Action::Accounts => Call::get("/api/v1/publisher/accounts").columns(&[
                "id",
                "platform",
                "is_active",
                "created_at",
                "display_name",
            ]),
            Action::Connect { platform, name, credentials } => {
                let credentials = credentials.iter().map(|text| credential(text)).collect::<Result<Map<_, _>, _>>()?;
                let body = json!({ "platform": platform, "display_name": name, "credentials": credentials });
                Call::post("/api/v1/publisher/accounts", body)
            }
            Action::Disconnect { account } => {
                Call::new(reqwest::Method::DELETE, format!("/api/v1/publisher/accounts/{account}"))
            }
            Action::Send { id, platform } => {
                Call::post("/api/v1/publisher/publish", json!({ "content_id": id, "platforms": platform }))
                    .rows("results")
                    .columns(&["platform", "status", "platform_post_id", "error"])
            }
            Action::History { content, limit } => {
                let query =
                    query(&[("content_id", content.map(|id| id.to_string())), ("limit", Some(limit.to_string()))]);
                Call::get(format!("/api/v1/publisher/history{query}")).columns(&[
                    "created_at",
                    "platform",
                    "status",
                    "platform_post_id",
                    "content_id",
                    "error_message",
                ])
            }
        };
        remote.run(call).await
    }
}

/// One credential of the command line.
fn credential(text: &str) -> Result<(String, Value), Error> {
    let wrong = |why: &'static str| Error::invalid(why).with_hint("write it as --credential NAME=VALUE or NAME=@FILE");
    let (name, value) = text.split_once('=').ok_or_else(|| wrong("a credential has a name and a value"))?;
    let value = match value.strip_prefix('@') {
        None => value.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| {
                wrong("the credential's file cannot be read").with_context("file", path).with_source(error)
            })?
            .trim_end()
            .to_owned(),
    };
    Ok((name.to_owned(), Value::String(value)))
}
