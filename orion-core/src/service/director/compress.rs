//! Making sentences fit for speech: what can go without changing what is said goes, and what is still too long
//! for one line is left out. A line is always a whole sentence, and no word is ever added to what a source says,
//! except a full stop.

use super::clean::{is_balanced, with_stop};
use super::cut::{LEADERS, is_whole, quoted_ranges, shortened};
use super::outline::told;
use super::phrase::{connectives, has_verb, is_verb};
use crate::text::claim::split_words;
use crate::text::language::Language;
use crate::text::sentence::word_count;

/// Words of a line that is not long: about eight seconds.
pub(super) const MOST_WORDS: usize = 20;

/// Most words of one line: a longer sentence loses whoever only hears it.
const LONGEST: usize = 40;

/// What every word over [`MOST_WORDS`] costs.
const LONG_WORD: f64 = 0.015;

/// Least words of one line.
pub(super) const LEAST_WORDS: usize = 4;

/// One way to say a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rendering {
    /// Lines in order.
    pub(super) lines: Vec<String>,
    /// How much was lost or how roughly it was cut: 0 is as written.
    pub(super) loss: f64,
}

impl Rendering {
    /// How many words it takes to say.
    pub(super) fn words(&self) -> usize {
        self.lines.iter().map(|line| word_count(line)).sum()
    }
}

/// The ways to say a sentence: in everything it says, and short where it can be; none if it is too long for speech.
pub(super) fn renderings(sentence: &str, language: Language) -> Vec<Rendering> {
    let tidy = with_stop(&without_brackets(sentence));
    let long = |text: &str| word_count(text).saturating_sub(MOST_WORDS) as f64 * LONG_WORD;
    let whole = Rendering { loss: long(&tidy), lines: vec![tidy.clone()] };
    if word_count(&tidy) <= MOST_WORDS {
        return vec![whole];
    }
    let mut ways = Vec::new();
    if let Some(parts) = independent(&tidy, language) {
        let first = parts.first().cloned().filter(|first| word_count(first) <= MOST_WORDS);
        ways.push(Rendering { loss: parts.iter().map(|part| long(part)).sum(), lines: parts });
        ways.extend(first.map(|first| Rendering { lines: vec![first], loss: 0.2 }));
    }
    ways.push(whole);
    let leads = tidy.split(' ').next().is_some_and(|first| LEADERS.contains(&first));
    let start = told(&tidy, language, MOST_WORDS)
        .filter(|start| word_count(start) >= LEAST_WORDS + 3 && !leads && is_whole(start));
    ways.extend(start.map(|start| Rendering { lines: vec![with_stop(&start)], loss: 0.3 }));
    if let Some((short, loss)) = shortened(&tidy, language) {
        ways.push(Rendering { loss: loss + long(&short), lines: vec![short] });
    }
    ways.retain(|way| way.lines.iter().all(|line| word_count(line) <= LONGEST));
    ways
}

/// The first letter as a capital.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if is_opening_mark(first) => format!("{first}{}", capitalised(characters.as_str())),
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn is_opening_mark(c: char) -> bool {
    crate::text::sentence::is_opening(c)
}

/// Without what stands in brackets: asides and abbreviations that nobody speaks.
pub(super) fn without_brackets(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    for (open, close) in [('(', ')'), ('[', ']')] {
        while let Some(start) = text.find(open) {
            let Some(length) = text[start..].find(close) else { break };
            text.replace_range(start..start + length + close.len_utf8(), "");
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [(" ,", ","), (" .", "."), (" ;", ";"), (" :", ":"), (" ?", "?"), (" !", "!")]
        .iter()
        .filter(|_| sentence.contains(['(', '[']))
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// Without a word that only links to what was said before.
pub(super) fn without_connective(sentence: &str, language: Language) -> String {
    let once = without_one_connective(sentence, language);
    without_one_connective(&once, language)
}

fn without_one_connective(sentence: &str, language: Language) -> String {
    let lower = sentence.to_lowercase();
    let found = connectives(language)
        .iter()
        .filter(|word| lower.starts_with(**word))
        .filter(|word| lower[word.len()..].starts_with([' ', ',']))
        .max_by_key(|word| word.len());
    match found {
        // Lower case may change the length of a text, but not of these words.
        Some(word) if sentence.is_char_boundary(word.len()) => {
            capitalised(sentence[word.len()..].trim_start_matches([',', ' ']))
        }
        _ => sentence.to_owned(),
    }
}

/// A long sentence as two that stand alone, if it is made of two.
fn independent(sentence: &str, language: Language) -> Option<Vec<String>> {
    let quoted = quoted_ranges(sentence);
    let mut best: Option<(usize, Vec<String>)> = None;
    let borders =
        ["; ", ", and ", ", but ", ", while ", " – ", " — ", ", und ", ", aber ", ", mas ", ", pero ", ", mais "];
    for border in borders {
        for (position, _) in sentence.match_indices(border) {
            let (left, right) = (&sentence[..position], &sentence[position + border.len()..]);
            let inside = quoted.iter().any(|range| range.contains(&position));
            let adversative = matches!(border, ", but " | ", aber " | ", mas " | ", pero " | ", mais ");
            if inside
                || !is_balanced(left)
                || !is_clause(right, language)
                || !says_something(left, language)
                || !is_whole(left)
            {
                continue;
            }
            let (a, b) = (word_count(left), word_count(right));
            if a < LEAST_WORDS + 1 || b < LEAST_WORDS + 1 || sentence[..position].contains(" – ") && border == " – "
            {
                continue;
            }
            let second = if adversative { format!("{}{right}", &border[2..]) } else { right.to_owned() };
            let distance = a.abs_diff(b);
            if best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, vec![with_stop(left), with_stop(&capitalised(&second))]));
            }
        }
    }
    best.map(|(_, parts)| parts).or_else(|| who(sentence))
}

