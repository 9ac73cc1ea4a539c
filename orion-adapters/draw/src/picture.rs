//! Picture files: bounded decoding, cropping to what matters, quick encoding.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbImage};
use orion_core::{Error, ErrorKind, Result};
use std::io::Cursor;
use tiny_skia::{IntSize, Pixmap};

/// Longest picture file that is decoded, in bytes.
pub const MOST_BYTES: usize = 32 << 20;
/// Most pixels of a picture that is decoded.
pub const MOST_PIXELS: u64 = 50_000_000;

/// Encodes with transparency as PNG.
///
/// # Errors
/// `Unexpected` if the encoder refuses.
pub fn encode_png(pixmap: Pixmap) -> Result<Vec<u8>> {
    let (width, height) = (pixmap.width(), pixmap.height());
    png(&pixmap.take_demultiplied(), width, height, ExtendedColorType::Rgba8)
}

/// Encodes an opaque picture as PNG.
///
/// # Errors
/// `Unexpected` if the encoder refuses.
pub fn encode_png_rgb(picture: &RgbImage) -> Result<Vec<u8>> {
    png(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
}

fn png(pixels: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(pixels.len() / 8);
    // Measured: `Up` with the fast deflate is quickest on flat type layers and smooth gradients alike.
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up)
        .write_image(pixels, width, height, colour)
        .map_err(|source| Error::unexpected("cannot encode the picture as PNG").with_source(source))?;
    Ok(bytes)
}

/// Encodes an opaque picture as JPEG of a quality of 1 to 100.
///
/// # Errors
/// `Unexpected` if the encoder refuses.
pub fn encode_jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100))
        .encode_image(picture)
        .map_err(|source| Error::unexpected("cannot encode the picture as JPEG").with_source(source))?;
    Ok(bytes)
}

/// The opaque picture of a pixmap; what is transparent shows black.
pub fn to_rgb(pixmap: &Pixmap) -> RgbImage {
    let pixels = pixmap.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    RgbImage::from_raw(pixmap.width(), pixmap.height(), pixels).unwrap_or_default()
}

/// A pixmap of an opaque picture; `None` for a picture without pixels.
pub fn to_pixmap(picture: &RgbImage) -> Option<Pixmap> {
    let size = IntSize::from_wh(picture.width(), picture.height())?;
    let pixels = picture.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 255]).collect();
    Pixmap::from_vec(pixels, size)
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::new(ErrorKind::Exhausted, "picture file is too long").with_context("bytes", bytes.len()));
    }
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|source| Error::invalid("picture cannot be read").with_source(source))?;
    match reader.format() {
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif) => Ok(reader),
        _ => Err(Error::invalid("not a PNG, JPEG, WebP or GIF picture")),
    }
}

/// Width and height of a picture file, from its header alone.
///
/// # Errors
/// As [`decode`].
pub fn dimensions(bytes: &[u8]) -> Result<(u32, u32)> {
    let (width, height) = reader(bytes)?
        .into_dimensions()
        .map_err(|source| Error::invalid("picture header is damaged").with_source(source))?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Error::new(ErrorKind::Exhausted, "picture has too many pixels")
            .with_context("width", width)
            .with_context("height", height));
    }
    Ok((width, height))
}

/// Whether a JPEG has its end mark: it is looked for behind the data of its scans, because a preview within the file
/// has one, too, and cameras put more behind it.
pub fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let Some([mark, kind, rest @ ..]) = bytes.get(at..) else { return false };
        match (*mark, *kind) {
            (0xff, 0xd9) => return true,
            (0xff, 0xff) => at += 1,
            (0xff, 0x01 | 0xd0..=0xd7) => at += 2,
            (0xff, _) => {
                let Some([high, low]) = rest.get(..2) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([*high, *low])).max(2);
                if *kind == 0xda {
                    let data = bytes.get(at..).unwrap_or_default();
                    let ends = |two: &[u8]| two[0] == 0xff && !matches!(two[1], 0x00 | 0xd0..=0xd7);
                    let Some(end) = data.windows(2).position(ends) else { return false };
                    at += end;
                }
            }
            _ => return false,
        }
    }
}

/// Decodes PNG, JPEG, WebP or GIF (its first frame), turned as its camera says. The size is checked before any pixel is
/// decoded, and transparency lies on white, as on a page.
///
/// # Errors
/// `Invalid` for what is no such picture or is damaged; `Exhausted` for more than [`MOST_BYTES`] or [`MOST_PIXELS`].
pub fn decode(bytes: &[u8]) -> Result<RgbImage> {
    dimensions(bytes)?;
    if bytes.starts_with(&[0xff, 0xd8]) && !is_whole_jpeg(bytes) {
        // The decoder fills up what is missing.
        return Err(Error::invalid("the picture ends too early"));
    }
    let mut reader = reader(bytes)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let damaged = |source| Error::invalid("picture is damaged or too demanding").with_source(source);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    if !picture.color().has_alpha() {
        return Ok(picture.into_rgb8());
    }
    let rgba = picture.into_rgba8();
    Ok(RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        let on_white = |channel: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(channel) * alpha + 255 * (255 - alpha)) / 255) as u8
        };
        image::Rgb([on_white(red), on_white(green), on_white(blue)])
    }))
}

