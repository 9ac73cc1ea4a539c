//! The best clause of a sentence, for a card: it begins where a clause begins and ends where a phrase ends, so that
//! it can be read by itself.

use super::border::{BINDING, BRACKETS, CLAUSES, DETAILS, DETERMINERS, LEANING, PARTICLES, PLURALS, listed};
use super::compress::{capitalised, is_clause, without_connective};
use super::cut::LEADERS;
use super::phrase::{has_verb, is_base_form, is_verb};
use crate::text::claim::{Word, split_words};
use crate::text::language::Language;
use crate::text::sentence::{is_closing, is_terminal};
use std::collections::HashSet;

/// A sentence of up to this many words is its own best clause.
const SHORT: usize = 11;

/// So many words more a sentence may have to be shown whole where only its subject could be cut out.
const MORE: usize = 5;

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
    let shown = sentence.best(most, usize::MAX).unwrap_or_else(|| capitalised(&sentence.rough(most)));
    // A subject alone says little; a sentence that is not much too long says it better.
    let states = language != Language::English || has_verb(&shown);
    if !states && count <= most + MORE && most > MORE { capitalised(bare(&text)) } else { shown }
}

/// The best clause that ends before a place of a sentence, if there is one.
pub(super) fn outline_before(text: &str, limit: usize, language: Language) -> Option<String> {
    let sentence = Sentence::of(text, language);
    sentence.best(8, limit).filter(|phrase| phrase.split(' ').count() >= 2)
}

/// Where or through what the thing that begins a sentence is or goes: `glass fibres` of `95 percent of the data
/// travels through glass fibres`.
pub(super) fn outline_after(text: &str, from: usize, language: Language) -> Option<String> {
    let sentence = Sentence::of(text, language);
    let verb = (1..sentence.words.len()).find(|index| sentence.is_verb(*index))?;
    let start = verb + 2;
    let direct = sentence.words.get(verb + 1).is_some_and(|word| listed(DETAILS, &lower(word)));
    let end = (start..sentence.words.len()).find(|index| sentence.ends_clause(index + 1))? + 1;
    let fits = direct && sentence.words[verb].range.start > from && (2..=7).contains(&(end - start));
    let plain = sentence.words[start..end].iter().all(|word| word.before.is_empty()) && !sentence.has_verb(start, end);
    (fits && plain).then(|| capitalised(sentence.phrase(start, end)))
}

