//! From the dictionary's phonemes to those of espeak-ng's American English.

/// The name of a letter in espeak-ng's phonemes.
pub(super) fn letter(letter: char) -> &'static str {
    match letter.to_ascii_lowercase() {
        'a' => "ˈeɪ",
        'b' => "bˈiː",
        'c' => "sˈiː",
        'd' => "dˈiː",
        'e' => "ˈiː",
        'f' => "ˈɛf",
        'g' => "dʒˈiː",
        'h' => "ˈeɪtʃ",
        'i' => "ˈaɪ",
        'j' => "dʒˈeɪ",
        'k' => "kˈeɪ",
        'l' => "ˈɛl",
        'm' => "ˈɛm",
        'n' => "ˈɛn",
        'o' => "ˈoʊ",
        'p' => "pˈiː",
        'q' => "kjˈuː",
        'r' => "ˈɑːɹ",
        's' => "ˈɛs",
        't' => "tˈiː",
        'u' => "jˈuː",
        'v' => "vˈiː",
        'w' => "dˈʌbəljˌuː",
        'x' => "ˈɛks",
        'y' => "wˈaɪ",
        'z' => "zˈiː",
        _ => "",
    }
}

/// How the dictionary spells a letter of a word that it does not have.
pub(super) fn spelled(character: char) -> &'static str {
    match character {
        'w' => "dˈʌbəljuː",
        _ => letter(character),
    }
}

/// Ends a word with the s of the plural or the genitive: `z`, `s` or `ᵻz`.
pub(super) fn add_s(phonemes: &mut Vec<char>) {
    match phonemes.last() {
        Some('s' | 'z' | 'ʃ' | 'ʒ') => phonemes.extend(['ᵻ', 'z']),
        Some('p' | 't' | 'k' | 'f' | 'θ') => phonemes.push('s'),
        _ => phonemes.push('z'),
    }
}
