//! From a picture file to pixels of a size that is worth keeping.

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageReader, RgbaImage};
use orion_core::domain::timeline::{Canvas, Motion};
use orion_core::{Error, ErrorKind, Result};
use std::io::Cursor;

/// How large a picture file may be once it is decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Pixels of a side.
    pub(crate) side: u32,
    /// Bytes.
    pub(crate) memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { side: 12_000, memory: 128 << 20 }
    }
}

/// Decodes a picture, turned as its camera says.
pub(crate) fn decode(bytes: &[u8], limits: Limits) -> Result<RgbaImage> {
    let malformed = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => Error::new(ErrorKind::Exhausted, "the picture is too large").with_source(error),
        _ => Error::new(ErrorKind::Invalid, "the picture cannot be read").with_source(error),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Error::new(ErrorKind::Invalid, "the picture cannot be read").with_source(error))?;
    let mut allowed = image::Limits::default();
    allowed.max_image_width = Some(limits.side);
    allowed.max_image_height = Some(limits.side);
    allowed.max_alloc = Some(limits.memory);
    reader.limits(allowed.clone());
    let mut decoder = reader.into_decoder().map_err(malformed)?;
    let (width, height) = decoder.dimensions();
    // The copy with four channels counts, too.
    if u64::from(width) * u64::from(height) * 4 > limits.memory {
        return Err(Error::new(ErrorKind::Exhausted, "the picture is too large")
            .with_context("width", width)
            .with_context("height", height));
    }
    let orientation = decoder.orientation().map_err(malformed)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(malformed)?;
    image.apply_orientation(orientation);
    if image.width() == 0 || image.height() == 0 {
        return Err(Error::invalid("the picture is empty"));
    }
    Ok(image.into_rgba8())
}

/// Makes a picture smaller that has more pixels than its motion ever shows, so that frames need no more than two
/// pixels for one and nothing flickers.
pub(crate) fn for_canvas(image: RgbaImage, canvas: &Canvas, motion: &Motion) -> RgbaImage {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let cover = (f64::from(canvas.width) / width).max(f64::from(canvas.height) / height);
    let factor = cover * motion.from.zoom.max(motion.to.zoom);
    if factor > 0.8 {
        return image;
    }
    let side = |pixels: f64, least: u32| ((pixels * factor).round() as u32).max(least);
    imageops::resize(&image, side(width, canvas.width), side(height, canvas.height), FilterType::CatmullRom)
}
