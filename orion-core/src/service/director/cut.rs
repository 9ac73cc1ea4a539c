//! What may be left out of a sentence: asides, what trails behind, what leads up, a restriction. What is left is a
//! sentence that stays true.

use super::border::BINDING;
use super::clean::{is_balanced, with_stop};
use super::compress::{LEAST_WORDS, MOST_WORDS, capitalised, is_clause};
use super::phrase::{has_verb, is_verb};
use crate::text::claim::{quotes, split_words};
use crate::text::language::{Language, weekday};
use crate::text::sentence::word_count;
use std::ops::Range;

/// The sentence made shorter by leaving out what is said beside: and how much was lost.
pub(super) fn shortened(sentence: &str, language: Language) -> Option<(String, f64)> {
    type Cut = fn(&str, Language) -> Option<String>;
    const CUTS: &[(Cut, f64)] = &[
        (without_weekday, 0.02),
        (|text, _| without_dashed(text), 0.08),
        (|text, _| without_inserted(text), 0.10),
        (|text, _| without_trailing(text), 0.12),
        (|text, _| without_leading(text), 0.15),
        (without_restriction, 0.15),
    ];
    let mut text = sentence.to_owned();
    let mut loss = 0.0;
    for (cut, cost) in CUTS {
        let next = cut(&text, language).filter(|next| is_balanced(next) && word_count(next) >= LEAST_WORDS + 2);
        if let Some(next) = next {
            text = next;
            loss += cost;
        }
        if word_count(&text) <= MOST_WORDS {
            break;
        }
    }
    (loss > 0.0).then(|| (with_stop(&text), loss))
}

/// Without `that was hidden for years` behind `a report`: what is true of this report is true of a report.
fn without_restriction(sentence: &str, language: Language) -> Option<String> {
    if language != Language::English {
        return None;
    }
    let words = split_words(sentence);
    let opens = |index: usize| {
        let next = words.get(index + 1).map_or("", |word| word.core);
        match words[index].core {
            "that" | "which" | "who" => is_verb(next),
            "said" | "thought" | "believed" | "designed" | "meant" | "due" => next == "to",
            _ => false,
        }
    };
    let index = (LEAST_WORDS + 2..words.len()).find(|index| opens(*index) && words[*index - 1].after.is_empty())?;
    let head = &words[..index];
    let noun = head.iter().rev().take(7).take_while(|word| !is_verb(word.core) || word.core.ends_with('s'));
    let indefinite = noun.into_iter().any(|word| matches!(word.core, "a" | "an"));
    let bound = head.iter().any(|word| BINDING.contains(&word.core.to_lowercase().as_str()));
    let verb = head.last().is_some_and(|word| is_verb(word.core));
    (indefinite && !bound && !verb).then(|| sentence[..words[index - 1].range.end].to_owned())
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
        // `…, from bases to outposts, said Ann Roe.`
        let aside = matches!(opener, "from" | "including" | "with" | "especially" | "particularly")
            && rest.split_whitespace().next().is_some_and(|word| matches!(word, "said" | "says" | "according"));
        if aside {
            return Some(format!("{}, {rest}", &sentence[..start]));
        }
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
pub(super) fn is_whole(head: &str) -> bool {
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
    let opener = sentence.split_whitespace().next().filter(|opener| LEADERS.contains(opener))?;
    let verbless = matches!(opener, "Despite" | "Amid" | "Following" | "With");
    // `After Ann Roe, the builder, left, the bridge fell`: the clause ends behind its verb.
    let comma = commas(sentence).into_iter().find(|comma| verbless || has_verb(&sentence[..*comma]))?;
    let rest = sentence[comma + 1..].trim_start();
    let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
    let pronoun = matches!(first.as_str(), "he" | "she" | "it" | "they" | "his" | "her" | "its" | "their" | "this");
    (!pronoun && is_clause(rest, Language::English)).then(|| capitalised(rest))
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

    #[test]
    fn a_restriction_goes_where_what_is_left_stays_true() {
        let cut = |text| without_restriction(text, Language::English);
        assert_eq!(
            cut("The FBI has concerns about an intention to release a memo said to contain secrets of the state.")
                .as_deref(),
            Some("The FBI has concerns about an intention to release a memo")
        );
        assert_eq!(cut("The council closed every bridge in the town that was built before the war."), None);
        assert_eq!(cut("The council did not close a bridge in the town that was built before the war."), None);
        assert_eq!(cut("The council closed the only bridge in the town that was built before the war."), None);
    }

    #[test]
    fn a_leading_clause_ends_behind_its_verb() {
        assert_eq!(
            without_leading("After the mayor, Ann Roe, made a statement, the fight took a twist.").as_deref(),
            Some("The fight took a twist.")
        );
        assert_eq!(without_leading("Despite the storm, the bridge held.").as_deref(), Some("The bridge held."));
    }
}
