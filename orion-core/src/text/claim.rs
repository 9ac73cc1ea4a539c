//! Numbers, names, dates and quotes in running text, each in a form that can be compared.
//!
//! `1,200` equals `1200`, `£36bn` equals `36 billion pounds`, `“grave concerns”` equals `'grave concerns'`.
//! [`claims`] finds what a text says that can be checked; [`Evidence`] is a source made ready to check it against.

use super::fold;
use super::language::{Language, month, weekday};
use super::number::{self, Quantity};
use super::sentence::{is_closing, is_opening, is_terminal, sentences};
use crate::domain::ClaimKind;
use std::collections::HashSet;
use std::ops::Range;

/// Words that join the parts of a name: `Department of Defense`, `Ludwig van Beethoven`.
const NAME_JOINERS: &[&str] = &[
    "of", "the", "de", "da", "do", "dos", "das", "del", "della", "di", "du", "van", "von", "der", "den", "al", "bin",
    "ibn", "la", "le", "y", "e", "und", "&",
];

/// Sentence openers that are capitalised for their place only; with the frequent words of a language.
const COMMON_OPENERS: &[&str] = &[
    "according",
    "among",
    "another",
    "anyone",
    "around",
    "asked",
    "because",
    "behind",
    "campaigners",
    "children",
    "comment",
    "companies",
    "critics",
    "despite",
    "doctors",
    "drivers",
    "dozens",
    "earlier",
    "everyone",
    "everything",
    "experts",
    "families",
    "finally",
    "follow",
    "four",
    "five",
    "here's",
    "hundreds",
    "imagine",
    "inside",
    "instead",
    "judges",
    "last",
    "later",
    "lawmakers",
    "like",
    "many",
    "meet",
    "millions",
    "nearly",
    "never",
    "new",
    "next",
    "nobody",
    "officials",
    "people",
    "perhaps",
    "police",
    "prosecutors",
    "read",
    "researchers",
    "save",
    "say",
    "scientists",
    "share",
    "six",
    "someone",
    "something",
    "students",
    "subscribe",
    "supporters",
    "ten",
    "thousands",
    "three",
    "today",
    "two",
    "users",
    "voters",
    "watch",
    "what's",
    "women",
    "workers",
    "folge",
    "mehr",
    "was",
    "quellen",
    "siga",
    "sigue",
    "suivez",
    "comente",
    "comenta",
    "abonnez",
    "let's",
    "tell",
    "abonnez-vous",
    "what",
    "opinion",
    "opinião",
    "opinión",
    "fonte",
    "fuente",
    "source",
    "quelle",
    "siga",
    "conte",
    "compartilhe",
    "síguenos",
    "cuéntalo",
    "comparte",
    "partagez",
    "dites-le",
    "qu'en",
];

/// Something that a text says and that a source can confirm.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What kind.
    pub kind: ClaimKind,
    /// As written.
    pub text: String,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// The number, when it is one.
    pub quantity: Option<Quantity>,
    form: Form,
}

/// The comparable form.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    Number(String),
    Words(String),
    /// Every one of these must be found.
    Date(Vec<String>),
    /// A word that is a name only if no source writes it small.
    Opener(String),
}

/// A word with the punctuation that stands around it.
#[derive(Debug, Clone)]
pub(crate) struct Word<'a> {
    /// Without punctuation.
    pub(crate) core: &'a str,
    /// Where the core stands, in bytes.
    pub(crate) range: Range<usize>,
    /// Punctuation before it.
    pub(crate) before: &'a str,
    /// Punctuation behind it.
    pub(crate) after: &'a str,
}

