//! The best clause of a sentence, for a card: it begins where a clause begins and ends where a phrase ends, so that
//! it can be read by itself.

use super::compress::{LEADERS, capitalised, is_clause, without_connective};
use super::phrase::{has_verb, is_base_form, is_verb};
use crate::text::claim::{Word, split_words};
use crate::text::language::Language;
use crate::text::sentence::{is_closing, is_terminal};
use std::collections::HashSet;

/// A sentence of up to this many words is its own best clause.
const SHORT: usize = 11;

/// Words that turn a statement round, or hold for all or none: what follows them is never cut off.
pub(super) const BINDING: &[&str] = &[
    "not", "no", "never", "nobody", "without", "cannot", "isn't", "aren't", "wasn't", "weren't", "don't", "doesn't",
    "didn't", "won't", "hasn't", "haven't", "every", "all", "each", "any", "only", "few", "if", "unless", "whether",
    "until", "nicht", "kein", "keine", "keinen", "nie", "nur", "wenn", "não", "nunca", "sem", "só", "todos", "todas",
    "se", "no", "sin", "jamás", "todas", "pas", "jamais", "tous", "toutes", "si",
];

/// Words that lean on what follows.
const LEANING: &[&str] = &[
    "able",
    "according",
    "ahead",
    "almost",
    "as",
    "back",
    "because",
    "close",
    "down",
    "due",
    "else",
    "equal",
    "far",
    "fewer",
    "first",
    "good",
    "instead",
    "last",
    "less",
    "like",
    "likely",
    "low",
    "high",
    "more",
    "most",
    "new",
    "next",
    "other",
    "out",
    "prior",
    "rather",
    "ready",
    "related",
    "similar",
    "so",
    "such",
    "together",
    "up",
    "worth",
    "mehr",
    "mais",
    "más",
    "plus",
    "para",
    "als",
    "wie",
];

/// Words that tell a verb is still to come in a German clause, and those that are parted from one.
const BRACKETS: &str = "hat haben hatte hatten ist sind war waren wird werden wurde wurden kann können konnte muss müssen \
    soll sollen sollte will wollen lassen lässt würde würden darf dürfen möchte dass weil wenn ob";
const PARTICLES: &str = "ab an auf aus bei ein fest frei her hin los mit nach vor zu zurück weg teil statt";

/// Where a phrase may end, by the word that follows: openers of clauses, and prepositions that add a detail.
const CLAUSES: &str = "which who where when while after before because although though amid nachdem während weil wobei \
    sodass enquanto porque quando onde mientras cuando donde tandis lorsque";
const DETAILS: &str = "in on at for from with into over under through during between against amid among across by without \
    since near despite around inside behind within beyond für mit bei auf aus im am vom zum zur seit nach durch gegen von \
    para por em no na nos nas num numa com sem sobre entre após durante até desde contra segundo en con sin tras durante \
    hasta según pour par dans avec sans sur entre après pendant depuis contre selon chez vers";

const DETERMINERS: &str = "a an the its his her their our this that these those my your no some more most";

/// Words behind which the plain form of a verb may stand.
const PLURALS: &str = "i we you they who that people police men women children to not can could may might must will would \
    should do does did";

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn lower(word: &Word<'_>) -> String {
    word.core.to_lowercase().replace('’', "'")
}

/// A sentence cut into words, with what decides where it may be cut.
struct Sentence<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    stop_words: HashSet<&'static str>,
    language: Language,
}

/// The best clause of a sentence in about `most` words, without its full stop; never empty if there is a word.
pub(super) fn outline(text: &str, language: Language, most: usize) -> String {
    let text = without_connective(text, language);
    let sentence = Sentence::of(&text, language);
    let count = sentence.words.len();
    if count <= SHORT.min(most) {
        return capitalised(bare(&text));
    }
    sentence.best(most, usize::MAX).unwrap_or_else(|| capitalised(&sentence.rough(most)))
}

