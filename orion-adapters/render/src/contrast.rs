//! What captions look like on real frames: contrast against bright, dark and busy pictures, measured in pixels.

use crate::caption::CaptionPainter;
use crate::picture::{Frame, lay_overlay};
use image::RgbImage;
use orion_core::MediaTime;
use orion_core::domain::timeline::{Canvas, CaptionStyle, Captions, Cue, TimedWord};
use orion_draw::{FontKit, contrast, luminance};

/// What WCAG 2.2 asks of text that everybody can read (criterion 1.4.6).
const LEAST: f32 = 7.0;

fn captions(style: CaptionStyle) -> Captions {
    let word = |text: &str, start: i64| TimedWord {
        text: text.to_owned(),
        start: MediaTime::from_millis(start),
        end: MediaTime::from_millis(start + 400),
    };
    let words = vec![word("Read", 0), word("this", 400), word("aloud", 800)];
    Captions { style, cues: vec![Cue { start: MediaTime::ZERO, end: MediaTime::from_millis(1200), words }] }
}

/// A frame of one grey, or of a checkerboard of two.
fn frame(canvas: Canvas, luma: impl Fn(usize, usize) -> u8) -> Frame {
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let mut frame = Frame::black(width, height);
    for (at, sample) in frame.bytes[..width * height].iter_mut().enumerate() {
        *sample = luma(at % width, at / width);
    }
    frame
}

fn hex(pixel: &image::Rgb<u8>) -> u32 {
    u32::from_be_bytes([0, pixel.0[0], pixel.0[1], pixel.0[2]])
}

/// Contrast of the letters against what lies right around them: for every pixel of a letter's edge region the darkest
/// pixel within reach of the outline. The lowest twentieth is left out, where letters are smoothed.
fn measured(without: &RgbImage, with: &RgbImage, fill: u32, reach: i64) -> f32 {
    let (width, height) = with.dimensions();
    let letter = |pixel: &image::Rgb<u8>| contrast(hex(pixel), fill) < 1.15;
    let mut found = Vec::new();
    for (x, y, pixel) in with.enumerate_pixels() {
        // Letters were drawn here: the pixel has their colour and is not as it was, or it had that colour before.
        let drawn = hex(pixel) != hex(without.get_pixel(x, y)) || changed_near(without, with, x, y, reach);
        if !letter(pixel) || !drawn {
            continue;
        }
        let mut darkest = f32::MAX;
        for (dx, dy) in [(-reach, 0), (reach, 0), (0, -reach), (0, reach)] {
            for step in 1..=reach {
                let (nx, ny) = (i64::from(x) + dx / reach * step, i64::from(y) + dy / reach * step);
                if (0..i64::from(width)).contains(&nx) && (0..i64::from(height)).contains(&ny) {
                    darkest = darkest.min(luminance(hex(with.get_pixel(nx as u32, ny as u32))));
                }
            }
        }
        // Only where the letter ends within reach.
        if darkest < luminance(fill) * 0.8 {
            found.push((luminance(hex(pixel)) + 0.05) / (darkest + 0.05));
        }
    }
    assert!(found.len() > 200, "{} pixels at the edges of letters", found.len());
    found.sort_by(f32::total_cmp);
    found[found.len() / 20]
}

fn changed_near(without: &RgbImage, with: &RgbImage, x: u32, y: u32, reach: i64) -> bool {
    let (width, height) = with.dimensions();
    [(-reach, 0), (reach, 0), (0, -reach), (0, reach)].into_iter().any(|(dx, dy)| {
        let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
        (0..i64::from(width)).contains(&x)
            && (0..i64::from(height)).contains(&y)
            && with.get_pixel(x as u32, y as u32) != without.get_pixel(x as u32, y as u32)
    })
}

#[test]
fn captions_of_every_style_are_read_on_every_picture() {
    let canvas = Canvas { width: 540, height: 960, frames_per_second: 30 };
    let bright: fn(usize, usize) -> u8 = |_, _| 235;
    let dark: fn(usize, usize) -> u8 = |_, _| 16;
    let middle: fn(usize, usize) -> u8 = |_, _| 126;
    let busy: fn(usize, usize) -> u8 = |x, y| if (x / 5 + y / 7).is_multiple_of(2) { 225 } else { 40 };
    let pictures: [(&str, fn(usize, usize) -> u8); 4] =
        [("bright", bright), ("dark", dark), ("middle", middle), ("busy", busy)];
    for style in [CaptionStyle::tiktok(), CaptionStyle::youtube(), CaptionStyle::minimal()] {
        let captions = captions(style);
        let style = &captions.style;
        let mut painter = CaptionPainter::new(&FontKit::embedded(), &captions, canvas);
        let reach = ((style.outline * f64::from(canvas.height)).ceil() as i64 + 1).max(2);
        for (name, picture) in pictures {
            let without = frame(canvas, picture);
            let overlay = painter.draw(&captions.cues[0], Some(1)).unwrap();
            let mut with = without.clone();
            lay_overlay(&mut with, &overlay);
            let (without, with) = (without.to_rgb(), with.to_rgb());
            for (which, colour) in [("words", style.fill), ("the spoken word", style.highlight)] {
                let found = measured(&without, &with, colour, reach);
                assert!(found >= LEAST, "{which} of {} on a {name} picture: {found:.1}:1", style.name);
            }
        }
    }
}
