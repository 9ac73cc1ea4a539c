//! Keywords in texts, word by word: `AI` is found in "AI for all" and not in "said".

use super::fold;
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text, ready to look keywords up in. Words are those of UAX #29; case and width do not matter.
#[derive(Debug, Clone)]
pub struct Words(Vec<String>);

/// A keyword of one or more words, ready to be looked up in many texts.
#[derive(Debug, Clone)]
pub struct Keyword(Vec<String>);

impl Words {
    /// Splits a text.
    pub fn of(text: &str) -> Self {
        Self(split(text))
    }

    /// Whether a keyword occurs.
    ///
    /// The last word may stand in the plural (`startup` is found in "startups") if it has three letters or more,
    /// so that `AI` keeps to itself. A keyword without any word is never found.
    ///
    /// ```
    /// use orion_core::text::keyword::{Keyword, Words};
    /// let words = Words::of("He said: Open-source AIs and GPUs!");
    /// assert!(words.contain(&Keyword::new("open source")) && words.contain(&Keyword::new("GPU")));
    /// assert!(!words.contain(&Keyword::new("AI")) && !words.contain(&Keyword::new("source GPU")));
    /// ```
    pub fn contain(&self, Keyword(wanted): &Keyword) -> bool {
        let Some((last, before)) = wanted.split_last() else { return false };
        self.0
            .windows(wanted.len())
            .any(|window| window.split_last().is_some_and(|(end, start)| start == before && same_or_plural(end, last)))
    }
}

impl Keyword {
    /// Splits a keyword.
    pub fn new(keyword: &str) -> Self {
        Self(split(keyword))
    }
}

fn split(text: &str) -> Vec<String> {
    let folded = fold(text).replace('’', "'");
    folded.unicode_words().map(|word| word.strip_suffix("'s").unwrap_or(word).to_owned()).collect()
}

fn same_or_plural(word: &str, singular: &str) -> bool {
    match word.strip_prefix(singular) {
        Some("") => true,
        Some("s") => singular.chars().count() >= 3,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_only() {
        for (text, keyword, found) in [
            ("He said it again", "AI", false),
            ("New FPS world record", "FPS", true),
            ("AI, explained", "ai", true),
            ("What GPT-6's AI means", "AI", true),
            ("Nvidia’s GPUs", "GPU", true),
            ("Nvidia’s stock", "nvidia", true),
            ("Machine learning at home", "machine learning", true),
            ("A machine for learning", "machine learning", false),
            ("learning", "machine learning", false),
            ("Open-source wins", "open source", true),
            ("Überraschung in der Ärzteschaft", "überraschung", true),
            ("Новости: рынок акций растёт", "рынок акций", true),
            ("ＧＰＵ prices", "GPU", true),
            ("gaming", "game", false),
            ("", "AI", false),
            ("anything", " - ", false),
        ] {
            assert_eq!(Words::of(text).contain(&Keyword::new(keyword)), found, "{keyword} in {text}");
        }
    }
}
