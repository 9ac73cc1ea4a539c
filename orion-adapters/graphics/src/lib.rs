//! Built-in scene graphics: typographic cards drawn from words, numbers and the article's picture.
//!
//! Every scene has an opaque soft background that may be moved, a transparent layer of type that stands still, and one for
//! each part of a card that comes in by itself. Where it has depth, the ornament is a transparent layer between. All scenes of a video share palette, margins, type scale and ornament.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod background;
mod block;
mod brand;
mod card;
mod ornament;
mod panel;
mod place;
mod sheet;
mod theme;

#[cfg(test)]
mod tests;

pub use brand::{Corner, Logo, bumper, lower_third, mark};
pub use orion_draw::{FontKit, picture};
pub use sheet::{contact, flat};

use async_trait::async_trait;
use bytes::Bytes;
use card::Setter;
use image::RgbImage;
use orion_core::domain::{BlobRef, Card, CostCategory, Look, Money, Ornament};
use orion_core::port::{
    BlobStore, BlobStoreExt, GeneratedImage, ImageLayer, ImageModel, ImageRequest, Provider, Side, Submission, Usage,
};
use orion_core::{Error, ErrorKind, Operation, Result};
use orion_draw::Pixmap;
use place::{Area, Canvas};
use sheet::no_memory;
use std::sync::{Arc, Mutex, PoisonError};
use theme::Theme;

/// Draws scene cards on this machine, at no cost.
#[derive(Debug, Clone)]
pub struct SceneGraphics {
    provider: Provider,
    blobs: Arc<dyn BlobStore>,
    kit: FontKit,
    /// The fonts of the look that was drawn last, if they were not the built-in ones.
    others: Arc<Mutex<Option<Others>>>,
}

/// Fonts that were read, and from which files.
type Others = (Vec<BlobRef>, FontKit);

impl SceneGraphics {
    /// Its name as a provider.
    pub const NAME: &'static str = "scene-graphics";
    /// Changes whenever the same request is drawn in another way, so that no journal mixes two looks.
    const MODEL: &'static str = "cards-4";

    /// Scene graphics that read articles' pictures from a blob store.
    pub fn new(blobs: Arc<dyn BlobStore>) -> Self {
        let provider = Provider { name: Self::NAME.to_owned(), model: Self::MODEL.to_owned(), side: Side::Local };
        Self { provider, blobs, kit: FontKit::shared().clone(), others: Arc::default() }
    }

    /// Uses other fonts.
    #[must_use]
    pub fn with_fonts(mut self, kit: FontKit) -> Self {
        self.kit = kit;
        self
    }

