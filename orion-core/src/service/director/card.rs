//! Cards: what stands on the screen while a line is spoken, in few words taken from the line.

use super::compress::capitalised;
use super::hook::{counted_noun, said};
use super::phrase::{is_verb, phrases};
use crate::domain::{Card, ClaimKind};
use crate::text::claim::{Claim, Word, claims, split_words};
use crate::text::language::Language;
use crate::text::sentence::word_count;
use std::collections::HashSet;

/// Words that turn a statement round; they are never cut off.
const NEGATIVE: &[&str] = &[
    "not", "no", "never", "without", "n't", "cannot", "isn't", "wasn't", "don't", "didn't", "won't", "nicht", "kein",
    "keine", "não", "nunca", "sem", "sin", "jamás", "pas", "jamais",
];

const QUOTATION: [char; 8] = ['“', '”', '"', '‘', '’', '\'', '«', '»'];

/// Words that tell who says something and not what.
const SAYING: &[&str] =
    &["said", "says", "saying", "told", "according", "announced", "added", "disse", "sagte", "dijo"];

/// Words that a number must not lose.
const QUALIFIERS: &[&str] = &[
    "more", "less", "fewer", "than", "at", "least", "most", "up", "to", "nearly", "almost", "about", "around", "over",
    "under", "roughly", "only", "just", "some", "as", "many", "worth", "actually", "mais", "de", "cerca", "quase",
    "mehr", "als", "rund", "fast", "más", "casi", "plus", "presque", "environ",
];

/// Words that leave a statement open; what follows must not stand alone.
const HEDGES: &[&str] = &[
    "could",
    "may",
    "might",
    "would",
    "should",
    "if",
    "unless",
    "whether",
    "allegedly",
    "reportedly",
    "könnte",
    "soll",
    "pode",
    "poderia",
    "podría",
    "pourrait",
];

/// Every card that fits a line, the most telling first; the last is always a headline.
pub(super) fn cards(text: &str, label: &str, language: Language) -> Vec<Card> {
    let found = claims(text, language);
    let mut cards = Vec::new();
    cards.extend(quote_card(text, language));
    cards.extend(comparison_card(text, &found, language));
    cards.extend(number_card(text, &found, language));
    cards.extend(list_card(text, language));
    cards.push(Card::Headline { label: label.to_uppercase(), headline: key_phrase(text, language, 8) });
    cards
}

/// The two to `most` words of a text that say most, beginning and ending with words that carry meaning.
pub(super) fn key_phrase(text: &str, language: Language, most: usize) -> String {
    phrase(text, language, most).unwrap_or_else(|| capitalised(&first_words(text, most)))
}

fn phrase(text: &str, language: Language, most: usize) -> Option<String> {
    let words = split_words(text);
    let stop_words = language.stop_words();
    let stops: Vec<bool> = words.iter().map(|word| is_stop(word.core, &stop_words)).collect();
    let mut best: Option<(f64, &str)> = None;
    for start in 0..words.len() {
        let begins =
            start == 0 || ends_clause(&words[start - 1]) || !words[start].before.is_empty() || stops[start - 1];
        let before = start.checked_sub(1).and_then(|index| words.get(index)).filter(|word| word.after.is_empty());
        // "of course", "need to go": what leans on the word before does not begin a phrase.
        let hedged = before.is_some_and(|word| contains(HEDGES, word.core) || contains(&["of", "to"], word.core));
        if !begins || hedged || stops[start] || words[start].before.contains(QUOTATION) {
            continue;
        }
        for end in start + 2..=words.len().min(start + most) {
            if words[start + 1..end].iter().any(|word| !word.before.is_empty())
                || words[start..end - 1].iter().any(|word| ends_clause(word) || word.after.contains(QUOTATION))
            {
                break;
            }
            let last = &words[end - 1];
            let next = words.get(end).filter(|_| !ends_clause(last));
            let open = next.is_some_and(|next| {
                !stops[end]
                    || next.core == "of"
                    || contains(NEGATIVE, next.core)
                    || next.core.eq_ignore_ascii_case("than")
                    || next.before.contains(QUOTATION)
            });
            if stops[end - 1] || contains(NEGATIVE, last.core) || open {
                continue;
            }
            let phrase = &text[words[start].range.start..last.range.end];
            let score = phrase_score(&words[start..end], &stops[start..end], start, phrase);
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, phrase));
            }
        }
    }
    best.map(|(_, phrase)| capitalised(phrase))
}

