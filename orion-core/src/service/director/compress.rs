//! Making sentences fit for speech: what can go without changing what is said goes, and what is still too long
//! is divided where a speaker would draw breath. No word is ever added to what a source says, except a full stop.

use super::breath::divided;
use super::clean::{is_balanced, with_stop};
use super::phrase::{connectives, is_verb};
use crate::text::claim::{quotes, split_words};
use crate::text::language::{Language, weekday};
use crate::text::sentence::word_count;
use std::ops::Range;

/// Most words of one line: about six seconds.
pub(super) const MOST_WORDS: usize = 20;

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

/// A sentence in lines that can be spoken: everything it says, and a short version if there is one.
pub(super) fn renderings(sentence: &str, language: Language) -> Vec<Rendering> {
    let tidy = with_stop(&without_brackets(sentence));
    if word_count(&tidy) <= MOST_WORDS {
        return vec![Rendering { lines: vec![tidy], loss: 0.0 }];
    }
    let mut ways = Vec::new();
    let parts = independent(&tidy, language).unwrap_or_else(|| vec![tidy.clone()]);
    let full: Vec<String> = parts.iter().flat_map(|part| divided(part, MOST_WORDS, language, true)).collect();
    let cuts = full.len().saturating_sub(parts.len());
    ways.push(Rendering { loss: 0.15 * cuts as f64, lines: full });
    if let Some((short, loss)) = shortened(&tidy, language) {
        ways.push(Rendering { lines: vec![short], loss });
    }
    if let (true, Some(first)) = (parts.len() > 1, parts.first())
        && (LEAST_WORDS + 1..=MOST_WORDS).contains(&word_count(first))
    {
        ways.push(Rendering { lines: vec![first.clone()], loss: 0.2 });
    }
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
    (subject || plural) && is_balanced(text) && (language != Language::English || has_early_verb(&head))
}

fn has_early_verb(head: &[&str]) -> bool {
    head.iter().skip(1).any(|word| is_verb(word))
}

fn says_something(text: &str, language: Language) -> bool {
    language != Language::English || super::phrase::has_verb(text)
}

/// The sentence in one line, by leaving out what is said beside: and how much was lost.
fn shortened(sentence: &str, language: Language) -> Option<(String, f64)> {
    let mut text = sentence.to_owned();
    let mut loss = 0.0;
    for attempt in 0..5 {
        let (next, cost) = match attempt {
            0 => (without_weekday(&text, language), 0.02),
            1 => (without_dashed(&text), 0.08),
            2 => (without_inserted(&text), 0.10),
            3 => (without_trailing(&text), 0.12),
            _ => (without_leading(&text), 0.15),
        };
        if let Some(next) = next.filter(|next| is_balanced(next) && word_count(next) >= LEAST_WORDS + 2) {
            text = next;
            loss += cost;
        }
        if word_count(&text) <= MOST_WORDS {
            return (loss > 0.0).then_some((with_stop(&text), loss));
        }
    }
    None
}

/// Without `on Wednesday`, which is soon wrong for a viewer.
fn without_weekday(sentence: &str, language: Language) -> Option<String> {
    if language != Language::English {
        return None;
    }
    let words = split_words(sentence);
    let pair = words.windows(2).find(|pair| {
        matches!(pair[0].core, "on" | "On")
            && pair[0].after.is_empty()
            && weekday(&pair[1].core.to_lowercase()).is_some()
    })?;
    let (start, end) = (pair[0].range.start, pair[1].range.end);
    if start == 0 || sentence[end..].starts_with([' ', '.', ',']).then_some(()).is_none() {
        return None;
    }
    let (before, after) = (sentence[..start].trim_end(), &sentence[end..]);
    // `, on Wednesday,` leaves one comma, and `on Wednesday evening` stays whole.
    let next = after.split_whitespace().next().unwrap_or_default();
    if ["morning", "afternoon", "evening", "night"].contains(&next.trim_matches(|c: char| !c.is_alphabetic())) {
        return None;
    }
    let after = if before.ends_with(',') { after.trim_start_matches(',') } else { after };
    Some(format!("{before}{after}"))
}

/// Without `– an aside between dashes –`.
fn without_dashed(sentence: &str) -> Option<String> {
    for dash in [" – ", " — "] {
        let positions: Vec<usize> = sentence.match_indices(dash).map(|(position, _)| position).collect();
        if let [first, second] = positions[..] {
            return Some(format!("{} {}", &sentence[..first], &sentence[second + dash.len()..]));
        }
        if let [only] = positions[..] {
            return (word_count(&sentence[..only]) >= 6).then(|| with_stop(&sentence[..only]));
        }
    }
    None
}

