//! Fonts, text layout and shapes: the drawing kit under scene cards, captions and thumbnails.
//!
//! - [`FontKit`] turns text into a [`TextLayout`]: balanced lines, measured words, no clipped or split word;
//! - a layout is drawn on a [`Pixmap`] ([`TextLayout::draw`]) or given as coverage ([`TextLayout::coverage`])
//!   for callers that blend in another colour space;
//! - [`shape`] has the paths and gradients, [`blur`] the softness, [`picture`] the files.
//!
//! Everything here is deterministic: the same input gives the same pixels. Sizes are pixels.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod blur;
mod clean;
mod fallback;
mod font;
mod layout;
mod mask;
pub mod picture;
mod script;
pub mod shape;
mod wrap;

#[cfg(test)]
mod real_fonts;
#[cfg(test)]
mod tests;

pub use clean::words;
pub use font::FontKit;
pub use layout::{Align, ColourGlyph, Line, Select, TextLayout, TextStyle, Weight, Word};
pub use mask::{Ink, Mask, Shadow, TextPaint};
pub use script::{ScriptFont, Unshown};
pub use tiny_skia::{self, Color, Pixmap};

/// A colour from `0xRRGGBB`, opaque.
pub fn rgb(hex: u32) -> Color {
    rgba(hex, 1.0)
}

/// A colour from `0xRRGGBB` with an opacity of 0 to 1.
pub fn rgba(hex: u32, opacity: f32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    let mut colour = Color::from_rgba8(red, green, blue, 255);
    colour.set_alpha(opacity.clamp(0.0, 1.0));
    colour
}
