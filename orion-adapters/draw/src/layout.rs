//! Text laid out: where every word and glyph stands. Line breaking itself is in [`crate::wrap`].

use crate::FontKit;
use crate::font::{GlyphShape, Shaper};
use crate::wrap;
use std::ops::Range;
use tiny_skia::Rect;

/// Thickness of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weight {
    /// Running text and small print.
    Medium,
    /// Labels, captions, points.
    #[default]
    Bold,
    /// Headlines and numbers.
    Black,
}

/// Where lines stand in the width they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right.
    Right,
    /// Where the script begins: left, or right for Arabic and Hebrew.
    Start,
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Thickness.
    pub weight: Weight,
    /// Type size in pixels.
    pub size: f32,
    /// Distance of lines in type sizes.
    pub line_height: f32,
    /// Extra space between letters in type sizes.
    pub letter_spacing: f32,
    /// Where lines stand.
    pub align: Align,
}

impl TextStyle {
    /// A style with the usual spacing of its weight: tight for headlines, open for running text.
    pub fn new(weight: Weight, size: f32) -> Self {
        let (line_height, letter_spacing) = match weight {
            Weight::Medium => (1.35, 0.0),
            Weight::Bold => (1.25, -0.005),
            Weight::Black => (1.08, -0.02),
        };
        Self { weight, size, line_height, letter_spacing, align: Align::Left }
    }

    /// Aligns the lines.
    #[must_use]
    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// Sets the distance of lines in type sizes.
    #[must_use]
    pub fn line_height(mut self, line_height: f32) -> Self {
        self.line_height = line_height;
        self
    }

    /// Sets the extra space between letters in type sizes.
    #[must_use]
    pub fn letter_spacing(mut self, letter_spacing: f32) -> Self {
        self.letter_spacing = letter_spacing;
        self
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Left end of what is seen.
    pub left: f32,
    /// Right end of what is seen.
    pub right: f32,
    /// The line that letters stand on, from the top of the layout.
    pub baseline: f32,
}

/// A word, or the part of it that stands on one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Number of the word in the text as [`words`](crate::words) gives them.
    pub index: usize,
    /// Number of its line.
    pub line: usize,
    /// Its box: from pen to pen, and from ascent to descent of its line.
    pub bounds: Rect,
}

/// One glyph with its place.
#[derive(Debug, Clone)]
pub(crate) struct PlacedGlyph {
    pub(crate) shape: GlyphShape,
    /// Pen position.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Number of its word.
    pub(crate) word: usize,
}

/// A coloured glyph (emoji) with its place, straight RGBA.
#[derive(Debug, Clone, Copy)]
pub struct ColourGlyph<'a> {
    /// Left edge in the layout.
    pub left: i32,
    /// Top edge in the layout.
    pub top: i32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Straight RGBA, row by row.
    pub pixels: &'a [u8],
    /// Number of its word.
    pub word: usize,
}

/// Which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// All of them.
    All,
    /// Those with these numbers.
    Words(Range<usize>),
}

impl Select {
    pub(crate) fn has(&self, word: usize) -> bool {
        match self {
            Self::All => true,
            Self::Words(range) => range.contains(&word),
        }
    }
}

/// Text laid out. The origin is the top left corner of the first line's box.
#[derive(Debug, Clone)]
pub struct TextLayout {
    /// The style as set, with the size that was chosen.
    pub style: TextStyle,
    /// Width of the widest line; with [`Align::Left`] it begins at 0.
    pub width: f32,
    /// Height of all line boxes.
    pub height: f32,
    /// Lines from top to bottom.
    pub lines: Vec<Line>,
    /// Words in reading order; a word that was broken appears once for each of its lines.
    pub words: Vec<Word>,
    /// The text was too long and ends in an ellipsis.
    pub truncated: bool,
    /// A word had to be broken between letters.
    pub broken: bool,
    /// Characters that no font has.
    pub missing: usize,
    /// The text begins at the right.
    pub right_to_left: bool,
    pub(crate) glyphs: Vec<PlacedGlyph>,
}

/// Height of a capital letter in type sizes (Inter's `OS/2.sCapHeight`).
pub(crate) const CAP_HEIGHT: f32 = 0.7275;
/// Ascent and descent in type sizes (Inter's `hhea`).
const ASCENT: f32 = 0.96875;
const DESCENT: f32 = 0.2412;

impl TextLayout {
    /// Top of the capitals of the first line.
    pub fn cap_top(&self) -> f32 {
        self.lines.first().map_or(0.0, |line| line.baseline - CAP_HEIGHT * self.style.size)
    }

    /// The last baseline.
    pub fn last_baseline(&self) -> f32 {
        self.lines.last().map_or(0.0, |line| line.baseline)
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.glyphs.is_empty()
    }

