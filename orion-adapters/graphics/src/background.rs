//! The opaque layer: glows of the palette or the article's picture, kept dark where type will stand.

use crate::ornament;
use crate::theme::{Chance, Theme, below_white};
use image::RgbImage;
use orion_draw::Pixmap;
use orion_draw::picture;
use std::sync::OnceLock;

/// Soft pictures are drawn at this share of the canvas; the renderer scales them up.
const SOFT: f32 = 0.5;
/// Glows are computed on cells of this many pixels and interpolated.
const CELL: usize = 4;
/// How far the background may move under the type, as a share of the canvas.
const PLAY: f32 = 0.08;
/// Opacity that an ornament on a layer of its own has at most behind type.
const PALE: f32 = 0.12;
/// How much larger such a layer becomes at most.
pub(crate) const NEAR: f32 = 1.5;
/// Highest luminance where no type stands.
const OPEN_CEILING: f32 = 0.42;

/// Where type stands, as shares of the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Zone {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

/// Draws glows and ornament.
pub(crate) fn soft(theme: &Theme, seed: u64, (width, height): (u32, u32), zone: Zone) -> RgbImage {
    let mut chance = Chance::new(seed);
    let (width, height) = (scaled(width, SOFT), scaled(height, SOFT));
    let Some(mut pixmap) = Pixmap::new(width, height) else { return RgbImage::new(width, height) };
    glows(&mut pixmap, theme, &mut chance);
    ornament::draw(&mut pixmap, theme, &mut chance);
    let mut picture = picture::to_rgb(&pixmap);
    hold_down(&mut picture, theme.ceiling, zone);
    picture
}

/// Draws glows, and the ornament on a transparent layer that may be moved by itself, up to [`NEAR`] times as large: it is
/// pale wherever type may stand in front of it, and the ground is darker there by as much.
pub(crate) fn deep(theme: &Theme, seed: u64, (width, height): (u32, u32), zone: Zone) -> Option<(RgbImage, Pixmap)> {
    let mut chance = Chance::new(seed);
    let (width, height) = (scaled(width, SOFT), scaled(height, SOFT));
    let mut pixmap = Pixmap::new(width, height)?;
    glows(&mut pixmap, theme, &mut chance);
    let mut ground = picture::to_rgb(&pixmap);
    hold_down(&mut ground, below_white(theme.ceiling, PALE), zone);
    let mut layer = Pixmap::new(width, height)?;
    ornament::draw(&mut layer, theme, &mut chance);
    // Where a row may come to lie under type: the layer grows about its middle.
    let nearest = |at: f32| 0.5 + (at - 0.5) / NEAR;
    let (top, bottom) = (zone.top.min(nearest(zone.top)), zone.bottom.max(nearest(zone.bottom)));
    for (y, line) in layer.data_mut().chunks_exact_mut(width as usize * 4).enumerate() {
        let at = (y as f32 + 0.5) / height as f32;
        let share = smooth((at - (top - PLAY)) / 0.06) * smooth(((bottom + PLAY) - at) / 0.06);
        let most = 255.0 * (1.0 + (PALE - 1.0) * share);
        for pixel in line.chunks_exact_mut(4) {
            let alpha = f32::from(pixel[3]);
            if alpha > most {
                pixel.iter_mut().for_each(|channel| *channel = (f32::from(*channel) * most / alpha) as u8);
            }
        }
    }
    Some((ground, layer))
}

