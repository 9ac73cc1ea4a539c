//! Thumbnails: the layers of a scene, a scrim, and the title in the lower third (contract, section 5.6).

use crate::picture::{Limits, decode};
use crate::sound::Fetch;
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbaImage};
use orion_core::port::ThumbnailRequest;
use orion_core::{Error, Result};
use orion_draw::{Align, FontKit, Shadow, TextPaint, TextStyle, Weight, picture, rgb, rgba, shape};

/// Share of the width that the title may fill.
const WIDTH: f32 = 0.85;
/// Free space below the title, as a share of the height.
const BOTTOM: f32 = 0.08;
/// Space for the title, as a share of the height.
const ROOM: f32 = 0.34;
/// JPEG quality.
const QUALITY: u8 = 95;

/// Draws a thumbnail as JPEG.
pub(crate) fn draw(request: &ThumbnailRequest, fonts: &FontKit, fetch: &Fetch<'_>) -> Result<Vec<u8>> {
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

    // The shorter side, so that wide and tall thumbnails get type of a like size.
    let size = 0.105 * full_width.min(full_height);
    let style = TextStyle::new(Weight::Black, size).align(Align::Left);
    let room = (full_width * WIDTH, full_height * ROOM);
    let layout = fonts.fit(&request.title, style, size * 0.3, room, 5);
    if !layout.is_empty() {
        let left = full_width * (1.0 - WIDTH) / 2.0;
        let top = full_height * (1.0 - BOTTOM) - layout.height;
        let bar = (size * 0.13).max(2.0);
        let bar = shape::rect(left, top + layout.cap_top() - bar * 3.0, size * 1.4, bar);
        if let Some(path) = shape::rounded(bar, bar.height() / 2.0) {
            shape::fill(&mut pixmap, &path, rgb(request.accent));
        }
        let shadow = Shadow { x: 0.0, y: size * 0.03, blur: size * 0.10, colour: rgba(0, 0.6) };
        let paint = TextPaint::solid(rgb(0xFFFFFF)).outline(rgba(0, 0.85), size * 0.03).shadow(shadow);
        layout.draw(&mut pixmap, left.round() as i32, top.round() as i32, &paint);
    }
    picture::encode_jpeg(&picture::to_rgb(&pixmap), QUALITY)
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
