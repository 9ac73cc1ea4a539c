//! Files of the user's own, looked at before any work: what cannot be used is said at once, and what can is brought
//! into a form that is safe to keep.

use crate::picture::{Limits, decode, for_canvas, framed};
use crate::{Look, Tools, probe_file};
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};
use orion_core::domain::timeline::{Canvas, Motion, View};
use orion_core::{Error, ErrorKind, Operation, Result};
use orion_draw::picture;
use std::path::Path;

/// Largest picture file.
const MOST_PICTURE: u64 = 64 << 20;
/// Largest clip.
const MOST_CLIP: u64 = 256 << 20;
/// Longest clip, in seconds.
const LONGEST_CLIP: f64 = 600.0;
/// What a picture may need once it is decoded: 64 million pixels.
const DECODED: Limits = Limits { side: 16_384, memory: 256 << 20 };
/// How far a scene ever zooms into a picture.
const ZOOM: f64 = 1.35;
/// Quality of the JPEG that is kept.
const QUALITY: u8 = 93;

/// A picture as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// A JPEG file.
    pub jpeg: Bytes,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Reads a picture: PNG, JPEG, WebP or GIF (of moving ones the first), of any depth, turned as its camera says, over
/// black where it is transparent, and no larger than the canvas needs. Where its shape is far from that of the canvas the
/// part that stands out is kept.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) for a file that is not there; [`Invalid`](ErrorKind::Invalid) for what is no
/// picture, or only a part of one; [`Exhausted`](ErrorKind::Exhausted) for one that is too large.
pub async fn still(file: &Path, canvas: Canvas) -> Result<Still> {
    let path = file.to_owned();
    let read = tokio::task::spawn_blocking(move || read_still(&path, canvas)).await;
    let read = read.map_err(|error| Error::unexpected("looking at a picture broke off").with_source(error))?;
    read.map_err(|error| error.with_context("file", file.display()))
}

fn read_still(file: &Path, canvas: Canvas) -> Result<Still> {
    regular(file, MOST_PICTURE)?;
    let bytes = std::fs::read(file).map_err(|error| Error::invalid("this file cannot be read").with_source(error))?;
    if bytes.starts_with(&[0xff, 0xd8]) && !picture::is_whole_jpeg(&bytes) {
        // The decoder fills up what is missing.
        return Err(Error::invalid("the picture ends too early").with_hint("copy or download it again"));
    }
    let image = decode(&bytes, DECODED).map_err(|error| match error.kind() {
        ErrorKind::Exhausted => error.with_hint("make it smaller: 64 million pixels are the most"),
        _ => error.with_hint("use a PNG, JPEG, WebP or GIF file that other programs can open"),
    })?;
    let image = framed(image, &canvas);
    let zoomed = View { zoom: ZOOM, ..View::WHOLE };
    let image = for_canvas(image, &canvas, &Motion { from: View::WHOLE, to: zoomed });
    let flat = RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let over = |value: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    });
    let (width, height) = flat.dimensions();
    let mut jpeg = Vec::new();
    let written = DynamicImage::from(flat).write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY));
    written.map_err(|error| Error::unexpected("the picture cannot be written as JPEG").with_source(error))?;
    Ok(Still { jpeg: jpeg.into(), width, height })
}

/// Looks at a clip.
///
/// # Errors
/// As [`probe_file`]; [`Invalid`](ErrorKind::Invalid) for a file without moving pictures, or one that is damaged;
/// [`Exhausted`](ErrorKind::Exhausted) for one that is too large or too long.
pub async fn clip(tools: &Tools, file: &Path, operation: &Operation) -> Result<(u32, u32)> {
    let look = async {
        regular(file, MOST_CLIP)?;
        let info = probe_file(tools, file, Look::Sampled, operation).await?;
        let hint = "use an MP4, MOV, WebM or Matroska file that other programs can play";
        if !matches!(info.container.as_str(), "mp4" | "mov" | "webm" | "matroska") {
            return Err(Error::invalid("a clip of this kind cannot be played")
                .with_context("container", info.container)
                .with_hint(hint));
        }
        if info.video_codec.is_none() || info.frames == Some(0) {
            return Err(Error::invalid("the clip holds no moving pictures").with_hint(hint));
        }
        if info.duration.seconds() > LONGEST_CLIP {
            return Err(Error::new(ErrorKind::Exhausted, "a clip lasts ten minutes at most")
                .with_context("seconds", format!("{:.0}", info.duration.seconds()))
                .with_hint("cut out what is to be seen"));
        }
        Ok((info.width, info.height))
    };
    look.await.map_err(|error| error.with_context("file", file.display()))
}