    /// The fonts that a look is set in.
    async fn fonts(&self, look: &Look) -> Result<FontKit> {
        if look.fonts.is_empty() {
            return Ok(self.kit.clone());
        }
        let held = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kit)) = held().as_ref().filter(|(fonts, _)| *fonts == look.fonts) {
            return Ok(kit.clone());
        }
        let mut files = Vec::with_capacity(look.fonts.len());
        for font in &look.fonts {
            files.push(self.blobs.require(font).await?);
        }
        let read = tokio::task::spawn_blocking(move || FontKit::with_files(&files)).await;
        let kit = read.map_err(|source| Error::unexpected("reading fonts broke off").with_source(source))??;
        *held() = Some((look.fonts.clone(), kit.clone()));
        Ok(kit)
    }

    /// The picture's bytes; a picture that is gone is left out, as one that was never found.
    async fn photo(&self, blob: &BlobRef) -> Result<Option<Bytes>> {
        match self.blobs.require(blob).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => {
                tracing::warn!(error = %error, "article picture left out");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ImageModel for SceneGraphics {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        request.check()?;
        operation.cancellation.check()?;
        let photo = match &request.picture {
            Some((blob, _)) => self.photo(blob).await?,
            None => None,
        };
        operation.cancellation.check()?;
        let (request, kit) = (request.clone(), self.fonts(&request.look).await?);
        let image = tokio::task::spawn_blocking(move || draw(&kit, &request, photo.as_deref()))
            .await
            .map_err(|source| Error::unexpected("drawing a scene failed").with_source(source))??;
        Ok(Submission::Done(image))
    }

    async fn wait(&self, handle: &str, _operation: &Operation) -> Result<GeneratedImage> {
        Err(Error::not_found("scene graphics are drawn at once and keep no work").with_context("handle", handle))
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}

/// Draws both layers of a scene. `photo` is the file of the article's picture; a damaged one is left out.
///
/// # Errors
/// `Invalid` for a size out of bounds; `Exhausted` when there is no memory for the layers.
pub fn draw(kit: &FontKit, request: &ImageRequest, photo: Option<&[u8]>) -> Result<GeneratedImage> {
    request.check()?;
    let photo = photo.and_then(|bytes| {
        picture::decode(bytes).inspect_err(|error| tracing::warn!(%error, "article picture left out")).ok()
    });
    let photo = photo.filter(|photo| photo.width() >= SMALLEST_PHOTO && photo.height() >= SMALLEST_PHOTO);
    let theme = Theme::new(&request.look);
    let credit = request.picture.as_ref().and_then(|(_, credit)| credit.as_deref()).filter(|_| photo.is_some());
    let kit = &kit.reading(&words(&request.card));
    let canvas = (request.width, request.height);
    let setter = Setter::new(kit, &theme, canvas, type_area(request), credit.is_some());
    let typeset = setter.set(&request.card, credit, photo.is_some(), false).ok_or_else(no_memory)?;
    let mut layers = match &photo {
        Some(photo) => {
            let behind = background::graded(photo, &theme, request.seed, canvas, typeset.zone);
            vec![background_layer(&behind, true)?]
        }
        None if request.look.depth && theme.ornament != Ornament::Bare => {
            let (behind, near) = background::deep(&theme, request.seed, canvas, typeset.zone).ok_or_else(no_memory)?;
            vec![background_layer(&behind, false)?, transparent(near, true)?]
        }
        None => vec![background_layer(&background::soft(&theme, request.seed, canvas, typeset.zone), false)?],
    };
    layers.push(transparent(typeset.pixmap, false)?);
    for step in typeset.steps {
        layers.push(transparent(step, false)?);
    }
    let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost: Money::ZERO };
    Ok(GeneratedImage { layers, usage })
}

/// Where the type of a scene stands.
fn type_area(request: &ImageRequest) -> Area {
    let look = &request.look;
    Canvas::new((request.width, request.height)).type_area(look.mark, look.lower_third == Some(request.scene_number))
}

/// All words of a card.
fn words(card: &Card) -> String {
    let parts: Vec<&str> = match card {
        Card::Headline { label, headline } => vec![label, headline],
        Card::Number { label, headline, value, caption } => vec![label, headline, value, caption],
        Card::Quote { quote, attribution } => vec![quote, attribution],
        Card::List { label, headline, items } => {
            [label, headline].into_iter().chain(items).map(String::as_str).collect()
        }
        Card::Comparison { label, headline, left, right } => {
            vec![label, headline, &left.0, &left.1, &right.0, &right.1]
        }
        Card::Closing { headline, credits } => [headline].into_iter().chain(credits).map(String::as_str).collect(),
        Card::Statement { words, .. } => vec![words],
        Card::Chart { label, headline, bars } => {
            [label, headline].into_iter().chain(bars.iter().map(|bar| &bar.title)).map(String::as_str).collect()
        }
        Card::Timeline { label, headline, moments } => {
            let moments = moments.iter().flat_map(|(when, what)| [when, what]);
            [label, headline].into_iter().chain(moments).map(String::as_str).collect()
        }
        Card::Change { label, headline, before, after } => {
            vec![label, headline, &before.0, &before.1, &after.0, &after.1]
        }
        Card::Place { label, name, region, headline } => vec![label, name, region, headline],
    };
    parts.join(" ")
}

fn transparent(pixmap: Pixmap, moves: bool) -> Result<ImageLayer> {
    let (width, height) = (pixmap.width(), pixmap.height());
    let bytes = picture::encode_png(pixmap)?.into();
    Ok(ImageLayer { bytes, media_type: "image/png".to_owned(), width, height, moves })
}

/// Smaller pictures are logos and tracking dots.
const SMALLEST_PHOTO: u32 = 200;

fn background_layer(behind: &RgbImage, photo: bool) -> Result<ImageLayer> {
    let (bytes, media_type) = if photo {
        (picture::encode_jpeg(behind, 90)?, "image/jpeg")
    } else {
        (picture::encode_png_rgb(behind)?, "image/png")
    };
    Ok(ImageLayer {
        bytes: bytes.into(),
        media_type: media_type.to_owned(),
        width: behind.width(),
        height: behind.height(),
        moves: true,
    })
}
