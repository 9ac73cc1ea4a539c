//! Cards: what stands on the screen while a line is spoken, in few words taken from the line.

use super::change::change_card;
use super::chart::chart_card;
use super::compress::capitalised;
use super::hook::{counted_noun, said};
use super::moments::timeline_card;
use super::outline::{outline, outline_after, outline_before, phrase_from};
use super::phrase::{QUALIFIERS, has_verb, is_verb, phrases};
use super::place::place_card;
use super::statement::statement_card;
use crate::domain::{Card, ClaimKind};
use crate::text::claim::{Claim, claims, split_words};
use crate::text::language::Language;
use crate::text::sentence::word_count;

/// Most words of a headline.
const MOST_WORDS: usize = 12;

/// Those of them that are nothing without the others.
const HALF_QUALIFIERS: &[&str] = &["than", "to", "at", "de", "als", "zu", "some"];

/// Every card that fits a line, the most telling first; the last two, a headline and a statement, fit any.
pub(super) fn cards(text: &str, label: &str, language: Language) -> Vec<Card> {
    let found = claims(text, language);
    let mut cards = Vec::new();
    cards.extend(quote_card(text, language));
    cards.extend(chart_card(text, &found, language));
    cards.extend(timeline_card(text, &found, language));
    cards.extend(change_card(text, &found, language));
    cards.extend(comparison_card(text, &found, language));
    cards.extend(number_card(text, &found, language));
    cards.extend(list_card(text, &found, language));
    cards.extend(place_card(text, language));
    cards.push(Card::Headline { label: label.to_uppercase(), headline: outline(text, language, MOST_WORDS) });
    cards.push(statement_card(text, &found, language));
    cards
}

fn quote_card(text: &str, language: Language) -> Option<Card> {
    let (quote, attribution) = said(text, language)?;
    let states = language != Language::English || has_verb(&quote);
    (states && (3..=18).contains(&word_count(&quote)))
        .then_some(Card::Quote { quote: capitalised(&quote), attribution })
}

/// One striking number with its noun: a share, an amount, a multiple, or a count of things.
fn number_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let claim = found.iter().find(|claim| is_striking(text, claim, language))?;
    let start = qualified(text, claim);
    let phrase = phrase_from(text, claim.range.end, language, 7);
    let noun = counted_noun(text, claim, language).unwrap_or_default();
    let unit = claim.quantity.as_ref().is_some_and(|quantity| quantity.unit.is_some());
    let (value, caption) = (&text[start..claim.range.end], if phrase.is_empty() { noun } else { phrase });
    // `fell by 40 percent` is told by a headline that says it all, not by `fell` and `40 percent`.
    let before = outline_before(text, start, language);
    let whole = outline(text, language, MOST_WORDS - 2);
    let told = whole.contains(value) && word_count(text) <= MOST_WORDS && !caption.starts_with("of ");
    let after = || outline_after(text, claim.range.end, language).filter(|_| start == 0);
    let headline = before.or_else(after).filter(|_| !caption.is_empty()).or_else(|| told.then_some(whole))?;
    let label = phrases(language).number_label.to_uppercase();
    let fits = !caption.is_empty() || unit;
    fits.then(|| Card::Number { label, headline, value: capitalised(value), caption })
}

fn is_striking(text: &str, claim: &Claim, language: Language) -> bool {
    let Some(quantity) = claim.quantity.as_ref() else { return false };
    let plain =
        !quantity.is_year() && !quantity.ordinal && quantity.digits && !claim.text.contains(['-', '–', '/', ':']);
    // `500 to 1,000 cycles`, `2004 and 2010`: a pair is no single number.
    let rest = text[claim.range.end..].split_whitespace().take(2).collect::<Vec<_>>();
    let pair = rest.get(1).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut before = text[..claim.range.start].split_whitespace().rev();
    let near = before.next().unwrap_or_default();
    let numbered = before.next().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let pair = pair || matches!(near, "between" | "zwischen" | "entre") || numbered && near.len() <= 3;
    let back = text[claim.range.end..].trim_start();
    let ago = [
        "ago",
        "later",
        "earlier",
        "old",
        "years ago",
        "year ago",
        "years later",
        "years old",
        "days ago",
        "months ago",
    ]
    .iter()
    .any(|word| back.starts_with(word));
    let counts = quantity.unit.is_some() || counted_noun(text, claim, language).is_some() || back.starts_with("of ");
    plain && !pair && !ago && counts && claim.text.chars().count() <= 16
}