/// Splits at white space and parts words from their punctuation.
pub(crate) fn split_words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut offset = 0;
    for raw in text.split_inclusive(char::is_whitespace) {
        let start = offset;
        offset += raw.len();
        let token = raw.trim_end();
        let inner = token.trim_start_matches(|c: char| is_opening(c) || matches!(c, '–' | '—' | '*' | '…'));
        let before = token.len() - inner.len();
        let core = inner.trim_end_matches(|c: char| {
            is_closing(c) || is_terminal(c) || matches!(c, ',' | ';' | ':' | '–' | '—' | '-' | '*')
        });
        let core = with_last_dot(core, inner);
        if core.chars().any(char::is_alphanumeric) {
            let begin = start + before;
            words.push(Word {
                core,
                range: begin..begin + core.len(),
                before: &token[..before],
                after: &inner[core.len()..],
            });
        } else if let Some(last) = words.last_mut() {
            // A dash that stands alone belongs to the word before it, as a border.
            last.after = text[last.range.end..start + token.len()].trim();
        }
    }
    words
}

/// Gives `U.S.` its last dot back.
fn with_last_dot<'a>(core: &'a str, inner: &'a str) -> &'a str {
    let dotted = core.contains('.') && core.split('.').all(|part| part.chars().count() == 1);
    if dotted && inner[core.len()..].starts_with('.') { &inner[..=core.len()] } else { core }
}

/// Words of a text in comparable form: small, without marks, `U.S.` as `us`, without the `s` of possession.
pub fn tokens(text: &str) -> Vec<String> {
    let folded = fold(text).replace(['’', 'ʼ', '`'], "'");
    let mut tokens: Vec<String> = Vec::new();
    for raw in folded.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '\'')) {
        for part in raw.split('\'') {
            let word = part.trim_matches('.');
            if word == "s" {
                continue;
            }
            if word.contains('.') && word.split('.').all(|part| part.chars().count() == 1) {
                tokens.push(word.replace('.', ""));
            } else {
                tokens.extend(word.split('.').filter(|word| !word.is_empty()).map(str::to_owned));
            }
        }
    }
    tokens
}

fn key(text: &str) -> String {
    tokens(text).iter().fold(" ".to_owned(), |key, token| key + token + " ")
}

/// Everything in a text that can be checked, in reading order.
pub fn claims(text: &str, language: Language) -> Vec<Claim> {
    let mut found = quotes(text);
    for sentence in sentences(text) {
        let start = sentence.as_ptr() as usize - text.as_ptr() as usize;
        let words = split_words(sentence);
        let mut taken = vec![false; words.len()];
        dates(sentence, &words, &mut taken, &mut found, start);
        numbers(sentence, &words, &mut taken, &mut found, start, language);
        names(sentence, &words, &taken, &mut found, start, language);
    }
    found.sort_by_key(|claim| (claim.range.start, claim.range.end));
    found
}

/// The words in quotation marks, without the marks.
pub fn quotes(text: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut before = ' ';
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    for (position, &(index, c)) in characters.iter().enumerate() {
        let next = characters.get(position + 1).map_or(' ', |(_, c)| *c);
        let closes = open.is_some_and(|(_, mark)| match mark {
            '„' => matches!(c, '“' | '”'),
            '“' => c == '”',
            '«' => c == '»',
            '‘' => c == '’' && !next.is_alphanumeric(),
            '\'' => c == '\'' && !next.is_alphanumeric(),
            mark => c == mark,
        });
        if closes {
            if let Some((start, _)) = open.take() {
                let words = &text[start..index];
                if words.chars().any(char::is_alphanumeric) {
                    let form = Form::Words(key(words));
                    let kind = ClaimKind::Quote;
                    found.push(Claim { kind, text: words.to_owned(), range: start..index, quantity: None, form });
                }
            }
        } else {
            let opens = match c {
                '„' | '“' | '«' | '"' => open.is_none_or(|(_, mark)| matches!(mark, '‘' | '\'')),
                '‘' | '\'' => open.is_none() && !before.is_alphanumeric() && !next.is_whitespace(),
                _ => false,
            };
            if opens {
                open = Some((index + c.len_utf8(), c));
            }
        }
        before = c;
    }
    found
}

