//! Opens who makes pictures and sets them in motion.

use super::Parts;
use crate::Uri;
use orion_core::Result;
use orion_core::port::{BlobStore, ClipModel, ImageModel};
use std::sync::Arc;

/// How ComfyUI is reached.
#[cfg(feature = "comfyui")]
#[derive(Debug, Clone, Default)]
pub struct ComfyAccess {
    /// Address of the server.
    pub url: String,
    /// File of the model for pictures; empty is the one that the workflow names.
    pub checkpoint: String,
}

/// How Fal is reached, and what it costs.
#[cfg(feature = "fal")]
#[derive(Debug, Clone, Default)]
pub struct FalAccess {
    /// Address of the queue; empty is Fal's own.
    pub url: String,
    /// The key.
    pub key: Option<orion_core::domain::Secret>,
    /// What a picture and a clip cost, in dollars.
    pub rates: (f64, f64),
    /// Hosts whose files may be fetched although their addresses are private.
    pub allow_private: Vec<String>,
}

impl Parts {
    /// Who makes pictures: `graphics:` (the built-in scene graphics), `comfyui:` (ComfyUI with the built-in workflow) or
    /// `comfyui:WORKFLOW.json` (with a workflow of one's own), `fal:MODEL`, `openai:MODEL`. Pictures of these files are shown in them.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn images(&self, address: &str, blobs: Arc<dyn BlobStore>) -> Result<Arc<dyn ImageModel>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "graphics")]
            "graphics:",
            #[cfg(feature = "comfyui")]
            "comfyui:",
            #[cfg(feature = "comfyui")]
            "comfyui:WORKFLOW.json",
            #[cfg(feature = "fal")]
            "fal:MODEL",
            #[cfg(feature = "openai")]
            "openai:MODEL",
        ];
        // Only the graphics look at them.
        let _ = &blobs;
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            #[cfg(feature = "graphics")]
            "graphics" => Ok(Arc::new(orion_graphics::SceneGraphics::new(blobs))),
            #[cfg(feature = "comfyui")]
            "comfyui" => {
                let mut options = self.comfy_options(&uri)?;
                options.checkpoint = Some(self.comfyui.checkpoint.trim().to_owned()).filter(|file| !file.is_empty());
                Ok(Arc::new(orion_comfyui::ComfyImages::new(options)?))
            }
            #[cfg(feature = "fal")]
            "fal" => {
                let (options, fetcher) = self.fal_options(self.fal.rates.0)?;
                Ok(Arc::new(orion_fal::FalImages::new(uri.require("the model")?, options, fetcher)?))
            }
            #[cfg(feature = "openai")]
            "openai" => {
                let model = uri.require("the model")?;
                Ok(Arc::new(orion_openai::OpenAiImages::new(model, &self.words.openai_at(1))?))
            }
            _ => Err(uri.unknown("images", KNOWN)),
        }
    }

    /// Who sets stills in motion: `comfyui:` (Stable Video Diffusion), `comfyui:WORKFLOW.json`, `fal:MODEL` such as
    /// `fal:kling`. Stills are read from these files.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn clips(&self, address: &str, blobs: Arc<dyn BlobStore>) -> Result<Arc<dyn ClipModel>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "comfyui")]
            "comfyui:",
            #[cfg(feature = "comfyui")]
            "comfyui:WORKFLOW.json",
            #[cfg(feature = "fal")]
            "fal:MODEL",
        ];
        let _ = &blobs;
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            #[cfg(feature = "comfyui")]
            "comfyui" => Ok(Arc::new(orion_comfyui::ComfyClips::new(self.comfy_options(&uri)?, blobs)?)),
            #[cfg(feature = "fal")]
            "fal" => {
                let (options, fetcher) = self.fal_options(self.fal.rates.1)?;
                let model = uri.require("the model")?;
                Ok(Arc::new(orion_fal::FalClips::new(model, options.for_clips(), fetcher, blobs)?))
            }
            _ => Err(uri.unknown("clips", KNOWN)),
        }
    }

    /// ComfyUI with the workflow that an address names.
    #[cfg(feature = "comfyui")]
    fn comfy_options(&self, uri: &Uri) -> Result<orion_comfyui::ComfyOptions> {
        let url = Some(self.comfyui.url.trim()).filter(|url| !url.is_empty()).unwrap_or("http://127.0.0.1:8188");
        let mut options = orion_comfyui::ComfyOptions::at(url)?;
        if !uri.rest().trim().is_empty() {
            let path = uri.path(&self.folder);
            let workflow = std::fs::read_to_string(&path).map_err(|error| {
                orion_core::Error::not_found("the workflow file cannot be read")
                    .with_hint("a relative path lies in `data_dir`")
                    .with_source(error)
            });
            let workflow = workflow.and_then(|json| orion_comfyui::Workflow::parse(&json));
            options.workflow = Some(workflow.map_err(|error| error.with_context("workflow", path.display()))?);
        }
        Ok(options)
    }

    /// The queue of Fal, and who fetches its files.
    #[cfg(feature = "fal")]
    fn fal_options(&self, rate: f64) -> Result<(orion_fal::FalOptions, Arc<dyn orion_core::port::Fetcher>)> {
        use orion_core::domain::{Money, Secret};
        let url = Some(self.fal.url.trim()).filter(|url| !url.is_empty()).unwrap_or(orion_fal::FalOptions::QUEUE);
        let key = self.fal.key.clone().unwrap_or_else(|| Secret::new(""));
        let options = orion_fal::FalOptions::at(url, key, Money::from_dollars(rate))?;
        let fetcher = orion_fetch::HttpFetcher::builder().allow_private(&self.fal.allow_private).build()?;
        Ok((options, Arc::new(fetcher)))
    }
}
