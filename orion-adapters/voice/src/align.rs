//! Words as shown beside words that were heard: `$36bn` was heard as `36 billion dollars`.

use crate::normal::{self, Lexicon};
use orion_core::port::SpokenWord;
use std::ops::Range;

/// Two words less alike than this are not one.
const ALIKE: f64 = 0.5;

/// What it costs to leave a word out on one side; two words that are not alike cost more than leaving out both.
const LEFT_OUT: f64 = 0.45;

/// Spans of the words as shown, in samples of `rate` a second, from those that were heard; `None` for a word that nobody heard. `None`
/// in all if less than half of what must have been said was heard: then they do not belong together.
pub fn aligned(shown: &[&str], language: &str, words: &[SpokenWord], rate: u32) -> Option<Vec<Option<Range<u64>>>> {
    let said = tokens(shown, language);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let known = tokens(&texts, language);
    let mut spans: Vec<Option<Range<u64>>> = vec![None; shown.len()];
    let pairs = pairs(&said, &known);
    if said.is_empty() || pairs.len() * 2 < said.len() {
        return None;
    }
    for (mine, theirs) in pairs {
        let (word, place) = (&words[known[theirs].of], said[mine].of);
        // A word that was heard as several tokens is said evenly.
        let parts = known.iter().filter(|token| token.of == known[theirs].of).count() as u64;
        let part = known[..theirs].iter().filter(|token| token.of == known[theirs].of).count() as u64;
        let (start, end) = (samples(word.start.0, rate), samples(word.end.0, rate));
        let length = end.saturating_sub(start);
        let (start, end) = (start + length * part / parts, start + length * (part + 1) / parts);
        spans[place] = Some(match spans[place].take() {
            Some(span) => span.start.min(start)..span.end.max(end),
            None => start..end,
        });
    }
    Some(spans)
}

fn samples(micros: i64, rate: u32) -> u64 {
    u64::try_from(micros).unwrap_or(0) * u64::from(rate) / 1_000_000
}

/// Something that is said, and of which word.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    of: usize,
}

struct NoWords;

impl Lexicon for NoWords {
    fn knows(&self, _: &str) -> bool {
        false
    }
}

/// What is said for each word, in order: words of English as they are read aloud, letters of scripts without spaces,
/// else the word without its marks.
fn tokens(words: &[&str], language: &str) -> Vec<Token> {
    let english = language.is_empty() || language.starts_with("en");
    let read = if english { normal::say(words, &NoWords) } else { Vec::new() };
    let mut tokens = Vec::new();
    for (of, word) in words.iter().enumerate() {
        let said = read.get(of).map(|said| said.words.clone()).unwrap_or_default();
        let parts: Vec<String> = if !said.is_empty() {
            said.iter().map(|word| word.to_lowercase()).collect()
        } else if word.chars().any(unspaced) {
            word.chars().filter(|letter| letter.is_alphanumeric()).map(String::from).collect()
        } else {
            let bare: String = word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
            std::iter::once(bare).filter(|bare| !bare.is_empty()).collect()
        };
        tokens.extend(parts.into_iter().map(|text| Token { text, of }));
    }
    tokens
}

/// Whether a letter belongs to a script that puts no spaces between words.
fn unspaced(letter: char) -> bool {
    matches!(u32::from(letter), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Which of what should be said is which of what was heard, in order: the cheapest alignment (Needleman and Wunsch,
/// 1970), without pairs that are not alike.
fn pairs(said: &[Token], heard: &[Token]) -> Vec<(usize, usize)> {
    let width = heard.len() + 1;
    let mut costs = vec![0.0; (said.len() + 1) * width];
    let difference = |mine: usize, theirs: usize| {
        let (mine, theirs) = (&said[mine].text, &heard[theirs].text);
        if mine == theirs { 0.0 } else { 1.0 - strsim::normalized_levenshtein(mine, theirs) }
    };
    for mine in 0..=said.len() {
        for theirs in 0..width {
            let at = mine * width + theirs;
            costs[at] = match (mine, theirs) {
                (0, _) => theirs as f64 * LEFT_OUT,
                (_, 0) => mine as f64 * LEFT_OUT,
                _ => {
                    let paired = costs[at - width - 1] + difference(mine - 1, theirs - 1);
                    paired.min(costs[at - width] + LEFT_OUT).min(costs[at - 1] + LEFT_OUT)
                }
            };
        }
    }
    let (mut mine, mut theirs) = (said.len(), heard.len());
    let mut pairs = Vec::new();
    while mine > 0 && theirs > 0 {
        let at = mine * width + theirs;
        let differs = difference(mine - 1, theirs - 1);
        if costs[at] >= costs[at - width - 1] + differs - 1e-9 {
            (mine, theirs) = (mine - 1, theirs - 1);
            if differs <= 1.0 - ALIKE {
                pairs.push((mine, theirs));
            }
        } else if costs[at] >= costs[at - width] + LEFT_OUT - 1e-9 {
            mine -= 1;
        } else {
            theirs -= 1;
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::MediaTime;

    /// Words of a tenth of a second each, one after the other.
    fn spoken(text: &str) -> Vec<SpokenWord> {
        let times = (0_i64..).map(|n| (MediaTime(n * 100_000), MediaTime((n + 1) * 100_000)));
        text.split_whitespace()
            .zip(times)
            .map(|(text, (start, end))| SpokenWord { text: text.to_owned(), start, end })
            .collect()
    }

    /// The tenths in which each word is said, at ten samples a second.
    fn spans(shown: &str, heard_as: &str, language: &str) -> Option<Vec<Option<Range<u64>>>> {
        let shown: Vec<&str> = shown.split_whitespace().collect();
        super::aligned(&shown, language, &spoken(heard_as), 10)
    }

    #[test]
    fn numbers_and_signs_are_heard_as_they_are_read() {
        assert_eq!(
            spans("Prices rose 8% — to $36bn.", "prices rose eight percent to thirty-six billion dollars", "en")
                .unwrap(),
            [Some(0..1), Some(1..2), Some(2..4), None, Some(4..5), Some(5..8)]
        );
        assert_eq!(
            spans("Prices rose 8% — to $36bn.", "Prices rose 8% to $36 billion.", "en").unwrap(),
            [Some(0..1), Some(1..2), Some(2..3), None, Some(3..4), Some(4..6)]
        );
    }

    #[test]
    fn what_was_misheard_or_missed_does_not_shift_the_rest() {
        assert_eq!(
            spans("the quick brown fox jumps", "the quack um fox jumps", "en").unwrap(),
            [Some(0..1), Some(1..2), None, Some(3..4), Some(4..5)]
        );
        assert_eq!(spans("one two three", "something else entirely different", "en"), None);
        assert_eq!(spans("one two", "", "en"), None);
        assert_eq!(spans("🎬 —", "film", "en"), None);
    }

    #[test]
    fn other_languages_are_compared_as_they_are_written() {
        assert_eq!(spans("Guten Tag, Welt!", "guten tag welt", "de").unwrap(), [Some(0..1), Some(1..2), Some(2..3)]);
        assert_eq!(spans("你好 世界。", "你 好 世 界", "zh").unwrap(), [Some(0..2), Some(2..4)]);
    }
}
