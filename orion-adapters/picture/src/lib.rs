//! What adapters of picture models share: sizes that models can draw, and pictures that are what they are said to be.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageReader};
use orion_core::port::ImageLayer;
use orion_core::{Error, ErrorKind, Result};
use std::io::Cursor;

/// Largest side of a picture that is taken.
const MOST_SIDE: u32 = 8192;
/// Most memory that a picture may need once it is decoded.
const MOST_MEMORY: u64 = 256 << 20;

/// How far a shape may be off without being noticed.
const CLOSE: f64 = 0.005;

/// The size at which a model draws: of the same shape as asked, not more pixels than it can draw well, and sides of
/// whole steps.
pub fn drawn((width, height): (u32, u32), most_pixels: u32, step: u32) -> (u32, u32) {
    let (wide, high) = (f64::from(width), f64::from(height));
    let factor = (f64::from(most_pixels) / (wide * high)).sqrt().min(1.0);
    let steps = |pixels: f64| ((pixels / f64::from(step)).round() as u32).max(64 / step);
    let first = steps(wide * factor);
    // A little smaller may fit the shape better than the nearest size.
    let sizes = (first.saturating_sub(8).max(64 / step)..=first).rev().map(|columns| {
        let rows = steps(f64::from(columns * step) * high / wide);
        (columns * step, rows * step)
    });
    let error = |size: &(u32, u32)| (f64::from(size.0) * high / (f64::from(size.1) * wide) - 1.0).abs();
    let mut best = (first * step, steps(high * factor) * step);
    for size in sizes {
        if error(&size) <= CLOSE {
            return size;
        }
        if error(&size) < error(&best) {
            best = size;
        }
    }
    best
}

/// The layer of a picture that a model has drawn, looked at on a thread that may work: it decodes, and has the shape
/// that was asked for. What is neither an opaque PNG nor a JPEG is written anew as one.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) for what is no picture, or a part of one; [`Unexpected`](ErrorKind::Unexpected) for
/// another shape.
pub async fn layer(bytes: Bytes, asked: (u32, u32)) -> Result<ImageLayer> {
    working(move || look(bytes, asked)).await
}

/// A still as a JPEG of at most so many pixels, for models that are sent one.
///
/// # Errors
/// [`Corrupt`](ErrorKind::Corrupt) for what is no picture, or a part of one.
pub async fn jpeg(bytes: Bytes, most_pixels: u32) -> Result<Bytes> {
    working(move || {
        let (picture, _) = decode(&bytes)?;
        let pixels = f64::from(picture.width()) * f64::from(picture.height());
        let factor = (f64::from(most_pixels) / pixels).sqrt();
        let side = |pixels: u32| ((f64::from(pixels) * factor) as u32).max(1);
        let picture = match factor < 1.0 {
            true => picture.resize(side(picture.width()), side(picture.height()), FilterType::CatmullRom),
            false => picture,
        };
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, 92);
        let written = picture.into_rgb8().write_with_encoder(encoder);
        written.map_err(|error| Error::unexpected("the still cannot be written as JPEG").with_source(error))?;
        Ok(jpeg.into())
    })
    .await
}

async fn working<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::unexpected("looking at a picture broke off").with_source(error)))
}

fn corrupt(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Corrupt, "this is no picture, or not a whole one").with_source(error)
}

fn decode(bytes: &[u8]) -> Result<(DynamicImage, Option<ImageFormat>)> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(corrupt)?;
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let format = reader.format();
    // The decoder fills up what is missing of a JPEG; only its end mark says that it is whole.
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if format == Some(ImageFormat::Jpeg) && !bytes.get(..end).is_some_and(|bytes| bytes.ends_with(&[0xff, 0xd9])) {
        return Err(corrupt("the JPEG has no end"));
    }
    Ok((reader.decode().map_err(corrupt)?, format))
}

