//! What a brand lays over a video: its mark in a corner, a lower third, and the picture of an intro or outro.

use crate::background::{self, Zone};
use crate::block::{Sheet, ink_height};
use crate::place::Canvas;
use crate::sheet::no_memory;
use crate::theme::Theme;
use crate::{background_layer, transparent};
use orion_core::domain::Look;
use orion_core::domain::colour::luminance;
use orion_core::port::ImageLayer;
use orion_core::{Error, Result};
use orion_draw::tiny_skia::{FilterQuality, PixmapPaint, Transform};
use orion_draw::{Align, FontKit, Mask, Pixmap, TextStyle, Weight, picture, rgb, rgba, shape};

/// Longest side of a logo in pixels.
const MOST_SIDE: u32 = 4096;
/// Longest mark, as a share of the shorter side; it is as high as its strip.
const LONGEST: f32 = 0.26;
/// Least contrast of a logo to the ground of cards; one that has less stands on a light plate.
const SEEN: f64 = 3.0;
/// How opaque a mark is: it is there, and does not shout.
const OPACITY: f32 = 0.92;

/// A corner of the picture. The lower ones belong to captions and to the platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Corner {
    /// At the upper left.
    TopLeft,
    /// At the upper right.
    #[default]
    TopRight,
}

/// A logo: a PNG file, transparent where the video is to be seen.
#[derive(Debug, Clone)]
pub struct Logo(Pixmap);

impl Logo {
    /// Reads a logo.
    ///
    /// # Errors
    /// `Invalid` for what is no PNG file or has nothing to see; `Exhausted` for one that is too large.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (width, height) = picture::dimensions(bytes)?;
        if width > MOST_SIDE || height > MOST_SIDE {
            return Err(Error::new(orion_core::ErrorKind::Exhausted, "a logo has 4096 pixels a side at most")
                .with_context("size", format!("{width}x{height}")));
        }
        let pixmap = Pixmap::decode_png(bytes).map_err(|source| {
            Error::invalid("the logo is no PNG file that can be read")
                .with_hint("export it as PNG with a transparent ground")
                .with_source(source)
        })?;
        if pixmap.pixels().iter().all(|pixel| pixel.alpha() == 0) {
            return Err(Error::invalid("the logo is wholly transparent"));
        }
        Ok(Self(pixmap))
    }

    /// Whether it is seen on a ground of this colour: by what most of it is.
    fn is_seen_on(&self, ground: u32) -> bool {
        let (mut light, mut all) = (0.0, 0.0);
        for pixel in self.0.pixels() {
            let own = pixel.demultiply();
            let alpha = f64::from(own.alpha());
            light += alpha * luminance(u32::from_be_bytes([0, own.red(), own.green(), own.blue()]));
            all += alpha;
        }
        (light / f64::max(all, 1.0) + 0.05) / (luminance(ground) + 0.05) >= SEEN
    }

    /// Draws it into a box: over a soft shadow, because the picture behind may be as light as it is, and on a light plate
    /// where the ground of the cards would swallow it.
    fn show(&self, onto: &mut Pixmap, look: &Look, (x, y, width, height): (f32, f32, f32, f32), opacity: f32) {
        let scale = (width / self.0.width() as f32).min(height / self.0.height() as f32);
        let (own_width, own_height) = (self.0.width() as f32 * scale, self.0.height() as f32 * scale);
        let (left, top) = (x + (width - own_width) / 2.0, y + (height - own_height) / 2.0);
        if self.is_seen_on(look.palette.background) {
            let Some(mut alone) = Pixmap::new(onto.width(), onto.height()) else { return };
            self.draw(&mut alone, (left, top, own_width, own_height), 1.0);
            let alpha = alone.pixels().iter().map(|pixel| pixel.alpha()).collect();
            let mask = Mask { left: 0, top: 0, width: onto.width(), height: onto.height(), alpha };
            mask.blurred(0.09 * own_width.min(own_height)).paint(onto, 0, 0, rgba(0, 0.55));
            return self.draw(onto, (left, top, own_width, own_height), opacity);
        }
        let margin = 0.14 * own_width.min(own_height);
        if let Some(plate) = shape::rounded(shape::rect(left, top, own_width, own_height), 1.5 * margin) {
            shape::fill(onto, &plate, rgba(0xFF_FF_FF, 0.94));
        }
        let inner = (left + margin, top + margin, own_width - 2.0 * margin, own_height - 2.0 * margin);
        self.draw(onto, inner, opacity);
    }

    /// Draws it as large as fits into a box, in its middle.
    fn draw(&self, onto: &mut Pixmap, (x, y, width, height): (f32, f32, f32, f32), opacity: f32) {
        let (own_width, own_height) = (self.0.width() as f32, self.0.height() as f32);
        let scale = (width / own_width).min(height / own_height);
        let (left, top) = (x + (width - own_width * scale) / 2.0, y + (height - own_height * scale) / 2.0);
        let paint = PixmapPaint { quality: FilterQuality::Bicubic, opacity, ..PixmapPaint::default() };
        // Shrunk by halves first: a filter of four samples would skip what lies between them.
        let mut small = self.0.clone();
        let mut left_over = scale;
        while left_over < 0.5 && small.width() >= 4 && small.height() >= 4 {
            let Some(half) = halved(&small) else { break };
            small = half;
            left_over *= 2.0;
        }
        let (wide, tall) = (own_width * scale / small.width() as f32, own_height * scale / small.height() as f32);
        onto.draw_pixmap(0, 0, small.as_ref(), &paint, Transform::from_row(wide, 0.0, 0.0, tall, left, top), None);
    }
}

