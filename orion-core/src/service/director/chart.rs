//! Chart cards: three or more amounts of one kind, each with what it counts.

use super::compress::capitalised;
use super::outline::outline_before;
use super::phrase::{QUALIFIERS, is_verb, phrases};
use crate::domain::{Bar, Card, ClaimKind};
use crate::text::claim::{Claim, split_words};
use crate::text::language::Language;
use crate::text::number::Quantity;
use std::ops::Range;

/// Bars of a chart.
const BARS: std::ops::RangeInclusive<usize> = 3..=5;
/// Most words of a bar's title.
const MOST_WORDS: usize = 3;
/// Most characters of a bar's title, and of its value.
const MOST_TITLE: usize = 26;
const MOST_VALUE: usize = 14;

/// Words of units and order, which name nothing.
const UNITS: &[&str] =
    &["percent", "per", "cent", "prozent", "ciento", "cento", "pour", "million", "billion", "respectively"];

/// A chart of all amounts of a sentence, if they are of one kind and each has a title of its own.
pub(super) fn chart_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let amounts: Vec<(&Claim, &Quantity)> = found
        .iter()
        .filter(|claim| claim.kind == ClaimKind::Number)
        .filter_map(|claim| Some((claim, claim.quantity.as_ref()?)))
        .filter(|(_, quantity)| quantity.digits && !quantity.ordinal && quantity.value >= 0.0)
        .collect();
    if !BARS.contains(&amounts.len()) || amounts.iter().all(|(_, quantity)| quantity.value == 0.0) {
        return None;
    }
    // `12, 48 and 31 percent`: the unit may stand behind the last alone.
    let unit = amounts.last()?.1.unit;
    let alike = amounts.iter().all(|(_, quantity)| quantity.unit == unit || quantity.unit.is_none());
    // `20-30%` is one word with two amounts, and no two bars.
    let apart = amounts.windows(2).all(|pair| pair[0].0.range.end <= pair[1].0.range.start);
    let short = amounts.iter().all(|(claim, _)| claim.text.chars().count() <= MOST_VALUE);
    let plain = amounts.iter().all(|(claim, _)| !claim.text.contains(['/', ':', '–']));
    if !(alike && apart && short && plain) {
        return None;
    }
    let ranges: Vec<&Range<usize>> = amounts.iter().map(|(claim, _)| &claim.range).collect();
    let before = (0..ranges.len()).map(|at| {
        let from = at.checked_sub(1).map_or(0, |before| ranges[before].end);
        let segment = text.get(from..ranges[at].start)?;
        // What stands before a comma belongs to the amount before it, or leads up to all of them.
        let lead = segment.rfind(", ").map_or(0, |comma| comma + 2);
        title(segment, from, lead, found, language)
    });
    let after = (0..ranges.len()).map(|at| {
        let to = ranges.get(at + 1).map_or(text.len(), |next| next.start);
        title(text.get(ranges[at].end..to)?, ranges[at].end, 0, found, language)
    });
    let distinct = |titles: &Vec<(String, usize)>| {
        titles.iter().enumerate().all(|(at, (one, _))| titles[..at].iter().all(|(other, _)| other != one))
    };
    let titles = before.collect::<Option<Vec<_>>>().filter(distinct).filter(|titles| names_alone(titles, language));
    let titles = titles.or_else(|| after.collect::<Option<Vec<_>>>().filter(distinct))?;
    let begins = titles.first()?.1.min(ranges[0].start);
    let suffix = if unit == Some("%") { "%" } else { "" };
    let bars = titles.into_iter().zip(&amounts).map(|((title, _), (claim, quantity))| {
        let value = if quantity.unit.is_none() { format!("{}{suffix}", claim.text) } else { with_sign(&claim.text) };
        Bar { title: capitalised(&title), value, amount: quantity.value }
    });
    let headline = outline_before(text, begins, language).unwrap_or_default();
    Some(Card::Chart { label: phrases(language).chart_label.to_uppercase(), headline, bars: bars.collect() })
}

/// Whether no title is a name with its verb, as far as that can be told: where verbs are not known, one title that is
/// longer than all others may be (`el carbón aportó 40 por ciento, el gas 25 y el viento 20`).
fn names_alone(titles: &[(String, usize)], language: Language) -> bool {
    let words = |(title, _): &(String, usize)| title.split_whitespace().count();
    let [first, others @ ..] = titles else { return true };
    let knows_verbs = matches!(language, Language::English | Language::German);
    knows_verbs || others.iter().any(|other| words(other) >= words(first))
}

/// `40 percent` as `40%`: the sign is read at a glance.
fn with_sign(value: &str) -> String {
    let digits = value.split_whitespace().next().unwrap_or(value);
    let words = value[digits.len()..].trim().to_lowercase();
    let percent = ["percent", "per cent", "prozent", "por ciento", "por cento", "pour cent"];
    if percent.contains(&words.as_str()) { format!("{digits}%") } else { value.to_owned() }
}