fn look(bytes: Bytes, asked: (u32, u32)) -> Result<ImageLayer> {
    let (picture, format) = decode(&bytes)?;
    let (width, height) = (picture.width(), picture.height());
    let (as_is, as_asked) = (u64::from(width) * u64::from(asked.1), u64::from(height) * u64::from(asked.0));
    if as_is.abs_diff(as_asked) * 20 > as_asked {
        return Err(Error::unexpected("the picture has another shape than asked")
            .with_context("made", format!("{width}x{height}"))
            .with_context("asked", format!("{}x{}", asked.0, asked.1)));
    }
    let (bytes, media_type) = match format {
        Some(ImageFormat::Jpeg) => (bytes, "image/jpeg"),
        // The first layer of a scene is opaque.
        Some(ImageFormat::Png) if opaque(&picture) => (bytes, "image/png"),
        _ => {
            let mut png = Cursor::new(Vec::new());
            let flat = DynamicImage::from(picture.into_rgb8());
            flat.write_to(&mut png, ImageFormat::Png).map_err(corrupt)?;
            (png.into_inner().into(), "image/png")
        }
    };
    Ok(ImageLayer { bytes, media_type: media_type.to_owned(), width, height, moves: true })
}

fn opaque(picture: &DynamicImage) -> bool {
    !picture.color().has_alpha() || picture.to_rgba8().pixels().all(|pixel| pixel.0[3] == 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_draw_the_same_shape_in_a_size_that_they_can() {
        let million = 1 << 20;
        assert_eq!(drawn((1080, 1920), million, 8), (768, 1368));
        assert_eq!(drawn((1920, 1080), million, 8), (1368, 768));
        assert_eq!(drawn((1080, 1350), million, 8), (912, 1144));
        assert_eq!(drawn((360, 640), million, 8), (360, 640));
        assert_eq!(drawn((65, 64), million, 8), (64, 64));
        assert_eq!(drawn((1080, 1920), 576 * 1024, 64), (576, 1024));
        assert_eq!(drawn((4096, 64), million, 8), (4096, 64));
        assert_eq!(drawn((1080, 1920), 1_000_000, 16), (736, 1312));
        assert_eq!(drawn((360, 640), 1_000_000, 16), (368, 656));
    }

    fn written(picture: &DynamicImage, format: ImageFormat) -> Bytes {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner().into()
    }

    #[tokio::test]
    async fn only_whole_opaque_pictures_of_the_right_shape_pass() {
        let opaque = DynamicImage::new_rgb8(64, 96);
        for (format, media_type) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg")] {
            let bytes = written(&opaque, format);
            let passed = layer(bytes.clone(), (640, 960)).await.unwrap();
            assert_eq!((passed.width, passed.height, passed.media_type.as_str()), (64, 96, media_type));
            assert_eq!(passed.bytes, bytes, "what is right already is left as it is");
            let cut = layer(bytes.slice(..bytes.len() / 2), (640, 960)).await.unwrap_err();
            assert_eq!(cut.kind(), ErrorKind::Corrupt);
            assert_eq!(layer(bytes, (640, 640)).await.unwrap_err().kind(), ErrorKind::Unexpected);
        }
        for other in [written(&DynamicImage::new_rgba8(64, 96), ImageFormat::Png), written(&opaque, ImageFormat::WebP)]
        {
            let passed = layer(other, (64, 96)).await.unwrap();
            assert_eq!(passed.media_type, "image/png");
            assert!(!decode(&passed.bytes).unwrap().0.color().has_alpha());
        }
        assert_eq!(layer(Bytes::from_static(b"<html>"), (64, 96)).await.unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[tokio::test]
    async fn a_still_is_made_small_enough() {
        let still = written(&DynamicImage::new_rgba8(400, 800), ImageFormat::Png);
        let (small, format) = decode(&jpeg(still.clone(), 20_000).await.unwrap()).unwrap();
        assert_eq!((small.width(), small.height(), format), (100, 200, Some(ImageFormat::Jpeg)));
        assert_eq!(decode(&jpeg(still, 1 << 20).await.unwrap()).unwrap().0.width(), 400);
    }
}