/// The best clause that ends before a place of a sentence, if there is one.
pub(super) fn outline_before(text: &str, limit: usize, language: Language) -> Option<String> {
    let sentence = Sentence::of(text, language);
    sentence.best(8, limit).filter(|phrase| phrase.split(' ').count() >= 2)
}

/// The phrase that begins at a place of a sentence, up to `most` words: what a number counts, what lies somewhere.
pub(super) fn phrase_from(text: &str, from: usize, language: Language, most: usize) -> String {
    let sentence = Sentence::of(text, language);
    let Some(start) = sentence.words.iter().position(|word| word.range.start >= from) else { return String::new() };
    let end = (start + 1..=sentence.words.len().min(start + most))
        .take_while(|end| sentence.words[start..*end].iter().skip(1).all(|word| word.before.is_empty()))
        .take_while(|end| *end == start + 1 || !sentence.ends_clause(*end - 1))
        .filter(|end| {
            let last = &sentence.words[*end - 1];
            let verb = sentence.has_verb(start, *end);
            let closed = sentence.ends_clause(*end) || sentence.opens_next(*end) || sentence.next_is_verb(*end);
            closed && !sentence.is_stop(last) && !verb && !last.core.contains(|c: char| c.is_ascii_digit())
        })
        .last();
    end.map(|end| text[sentence.words[start].range.start..sentence.words[end - 1].range.end].to_owned())
        .unwrap_or_default()
}

/// Without the marks that end it.
fn bare(text: &str) -> &str {
    let stop = |c: char| matches!(c, '.' | ',' | ';' | ':' | '–' | '—');
    let trimmed = text.trim().trim_end_matches(stop);
    // `U.S.` keeps its last dot.
    if text.trim().ends_with('.') && trimmed.rsplit(' ').next().is_some_and(|word| word.contains('.')) {
        return text.trim();
    }
    trimmed
}

impl<'a> Sentence<'a> {
    fn of(text: &'a str, language: Language) -> Self {
        Self { text, words: split_words(text), stop_words: language.stop_words(), language }
    }

    fn is_stop(&self, word: &Word<'_>) -> bool {
        let acronym = word.core.chars().count() > 1 && word.core.chars().all(char::is_uppercase);
        let small = lower(word);
        !acronym && (self.stop_words.contains(small.as_str()) || listed(DETAILS, &small) || listed(CLAUSES, &small))
    }

    /// Whether a word reads as a verb where it stands: `the charge` and `of tests` do not.
    fn is_verb(&self, index: usize) -> bool {
        let Some(word) = self.words.get(index).filter(|_| self.language == Language::English) else { return false };
        let Some(before) = index.checked_sub(1).map(|before| lower(&self.words[before])) else { return false };
        let noun = listed(DETERMINERS, &before) || listed(DETAILS, &before) || before == "of";
        let small = lower(word);
        let bent = ["s", "ed"].iter().any(|ending| small.ends_with(ending)) || !is_base_form(&small);
        let plural = before.ends_with('s') && !before.ends_with("ss") || listed(PLURALS, &before);
        is_verb(word.core) && !noun && (bent || plural)
    }

    fn has_verb(&self, start: usize, end: usize) -> bool {
        (start + 1..end).any(|index| self.is_verb(index))
    }

    /// Whether the words before `end` close a clause.
    fn ends_clause(&self, end: usize) -> bool {
        end == self.words.len()
            || end > 0 && self.words[end - 1].after.contains(|c: char| is_terminal(c) || ",;:–—".contains(c))
    }

    fn next_is_verb(&self, end: usize) -> bool {
        self.is_verb(end)
    }

    /// Whether the word at `end` opens a phrase of its own.
    fn opens_next(&self, end: usize) -> bool {
        let Some(next) = self.words.get(end) else { return true };
        let word = lower(next);
        next.before.is_empty() && (listed(CLAUSES, &word) || listed(DETAILS, &word))
    }

