//! One word as shown, without its wrapping: what stands before it, the bare word, what stands after it.

use super::word;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Fractions that are one character; they stay whole where other compatibility forms are taken apart.
pub(super) const FRACTIONS: [(char, &str, &str); 9] = [
    ('½', "one half", "a half"),
    ('¼', "one quarter", "a quarter"),
    ('¾', "three quarters", "three quarters"),
    ('⅓', "one third", "a third"),
    ('⅔', "two thirds", "two thirds"),
    ('⅕', "one fifth", "a fifth"),
    ('⅖', "two fifths", "two fifths"),
    ('⅛', "one eighth", "an eighth"),
    ('⅜', "three eighths", "three eighths"),
];

/// A word as shown, taken apart.
#[derive(Debug)]
pub(super) struct Shown {
    /// The bare word in plain letters and signs; with its period if it is an abbreviation.
    pub(super) core: String,
    /// The marks after it.
    pub(super) trail: String,
    /// Whether a pause belongs before it: a bracket or a dash opens.
    pub(super) opens: bool,
    /// Whether a clause ends after it.
    pub(super) closes: bool,
    /// Whether it has any mark that stands for a pause.
    pub(super) marks: bool,
}

impl Shown {
    pub(super) fn new(word: &str) -> Self {
        let plain = plain(word);
        let marks = plain.contains(['-', '|', ':', '.', '*', '/']);
        let mut core = plain.as_str();
        let mut opens = false;
        while let Some(first) = core.chars().next() {
            let rest = &core[first.len_utf8()..];
            let is_minus = first == '-' && rest.starts_with(|c: char| c.is_ascii_digit() || ".$€£".contains(c));
            let is_point = first == '.' && rest.starts_with(|c: char| c.is_ascii_digit());
            if is_minus || is_point || !"([{\"'*_-.,;:!?|`/\\".contains(first) {
                break;
            }
            if rest.is_empty() {
                break;
            }
            opens |= "([{-".contains(first);
            core = rest;
        }
        let kept = core.trim_end_matches(|last: char| ".,;:!?)]}\"'*_-|`\\".contains(last));
        let mut end = kept.len();
        // A period that belongs to the word stays with it.
        if core[end..].starts_with('.') && (word::is_initials(&core[..=end]) || word::is_abbreviation(&core[..=end])) {
            end += 1;
        }
        if core == "w/" {
            end = core.len();
        }
        let (core, trail) = if !plain.is_empty() && plain.chars().all(|c| c == '-') {
            ("-".to_owned(), String::new())
        } else {
            (core[..end].to_owned(), core[end..].to_owned())
        };
        Self { closes: trail.contains([',', ';', ':', ')', ']', '}', '-', '|']), opens, marks, core, trail }
    }
}

/// Plain letters, digits and signs: compatibility forms resolved, accents taken off, one kind of dash and quote,
/// everything else that says nothing dropped.
fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for character in word.chars().take(500) {
        match character {
            '’' | '‘' | 'ʼ' | '`' | '´' => plain.push('\''),
            '“' | '”' | '„' | '«' | '»' | '‹' | '›' => plain.push('"'),
            '—' | '–' | '−' | '‒' | '―' | '‐' | '‑' => plain.push('-'),
            '•' | '·' | '●' | '■' | '▪' => plain.push('|'),
            '。' => plain.push('.'),
            '、' => plain.push(','),
            '⁄' => plain.push('/'),
            'º' => plain.push('°'),
            '№' => plain.push_str("No."),
            '™' | '®' | '©' | '℠' => {}
            'ß' => plain.push_str("ss"),
            'ø' => plain.push('o'),
            'Ø' => plain.push('O'),
            'ł' => plain.push('l'),
            'Ł' => plain.push('L'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            'æ' => plain.push_str("ae"),
            'Æ' => plain.push_str("Ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            _ if FRACTIONS.iter().any(|(fraction, _, _)| *fraction == character) => plain.push(character),
            _ => plain.extend(
                std::iter::once(character)
                    .nfkd()
                    .filter(|part| !is_combining_mark(*part))
                    .map(|part| if part == 'µ' { 'μ' } else { part })
                    .filter(|part| {
                        part.is_ascii_graphic() || super::table::sign(*part).is_some() || "₩₽₹₺₿‰¢".contains(*part)
                    }),
            ),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_is_taken_off() {
        let parts = |word| {
            let shown = Shown::new(word);
            (shown.core, shown.trail)
        };
        let pair = |core: &str, trail: &str| (core.to_owned(), trail.to_owned());
        assert_eq!(parts("(“Café,”"), pair("Cafe", ",\""));
        assert_eq!(parts("U.S."), pair("U.S.", ""));
        assert_eq!(parts("U.S.,"), pair("U.S.", ","));
        assert_eq!(parts("end."), pair("end", "."));
        assert_eq!(parts("-5%"), pair("-5%", ""));
        assert_eq!(parts("—and"), pair("and", ""));
        assert_eq!(parts("—"), pair("-", ""));
        assert_eq!(parts("🚀"), pair("", ""));
        assert_eq!(parts("’90s"), pair("90s", ""));
        assert_eq!(parts("C#,"), pair("C#", ","));
        assert_eq!(parts("ﬁne…"), pair("fine", "..."));
    }
}
