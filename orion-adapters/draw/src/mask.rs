//! Coverage: how much of each pixel is ink. Text is rasterised here and blended by whoever asks.

use crate::blur::blur_alpha;
use crate::font::GlyphShape;
use crate::layout::{Select, TextLayout};
use tiny_skia::{Color, Pixmap, PremultipliedColorU8};
use zeno::{Cap, Format, Join, Stroke, Transform};

/// Coverage of a rectangle of pixels, 0 to 255 each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    /// Left edge, relative to the layout's origin.
    pub left: i32,
    /// Top edge, relative to the layout's origin.
    pub top: i32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Coverage row by row.
    pub alpha: Vec<u8>,
}

/// What of a glyph is inked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ink {
    /// The glyph.
    Fill,
    /// The glyph and this many pixels around it, with round corners.
    Outline(f32),
}

/// A soft shadow under text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadow {
    /// How far it falls to the right.
    pub x: f32,
    /// How far it falls down.
    pub y: f32,
    /// Standard deviation of its softness in pixels.
    pub blur: f32,
    /// Its colour and strength.
    pub colour: Color,
}

/// How text is painted: shadow, then outline, then fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextPaint {
    /// Colour of the letters.
    pub fill: Color,
    /// Colour and width of the outline.
    pub outline: Option<(Color, f32)>,
    /// The shadow.
    pub shadow: Option<Shadow>,
}

impl TextPaint {
    /// One colour.
    pub fn solid(fill: Color) -> Self {
        Self { fill, outline: None, shadow: None }
    }

    /// Adds an outline of some pixels.
    #[must_use]
    pub fn outline(mut self, colour: Color, width: f32) -> Self {
        self.outline = Some((colour, width));
        self
    }

    /// Adds a shadow.
    #[must_use]
    pub fn shadow(mut self, shadow: Shadow) -> Self {
        self.shadow = Some(shadow);
        self
    }
}

impl Mask {
    /// No coverage at all over a rectangle.
    pub fn empty(left: i32, top: i32, width: u32, height: u32) -> Self {
        Self { left, top, width, height, alpha: vec![0; width as usize * height as usize] }
    }

    /// Adds other coverage: what either covers is covered.
    fn merge(&mut self, other: &[u8], left: i32, top: i32, width: u32, height: u32) {
        let columns = overlap(left - self.left, width, self.width);
        for row in overlap(top - self.top, height, self.height) {
            let to = (top - self.top + row as i32) as usize * self.width as usize;
            let from = row as usize * width as usize;
            for column in columns.clone() {
                let source = u32::from(other[from + column as usize]);
                if source > 0 {
                    let cell = &mut self.alpha[to + (left - self.left + column as i32) as usize];
                    let kept = u32::from(*cell) * (255 - source) / 255;
                    *cell = (source + kept) as u8;
                }
            }
        }
    }

    /// Grows by a margin on all sides and blurs by a standard deviation.
    #[must_use]
    pub fn blurred(&self, deviation: f32) -> Self {
        let margin = (deviation * 3.0).ceil().max(0.0) as u32;
        let mut grown = Self::empty(
            self.left - margin as i32,
            self.top - margin as i32,
            self.width + 2 * margin,
            self.height + 2 * margin,
        );
        grown.merge(&self.alpha, self.left, self.top, self.width, self.height);
        blur_alpha(&mut grown.alpha, grown.width as usize, grown.height as usize, deviation);
        grown
    }

    /// Paints a colour through the coverage; the mask's origin lies at `x`, `y`.
    pub fn paint(&self, pixmap: &mut Pixmap, x: i32, y: i32, colour: Color) {
        let premultiplied = colour.premultiply();
        let channels = [premultiplied.red(), premultiplied.green(), premultiplied.blue(), premultiplied.alpha()]
            .map(|channel| (channel * 255.0 + 0.5) as u32);
        let (width, height) = (pixmap.width(), pixmap.height());
        let columns = overlap(x + self.left, self.width, width);
        let pixels = pixmap.pixels_mut();
        for row in overlap(y + self.top, self.height, height) {
            let from = row as usize * self.width as usize;
            let to = (y + self.top + row as i32) as usize * width as usize;
            for column in columns.clone() {
                let coverage = u32::from(self.alpha[from + column as usize]);
                if coverage > 0 {
                    let pixel = &mut pixels[to + (x + self.left + column as i32) as usize];
                    *pixel = over(channels.map(|channel| (channel * coverage + 127) / 255), *pixel);
                }
            }
        }
    }
}

/// Positions of `length` cells from `start` that lie within 0 to `limit`, counted from `start`.
fn overlap(start: i32, length: u32, limit: u32) -> std::ops::Range<u32> {
    let first = start.min(0).unsigned_abs().min(length);
    let last = (i64::from(limit) - i64::from(start)).clamp(0, i64::from(length)) as u32;
    first..last.max(first)
}