    /// Where clauses begin.
    fn starts(&self) -> Vec<usize> {
        let mut starts = vec![0];
        for index in 1..self.words.len().saturating_sub(2) {
            let border = self.words[index - 1].after;
            let rest = &self.text[self.words[index].range.start..];
            let lead = border.contains(',') && index <= 9 && starts == [0] && self.leads(index);
            let joined = matches!(
                lower(&self.words[index]).as_str(),
                "and" | "but" | "so" | "while" | "und" | "aber" | "mas" | "pero"
            );
            let (begin, rest) = match self.words.get(index + 1) {
                Some(next) if joined => (index + 1, &self.text[next.range.start..]),
                _ => (index, rest),
            };
            let strong = border.contains([':', ';', '–', '—']) || border.contains(',') && joined;
            if lead && !self.next_is_verb(index) || strong && is_clause(rest, self.language) {
                starts.push(begin);
            }
        }
        starts
    }

    /// Whether the words before `end` only lead up to the main clause.
    fn leads(&self, end: usize) -> bool {
        let Some(first) = self.words.first() else { return false };
        let head = &self.text[first.range.start..self.words[end - 1].range.end];
        let phrase = listed(DETAILS, &lower(first)) || LEADERS.contains(&first.core);
        phrase
            || self.language == Language::English && !has_verb(head) && first.core.ends_with("ly")
            || matches!(first.core, "More" | "Not" | "Months" | "Years" | "Days" | "Hours")
    }

    /// How much it hurts to end before the word at `end`; `None` where no phrase ends.
    fn cut(&self, start: usize, end: usize) -> Option<f64> {
        let last = &self.words[end - 1];
        let inner = &self.words[start..end];
        let has_verb = self.language != Language::English || self.has_verb(start, end);
        if self.ends_clause(end) {
            let comma = last.after.contains(',');
            let complete = !comma || has_verb || end - start >= 3;
            // `drought, wind and flooding` and `near Oslo, Norway` are not ends.
            let list = comma
                && (end..self.words.len().min(end + 4)).any(|index| {
                    matches!(lower(&self.words[index]).as_str(), "and" | "or" | "und" | "oder" | "e" | "y" | "et")
                        && !self.has_verb(end, index)
                        && index > end
                });
            let dangling = comma && self.is_stop(last);
            return (complete && !list && !dangling).then_some(if comma { 0.15 } else { 0.0 });
        }
        let next = self.words.get(end)?;
        let word = lower(next);
        let leaning = LEANING.contains(&lower(last).as_str())
            || last.core.ends_with("able")
            || last.core.ends_with("ible")
            || self.words.get(end + 1).is_none();
        let bound = inner.iter().any(|word| BINDING.contains(&lower(word).as_str()));
        let crosses = self.words[start..end - 1].iter().any(|word| word.after.contains([';', ':', '–', '—']));
        let joined = matches!(lower(&self.words[start]).as_str(), "and" | "but" | "or");
        if self.is_stop(last)
            || crosses
            || joined
            || leaning
            || bound
            || !last.after.is_empty()
            || !next.before.is_empty()
        {
            return None;
        }
        if self.language == Language::German && self.has_bracket(start, end) {
            return None;
        }
        if self.is_verb(end - 1) || self.is_participle(end) {
            let before = end.checked_sub(2).map(|index| lower(&self.words[index])).unwrap_or_default();
            let passive = listed("is are was were been be foi foram é são ser", &before);
            let adrift = listed("as into through over on for", &word);
            let detail = passive && (listed(DETAILS, &word) || listed(CLAUSES, &word)) && !adrift;
            // `The toll rises from …` has said that it rises.
            return (detail || end - start >= 3 && matches!(word.as_str(), "from" | "by")).then_some(0.5);
        }
        let cost = if listed(CLAUSES, &word) {
            0.2
        } else if listed(DETAILS, &word) {
            0.4
        } else if word == "and" && has_verb && self.next_is_verb(end + 1) {
            0.3
        } else if word == "to" && has_verb {
            0.5
        } else if self.subject_ends(start, end, has_verb) {
            0.0
        } else {
            return None;
        };
        Some(cost)
    }