/// Where a number begins with what qualifies it: `more than 95`, `up to £3m`.
fn qualified(text: &str, claim: &Claim) -> usize {
    let words = split_words(&text[..claim.range.start]);
    let open = |index: usize| words[index].after.chars().all(|c| matches!(c, '£' | '$' | '€'));
    let lower = |index: usize| words[index].core.to_lowercase();
    let mut first = words.len();
    while first > 0 && open(first - 1) && QUALIFIERS.contains(&lower(first - 1).as_str()) {
        first -= 1;
    }
    while first < words.len() && HALF_QUALIFIERS.contains(&lower(first).as_str()) && lower(first) != "at" {
        first += 1;
    }
    // `at 40` is a place, `at least 40` a bound.
    if first < words.len()
        && lower(first) == "at"
        && !words.get(first + 1).is_some_and(|next| next.core.ends_with("st"))
    {
        first += 1;
    }
    words.get(first).map_or(claim.range.start, |word| word.range.start)
}

/// `A, B and C` as points, each of which is a name or says something by itself.
fn list_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    const JOINERS: &[&str] = &["and", "or", "und", "oder", "sowie", "e", "ou", "y", "o", "et"];
    let words = split_words(text);
    let stop_words = language.stop_words();
    let inside = |index: usize| {
        let word = &words[index];
        !stop_words.contains(word.core.to_lowercase().as_str()) && !is_verb(word.core) && word.before.is_empty()
    };
    let joiner = (2..words.len().saturating_sub(1))
        .find(|index| JOINERS.contains(&words[*index].core) && words[..*index].iter().any(|word| word.after == ","))?;
    // Backwards from the joiner: one point before each comma, and the first up to the word that binds it.
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut end = joiner;
    loop {
        let mut start = end;
        while start > 0 && end - start < 3 && inside(start - 1) && (start == end || words[start - 1].after.is_empty()) {
            start -= 1;
        }
        if start == end || words[start..end - 1].iter().any(|word| !word.after.is_empty()) {
            return None;
        }
        items.push((start, end));
        match start.checked_sub(1) {
            Some(before) if words[before].after == "," => end = start,
            // A fourth word that belongs to the point would be lost.
            Some(before) if inside(before) => return None,
            _ => break,
        }
    }
    items.reverse();
    let mut last = joiner + 1;
    while last < words.len() && inside(last) && last - joiner <= 3 {
        last += 1;
        if !words[last - 1].after.is_empty() {
            break;
        }
    }
    let closed = words.get(last).is_none_or(|_| !words[last - 1].after.is_empty() || !inside(last));
    items.push((joiner + 1, last));
    let first = items.first().map(|(start, _)| words[*start].range.start)?;
    let whole = |&(start, end): &(usize, usize)| {
        let range = words[start].range.start..words[end - 1].range.end;
        let inner = words[start].core.chars().skip(1).any(char::is_uppercase);
        let named = |claim: &Claim| claim.kind == ClaimKind::Name && claim.range == range;
        end - start >= 2 || inner || found.iter().any(named)
    };
    let fits = closed && (3..=5).contains(&items.len()) && last > joiner + 1 && items.iter().all(whole);
    let headline = fits.then(|| outline_before(text, first, language)).flatten()?;
    let items: Vec<String> = items
        .into_iter()
        .map(|(start, end)| as_point(&text[words[start].range.start..words[end - 1].range.end]))
        .collect();
    let short = items.iter().all(|item| item.chars().count() <= 36);
    short.then(|| Card::List { label: phrases(language).list_label.to_uppercase(), headline, items })
}

/// With a capital, unless it is a name that begins small: `iOS`.
fn as_point(item: &str) -> String {
    let first = item.split(' ').next().unwrap_or_default();
    if first.chars().any(char::is_uppercase) { item.to_owned() } else { capitalised(item) }
}

