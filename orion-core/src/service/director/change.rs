//! Before and after: `from £2 to £5`, `turned from a railway into a park`, `once a ruin, now a school`.

use super::compress::capitalised;
use super::outline::{outline, outline_before};
use super::phrase::{has_verb, phrases};
use crate::domain::{Card, ClaimKind};
use crate::text::claim::{Claim, split_words};
use crate::text::language::Language;
use crate::text::sentence::word_count;

/// Most words of either side.
const MOST_WORDS: usize = 5;
/// Most characters of an amount.
const MOST_AMOUNT: usize = 14;

/// How something was and how it is.
pub(super) fn change_card(text: &str, found: &[Claim], language: Language) -> Option<Card> {
    let phrases = phrases(language);
    let card = |headline: String, before: &str, after: &str, titles: (&str, &str)| Card::Change {
        label: phrases.change_label.to_uppercase(),
        headline,
        before: (titles.0.to_owned(), capitalised(before)),
        after: (titles.1.to_owned(), capitalised(after)),
    };
    if let Some((headline, one, other)) = amounts(text, found, language) {
        return Some(card(headline, &one, other, phrases.from_to));
    }
    let (headline, one, other) = states(text, language)?;
    Some(card(headline, one, other, phrases.before_after))
}

/// `from X to Y` of two like amounts, with what changes.
fn amounts<'t>(text: &'t str, found: &[Claim], language: Language) -> Option<(String, String, &'t str)> {
    let amount = |claim: &&Claim| {
        claim.kind == ClaimKind::Number
            && claim.quantity.as_ref().is_some_and(|quantity| quantity.digits && !quantity.ordinal)
    };
    let numbers: Vec<&Claim> = found.iter().filter(amount).collect();
    let [first, second] = numbers[..] else { return None };
    let unit = |claim: &Claim| claim.quantity.as_ref().and_then(|quantity| quantity.unit);
    let between = text.get(first.range.end..second.range.start)?.trim().to_lowercase();
    let before = text[..first.range.start].trim_end();
    let from = ["from", "von", "de"].iter().find(|word| before.to_lowercase().ends_with(&format!(" {word}")))?;
    let to = ["to", "auf", "para", "a", "à"].contains(&between.trim_end_matches(['£', '$', '€', ' ']));
    let short = [first, second].iter().all(|claim| claim.text.chars().count() <= MOST_AMOUNT);
    // `from 2 to 5 dollars`: the unit stands behind the second alone, and belongs to both.
    let alike = unit(first) == unit(second) || unit(first).is_none();
    if !to || !short || !alike {
        return None;
    }
    let limit = before.len().checked_sub(from.len())?;
    // Where verbs are not known, what stands before it is taken if it is short and no more than one clause.
    let plain = || {
        let head = text.get(..limit)?.trim();
        let whole = language != Language::English && (2..=8).contains(&word_count(head)) && !head.contains([',', ';']);
        whole.then(|| capitalised(head))
    };
    let headline = outline_before(text, limit, language).or_else(plain)?;
    let (mut one, other) = (text.get(first.range.clone())?.to_owned(), text.get(second.range.clone())?);
    if unit(first) != unit(second) {
        let behind = other.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
        // A sign in front goes with the other alone: `from 2 to £5`.
        (behind.len() < other.len()).then_some(())?;
        one.push_str(behind);
    }
    Some((headline, one, other))
}

/// Two states in words.
fn states(text: &str, language: Language) -> Option<(String, &str, &str)> {
    const TURNS: &[(&str, &str)] = &[
        (" from a ", " into a "),
        (" from an ", " into a "),
        (" from a ", " into an "),
        (" from a ", " to a "),
        (" von einem ", " zu einem "),
        (" von einer ", " zu einer "),
    ];
    const ONCE: &[(&str, &str)] = &[
        (" once ", " now "),
        (" früher ", " heute "),
        (" antes ", " agora "),
        (" antes ", " ahora "),
        (" autrefois ", " aujourd’hui "),
    ];
    let turned = TURNS.iter().find_map(|(from, to)| {
        let (head, rest) = text.split_once(from)?;
        let (one, other) = rest.split_once(to)?;
        // The article goes with what it belongs to.
        let with_article =
            |joint: &str, side: &str| joint.trim().rsplit(' ').next().unwrap_or_default().len() + 1 + side.len();
        let end = head.len() + from.len() + one.len();
        let one = text.get(end - with_article(from, one)..end)?;
        let end = text.len();
        let other = text.get(end - with_article(to, other)..end)?;
        Some((outline(head, language, 8), state(one)?, state(other)?))
    });
    let once = || {
        ONCE.iter().find_map(|(once, now)| {
            let (head, rest) = text.split_once(once)?;
            let (one, other) = rest.split_once(now)?;
            let one = one.trim_end().trim_end_matches(" is").trim_end_matches(" ist").trim_end_matches([',', ';']);
            let head = head.trim_end_matches([',', ' ']);
            (word_count(head) <= 6).then_some(())?;
            Some((capitalised(head), state(one)?, state(other)?))
        })
    };
    turned.or_else(once).filter(|(headline, _, _)| !headline.is_empty())
}

/// The words of a state up to where they end, if they are few and no clause.
fn state(text: &str) -> Option<&str> {
    let words = split_words(text);
    let end = words.iter().position(|word| !word.after.is_empty()).map_or(words.len(), |at| at + 1);
    let last = words.get(end.checked_sub(1)?)?;
    let state = text.get(words[0].range.start..last.range.end)?;
    ((1..=MOST_WORDS).contains(&end) && !has_verb(state)).then_some(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::claim::claims;

    fn change(text: &str) -> Option<(String, String, String)> {
        match change_card(text, &claims(text, Language::English), Language::English)? {
            Card::Change { headline, before, after, .. } => Some((headline, before.1, after.1)),
            _ => None,
        }
    }

    #[track_caller]
    fn is(text: &str, headline: &str, before: &str, after: &str) {
        assert_eq!(change(text), Some((headline.to_owned(), before.to_owned(), after.to_owned())));
    }

    #[test]
    fn amounts_change_from_one_to_the_other() {
        is("The toll rises from £2 to £5 for each car.", "The toll rises", "£2", "£5");
        is("The toll rises from 2 to 5 dollars.", "The toll rises", "2 dollars", "5 dollars");
        is("The share rose from 20 to 30 percent.", "The share rose", "20 percent", "30 percent");
        let german = "Die Maut steigt von 2 auf 5 Euro.";
        let card = change_card(german, &claims(german, Language::German), Language::German);
        let sides = match card {
            Some(Card::Change { before, after, .. }) => Some((before.1, after.1)),
            _ => None,
        };
        assert_eq!(sides, Some(("2 Euro".to_owned(), "5 Euro".to_owned())));
    }

    #[test]
    fn things_turn_into_others() {
        is("The city turned the line from a railway into a park.", "The city turned the line", "A railway", "A park");
        is("The mill, once a ruin, is now a school for dancers.", "The mill", "A ruin", "A school for dancers");
    }

    #[test]
    fn what_only_sounds_like_a_change_is_none() {
        for text in [
            "Short top-ups between 20 and 80 percent are gentle.",
            "She once said that now is the time to go there and to stay.",
            "Once upon a time there was a king.",
        ] {
            assert_eq!(change(text), None, "{text}");
        }
    }
}