/// A picture of half the size, each pixel the mean of four.
fn halved(picture: &Pixmap) -> Option<Pixmap> {
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    let mut half = Pixmap::new(width, height)?;
    let stride = picture.width() as usize * 4;
    let source = picture.data();
    for (y, line) in half.data_mut().chunks_exact_mut(width as usize * 4).enumerate() {
        for (at, channel) in line.iter_mut().enumerate() {
            let from = 2 * y * stride + (at / 4) * 8 + at % 4;
            let sum = [0, 4, stride, stride + 4].iter().map(|step| u32::from(source[from + step])).sum::<u32>();
            *channel = ((sum + 2) / 4) as u8;
        }
    }
    Some(half)
}

/// The mark over all scenes: a transparent layer of the canvas, in the strip that cards leave free for it.
///
/// # Errors
/// `Exhausted` when there is no memory for it.
pub fn mark(logo: &Logo, look: &Look, corner: Corner, (width, height): (u32, u32)) -> Result<ImageLayer> {
    let mut layer = Pixmap::new(width, height).ok_or_else(no_memory)?;
    let canvas = Canvas::new((width, height));
    let strip = canvas.strip();
    let (most, tall) = (LONGEST * 1080.0 * canvas.unit(), strip.bottom - strip.top);
    let scale = (most / logo.0.width() as f32).min(tall / logo.0.height() as f32);
    let own_width = logo.0.width() as f32 * scale;
    let x = match corner {
        Corner::TopLeft => strip.left,
        Corner::TopRight => strip.right - own_width,
    };
    logo.show(&mut layer, look, (x, strip.top, own_width, tall), OPACITY);
    transparent(layer, false)
}

