//! A place to publish, written in Python.

use super::Object;
use async_trait::async_trait;
use orion_core::domain::{BlobRef, Credentials, Destination};
use orion_core::port::{BlobStore, PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{Error, Operation, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Platform {
    object: Arc<Object>,
    blobs: Arc<dyn BlobStore>,
    work: PathBuf,
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

/// Files that a platform reads while it works on a post; they go with it.
struct Files(PathBuf);

impl Drop for Files {
    fn drop(&mut self) {
        // They lie in the work folder, which is emptied by others too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Platform {
    pub(super) async fn new(object: Arc<Object>, blobs: Arc<dyn BlobStore>, work: PathBuf) -> Result<Self> {
        let described: Described = object.ask("describe", &(), None).await?.read()?;
        let destination = described.destination.parse()?;
        Ok(Self { object, blobs, work, destination, text_limit: described.text_limit })
    }

    async fn export(&self, blob: &BlobRef, folder: &Path, name: &str) -> Result<PathBuf> {
        let path = folder.join(name);
        self.blobs.export(blob.sha256, &path).await?;
        Ok(path)
    }

    /// The post, with its files beside it for as long as they are needed.
    async fn post(&self, request: &PublishRequest, handle: Option<&str>) -> Result<(Value, Files)> {
        let files = Files(self.work.join(format!("post-{}-{}", request.id, std::process::id())));
        let folder = files.0.clone();
        let made = tokio::task::spawn_blocking(move || std::fs::create_dir_all(folder)).await;
        match made {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Error::unavailable("the work folder cannot be written").with_source(error)),
            Err(error) => return Err(Error::unexpected("making a folder ended by a panic").with_source(error)),
        }
        let video = self.export(&request.video, &files.0, "video.mp4").await?;
        let thumbnail = match &request.thumbnail {
            Some(thumbnail) => Some(self.export(thumbnail, &files.0, "thumbnail.jpg").await?),
            None => None,
        };
        let post = json!({
            "id": request.id, "content_id": request.content_id, "video": video, "thumbnail": thumbnail,
            "title": request.title, "description": request.description, "credentials": request.credentials,
            "handle": handle,
        });
        Ok((post, files))
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
        let (post, _files) = self.post(request, None).await?;
        self.object.ask("prepare", &post, Some(&operation.cancellation)).await?.read()
    }

    async fn publish(&self, request: &PublishRequest, handle: &str, operation: &Operation) -> Result<PublishStatus> {
        let (post, _files) = self.post(request, Some(handle)).await?;
        status(self.object.ask("publish", &post, Some(&operation.cancellation)).await?.read()?)
    }

    async fn reconcile(&self, request: &PublishRequest, handle: &str) -> Result<PublishStatus> {
        let (post, _files) = self.post(request, Some(handle)).await?;
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