fn dates(text: &str, words: &[Word<'_>], taken: &mut [bool], found: &mut Vec<Claim>, offset: usize) {
    for index in 0..words.len() {
        if taken[index] || !starts_upper(words[index].core) && !words[index].core.contains("-feira") {
            continue;
        }
        let lower = words[index].core.to_lowercase();
        let mut range = index..index + 1;
        let mut keys = Vec::new();
        if let Some(day) = weekday(lower.strip_suffix("'s").or(lower.strip_suffix("’s")).unwrap_or(&lower)) {
            keys.push(format!("weekday {day}"));
        } else if let Some(number) = month(&lower) {
            let day = |word: Option<&Word<'_>>| word.and_then(|word| day_of_month(word.core));
            let year = |word: Option<&Word<'_>>| word.and_then(|word| year_of(word.core));
            let before = index.checked_sub(1).and_then(|before| words.get(before));
            if let Some(day) = day(before).filter(|_| before.is_some_and(|word| breaks_off(word) != Some(','))) {
                keys.push(format!("day {number}-{day}"));
                range.start = index - 1;
            } else if let Some(day) = day(words.get(index + 1)) {
                keys.push(format!("day {number}-{day}"));
                range.end = index + 2;
            }
            if let Some(year) = year(words.get(range.end)) {
                keys.push(format!("number {year}"));
                keys.push(format!("month {number}"));
                range.end += 1;
            }
            // `May` and `March` alone are words like others.
            if keys.is_empty() && !matches!(lower.as_str(), "may" | "march" | "mar" | "mars" | "set" | "out" | "sep") {
                keys.push(format!("month {number}"));
            }
        }
        if !keys.is_empty() {
            taken[range.clone()].fill(true);
            let bytes = words[range.start].range.start..words[range.end - 1].range.end;
            push(found, ClaimKind::Date, text, bytes, offset, None, Form::Date(keys));
        }
    }
}

fn numbers(
    text: &str,
    words: &[Word<'_>],
    taken: &mut [bool],
    found: &mut Vec<Claim>,
    offset: usize,
    language: Language,
) {
    let mut index = 0;
    while index < words.len() {
        let Some((quantities, used)) = (!taken[index]).then(|| number::read(&words[index..], language)).flatten()
        else {
            index += 1;
            continue;
        };
        let bytes = words[index].range.start..words[index + used - 1].range.end;
        for quantity in quantities {
            let form = Form::Number(quantity.key());
            let kind = if quantity.is_year() { ClaimKind::Date } else { ClaimKind::Number };
            push(found, kind, text, bytes.clone(), offset, Some(quantity), form);
        }
        taken[index..index + used].fill(true);
        index += used;
    }
}

fn names(text: &str, words: &[Word<'_>], taken: &[bool], found: &mut Vec<Claim>, offset: usize, language: Language) {
    let stop_words = language.stop_words();
    let is_name = |index: usize| !taken[index] && starts_upper(words[index].core) && !is_pronoun_i(words[index].core);
    let mut index = 0;
    while index < words.len() {
        if !is_name(index) {
            index += 1;
            continue;
        }
        let mut end = index + 1;
        let mut last = end;
        while end < words.len() && breaks_off(&words[end - 1]).is_none() && words[end].before.is_empty() {
            if is_name(end) {
                end += 1;
                last = end;
            } else if NAME_JOINERS.contains(&words[end].core) && end < last + 2 {
                end += 1;
            } else {
                break;
            }
        }
        let mut start = index;
        index = last.max(index + 1);
        let opens = start == 0
            || !words[start].before.is_empty()
            || words[start - 1].after.contains([':', '.', '?', '!', '–', '—']);
        // `The FBI`: the article is capitalised for its place.
        while start < last && opens && is_small_word(words[start].core, &stop_words, last - start == 1) {
            start += 1;
            while start < last && NAME_JOINERS.contains(&words[start].core) {
                start += 1;
            }
        }
        if start >= last {
            continue;
        }
        let bytes = words[start].range.start..words[last - 1].range.end;
        let single = last - start == 1;
        let acronym = words[start].core.chars().filter(|c| c.is_uppercase()).count() >= 2;
        if single && language.capitalises_nouns() && !acronym {
            continue;
        }
        if single && start == 0 && !acronym && has_common_ending(words[start].core) {
            continue;
        }
        let name = possessive(&text[bytes.clone()]);
        let bytes = bytes.start..bytes.start + name.len();
        let form = if single && start == 0 && !acronym { Form::Opener(key(name)) } else { Form::Words(key(name)) };
        push(found, ClaimKind::Name, text, bytes, offset, None, form);
    }
}

fn push(
    found: &mut Vec<Claim>,
    kind: ClaimKind,
    text: &str,
    range: Range<usize>,
    offset: usize,
    quantity: Option<Quantity>,
    form: Form,
) {
    let words = text[range.clone()].to_owned();
    found.push(Claim { kind, text: words, range: range.start + offset..range.end + offset, quantity, form });
}

/// The punctuation that ends a run of words, if any.
pub(crate) fn breaks_off(word: &Word<'_>) -> Option<char> {
    word.after.chars().next()
}

/// Without a trailing `'s`.
pub(crate) fn possessive(name: &str) -> &str {
    name.strip_suffix("'s").or_else(|| name.strip_suffix("’s")).unwrap_or(name)
}

pub(crate) fn starts_upper(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

fn is_pronoun_i(word: &str) -> bool {
    word == "I" || word.starts_with("I'") || word.starts_with("I’")
}

/// Whether a word at the start of a sentence is capitalised for its place; `New` is, but not in `New York`.
fn is_small_word(word: &str, stop_words: &HashSet<&'static str>, alone: bool) -> bool {
    let acronym = word.chars().count() >= 2 && word.chars().all(char::is_uppercase);
    let lower = word.to_lowercase().replace('’', "'");
    !acronym && (stop_words.contains(lower.as_str()) || alone && COMMON_OPENERS.contains(&lower.as_str()))
}

/// Endings that tell an ordinary first word from a name; a few names are missed for it.
fn has_common_ending(word: &str) -> bool {
    ["ly", "ing", "ed", "es", "ers", "ors", "ists", "ions", "ments"].iter().any(|ending| word.ends_with(ending))
}

fn day_of_month(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &word[digits.len()..];
    let day = digits.parse().ok()?;
    (matches!(suffix, "" | "st" | "nd" | "rd" | "th" | "er" | "o") && (1..=31).contains(&day)).then_some(day)
}

fn year_of(word: &str) -> Option<u32> {
    let year = word.parse().ok()?;
    (1000..=2999).contains(&year).then_some(year)
}

/// A source made ready to check claims against.
#[derive(Debug, Clone)]
pub struct Evidence {
    words: String,
    facts: HashSet<String>,
}

impl Evidence {
    /// Reads a source.
    pub fn of(text: &str, language: Language) -> Self {
        let mut facts = HashSet::new();
        for claim in claims(text, language) {
            match claim.form {
                Form::Number(number) => facts.extend([number]),
                Form::Date(keys) => {
                    // `31 January` also confirms `January`.
                    let months: Vec<String> = keys
                        .iter()
                        .filter_map(|key| key.strip_prefix("day ")?.split('-').next())
                        .map(|month| format!("month {month}"))
                        .collect();
                    facts.extend(keys.into_iter().chain(months));
                }
                Form::Words(_) | Form::Opener(_) => {}
            }
        }
        Self { words: key(text), facts }
    }

    /// Whether the source says so.
    pub fn supports(&self, claim: &Claim) -> bool {
        match &claim.form {
            Form::Number(number) => self.facts.contains(number),
            Form::Date(keys) => keys.iter().all(|key| self.facts.contains(key)),
            Form::Words(words) | Form::Opener(words) => self.words.contains(words.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, language: Language) -> Vec<(ClaimKind, String)> {
        claims(text, language).into_iter().map(|claim| (claim.kind, claim.text)).collect()
    }

    fn check(text: &str, expected: &[(ClaimKind, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(found(text, Language::English), expected, "{text}");
    }

    use ClaimKind::{Date, Name, Number, Quote};

    #[test]
    fn finds_numbers_with_their_scale_and_unit() {
        check("Sales rose 8% to £36bn, or 2.1x.", &[(Number, "8%"), (Number, "£36bn"), (Number, "2.1x")]);
        check("It took five million people.", &[(Number, "five million")]);
        check("He ran 1,200 miles in twenty-one days.", &[(Number, "1,200"), (Number, "twenty-one")]);
    }

    #[test]
    fn finds_names_but_not_the_first_word_for_its_place() {
        check("The FBI warned Paul Ryan's office.", &[(Name, "FBI"), (Name, "Paul Ryan")]);
        check("After rain, the Department of Defense closed.", &[(Name, "Department of Defense")]);
        check("Police said so. Researchers agree.", &[]);
        check("Cities such as Oslo, Rome and New York grew.", &[(Name, "Oslo"), (Name, "Rome"), (Name, "New York")]);
    }

    #[test]
    fn finds_dates_and_quotes() {
        check(
            "On Friday 31 January 2020 she said: “It is over.”",
            &[(Date, "Friday"), (Date, "31 January 2020"), (Quote, "It is over.")],
        );
        check("It was 'this close' in 1987, they don't say.", &[(Quote, "this close"), (Date, "1987")]);
    }

    #[test]
    fn german_nouns_are_no_names() {
        let names = found("Die Brücke in Köln kostet 3,5 Millionen Euro, sagt das ADAC-Büro.", Language::German);
        assert_eq!(names, [(Number, "3,5 Millionen Euro".to_owned()), (Name, "ADAC-Büro".to_owned())]);
    }

    #[track_caller]
    fn supported(source: &str, line: &str, expected: bool) {
        let evidence = Evidence::of(source, Language::English);
        let missing: Vec<_> = claims(line, Language::English).into_iter().filter(|c| !evidence.supports(c)).collect();
        assert_eq!(missing.is_empty(), expected, "{line} against {source}: {missing:?}");
    }

    #[test]
    fn equal_numbers_are_equal_however_written() {
        supported("It cost 36 billion pounds.", "It cost £36bn.", true);
        supported("It cost £36bn.", "It cost £36 billion.", true);
        supported("1200 people came.", "In all 1,200 came.", true);
        supported("two crew members", "Only 2 of them", true);
        supported("8 per cent", "Down 8%.", true);
        supported("8 per cent", "Down 8 points.", false);
        supported("It cost $36bn.", "It cost £36bn.", false);
        supported("5 million", "Some 5 billion.", false);
        supported("It cost 1.5 million", "It cost 1,500,000", true);
    }

    #[test]
    fn names_dates_and_quotes_must_occur() {
        supported("The U.S. agency told Ana Díaz’s lawyer.", "In the US, Ana Díaz waits.", true);
        supported("Ann Lee and Bob Roe met.", "There was Ann Roe.", false);
        supported("He spoke on 31 January 2018.", "It was in January.", true);
        supported("He spoke on 31 January 2018.", "It was on 30 January.", false);
        supported("“I am very tired,” she said.", "She said she was 'very tired'.", true);
        supported("“I am very tired,” she said.", "She said “I am tired”.", false);
    }

    proptest::proptest! {
        #[test]
        fn a_text_supports_itself(text in "[ a-zA-Z0-9.,!?“”‘’'\"£$%€()\n–é-]{0,160}") {
            let evidence = Evidence::of(&text, Language::English);
            for claim in claims(&text, Language::English) {
                proptest::prop_assert_eq!(&text[claim.range.clone()], claim.text.as_str());
                proptest::prop_assert!(evidence.supports(&claim), "{:?}", claim);
            }
        }
    }
}
