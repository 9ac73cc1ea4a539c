//! What a brand lays over a video: its mark in a corner, a lower third, and the picture of an intro or outro.

use crate::background::{self, Zone};
use crate::block::{Sheet, ink_height};
use crate::sheet::no_memory;
use crate::theme::Theme;
use crate::{background_layer, transparent};
use orion_core::domain::Look;
use orion_core::port::ImageLayer;
use orion_core::{Error, Result};
use orion_draw::tiny_skia::{FilterQuality, PixmapPaint, Transform};
use orion_draw::{Align, FontKit, Pixmap, TextStyle, Weight, picture, rgb};

/// Longest side of a logo in pixels.
const MOST_SIDE: u32 = 4096;
/// How large a mark is at most, as shares of the shorter side: wide ones are narrower than they may be long.
const MARK: (f32, f32) = (0.26, 0.075);
/// Distance of a mark from the edges, as a share of the shorter side.
const INSET: f32 = 0.045;
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

/// The mark over all scenes: a transparent layer of the canvas.
///
/// # Errors
/// `Exhausted` when there is no memory for it.
pub fn mark(logo: &Logo, corner: Corner, (width, height): (u32, u32)) -> Result<ImageLayer> {
    let mut layer = Pixmap::new(width, height).ok_or_else(no_memory)?;
    let (wide, tall) = (width as f32, height as f32);
    let shorter = wide.min(tall);
    let inset = shorter * INSET;
    let scale = (shorter * MARK.0 / logo.0.width() as f32).min(shorter * MARK.1 / logo.0.height() as f32);
    let (own_width, own_height) = (logo.0.width() as f32 * scale, logo.0.height() as f32 * scale);
    let x = match corner {
        Corner::TopLeft => inset,
        Corner::TopRight => wide - inset - own_width,
    };
    logo.draw(&mut layer, (x, inset, own_width, own_height), OPACITY);
    transparent(layer, false)
}

/// A name and what it stands for, on a plate beside a bar of the accent, below where cards stand and above captions' lower
/// edge.
///
/// # Errors
/// `Invalid` without a name; `Exhausted` when there is no memory for it.
pub fn lower_third(
    kit: &FontKit,
    look: &Look,
    [name, role]: [&str; 2],
    (width, height): (u32, u32),
) -> Result<ImageLayer> {
    let theme = Theme::new(look);
    let unit = width.min(height) as f32 / 1080.0;
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
    // Captions have 0.60 to 0.78 of the height.
    let (left, top) = (width as f32 * 0.068, height as f32 * 0.80);
    let x = if sheet.right_to_left { width as f32 * 0.875 - wide } else { left };
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
        logo.draw(&mut sheet.pixmap, (x, y, room, logo_tall), 1.0);
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
    use orion_core::testing::sample;
    use orion_draw::rgba;

    fn logo(width: u32, height: u32) -> Logo {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        pixmap.fill(rgba(0xFF_00_00, 1.0));
        Logo::read(&picture::encode_png(pixmap).unwrap()).unwrap()
    }

    /// Left, top, right and bottom of what is seen of a layer.
    fn seen(layer: &ImageLayer) -> (u32, u32, u32, u32) {
        let pixmap = Pixmap::decode_png(&layer.bytes).unwrap();
        let mut seen = (u32::MAX, u32::MAX, 0, 0);
        for (index, pixel) in (0..).zip(pixmap.pixels()) {
            if pixel.alpha() > 8 {
                let (x, y) = (index % pixmap.width(), index / pixmap.width());
                seen = (seen.0.min(x), seen.1.min(y), seen.2.max(x), seen.3.max(y));
            }
        }
        seen
    }

    #[test]
    fn a_mark_keeps_its_shape_and_its_corner() {
        for (own, size) in [((800, 100), (1080, 1920)), ((90, 300), (1920, 1080)), ((3, 2), (1080, 1080))] {
            for corner in [Corner::TopLeft, Corner::TopRight] {
                let layer = mark(&logo(own.0, own.1), corner, size).unwrap();
                let (left, top, right, bottom) = seen(&layer);
                let (wide, tall) = ((right - left + 1) as f32, (bottom - top + 1) as f32);
                assert!((wide / tall / (own.0 as f32 / own.1 as f32) - 1.0).abs() < 0.06, "{wide}x{tall} of {own:?}");
                assert!(tall <= 0.08 * 1080.0 && wide <= 0.27 * 1080.0 && bottom < size.1 / 6);
                assert_eq!(right < size.0 / 2, corner == Corner::TopLeft);
            }
        }
    }

    #[test]
    fn a_lower_third_stands_below_captions_in_every_shape() {
        let kit = FontKit::embedded();
        for size in [(1080, 1920), (1920, 1080), (1080, 1080), (1080, 1350)] {
            let layer = lower_third(&kit, &sample::look(), ["Ann Roe", "Engineer"], size).unwrap();
            let (left, top, right, bottom) = seen(&layer);
            assert!(top as f32 > 0.79 * size.1 as f32 && bottom < size.1, "{size:?}: {top} to {bottom}");
            assert!(left > size.0 / 20 && right < size.0);
        }
        assert!(lower_third(&kit, &sample::look(), ["", "Engineer"], (1080, 1920)).is_err());
    }

    #[test]
    fn an_intro_shows_what_there_is() {
        let kit = FontKit::embedded();
        let layers =
            bumper(&kit, &sample::look(), Some(&logo(400, 200)), ["Orion Daily", "Every day"], (540, 960)).unwrap();
        assert_eq!(layers.iter().map(|layer| layer.moves).collect::<Vec<_>>(), [true, false]);
        assert!(bumper(&kit, &sample::look(), None, ["", "Every day"], (540, 960)).is_err());
    }

    #[test]
    fn what_is_no_logo_is_refused() {
        assert_eq!(Logo::read(b"GIF89a").unwrap_err().kind(), orion_core::ErrorKind::Invalid);
        let clear = picture::encode_png(Pixmap::new(20, 20).unwrap()).unwrap();
        assert_eq!(Logo::read(&clear).unwrap_err().kind(), orion_core::ErrorKind::Invalid);
        let jpeg = picture::encode_jpeg(&image::RgbImage::new(20, 20), 80).unwrap();
        assert!(Logo::read(&jpeg).unwrap_err().hint().is_some());
    }
}