    /// The emoji among the glyphs, which coverage leaves out.
    pub fn colour_glyphs(&self) -> impl Iterator<Item = ColourGlyph<'_>> {
        self.glyphs.iter().filter_map(|glyph| match &glyph.shape {
            GlyphShape::Picture(picture) => Some(ColourGlyph {
                left: glyph.x.round() as i32 + picture.left,
                top: glyph.y.round() as i32 - picture.top,
                width: picture.width,
                height: picture.height,
                pixels: &picture.pixels,
                word: glyph.word,
            }),
            _ => None,
        })
    }

    /// Places the glyphs of broken lines.
    pub(crate) fn place(shaper: &mut Shaper, broken: wrap::Broken, style: TextStyle, max_width: f32) -> Self {
        let wrap::Broken { lines: rows, cleaned, truncated, broken, right_to_left } = broken;
        let pitch = style.size * style.line_height;
        let lead = (pitch - (ASCENT + DESCENT) * style.size) / 2.0 + ASCENT * style.size;
        let align = match style.align {
            Align::Start if right_to_left => Align::Right,
            Align::Start => Align::Left,
            other => other,
        };
        let extents: Vec<(f32, f32)> = rows.iter().map(wrap::extent).collect();
        let width = extents.iter().map(|(left, right)| right - left).fold(0.0, f32::max);
        let box_width = if max_width.is_finite() { max_width } else { width };
        let mut layout = Self {
            style,
            width,
            height: pitch * rows.len() as f32,
            lines: Vec::with_capacity(rows.len()),
            words: Vec::with_capacity(cleaned.words.len()),
            truncated,
            broken,
            missing: cleaned.missing,
            right_to_left,
            glyphs: Vec::new(),
        };
        for (number, (row, (left, right))) in rows.iter().zip(extents).enumerate() {
            let slack = box_width - (right - left);
            let start = match align {
                Align::Left | Align::Start => 0.0,
                Align::Centre => slack / 2.0,
                Align::Right => slack,
            };
            let baseline = pitch * number as f32 + lead;
            layout.lines.push(Line { left: start, right: start + right - left, baseline });
            let first_word = layout.words.len();
            for glyph in &row.glyphs {
                let Some(word) = word_at(&cleaned.words, glyph.start) else { continue };
                let (x, pen) = (start + glyph.x - left, start + glyph.x - left + glyph.font_size * glyph.x_offset);
                layout.widen(first_word, word, number, x, x + glyph.w.max(0.0), baseline);
                // Glyph 0 is the box that says "missing": whatever happens, it is not shown.
                let shape = if glyph.glyph_id == 0 { GlyphShape::Blank } else { shaper.glyph(glyph) };
                if !matches!(shape, GlyphShape::Blank) {
                    let y = baseline + glyph.y - glyph.font_size * glyph.y_offset;
                    layout.glyphs.push(PlacedGlyph { shape, x: pen, y, word });
                }
            }
        }
        layout.words.sort_by_key(|word| (word.index, word.line));
        layout
    }

    /// Adds a glyph's extent to the box of its word on this line.
    fn widen(&mut self, first: usize, index: usize, line: usize, left: f32, right: f32, baseline: f32) {
        let (top, bottom) = (baseline - ASCENT * self.style.size, baseline + DESCENT * self.style.size);
        let known = self.words[first..].iter_mut().find(|word| word.index == index);
        let (left, right) = match &known {
            Some(word) => (left.min(word.bounds.left()), right.max(word.bounds.right())),
            None => (left, right),
        };
        let Some(bounds) = Rect::from_ltrb(left, top, right.max(left), bottom) else { return };
        match known {
            Some(word) => word.bounds = bounds,
            None => self.words.push(Word { index, line, bounds }),
        }
    }
}

/// The word that a byte of the cleaned text belongs to; spaces belong to none.
fn word_at(words: &[Range<usize>], byte: usize) -> Option<usize> {
    let index = words.partition_point(|word| word.end <= byte);
    words.get(index).filter(|word| word.contains(&byte)).map(|_| index)
}

impl FontKit {
    /// Lays out one paragraph at the size of the style. Lines are balanced.
    ///
    /// Text that needs more than `max_lines` is cut at a word and ends in an ellipsis; a word wider than
    /// `max_width` is broken between letters. `max_width` may be infinite.
    pub fn layout(&self, text: &str, style: TextStyle, max_width: f32, max_lines: usize) -> TextLayout {
        let mut style = checked(style);
        let mut shaper = self.lock();
        let cleaned = shaper.clean(text);
        style.line_height = style.line_height.max(shaper.least_line_height(&cleaned.text));
        let broken = wrap::fixed(&mut shaper, cleaned, style, max_width.max(1.0), max_lines.max(1));
        TextLayout::place(&mut shaper, broken, style, max_width)
    }

    /// Lays out one paragraph at the largest size, from `style.size` down to `smallest`, at which it fits into
    /// `width` and `height` and `max_lines` without breaking a word.
    ///
    /// Only when the smallest size is still too large, a word is broken, and then the text is cut with an ellipsis.
    pub fn fit(
        &self,
        text: &str,
        style: TextStyle,
        smallest: f32,
        (width, height): (f32, f32),
        max_lines: usize,
    ) -> TextLayout {
        let mut style = checked(style);
        let mut shaper = self.lock();
        let cleaned = shaper.clean(text);
        style.line_height = style.line_height.max(shaper.least_line_height(&cleaned.text));
        let (size, broken) =
            wrap::fitted(&mut shaper, cleaned, style, smallest, (width.max(1.0), height.max(1.0)), max_lines.max(1));
        style.size = size;
        TextLayout::place(&mut shaper, broken, style, width)
    }
}

/// Sizes that cannot be drawn become the nearest that can.
fn checked(mut style: TextStyle) -> TextStyle {
    let bound = |value: f32, least: f32, most: f32, other: f32| {
        if value.is_finite() { value.clamp(least, most) } else { other }
    };
    style.size = bound(style.size, 4.0, 2000.0, 16.0);
    style.line_height = bound(style.line_height, 0.5, 5.0, 1.2);
    style.letter_spacing = bound(style.letter_spacing, -0.2, 2.0, 0.0);
    style
}
