//! Openings: several ways to begin, each made of words that stand in the sources, ranked by what they promise.

use super::clean::{headline, is_noise, opinion_of, with_stop};
use super::compress::{capitalised, without_brackets, without_connective};
use super::passage::{Passage, is_finished, speaks_of_self};
use super::phrase::{Phrases, has_verb, phrases};
use super::tongue::Written;
use crate::domain::{ClaimKind, Material};
use crate::text::claim::{Claim, claims, split_words};
use crate::text::language::Language;
use crate::text::sentence::{sentences, word_count};

/// Most words of a hook.
const MOST_WORDS: usize = 18;

/// A way to open.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hook {
    /// The words.
    pub(super) text: String,
    /// The source they stand in.
    pub(super) source: u32,
    /// How well it opens; the critic's own measure.
    pub(super) strength: f64,
}

/// Every way to open that the material offers, the best first; never empty if there is a source with a title.
///
/// Those with words of the Director's own only where the sources are in a language that it writes.
pub(super) fn hooks(material: &Material, passages: &[Passage], language: Language, written: Written) -> Vec<Hook> {
    let phrases = matches!(written, Written::Own).then(|| phrases(language));
    let mut found: Vec<Hook> = Vec::new();
    let mut add = |text: String, source: u32, bonus: f64| {
        let words = word_count(&text);
        if (3..=MOST_WORDS).contains(&words) && !found.iter().any(|hook| hook.text == text) {
            let strength = super::critique::hook_strength(&text, language) + bonus;
            found.push(Hook { text, source, strength });
        }
    };
    for source in material.sources.iter().take(3) {
        let title = without_connective(&headline(&source.title), language);
        let states = language != Language::English || has_verb(&title);
        let bonus = match (source.number, states) {
            (1, true) => 0.2,
            (1, false) => -0.05,
            _ => -0.1,
        };
        let own = source.url.is_none() && source.publisher.is_none();
        if let Some(phrases) = phrases
            && let Some(author) = opinion_of(&source.title, source.author.as_deref())
        {
            let words =
                |title: &str| phrases.opinion_hook.replace("{author}", &author).replace("{title}", &closed(title));
            let first = sentences(&title).first().copied().unwrap_or_default();
            let title = if word_count(&words(&title)) <= MOST_WORDS { title.as_str() } else { first };
            add(words(title), source.number, bonus + 0.3);
        }
        // `Passwords: why …` is no speaker with his words.
        let told = title.split_once(": ").map_or(title.as_str(), |(_, told)| told);
        if !own && speaks_of_self(&title, language) || is_noise(&closed(told)) {
            continue;
        }
        add(closed(&title), source.number, bonus);
        if word_count(&title) > MOST_WORDS
            && let Some(short) = first_clause(&title)
        {
            add(closed(&short), source.number, bonus - 0.05);
        }
    }
    let leads: Vec<&Passage> =
        passages.iter().filter(|passage| passage.source == 1 && !passage.dependent).take(12).collect();
    for passage in &leads {
        let fits = |quote: &str| (3..=10).contains(&word_count(quote));
        let states = |quote: &str| language != Language::English || has_verb(quote);
        let quoted = said(&passage.text, language).filter(|(quote, _)| fits(quote) && states(quote));
        if let (Some(phrases), Some((quote, speaker))) = (phrases, quoted) {
            add(quote_hook(phrases, &quote, &speaker), passage.source, 0.02);
        }
        // What stands deep in the story needs what stands before it.
        if !passage.heading {
            let bonus = if passage.lead { 0.0 } else { -0.3 };
            add(with_stop(&without_brackets(&passage.text)), passage.source, bonus);
        }
    }
    if let (Some(phrases), Some(name)) = (phrases, main_name(material, language)) {
        add(phrases.question_hook.replace("{name}", &name), 1, -0.05);
    }
    if found.is_empty() && !material.sources.first().is_some_and(|source| speaks_of_self(&source.title, language)) {
        // A title of one word, or of a whole paragraph, is still better than none.
        if let Some(source) = material.sources.first() {
            let words: Vec<&str> = source.title.split_whitespace().take(MOST_WORDS).collect();
            found.push(Hook { text: closed(&headline(&words.join(" "))), source: source.number, strength: 0.1 });
        }
    }
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    found
}

