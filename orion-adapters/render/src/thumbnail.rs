//! Thumbnails: the layers of a scene, a scrim, and the title in the lower third (contract, section 5.6).

use crate::picture::{Limits, decode};
use crate::sound::Fetch;
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbImage, RgbaImage};
use orion_core::domain::colour;
use orion_core::port::{ThumbnailMarks, ThumbnailRequest};
use orion_core::{Error, Result};
use orion_draw::{Align, FontKit, Shadow, TextPaint, TextStyle, Weight, picture, rgb, rgba, shape};

/// Share of the width that the title may fill.
const WIDTH: f32 = 0.85;
/// Free space below the title, as a share of the height.
const BOTTOM: f32 = 0.08;
/// Space for the title, as a share of the height.
const ROOM: f32 = 0.34;
/// JPEG quality: the first at which the file is not too large.
const QUALITY: [u8; 7] = [95, 88, 80, 70, 60, 45, 30];
/// Largest file in bytes: YouTube takes no thumbnail beyond 2 MB.
const MOST_BYTES: usize = 2_000_000;

/// The luminance that scores best, of 0 to 1: a little below the middle, as the eye finds grey.
const BEST_LIGHT: f64 = 0.42;
/// Standard deviation of the luminance of a picture of full contrast.
const FULL_CONTRAST: f64 = 0.24;
/// Mean step of brightness from pixel to pixel, at a width of [`LOOKED_AT`], that counts as fully sharp.
const FULL_SHARPNESS: f64 = 0.035;
/// Pictures are judged as small as listings show them.
const LOOKED_AT: u32 = 320;
/// Contrast of type that is read well, as captions have it.
const LEGIBLE: f64 = 7.0;

/// Draws a thumbnail as JPEG, and says how good it is.
pub(crate) fn draw(
    request: &ThumbnailRequest,
    fonts: &FontKit,
    fetch: &Fetch<'_>,
) -> Result<(Vec<u8>, ThumbnailMarks)> {
    let (width, height) = (request.canvas.width, request.canvas.height);
    if !(64..=4096).contains(&width) || !(64..=4096).contains(&height) {
        return Err(Error::invalid("a thumbnail must have sides of 64 to 4096 pixels")
            .with_context("width", width)
            .with_context("height", height));
    }
    let mut canvas = RgbaImage::from_pixel(width, height, image::Rgba([0, 0, 0, 255]));
    for layer in &request.layers {
        let image =
            decode(&fetch(layer)?, Limits::default()).map_err(|error| error.with_context("picture", layer.sha256))?;
        imageops::overlay(&mut canvas, &cover(&image, width, height), 0, 0);
    }
    let flat = DynamicImage::ImageRgba8(canvas).into_rgb8();
    let mut pixmap = picture::to_pixmap(&flat).ok_or_else(|| Error::unexpected("the thumbnail has no pixels"))?;
    let (full_width, full_height) = (width as f32, height as f32);
    let scrim = [(0.0, rgba(0, 0.0)), (0.5, rgba(0, 0.45)), (1.0, rgba(0, 0.8))];
    let scrim = shape::linear((0.0, full_height * 0.4), (0.0, full_height), &scrim);
    shape::fill_rect(&mut pixmap, shape::rect(0.0, full_height * 0.4, full_width, full_height * 0.6), scrim);
    let mut marks = looks(&picture::to_rgb(&pixmap));

    // The shorter side, so that wide and tall thumbnails get type of a like size.
    let size = 0.105 * full_width.min(full_height);
    let style = TextStyle::new(Weight::Black, size).align(Align::Left);
    let covered = &request.covered;
    let margin = |covered: f64| ((1.0 - WIDTH) / 2.0).max(covered as f32);
    let (left, right) = (margin(covered.left), margin(covered.right));
    let bottom = BOTTOM.max(covered.bottom as f32);
    let room = (full_width * (1.0 - left - right), full_height * ROOM);
    let layout = fonts.fit(&request.title, style, size * 0.3, room, 5);
    if !layout.is_empty() {
        let left = full_width * left;
        let top = full_height * (1.0 - bottom) - layout.height;
        let under = imageops::crop_imm(
            &picture::to_rgb(&pixmap),
            left as u32,
            top.max(0.0) as u32,
            (layout.width.ceil() as u32).max(1),
            (layout.height.ceil() as u32).max(1),
        )
        .to_image();
        marks.title = legibility(&under) * f64::from(layout.style.size / size).min(1.0);
        let bar = (size * 0.13).max(2.0);
        let bar = shape::rect(left, top + layout.cap_top() - bar * 3.0, size * 1.4, bar);
        if let Some(path) = shape::rounded(bar, bar.height() / 2.0) {
            shape::fill(&mut pixmap, &path, rgb(request.accent));
        }
        let shadow = Shadow { x: 0.0, y: size * 0.03, blur: size * 0.10, colour: rgba(0, 0.6) };
        let paint = TextPaint::solid(rgb(0xFFFFFF)).outline(rgba(0, 0.85), size * 0.03).shadow(shadow);
        layout.draw(&mut pixmap, left.round() as i32, top.round() as i32, &paint);
    }
    Ok((encoded(&picture::to_rgb(&pixmap))?, marks))
}

