//! `orion content`: what is made, and decisions about it.

use super::{Call, Remote, query};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

/// `orion content …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Content {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List content, newest first
    List {
        /// Only content in this state: draft, generating, review, approved, published, rejected
        #[arg(long)]
        status: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// How many to pass over
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Show one content with its script and scenes
    View {
        /// Its identifier
        id: Uuid,
    },
    /// Approve exactly what is there now
    Approve {
        /// Its identifier
        id: Uuid,
    },
    /// Refuse content
    Reject {
        /// Its identifier
        id: Uuid,
        /// Why
        #[arg(long)]
        feedback: Option<String>,
        /// Make it again, heeding the feedback
        #[arg(long, requires = "feedback")]
        regenerate: bool,
    },
    /// Make content again
    Regenerate {
        /// Its identifier
        id: Uuid,
        /// What to do better
        #[arg(long)]
        feedback: Option<String>,
    },
}

impl Content {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        let act = |id: Uuid, verb: &str, body| Call::post(format!("/api/v1/director/content/{id}/{verb}"), body);
        let call = match self.command {
            Action::List { status, limit, offset } => {
                let query = query(&[
                    ("status", status),
                    ("limit", Some(limit.to_string())),
                    ("offset", Some(offset.to_string())),
                ]);
                Call::get(format!("/api/v1/director/content{query}")).columns(&["id", "status", "created_at", "title"])
            }
            Action::View { id } => Call::get(format!("/api/v1/director/content/{id}")),
            Action::Approve { id } => act(id, "approve", json!({})),
            Action::Reject { id, feedback, regenerate } => {
                act(id, "reject", json!({ "reason": feedback, "feedback": feedback, "regenerate": regenerate }))
            }
            Action::Regenerate { id, feedback } => act(id, "regenerate", json!({ "feedback": feedback })),
        };
        remote.run(call).await
    }
}