/// Cuts the part of a picture that has the shape of `width` by `height` and the most to see, and scales it there.
///
/// What there is to see is measured as edges and colour on a small copy, weighted towards the middle and the
/// upper third, where faces are.
pub fn cover(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (full_width, full_height) = (picture.width().max(1), picture.height().max(1));
    let scale = (f64::from(width) / f64::from(full_width)).max(f64::from(height) / f64::from(full_height));
    let part_width = ((f64::from(width) / scale).round() as u32).clamp(1, full_width);
    let part_height = ((f64::from(height) / scale).round() as u32).clamp(1, full_height);
    let (x, y) = attention(picture, part_width, part_height);
    resize(picture, (x, y, part_width, part_height), width, height)
}

/// Longer side of the copy on which attention is measured.
const COPY: u32 = 96;

/// Where a window of this size sees the most.
fn attention(picture: &RgbImage, width: u32, height: u32) -> (u32, u32) {
    let (full_width, full_height) = (picture.width(), picture.height());
    let (spare_x, spare_y) = (full_width - width, full_height - height);
    if spare_x == 0 && spare_y == 0 {
        return (0, 0);
    }
    let shrink = f64::from(full_width.max(full_height)) / f64::from(COPY);
    let (small_width, small_height) = (
        ((f64::from(full_width) / shrink).round() as u32).max(1),
        ((f64::from(full_height) / shrink).round() as u32).max(1),
    );
    let small = resize(picture, (0, 0, full_width, full_height), small_width, small_height);
    let along_x = spare_x > 0;
    let length = if along_x { small_width } else { small_height };
    let mut energy = vec![0.0_f64; length as usize];
    for y in 0..small_height {
        for x in 0..small_width {
            let here = small.get_pixel(x, y).0.map(f64::from);
            let right = small.get_pixel((x + 1).min(small_width - 1), y).0.map(f64::from);
            let below = small.get_pixel(x, (y + 1).min(small_height - 1)).0.map(f64::from);
            let edge: f64 = (0..3)
                .map(|channel| (here[channel] - right[channel]).abs() + (here[channel] - below[channel]).abs())
                .sum();
            let colour = here.iter().copied().fold(0.0, f64::max) - here.iter().copied().fold(255.0, f64::min);
            // Skin is red over green over blue, by moderate steps.
            let skin = here[0] > here[1] + 10.0 && here[1] > here[2] && here[0] - here[2] < 150.0 && here[0] > 60.0;
            let upper = if f64::from(y) < f64::from(small_height) * 0.5 { 1.25 } else { 1.0 };
            let weight = (edge + 0.25 * colour + if skin { 30.0 } else { 0.0 }) * upper;
            energy[if along_x { x } else { y } as usize] += weight;
        }
    }
    let window = f64::from(if along_x { width } else { height }) / shrink;
    let spare = f64::from(length) - window;
    let total: f64 = energy.iter().sum::<f64>().max(1.0);
    let sum = |start: f64| {
        let covered = |index: usize| {
            let (from, to) = (index as f64, index as f64 + 1.0);
            (to.min(start + window) - from.max(start)).clamp(0.0, 1.0)
        };
        let seen: f64 = energy.iter().enumerate().map(|(index, value)| value * covered(index)).sum();
        // A mild pull to the middle, or to the upper third of a tall picture, settles what is even.
        let natural = if along_x { 0.5 } else { 0.33 };
        seen / total - 0.12 * ((start / spare.max(1e-6)) - natural).powi(2)
    };
    let best = (0..=48).map(|step| f64::from(step) / 48.0).fold((0.5, f64::NEG_INFINITY), |best, place| {
        let score = sum(place * spare);
        if score > best.1 { (place, score) } else { best }
    });
    ((best.0 * f64::from(spare_x)) as u32, (best.0 * f64::from(spare_y)) as u32)
}