/// A name and what it stands for, on a plate beside a bar of the accent, above captions, where cards leave room for it. The
/// plate is dark enough for whatever picture lies behind.
///
/// # Errors
/// `Invalid` without a name; `Exhausted` when there is no memory for it.
pub fn lower_third(
    kit: &FontKit,
    look: &Look,
    [name, role]: [&str; 2],
    (width, height): (u32, u32),
) -> Result<ImageLayer> {
    let theme = Theme::new(look).over_anything();
    let canvas = Canvas::new((width, height));
    let unit = canvas.unit();
    let style = |weight, size: f32| TextStyle::new(weight, size * unit).align(Align::Start);
    let room = width as f32 * 0.62;
    let kit = &kit.reading(&format!("{name} {role}"));
    let name = kit.fit(name, style(Weight::Black, 50.0), 26.0 * unit, (room, f32::MAX), 1);
    let role = kit.fit(role, style(Weight::Bold, 34.0), 22.0 * unit, (room, f32::MAX), 1);
    if name.is_empty() {
        return Err(Error::invalid("a lower third needs a name"));
    }
    let mut sheet = sheet(&theme, unit, (width, height), name.right_to_left)?;
    let below = if role.is_empty() { 0.0 } else { 18.0 * unit + ink_height(&role) };
    let (wide, tall) = (name.width.max(role.width) + 92.0 * unit, ink_height(&name) + below + 52.0 * unit);
    let area = canvas.third(tall);
    let (x, top) = (if sheet.right_to_left { area.right - wide } else { area.left }, area.top);
    sheet.glass(x, top, wide, tall, 22.0 * unit);
    let bar = if sheet.right_to_left { x + wide - 28.0 * unit } else { x + 18.0 * unit };
    sheet.bar(bar, top + 20.0 * unit, 10.0 * unit, tall - 40.0 * unit, rgb(theme.accent));
    let text = if sheet.right_to_left { x + 26.0 * unit } else { x + 52.0 * unit };
    let inner = wide - 78.0 * unit;
    sheet.plated(&name, sheet.start(&name, text, inner), top + 30.0 * unit, theme.text);
    if !role.is_empty() {
        let under = top + 30.0 * unit + ink_height(&name) + 18.0 * unit;
        sheet.plated(&role, sheet.start(&role, text, inner), under, theme.accent);
    }
    transparent(sheet.pixmap, false)
}

/// The picture of an intro or outro: the logo over a title and a line, in the middle of the brand's ground.
///
/// # Errors
/// `Invalid` with nothing to show; `Exhausted` when there is no memory for it.
pub fn bumper(
    kit: &FontKit,
    look: &Look,
    logo: Option<&Logo>,
    [title, line]: [&str; 2],
    (width, height): (u32, u32),
) -> Result<Vec<ImageLayer>> {
    let theme = Theme::new(look);
    let unit = width.min(height) as f32 / 1080.0;
    let style = |weight, size: f32| TextStyle::new(weight, size * unit).align(Align::Centre);
    let room = width as f32 * 0.78;
    let kit = &kit.reading(&format!("{title} {line}"));
    let title = kit.fit(title, style(Weight::Black, 118.0), 40.0 * unit, (room, height as f32 * 0.3), 3);
    let line = kit.fit(line, style(Weight::Bold, 46.0), 26.0 * unit, (room, height as f32 * 0.12), 2);
    let logo_tall = if logo.is_some() { 250.0 * unit } else { 0.0 };
    if logo.is_none() && title.is_empty() {
        return Err(Error::invalid("an intro or outro shows a logo or a title"));
    }
    let gaps =
        [logo.is_some() && !title.is_empty(), !line.is_empty()].map(|there| if there { 60.0 * unit } else { 0.0 });
    let tall = logo_tall + gaps[0] + ink_height(&title) + gaps[1] + ink_height(&line);
    let mut sheet = sheet(&theme, unit, (width, height), false)?;
    let mut y = (height as f32 - tall) / 2.0;
    let zone = Zone { left: 0.1, top: y / height as f32, right: 0.9, bottom: (y + tall) / height as f32 };
    let x = (width as f32 - room) / 2.0;
    if let Some(logo) = logo {
        logo.show(&mut sheet.pixmap, look, (x, y, room, logo_tall), 1.0);
        y += logo_tall + gaps[0];
    }
    if !title.is_empty() {
        sheet.bare(&title, x, y, theme.text);
        y += ink_height(&title);
    }
    if !line.is_empty() {
        sheet.bare(&line, x, y + gaps[1], theme.text);
    }
    let ground = background::soft(&theme, look.seed, (width, height), zone);
    Ok(vec![background_layer(&ground, false)?, transparent(sheet.pixmap, false)?])
}