    /// Whether the words before `end` are the subject of the verb that follows.
    fn subject_ends(&self, start: usize, end: usize, has_verb: bool) -> bool {
        let english = self.is_verb(end) && !has_verb && end - start >= 2;
        english || self.language == Language::German && start == 0 && self.is_second_place(end)
    }

    /// `foi condenado`, `has promised`: a form of a verb that wants more.
    fn is_participle(&self, end: usize) -> bool {
        let word = lower(&self.words[end - 1]);
        match self.language {
            Language::Portuguese | Language::Spanish => {
                ["ado", "ido", "ada", "ida", "ados", "idos", "adas", "idas"].iter().any(|ending| word.ends_with(ending))
            }
            Language::French => word.ends_with('é') || word.ends_with("ée") || word.ends_with("és"),
            _ => false,
        }
    }

    /// Whether the verb of a German clause, or a part of it, is still to come.
    fn has_bracket(&self, start: usize, end: usize) -> bool {
        let close = (end..self.words.len()).find(|index| self.ends_clause(index + 1)).unwrap_or(self.words.len() - 1);
        let parted = listed(PARTICLES, &lower(&self.words[close]));
        parted || self.words[start..end].iter().any(|word| listed(BRACKETS, &lower(word)))
    }

    /// Whether the word at `end` is the verb of a German main clause: a small word right behind a noun or a number.
    fn is_second_place(&self, end: usize) -> bool {
        let (last, next) = (&self.words[end - 1], &self.words[end]);
        let noun = last.core.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        noun && end >= 2 && next.core.starts_with(char::is_lowercase) && !self.is_stop(next) && !self.opens_next(end)
    }

    fn best(&self, most: usize, limit: usize) -> Option<String> {
        let mut best: Option<(f64, &str)> = None;
        for start in self.starts() {
            for end in start + 2..=self.words.len().min(start + most) {
                let last = &self.words[end - 1];
                if last.range.end > limit {
                    break;
                }
                let first = &self.words[start];
                let rest = &self.text[last.range.end..];
                let closing = rest.find(|c: char| !is_closing(c)).unwrap_or(rest.len());
                let phrase = &self.text[first.range.start - first.before.len()..last.range.end + closing];
                let Some(cost) = self.cut(start, end).filter(|_| is_closed(phrase)) else { continue };
                let score = self.worth(start, end) - cost;
                if best.is_none_or(|(highest, _)| score > highest) {
                    best = Some((score, phrase));
                }
            }
        }
        best.filter(|(score, _)| *score > 0.0).map(|(_, phrase)| capitalised(bare(phrase)))
    }

    fn worth(&self, start: usize, end: usize) -> f64 {
        let words = &self.words[start..end];
        let meaning = words.iter().filter(|word| !self.is_stop(word)).count();
        let names = words.iter().skip(1).filter(|word| word.core.starts_with(char::is_uppercase)).count() as f64;
        let number = words.iter().any(|word| word.core.contains(|c: char| c.is_ascii_digit()));
        let clause = self.has_verb(start, end)
            || self.language != Language::English
                && words.len() >= 4
                && !self.is_second_place(end.min(self.words.len() - 1));
        let pointing = listed("it he she they this that these those there its his her their", &lower(&words[0]));
        let led = start == 0 && self.starts().get(1).is_some_and(|next| *next < end && self.leads(*next));
        let inside = led || LEADERS.contains(&words[0].core) || listed("dass wenn weil", &lower(&words[0]));
        if meaning < 2 {
            return 0.0;
        }
        0.35 + 0.65 * f64::from(clause) + 0.1 * names.min(2.0) + 0.15 * f64::from(number) + 0.04 * meaning.min(7) as f64
            - 0.04 * (words.len() as f64 - 7.0).abs()
            - 0.15 * f64::from(start > 0)
            - 0.3 * f64::from(pointing)
            - 0.6 * f64::from(inside)
    }

