//! `orion content`: what is made, and decisions about it.

use super::{Call, Remote, query};
use crate::cli::failure::Failure;
use clap::{Args, Subcommand};
use orion_core::Error;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use std::io::Read;
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
    /// Put your own script in place of the one that waits at its gate
    Script {
        /// The content's identifier
        id: Uuid,
        /// File with the script, a line for each scene: the first is the hook, the last the call to action; - for
        /// standard input
        file: String,
        /// Another title
        #[arg(long)]
        title: Option<String>,
    },
    /// Change one of the scenes that wait at their gate
    Scene {
        /// The content's identifier
        id: Uuid,
        /// Number of the scene, from one
        number: u32,
        #[command(flatten)]
        change: SceneChange,
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

/// What is to be different in a scene.
#[derive(Debug, Args, Serialize)]
#[group(required = true, multiple = true)]
struct SceneChange {
    /// What is to be seen
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// In which style
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<String>,
    /// From where
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_angle: Option<String>,
    /// In which mood
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    mood: Option<String>,
    /// What is not to be seen
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<String>,
}

/// No script of a short video is longer.
const MOST_SCRIPT: u64 = 64 * 1024;

/// The lines of a file, blank ones left out.
fn lines_of(file: &str) -> Result<Vec<String>, Error> {
    let unreadable = |error: std::io::Error| {
        Error::invalid("the script cannot be read").with_context("file", file).with_source(error)
    };
    let mut text = String::new();
    let length = match file {
        "-" => std::io::stdin().lock().take(MOST_SCRIPT + 1).read_to_string(&mut text),
        file => std::fs::File::open(file).and_then(|opened| opened.take(MOST_SCRIPT + 1).read_to_string(&mut text)),
    };
    if length.map_err(unreadable)? as u64 > MOST_SCRIPT {
        return Err(Error::invalid("the script is too long")
            .with_context("file", file)
            .with_context("most_bytes", MOST_SCRIPT));
    }
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
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
            Action::Script { id, file, title } => {
                let lines: Vec<_> = lines_of(&file)?.into_iter().map(|text| json!({ "text": text })).collect();
                Call::put(format!("/api/v1/director/content/{id}/script"), json!({ "title": title, "lines": lines }))
            }
            Action::Scene { id, number, change } => {
                let path = format!("/api/v1/director/content/{id}/visual-prompts/{number}");
                Call { body: Some(json!(change)), ..Call::new(Method::PATCH, path) }
            }
            Action::Reject { id, feedback, regenerate } => {
                act(id, "reject", json!({ "reason": feedback, "feedback": feedback, "regenerate": regenerate }))
            }
            Action::Regenerate { id, feedback } => act(id, "regenerate", json!({ "feedback": feedback })),
        };
        remote.run(call).await
    }
}
