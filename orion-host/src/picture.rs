//! One picture on demand, outside of a run, as one file.

use crate::Orion;
use crate::system::apart;
use orion_core::domain::timeline::Canvas;
use orion_core::domain::{BlobRef, Card, Look, Palette, SafeArea};
use orion_core::port::{ImageRequest, ThumbnailRequest, Usage};
use orion_core::service::media::ScenePicture;
use orion_core::{Operation, Result};

/// Most characters of a prompt that stand on the card, where a card is drawn.
const HEADLINE: usize = 160;

/// A picture as one file.
#[derive(Debug)]
pub struct Drawn {
    /// The file.
    pub blob: BlobRef,
    /// Its width and height in pixels.
    pub size: (u32, u32),
    /// As it was made, with who made it.
    pub picture: ScenePicture,
    /// What was used for it.
    pub usage: Option<Usage>,
}

/// The colours of a picture that has no topic.
pub(crate) fn usual_palette() -> Palette {
    Palette {
        name: "indigo".to_owned(),
        background: 0x0B_10_2A,
        glows: [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9],
        accent: 0xFF_CF_5C,
        text: 0xFF_FF_FF,
    }
}

/// The request of a picture of which nothing is known but what a person wrote.
pub fn of_prompt(prompt: &str, negative_prompt: &str, (width, height): (u32, u32), seed: u64) -> ImageRequest {
    ImageRequest {
        prompt: prompt.to_owned(),
        negative_prompt: negative_prompt.to_owned(),
        card: Card::Headline { label: String::new(), headline: prompt.chars().take(HEADLINE).collect() },
        look: Look::new(usual_palette(), seed),
        picture: None,
        width,
        height,
        seed,
        scene_number: 1,
    }
}

impl Orion {
    /// Has a picture made and laid flat: what is drawn in layers is one file here.
    ///
    /// # Errors
    /// As [`Media::draw`](orion_core::service::media::Media::draw); what the renderer says.
    pub async fn draw(&self, request: ImageRequest, operation: &Operation) -> Result<Drawn> {
        let (orion, operation) = (self.clone(), operation.clone());
        apart(move || async move {
            let production = orion.production();
            let (picture, usage) = production.media.draw(&request, &operation).await?;
            let (blob, size) = match picture.layers.as_slice() {
                [only] => (only.blob.clone(), (only.width, only.height)),
                layers => {
                    let (width, height) = (request.width, request.height);
                    let flat = ThumbnailRequest {
                        layers: layers.iter().map(|layer| layer.blob.clone()).collect(),
                        title: String::new(),
                        accent: request.look.palette.accent,
                        canvas: Canvas { width, height, frames_per_second: 30 },
                        covered: SafeArea::WHOLE,
                    };
                    (production.editor.renderer.thumbnail(&flat).await?.picture, (width, height))
                }
            };
            Ok(Drawn { blob, size, picture, usage })
        })
        .await
    }
}
