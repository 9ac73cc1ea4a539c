//! A place to publish, written in Python.

use super::Object;
use super::files::{Desk, Folder};
use async_trait::async_trait;
use orion_core::domain::{Credentials, Destination};
use orion_core::port::{PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{Error, Operation, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Platform {
    object: Arc<Object>,
    desk: Desk,
    destination: Destination,
    text_limit: Option<usize>,
}

#[derive(Deserialize)]
struct Described {
    destination: String,
    text_limit: Option<usize>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
    #[serde(default)]
    detail: String,
}

impl Platform {
    pub(super) async fn new(object: Arc<Object>, desk: Desk) -> Result<Self> {
        let described: Described = object.ask("describe", &(), None).await?.read()?;
        let destination = Destination::named(&described.destination).ok_or_else(|| {
            let known: Vec<&str> = Destination::ALL.iter().map(|known| known.as_str()).collect();
            Error::invalid("a place to publish stands for one of the destinations that there are")
                .with_context("provider", &object.provider)
                .with_context("destination", &described.destination)
                .with_hint(format!(
                    "set `destination` to one of {}; for a place of your own, to the one whose name you do not need",
                    known.join(", ")
                ))
        })?;
        Ok(Self { object, desk, destination, text_limit: described.text_limit })
    }

    /// The post, with its files beside it for as long as they are needed.
    async fn post(&self, request: &PublishRequest, handle: Option<&str>) -> Result<(Value, Folder)> {
        let folder = self.desk.folder("post").await?;
        let video = self.desk.lay(&folder, &request.video, "video.mp4").await?;
        let thumbnail = match &request.thumbnail {
            Some(thumbnail) => Some(self.desk.lay(&folder, thumbnail, "thumbnail.jpg").await?),
            None => None,
        };
        let post = json!({
            "id": request.id, "content_id": request.content_id, "video": video, "thumbnail": thumbnail,
            "title": request.title, "description": request.description, "credentials": request.credentials,
            "handle": handle,
        });
        Ok((post, folder))
    }
}

#[async_trait]
impl PlatformPublisher for Platform {
    fn destination(&self) -> Destination {
        self.destination
    }

    fn text_limit(&self) -> Option<usize> {
        self.text_limit
    }

    async fn check(&self, credentials: &Credentials) -> Result<()> {
        self.object.ask("check", credentials, None).await.map(drop)
    }

    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String> {
        let (post, _folder) = self.post(request, None).await?;
        self.object.ask("prepare", &post, Some(&operation.cancellation)).await?.read()
    }

    async fn publish(&self, request: &PublishRequest, handle: &str, operation: &Operation) -> Result<PublishStatus> {
        let (post, _folder) = self.post(request, Some(handle)).await?;
        status(self.object.ask("publish", &post, Some(&operation.cancellation)).await?.read()?)
    }

    async fn reconcile(&self, request: &PublishRequest, handle: &str) -> Result<PublishStatus> {
        let (post, _folder) = self.post(request, Some(handle)).await?;
        status(self.object.ask("reconcile", &post, None).await?.read()?)
    }
}

fn status(Status { state, detail }: Status) -> Result<PublishStatus> {
    Ok(match state.as_str() {
        "published" => PublishStatus::Published(detail),
        "processing" => PublishStatus::Processing,
        "failed" => PublishStatus::Failed(detail),
        "gone" => PublishStatus::Gone(detail),
        "absent" => PublishStatus::Absent,
        "unknown" => PublishStatus::Unknown(detail),
        other => return Err(Error::invalid("unknown state of a post").with_context("state", other)),
    })
}