/// A JPEG that platforms take. Only of far more pixels than they ask for it may be larger.
fn encoded(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    for quality in QUALITY {
        jpeg = picture::encode_jpeg(picture, quality)?;
        if jpeg.len() <= MOST_BYTES {
            break;
        }
    }
    Ok(jpeg)
}

/// How a picture looks as small as listings show it; its title is not judged here.
fn looks(picture: &RgbImage) -> ThumbnailMarks {
    let width = picture.width().min(LOOKED_AT);
    let height = (picture.height() * width / picture.width()).max(1);
    let small = imageops::resize(&imageops::grayscale(picture), width, height, FilterType::Triangle);
    let light = |pixel: &image::Luma<u8>| f64::from(pixel.0[0]) / 255.0;
    let count = f64::from(width * height);
    let mean = small.pixels().map(light).sum::<f64>() / count;
    let spread = (small.pixels().map(|pixel| (light(pixel) - mean).powi(2)).sum::<f64>() / count).sqrt();
    let steps = small.enumerate_pixels().map(|(x, y, pixel)| {
        let step =
            |x: u32, y: u32| small.get_pixel_checked(x, y).map_or(0.0, |near| (light(near) - light(pixel)).abs());
        step(x + 1, y) + step(x, y + 1)
    });
    let sharpness = steps.sum::<f64>() / (2.0 * count);
    // Black and white are equally far off.
    let off =
        if mean < BEST_LIGHT { (BEST_LIGHT - mean) / BEST_LIGHT } else { (mean - BEST_LIGHT) / (1.0 - BEST_LIGHT) };
    ThumbnailMarks {
        sharpness: (sharpness / FULL_SHARPNESS).min(1.0),
        contrast: (spread / FULL_CONTRAST).min(1.0),
        brightness: 1.0 - off,
        title: 0.0,
    }
}

/// How well white type is read on the lightest twentieth of a ground.
fn legibility(ground: &RgbImage) -> f64 {
    let packed = |pixel: &image::Rgb<u8>| pixel.0.iter().fold(0_u32, |colour, part| colour << 8 | u32::from(*part));
    let mut lights: Vec<f64> = ground.pixels().map(|pixel| colour::luminance(packed(pixel))).collect();
    lights.sort_by(f64::total_cmp);
    let light = lights.get(lights.len() * 19 / 20).copied().unwrap_or_default();
    (1.05 / (light + 0.05) / LEGIBLE).min(1.0)
}

/// A picture cut and scaled about its middle so that it covers a size.
fn cover(image: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    let scale = (f64::from(width) / f64::from(image.width())).max(f64::from(height) / f64::from(image.height()));
    let part = |pixels: u32, full: u32| ((f64::from(pixels) / scale).round() as u32).clamp(1, full);
    let (part_width, part_height) = (part(width, image.width()), part(height, image.height()));
    let (x, y) = ((image.width() - part_width) / 2, (image.height() - part_height) / 2);
    let part = imageops::crop_imm(image, x, y, part_width, part_height).to_image();
    imageops::resize(&part, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_picture_that_is_seen_scores_above_mud_glare_and_blur() {
        let of = |pixel: &dyn Fn(u32, u32) -> u8| looks(&RgbImage::from_fn(320, 180, |x, y| Rgb([pixel(x, y); 3])));
        let good = of(&|x, y| if (x / 20 + y / 20) % 2 == 0 { 40 } else { 200 });
        let blurred = of(&|x, _| (60 + x / 3) as u8);
        let (mud, glare) = (of(&|_, _| 20), of(&|_, _| 250));
        for other in [blurred, mud, glare] {
            assert!(good.score() > other.score() + 0.1, "{good:?} {other:?}");
        }
        assert!(good.sharpness > blurred.sharpness && mud.contrast < 0.01 && glare.brightness < 0.1);
        for marks in [good, blurred, mud, glare] {
            let all = [marks.sharpness, marks.contrast, marks.brightness, marks.title];
            assert!(all.iter().all(|mark| (0.0..=1.0).contains(mark)), "{marks:?}");
        }
        let ground = |value: u8| legibility(&RgbImage::from_pixel(40, 20, Rgb([value; 3])));
        assert!(ground(20) > 0.99 && ground(128) < 0.6 && ground(250) < 0.2);
    }

    #[test]
    fn no_picture_becomes_a_file_that_platforms_refuse() {
        let mut state = 1_u32;
        let noise = RgbImage::from_fn(1080, 1920, |_, _| {
            Rgb([0; 3].map(|_: u8| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            }))
        });
        assert!(picture::encode_jpeg(&noise, QUALITY[0]).unwrap().len() > MOST_BYTES, "it is hard to encode");
        let jpeg = encoded(&noise).unwrap();
        assert!(jpeg.len() <= MOST_BYTES, "{}", jpeg.len());
        let read = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((read.width(), read.height()), (1080, 1920));
        // What is not is as good as it can be.
        let plain = RgbImage::from_fn(1280, 720, |x, y| Rgb([(x / 5) as u8, (y / 3) as u8, 90]));
        assert_eq!(encoded(&plain).unwrap(), picture::encode_jpeg(&plain, QUALITY[0]).unwrap());
    }
}