fn phrase_score(words: &[Word<'_>], stops: &[bool], start: usize, phrase: &str) -> f64 {
    let meaning = stops.iter().filter(|stop| !**stop).count() as f64;
    let first = words.first().map_or("", |word| word.core);
    let names = words.iter().filter(|word| word.core.starts_with(char::is_uppercase)).count() as f64;
    let number = f64::from(phrase.contains(|c: char| c.is_ascii_digit()));
    let verb = words.iter().skip(1).any(|word| is_verb(word.core));
    let opening = if start <= 1 { 0.8 } else { 0.0 };
    let fragment = f64::from(start > 0 && is_verb(first)) * 0.8;
    let saying = f64::from(words.iter().any(|word| contains(SAYING, word.core))) * 0.9;
    // A phrase that ends with its verb, or with what only leans on one, breaks off before it has said anything.
    let last = words.last().map_or("", |word| word.core);
    let breaks_off = f64::from(
        words.len() > 2 && (is_verb(last) || last.ends_with("ly") || last.ends_with("ing") || last == "like"),
    ) * 0.9;
    let length = 0.1 * (words.len() as f64 - 5.0).abs();
    0.3 * meaning + opening + 0.1 * names.min(3.0) + 0.3 * number + 0.5 * f64::from(verb)
        - fragment
        - saying
        - breaks_off
        - length
}

/// The first words of a text, without any that ask for more.
fn first_words(text: &str, most: usize) -> String {
    let words = split_words(text);
    let end = words.iter().take(most).map(|word| word.range.end).next_back().unwrap_or_default();
    let start = words.first().map_or(0, |word| word.range.start);
    text.get(start..end).unwrap_or_default().to_owned()
}

fn is_stop(word: &str, stop_words: &HashSet<&'static str>) -> bool {
    let acronym = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
    let lower = word.to_lowercase().replace('’', "'");
    !acronym && stop_words.contains(lower.as_str()) && !NEGATIVE.contains(&lower.as_str())
}

fn contains(list: &[&str], word: &str) -> bool {
    list.contains(&word.to_lowercase().replace('’', "'").as_str())
}

fn ends_clause(word: &Word<'_>) -> bool {
    word.after.contains([',', ';', ':', '.', '!', '?', '–', '—', '…'])
}

fn quote_card(text: &str, language: Language) -> Option<Card> {
    let (quote, attribution) = said(text, language)?;
    (word_count(&quote) <= 18).then_some(Card::Quote { quote: capitalised(&quote), attribution })
}

/// One striking number: a share, an amount, a multiple, or a count of things.
fn number_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let striking = |claim: &&Claim| {
        let noun = counted_noun(text, claim, language);
        claim.quantity.as_ref().is_some_and(|quantity| {
            let plain = !quantity.is_year() && !quantity.ordinal && quantity.digits;
            plain
                && claim.text.chars().count() <= 16
                && (quantity.unit.is_some() || noun.is_some() || quantity.value >= 1e6)
        })
    };
    let claim = found.iter().find(striking)?;
    let after = counted_noun(text, claim, language).unwrap_or_else(|| following(text, claim.range.end, language));
    let before = text[..claim.range.start].trim_end_matches(['£', '$', '€', '−', '-', ' ']);
    let subject = phrase(before, language, 6).filter(|_| !negated(before));
    let (headline, caption) = match (qualified(before), after.is_empty()) {
        (Some(qualifier), false) => (qualifier, after),
        // What has a verb is no thing that could be worth something.
        (Some(qualifier), true) => (qualifier, subject.filter(|subject| !subject.split(' ').any(is_verb))?),
        (None, false) => {
            let rest = &text[claim.range.end..];
            let rest = rest.find(after.as_str()).map_or(rest, |at| &rest[at + after.len()..]);
            (subject.or_else(|| phrase(rest, language, 6))?, after)
        }
        (None, true) => (subject.clone()?, key_phrase(&text[claim.range.end..], language, 6)),
    };
    let label = phrases(language).number_label.to_uppercase();
    let fits = !headline.is_empty() && !caption.is_empty() && headline != caption;
    fits.then(|| Card::Number { label, headline, value: claim.text.clone(), caption })
}