/// Without `, which …,` and without `, a builder by trade,` behind a name.
fn without_inserted(sentence: &str) -> Option<String> {
    let commas = commas(sentence);
    for pair in commas.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        let inner = sentence[start + 1..end].trim();
        let rest = sentence[end + 1..].trim_start();
        let opener = inner.split_whitespace().next().unwrap_or_default();
        let relative = matches!(opener, "which" | "who" | "whose" | "where" | "when");
        let named =
            sentence[..start].split_whitespace().last().is_some_and(|word| word.starts_with(char::is_uppercase));
        let apposition = named && matches!(opener, "a" | "an" | "the" | "its" | "his" | "her" | "their");
        let goes_on = rest.split_whitespace().next().is_some_and(is_verb);
        if (relative || apposition) && goes_on {
            return Some(format!("{} {rest}", &sentence[..start]));
        }
    }
    None
}

/// Without a clause that trails behind the last comma.
fn without_trailing(sentence: &str) -> Option<String> {
    const TRAILERS: &[&str] = &[
        "which",
        "who",
        "whose",
        "where",
        "amid",
        "as",
        "while",
        "after",
        "before",
        "with",
        "including",
        "adding",
        "saying",
        "claiming",
        "warning",
        "making",
        "leaving",
        "bringing",
        "despite",
        "following",
        "according",
        "citing",
        "such",
        "among",
        "then",
        "although",
        "though",
        "nachdem",
        "während",
        "wobei",
        "segundo",
        "após",
        "enquanto",
        "según",
        "tras",
        "mientras",
        "selon",
        "après",
        "tandis",
    ];
    commas(sentence).into_iter().rev().find_map(|comma| {
        let opener = sentence[comma + 1..].split_whitespace().next().unwrap_or_default();
        let head = &sentence[..comma];
        (TRAILERS.contains(&opener) && word_count(head) >= 7 && is_whole(head)).then(|| with_stop(head))
    })
}

/// Openers of a clause that leads up to the main one.
pub(super) const LEADERS: &[&str] = &[
    "As",
    "While",
    "After",
    "Before",
    "Despite",
    "Amid",
    "Although",
    "Though",
    "Following",
    "With",
    "When",
    "If",
    "Since",
    "Because",
    "Once",
    "Until",
    "Unless",
];

/// Whether a beginning of a sentence holds its main clause.
fn is_whole(head: &str) -> bool {
    let first = head.split_whitespace().next().unwrap_or_default();
    let gerund = first.len() > 5 && first.ends_with("ing");
    let leads = LEADERS.contains(&first)
        || gerund && !head.split(' ').any(|word| matches!(word, "is" | "are" | "was" | "were"));
    if !leads {
        return true;
    }
    head.rsplit_once(", ").is_some_and(|(_, main)| is_clause(main, Language::English))
}

/// Without a clause that leads up to the first comma.
fn without_leading(sentence: &str) -> Option<String> {
    let comma = *commas(sentence).first()?;
    let opener = sentence.split_whitespace().next().unwrap_or_default();
    let rest = sentence[comma + 1..].trim_start();
    let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
    let pronoun = matches!(first.as_str(), "he" | "she" | "it" | "they" | "his" | "her" | "its" | "their" | "this");
    (LEADERS.contains(&opener) && !pronoun && is_clause(rest, Language::English)).then(|| capitalised(rest))
}

/// Where commas stand that are in no quotation and in no number.
fn commas(sentence: &str) -> Vec<usize> {
    let quoted = quoted_ranges(sentence);
    sentence
        .match_indices(", ")
        .map(|(position, _)| position)
        .filter(|position| !quoted.iter().any(|range| range.contains(position)))
        .collect()
}

pub(super) fn quoted_ranges(sentence: &str) -> Vec<Range<usize>> {
    quotes(sentence).into_iter().map(|quote| quote.range).collect()
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
    fn what_cannot_go_is_divided_at_a_breath() {
        let sentence = "The council wants to know who ordered the report about the state of the bridge that had been \
                        hidden from every one of its members for more than three years.";
        let lines = full(sentence);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| (LEAST_WORDS..=MOST_WORDS).contains(&word_count(line))), "{lines:?}");
        assert_eq!(lines.join(" ").replace('…', ""), sentence);
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
