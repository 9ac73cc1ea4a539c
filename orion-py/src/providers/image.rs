//! A picture maker written in Python.

use super::{Object, Used};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::CostCategory;
use orion_core::port::{GeneratedImage, ImageLayer, ImageModel, ImageRequest, Provider, Submission};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Images(pub(super) Arc<Object>);

#[derive(Deserialize)]
struct Drawn {
    media_type: String,
    width: u32,
    height: u32,
    moves: bool,
    used: Used,
}

#[async_trait]
impl ImageModel for Images {
    fn provider(&self) -> &Provider {
        &self.0.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        request.check()?;
        let mut answer = self.0.ask("generate", request, Some(&operation.cancellation)).await?;
        let drawn: Drawn = answer.read()?;
        let Some(bytes) = answer.bytes.pop().filter(|bytes| !bytes.is_empty()) else {
            return Err(Error::new(ErrorKind::Corrupt, "the picture has no bytes"));
        };
        let Drawn { media_type, width, height, moves, used } = drawn;
        let layer = ImageLayer { bytes: Bytes::from(bytes), media_type, width, height, moves };
        let usage = used.usage(CostCategory::ImageGeneration, 1.0);
        Ok(Submission::Done(GeneratedImage { layers: vec![layer], usage }))
    }

    async fn wait(&self, handle: &str, _operation: &Operation) -> Result<GeneratedImage> {
        Err(Error::not_found("a picture maker in Python answers at once and knows no handle")
            .with_context("handle", handle))
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}
