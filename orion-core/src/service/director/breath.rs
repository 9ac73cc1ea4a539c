//! Dividing long sentences where a speaker would draw breath.

use super::compress::{LEAST_WORDS, MOST_WORDS};
use super::cut::quoted_ranges;
use super::phrase::is_verb;
use crate::text::claim::{Word, split_words};
use crate::text::language::Language;
use crate::text::sentence::word_count;
use std::collections::HashSet;

/// A border that costs more than this is no place to draw breath.
const BREATH: f64 = 1.0;

/// A sentence of up to this many words stays whole where nobody would draw breath.
const TOLERATED_WORDS: usize = 24;

/// A sentence in parts of about `most` words, cut where a speaker would draw breath. With `marked`, a cut that
/// no comma covers is marked by an ellipsis.
pub(super) fn divided(sentence: &str, most: usize, language: Language, marked: bool) -> Vec<String> {
    let count = word_count(sentence);
    if count <= most {
        return vec![sentence.to_owned()];
    }
    let tolerated = most * TOLERATED_WORDS / MOST_WORDS;
    let words = split_words(sentence);
    let quoted = quoted_ranges(sentence);
    let stop_words = language.stop_words();
    let middle = words.len() as f64 / (count as f64 / tolerated as f64).ceil().max(2.0);
    let least = LEAST_WORDS.min(most / 2).max(1);
    let best = (least..words.len())
        .filter(|index| words.len() - index >= least)
        .map(|index| {
            let start = words[index].range.start;
            let inside = quoted.iter().any(|range| range.start < start && start < range.end);
            let tail = words.len() - index;
            let cost = border_cost(&words, index, &stop_words) + f64::from(inside) * 2.5;
            let far = (index as f64 - middle).abs() / middle * 1.5;
            let short = 0.3 * 8_usize.saturating_sub(index.min(tail)) as f64;
            let long = match index {
                long if long > tolerated => 4.0,
                long if long > most => 0.5,
                _ => 0.0,
            };
            (index, cost, cost + far + short + long)
        })
        .min_by(|a, b| a.2.total_cmp(&b.2));
    let Some((index, cost, _)) = best else { return vec![sentence.to_owned()] };
    if count <= tolerated && cost > BREATH {
        return vec![sentence.to_owned()];
    }
    let start = words[index].range.start - words[index].before.len();
    let left = sentence[..start].trim_end();
    let ended = left.ends_with(|c: char| c.is_ascii_punctuation() || matches!(c, '–' | '—' | '…' | '”' | '’' | '»'));
    let left = if marked && !ended { format!("{left}…") } else { left.to_owned() };
    let mut parts = vec![left];
    parts.extend(divided(&sentence[start..], most, language, marked));
    parts
}

/// How much it hurts to cut before the word at `index`.
fn border_cost(words: &[Word<'_>], index: usize, stop_words: &HashSet<&'static str>) -> f64 {
    const CLAUSES: &[&str] = &[
        "which",
        "who",
        "where",
        "when",
        "while",
        "as",
        "after",
        "before",
        "because",
        "although",
        "though",
        "including",
        "saying",
        "that",
        "if",
        "whether",
        "but",
        "dass",
        "weil",
        "nachdem",
        "aber",
        "mas",
        "que",
        "porque",
        "pero",
        "mais",
        "qui",
    ];
    const JOINS: &[&str] = &["and", "or", "und", "oder", "e", "ou", "y", "et"];
    const PREPOSITIONS: &[&str] = &[
        "to", "for", "with", "in", "on", "at", "from", "into", "over", "under", "about", "against", "through",
        "during", "said", "without", "between", "für", "mit", "von", "bei", "auf", "aus", "para", "com", "por", "em",
        "con", "pour", "avec", "dans", "sur", "par",
    ];
    const TIGHT: &[&str] = &["of", "by", "than", "de", "do", "da", "du", "des", "del"];
    let (before, after) = (&words[index - 1], &words[index]);
    let word = after.core.to_lowercase();
    let marked = before.after.contains([',', ';', ':', '–', '—', '.', '!', '?']) || after.before.contains(['–', '—']);
    let opener = match word.as_str() {
        word if CLAUSES.contains(&word) => 0.2,
        word if JOINS.contains(&word) => {
            if marked {
                0.2
            } else {
                1.0
            }
        }
        word if TIGHT.contains(&word) => 2.0,
        "to" if is_verb(before.core) => 1.8,
        word if PREPOSITIONS.contains(&word) => 0.8,
        word if is_verb(word) => 0.9,
        word if word.len() > 5 && word.ends_with("ing") => 1.1,
        _ => 1.6,
    };
    let mark = if marked { 0.0 } else { 1.6 };
    let open = before.after.is_empty();
    let dangling = open && stop_words.contains(before.core.to_lowercase().as_str());
    let number = open && before.core.contains(|c: char| c.is_ascii_digit()) && opener > 1.0;
    let upper = |word: &Word<'_>| word.core.starts_with(char::is_uppercase);
    // A name, or a list of names.
    let pair = JOINS.contains(&word.as_str()) && words.get(index + 1).is_some_and(upper);
    let names = upper(before) && (upper(after) || pair);
    // `Ann Roe, the builder, left` has its verb next to a comma, but no breath there.
    let subject = marked && is_verb(&word);
    // `the bridge, which was old, fell` is better cut before `the bridge`.
    let inserted = matches!(word.as_str(), "which" | "who" | "where" | "whose")
        && words[index..words.len() - 1].iter().any(|word| word.after.contains(','));
    // `said` belongs to the words that were said, and a list is not taken apart.
    let said = before.after.contains(['”', '"', '’', '“', '»']) && (is_verb(&word) || word == "said");
    let joined = (index..words.len().min(index + 6)).find(|index| JOINS.contains(&words[*index].core));
    let clause = |join: usize| words[join..].iter().take(4).any(|word| is_verb(word.core));
    let list = marked && opener > 1.0 && joined.is_some_and(|join| !clause(join));
    mark + opener
        + 2.5 * f64::from(said)
        + 1.2 * f64::from(list)
        + f64::from(subject)
        + 2.0 * f64::from(dangling)
        + 2.0 * f64::from(number)
        + 2.5 * f64::from(names)
        + 0.7 * f64::from(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn dividing_keeps_every_word(text in "[a-zA-Z0-9,.“”'é–-]{1,9}( [a-zA-Z0-9,.“”'é–-]{1,9}){0,60}", most in 2_usize..25) {
            let parts = divided(&text, most, Language::English, false);
            proptest::prop_assert_eq!(parts.join(" "), text);
        }
    }
}
