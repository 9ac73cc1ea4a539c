//! Where text of scripts that put no spaces between their words may come apart: Thai, Lao, Khmer and Burmese between
//! words, Chinese and Japanese between phrases, by dictionary.
//!
//! [UAX #14](https://www.unicode.org/reports/tr14/) leaves the first to dictionaries, and lets a line of the others break
//! between most of their characters. That is right for a column of a book; in the few words of a caption or a headline
//! a word that is torn apart is seen. Those of ICU are compiled in; nothing is read.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod phrase;

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};
use std::sync::OnceLock;

/// Says where a word may come apart: a zero-width space.
const BORDER: char = '\u{200B}';
/// Says where it may not: a word joiner.
const JOINER: char = '\u{2060}';

/// Whether a character is of a script whose words are found by dictionary.
fn needs_dictionary(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0xA9E0..=0xA9FF | 0xAA60..=0xAA7F)
}

/// The text with a zero-width space (U+200B) at every place where one word, or phrase, of such a script ends and the next
/// begins; `None` where there is nothing to mark.
pub fn mark(text: &str) -> Option<String> {
    let borders = if text.contains(needs_dictionary) { words(text) } else { phrase::borders(text)? };
    (!borders.is_empty()).then(|| with(text, &borders, BORDER))
}

/// The text for the breaking of lines: marked as by [`mark`], but that Chinese and Japanese, which break anywhere
/// unless told otherwise, are held together within their phrases by word joiners (U+2060).
pub fn bind(text: &str) -> Option<String> {
    if text.contains(needs_dictionary) {
        return mark(text);
    }
    let borders = phrase::borders(text)?;
    let held: Vec<usize> = phrase::breaks(text).filter(|at| borders.binary_search(at).is_err()).collect();
    (!held.is_empty()).then(|| with(text, &held, JOINER))
}

/// The text with a character more at these places.
fn with(text: &str, places: &[usize], character: char) -> String {
    let mut marked = String::with_capacity(text.len() + places.len() * character.len_utf8());
    let mut from = 0;
    for at in places {
        marked.push_str(&text[from..*at]);
        marked.push(character);
        from = *at;
    }
    marked.push_str(&text[from..]);
    marked
}

/// Where words end and others begin.
fn words(text: &str) -> Vec<usize> {
    static SEGMENTER: OnceLock<LineSegmenterBorrowed<'static>> = OnceLock::new();
    let segmenter = SEGMENTER.get_or_init(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));
    let between = |at: &usize| text[..*at].ends_with(needs_dictionary) && text[*at..].starts_with(needs_dictionary);
    segmenter.segment_str(text).filter(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn chinese_and_japanese_come_apart_between_phrases() {
        check(
            "政府今天宣布了新的学校预算，总额达到二十五亿元。",
            "政府|今天|宣布了|新的|学校|预算，|总额|达到|二十五亿元。",
        );
        check("预算比去年增长百分之八。", "预算|比|去年|增长|百分之八。");
        check("明年一月开始实施新的规定。", "明年|一月|开始|实施|新的|规定。");
        check(
            "政府は今日、学校のための新しい予算案を発表しました。",
            "政府は|今日、|学校のための|新しい|予算案を|発表しました。",
        );
        check("コメントでご意見をお聞かせください。", "コメントで|ご意見を|お聞かせください。");
    }

    #[test]
    fn lines_do_not_break_within_a_phrase() {
        assert_eq!(bind("学校预算").unwrap(), "学\u{2060}校预\u{2060}算");
        assert_eq!(bind("รัฐบาลประกาศ"), mark("รัฐบาลประกาศ"));
        // What cannot break needs no joiner.
        assert_eq!(bind("算。"), None);
        assert_eq!(bind("word"), None);
    }

    proptest! {
        #[test]
        fn nothing_is_added_but_marks(text in "[ก-๛ぁ-んァ-ヶ一-龯a-z0-9「」、。 ]{0,40}") {
            for made in [mark(&text), bind(&text)].into_iter().flatten() {
                prop_assert_eq!(made.replace([BORDER, JOINER], ""), text.clone());
                prop_assert!(!made.starts_with([BORDER, JOINER]) && !made.ends_with([BORDER, JOINER]));
            }
        }
    }

    #[test]
    fn other_scripts_are_left_alone() {
        for text in ["word", "слово", "مرحبا", "東京", "नमस्ते", "", "(ประเทศ)"] {
            assert_eq!(mark(text), None, "{text}");
        }
    }
}
