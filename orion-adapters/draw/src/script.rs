//! Which scripts can be shown on this machine, and what to install for those that cannot.

use crate::FontKit;
use crate::fallback;
use std::collections::BTreeMap;
use unicode_script::Script;

/// How a script is shown on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFont {
    /// The name of the script, or of the part of one: `Arabic`, `Japanese`, `Emoji`.
    pub name: &'static str,
    /// The family that sets it; `None` if no font has it.
    pub family: Option<String>,
    /// The Debian package that has the family which is wanted first.
    pub package: &'static str,
}

/// What of a text cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unshown {
    /// Characters that no font has, in order of code.
    pub characters: Vec<char>,
    /// Names of the scripts of which most letters of the text are missing: their words cannot be read.
    pub scripts: Vec<&'static str>,
}

/// Debian's packages of Noto.
const CORE: &str = "fonts-noto-core";
const CJK: &str = "fonts-noto-cjk";
const EMOJI: &str = "fonts-noto-color-emoji";

/// A letter of each script that is asked for most, with its package.
const SAMPLES: [(&str, &str, &str); 24] = [
    ("Arabic", "ب", CORE),
    ("Hebrew", "ש", CORE),
    ("Thai", "ก", CORE),
    ("Lao", "ກ", CORE),
    ("Khmer", "ក", CORE),
    ("Burmese", "က", CORE),
    ("Devanagari", "क", CORE),
    ("Bengali", "ক", CORE),
    ("Gurmukhi", "ਕ", CORE),
    ("Gujarati", "ક", CORE),
    ("Odia", "କ", CORE),
    ("Tamil", "க", CORE),
    ("Telugu", "క", CORE),
    ("Kannada", "ಕ", CORE),
    ("Malayalam", "ക", CORE),
    ("Sinhala", "ක", CORE),
    ("Ethiopic", "አ", CORE),
    ("Armenian", "Ա", CORE),
    ("Georgian", "ა", CORE),
    ("Tibetan", "ཀ", CORE),
    ("Chinese", "中", CJK),
    ("Japanese", "あ", CJK),
    ("Korean", "한", CJK),
    ("Emoji", "😀", EMOJI),
];

impl FontKit {
    /// How the scripts that are asked for most are shown on this machine. Reads the system's fonts.
    pub fn scripts(&self) -> Vec<ScriptFont> {
        let mut shaper = self.lock();
        let font = |(name, sample, package)| ScriptFont { name, family: shaper.family(sample), package };
        SAMPLES.map(font).into()
    }

    /// What of a text cannot be shown. Reads the system's fonts if the built-in ones lack a character of it.
    pub fn unshown(&self, text: &str) -> Unshown {
        let characters = self.lock().unshown(text);
        if characters.is_empty() {
            return Unshown::default();
        }
        let mut letters: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for letter in text.chars().filter(|character| character.is_alphabetic()) {
            let (missing, all) = letters.entry(fallback::script(letter).full_name()).or_default();
            *missing += usize::from(characters.contains(&letter));
            *all += 1;
        }
        let unread = letters.into_iter().filter(|(_, (missing, all))| missing * 2 > *all);
        Unshown { scripts: unread.map(|(script, _)| script).collect(), characters: characters.into_iter().collect() }
    }
}

impl Unshown {
    /// The Debian packages that have fonts for it.
    pub fn packages(&self) -> Vec<&'static str> {
        let mut packages: Vec<&str> = self.characters.iter().map(|character| package(*character)).collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }
}

fn package(character: char) -> &'static str {
    match fallback::Wanted::of(character.encode_utf8(&mut [0; 4])) {
        fallback::Wanted::Emoji => EMOJI,
        fallback::Wanted::Script(
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Hangul,
        ) => CJK,
        _ => CORE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_system_other_scripts_cannot_be_read() {
        let kit = FontKit::embedded();
        assert_eq!(kit.unshown("Plain, Кириллица και Ελληνικά: 5 € — “ok”"), Unshown::default());
        let unshown = kit.unshown("A rocket 🚀 and 東京, مرحبا");
        assert_eq!(unshown.scripts, ["Arabic", "Han"]);
        assert_eq!(unshown.packages(), [CJK, EMOJI, CORE]);
        assert!(unshown.characters.contains(&'🚀') && !unshown.characters.contains(&'A'));
        assert_eq!(kit.unshown("only one 🚀").scripts, [""; 0]);
    }

    #[test]
    fn every_sample_is_of_its_package() {
        for (name, sample, expected) in SAMPLES {
            assert!(sample.chars().all(|character| package(character) == expected), "{name}");
        }
    }
}
