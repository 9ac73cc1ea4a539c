//! The labels of cards and the credits of sources in the language of the script, or without words of ours.

use super::phrase::{Phrases, phrases};
use super::tongue::{self, Tongue, Written};
use crate::domain::Card;
use crate::text::language::Language;

/// Gives the cards of a script labels in its language, or none.
pub(super) fn relabel<'a>(cards: impl Iterator<Item = &'a mut Card>, text: &str, language: Language) {
    let tongue = match tongue::of(text) {
        Written::Own => return,
        Written::In(tongue) => Some(tongue),
        Written::Unknown => None,
    };
    let ours = phrases(language);
    cards.for_each(|card| put(card, ours, tongue));
}

fn put(card: &mut Card, ours: &Phrases, tongue: Option<&Tongue>) {
    match card {
        Card::Headline { label, .. }
        | Card::Number { label, .. }
        | Card::List { label, .. }
        | Card::Comparison { label, .. }
        | Card::Chart { label, .. }
        | Card::Timeline { label, .. }
        | Card::Change { label, .. }
        | Card::Place { label, .. } => {
            // The name of a publication stays.
            if let Some(number) = ours.labels().iter().position(|own| own.to_uppercase() == *label) {
                *label = tongue.map(|tongue| tongue.labels[number].to_uppercase()).unwrap_or_default();
            }
        }
        Card::Closing { credits, .. } => {
            for credit in credits {
                for (own, other) in [
                    (ours.source, tongue.map(|tongue| tongue.source)),
                    (ours.picture, tongue.map(|tongue| tongue.picture)),
                ] {
                    if let Some(rest) = credit.strip_prefix(own).and_then(|rest| rest.strip_prefix(": ")) {
                        *credit = other.map_or_else(|| rest.to_owned(), |other| format!("{other}: {rest}"));
                        break;
                    }
                }
            }
        }
        Card::Quote { .. } | Card::Statement { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_and_labels_are_told_in_it() {
        let mut cards = [
            Card::Headline { label: "IN SHORT".to_owned(), headline: "…".to_owned() },
            Card::Headline { label: "THE VERGE".to_owned(), headline: "…".to_owned() },
            Card::Closing {
                headline: "…".to_owned(),
                credits: vec!["Source: NRC".to_owned(), "Picture: A. B.".to_owned()],
            },
        ];
        let dutch = "De oudste brug van de stad staat op instorten.";
        relabel(cards.iter_mut(), dutch, Language::English);
        let closing = serde_json::to_value(&cards[2]).unwrap();
        assert_eq!(closing["credits"], serde_json::json!(["Bron: NRC", "Foto: A. B."]));
        let labels: Vec<&str> = cards
            .iter()
            .filter_map(|card| match card {
                Card::Headline { label, .. } => Some(label.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(labels, ["IN HET KORT", "THE VERGE"]);
        relabel(cards.iter_mut(), "Hallitus ilmoitti tänään.", Language::English);
        assert!(matches!(&cards[2], Card::Closing { credits, .. } if credits[0] == "Bron: NRC"));
    }
}
