//! English words as phonemes of espeak-ng, on which Piper voices are trained.
//!
//! Words are looked up in the CMU dictionary (through `piper-plus-g2p`). What that gives is close to espeak-ng's
//! American English but not the same; [`accent`] turns the one into the other, [`connect`] adds what words do to each
//! other. Words that no dictionary has are read by letter-to-sound [`rules`].

mod accent;
mod connect;
mod names;
mod rules;

use orion_core::{Error, Result};
use orion_voice::normal::Lexicon;
use piper_plus_g2p::Phonemizer;
use piper_plus_g2p::english::EnglishPhonemizer;
use std::collections::HashMap;
use std::sync::Mutex;

/// The most words whose pronunciation is kept.
const MOST_KEPT: usize = 20_000;

/// How words are pronounced.
pub(crate) struct English {
    dictionary: EnglishPhonemizer,
    kept: Mutex<HashMap<String, Vec<char>>>,
}

impl std::fmt::Debug for English {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("English").finish_non_exhaustive()
    }
}

impl English {
    /// Reads the dictionary, which is part of the program; takes about a tenth of a second.
    pub(crate) fn new() -> Result<Self> {
        let dictionary = EnglishPhonemizer::new_bundled()
            .map_err(|error| Error::unexpected("the English dictionary cannot be read").with_source(error))?;
        Ok(Self { dictionary, kept: Mutex::default() })
    }

    /// The phonemes of words that follow each other without a pause, a list for each.
    pub(crate) fn phrase(&self, words: &[&str]) -> Vec<Vec<char>> {
        let mut phonemes: Vec<Vec<char>> = words.iter().map(|word| self.word(word)).collect();
        connect::connect(words, &mut phonemes);
        phonemes
    }

    /// The phonemes of one word alone.
    fn word(&self, word: &str) -> Vec<char> {
        if let Some(kept) = self.kept.lock().ok().and_then(|kept| kept.get(word).cloned()) {
            return kept;
        }
        let phonemes = self.pronounce(word);
        if let Ok(mut kept) = self.kept.lock()
            && kept.len() < MOST_KEPT
        {
            kept.insert(word.to_owned(), phonemes.clone());
        }
        phonemes
    }

    fn pronounce(&self, word: &str) -> Vec<char> {
        let mut characters = word.chars();
        if let Some(letter) = characters.next().filter(char::is_ascii_uppercase) {
            let mut phonemes: Vec<char> = accent::letter(letter).chars().collect();
            if characters.as_str() == "'s" {
                accent::add_s(&mut phonemes);
            }
            return phonemes;
        }
        if let Some(name) = names::name(word) {
            return name.chars().collect();
        }
        if self.knows(word) {
            return accent::american(word, &self.look_up(word));
        }
        if let Some(owner) = word.strip_suffix("'s").filter(|owner| !owner.is_empty()) {
            let mut phonemes = self.word(owner);
            accent::add_s(&mut phonemes);
            return phonemes;
        }
        let bare: String = word.chars().filter(char::is_ascii_lowercase).collect();
        if bare.len() < word.len() && self.knows(&bare) {
            return accent::american(&bare, &self.look_up(&bare));
        }
        if let Some((first, second)) = self.halves(&bare) {
            let mut phonemes = self.word(first);
            // The second half of a compound is spoken with less stress.
            phonemes.extend(self.word(second).into_iter().map(|c| if c == 'ˈ' { 'ˌ' } else { c }));
            return phonemes;
        }
        accent::american(&bare, &rules::read(&bare))
    }

    /// A compound of two known words: `hyperscaler` has none, `datacenter` has `data` and `center`.
    fn halves<'a>(&self, word: &'a str) -> Option<(&'a str, &'a str)> {
        if !word.is_ascii() || word.len() < 7 {
            return None;
        }
        (3..=word.len() - 3)
            .rev()
            .map(|at| word.split_at(at))
            .filter(|(first, second)| first.len().max(second.len()) >= 5 || first.len() + second.len() >= 8)
            .filter(|(first, second)| self.knows(first) && self.knows(second))
            .max_by_key(|(first, second)| first.len().min(second.len()))
    }

    /// What the dictionary says, or its letters' names if it has nothing.
    fn look_up(&self, word: &str) -> Vec<char> {
        match self.dictionary.phonemize_with_prosody(word) {
            Ok((tokens, _)) => tokens.iter().flat_map(|token| token.chars()).collect(),
            Err(_) => Vec::new(),
        }
    }
}

impl Lexicon for English {
    /// The dictionary spells what it does not have and does not say so. But it inflects what it has: a word that
    /// looks spelled is known if with an `s` it ends in the sound and not in the letter.
    fn knows(&self, word: &str) -> bool {
        if word.is_empty() || word.len() > 40 || !word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'') {
            return false;
        }
        let spelled = |word: &str| word.chars().flat_map(|letter| accent::spelled(letter).chars()).collect::<Vec<_>>();
        let (letters, plural) = (spelled(word), format!("{word}s"));
        if self.look_up(word) != letters {
            return true;
        }
        let inflected = self.look_up(&plural);
        inflected.starts_with(&letters) && inflected != spelled(&plural)
    }
}

#[cfg(test)]
mod tests;