/// Grades the article's picture: full height for an upright one; a wide one fills the upper part and runs out into
/// the glows, so that it is not blown up three times over.
pub(crate) fn graded(photo: &RgbImage, theme: &Theme, seed: u64, (width, height): (u32, u32), zone: Zone) -> RgbImage {
    let shape = |width: u32, height: u32| f64::from(width) / f64::from(height.max(1));
    let wide = shape(photo.width(), photo.height()) > shape(width, height) * 1.3;
    let hero = if wide { 0.72 } else { 1.0 };
    // No more pixels than the picture has, and no fewer than a soft background.
    let part_height = (height as f32 * hero) as u32;
    let needed = (f64::from(width) / f64::from(photo.width().max(1)))
        .max(f64::from(part_height) / f64::from(photo.height().max(1)));
    let share = (1.0 / needed.max(1e-3)).clamp(f64::from(SOFT), 1.0) as f32;
    let (out_width, out_height) = (scaled(width, share), scaled(height, share));
    let Some(mut pixmap) = Pixmap::new(out_width, out_height) else { return RgbImage::new(out_width, out_height) };
    glows(&mut pixmap, theme, &mut Chance::new(seed));
    let mut ground = picture::to_rgb(&pixmap);
    let hero_height = ((out_height as f32 * hero).round() as u32).max(1);
    let cut = picture::cover(photo, out_width, hero_height);
    let fade_from = zone.top.min(0.45);
    let row_bytes = out_width as usize * 3;
    let rows = ground.chunks_exact_mut(row_bytes).zip(cut.chunks_exact(row_bytes)).enumerate();
    for (row, (below, photo)) in rows {
        let at = row as f32 / out_height as f32;
        // Lighter above the type, then down into the ground; the last of a wide picture fades out.
        let kept = 0.88 - 0.46 * smooth((at - fade_from + 0.10) / 0.16);
        let end = if wide { 1.0 - smooth((at - hero + 0.26) / 0.26) } else { 1.0 - 0.55 * smooth((at - 0.55) / 0.4) };
        let share = ((kept * end) * 256.0) as u32;
        for (below, photo) in below.iter_mut().zip(photo) {
            *below = ((u32::from(*below) * (256 - share) + u32::from(*photo) * share) >> 8) as u8;
        }
    }
    hold_down(&mut ground, theme.ceiling, zone);
    ground
}

fn scaled(length: u32, share: f32) -> u32 {
    ((length as f32 * share / 2.0).round() as u32 * 2).max(2)
}

fn smooth(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A glow: centre and radii as shares of the canvas, turn, colour and strength.
struct Glow {
    x: f32,
    y: f32,
    wide: f32,
    tall: f32,
    turn: f32,
    colour: [f32; 3],
    strength: f32,
}

/// Blurred glows over the ground, computed coarsely and interpolated, with half a level of noise against banding.
fn glows(pixmap: &mut Pixmap, theme: &Theme, chance: &mut Chance) {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    let channels = |hex: u32| [16, 8, 0].map(|shift: u32| ((hex >> shift) & 0xFF) as f32);
    let ground = channels(theme.background);
    // Where light gathers: beside and below the type, never behind its middle.
    const PLACES: [(f32, f32, f32); 5] =
        [(0.98, 0.07, 0.85), (0.04, 0.72, 0.9), (0.92, 0.60, 0.75), (0.30, 0.98, 0.7), (0.10, 0.02, 0.45)];
    let glows: Vec<Glow> = PLACES
        .iter()
        .enumerate()
        .map(|(index, (x, y, strength))| Glow {
            x: if theme.mirrored { 1.0 - x } else { *x } + chance.between(-0.14, 0.14),
            y: y + chance.between(-0.08, 0.08),
            wide: chance.between(0.30, 0.46),
            tall: chance.between(0.16, 0.27),
            turn: chance.between(-0.7, 0.7),
            colour: channels(theme.glows[index % 3]),
            strength: strength * chance.between(0.8, 1.05),
        })
        .collect();
    let (columns, rows) = (width.div_ceil(CELL) + 1, height.div_ceil(CELL) + 1);
    let mut coarse = vec![[0.0_f32; 3]; columns * rows];
    let aspect = width as f32 / height as f32;
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = ((column * CELL) as f32 / width as f32, (row * CELL) as f32 / height as f32);
            let shade = 1.25 - 0.6 * y;
            let mut colour = ground.map(|channel| channel * shade);
            for glow in &glows {
                let (dx, dy) = ((x - glow.x) * aspect.max(0.5625), y - glow.y);
                let (sin, cos) = glow.turn.sin_cos();
                let (along, across) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let far = (along / glow.wide * 1.5).powi(2) + (across / glow.tall).powi(2);
                if far < 9.0 {
                    let share = glow.strength * (-far * 0.8).exp();
                    for (channel, light) in colour.iter_mut().zip(glow.colour) {
                        *channel += (light - *channel) * share;
                    }
                }
            }
            let vignette = 1.0 - 0.22 * ((x - 0.5).powi(2) + (y - 0.5).powi(2)) * 2.0;
            coarse[row * columns + column] = colour.map(|channel| channel * vignette);
        }
    }
    let mut noise = 0x2545_F491_u32;
    for (y, line) in pixmap.data_mut().chunks_exact_mut(width * 4).enumerate() {
        let (row, down) = (y / CELL, (y % CELL) as f32 / CELL as f32);
        let (above, below) = (&coarse[row * columns..], &coarse[(row + 1) * columns..]);
        for (x, pixel) in line.chunks_exact_mut(4).enumerate() {
            let (column, right) = (x / CELL, (x % CELL) as f32 / CELL as f32);
            // xorshift32 (Marsaglia 2003)
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let grain = (noise >> 24) as f32 / 256.0;
            for channel in 0..3 {
                let top = above[column][channel] + (above[column + 1][channel] - above[column][channel]) * right;
                let bottom = below[column][channel] + (below[column + 1][channel] - below[column][channel]) * right;
                pixel[channel] = (top + (bottom - top) * down + grain).clamp(0.0, 255.0) as u8;
            }
            pixel[3] = 255;
        }
    }
}

