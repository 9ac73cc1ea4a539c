//! Timeline cards: dates in order, each with what happened then.

use super::compress::capitalised;
use super::phrase::{has_verb, phrases};
use crate::domain::{Card, ClaimKind};
use crate::text::claim::{Claim, split_words};
use crate::text::language::Language;
use crate::text::sentence::word_count;

/// Dates of a timeline.
const MOMENTS: std::ops::RangeInclusive<usize> = 2..=5;
/// Most words of what happened.
const MOST_WORDS: usize = 9;

/// Words that join what happened to its date, or one date to the next.
const JOINERS: &[&str] = &[
    "and", "but", "then", "in", "on", "by", "since", "until", "from", "to", "of", "the", "it", "was", "were", "und",
    "im", "seit", "wurde", "dann", "e", "em", "foi", "y", "en", "fue", "et", "puis", "a", "did", "had",
];

/// What happened at two or more dates of a sentence, if each has words of its own and they stand in order.
pub(super) fn timeline_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let dates: Vec<&Claim> = found.iter().filter(|claim| claim.kind == ClaimKind::Date).collect();
    if !MOMENTS.contains(&dates.len()) || dates.iter().any(|date| date.text.chars().count() > 18) {
        return None;
    }
    let years: Vec<f64> =
        dates.iter().filter_map(|date| date.quantity.as_ref()).map(|quantity| quantity.value).collect();
    if years.len() == dates.len() && !years.windows(2).all(|pair| pair[0] < pair[1]) {
        return None;
    }
    // `In 1912 it opened` or `It opened in 1912`.
    let leads = word_count(text.get(..dates[0].range.start)?) <= 1;
    let parts = (0..dates.len()).map(|at| {
        let (from, to) = if leads {
            (dates[at].range.end, dates.get(at + 1).map_or(text.len(), |next| next.range.start))
        } else {
            (at.checked_sub(1).map_or(0, |before| dates[before].range.end), dates[at].range.start)
        };
        what(text.get(from..to)?, language, dates.len() > 2)
    });
    let parts: Vec<String> = parts.collect::<Option<_>>()?;
    // Words behind the last date belong to nothing.
    let over = !leads && !split_words(text.get(dates.last()?.range.end..).unwrap_or_default()).is_empty();
    let moments = dates.iter().zip(parts).map(|(date, what)| (capitalised(&date.text), what)).collect();
    let label = phrases(language).timeline_label.to_uppercase();
    (!over).then_some(Card::Timeline { label, headline: String::new(), moments })
}

/// What happened, without the words that lead to a date. Of two dates each needs a verb: `from 1912 to 1954` tells of a
/// time, not of two moments.
fn what(part: &str, language: Language, many: bool) -> Option<String> {
    let words = split_words(part);
    let joins = |index: usize| JOINERS.contains(&words[index].core.to_lowercase().as_str());
    let first = (0..words.len()).find(|index| !joins(*index))?;
    let last = (0..words.len()).rev().find(|index| !joins(*index))?;
    let phrase = part.get(words[first].range.start..words[last].range.end)?;
    let short = last + 1 - first <= MOST_WORDS && !phrase.contains([';', ':', '(']);
    let tells = many || language != Language::English || has_verb(part) && last > first;
    (short && tells).then(|| capitalised(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::claim::claims;

    fn moments(text: &str) -> Option<Vec<(String, String)>> {
        match timeline_card(text, &claims(text, Language::English), Language::English)? {
            Card::Timeline { moments, .. } => Some(moments),
            _ => None,
        }
    }

    #[track_caller]
    fn timeline(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> =
            expected.iter().map(|(when, what)| ((*when).to_owned(), (*what).to_owned())).collect();
        assert_eq!(moments(text), Some(expected));
    }

    #[test]
    fn dates_stand_before_what_happened_or_behind_it() {
        timeline(
            "In 1912 the bridge opened, in 1954 it burned down and in 2020 it was rebuilt.",
            &[("1912", "Bridge opened"), ("1954", "Burned down"), ("2020", "Rebuilt")],
        );
        timeline(
            "The bridge opened in 1912, burned down in 1954 and was rebuilt in 2020.",
            &[("1912", "Bridge opened"), ("1954", "Burned down"), ("2020", "Rebuilt")],
        );
    }

    #[test]
    fn a_span_of_time_is_no_timeline() {
        for text in [
            "The king ruled from 1912 to 1954.",
            "The bridge opened in 1954 and in 1912 it burned and in 2020 it fell.",
            "The bridge opened in 1912.",
            "Prices fell between 2019 and 2020.",
        ] {
            assert_eq!(moments(text), None, "{text}");
        }
    }
}
