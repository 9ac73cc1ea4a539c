//! Statement cards: a sentence whose weightiest words stand out. It fits whatever is said, as the headline does, so that
//! two scenes need never look the same.

use super::outline::outline;
use crate::domain::{Card, ClaimKind};
use crate::text::claim::{Claim, split_words};
use crate::text::language::Language;

/// Most words of a statement.
const MOST_WORDS: usize = 14;
/// Words that stand out, at most: more would be none.
const MOST_MARKED: usize = 2;
/// An ordinary word that stands out has so many characters at least.
const LEAST_CHARACTERS: usize = 6;

pub(super) fn statement_card(text: &str, found: &[Claim], language: Language) -> Card {
    statement(outline(text, language, MOST_WORDS), found, language)
}

/// A statement of these words as they are: numbers and names in it stand out, else its longest words.
pub(crate) fn statement(words: String, found: &[Claim], language: Language) -> Card {
    let weight = |claim: &&Claim| match claim.kind {
        ClaimKind::Number => Some(0),
        ClaimKind::Name if !only_begins(claim) => Some(1),
        _ => None,
    };
    let mut telling: Vec<&Claim> = found.iter().filter(|claim| weight(claim).is_some()).collect();
    telling.sort_by_key(weight);
    let there = telling.iter().map(|claim| claim.text.as_str()).filter(|text| words.contains(text));
    // A name of many words is a line of its own, and marks nothing.
    let mut marked: Vec<String> =
        there.filter(|text| text.split(' ').count() <= 3).map(str::to_owned).take(MOST_MARKED).collect();
    if marked.is_empty() {
        let stop_words = language.stop_words();
        let long = split_words(&words).into_iter().map(|word| word.core).filter(|word| {
            word.chars().count() >= LEAST_CHARACTERS && !stop_words.contains(word.to_lowercase().as_str())
        });
        let mut long: Vec<&str> = long.collect();
        long.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        marked = long.into_iter().take(1).map(str::to_owned).collect();
    }
    // Where most of it stood out nothing would: what is written without spaces counts as one word.
    let all = words.chars().count();
    marked.retain(|mark| 2 * mark.chars().count() <= all);
    Card::Statement { words, marked }
}

/// Whether a name may be one only because a sentence begins with it: a short word of a script whose frequent words are
/// not known, such as an article.
fn only_begins(claim: &Claim) -> bool {
    const SHORT: usize = 4;
    let foreign = claim.text.chars().all(|c| c.is_alphabetic() && c >= '\u{250}');
    foreign && claim.range.start == 0 && claim.text.chars().count() <= SHORT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::claim::claims;

    fn marked(text: &str) -> Vec<String> {
        match statement_card(text, &claims(text, Language::English), Language::English) {
            Card::Statement { marked, .. } => marked,
            card => unreachable!("{card:?}"),
        }
    }

    #[test]
    fn numbers_and_names_stand_out_and_else_the_longest_word() {
        assert_eq!(marked("Divers from Bergen found 40 cracks in it."), ["40", "Bergen"]);
        assert_eq!(marked("Nobody repaired the bridge."), ["repaired"]);
        assert!(marked("It is so.").is_empty());
        assert_eq!(marked("Η κυβέρνηση δεν απάντησε ποτέ."), ["κυβέρνηση"]);
        assert_eq!(marked("Η πόλη είδε την Αθήνα."), ["Αθήνα"]);
        assert!(marked("预算比去年增长百分之八。").is_empty());
    }
}
