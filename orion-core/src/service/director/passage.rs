//! The sentences of the sources as a writer weighs them: what each says, and whether it can stand alone.

use super::clean::is_noise;
use super::compress::without_brackets;
use super::phrase::{FLEETING, PEOPLE, first_person, has_verb, points_back};
use crate::domain::{ClaimKind, Material, Source};
use crate::text::claim::{claims, quotes, tokens};
use crate::text::language::Language;
use crate::text::sentence::{is_closing, is_opening, is_terminal, paragraphs, sentences, word_count};
use std::collections::{HashMap, HashSet};

/// Most sentences that are weighed of the first source, and of each further one.
const MOST_OF_FIRST: usize = 120;
const MOST_OF_OTHERS: usize = 40;

/// Longest sentence that can be said, in words; longer ones are lists and legalese.
const MOST_WORDS: usize = 55;

/// One sentence of a source.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    /// Number of the source.
    pub(super) source: u32,
    /// Place among the sentences of its source, from zero; gaps stand for sentences that cannot be used.
    pub(super) index: usize,
    /// The sentence.
    pub(super) text: String,
    /// It points back at the sentence before it.
    pub(super) dependent: bool,
    /// It is the first sentence of prose of its source, and speaks of what the headline says.
    pub(super) lead: bool,
    /// It has no full stop: a standfirst or a point of a list.
    pub(super) heading: bool,
    /// Its words that carry meaning.
    pub(super) terms: HashSet<String>,
    /// How much it is worth, about 0 to 1.
    pub(super) worth: f64,
}

/// Every sentence of the material that could be said, weighed. `wanted` are words that make a sentence worth more.
pub(super) fn passages(material: &Material, language: Language, wanted: &HashSet<String>) -> Vec<Passage> {
    let stop_words = language.stop_words();
    let own_text = material.sources.iter().all(|source| source.url.is_none() && source.publisher.is_none());
    let mut found: Vec<Passage> = Vec::new();
    for (rank, source) in material.sources.iter().enumerate() {
        let most = if rank == 0 { MOST_OF_FIRST } else { MOST_OF_OTHERS };
        found.extend(of_source(source, language, &stop_words, own_text).into_iter().take(most));
    }
    weigh(&mut found, material, language, &stop_words, wanted);
    found
}

/// Words of a text that carry meaning.
pub(super) fn terms(text: &str, stop_words: &HashSet<&'static str>) -> HashSet<String> {
    tokens(text)
        .into_iter()
        .filter(|token| token.chars().count() > 1 && !stop_words.contains(token.as_str()))
        .map(|token| stem(&token))
        .collect()
}

/// Without the commonest endings, so that `bridge` meets `bridges`.
fn stem(word: &str) -> String {
    let long = word.chars().count() > 4;
    ["ies", "es", "s"].iter().find_map(|ending| word.strip_suffix(ending).filter(|_| long)).unwrap_or(word).to_owned()
}

/// How much of the smaller set lies in the larger, 0 to 1.
pub(super) fn overlap(a: &HashSet<String>, b: &HashSet<String>) -> f64 {
    let smaller = a.len().min(b.len());
    if smaller == 0 { 0.0 } else { a.intersection(b).count() as f64 / smaller as f64 }
}

fn of_source(source: &Source, language: Language, stop_words: &HashSet<&'static str>, own_text: bool) -> Vec<Passage> {
    let mut found = Vec::new();
    let mut index = 0;
    let mut prose = false;
    let title = terms(&source.title, stop_words);
    for paragraph in paragraphs(&source.text) {
        let parts = sentences(paragraph);
        for (part, text) in parts.iter().enumerate() {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let whole = is_finished(&text);
            // Behind the first paragraph of prose, what has no full stop is a caption, a link or a text cut short.
            let clipped = !whole && is_clipped(&text, language);
            let cut = clipped || !whole && (part > 0 || prose && !own_text || begins_with_participle(&text));
            if !cut && can_be_said(&text, language, own_text) {
                found.push(Passage {
                    source: source.number,
                    index,
                    dependent: points_to_before(&text, language, &title),
                    heading: !whole,
                    lead: whole && !prose && overlap(&terms(&text, stop_words), &title) >= 0.25,
                    terms: terms(&text, stop_words),
                    worth: 0.0,
                    text,
                });
            }
            prose |= whole;
            index += 1;
        }
        // A new paragraph may start with a pronoun, but what it points at is no longer next to it.
        index += 1;
    }
    found
}

