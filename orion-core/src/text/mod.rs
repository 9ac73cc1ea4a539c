//! Words, sentences, numbers and similarity: the pure text work under Scout and Director.

pub mod claim;
pub mod embedding;
pub mod keyword;
pub mod language;
pub mod number;
pub mod sentence;
pub mod similarity;

use unicode_normalization::UnicodeNormalization;

/// A text in its comparable form: NFKC, lower case, single spaces.
///
/// ```
/// assert_eq!(orion_core::text::fold("  The  ﬁne Print "), "the fine print");
/// ```
pub fn fold(text: &str) -> String {
    let lower: String = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.nfkc().flat_map(char::to_lowercase).collect(),
    };
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}
