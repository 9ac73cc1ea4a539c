//! Pictures.

use crate::options::{FalOptions, endpoint};
use crate::queue::{Handle, Queue};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Stage};
use orion_core::port::{Fetcher, GeneratedImage, ImageModel, ImageRequest, Provider, Submission, Usage};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most pixels of a picture: Flux is paid by the begun megapixel, and draws well at one.
const MOST_PIXELS: u32 = 1_000_000;
/// Sides are multiples of it.
const STEP: u32 = 16;
/// Largest file of a picture.
const MOST_BYTES: u64 = 32 << 20;

/// Pictures by a model on Fal.
#[derive(Debug, Clone)]
pub struct FalImages {
    queue: Queue,
    provider: Provider,
}

impl FalImages {
    /// A model by its name: `flux-schnell`, `flux-pro`, or as Fal writes it, `fal-ai/flux/dev`. Files are fetched by
    /// `fetcher`. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a name that cannot be one.
    pub fn new(model: &str, options: FalOptions, fetcher: Arc<dyn Fetcher>) -> Result<Self> {
        let queue = Queue::new(options, endpoint(model)?, fetcher)?;
        Ok(Self { queue, provider: Provider::cloud("fal_ai", model.trim()) })
    }
}

#[async_trait]
impl ImageModel for FalImages {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        request.check()?;
        let size = orion_picture::drawn((request.width, request.height), MOST_PIXELS, STEP);
        // Flux takes no negative prompt.
        let input = json!({
            "prompt": request.prompt,
            "image_size": {"width": size.0, "height": size.1},
            "num_images": 1,
            "seed": request.seed as u32,
            "output_format": "jpeg",
        });
        Ok(Submission::Pending(self.queue.send(&input, size, &operation.cancellation).await?.to_string()))
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage> {
        let handle = Handle::parse(handle)?;
        let result = self.queue.result(&handle, Stage::Images, operation).await?;
        if result.pointer("/has_nsfw_concepts/0").and_then(Value::as_bool) == Some(true) {
            // Such a picture comes as a black one.
            return Err(Error::new(ErrorKind::Forbidden, "Fal's filter blackened the picture")
                .with_hint("change the prompt of the scene, or name another provider behind it"));
        }
        let address = result.pointer("/images/0/url").and_then(Value::as_str);
        let address = address.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the result of Fal has no picture"))?;
        let bytes = self.queue.file(address, MOST_BYTES, operation).await?;
        let layer = orion_picture::layer(bytes, handle.size).await?;
        let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost: self.queue.options().rate };
        Ok(GeneratedImage { layers: vec![layer], usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.queue.cancel(handle).await
    }
}
