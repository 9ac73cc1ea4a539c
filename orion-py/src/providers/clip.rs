//! Stills set in motion by a Python object.

use super::files::Desk;
use super::{Object, Used};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::CostCategory;
use orion_core::port::{ClipModel, ClipRequest, GeneratedClip, Provider, Submission};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Clips {
    pub(super) object: Arc<Object>,
    pub(super) desk: Desk,
}

#[derive(Deserialize)]
struct Animated {
    used: Used,
}

#[async_trait]
impl ClipModel for Clips {
    fn provider(&self) -> &Provider {
        &self.object.provider
    }

    async fn submit(&self, request: &ClipRequest, operation: &Operation) -> Result<Submission<GeneratedClip>> {
        request.check()?;
        let folder = self.desk.folder("clip").await?;
        let name = if request.picture.media_type == "image/png" { "picture.png" } else { "picture.jpg" };
        let picture = self.desk.lay(&folder, &request.picture, name).await?;
        let asked = json!({
            "picture": picture, "prompt": request.prompt, "seconds": request.seconds, "width": request.width,
            "height": request.height,
        });
        let mut answer = self.object.ask("animate", &asked, Some(&operation.cancellation)).await?;
        let Animated { used } = answer.read()?;
        let bytes = Bytes::from(answer.bytes.pop().unwrap_or_default());
        let Some(media_type) = GeneratedClip::type_of(&bytes) else {
            return Err(Error::new(ErrorKind::Corrupt, "the clip is neither MP4 nor WebM"));
        };
        let usage = used.usage(CostCategory::VideoClips, 1.0);
        Ok(Submission::Done(GeneratedClip { bytes, media_type: media_type.to_owned(), usage }))
    }

    async fn wait(&self, handle: &str, _operation: &Operation) -> Result<GeneratedClip> {
        Err(Error::not_found("who makes clips in Python answers at once and knows no handle")
            .with_context("handle", handle))
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}
