//! Captions as pictures: big outlined words, the one being spoken in another colour.

use crate::picture::{Overlay, Picture};
use image::RgbaImage;
use orion_core::domain::timeline::{Canvas, CaptionPosition, CaptionStyle, Captions, Cue, caption};
use orion_draw::{
    Align, FontKit, Ink, Pixmap, Select, Shadow, TextLayout, TextPaint, TextStyle, Weight, rgb, rgba, words,
};
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
    origin: (i32, i32),
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
            set.layout.draw_words(&mut pixmap, set.origin.0, set.origin.1, &Select::Words(words.clone()), &paint);
        }
        let (width, height) = (pixmap.width(), pixmap.height());
        let image = RgbaImage::from_raw(width, height, pixmap.take_demultiplied())?;
        Some(Overlay { picture: Picture::from_rgba(&image), x: set.x, y: set.y })
    }

    /// Lays a cue out and draws it.
    fn set(&self, cue: &Cue) -> Option<Set> {
        let (width, height) = (self.canvas.width as f32, self.canvas.height as f32);
        let type_height = self.canvas.type_height() as f32;
        let (text, words) = marked(cue, self.style);
        let (centre, room) = match self.style.position {
            CaptionPosition::Centre => (0.5, 0.3),
            CaptionPosition::LowerThird => {
                let (upper, lower) = self.canvas.caption_band();
                ((upper + lower) / 2.0, lower - upper)
            }
        };
        let size = self.style.size as f32 * type_height;
        let weight = if self.style.uppercase { Weight::Black } else { Weight::Bold };
        let outline = self.style.outline as f32 * type_height;
        let space = (width * CaptionStyle::WIDTH as f32 - 2.0 * outline, height * room as f32 - 2.0 * outline);
        let type_style = TextStyle::new(weight, size).align(Align::Centre).line_height(1.12).letter_spacing(0.004);
        let layout = self.fonts.fit(&text, type_style, size * SMALLEST, space, MOST_LINES);
        if layout.is_empty() {
            return None;
        }
        let blur = outline * 1.2;
        let margin = (outline + 3.0 * blur + 2.0).ceil();
        // The picture of a caption is no wider than the canvas, where a wide shadow would be cut off.
        let beside = margin.min(((width - space.0 - 1.0) / 2.0).floor());
        // Even sides at an even place, because chroma has half the resolution.
        let even = |pixels: f32| (pixels / 2.0).round().max(0.0) as usize * 2;
        let (full_width, full_height) = (even(space.0 + 2.0 * beside + 1.0), even(layout.height + 2.0 * margin + 1.0));
        let mut pixmap = Pixmap::new(full_width as u32, full_height as u32)?;
        let shadow = Shadow { x: 0.0, y: outline * 0.6, blur, colour: rgba(0x000000, 0.55) };
        let mut paint = TextPaint::solid(rgb(self.style.fill)).shadow(shadow);
        if outline > 0.0 {
            paint = paint.outline(rgb(0x000000), outline);
        }
        let origin = (beside as i32, margin as i32);
        layout.draw(&mut pixmap, origin.0, origin.1, &paint);
        let x = even((width - full_width as f32) / 2.0);
        // Some scripts reach far above or below their lines.
        let ink = layout.coverage(&Select::All, Ink::Fill);
        let y = centre as f32 * height - full_height as f32 / 2.0;
        let (upper, lower) =
            (y + margin + ink.top as f32 - outline, y + margin + (ink.top + ink.height as i32) as f32 + outline);
        let (above, below) = ((centre - room / 2.0) as f32 * height, (centre + room / 2.0) as f32 * height);
        let y = even(y - (lower - below).max(0.0) + (above - upper).max(0.0));
        Some(Set { layout, words, pixmap, origin, x, y })
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

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::MediaTime;
    use orion_core::domain::SafeArea;
    use orion_core::domain::timeline::Format;

    /// A line of each script, and what people paste.
    const LINES: [(&str, &str); 17] = [
        ("Latin", "The council closed the oldest bridge; Großbritannien zahlte £2.5bn."),
        ("Cyrillic", "Правительство объявило сегодня о новом бюджете школ: 25 млн рублей."),
        ("Greek", "Η κυβέρνηση ανακοίνωσε σήμερα τον νέο προϋπολογισμό για τα σχολεία."),
        ("Arabic", "أعلنت الحكومة اليوم عن ميزانية جديدة بقيمة 25% للمدارس، وقالت «إنها خطوة مهمة»."),
        ("Hebrew", "הממשלה הודיעה היום על תקציב חדש של 3.5 מיליארד שקל לבתי הספר."),
        ("Thai", "รัฐบาลประกาศงบประมาณใหม่สำหรับโรงเรียนทั่วประเทศในวันนี้ เริ่มปี 2026"),
        ("Chinese", "政府今天宣布了新的学校预算，总额达到二十五亿元，比去年增长百分之八。"),
        ("Japanese", "政府は今日、学校のための新しい予算案を発表しました。「大きな一歩だ」と首相は述べた。"),
        ("Korean", "정부는 오늘 전국 학교를 위한 새로운 예산안을 발표했습니다."),
        ("Devanagari", "सरकार ने आज स्कूलों के लिए नए बजट की घोषणा की, जो 25% अधिक है।"),
        ("Bengali", "সরকার আজ স্কুলের জন্য নতুন বাজেট ঘোষণা করেছে।"),
        ("Tamil", "அரசு இன்று பள்ளிகளுக்கான புதிய பட்ஜெட்டை அறிவித்தது."),
        ("Khmer", "រដ្ឋាភិបាលបានប្រកាសថវិកាថ្មីសម្រាប់សាលារៀននៅថ្ងៃនេះ"),
        ("Burmese", "အစိုးရက ယနေ့ ကျောင်းများအတွက် ဘတ်ဂျက်အသစ်ကို ကြေညာခဲ့သည်။"),
        ("emoji", "Lift-off 🚀 for 👩‍👩‍👧‍👦 and 👍🏽 in 🇩🇪 now ❤️ ⚡"),
        ("long words", "Donaudampfschifffahrtsgesellschaftskapitän Pneumonoultramicroscopicsilicovolcanoconiosis"),
        ("marks", "Z̷̛̤͓̗̲̫a̶̡̛l̸̢̨̛̤g̵̢o and a\u{202E}b\u{2067}c {\\an8} <b>"),
    ];

    /// Left, top, right and bottom of what is more than shadow, on the canvas.
    fn ink(set: &Set) -> (usize, usize, usize, usize) {
        let width = set.pixmap.width() as usize;
        let seen = set.pixmap.pixels().iter().enumerate().filter(|(_, pixel)| pixel.alpha() > 200);
        let places = seen.map(|(at, _)| (set.x + at % width, set.y + at / width));
        places.fold((usize::MAX, usize::MAX, 0, 0), |ink, (x, y)| {
            (ink.0.min(x), ink.1.min(y), ink.2.max(x), ink.3.max(y))
        })
    }

    #[test]
    fn captions_of_every_script_stay_where_no_app_covers_them_and_light_up_word_by_word() {
        let fonts = FontKit::shared();
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default().split(',').any(|name| name == "fonts");
        for (name, line) in LINES {
            if fonts.unshown(line) != orion_draw::Unshown::default() && !required && name != "marks" {
                continue;
            }
            let marked = orion_segment::mark(line).unwrap_or_else(|| line.to_owned());
            let cues = caption::group(&caption::timed(&marked, MediaTime::ZERO, MediaTime::from_millis(6000)));
            for (format, position) in Format::ALL
                .iter()
                .flat_map(|format| [(format, CaptionPosition::LowerThird), (format, CaptionPosition::Centre)])
            {
                let canvas = format.canvas(30);
                let edge = SafeArea { top: 0.05, right: 0.05, bottom: 0.05, left: 0.05 };
                let free = if *format == Format::Vertical { SafeArea::of_all() } else { edge };
                let large =
                    CaptionStyle { name: "large".to_owned(), size: 0.08, outline: 0.02, ..CaptionStyle::tiktok() };
                let styles = [CaptionStyle::tiktok(), large, CaptionStyle::youtube(), CaptionStyle::minimal()];
                let lower = position == CaptionPosition::LowerThird;
                for style in styles.into_iter().take(if lower { 4 } else { 1 }) {
                    let captions = Captions { style: CaptionStyle { position, ..style }, cues: cues.clone() };
                    let painter = CaptionPainter::new(fonts, &captions, canvas);
                    for cue in &cues {
                        let what = format!("{name} {format} {} {}", captions.style.name, caption::joined(&cue.words));
                        let Some(set) = painter.set(cue) else { unreachable!("nothing is shown: {what}") };
                        let (left, top, right, bottom) = ink(&set);
                        let (width, height) = (f64::from(canvas.width), f64::from(canvas.height));
                        let what = format!("{what}: {left}-{right}, {top}-{bottom}");
                        assert!(
                            left as f64 >= free.left * width - 2.0 && right as f64 <= (1.0 - free.right) * width + 2.0,
                            "{what}"
                        );
                        assert!(
                            top as f64 >= free.top * height - 2.0
                                && bottom as f64 <= (1.0 - free.bottom) * height + 2.0,
                            "{what}"
                        );
                        assert!((set.layout.missing, set.layout.truncated) == (0, false) || name == "marks", "{what}");
                        if position == CaptionPosition::LowerThird {
                            let band = canvas.caption_band();
                            // Cards end a little above the band.
                            let (upper, lower) = ((band.0 - 0.026) * height, band.1 * height + 2.0);
                            assert!(top as f64 >= upper && bottom as f64 <= lower, "{what}: {top} {bottom}");
                        }
                        assert_eq!(set.words.len(), cue.words.len(), "{what}");
                        for (word, range) in cue.words.iter().zip(&set.words) {
                            let lit = set.layout.coverage(&Select::Words(range.clone()), Ink::Fill);
                            let plain = word.text.chars().any(char::is_alphanumeric);
                            assert!(!plain || lit.alpha.iter().any(|alpha| *alpha > 128), "{what}: {word:?}");
                        }
                    }
                }
            }
        }
    }
}