/// Linear light of an sRGB byte, and back in 4096 steps.
fn curves() -> &'static ([f32; 256], Vec<u8>) {
    static CURVES: OnceLock<([f32; 256], Vec<u8>)> = OnceLock::new();
    CURVES.get_or_init(|| {
        let linear = std::array::from_fn(|byte| {
            let value = byte as f32 / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        let encoded = (0..=4096)
            .map(|step| {
                let value = step as f32 / 4096.0;
                let encoded = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
                (encoded * 255.0).round() as u8
            })
            .collect();
        (linear, encoded)
    })
}

/// Presses light down to a luminance where type stands, wherever the background may have moved by then,
/// and softly everywhere else. Hues are kept.
fn hold_down(picture: &mut RgbImage, held: f32, zone: Zone) {
    const KNEE: f32 = 0.55;
    let (linear, encoded) = curves();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    // The edges are wide, so that nobody sees them; a narrow margin beside the type is darkened to its very end.
    let inside = |at: f32, low: f32, high: f32, edge: f32| {
        smooth((at - (low - PLAY - edge)) / edge) * smooth(((high + PLAY + edge) - at) / edge)
    };
    let across: Vec<f32> =
        (0..width).map(|x| inside((x as f32 + 0.5) / width as f32, zone.left, zone.right, 0.3)).collect();
    for (y, line) in picture.chunks_exact_mut(width * 3).enumerate() {
        let down = inside((y as f32 + 0.5) / height as f32, zone.top, zone.bottom, 0.3);
        for (pixel, across) in line.chunks_exact_mut(3).zip(&across) {
            let light = [linear[pixel[0] as usize], linear[pixel[1] as usize], linear[pixel[2] as usize]];
            let level = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
            let share = down * across;
            // By equal factors, which the eye takes for even.
            let open = OPEN_CEILING.max(held);
            let ceiling = open * (held / open).powf(share);
            let knee = ceiling * KNEE;
            if level > knee {
                let over = (level - knee) / (ceiling - knee);
                let factor = (knee + (ceiling - knee) * over / (1.0 + over)) / level;
                for (channel, light) in pixel.iter_mut().zip(light) {
                    *channel = encoded[(light * factor * 4096.0) as usize];
                }
            }
        }
    }
}