/// Scales a part of a picture by area averaging when it shrinks and bilinearly when it grows.
///
/// The `image` crate's filters work in floats on the whole picture; this is several times faster for photographs.
pub fn resize(
    picture: &RgbImage,
    (x, y, part_width, part_height): (u32, u32, u32, u32),
    width: u32,
    height: u32,
) -> RgbImage {
    let taps_x = taps(x, part_width, width, picture.width());
    let taps_y = taps(y, part_height, height, picture.height());
    let stride = picture.width() as usize * 3;
    let source = picture.as_raw();
    let mut output = RgbImage::new(width, height);
    let mut row = vec![0_u32; part_width as usize * 3];
    let base = x as usize * 3;
    for (line, taps) in output.chunks_exact_mut(width.max(1) as usize * 3).zip(&taps_y) {
        row.fill(0);
        for (index, weight) in taps.weights.iter().enumerate() {
            let from = (taps.first as usize + index) * stride + base;
            let Some(values) = source.get(from..from + row.len()) else { continue };
            row.iter_mut().zip(values).for_each(|(sum, value)| *sum += u32::from(*value) * weight);
        }
        for (pixel, taps) in line.chunks_exact_mut(3).zip(&taps_x) {
            let mut sums = [0_u64; 3];
            for (index, weight) in taps.weights.iter().enumerate() {
                let at = ((taps.first - x) as usize + index) * 3;
                let Some(values) = row.get(at..at + 3) else { continue };
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += u64::from(*value) * u64::from(*weight));
            }
            pixel.iter_mut().zip(sums).for_each(|(channel, sum)| *channel = ((sum + (1 << 27)) >> 28).min(255) as u8);
        }
    }
    output
}

/// The source cells of one target cell, with weights that sum to 2^14.
struct Taps {
    first: u32,
    weights: Vec<u32>,
}

fn taps(start: u32, part: u32, target: u32, full: u32) -> Vec<Taps> {
    let ratio = f64::from(part) / f64::from(target.max(1));
    let end = (start + part).min(full);
    (0..target)
        .map(|index| {
            let centre = f64::from(start) + (f64::from(index) + 0.5) * ratio;
            // A triangle as wide as two target cells, at least two source cells: bilinear when growing.
            let reach = ratio.max(1.0);
            let first = (centre - reach).floor().max(f64::from(start)) as u32;
            let last = ((centre + reach).ceil() as u32).clamp(first + 1, end.max(first + 1));
            let weight = |cell: u32| (1.0 - (f64::from(cell) + 0.5 - centre).abs() / reach).max(0.0);
            let sum: f64 = (first..last).map(weight).sum::<f64>().max(1e-9);
            let mut weights: Vec<u32> =
                (first..last).map(|cell| (weight(cell) / sum * 16384.0).round() as u32).collect();
            let error = 16384 - weights.iter().sum::<u32>() as i64;
            if let Some(largest) = weights.iter_mut().max() {
                *largest = (i64::from(*largest) + error).max(0) as u32;
            }
            Taps { first, weights }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::ErrorKind;

    const RED: [&[u8]; 4] = [
        include_bytes!("../../render/fixtures/cmyk.jpg"),
        include_bytes!("../../render/fixtures/moving.gif"),
        include_bytes!("../../render/fixtures/moving.png"),
        include_bytes!("../../render/fixtures/moving.webp"),
    ];

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_of_articles_are_shown_as_they_are_meant() {
        for bytes in RED {
            let [red, green, blue] = decode(bytes).unwrap().get_pixel(24, 16).0;
            let far = red.abs_diff(200).max(green.abs_diff(40)).max(blue.abs_diff(40));
            assert!(far < 12, "{red} {green} {blue}: {:?}", &bytes[..4]);
        }
        let deep = image::ImageBuffer::from_pixel(30, 20, image::Rgb([51_400_u16, 10_280, 10_280]));
        let deep = decode(&written(&DynamicImage::ImageRgb16(deep), ImageFormat::Png)).unwrap();
        assert_eq!(deep.get_pixel(3, 3).0, [200, 40, 40]);
        let jpeg =
            written(&DynamicImage::from(RgbImage::from_pixel(60, 40, image::Rgb([9, 90, 200]))), ImageFormat::Jpeg);
        // An Exif segment that says: turned by a quarter.
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = decode(&[&jpeg[..2], &exif[..], &jpeg[2..]].concat()).unwrap();
        assert_eq!(turned.dimensions(), (40, 60));
    }

    #[test]
    fn what_is_no_whole_picture_is_refused() {
        let picture = DynamicImage::from(RgbImage::from_fn(300, 200, |x, y| image::Rgb([x as u8, y as u8, 7])));
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let bytes = match format {
                ImageFormat::Gif => written(&DynamicImage::from(picture.to_rgba8()), format),
                _ => written(&picture, format),
            };
            assert!(decode(&bytes).is_ok(), "{format:?}");
            let error = decode(&bytes[..bytes.len() / 2]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{format:?}");
        }
        for other in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90\0", b"RIFF\x24\0\0\0WAVEfmt "] {
            assert_eq!(decode(other).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
