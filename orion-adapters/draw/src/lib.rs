//! Fonts, text layout and shapes: the drawing kit under scene cards, captions and thumbnails.
