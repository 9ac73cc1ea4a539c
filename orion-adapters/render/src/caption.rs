//! Captions as pictures: big outlined words, the one being spoken in another colour.

use crate::picture::{Overlay, Picture};
use image::RgbaImage;
use orion_core::domain::timeline::{Canvas, CaptionPosition, CaptionStyle, Captions, Cue, caption};
use orion_draw::{Align, FontKit, Pixmap, Select, Shadow, TextLayout, TextPaint, TextStyle, Weight, rgb, rgba, words};
use std::ops::Range;

/// Lines of a caption at most; longer text is set in smaller type.
const MOST_LINES: usize = 2;
/// Smallest type, as a share of the style's.
const SMALLEST: f32 = 0.45;

/// Draws the captions of one timeline.
#[derive(Debug)]
pub(crate) struct CaptionPainter<'a> {
    fonts: FontKit,
    style: &'a CaptionStyle,
    canvas: Canvas,
    /// The cue drawn last, without any word being spoken.
    last: Option<(Cue, Option<Set>)>,
}

/// A cue laid out and drawn.
#[derive(Debug)]
struct Set {
    layout: TextLayout,
    words: Vec<Range<usize>>,
    pixmap: Pixmap,
    /// Where the layout's origin lies in the pixmap.
    margin: i32,
    /// Where the pixmap lies on the canvas.
    x: usize,
    y: usize,
}

impl<'a> CaptionPainter<'a> {
    pub(crate) fn new(fonts: &FontKit, captions: &'a Captions, canvas: Canvas) -> Self {
        let words: Vec<&str> = captions.cues.iter().flat_map(|cue| &cue.words).map(|word| word.text.as_str()).collect();
        Self { fonts: fonts.reading(&words.join(" ")), style: &captions.style, canvas, last: None }
    }

    /// The picture of a cue while word number `spoken` is spoken; `None` if there is nothing to see.
    pub(crate) fn draw(&mut self, cue: &Cue, spoken: Option<usize>) -> Option<Overlay> {
        if self.last.as_ref().is_none_or(|(last, _)| last != cue) {
            self.last = Some((cue.clone(), self.set(cue)));
        }
        let set = self.last.as_ref()?.1.as_ref()?;
        let mut pixmap = set.pixmap.clone();
        if let Some(words) = spoken.and_then(|word| set.words.get(word)) {
            let paint = TextPaint::solid(rgb(self.style.highlight));
            set.layout.draw_words(&mut pixmap, set.margin, set.margin, &Select::Words(words.clone()), &paint);
        }
        let (width, height) = (pixmap.width(), pixmap.height());
        let image = RgbaImage::from_raw(width, height, pixmap.take_demultiplied())?;
        Some(Overlay { picture: Picture::from_rgba(&image), x: set.x, y: set.y })
    }

    /// Lays a cue out and draws it.
    fn set(&self, cue: &Cue) -> Option<Set> {
        let (width, height) = (self.canvas.width as f32, self.canvas.height as f32);
        let (text, words) = marked(cue, self.style);
        let (centre, room) = match self.style.position {
            CaptionPosition::Centre => (0.5, 0.3),
            CaptionPosition::LowerThird => (
                (CaptionStyle::UPPER_EDGE + CaptionStyle::LOWER_EDGE) / 2.0,
                CaptionStyle::LOWER_EDGE - CaptionStyle::UPPER_EDGE,
            ),
        };
        let size = self.style.size as f32 * height;
        let weight = if self.style.uppercase { Weight::Black } else { Weight::Bold };
        let outline = self.style.outline as f32 * height;
        let space = (width * CaptionStyle::WIDTH as f32 - 2.0 * outline, height * room as f32 - 2.0 * outline);
        let type_style = TextStyle::new(weight, size).align(Align::Centre).line_height(1.12).letter_spacing(0.004);
        let layout = self.fonts.fit(&text, type_style, size * SMALLEST, space, MOST_LINES);
        if layout.is_empty() {
            return None;
        }
        let blur = outline * 1.2;
        let margin = (outline + 3.0 * blur + 2.0).ceil();
        // Even sides at an even place, because chroma has half the resolution.
        let even = |pixels: f32| (pixels / 2.0).round().max(0.0) as usize * 2;
        let (full_width, full_height) = (even(space.0 + 2.0 * margin + 1.0), even(layout.height + 2.0 * margin + 1.0));
        let mut pixmap = Pixmap::new(full_width as u32, full_height as u32)?;
        let shadow = Shadow { x: 0.0, y: outline * 0.6, blur, colour: rgba(0x000000, 0.55) };
        let mut paint = TextPaint::solid(rgb(self.style.fill)).shadow(shadow);
        if outline > 0.0 {
            paint = paint.outline(rgb(0x000000), outline);
        }
        layout.draw(&mut pixmap, margin as i32, margin as i32, &paint);
        let x = even((width - full_width as f32) / 2.0);
        let y = even(centre as f32 * height - full_height as f32 / 2.0);
        Some(Set { layout, words, pixmap, margin: margin as i32, x, y })
    }
}

/// The text of a cue as the style shows it and, for each of its words, which words of that text it is.
fn marked(cue: &Cue, style: &CaptionStyle) -> (String, Vec<Range<usize>>) {
    let text = |count: usize| style.cased(&caption::jointed(&cue.words[..count]));
    let ranges = (0..cue.words.len()).map(|index| {
        let end = words(&text(index + 1)).count();
        let own = words(&cue.words[index].text).count().max(1);
        end.saturating_sub(own)..end
    });
    let ranges = ranges.collect();
    (text(cue.words.len()), ranges)
}