/// Whether a text ends like a sentence.
pub(super) fn is_finished(text: &str) -> bool {
    text.trim_end_matches(is_closing).ends_with(is_terminal)
}

/// Whether a sentence is a whole thought in the third person that a stranger could say.
fn can_be_said(text: &str, language: Language, own_text: bool) -> bool {
    let words = word_count(&without_brackets(text));
    let first = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let begins = first.starts_with(|c: char| c.is_uppercase() || c.is_numeric() || !c.is_lowercase())
        || first.split_whitespace().next().is_some_and(|word| word.chars().any(char::is_uppercase));
    begins
        && (4..=MOST_WORDS).contains(&words)
        && !is_noise(text)
        && (language != Language::English || has_verb(text))
        && (own_text || !speaks_of_self(text, language))
        && letters(text)
        && !is_bare_quotation(text)
}

/// `Announcing a new bridge`: a heading that says nobody does anything.
fn begins_with_participle(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|word| word.len() > 5 && word.ends_with("ing"))
}

/// `In statement attributable to director, agency raises concerns`: a heading for the eye, without any article.
fn is_clipped(text: &str, language: Language) -> bool {
    let mut words = text.split_whitespace();
    let preposition = words.next().is_some_and(|word| matches!(word, "In" | "At" | "On" | "For" | "With" | "After"));
    let bare = words.next().is_some_and(|word| word.starts_with(char::is_lowercase) && !word.ends_with('s'));
    let article = text.split_whitespace().any(|word| matches!(word, "a" | "an" | "the"));
    language == Language::English && preposition && bare && !article
}

/// Whether a sentence is nothing but somebody's words, without saying whose.
fn is_bare_quotation(text: &str) -> bool {
    let quoted: usize = quotes(text).iter().map(|quote| quote.text.len()).sum();
    text.starts_with(is_opening) && quoted * 10 >= text.len() * 8
}

/// Whether most of a text is letters: tables, code and addresses are not.
fn letters(text: &str) -> bool {
    let all = text.chars().filter(|c| !c.is_whitespace()).count();
    text.chars().filter(|c| c.is_alphabetic()).count() * 10 >= all * 7
}

/// Whether somebody speaks of himself outside a quotation.
pub(super) fn speaks_of_self(text: &str, language: Language) -> bool {
    let mut spoken = text.to_owned();
    for quote in quotes(text).into_iter().rev() {
        spoken.replace_range(quote.range, "");
    }
    // `The Moon moves away from us`: us all.
    for everybody in [" from us ", " around us ", " above us ", " between us "] {
        spoken = format!("{spoken} ").replace(everybody, " ");
    }
    spoken
        .replace('’', "'")
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| first_person(language).contains(&word))
}