/// `Ann Roe, who built it, left.` as `Ann Roe left. Ann Roe built it.`
fn who(sentence: &str) -> Option<Vec<String>> {
    let position = sentence.find(", who ")?;
    let head = &sentence[..position];
    let words = split_words(head);
    let named = words.iter().rev().take_while(|word| word.core.starts_with(char::is_uppercase)).count();
    let first = words.len().checked_sub(named).and_then(|first| words.get(first))?;
    if !(1..=4).contains(&named) || !first.before.is_empty() {
        return None;
    }
    let name = &head[first.range.start..];
    let clause = &sentence[position + ", who ".len()..];
    let opens = first.range.start == 0;
    match clause.find(", ") {
        Some(end) if opens => {
            let (inner, rest) = (&clause[..end], &clause[end + 2..]);
            let fits = word_count(inner) >= 3 && rest.split_whitespace().next().is_some_and(is_verb);
            fits.then(|| vec![with_stop(&format!("{name} {rest}")), with_stop(&format!("{name} {inner}"))])
        }
        None if !opens && word_count(clause) >= 4 && clause.split_whitespace().next().is_some_and(is_verb) => {
            Some(vec![with_stop(head), with_stop(&format!("{name} {clause}"))])
        }
        _ => None,
    }
}

/// Whether words read as a clause with a subject of its own: a determiner, a name or a noun, and a verb.
pub(super) fn is_clause(text: &str, language: Language) -> bool {
    const SUBJECTS: &[&str] = &[
        "the", "a", "an", "it", "he", "she", "they", "we", "there", "his", "her", "their", "its", "many", "some",
        "most", "der", "die", "das", "ein", "eine", "er", "sie", "es", "o", "os", "as", "um", "uma", "ele", "ela",
        "el", "la", "los", "las", "un", "una", "il", "elle", "le", "les", "une",
    ];
    let first = text.split_whitespace().next().unwrap_or_default();
    let subject = SUBJECTS.contains(&first.to_lowercase().as_str()) || first.starts_with(char::is_uppercase);
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    let plural = language == Language::English
        && first.ends_with('s')
        && !first.ends_with("ss")
        && is_verb(second)
        && !is_verb(first);
    // The verb comes early: otherwise `and the old bridge over the river` would pass.
    let head: Vec<&str> = text.split_whitespace().take(7).collect();
    // `Paul Ryan, made statements` is the end of an aside.
    let before_comma = text.split(", ").next().unwrap_or_default();
    let own_verb = language != Language::English || has_verb(before_comma);
    (subject || plural) && own_verb && is_balanced(text) && (language != Language::English || has_early_verb(&head))
}

fn has_early_verb(head: &[&str]) -> bool {
    head.iter().skip(1).any(|word| is_verb(word))
}

fn says_something(text: &str, language: Language) -> bool {
    language != Language::English || has_verb(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(sentence: &str) -> Vec<String> {
        renderings(sentence, Language::English).remove(0).lines
    }

    fn short(sentence: &str) -> String {
        renderings(sentence, Language::English).pop().unwrap().lines.join(" | ")
    }

    #[test]
    fn a_short_sentence_stays_as_it_is() {
        assert_eq!(full("The bridge (built in 1900) is closed (again)."), ["The bridge is closed."]);
    }

    #[test]
    fn two_clauses_become_two_sentences() {
        assert_eq!(
            full(
                "The old bridge over the river was closed to all traffic last spring, but the city council still has no \
                 plan for the repair of its two damaged pillars."
            ),
            [
                "The old bridge over the river was closed to all traffic last spring.",
                "But the city council still has no plan for the repair of its two damaged pillars."
            ]
        );
        assert_eq!(
            full(
                "Maria Lund, who designed the bridge forty years ago and still lives beside the river, told the council \
                 that its pillars had never been checked from below."
            ),
            [
                "Maria Lund told the council that its pillars had never been checked from below.",
                "Maria Lund designed the bridge forty years ago and still lives beside the river."
            ]
        );
    }

    #[test]
    fn asides_can_go() {
        assert_eq!(
            short(
                "The council closed the old bridge over the river on Wednesday after divers had found cracks in two of its \
                 pillars, according to a report that was published online."
            ),
            "The council closed the old bridge over the river after divers had found cracks in two of its pillars."
        );
    }

    #[test]
    fn a_long_sentence_is_said_whole_and_one_that_is_too_long_never_in_pieces() {
        let long = "The council wants to know who ordered the report about the state of the bridge that had been hidden \
                    from every one of its members for years.";
        assert_eq!(full(long), [long]);
        let endless = format!("{}{}", "The council met and ".repeat(12), "went home.");
        assert!(renderings(&endless, Language::English).iter().all(|way| way.lines.len() == 1));
    }

    #[test]
    fn linking_words_go() {
        let english = |text| without_connective(text, Language::English);
        assert_eq!(english("However, the bridge held."), "The bridge held.");
        assert_eq!(english("But in fact it held."), "It held.");
        assert_eq!(english("Butter is yellow."), "Butter is yellow.");
        assert_eq!(english("Andrew left."), "Andrew left.");
    }
}
