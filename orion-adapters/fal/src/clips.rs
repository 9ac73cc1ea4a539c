//! Clips: a still that begins to move.

use crate::options::{FalOptions, endpoint};
use crate::queue::{Handle, Queue};
use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use orion_core::domain::{CostCategory, Stage};
use orion_core::port::{
    BlobStore, BlobStoreExt, ClipModel, ClipRequest, Fetcher, GeneratedClip, Provider, Submission, Usage,
};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most pixels of the still that is sent.
const MOST_PIXELS: u32 = 1080 * 1920;
/// Largest still that is read, and largest file of a clip.
const MOST_STILL: u64 = 64 << 20;
const MOST_BYTES: u64 = 256 << 20;

/// Clips by a model on Fal.
#[derive(Debug, Clone)]
pub struct FalClips {
    queue: Queue,
    provider: Provider,
    blobs: Arc<dyn BlobStore>,
}

impl FalClips {
    /// A model by its name: `kling`, or as Fal writes it. Stills are read from `blobs`, files are fetched by `fetcher`.
    /// Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a name that cannot be one.
    pub fn new(model: &str, options: FalOptions, fetcher: Arc<dyn Fetcher>, blobs: Arc<dyn BlobStore>) -> Result<Self> {
        let queue = Queue::new(options, endpoint(model)?, fetcher)?;
        Ok(Self { queue, provider: Provider::cloud("fal_ai", model.trim()), blobs })
    }
}

#[async_trait]
impl ClipModel for FalClips {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ClipRequest, operation: &Operation) -> Result<Submission<GeneratedClip>> {
        request.check()?;
        if request.picture.length > MOST_STILL {
            return Err(Error::new(ErrorKind::Exhausted, "the still is too large")
                .with_context("bytes", request.picture.length));
        }
        let still = orion_picture::jpeg(self.blobs.require(&request.picture).await?, MOST_PIXELS).await?;
        let ratio = f64::from(request.width) / f64::from(request.height);
        // The shapes that Kling knows.
        let aspect = if ratio < 0.75 {
            "9:16"
        } else if ratio > 1.33 {
            "16:9"
        } else {
            "1:1"
        };
        let input = json!({
            "prompt": request.prompt,
            // The still goes along: nobody can fetch what is kept here, and nothing is left lying elsewhere.
            "image_url": format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(&still)),
            "duration": if request.seconds <= 5 { "5" } else { "10" },
            "aspect_ratio": aspect,
        });
        Ok(Submission::Pending(
            self.queue.send(&input, (request.width, request.height), &operation.cancellation).await?.to_string(),
        ))
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedClip> {
        let handle = Handle::parse(handle)?;
        let result = self.queue.result(&handle, Stage::Video, operation).await?;
        let address = result.pointer("/video/url").and_then(Value::as_str);
        let address = address.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the result of Fal has no clip"))?;
        let bytes = self.queue.file(address, MOST_BYTES, operation).await?;
        let media_type = GeneratedClip::type_of(&bytes)
            .ok_or_else(|| Error::new(ErrorKind::Corrupt, "the file of the result is no clip"))?;
        let usage = Usage { category: CostCategory::VideoClips, units: 1.0, cost: self.queue.options().rate };
        Ok(GeneratedClip { bytes, media_type: media_type.to_owned(), usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.queue.cancel(handle).await
    }
}