/// Two shares that belong to two names.
fn comparison_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let number = |claim: &&Claim| {
        claim.quantity.as_ref().is_some_and(|quantity| quantity.digits && !quantity.is_year() && !quantity.ordinal)
    };
    let numbers: Vec<&Claim> = found.iter().filter(number).collect();
    let [first, second] = numbers[..] else { return None };
    let share = |claim: &Claim| claim.quantity.as_ref().and_then(|quantity| quantity.unit) == Some("%");
    let names: Vec<&Claim> = found.iter().filter(|claim| claim.kind == ClaimKind::Name).collect();
    let owner = |number: &Claim| {
        names.iter().rev().find(|name| name.range.end <= number.range.start).map(|name| name.text.clone())
    };
    let (left, right) = (owner(first)?, owner(second)?);
    let short = [first, second].iter().all(|claim| claim.text.chars().count() <= 14);
    (short && share(first) && share(second) && left != right).then(|| Card::Comparison {
        label: phrases(language).comparison_label.to_uppercase(),
        headline: outline(text, language, 8),
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

    #[track_caller]
    fn number(text: &str, expected: Option<(&str, &str, &str)>) {
        let Card::Number { headline, value, caption, .. } = card(text) else {
            assert_eq!(expected, None, "{:?}", card(text));
            return;
        };
        assert_eq!(Some((headline.as_str(), value.as_str(), caption.as_str())), expected);
    }

    #[test]
    fn a_number_keeps_its_noun_and_what_qualifies_it() {
        number(
            "Storms endanger 1,700 military sites worldwide.",
            Some(("Storms endanger 1,700 military sites worldwide", "1,700", "military sites worldwide")),
        );
        number(
            "More than 95 percent of the data between continents travels through glass fibres on the sea floor.",
            Some(("Glass fibres on the sea floor", "More than 95 percent", "of the data between continents")),
        );
        number(
            "The Moon drifts away from the Earth by about 3.8 centimetres a year.",
            Some(("The Moon drifts away from the Earth", "About 3.8", "centimetres a year")),
        );
        number(
            "The energy comes from the rotation of the Earth, so the day grows longer by about 2 milliseconds in a century.",
            Some(("The day grows longer", "About 2", "milliseconds in a century")),
        );
    }

    #[test]
    fn a_number_without_a_noun_stands_in_its_headline() {
        number("The index fell by 0.7 percent.", Some(("The index fell by 0.7 percent", "0.7 percent", "")));
        number(
            "The index of the hundred largest companies on the stock exchange in the capital fell by 0.7 percent.",
            None,
        );
    }

    #[test]
    fn dates_and_ranges_are_no_number_cards() {
        number("Growth lines in fossil corals date from 400 million years ago and from warm seas.", None);
        number("The batteries in phones of this kind are made to last for 500 to 1,000 full cycles.", None);
        number("Rooms at 35 degrees need far less power than those of the old house with its radiators.", None);
    }

    #[test]
    fn a_quote_has_a_speaker() {
        assert_eq!(
            card("“The bridge will fall,” said Ann Roe."),
            Card::Quote { quote: "The bridge will fall".to_owned(), attribution: "Ann Roe".to_owned() }
        );
        assert!(matches!(card("The bridge “will fall very soon”."), Card::Headline { .. }));
    }

    #[test]
    fn a_comparison_has_two_shares() {
        assert!(
            matches!(card("The Greens won 12 percent and Labour won 48 percent."), Card::Comparison { left, right, .. }
            if left.1 == "12 percent" && right == ("Labour".to_owned(), "48 percent".to_owned()))
        );
        assert!(matches!(card("The toll rises from £2 to £5 for each car."), Card::Change { .. }));
        assert!(matches!(
            card("Short top-ups between 20 and 80 percent are gentle."),
            Card::Headline { .. } | Card::Number { .. }
        ));
    }

    #[test]
    fn whatever_is_said_fits_two_layouts() {
        for text in ["It is so.", "", "嵐が町を襲った。", "Никто не пострадал."] {
            let layouts: Vec<_> = cards(text, "Orion", Language::English).iter().map(Card::layout).collect();
            assert!(layouts.ends_with(&[crate::domain::Layout::Headline, crate::domain::Layout::Statement]), "{text}");
        }
    }

    #[test]
    fn points_are_names_or_phrases() {
        let items = |text| match card(text) {
            Card::List { items, headline, .. } => Some((headline, items)),
            _ => None,
        };
        let (headline, points) =
            items("The storm hit the coast with broken bridges, old houses and power lines.").unwrap();
        assert_eq!((headline.as_str(), points.len()), ("The storm hit the coast", 3));
        assert_eq!(points, ["Broken bridges", "Old houses", "Power lines"]);
        let (_, names) =
            items("The new editor runs well in the office, on iOS, Android, Blackberry and Windows Phone.")
                .unwrap_or_default();
        assert_eq!(names, ["iOS", "Android", "Blackberry", "Windows Phone"]);
        assert_eq!(items("Drought, wind and flooding topped the list of disasters in the country last year."), None);
    }

    #[test]
    fn what_fits_no_layout_is_a_headline() {
        assert_eq!(
            card("The council closed the bridge."),
            Card::Headline { label: "ORION".to_owned(), headline: "The council closed the bridge".to_owned() }
        );
    }
}
