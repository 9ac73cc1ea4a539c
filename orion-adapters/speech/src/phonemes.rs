//! From spoken words to the phonemes of a Piper voice.

use orion_core::{Error, Result};
use piper_plus_g2p::Phonemizer;
use piper_plus_g2p::english::EnglishPhonemizer;
use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The dictionary is large and never changes: one for the whole process.
static ENGLISH: LazyLock<Option<EnglishPhonemizer>> = LazyLock::new(|| EnglishPhonemizer::new_bundled().ok());

/// Gives the phonemes of words, in the alphabet of espeak that Piper voices are trained on.
#[derive(Debug)]
pub(crate) enum Phonemes {
    /// English, by dictionary and rules, without any other program.
    English,
    /// Any language, by asking `espeak-ng`; answers are remembered.
    Espeak { language: String, known: Mutex<HashMap<String, Vec<String>>> },
}

impl Phonemes {
    /// Phonemes for a language tag.
    pub(crate) fn for_language(language: &str) -> Self {
        if language.starts_with("en") {
            return Self::English;
        }
        Self::Espeak { language: language.replace('_', "-").to_lowercase(), known: Mutex::default() }
    }

    /// The phonemes of one display word's spoken form, with a space between its words.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) if `espeak-ng` is needed and is not there.
    pub(crate) fn of(&self, words: &str) -> Result<Vec<String>> {
        match self {
            Self::English => {
                let english =
                    ENGLISH.as_ref().ok_or_else(|| Error::unexpected("the pronouncing dictionary is damaged"))?;
                let (tokens, _) = english
                    .phonemize_with_prosody(words)
                    .map_err(|error| Error::unexpected("these words cannot be pronounced").with_source(error))?;
                Ok(tokens)
            }
            Self::Espeak { language, known } => {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(tokens) = known.get(words) {
                    return Ok(tokens.clone());
                }
                let tokens: Vec<String> = espeak_ipa(language, words)?.chars().map(String::from).collect();
                known.insert(words.to_owned(), tokens.clone());
                Ok(tokens)
            }
        }
    }
}

/// Asks `espeak-ng` for the IPA of some words. The words go in by standard input, never by the command line.
fn espeak_ipa(language: &str, words: &str) -> Result<String> {
    let missing = |error: std::io::Error| {
        Error::unavailable("a voice of this language needs espeak-ng for its pronunciation")
            .with_context("language", language)
            .with_hint("install espeak-ng (Debian: `apt-get install espeak-ng`), or choose an English voice")
            .with_source(error)
    };
    let mut child = Command::new("espeak-ng")
        .args(["-q", "--ipa", "--stdin", "-v", language])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(missing)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(words.as_bytes()).map_err(missing)?;
    }
    let output = child.wait_with_output().map_err(missing)?;
    if !output.status.success() {
        return Err(Error::invalid("espeak-ng does not know this language").with_context("language", language));
    }
    let ipa = String::from_utf8_lossy(&output.stdout);
    // espeak marks a change of language as `(en)`; that is not spoken.
    let mut depth = 0_u32;
    let spoken = ipa.chars().filter(|c| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    let joined: String = spoken.collect();
    Ok(joined.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_have_phonemes() {
        let phonemes = Phonemes::English.of("twenty seven stories").unwrap().concat();
        assert!(phonemes.contains("tw") && phonemes.contains('ˈ'), "{phonemes}");
    }
}
