//! Location cards: where it happens, by name and without a map.

use super::compress::capitalised;
use super::outline::outline_before;
use super::phrase::{has_verb, phrases};
use crate::domain::Card;
use crate::text::language::Language;
use crate::text::place::place;
use crate::text::sentence::word_count;

/// A location card, if a sentence names a place and says before it what happens there.
pub(super) fn place_card(text: &str, language: Language) -> Option<Card> {
    let place = place(text)?;
    // What opens with the place is told by what follows.
    let headline = match word_count(text.get(..place.range.start)?) {
        0 => {
            let rest = text.get(place.range.end..)?.trim_start_matches([',', ' ']).trim_end_matches('.');
            (word_count(rest) <= 9).then(|| capitalised(rest))?
        }
        2..=9 if tells(text.get(..place.range.start)?, language) => capitalised(text[..place.range.start].trim()),
        _ => outline_before(text, place.range.start, language)?,
    };
    (!headline.is_empty()).then(|| Card::Place {
        label: phrases(language).place_label.to_uppercase(),
        name: place.name,
        region: place.region.unwrap_or_default(),
        headline,
    })
}

/// Whether the words before a place say something by themselves.
fn tells(before: &str, language: Language) -> bool {
    let open = before.contains([',', ';', ':', '“', '"', '(']);
    !open && (language != Language::English || has_verb(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_what_happens_there() {
        let card = |text| match place_card(text, Language::English) {
            Some(Card::Place { name, region, headline, .. }) => Some((headline, name, region)),
            _ => None,
        };
        let text = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(card("The old bridge fell near Bergen, Norway."), text("The old bridge fell", "Bergen", "Norway"));
        assert_eq!(card("In Tokyo, the trains stopped."), text("The trains stopped", "Tokyo", ""));
        assert_eq!(card("The old bridge fell."), None);
    }
}
