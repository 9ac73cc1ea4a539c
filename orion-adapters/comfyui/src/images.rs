//! Pictures.

use crate::handle::Handle;
use crate::options::ComfyOptions;
use crate::prompt::Prompts;
use crate::workflow::{Input, Workflow};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money, Stage};
use orion_core::port::{GeneratedImage, ImageModel, ImageRequest, Provider, Submission, Usage};
use orion_core::{Error, ErrorKind, Operation, Result};

/// Most pixels that SDXL draws well; larger pictures are drawn smaller and scaled up when they are shown.
const MOST_PIXELS: u32 = 1 << 20;
/// Latent pixels are eight by eight.
const STEP: u32 = 8;
/// Steps and guidance of a picture (contract, section 2.3).
const STEPS: u32 = 20;
const CFG: f64 = 7.0;
/// Largest file of a picture.
const MOST_BYTES: usize = 64 << 20;

/// Pictures by a workflow on ComfyUI.
#[derive(Debug, Clone)]
pub struct ComfyImages {
    prompts: Prompts,
    provider: Provider,
}

impl ComfyImages {
    /// Pictures by the workflow of these options, or by the one for SDXL. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a workflow that does not take prompt, seed, width and height.
    pub fn new(options: ComfyOptions) -> Result<Self> {
        let needed = [Input::Prompt, Input::Seed, Input::Width, Input::Height];
        let prompts = Prompts::new(options, Workflow::text_to_image()?, &needed)?;
        let provider = Provider::local("comfyui", prompts.model());
        Ok(Self { prompts, provider })
    }
}

#[async_trait]
impl ImageModel for ComfyImages {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        request.check()?;
        let size = orion_picture::drawn((request.width, request.height), MOST_PIXELS, STEP);
        let values = vec![
            (Input::Prompt, request.prompt.as_str().into()),
            (Input::Negative, request.negative_prompt.as_str().into()),
            (Input::Width, size.0.into()),
            (Input::Height, size.1.into()),
            // Some samplers take 32 bits only.
            (Input::Seed, (request.seed as u32).into()),
            (Input::Steps, STEPS.into()),
            (Input::Cfg, CFG.into()),
        ];
        let handle = self.prompts.queue(values, size, operation).await?;
        Ok(Submission::Pending(handle.to_string()))
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage> {
        let handle = Handle::parse(handle)?;
        let outputs = self.prompts.outputs(&handle, Stage::Images, operation).await?;
        let is_picture = |name: &str| {
            let name = name.to_ascii_lowercase();
            [".png", ".jpg", ".jpeg", ".webp"].iter().any(|ending| name.ends_with(ending))
        };
        let file = outputs.iter().find(|output| is_picture(&output.filename)).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "the workflow made no picture")
                .with_context("prompt", &handle.prompt)
                .with_hint("end it with a node that saves one, such as Save Image")
        })?;
        let bytes = self.prompts.server.download(file, MOST_BYTES, &operation.cancellation).await?;
        let layer = orion_picture::layer(bytes, handle.size)
            .await
            .map_err(|error| error.with_context("file", &file.filename))?;
        let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost: Money::ZERO };
        Ok(GeneratedImage { layers: vec![layer], usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.prompts.cancel(handle).await
    }
}