    /// The first words up to the last that could end a phrase, where the sentence offers no clause.
    fn rough(&self, most: usize) -> String {
        let most = most + 2;
        let first = (1..=self.words.len().min(most)).find(|end| self.ends_clause(*end) && *end >= 3);
        let last = (2..=self.words.len().min(most)).rev().find(|end| {
            let binds =
                self.words.get(*end).is_some_and(|next| listed("of de do da dos das del des du than", &lower(next)));
            !self.is_stop(&self.words[end - 1]) && !binds
        });
        let end = first.or(last).unwrap_or_else(|| self.words.len().min(most));
        let Some(last) = end.checked_sub(1).and_then(|index| self.words.get(index)) else { return String::new() };
        let start = self.words.first().map_or(0, |word| word.range.start);
        self.text[start..last.range.end].trim_matches(is_closing).to_owned()
    }
}

/// Whether quotations that open also close.
fn is_closed(text: &str) -> bool {
    super::clean::is_balanced(text) && text.matches('‘').count() <= text.matches('’').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(outline(text, Language::English, 12), expected);
    }

    #[test]
    fn a_short_sentence_is_shown_whole() {
        check("An octopus has three hearts.", "An octopus has three hearts");
        check("The council did not close the bridge.", "The council did not close the bridge");
        check("It is the end of the U.S.", "It is the end of the U.S.");
        assert_eq!(outline("", Language::English, 8), "");
    }

    #[test]
    fn a_clause_ends_where_a_phrase_ends() {
        check(
            "Police dropped an investigation into a former gymnastics doctor in 2004 after he told them about his work.",
            "Police dropped an investigation into a former gymnastics doctor in 2004",
        );
        check(
            "Nearly half of US military sites are threatened by wild weather linked to climate change.",
            "Nearly half of US military sites are threatened",
        );
    }

    #[test]
    fn a_leading_phrase_gives_way_to_the_main_clause() {
        check(
            "More than a century later, the Haskell Free Library continues to allow residents of both countries to mingle.",
            "The Haskell Free Library continues to allow residents of both countries",
        );
    }

    #[test]
    fn what_a_negation_holds_is_never_cut_off() {
        let shown = outline(
            "The old bridge over the river did not fall in the storm of last spring in spite of the flood.",
            Language::English,
            12,
        );
        assert!(!shown.contains("not"), "{shown}");
    }

    #[test]
    fn a_german_verb_is_not_left_behind() {
        let german = |text| outline(text, Language::German, 12);
        assert_eq!(
            german(
                "Daniel Schlichtholz hat sich von der Entwicklung des Skripts verabschiedet, mit dem sich Daten sichern lassen."
            ),
            "Daniel Schlichtholz hat sich von der Entwicklung des Skripts verabschiedet"
        );
        assert_eq!(
            german(
                "Die nun verfügbare Version 10 des Enterprise-Java-Servers stellt die Basis für die kommerzielle Plattform der \
                 Firma und ihrer Kunden."
            ),
            "Die nun verfügbare Version 10 des Enterprise-Java-Servers stellt die Basis"
        );
    }

    #[test]
    fn phrases_behind_a_number_end_before_the_verb() {
        let text = "More than 95 percent of the data between continents travels through glass fibres on the sea floor.";
        assert_eq!(phrase_from(text, 20, Language::English, 6), "of the data between continents");
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_an_outline(text in "\\PC{0,120}( [a-zA-Z,“”é–.]{1,9}){0,40}", most in 2_usize..14) {
            let shown = outline(&text, Language::English, most);
            let words = crate::text::sentence::word_count(&text);
            proptest::prop_assert!(words == 0 || !shown.is_empty());
            proptest::prop_assert!(shown.split_whitespace().count() <= text.split_whitespace().count());
        }
    }
}