/// What qualifies a number, right before it: `more than`, `worth at least`.
fn qualified(before: &str) -> Option<String> {
    let words: Vec<&str> =
        before.split_whitespace().rev().take_while(|word| contains(QUALIFIERS, word)).take(4).collect();
    let words: Vec<&str> = words
        .into_iter()
        .rev()
        .skip_while(|word| contains(&["to", "at", "de", "as"], word) && before.split_whitespace().count() == 1)
        .collect();
    let says =
        words.iter().any(|word| !contains(&["to", "at", "de", "as", "some", "about", "up", "over", "under"], word));
    says.then(|| capitalised(&words.join(" ")))
}

fn negated(text: &str) -> bool {
    text.split_whitespace().any(|word| contains(NEGATIVE, word))
}

/// Up to six words behind a place, up to the end of the clause.
fn following(text: &str, from: usize, language: Language) -> String {
    let rest = &text[from..];
    let stop_words = language.stop_words();
    let mut words = Vec::new();
    for word in split_words(rest).into_iter().take(6) {
        if !word.before.is_empty() {
            break;
        }
        words.push(word.clone());
        if !word.after.is_empty() {
            break;
        }
    }
    while words.last().is_some_and(|word| is_stop(word.core, &stop_words)) {
        words.pop();
    }
    match (words.first(), words.last()) {
        (Some(first), Some(last)) => rest[first.range.start..last.range.end].to_owned(),
        _ => String::new(),
    }
}

/// `A, B and C` as points.
fn list_card(text: &str, language: Language) -> Option<Card> {
    const JOINERS: &[&str] = &["and", "or", "und", "oder", "e", "ou", "y", "o", "et"];
    let words = split_words(text);
    let stop_words = language.stop_words();
    let joiner = (2..words.len().saturating_sub(1)).find(|index| JOINERS.contains(&words[*index].core))?;
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut end = joiner;
    loop {
        let start = (0..end.saturating_sub(1))
            .rev()
            .find(|index| words[*index].after.contains(','))
            .map_or(0, |index| index + 1);
        let quoted =
            words[start..end].iter().any(|word| word.before.contains(['“', '"']) || word.after.contains(['”', '"']));
        if start >= end || quoted {
            return None;
        }
        let inner = (start..end).all(|index| !is_stop(words[index].core, &stop_words) && !is_verb(words[index].core));
        if end - start <= 3 && inner && start > 0 {
            items.push((start, end));
            end = start;
            continue;
        }
        // The first point ends a longer clause: its last words up to the first that joins.
        let cut = (start..end)
            .rev()
            .find(|index| is_stop(words[*index].core, &stop_words) || *index + 1 < end && is_verb(words[*index].core))
            .map_or(start, |index| index + 1);
        if end - cut > 3 || cut == end {
            return None;
        }
        items.push((cut, end));
        break;
    }
    let last = (joiner + 1..words.len())
        .take(3)
        .take_while(|index| !is_stop(words[*index].core, &stop_words))
        .collect::<Vec<_>>();
    let stop =
        last.iter().position(|index| !words[*index].after.is_empty()).map_or(last.len(), |position| position + 1);
    let last_end = joiner + 1 + stop;
    if stop == 0
        || items.len() < 2
        || (stop == 3 && words.get(last_end).is_some_and(|_| words[last_end - 1].after.is_empty()))
    {
        return None;
    }
    items.reverse();
    let first = items.first().map_or(0, |(start, _)| words[*start].range.start);
    items.push((joiner + 1, last_end));
    let items: Vec<String> = items
        .into_iter()
        .map(|(start, end)| capitalised(&text[words[start].range.start..words[end - 1].range.end]))
        .collect();
    let after = &text[words[last_end - 1].range.end..];
    let (before, after) = (phrase(&text[..first], language, 6), phrase(after, language, 6));
    let headline =
        before.or(after).filter(|headline| !is_verb(&headline.split(' ').next().unwrap_or_default().to_lowercase()));
    let headline = headline.unwrap_or_default();
    let fits = items.len() <= 5 && items.iter().all(|item| item.chars().count() <= 36) && word_count(&headline) >= 2;
    fits.then(|| Card::List { label: phrases(language).list_label.to_uppercase(), headline, items })
}