/// A headline as a sentence.
fn closed(title: &str) -> String {
    with_stop(&capitalised(title))
}

fn quote_hook(phrases: &Phrases, quote: &str, speaker: &str) -> String {
    let quote = if is_finished(quote) { quote.to_owned() } else { with_stop(quote) };
    phrases.quote_hook.replace("{quote}", &capitalised(&quote)).replace("{speaker}", speaker)
}

/// The part of a long headline before its first strong border.
fn first_clause(title: &str) -> Option<String> {
    [": ", " – ", " — ", "; ", ". ", ", "].iter().find_map(|border| {
        let (head, _) = title.split_once(border)?;
        (5..=MOST_WORDS).contains(&word_count(head)).then(|| head.to_owned())
    })
}

/// What a number counts: the words behind it up to the first that is no part of the noun.
pub(super) fn counted_noun(sentence: &str, claim: &Claim, language: Language) -> Option<String> {
    const ENDS: &[&str] = &[
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "but",
        "that",
        "which",
        "who",
        "were",
        "was",
        "is",
        "are",
        "had",
        "have",
        "has",
        "will",
        "would",
        "could",
        "can",
        "may",
        "after",
        "before",
        "as",
        "than",
        "since",
        "ago",
        "per",
        "a",
        "an",
        "the",
        "into",
        "over",
        "under",
        "when",
        "while",
        "said",
        "more",
        "less",
        "later",
        "earlier",
        "old",
        "times",
        "he",
        "she",
        "it",
        "they",
        "across",
        "around",
        "not",
        "were",
        "last",
        "this",
        "next",
        "each",
        "every",
        "among",
        "including",
        "because",
        "if",
        "whose",
        "where",
        "worldwide",
        "alone",
        "about",
        "between",
        "against",
        "during",
        "through",
        "within",
        "without",
        "until",
        "down",
        "up",
        "out",
        "off",
        "do",
        "did",
        "does",
        "been",
        "be",
    ];
    let quantity = claim.quantity.as_ref()?;
    if !quantity.digits || quantity.is_year() || quantity.ordinal || claim.text.contains(['-', ':', '/']) {
        return None;
    }
    let rest = &sentence[claim.range.end..];
    if !rest.starts_with(' ') {
        return None;
    }
    let stop_words = language.stop_words();
    let mut noun: Vec<&str> = Vec::new();
    for word in split_words(rest) {
        let lower = word.core.to_lowercase();
        let number = word.core.starts_with(|c: char| c.is_ascii_digit());
        let ends = ENDS.contains(&lower.as_str()) || stop_words.contains(lower.as_str());
        if ends || !word.before.is_empty() || number || noun.len() == 3 {
            break;
        }
        // `220m years ago` counts back, it counts no thing.
        if super::phrase::is_verb(word.core) && !noun.is_empty() && !word.core.ends_with('s') {
            break;
        }
        noun.push(&rest[word.range.clone()]);
        if !word.after.is_empty() {
            break;
        }
    }
    let back =
        rest[noun.iter().map(|word| word.len() + 1).sum::<usize>().min(rest.len())..].trim_start().starts_with("ago");
    let plural = noun.last().is_some_and(|word| word.ends_with('s') || *word == "people" || quantity.unit.is_some());
    (plural && !back).then(|| noun.join(" "))
}

