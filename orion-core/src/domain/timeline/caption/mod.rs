//! Captions: words grouped into cues, named styles, and the file formats written from the same cues.

mod format;
mod group;
mod style;

pub use format::{to_ass, to_srt, to_vtt};
pub use group::{group, timed, within};

use super::TimedWord;

/// A zero-width space: at the end of a word, it says that the next one follows without a space; within one, where the
/// word may come apart.
pub const JOINT: char = '\u{200B}';

/// The words of a cue as one text: joined by spaces, except between pieces of one word and between Chinese or
/// Japanese characters.
pub fn joined(words: &[TimedWord]) -> String {
    jointed(words).replace(JOINT, "")
}

/// The same with a [`JOINT`] wherever two words stand together without a space, so that they can be told apart.
pub fn jointed(words: &[TimedWord]) -> String {
    let mut text = String::new();
    let ideograph = |character: char| is_unspaced(character) && columns(character) == 2;
    for word in words {
        if text.ends_with(ideograph) && word.text.starts_with(ideograph) {
            text.push(JOINT);
        } else if !text.is_empty() && !text.ends_with(JOINT) {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text.truncate(text.trim_end_matches(JOINT).len());
    text
}

/// Whether a character belongs to a script that puts no spaces between words: Han, kana, Thai, Lao, Khmer, Burmese,
/// and the punctuation of the first two.
pub(crate) fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0x30FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}

/// Width of a character in columns: two for Han, kana and Hangul, none for marks that combine.
fn columns(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036F
        | 0x0E31
        | 0x0E34..=0x0E3A
        | 0x0E47..=0x0E4E
        | 0x0EB1
        | 0x0EB4..=0x0EBC
        | 0x0EC8..=0x0ECE
        | 0x200B..=0x200F
        | 0x2060
        | 0xFE00..=0xFE0F => 0,
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
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