/// `from X to Y`, `between X and Y`, or two shares that belong to two names.
fn comparison_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let phrases = phrases(language);
    let numbers: Vec<&Claim> = found
        .iter()
        .filter(|claim| {
            claim.quantity.as_ref().is_some_and(|quantity| quantity.digits && !quantity.is_year() && !quantity.ordinal)
        })
        .collect();
    let [first, second] = numbers[..] else { return None };
    let same_unit =
        first.quantity.as_ref().map(|quantity| quantity.unit) == second.quantity.as_ref().map(|quantity| quantity.unit);
    let between = text.get(first.range.end..second.range.start)?.trim().to_lowercase();
    let before = text[..first.range.start].trim_end().to_lowercase();
    let ends = |words: &[&str]| words.iter().any(|word| before.ends_with(word));
    let short = [first, second].iter().all(|claim| claim.text.chars().count() <= 14);
    let sides = if ends(&[" from", " von", " de"]) && ["to", "auf", "para", "a", "à"].contains(&between.as_str()) {
        Some(phrases.from_to)
    } else if ends(&[" between", " zwischen", " entre"]) && ["and", "und", "e", "y", "et"].contains(&between.as_str()) {
        Some(phrases.between)
    } else {
        None
    };
    let (left, right) = match sides {
        Some((left, right)) if same_unit || first.quantity.as_ref()?.unit.is_none() => {
            (left.to_owned(), right.to_owned())
        }
        _ => {
            let share = first.quantity.as_ref()?.unit == Some("%") && same_unit;
            let names: Vec<&Claim> = found.iter().filter(|claim| claim.kind == ClaimKind::Name).collect();
            let owner = |number: &Claim| {
                names.iter().rev().find(|name| name.range.end <= number.range.start).map(|name| name.text.clone())
            };
            let (left, right) = (owner(first)?, owner(second)?);
            if !share || left == right {
                return None;
            }
            (left, right)
        }
    };
    let headline = key_phrase(&text[second.range.end..], language, 6);
    let headline =
        if word_count(&headline) >= 2 { headline } else { key_phrase(&text[..first.range.start], language, 6) };
    (short && word_count(&headline) >= 2).then(|| Card::Comparison {
        label: phrases.comparison_label.to_uppercase(),
        headline,
        left: (left, first.text.clone()),
        right: (right, second.text.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> Card {
        cards(text, "Orion", Language::English).remove(0)
    }

    #[test]
    fn key_phrases_begin_and_end_with_meaning() {
        let phrase = |text| key_phrase(text, Language::English, 7);
        assert_eq!(
            phrase("Police dropped an investigation into the flood in 2004."),
            "Police dropped an investigation into the flood"
        );
        assert_eq!(phrase("Officials decided not to repair the bridge."), "Officials decided not to repair the bridge");
        assert_eq!(phrase("It is."), "It is");
        for text in ["The council could close the bridge.", "", "…", "A b c d e f g h i j k l m"] {
            assert!(word_count(&phrase(text)) <= 7);
        }
    }

    #[test]
    fn the_layout_follows_the_content() {
        assert_eq!(
            card("Storms endanger 1,700 military sites worldwide."),
            Card::Number {
                label: "THE NUMBER".to_owned(),
                headline: "Storms endanger".to_owned(),
                value: "1,700".to_owned(),
                caption: "military sites".to_owned(),
            }
        );
        assert_eq!(
            card("“The bridge will fall,” said Ann Roe."),
            Card::Quote { quote: "The bridge will fall".to_owned(), attribution: "Ann Roe".to_owned() }
        );
        assert!(matches!(card("The toll rises from £2 to £5 for each car."), Card::Comparison { left, right, .. }
            if left == ("From".to_owned(), "£2".to_owned()) && right == ("To".to_owned(), "£5".to_owned())));
        assert!(
            matches!(card("The storm damaged bridges, old houses and power lines."), Card::List { items, .. }
            if items == ["Bridges", "Old houses", "Power lines"]),
            "{:?}",
            card("The storm damaged bridges, old houses and power lines.")
        );
        assert!(matches!(card("The council closed the bridge."), Card::Headline { .. }));
    }
}