/// Checks that a path names a file that is not too large, before any of it is read.
pub(crate) fn regular(file: &Path, most: u64) -> Result<()> {
    let found = std::fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found("there is no such file").with_hint("check the path"),
        _ => Error::invalid("this file cannot be read").with_source(error),
    })?;
    if !found.is_file() {
        return Err(Error::invalid("this is not a file").with_hint("name a single file"));
    }
    if found.len() > most {
        return Err(Error::new(ErrorKind::Exhausted, "the file is too large")
            .with_context("bytes", found.len())
            .with_context("most", most));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};
    use std::io::Cursor;

    fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// The sum of a chunk of a PNG (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        let bit = |sum: u32, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
    }

    async fn read(bytes: &[u8]) -> Result<Still> {
        read_for(bytes, Canvas { width: 1920, height: 1080, ..Canvas::VERTICAL }).await
    }

    async fn read_for(bytes: &[u8], canvas: Canvas) -> Result<Still> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("picture");
        std::fs::write(&file, bytes).unwrap();
        still(&file, canvas).await
    }

    #[tokio::test]
    async fn pictures_of_every_kind_are_kept_as_one() {
        let grey = DynamicImage::from(image::ImageBuffer::from_pixel(60, 40, image::Luma([40_000_u16])));
        let deep = read(&written(&grey, ImageFormat::Png)).await.unwrap();
        assert_eq!((deep.width, deep.height), (60, 40));
        let value = image::load_from_memory(&deep.jpeg).unwrap().to_rgb8().get_pixel(30, 20).0;
        assert!(value.iter().all(|value| value.abs_diff(156) < 4), "{value:?}");
        let clear = DynamicImage::from(RgbaImage::from_pixel(60, 40, Rgba([255, 255, 255, 0])));
        let over = read(&written(&clear, ImageFormat::Png)).await.unwrap();
        assert!(image::load_from_memory(&over.jpeg).unwrap().to_rgb8().get_pixel(30, 20).0[0] < 4);
        let large = DynamicImage::from(RgbImage::from_pixel(5000, 6000, image::Rgb([9, 90, 200])));
        let large = read(&written(&large, ImageFormat::Jpeg)).await.unwrap();
        assert!(large.height < 3000 && large.width >= 1080, "{}x{}", large.width, large.height);
    }

    /// Files of a red picture of 48 by 32, written by Pillow: in four inks, and moving on to green and blue.
    const RED: [&[u8]; 4] = [
        include_bytes!("../fixtures/cmyk.jpg"),
        include_bytes!("../fixtures/moving.gif"),
        include_bytes!("../fixtures/moving.png"),
        include_bytes!("../fixtures/moving.webp"),
    ];

    #[tokio::test]
    async fn inks_become_light_and_of_moving_pictures_the_first_is_kept() {
        for bytes in RED {
            let still = read(bytes).await.unwrap();
            assert_eq!((still.width, still.height), (48, 32));
            let [red, green, blue] = image::load_from_memory(&still.jpeg).unwrap().to_rgb8().get_pixel(24, 16).0;
            let far = red.abs_diff(200).max(green.abs_diff(40)).max(blue.abs_diff(40));
            assert!(far < 12, "{red} {green} {blue}: {:?}", &bytes[..4]);
        }
    }

    #[tokio::test]
    async fn a_header_of_60000_by_60000_is_refused_in_every_format() {
        let [jpeg, gif, _, webp] = RED.map(<[u8]>::to_vec);
        let put = |mut bytes: Vec<u8>, at: usize, sides: [u8; 4]| {
            bytes[at..at + 4].copy_from_slice(&sides);
            bytes
        };
        // Where the size stands: behind the mark of a frame; in the screen and in the first picture; in a VP8X chunk.
        let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap() + 5;
        let first = gif.windows(5).position(|five| five == [0x2c, 0, 0, 0, 0]).unwrap() + 5;
        let (big, little) = ([0xea, 0x60, 0xea, 0x60], [0x60, 0xea, 0x60, 0xea]);
        let mut wide = webp;
        assert_eq!(&wide[12..16], b"VP8X");
        wide[24..30].copy_from_slice(&[0x5f, 0xea, 0, 0x5f, 0xea, 0]);
        for huge in [put(jpeg, frame, big), put(put(gif, 6, little), first, little), wide] {
            let error = read(&huge).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Exhausted, "{error:?}");
            assert!(error.hint().is_some_and(|hint| hint.contains("smaller")), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_a_picture_is_decides_and_not_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("picture.png");
        std::fs::write(&file, RED[1]).unwrap();
        assert_eq!(still(&file, Canvas::VERTICAL).await.unwrap().height, 32);
        for other in [&b"RIFF\x24\0\0\0WAVEfmt "[..], b"\0\0\0\x18ftypmp42\0\0\0\0", b"%PDF-1.7\n", b"PK\x03\x04"] {
            std::fs::write(&file, other).unwrap();
            assert_eq!(still(&file, Canvas::VERTICAL).await.unwrap_err().kind(), ErrorKind::Invalid);
        }
    }

    #[tokio::test]
    async fn a_camera_turns_its_picture() {
        let jpeg =
            written(&DynamicImage::from(RgbImage::from_pixel(60, 40, image::Rgb([9, 90, 200]))), ImageFormat::Jpeg);
        // An Exif segment that says: turned by a quarter.
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = [&jpeg[..2], &exif[..], &jpeg[2..]].concat();
        let still = read_for(&turned, Canvas::VERTICAL).await.unwrap();
        assert_eq!((still.width, still.height), (40, 60));
    }

    #[tokio::test]
    async fn bad_pictures_are_refused_before_they_cost_anything() {
        let picture = DynamicImage::from(RgbImage::from_fn(300, 200, |x, y| image::Rgb([x as u8, y as u8, 7])));
        let jpeg = written(&picture, ImageFormat::Jpeg);
        assert!(picture::is_whole_jpeg(&jpeg) && picture::is_whole_jpeg(&[&jpeg[..], b"motion photo"].concat()));
        let png = written(&picture, ImageFormat::Png);
        // A header that promises 60,000 by 60,000 pixels.
        let mut huge = png.clone();
        huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let sum = crc(&huge[12..29]).to_be_bytes();
        huge[29..33].copy_from_slice(&sum);
        for (bytes, kind) in [
            (&jpeg[..jpeg.len() / 2], ErrorKind::Invalid),
            (&png[..png.len() / 2], ErrorKind::Invalid),
            (&huge[..], ErrorKind::Exhausted),
            (&b""[..], ErrorKind::Invalid),
            (&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], ErrorKind::Invalid),
            (&b"MZ\x90\0this is a program"[..], ErrorKind::Invalid),
        ] {
            let error = read(bytes).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error:?}");
            assert!(error.hint().is_some() && error.context().iter().any(|(name, _)| *name == "file"), "{error:?}");
        }
        let missing = still(Path::new("/nonexistent/picture.png"), Canvas::VERTICAL).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn what_is_no_clip_is_refused() {
        let Some(bench) = crate::tests::Bench::new() else { return };
        let file = bench.work.path().join("clip.mp4");
        for bytes in [&b"no clip"[..], b"#EXTM3U\n/etc/passwd\n", b""] {
            std::fs::write(&file, bytes).unwrap();
            let error = clip(&bench.tools, &file, &Operation::detached()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        }
    }
}