/// Whether a sentence points at something that only the sentence before names; what is `known` may be pointed at.
pub(super) fn points_to_before(text: &str, language: Language, known: &HashSet<String>) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> = lower
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let Some(first) = words.first() else { return false };
    if points_back(language).contains(first) {
        return true;
    }
    let pairs = [
        "one of",
        "the former",
        "the latter",
        "the pair",
        "the move",
        "that day",
        "the two",
        "the same",
        "as such",
        "among them",
        "for them",
        "of them",
        "in response",
        "at the time",
        "by then",
        "the resulting",
        "after that",
        "the other",
        "another one",
        "the decision",
        "the announcement",
        "the incident",
        "for example",
        "for instance",
    ];
    let vague = ["some", "many", "others", "most", "several", "another", "all", "more"];
    let next = words.get(1).copied().unwrap_or_default();
    if pairs.iter().any(|pair| {
        lower.starts_with(pair) && (*pair != "one of" || matches!(words.get(2), Some(&"those" | &"them" | &"these")))
    }) {
        return true;
    }
    if vague.contains(first) && super::phrase::is_verb(next) {
        return true;
    }
    if language == Language::English {
        if points_at_things(&words, known) {
            return true;
        }
        // `Scattered over the hill, they were …`
        for (comma, _) in text.match_indices(", ").take(2) {
            let subject = text[comma + 2..].split_whitespace().next().unwrap_or_default();
            let named = claims(&text[..comma], language).iter().any(|claim| claim.kind == ClaimKind::Name);
            if matches!(subject, "he" | "she" | "they" | "it") && !named {
                return true;
            }
        }
        // `Lund said, refusing to go on.`
        if matches!(next, "said" | "says" | "added" | "asked")
            && text.split_whitespace().nth(1).is_some_and(|word| word.ends_with(','))
        {
            return true;
        }
        // `When she arrived, …`, `The water is deep, so he swims`: a pronoun before anybody is named.
        let named = claims(text, language).iter().any(|claim| claim.kind == ClaimKind::Name);
        let stop_words = language.stop_words();
        let opening = words.iter().take_while(|word| !named || stop_words.contains(**word));
        return opening.into_iter().any(|word| PEOPLE.contains(word) && (named || matches!(*word, "he" | "she")));
    }
    false
}

/// `two other services`, `500 of these cables`: things that were spoken of before.
fn points_at_things(words: &[&str], known: &HashSet<String>) -> bool {
    const SPANS: &[&str] =
        &["week", "year", "month", "morning", "time", "season", "summer", "winter", "century", "decade"];
    words.iter().enumerate().take(12).any(|(index, word)| {
        let before = index.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        let next = words.get(index + 1).copied().unwrap_or_default();
        let said =
            |noun: &str| known.contains(&stem(noun)) || words[..index].iter().any(|word| stem(word) == stem(noun));
        match *word {
            "these" => !said(next),
            "this" => !SPANS.contains(&next) && !said(next) && index < 8,
            "other" => {
                matches!(before, "are" | "were" | "the" | "two" | "three" | "several" | "many" | "both")
                    && !words[..index].contains(&"one")
            }
            "latter" => true,
            _ => false,
        }
    })
}

/// Weighs passages by place, topic, what they share with the rest, and what can be checked in them.
fn weigh(
    passages: &mut [Passage],
    material: &Material,
    language: Language,
    stop_words: &HashSet<&'static str>,
    wanted: &HashSet<String>,
) {
    let mut in_how_many: HashMap<&str, usize> = HashMap::new();
    for passage in passages.iter() {
        for term in &passage.terms {
            *in_how_many.entry(term).or_default() += 1;
        }
    }
    let topic = terms(&material.topic, stop_words);
    let titles: HashMap<u32, HashSet<String>> =
        material.sources.iter().map(|source| (source.number, terms(&source.title, stop_words))).collect();
    let about: HashSet<String> = titles.values().flatten().chain(&topic).cloned().collect();
    let most = in_how_many.values().copied().max().unwrap_or(1) as f64;
    let short: HashMap<u32, HashSet<&str>> =
        material.sources.iter().map(|source| (source.number, short_forms(&source.text))).collect();
    let mut worths = Vec::with_capacity(passages.len());
    for passage in passages.iter() {
        let count = passage.terms.len().max(1) as f64;
        // Words that many sentences share are what the story is about.
        let central: f64 =
            passage.terms.iter().map(|term| (in_how_many[term.as_str()] as f64 - 1.0) / most).sum::<f64>();
        let central = (central / count.sqrt()).min(1.0);
        let on_topic = passage.terms.intersection(&about).count() as f64 / (about.len().clamp(1, 6) as f64);
        let rank = f64::from(passage.source.saturating_sub(1));
        let place = 1.0 / (1.0 + 0.22 * passage.index as f64) * 0.8_f64.powf(rank);
        let shown = passage.terms.intersection(wanted).count() as f64 * 0.35;
        // The first sentence of prose carries the news.
        let lead = 0.25 * f64::from(passage.lead && passage.source == 1);
        worths.push(
            lead + 0.22 * central
                + 0.25 * on_topic.min(1.0)
                + 0.3 * place
                + checkable(&passage.text, language)
                + shown
                + form(passage, language)
                - 0.5 * f64::from(short.get(&passage.source).is_some_and(|short| is_shorthand(&passage.text, short))),
        );
    }
    for (passage, worth) in passages.iter_mut().zip(worths) {
        passage.worth = worth;
    }
}

