//! Pictures: `images/generations`.

use crate::server::{OpenAiOptions, Server};
use ::image::{ImageFormat, ImageReader, Limits};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use orion_core::domain::CostCategory;
use orion_core::port::{GeneratedImage, ImageLayer, ImageModel, ImageRequest, Provider, Submission};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::Deserialize;
use serde_json::json;
use std::io::Cursor;

/// Longest answer in bytes: a picture of 4096 by 4096 as base64.
const MOST_BYTES: usize = 96 * 1024 * 1024;

/// Longest prompt in characters; `dall-e-3` takes 4000.
const MOST_PROMPT: usize = 4000;

/// A picture model behind `images/generations`. The API gives no handle: the answer is the picture.
#[derive(Debug, Clone)]
pub struct OpenAiImages {
    server: Server,
}

#[derive(Deserialize)]
struct Pictures {
    data: Vec<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    b64_json: Option<String>,
}

impl OpenAiImages {
    /// A model by its name there, such as `gpt-image-1`. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a key that is missing.
    pub fn new(model: &str, options: &OpenAiOptions) -> Result<Self> {
        Ok(Self { server: Server::new(model, options, CostCategory::ImageGeneration)? })
    }

    /// The size to ask for: OpenAI's own models draw three shapes, others what is asked.
    fn size(&self, width: u32, height: u32) -> (u32, u32) {
        let long = match self.server.model.as_str() {
            model if model.starts_with("gpt-image") => 1536,
            model if model.starts_with("dall-e-3") => 1792,
            model if model.starts_with("dall-e-2") => 1024,
            _ => return (width, height),
        };
        match width.cmp(&height) {
            std::cmp::Ordering::Less => (1024, long),
            std::cmp::Ordering::Equal => (1024, 1024),
            std::cmp::Ordering::Greater => (long, 1024),
        }
    }

    async fn draw(&self, request: &ImageRequest, operation: &Operation) -> Result<GeneratedImage> {
        let (width, height) = self.size(request.width, request.height);
        let mut prompt = request.prompt.clone();
        if !request.negative_prompt.is_empty() {
            prompt = format!("{prompt}\nThe picture shows none of this: {}", request.negative_prompt);
        }
        let prompt: String = prompt.chars().take(MOST_PROMPT).collect();
        let mut body =
            json!({"model": self.server.model, "prompt": prompt, "n": 1, "size": format!("{width}x{height}")});
        // `gpt-image` always answers with the picture itself, and refuses to be told so.
        if !self.server.model.starts_with("gpt-image") {
            body["response_format"] = json!("b64_json");
        }
        let call = self.server.service.post(&["images", "generations"]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let pictures: Pictures = answer.json(MOST_BYTES).await?;
        let corrupt =
            |what: &'static str| Error::new(ErrorKind::Corrupt, what).with_context("model", &self.server.model);
        let encoded = pictures.data.into_iter().next().and_then(|picture| picture.b64_json);
        let encoded = encoded.ok_or_else(|| corrupt("there is no picture in the answer"))?;
        let bytes = STANDARD
            .decode(encoded.trim())
            .map_err(|error| corrupt("the picture in the answer is not base64").with_source(error))?;
        let shape = (request.width, request.height);
        let cut = tokio::task::spawn_blocking(move || cut_to(&bytes, shape)).await;
        let layer = cut.map_err(|error| Error::unexpected("cutting the picture was stopped").with_source(error))??;
        Ok(GeneratedImage { layers: vec![layer], usage: self.server.usage(1.0) })
    }
}

/// Cuts the middle of a picture out in a shape, as large as it is there. What has the shape already stays as it came.
fn cut_to(bytes: &[u8], (width, height): (u32, u32)) -> Result<ImageLayer> {
    let unreadable = |error: ::image::ImageError| {
        Error::new(ErrorKind::Corrupt, "the picture in the answer cannot be read").with_source(error)
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| unreadable(::image::ImageError::IoError(error)))?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(8192), Some(8192));
    reader.limits(limits);
    let format = reader.format();
    let picture = reader.decode().map_err(unreadable)?;
    let (has, tall) = (u64::from(picture.width()), u64::from(picture.height()));
    let (want, high) = (u64::from(width), u64::from(height));
    let (cut_width, cut_height) =
        if has * high > tall * want { (tall * want / high, tall) } else { (has, has * high / want) };
    let (cut_width, cut_height) = (cut_width.max(1), cut_height.max(1));
    let same = (cut_width, cut_height) == (has, tall);
    let media_type = match format {
        Some(ImageFormat::Png) if same => "image/png",
        Some(ImageFormat::Jpeg) if same => "image/jpeg",
        _ => "",
    };
    let (bytes, media_type) = if media_type.is_empty() {
        let (left, top) = ((has - cut_width) / 2, (tall - cut_height) / 2);
        let cut = picture.crop_imm(left as u32, top as u32, cut_width as u32, cut_height as u32);
        let mut png = Cursor::new(Vec::new());
        // The first layer is opaque.
        cut.to_rgb8().write_to(&mut png, ImageFormat::Png).map_err(unreadable)?;
        (png.into_inner(), "image/png")
    } else {
        (bytes.to_vec(), media_type)
    };
    Ok(ImageLayer {
        bytes: Bytes::from(bytes),
        media_type: media_type.to_owned(),
        width: cut_width as u32,
        height: cut_height as u32,
        moves: true,
    })
}

#[async_trait]
impl ImageModel for OpenAiImages {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        request.check()?;
        Ok(Submission::Done(self.draw(request, operation).await?))
    }

    async fn wait(&self, handle: &str, _operation: &Operation) -> Result<GeneratedImage> {
        Err(Error::not_found("this API gives no handles").with_context("handle", handle))
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}