/// What a part of a sentence names, and where that begins: its name or year, else its few words that say something.
fn title(segment: &str, from: usize, lead: usize, found: &[Claim], language: Language) -> Option<(String, usize)> {
    let (start, end) = (from + lead, from + segment.len());
    let named = found.iter().rev().find(|claim| {
        let kind = claim.kind == ClaimKind::Name || claim.kind == ClaimKind::Date;
        kind && claim.range.start >= start && claim.range.end <= end
    });
    if let Some(claim) = named.filter(|claim| claim.text.chars().count() <= MOST_TITLE) {
        return Some((claim.text.clone(), claim.range.start));
    }
    let stop_words = language.stop_words();
    let part = &segment[lead..];
    let telling = |word: &str| {
        let lower = word.to_lowercase();
        let empty = [QUALIFIERS, UNITS].iter().any(|list| list.contains(&lower.as_str()));
        !stop_words.contains(lower.as_str()) && !empty && !is_verb(word)
    };
    // Only what stands together is one title.
    let words = split_words(part);
    let first = words.iter().position(|word| telling(word.core))?;
    let mut run = words[first..].iter().take_while(|word| telling(word.core)).count();
    let rest = words[first + run..].iter().any(|word| telling(word.core));
    if language == Language::German {
        // Nouns have capitals there; what follows the last of them is a verb.
        let noun = |word: &str| word.starts_with(char::is_uppercase);
        run = words[first..first + run].iter().rposition(|word| noun(word.core))? + 1;
    }
    let range = words[first].range.start..words[first + run - 1].range.end;
    let title = part.get(range.clone())?;
    let fits = run <= MOST_WORDS && !rest && title.chars().count() <= MOST_TITLE;
    fits.then(|| (title.to_owned(), start + range.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::claim::claims;

    fn bars(text: &str) -> Option<Vec<(String, String)>> {
        match chart_card(text, &claims(text, Language::English), Language::English)? {
            Card::Chart { bars, .. } => Some(bars.into_iter().map(|bar| (bar.title, bar.value)).collect()),
            _ => None,
        }
    }

    #[track_caller]
    fn chart(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> =
            expected.iter().map(|(title, value)| ((*title).to_owned(), (*value).to_owned())).collect();
        assert_eq!(bars(text), Some(expected));
    }

    #[test]
    fn amounts_stand_behind_what_they_count_or_before_it() {
        chart(
            "Coal made 40 percent of the power, gas 25 percent and wind 20 percent.",
            &[("Coal", "40%"), ("Gas", "25%"), ("Wind", "20%")],
        );
        chart(
            "Norway has 12 bridges of this kind, Sweden 48 and Denmark 31.",
            &[("Norway", "12"), ("Sweden", "48"), ("Denmark", "31")],
        );
        chart(
            "The city counted 12,000 cyclists in 2020, 19,000 in 2022 and 31,000 in 2024.",
            &[("2020", "12,000"), ("2022", "19,000"), ("2024", "31,000")],
        );
    }

    #[test]
    fn a_title_is_a_name_without_its_verb() {
        let titles = |text: &str, language| match chart_card(text, &claims(text, language), language) {
            Some(Card::Chart { bars, .. }) => bars.into_iter().map(|bar| bar.title).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        let german = "Kohle lieferte 40 Prozent, Gas 25 Prozent und Wind 35 Prozent.";
        assert_eq!(titles(german, Language::German), ["Kohle", "Gas", "Wind"]);
        let spanish = "El carbón aportó 40 por ciento, el gas 25 por ciento y el viento 35 por ciento.";
        let found = titles(spanish, Language::Spanish);
        assert!(found.iter().all(|title| !title.contains("aportó")), "{found:?}");
    }

    #[test]
    fn bars_are_drawn_by_their_amounts() {
        let text = "Ann got 1.5 million votes, Ben 2 million and Cleo 500,000.";
        let Some(Card::Chart { bars, .. }) = chart_card(text, &claims(text, Language::English), Language::English)
        else {
            unreachable!("no chart");
        };
        assert_eq!(bars.iter().map(|bar| bar.amount).collect::<Vec<_>>(), [1_500_000.0, 2_000_000.0, 500_000.0]);
    }

    #[test]
    fn what_cannot_be_set_side_by_side_is_no_chart() {
        for text in [
            "It costs 5 dollars, weighs 3 kilograms and lasts 20 percent longer.",
            "Between 12 and 48 and 31.",
            "The bridge carried 9,000 cars and 40 trains.",
            "They met on 3 May, 4 June and 5 July.",
        ] {
            assert_eq!(bars(text), None, "{text}");
        }
    }
}
