//! Clips: a still that begins to move.

use crate::handle::Handle;
use crate::options::ComfyOptions;
use crate::prompt::Prompts;
use crate::workflow::{Input, Workflow};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money, Stage};
use orion_core::port::{BlobStore, BlobStoreExt, ClipModel, ClipRequest, GeneratedClip, Provider, Submission, Usage};
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result, Retry};
use serde_json::Value;
use std::sync::Arc;

/// The size that Stable Video Diffusion was trained at, in pixels, and the steps in which it may differ.
const MOST_PIXELS: u32 = 576 * 1024;
const STEP: u32 = 64;
/// Frames a second, and how much moves (contract, section 5.6).
const FPS: u32 = 8;
const MOTION: u32 = 127;
/// Most frames that the model makes well: the 25 that it was trained at.
const MOST_FRAMES: u32 = 25;
/// Memory of the graphics card that the model needs, with some for the screen left out of the eight gigabytes.
const MEMORY: u64 = 7_500_000_000;
/// Largest still, and largest file of a clip.
const MOST_STILL: u64 = 64 << 20;
const MOST_BYTES: usize = 256 << 20;

/// Clips by a workflow on ComfyUI.
#[derive(Debug, Clone)]
pub struct ComfyClips {
    prompts: Prompts,
    provider: Provider,
    blobs: Arc<dyn BlobStore>,
    /// Whether it is the workflow of this crate, whose needs are known.
    built_in: bool,
}

impl ComfyClips {
    /// Clips by the workflow of these options, or by the one for Stable Video Diffusion; stills are read from `blobs`.
    /// Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a workflow that does not take a picture.
    pub fn new(options: ComfyOptions, blobs: Arc<dyn BlobStore>) -> Result<Self> {
        let built_in = options.workflow.is_none();
        let prompts = Prompts::new(options, Workflow::image_to_video()?, &[Input::Image])?;
        let provider = Provider::local("comfyui", prompts.model());
        Ok(Self { prompts, provider, blobs, built_in })
    }

    /// Whether the card has the memory that the model needs; short of it, ComfyUI fails in the middle or swaps for
    /// hours.
    async fn check_memory(&self, cancellation: &Cancellation) -> Result<()> {
        let stats = self.prompts.server.get(&["system_stats"], cancellation).await?;
        let devices = stats.get("devices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let memory = devices.iter().filter_map(|device| device.get("vram_total")?.as_u64()).max();
        match memory {
            Some(bytes) if bytes < MEMORY => {
                Err(Error::unavailable("the graphics card has too little memory for clips")
                    .with_retry(Retry::Never)
                    .with_context("gigabytes", format!("{:.1}", bytes as f64 / 1e9))
                    .with_hint("8 GB are needed; leave `clips` empty for motion on stills, or take a smaller workflow"))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ClipModel for ComfyClips {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ClipRequest, operation: &Operation) -> Result<Submission<GeneratedClip>> {
        request.check()?;
        let still = operation.cancellation.unless_cancelled(async {
            if self.built_in {
                self.check_memory(&operation.cancellation).await?;
            }
            if request.picture.length > MOST_STILL {
                return Err(Error::new(ErrorKind::Exhausted, "the still is too large")
                    .with_context("bytes", request.picture.length));
            }
            let bytes = self.blobs.require(&request.picture).await?;
            let ending = if request.picture.media_type == "image/jpeg" { "jpg" } else { "png" };
            let name = format!("{}.{ending}", request.picture.sha256);
            self.prompts.server.upload(bytes, name, &request.picture.media_type, &operation.cancellation).await
        });
        let still = still.await?;
        let size = orion_picture::drawn((request.width, request.height), MOST_PIXELS, STEP);
        // The same still moves the same way again.
        let seed = request.picture.sha256.0.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let values = vec![
            (Input::Image, still.into()),
            (Input::Prompt, request.prompt.as_str().into()),
            (Input::Width, size.0.into()),
            (Input::Height, size.1.into()),
            (Input::Seed, seed.into()),
            (Input::Frames, (FPS * request.seconds).min(MOST_FRAMES).into()),
            (Input::Fps, FPS.into()),
            (Input::Motion, MOTION.into()),
        ];
        let handle = self.prompts.queue(values, size, operation).await?;
        Ok(Submission::Pending(handle.to_string()))
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedClip> {
        let handle = Handle::parse(handle)?;
        let outputs = self.prompts.outputs(&handle, Stage::Video, operation).await?;
        let is_clip = |name: &str| {
            let name = name.to_ascii_lowercase();
            [".mp4", ".webm", ".mov", ".mkv"].iter().any(|ending| name.ends_with(ending))
        };
        let file = outputs.iter().find(|output| is_clip(&output.filename)).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "the workflow made no clip")
                .with_context("prompt", &handle.prompt)
                .with_hint("end it with a node that saves one as MP4 or WebM, such as Save Video")
        })?;
        let bytes = self.prompts.server.download(file, MOST_BYTES, &operation.cancellation).await?;
        let media_type = GeneratedClip::type_of(&bytes).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "what ComfyUI made is no clip").with_context("file", &file.filename)
        })?;
        let usage = Usage { category: CostCategory::VideoClips, units: 1.0, cost: Money::ZERO };
        Ok(GeneratedClip { bytes, media_type: media_type.to_owned(), usage })
    }

    async fn cancel(&self, handle: &str) -> Result<()> {
        self.prompts.cancel(handle).await
    }
}
