//! Captions: words grouped into cues, named styles, and the file formats written from the same cues.

mod format;
mod group;
mod style;

pub use format::{to_ass, to_srt, to_vtt};
pub use group::{group, timed};

use super::TimedWord;

/// The words of a cue as one text: joined by spaces, except between characters of a script written without them.
pub fn joined(words: &[TimedWord]) -> String {
    let mut text = String::new();
    for word in words {
        let spaced =
            !(text.chars().next_back().is_some_and(is_unspaced) && word.text.chars().next().is_some_and(is_unspaced));
        if spaced && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text
}

/// Whether a character belongs to a script that puts no spaces between words: Han, kana, Thai, Lao, Khmer, Burmese,
/// and the punctuation of the first two.
fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x30FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}

/// Width of a character in columns: two for Han, kana and Hangul, none for marks that combine.
fn columns(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036F | 0x200B..=0x200F | 0x2060 | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Width of a text in columns.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
