//! Words that no dictionary has.

use super::accent;

/// Spells a word.
pub(super) fn read(word: &str) -> Vec<char> {
    word.chars().flat_map(|letter| accent::letter(letter).chars()).collect()
}
