//! `orion pipeline`: runs of the platform, and their events as they happen.

use super::{Call, Remote, live, query};
use crate::cli::failure::Failure;
use crate::cli::output::Format;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

const RUNS: &str = "/api/v1/director/pipelines";

/// `orion pipeline …`
#[derive(Debug, Args)]
pub(in crate::cli) struct Pipeline {
    #[command(flatten)]
    pub(in crate::cli) options: super::Options,
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List runs, newest first
    Status {
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only runs in this state: pending, running, completed, failed
        #[arg(long)]
        status: Option<String>,
    },
    /// Make content from a trend; the work goes on in the background
    Run {
        /// The trend's identifier
        trend: Uuid,
        /// Wait for you there too, before the review of the video: script, prompts; may be repeated
        #[arg(long = "gate", value_name = "GATE", value_delimiter = ',')]
        gates: Vec<String>,
        /// Show its progress until it waits for you or ends
        #[arg(long)]
        watch: bool,
    },
    /// Show what may be spent, what is spent of it today, and what a video is expected to cost
    Budget {
        /// Length of the video in seconds [default: that of the platform's configuration]
        #[arg(long)]
        seconds: Option<u32>,
    },
    /// Show everything that was done for a run, and what went wrong
    Inspect {
        /// The run's identifier
        run: Uuid,
    },
    /// Stop a run, wherever it is worked on
    Cancel {
        /// The run's identifier
        run: Uuid,
    },
    /// Take up a run again that failed or was stopped
    Retry {
        /// The run's identifier
        run: Uuid,
    },
    /// Show events as they happen; Ctrl-C ends it
    Logs {
        /// Only events of this content
        #[arg(long)]
        content: Option<Uuid>,
        /// Begin behind this event
        #[arg(long, value_name = "EVENT")]
        after: Option<String>,
    },
}

impl Pipeline {
    pub(in crate::cli) async fn run(self, remote: Remote) -> Result<ExitCode, Failure> {
        match self.command {
            Action::Status { limit, status } => {
                let query = query(&[("limit", Some(limit.to_string())), ("status", status)]);
                let call = Call::get(format!("/api/v1/director/pipelines{query}"));
                remote.run(call.columns(&["id", "content_id", "stage", "status", "started_at", "error_message"])).await
            }
            Action::Budget { seconds } => {
                let query = query(&[("seconds", seconds.map(|seconds| seconds.to_string()))]);
                remote.run(Call::get(format!("/api/v1/pulse/budget{query}"))).await
            }
            Action::Run { trend, gates, watch } => {
                let call = Call::post(RUNS, json!({ "trend_id": trend, "gates": gates }));
                if !watch {
                    return remote.run(call).await;
                }
                let client = remote.client()?;
                // The socket is opened first: no event of the run can be missed.
                let socket = live::Live::open(&client, None).await?;
                let answer = client.call(call.method.clone(), &call.path, call.body.as_ref()).await?;
                remote.print(&answer, &call)?;
                let content = answer["content_id"].as_str().and_then(|id| id.parse().ok());
                socket.follow(&client, content, remote.format, true).await
            }
            Action::Inspect { run } => inspect(&remote, run).await,
            Action::Cancel { run } => remote.run(Call::new(Method::POST, format!("{RUNS}/{run}/cancel"))).await,
            Action::Retry { run } => remote.run(Call::new(Method::POST, format!("{RUNS}/{run}/retry"))).await,
            Action::Logs { content, after } => {
                let client = remote.client()?;
                live::Live::open(&client, after).await?.follow(&client, content, remote.format, false).await
            }
        }
    }
}

/// The run's own line by line, and its steps as a table below.
async fn inspect(remote: &Remote, run: Uuid) -> Result<ExitCode, Failure> {
    let call = Call::get(format!("{RUNS}/{run}"));
    let mut answer = remote.client()?.call(call.method.clone(), &call.path, None).await?;
    if remote.format == Format::Json {
        return remote.print(&answer, &call);
    }
    let steps = answer.as_object_mut().and_then(|run| run.remove("steps")).unwrap_or_default();
    remote.print(&answer, &call)?;
    let columns: &[&str] = &["key", "state", "provider", "attempts", "cost", "started_at", "finished_at", "error"];
    remote.print(&steps, &Call::get("").columns(columns))
}
