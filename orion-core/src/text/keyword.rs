//! Keywords in texts, word by word: `AI` is found in "AI for all" and not in "said".

use super::fold;
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text, ready to look keywords up in. Words are those of UAX #29, case and width do not matter.
#[derive(Debug, Clone)]
pub struct Words(Vec<String>);

impl Words {
    /// Splits a text.
    pub fn of(text: &str) -> Self {
        let folded = fold(text).replace('’', "'");
        Self(folded.unicode_words().map(|word| word.strip_suffix("'s").unwrap_or(word).to_owned()).collect())
    }

    /// Whether a keyword of one or more words occurs.
    ///
    /// The last word may stand in the plural (`startup` is found in "startups") if it has three letters or more,
    /// so that `AI` keeps to itself. A keyword without any word is never found.
    ///
    /// ```
    /// use orion_core::text::keyword::Words;
    /// let words = Words::of("He said: Open-source AIs and GPUs!");
    /// assert!(words.contain("open source") && words.contain("GPU"));
    /// assert!(!words.contain("AI") && !words.contain("source GPU"));
    /// ```
    pub fn contain(&self, keyword: &str) -> bool {
        let Self(wanted) = Self::of(keyword);
        let Some((last, before)) = wanted.split_last() else { return false };
        self.0
            .windows(wanted.len())
            .any(|window| window.split_last().is_some_and(|(end, start)| start == before && same_or_plural(end, last)))
    }

    /// The keywords of a list that occur, in the list's order and spelling.
    pub fn matching<'k>(&self, keywords: &'k [String]) -> Vec<&'k str> {
        keywords.iter().map(String::as_str).filter(|keyword| self.contain(keyword)).collect()
    }
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
            assert_eq!(Words::of(text).contain(keyword), found, "{keyword} in {text}");
        }
    }
}
