//! The words of scripts that put no spaces between them: Thai, Lao, Khmer and Burmese, by dictionary.
//!
//! [UAX #14](https://www.unicode.org/reports/tr14/) leaves these scripts to dictionaries. Those of ICU are compiled
//! in; nothing is read. Chinese and Japanese need none: a line may break between most of their characters, and the
//! classes of UAX #14 keep closing marks, small kana and the prolonged sound mark away from its beginning (kinsoku).

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};
use std::sync::OnceLock;

/// Whether a character is of a script whose words are found by dictionary.
fn needs_dictionary(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0xA9E0..=0xA9FF | 0xAA60..=0xAA7F)
}

/// The text with a zero-width space (U+200B) at every place where one word of such a script ends and the next begins;
/// `None` where there is nothing to mark.
pub fn mark(text: &str) -> Option<String> {
    static SEGMENTER: OnceLock<LineSegmenterBorrowed<'static>> = OnceLock::new();
    if !text.contains(needs_dictionary) {
        return None;
    }
    let segmenter = SEGMENTER.get_or_init(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));
    let mut marked = String::with_capacity(text.len() * 2);
    let mut from = 0;
    for at in segmenter.segment_str(text) {
        if text[..at].ends_with(needs_dictionary) && text[at..].starts_with(needs_dictionary) {
            marked.push_str(&text[from..at]);
            marked.push('\u{200B}');
            from = at;
        }
    }
    if from == 0 {
        return None;
    }
    marked.push_str(&text[from..]);
    Some(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(mark(text).unwrap().replace('\u{200B}', "|"), expected);
    }

    #[test]
    fn words_are_found_in_scripts_without_spaces() {
        check("รัฐบาลประกาศ", "รัฐบาล|ประกาศ");
        check("នេះជាអត្ថបទខ្មែរ", "នេះ|ជា|អត្ថបទ|ខ្មែរ");
        check("ສະບາຍດີຊາວໂລກ", "ສະບາຍດີ|ຊາວໂລກ");
        check("AI ประกาศงบ", "AI ประกาศ|งบ");
    }

    #[test]
    fn other_scripts_are_left_alone() {
        for text in ["word", "слово", "مرحبا", "東京", "नमस्ते", "", "(ประเทศ)"] {
            assert_eq!(mark(text), None, "{text}");
        }
    }
}