/// The longest beginning of a sentence that says something whole, in at most `most` words.
pub(super) fn told(text: &str, language: Language, most: usize) -> Option<String> {
    let sentence = Sentence::of(text, language);
    let fits = |end: &usize| {
        let clause = language != Language::English || sentence.has_verb(0, *end);
        let phrase = &text[..sentence.words[*end - 1].range.end];
        // Only English verbs are known: elsewhere what stands before a comma may lack its own.
        let plain = language == Language::English || !phrase.contains(", ");
        clause
            && plain
            && is_closed(phrase)
            && sentence.cut(0, *end).is_some()
            && !sentence.subject_ends(0, *end, false)
    };
    let end = (2..=sentence.words.len().min(most)).rev().find(fits)?;
    Some(text[..sentence.words[end - 1].range.end].to_owned())
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
        let adjective = before.ends_with("ible") || before.ends_with("able") || before.ends_with("ous");
        let noun = adjective || listed(DETERMINERS, &before) || listed(DETAILS, &before) || before == "of";
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
            let lead = border.contains(',') && index <= 16 && starts == [0] && self.leads(index);
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
        let rest = self.words.get(end).map_or("", |word| &self.text[word.range.start..]);
        phrase
            || self.language == Language::English && !has_verb(head) && is_clause(rest, self.language)
            || matches!(first.core, "More" | "Not" | "Months" | "Years" | "Days" | "Hours")
    }

    /// How much it hurts to end before the word at `end`; `None` where no phrase ends.
    fn cut(&self, start: usize, end: usize) -> Option<f64> {
        let last = &self.words[end - 1];
        let inner = &self.words[start..end];
        let has_verb = self.language != Language::English || self.has_verb(start, end);
        if self.ends_clause(end) {
            let comma = last.after.contains(',');
            let whole = start == 0 && end == self.words.len();
            let complete = has_verb || whole || self.language != Language::English && end - start >= 3;
            // `drought, wind and flooding` and `near Oslo, Norway` are not ends.
            let list = comma
                && (end..self.words.len().min(end + 4)).any(|index| {
                    matches!(lower(&self.words[index]).as_str(), "and" | "or" | "und" | "oder" | "e" | "y" | "et")
                        && !self.has_verb(end, index)
                        && !self.words[end..index].iter().any(|word| self.is_stop(word) || word.core == "according")
                        && index > end
                });
            let dangling = comma && self.is_stop(last) && !self.is_verb(end - 1);
            return (complete && !list && !dangling).then_some(if comma { 0.15 } else { 0.0 });
        }
        let next = self.words.get(end)?;
        let word = lower(next);
        let leaning = LEANING.contains(&lower(last).as_str())
            || last.core.ends_with("able")
            || last.core.ends_with("ible")
            || self.words.get(end + 1).is_none();
        let spans =
            |index: usize| self.words.get(index + 1).is_some_and(|next| listed("day week month year time", next.core));
        let bound = (start..end).any(|index| BINDING.contains(&lower(&self.words[index]).as_str()) && !spans(index));
        // `that his attempt`, `which take`: the clause inside has only begun.
        let inside =
            (start..end).rev().find(|index| listed("that which who what how whether", self.words[*index].core));
        let begun = inside.is_some_and(|inside| has_verb && !self.has_verb(inside, end));
        let crosses = self.words[start..end - 1].iter().any(|word| word.after.contains([';', ':', '–', '—']));
        let joined = matches!(lower(&self.words[start]).as_str(), "and" | "but" | "or");
        if self.is_stop(last)
            || crosses
            || joined
            || leaning
            || bound
            || begun
            || !last.after.chars().all(is_closing)
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
            let because = end - start >= 3 && listed(CLAUSES, &word) && word != "who" && word != "which";
            return (detail || because || end - start >= 3 && matches!(word.as_str(), "from" | "by")).then_some(0.5);
        }
        let cost = if listed(CLAUSES, &word) || word == "that" && !inner.iter().any(|word| listed("so such", word.core))
        {
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
        let relative = self.words[start..end].iter().any(|word| matches!(word.core, "that" | "which" | "who"));
        let english = self.is_verb(end) && !has_verb && !relative && end - start >= 2;
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

    /// The words with the marks that open before the first and close behind the last.
    fn phrase(&self, start: usize, end: usize) -> &'a str {
        let (Some(first), Some(last)) = (self.words.get(start), self.words.get(end - 1)) else { return "" };
        let rest = &self.text[last.range.end..];
        let closing = rest.find(|c: char| !is_closing(c) && c != '?' && c != '!').unwrap_or(rest.len());
        &self.text[first.range.start - first.before.len()..last.range.end + closing]
    }

    fn best(&self, most: usize, limit: usize) -> Option<String> {
        let mut best: Option<(f64, &str)> = None;
        for start in self.starts() {
            for end in start + 2..=self.words.len().min(start + most) {
                let last = &self.words[end - 1];
                if last.range.end > limit {
                    break;
                }
                let phrase = self.phrase(start, end);
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
        if meaning < if clause { 2 } else { 3 } {
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
        let most = self.words.len().min(most + MORE);
        let first = (3..=most).find(|end| self.ends_clause(*end) && is_closed(self.phrase(0, *end)));
        let last = (2..=most).rev().find(|end| {
            let next = self.words.get(*end).map(lower).unwrap_or_default();
            let binds = listed("of de do da dos das del des du than", &next) || self.next_is_verb(*end);
            let leans = LEANING.contains(&lower(&self.words[end - 1]).as_str());
            !leans
                && !self.is_stop(&self.words[end - 1])
                && !self.is_verb(end - 1)
                && !binds
                && is_closed(self.phrase(0, *end))
        });
        let end = first.or(last).unwrap_or(most);
        if end == 0 { String::new() } else { self.phrase(0, end).to_owned() }
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
    fn no_outline_ends_in_a_word_that_leans_on_the_next() {
        let text = "Navalny foi preso nesta manhã pouco tempo depois de ser libertado da cadeia após cumprir outra sentença de 30 \
                    dias.";
        let shown = outline(text, Language::Portuguese, 12);
        assert!(shown.ends_with("cadeia") || shown.ends_with("cumprir"), "{shown}");
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
