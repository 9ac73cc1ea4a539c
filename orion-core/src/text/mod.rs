//! Words, sentences, numbers and similarity: the pure text work under Scout and Director.

pub mod answer;
pub mod claim;
pub mod embedding;
pub mod keyword;
pub mod language;
pub mod number;
pub mod place;
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

/// A text in capitals as a typesetter sets it: Greek ones carry no accent, and Georgian, which has no capitals in
/// running type, stays as it is.
///
/// ```
/// assert_eq!(orion_core::text::capitals("Η κυβέρνηση, straße"), "Η ΚΥΒΕΡΝΗΣΗ, STRASSE");
/// ```
pub fn capitals(text: &str) -> String {
    let mut capitals = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'ά' | 'Ά' => capitals.push('Α'),
            'έ' | 'Έ' => capitals.push('Ε'),
            'ή' | 'Ή' => capitals.push('Η'),
            'ί' | 'Ί' => capitals.push('Ι'),
            'ό' | 'Ό' => capitals.push('Ο'),
            'ύ' | 'Ύ' => capitals.push('Υ'),
            'ώ' | 'Ώ' => capitals.push('Ω'),
            'ΐ' => capitals.push('Ϊ'),
            'ΰ' => capitals.push('Ϋ'),
            '\u{10D0}'..='\u{10FF}' => capitals.push(character),
            other => capitals.extend(other.to_uppercase()),
        }
    }
    capitals
}
