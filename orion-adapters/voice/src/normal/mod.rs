//! How English is read aloud: every word as shown gets the words that are said for it.
//!
//! `2.1x` is shown and `two point one times` is said; the map between them is what the times of the captions come
//! from, so it is kept word by word. A word that has nothing to say (a dash, an emoji) gets no words and may leave a
//! pause. The words said are lower-case; a single capital is the name of a letter (`F B I`), `U's` its plural.
//!
//! This module knows nothing of phonemes, voices or sound.

mod amount;
mod clean;
mod number;
mod table;
#[cfg(test)]
mod tests;
mod web;
mod word;

use clean::Shown;

/// Knows which words have a pronunciation of their own.
pub trait Lexicon {
    /// Whether a lower-case word can be looked up rather than guessed.
    fn knows(&self, word: &str) -> bool;
}

/// The silence after a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pause {
    /// None.
    None,
    /// As at a comma.
    Clause,
    /// The end of a sentence, and its mark: `.`, `!` or `?`.
    Sentence(char),
}

/// What is said for one word as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words, none if it is only seen.
    pub words: Vec<String>,
    /// What follows them.
    pub pause: Pause,
}

/// A word among its neighbours.
#[derive(Clone, Copy)]
struct Context<'a> {
    shown: &'a [Shown],
    index: usize,
    lexicon: &'a dyn Lexicon,
    /// The text is written in capitals, so that they mean nothing.
    shouted: bool,
}

impl<'a> Context<'a> {
    /// The bare word some places away, empty beyond the ends.
    fn core(&self, offset: isize) -> &'a str {
        self.index
            .checked_add_signed(offset)
            .and_then(|index| self.shown.get(index))
            .map_or("", |shown| shown.core.as_str())
    }

    /// The bare word before, unless a sentence ended there.
    fn previous(&self) -> &'a str {
        match self.index.checked_sub(1).and_then(|index| self.shown.get(index)) {
            Some(shown) if !shown.trail.contains(['.', '!', '?']) => &shown.core,
            _ => "",
        }
    }

    /// The bare word after, unless the sentence ends here.
    fn next(&self) -> &'a str {
        if self.shown[self.index].trail.contains(['.', '!', '?']) { "" } else { self.core(1) }
    }

    /// Whether this is the last word.
    fn is_last(&self) -> bool {
        self.index + 1 == self.shown.len()
    }

    /// Whether the next word begins with a capital or there is none.
    fn capital_follows(&self) -> bool {
        self.core(1).chars().next().is_none_or(|first| first.is_uppercase() || first.is_ascii_digit())
    }
}

/// What is said for each of the words. Gives exactly as many as it gets.
pub fn say(words: &[&str], lexicon: &dyn Lexicon) -> Vec<Said> {
    let shown: Vec<Shown> = words.iter().map(|word| Shown::new(word)).collect();
    let capitals = shown.iter().filter(|shown| word::is_capitals(&shown.core)).count();
    let lowers = shown.iter().filter(|shown| shown.core.chars().any(char::is_lowercase)).count();
    let shouted = capitals >= 3 && capitals > 2 * lowers;
    let mut said: Vec<Said> = Vec::with_capacity(words.len());
    // Money whose name is said behind a word that follows: `$36 billion`.
    let mut owed: Option<&'static str> = None;
    for index in 0..shown.len() {
        let context = Context { shown: &shown, index, lexicon, shouted };
        let here = &shown[index];
        let mut words = Vec::new();
        if let Some(name) = owed.take() {
            // The amount was said; this word is its magnitude.
            words.extend(amount::magnitude_word(&here.core).map(str::to_owned));
            words.extend(name.split(' ').map(str::to_owned));
        } else if !here.core.is_empty() {
            words = read(&here.core, context);
            if amount::magnitude_word(context.next()).is_some() && context.core(0).chars().any(|c| c.is_ascii_digit()) {
                owed = amount::money_of(&here.core);
            }
        }
        words.retain(|word| !word.is_empty());
        if here.opens
            && let Some(before) = said.last_mut()
        {
            before.pause = before.pause.max(Pause::Clause);
        }
        // The dash of `5 - 7` is a word, not a pause.
        let pause = if here.core == "-" && !words.is_empty() { Pause::None } else { pause(here, context) };
        said.push(Said { words, pause });
    }
    // The last thing said ends a sentence, whatever is written.
    if let Some(last) = said.last_mut()
        && last.pause < Pause::Sentence('\0')
    {
        last.pause = Pause::Sentence('.');
    }
    said
}

/// The words of one bare word, tried from the most particular form to the least.
fn read(core: &str, context: Context<'_>) -> Vec<String> {
    let owned = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
    if core == "-" {
        let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '$');
        return if number(context.previous()) && number(context.core(1)) { owned("to") } else { Vec::new() };
    }
    word::abbreviated(core, context)
        .or_else(|| web::address(core, context))
        .or_else(|| amount::read(core, context))
        .unwrap_or_else(|| word::compound(core, context))
}

/// The pause after a word, from its marks.
fn pause(shown: &Shown, context: Context<'_>) -> Pause {
    let mark = shown.trail.chars().find(|mark| matches!(mark, '.' | '!' | '?'));
    if let Some(mark) = shown.trail.chars().find(|mark| matches!(mark, '!' | '?')).or(mark) {
        // Dots that trail off go on if the next word does.
        let trails_off = mark == '.' && shown.trail.matches('.').count() > 1;
        if trails_off && !context.capital_follows() {
            return Pause::Clause;
        }
        return Pause::Sentence(mark);
    }
    if shown.core.ends_with('.') && word::may_end(&shown.core) && context.capital_follows() {
        return Pause::Sentence('.');
    }
    if shown.closes || (shown.core.is_empty() || shown.core == "-") && shown.marks {
        return Pause::Clause;
    }
    Pause::None
}