/// Short forms that a text introduces in brackets: `might I get pwned (MIGP)`.
fn short_forms(text: &str) -> HashSet<&str> {
    let inner = text.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    inner.filter(|inner| (2..=7).contains(&inner.len()) && inner.chars().all(char::is_uppercase)).collect()
}

/// Whether a sentence uses a short form that another one introduces.
fn is_shorthand(text: &str, short: &HashSet<&str>) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| short.contains(word));
    words.into_iter().any(|word| !text.contains(&format!("({word})")))
}

/// What a sentence gains by saying things that can be checked.
fn checkable(text: &str, language: Language) -> f64 {
    let found = claims(text, language);
    let has = |kind| found.iter().any(|claim| claim.kind == kind);
    let quoted = found.iter().any(|claim| claim.kind == ClaimKind::Quote && word_count(&claim.text) >= 3);
    0.12 * f64::from(has(ClaimKind::Number)) + 0.06 * f64::from(has(ClaimKind::Name)) + 0.07 * f64::from(quoted)
}

/// What a sentence loses by its form.
fn form(passage: &Passage, language: Language) -> f64 {
    let words = word_count(&passage.text);
    let lower = passage.text.to_lowercase().replace('’', "'");
    let fleeting =
        lower.split(|c: char| c.is_whitespace() || c == ',').any(|word| FLEETING.contains(&word.trim_matches('.')));
    let length = match words {
        0..=6 => -0.08,
        7..=22 => 0.06,
        23..=32 => -0.04,
        _ => -0.14,
    };
    let question = if passage.text.ends_with('?') { -0.2 } else { 0.0 };
    // A standfirst without articles is meant for the eye.
    let articles =
        language != Language::English || lower.split_whitespace().any(|word| matches!(word, "a" | "an" | "the"));
    let heading = match (passage.heading, articles) {
        (false, _) => 0.0,
        (true, true) => -0.2,
        (true, false) => -0.35,
    };
    let vague = lower.contains(" that day") || lower.contains(" this week") || lower.contains(" last night");
    length + question + heading - 0.12 * f64::from(fleeting || vague) - 0.1 * f64::from(passage.dependent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn can(text: &str) -> bool {
        can_be_said(text, Language::English, false)
    }

    #[test]
    fn only_whole_thoughts_can_be_said() {
        assert!(can("The council closed the bridge on Friday."));
        assert!(can("“I saw it fall,” said Ann Roe."));
        assert!(can("iPhone sales fell by half."));
        for not in [
            "We closed the bridge on Friday.",
            "om the bridge it was seen by all.",
            "The old bridge over the river.",
            "It went on and on …",
            "Sign up here to get an email about bridges.",
            "x = f(1, 2) + g(3, 4) && h[5] is 6",
        ] {
            assert!(!can(not), "{not}");
        }
    }

    #[test]
    fn sentences_that_point_back_are_known() {
        let known = terms("Cables under the sea", &Language::English.stop_words());
        let back = |text| points_to_before(text, Language::English, &known);
        for text in [
            "She left.",
            "This is why it fell.",
            "One of those bridges fell.",
            "Some focused on it.",
            "When he came, it fell.",
            "Ann Roe and Bob Lee are two other similar builders.",
            "Nets and ropes are other common means.",
            "More than 500 of these bridges fell.",
            "The water is too deep, so he improvises.",
        ] {
            assert!(back(text), "{text}");
        }
        for text in [
            "Ann said she left.",
            "One of the bridges fell.",
            "Some bridges fell.",
            "When Ann came, she left.",
            "More than 500 of these cables fell.",
            "Ann likes one bridge and hates the other.",
        ] {
            assert!(!back(text), "{text}");
        }
        assert!(points_to_before("Diese Brücke ist alt.", Language::German, &HashSet::new()));
    }
}
