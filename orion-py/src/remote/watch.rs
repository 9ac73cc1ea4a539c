//! Videos that a platform makes: begun, watched over its socket, and fetched.

use super::live::Live;
use super::{Remote, generate, id_of, text};
use crate::calls::{VideoOrder, reply};
use orion_core::domain::Stage;
use orion_core::id::RunId;
use orion_core::{Error, ErrorKind, Operation, ProgressUpdate, Result, StageStatus};
use orion_host::delivery::folder_name;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One look at the socket takes no longer; then the run itself is looked at.
const LOOK_SECONDS: f64 = 10.0;
const MOST_EVENTS: usize = 200;

impl Remote {
    /// Has a video made and fetches it. A platform always asks for review: the file is there then, and nothing is
    /// published before somebody approves it.
    pub(super) async fn create(
        &self,
        order: VideoOrder,
        out: Option<PathBuf>,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        // Opened first, so that no event is missed.
        let live = Live::open(&self.http, None).await?;
        let begun = self.http.post("/api/v1/director/content/generate", &generate(&order).await?).await?;
        let content = id_of(&begun["id"])?;
        let run: RunId = text(&begun["pipeline_run_id"])?.parse()?;
        let run_row = self.follow(live, run, &content.to_string(), operation).await?;
        match run_row["state"]["state"].as_str() {
            Some("waiting") if run_row["state"]["gate"] == "review" => self.deliver(run, out).await,
            Some("waiting") => Err(Error::conflict("the run waits for a person")
                .with_context("run", run)
                .with_context("gate", &run_row["state"]["gate"])
                .with_hint("decide with approve or reject, then advance and deliver it")),
            Some("completed") => self.deliver(run, out).await,
            _ => Err(failed(&run_row)),
        }
    }

    /// Waits until a run waits for a person or has ended.
    pub(super) async fn wait_for(&self, run: RunId, operation: &Operation) -> Result<Value> {
        let live = Live::open(&self.http, None).await?;
        let content = text(&self.run(run).await?["content_id"])?.to_owned();
        let row = self.follow(live, run, &content, operation).await?;
        if row["state"]["state"] == "failed" { Err(failed(&row)) } else { Ok(row) }
    }

    async fn follow(&self, mut live: Live, run: RunId, content: &str, operation: &Operation) -> Result<Value> {
        loop {
            let row = self.run(run).await?;
            if !matches!(row["state"]["state"].as_str(), Some("pending" | "running")) {
                return Ok(row);
            }
            loop {
                let events = live.next(&self.http, MOST_EVENTS, LOOK_SECONDS).await?;
                let of_run = |event: &&Value| event["content_id"].as_str() == Some(content);
                let mut ends = events.is_empty();
                for event in events.iter().filter(of_run) {
                    if let Some(update) = progress_of(&event["payload"]) {
                        operation.report(update);
                    }
                    ends |= event["channel"] != "orion.pipeline.stage_changed";
                }
                if ends {
                    break;
                }
            }
        }
    }

    /// Fetches the files of a run that are there.
    pub(super) async fn deliver(&self, run: RunId, out: Option<PathBuf>) -> Result<Vec<u8>> {
        let content = id_of(&self.run(run).await?["content_id"])?;
        let detail = self.content(content).await?;
        let Some(link) = detail["video_url"].as_str() else {
            return Err(Error::conflict("the run has no finished video").with_context("run", run));
        };
        let title = detail["title"].as_str().unwrap_or_default();
        let folder = out.unwrap_or_else(|| Path::new("orion-videos").join(folder_name(title, run)));
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let operation = Operation::detached();
        let video = folder.join("video.mp4");
        self.http.download(link, &video, &operation).await?;
        let mut thumbnail = None;
        if let Some(link) = detail["thumbnail_url"].as_str() {
            let path = folder.join("thumbnail.jpg");
            self.http.download(link, &path, &operation).await?;
            thumbnail = Some(path);
        }
        reply(&json!({
            "run_id": run, "content_id": content, "title": title, "folder": folder, "video": video,
            "thumbnail": thumbnail, "captions": [], "script": null, "report": null,
        }))
    }
}

/// A report of progress of an event.
fn progress_of(payload: &Value) -> Option<ProgressUpdate> {
    let stage: Stage = payload["stage"].as_str()?.parse().ok()?;
    let status: StageStatus = serde_json::from_value(payload["status"].clone()).ok()?;
    let percent = payload["progress"].as_u64();
    let update =
        ProgressUpdate::running(stage, percent.unwrap_or(0), if percent.is_some() { 100 } else { 0 }, "percent");
    Some(ProgressUpdate { status, ..update })
}

/// The error of a run that came to no video.
fn failed(run: &Value) -> Error {
    let state = run["state"]["state"].as_str().unwrap_or_default();
    let kind = if state == "cancelled" { ErrorKind::Cancelled } else { ErrorKind::Conflict };
    let reason = run["state"]["reason"].as_str().unwrap_or("the run came to no video").to_owned();
    Error::new(kind, reason).with_context("run", run["id"].as_str().unwrap_or_default()).with_context("state", state)
}