/// Source over destination, both premultiplied.
fn over(source: [u32; 4], below: PremultipliedColorU8) -> PremultipliedColorU8 {
    let left = 255 - source[3].min(255);
    let blend = |source: u32, below: u8| (source + (u32::from(below) * left + 127) / 255).min(255) as u8;
    let alpha = blend(source[3], below.alpha());
    let red = blend(source[0], below.red()).min(alpha);
    let green = blend(source[1], below.green()).min(alpha);
    let blue = blend(source[2], below.blue()).min(alpha);
    PremultipliedColorU8::from_rgba(red, green, blue, alpha).unwrap_or(below)
}

impl TextLayout {
    /// Coverage of some words. Emoji are not part of it: see [`TextLayout::colour_glyphs`].
    pub fn coverage(&self, select: &Select, ink: Ink) -> Mask {
        let parts: Vec<(Vec<u8>, zeno::Placement)> = self
            .glyphs
            .iter()
            .filter(|glyph| select.has(glyph.word))
            .filter_map(|glyph| match &glyph.shape {
                GlyphShape::Outline(path) => Some((path, glyph.x, glyph.y)),
                _ => None,
            })
            .flat_map(|(path, x, y)| {
                // Outlines have y upwards.
                let place = Some(Transform::new(1.0, 0.0, 0.0, -1.0, x, y));
                let mut fill = zeno::Mask::new(&**path);
                fill.format(Format::Alpha).transform(place);
                let stroke = match ink {
                    Ink::Outline(width) if width > 0.0 => {
                        let mut style = Stroke::new(width * 2.0);
                        style.join(Join::Round).cap(Cap::Round);
                        let mut stroke = zeno::Mask::new(&**path);
                        stroke.format(Format::Alpha).transform(place).style(style);
                        Some(stroke.render())
                    }
                    _ => None,
                };
                [Some(fill.render()), stroke].into_iter().flatten()
            })
            .filter(|(_, placement)| placement.width > 0 && placement.height > 0)
            .collect();
        let Some(left) = parts.iter().map(|(_, part)| part.left).min() else { return Mask::default() };
        let top = parts.iter().map(|(_, part)| part.top).min().unwrap_or_default();
        let right = parts.iter().map(|(_, part)| part.left + part.width as i32).max().unwrap_or_default();
        let bottom = parts.iter().map(|(_, part)| part.top + part.height as i32).max().unwrap_or_default();
        let mut mask = Mask::empty(left, top, (right - left) as u32, (bottom - top) as u32);
        for (alpha, part) in &parts {
            mask.merge(alpha, part.left, part.top, part.width, part.height);
        }
        mask
    }

    /// Draws the text with its origin at `x`, `y`.
    pub fn draw(&self, pixmap: &mut Pixmap, x: i32, y: i32, paint: &TextPaint) {
        self.draw_words(pixmap, x, y, &Select::All, paint);
    }

    /// Draws some words of the text with its origin at `x`, `y`.
    pub fn draw_words(&self, pixmap: &mut Pixmap, x: i32, y: i32, select: &Select, paint: &TextPaint) {
        let fill = self.coverage(select, Ink::Fill);
        let outline = paint.outline.map(|(colour, width)| (colour, self.coverage(select, Ink::Outline(width))));
        if let Some(shadow) = paint.shadow {
            let caster = outline.as_ref().map_or(&fill, |(_, mask)| mask);
            let (dx, dy) = (shadow.x.round() as i32, shadow.y.round() as i32);
            caster.blurred(shadow.blur).paint(pixmap, x + dx, y + dy, shadow.colour);
        }
        if let Some((colour, mask)) = &outline {
            mask.paint(pixmap, x, y, *colour);
        }
        fill.paint(pixmap, x, y, paint.fill);
        for glyph in self.colour_glyphs().filter(|glyph| select.has(glyph.word)) {
            let (width, height) = (pixmap.width(), pixmap.height());
            let (left, top) = (x + glyph.left, y + glyph.top);
            let pixels = pixmap.pixels_mut();
            for row in overlap(top, glyph.height, height) {
                for column in overlap(left, glyph.width, width) {
                    let from = (row as usize * glyph.width as usize + column as usize) * 4;
                    let [red, green, blue, alpha] = [0, 1, 2, 3].map(|channel| u32::from(glyph.pixels[from + channel]));
                    let pixel =
                        &mut pixels[(top + row as i32) as usize * width as usize + (left + column as i32) as usize];
                    *pixel = over([red * alpha / 255, green * alpha / 255, blue * alpha / 255, alpha], *pixel);
                }
            }
        }
    }
}