/// Somebody's words in a sentence, and who said them.
pub(super) fn said(sentence: &str, language: Language) -> Option<(String, String)> {
    const SAYING: &[&str] = &[
        "said",
        "says",
        "say",
        "told",
        "tells",
        "wrote",
        "writes",
        "added",
        "adds",
        "asked",
        "warned",
        "warns",
        "declared",
        "called",
        "calls",
        "mumbles",
        "explained",
        "argues",
        "argued",
        "insisted",
        "claimed",
        "replied",
        "sagte",
        "sagt",
        "erklärte",
        "disse",
        "afirmou",
        "afirma",
        "diz",
        "classificou",
        "dijo",
        "dice",
        "afirmó",
        "afirma",
        "dit",
        "déclaré",
    ];
    let found = claims(sentence, language);
    let quote = found.iter().find(|claim| claim.kind == ClaimKind::Quote && word_count(&claim.text) >= 2)?;
    let names: Vec<&Claim> = found
        .iter()
        .filter(|claim| claim.kind == ClaimKind::Name && !quote.range.contains(&claim.range.start))
        .collect();
    // The verb next to the quotation: `“…,” said Ann`, `“…,” Ann said`, `Ann said “…”`.
    let says = split_words(sentence)
        .into_iter()
        .filter(|word| !quote.range.contains(&word.range.start))
        .filter(|word| SAYING.contains(&word.core.to_lowercase().as_str()))
        .min_by_key(|word| {
            word.range.start.abs_diff(quote.range.end).min(quote.range.start.abs_diff(word.range.end))
        })?;
    let near = |from: usize, to: usize| {
        sentence.get(from..to).is_some_and(|between| !between.contains([',', ';', ':']) && word_count(between) <= 2)
    };
    // `told Ann` has the listener behind the verb, not the speaker.
    let transitive = matches!(says.core, "told" | "tells" | "asked" | "warned" | "called" | "calls");
    let after = names.iter().find(|name| !transitive && near(says.range.end, name.range.start));
    let before = names.iter().rev().find(|name| near(name.range.end, says.range.start));
    // `Ann Roe, who built it, says “…”`: the subject opens the sentence.
    let opening = names.first().filter(|name| {
        let clause = sentence[..says.range.start].trim_end().ends_with(',');
        clause && name.range.start == 0 && sentence[name.range.end..].starts_with(',')
    });
    let speaker = if says.range.start > quote.range.end { after.or(before) } else { before.or(opening) }?;
    let words = quote.text.trim_end_matches([',', ' ']);
    (!words.contains(['“', '”', '"'])).then(|| (words.to_owned(), speaker.text.clone()))
}

/// The name that the first source mentions most, in its title too.
fn main_name(material: &Material, language: Language) -> Option<String> {
    let source = material.sources.first()?;
    let names = claims(&source.title, language);
    let names = names.iter().filter(|claim| claim.kind == ClaimKind::Name && word_count(&claim.text) <= 4);
    names
        .map(|claim| (source.text.matches(claim.text.as_str()).count() * 10 + word_count(&claim.text), claim))
        .filter(|(count, claim)| {
            let whole = claim.text.len() + 2 >= source.title.trim().len() && word_count(&claim.text) <= 3;
            let proper = claim.text.contains(' ') || claim.text.chars().all(char::is_uppercase);
            whole || proper && *count >= 20
        })
        .max_by_key(|(count, _)| *count)
        .map(|(_, claim)| claim.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_what_they_count() {
        let check = |sentence: &str, expected: Option<&str>| {
            let found = claims(sentence, Language::English);
            let number = found.iter().find(|claim| claim.quantity.is_some()).unwrap();
            assert_eq!(counted_noun(sentence, number, Language::English).as_deref(), expected, "{sentence}");
        };
        check("Storms endanger 1,700 military sites worldwide.", Some("military sites"));
        check("It was built 40 years ago.", None);
        check("It happened in 1987 in Oslo.", None);
        check("A 15-time winner left.", None);
        check("It cost $36bn to build.", None);
    }

    #[test]
    fn quotes_with_their_speakers() {
        let check = |sentence: &str, expected: Option<(&str, &str)>| {
            let found = said(sentence, Language::English);
            assert_eq!(
                found.as_ref().map(|(quote, speaker)| (quote.as_str(), speaker.as_str())),
                expected,
                "{sentence}"
            );
        };
        check("“The bridge will fall,” said Ann Roe in Oslo.", Some(("The bridge will fall", "Ann Roe")));
        check("Ann Roe says the bridge “will fall very soon” again.", Some(("will fall very soon", "Ann Roe")));
        check("The bridge “will fall very soon” in Oslo.", None);
        check(
            "Ann Roe, a friend of Bob Lee, says he “cheats like hell” at cards.",
            Some(("cheats like hell", "Ann Roe")),
        );
        check("A friend of Bob Lee, who builds bridges, says he “cheats like hell” at cards.", None);
        check("“It fell,” the builder told Ann Roe.", None);
    }
}