fn sheet(theme: &Theme, unit: f32, (width, height): (u32, u32), right_to_left: bool) -> Result<Sheet<'_>> {
    Ok(Sheet {
        pixmap: Pixmap::new(width, height).ok_or_else(no_memory)?,
        steps: Vec::new(),
        theme,
        unit,
        right_to_left,
        blank: false,
        #[cfg(test)]
        written: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::colour::{LEGIBLE, contrast};
    use orion_core::domain::timeline;
    use orion_core::testing::sample;

    fn logo(width: u32, height: u32, colour: u32) -> Logo {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        pixmap.fill(rgba(colour, 1.0));
        Logo::read(&picture::encode_png(pixmap).unwrap()).unwrap()
    }

    /// Left, top, right and bottom of what is more than shadow in a layer.
    fn seen(layer: &ImageLayer) -> (u32, u32, u32, u32) {
        let pixmap = Pixmap::decode_png(&layer.bytes).unwrap();
        let mut seen = (u32::MAX, u32::MAX, 0, 0);
        for (index, pixel) in (0..).zip(pixmap.pixels()) {
            if pixel.alpha() > 160 {
                let (x, y) = (index % pixmap.width(), index / pixmap.width());
                seen = (seen.0.min(x), seen.1.min(y), seen.2.max(x), seen.3.max(y));
            }
        }
        seen
    }

    const SIZES: [(u32, u32); 4] = [(1080, 1920), (1920, 1080), (1080, 1080), (1080, 1350)];

    #[test]
    fn a_mark_keeps_its_shape_its_corner_and_its_strip() {
        for own in [(800, 100), (90, 300), (3, 2), (400, 400)] {
            for (size, corner) in SIZES.into_iter().flat_map(|size| [(size, Corner::TopLeft), (size, Corner::TopRight)])
            {
                let layer = mark(&logo(own.0, own.1, 0xFF_50_40), &sample::look(), corner, size).unwrap();
                let (left, top, right, bottom) = seen(&layer);
                let (wide, tall) = ((right - left + 1) as f32, (bottom - top + 1) as f32);
                assert!((wide / tall / (own.0 as f32 / own.1 as f32) - 1.0).abs() < 0.08, "{wide}x{tall} of {own:?}");
                let strip = Canvas::new(size).strip();
                assert!(wide <= 0.27 * 1080.0 && top as f32 >= strip.top - 2.0 && bottom as f32 <= strip.bottom + 2.0);
                assert_eq!(right < size.0 / 2, corner == Corner::TopLeft);
                assert!(left as f32 >= strip.left - 2.0 && right as f32 <= strip.right + 2.0);
            }
        }
    }

    #[test]
    fn a_dark_logo_is_seen_on_the_dark_ground_of_cards() {
        let look = sample::look();
        for (colour, on_plate) in [(0x10_10_10, true), (0x50_20_20, true), (0xFF_FF_FF, false), (0xFF_D1_66, false)] {
            let layer = mark(&logo(200, 100, colour), &look, Corner::TopLeft, (1080, 1920)).unwrap();
            let (left, top, right, bottom) = seen(&layer);
            let pixmap = Pixmap::decode_png(&layer.bytes).unwrap();
            let near_edge = pixmap.pixel((left + right) / 2, top + 4).unwrap();
            assert_eq!(
                near_edge.red() > 200 && near_edge.blue() > 200,
                on_plate || colour == 0xFF_FF_FF,
                "{colour:06X}"
            );
            let middle = pixmap.pixel((left + right) / 2, (top + bottom) / 2).unwrap().demultiply();
            let found = u32::from_be_bytes([0, middle.red(), middle.green(), middle.blue()]);
            let beside = if on_plate { 0xF0_F0_F0 } else { look.palette.background };
            assert!(contrast(found, beside) >= SEEN, "{colour:06X}");
        }
    }

    #[test]
    fn a_lower_third_keeps_clear_of_captions_and_cards_in_every_shape() {
        let kit = FontKit::embedded();
        for (names, size) in SIZES.into_iter().flat_map(|size| {
            [
                (["Ann Roe", "Engineer"], size),
                (["Wolfgang Amadeus Theophilus Mozart of Salzburg", "ÄÖ, ÇŞ Ǻ gjpqy"], size),
            ]
        }) {
            let layer = lower_third(&kit, &sample::look(), names, size).unwrap();
            let (left, top, right, bottom) = seen(&layer);
            let (high, canvas) = (size.1 as f32, Canvas::new(size));
            let canvas_of = timeline::Canvas { width: size.0, height: size.1, frames_per_second: 30 };
            assert!((bottom as f32) < canvas_of.caption_band().0 as f32 * high, "{size:?}: {top} to {bottom}");
            assert!(top as f32 > canvas.type_area(true, true).bottom + 8.0, "{size:?}: {top} to {bottom}");
            let area = canvas.third(0.0);
            assert!(left as f32 >= area.left - 1.0 && right as f32 <= area.right + 1.0, "{size:?}");
        }
        assert!(lower_third(&kit, &sample::look(), ["", "Engineer"], (1080, 1920)).is_err());
    }

    #[test]
    fn a_lower_third_is_read_on_a_white_picture() {
        let kit = FontKit::embedded();
        let look = sample::look();
        let layer = lower_third(&kit, &look, ["Ann Roe", "Engineer"], (1080, 1920)).unwrap();
        let pixmap = Pixmap::decode_png(&layer.bytes).unwrap();
        let (left, top, right, bottom) = seen(&layer);
        // Between the upper edge and the letters, and between bar and letters, is nothing but plate.
        for (x, y) in [((left + right) / 2, top + 12), (left + 38, (top + bottom) / 2)] {
            let pixel = pixmap.pixel(x, y).unwrap();
            let over = |channel: u8| u32::from(channel) + 255 - u32::from(pixel.alpha());
            let ground = over(pixel.red()) << 16 | over(pixel.green()) << 8 | over(pixel.blue());
            for colour in [look.palette.accent, look.palette.text] {
                assert!(contrast(colour, ground) >= LEGIBLE, "{ground:06X}");
            }
        }
    }

    #[test]
    fn an_intro_shows_what_there_is() {
        let kit = FontKit::embedded();
        let layers =
            bumper(&kit, &sample::look(), Some(&logo(400, 200, 0xFF_50_40)), ["Orion Daily", "Every day"], (540, 960))
                .unwrap();
        assert_eq!(layers.iter().map(|layer| layer.moves).collect::<Vec<_>>(), [true, false]);
        assert!(bumper(&kit, &sample::look(), None, ["", "Every day"], (540, 960)).is_err());
    }

    #[test]
    fn what_is_no_logo_is_refused() {
        // A drawing is no PNG, whatever it repeats, refers to or spells out.
        for other in [
            &b"GIF89a"[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'><g id='a'><use href='#a'/></g></svg>",
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
            b"<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><svg>&b;</svg>",
            b"",
        ] {
            assert_eq!(Logo::read(other).unwrap_err().kind(), orion_core::ErrorKind::Invalid);
        }
        let mut huge = picture::encode_png(Pixmap::new(20, 20).unwrap()).unwrap();
        huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(Logo::read(&huge).is_err());
        let clear = picture::encode_png(Pixmap::new(20, 20).unwrap()).unwrap();
        assert_eq!(Logo::read(&clear).unwrap_err().kind(), orion_core::ErrorKind::Invalid);
        let jpeg = picture::encode_jpeg(&image::RgbImage::new(20, 20), 80).unwrap();
        assert!(Logo::read(&jpeg).unwrap_err().hint().is_some());
    }
}
