//! Transcription: `audio/transcriptions` with the time of every word, as Whisper gives them.
//!
//! OpenAI takes 25 MB at once, which are four minutes of 48 kHz. A longer sound is sent in pieces that end where it is
//! quiet, one after the other, and the times are joined. What was heard in a piece is kept until all of them are heard:
//! when a later one fails, and the sound is sent again, only the rest is sent and paid.

use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::{CostCategory, Sha256};
use orion_core::port::{Provider, SpokenWord, Transcriber, Transcript};
use orion_core::service::editor::encode_wav;
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use orion_voice::wav;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest file that is sent: OpenAI takes 25 MB.
const MOST_SOUND: usize = 25_000_000;

/// Bytes of a file of sound before its samples, at most.
const HEADER: usize = 128;

/// Seconds at the end of a piece among which the quietest place is looked for, and of such a place.
const LATE: usize = 20;
const QUIET: f64 = 0.3;

/// Most pieces that are kept of sounds that are not finished: hours of them.
const MOST_KEPT: usize = 64;

/// Longest answer in bytes: hours of words.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Sound that never gets louder than this is silence, in which Whisper would hear words that nobody said.
const SILENCE: f32 = 0.003;

/// A transcriber behind `audio/transcriptions`.
#[derive(Debug, Clone)]
pub struct OpenAiTranscriber {
    server: Server,
    /// Most bytes of a file that is sent.
    pub(crate) most: usize,
    /// Pieces of sounds that are not finished, the oldest first.
    kept: Arc<Mutex<VecDeque<(Key, Piece)>>>,
}

/// What was sent, and the language that was told.
type Key = (Sha256, Option<String>);

#[derive(Deserialize)]
struct Heard {
    #[serde(default)]
    language: Option<String>,
    text: String,
    #[serde(default)]
    words: Option<Vec<Word>>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    start: f64,
    end: f64,
}

impl OpenAiTranscriber {
    /// A model by its name there: `whisper-1`, `base`. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a key that is missing.
    pub fn new(model: &str, options: &OpenAiOptions) -> Result<Self> {
        let server = Server::new(model, options, CostCategory::TranscriptionSeconds)?;
        Ok(Self { server, most: MOST_SOUND, kept: Arc::default() })
    }
}

#[async_trait]
impl Transcriber for OpenAiTranscriber {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn transcribe(&self, file: Bytes, language: Option<&str>, operation: &Operation) -> Result<Transcript> {
        operation.cancellation.check()?;
        let sound = wav::read(&file).map_err(|error| {
            Error::invalid("only WAV files are transcribed").with_source(error).with_hint("convert the sound to WAV")
        })?;
        let asked = language.and_then(tag);
        let rate = sound.sample_rate;
        let whole = file.len() <= self.most;
        // A piece has two bytes for each sample.
        let ends =
            ends(&sound.samples, rate, if whole { usize::MAX } else { self.most.saturating_sub(HEADER).max(2) / 2 });
        let (mut words, mut told, mut listened, mut start) = (Vec::new(), None, 0, 0);
        let mut keys = Vec::new();
        for end in &ends {
            operation.cancellation.check()?;
            let piece = &sound.samples[start..*end];
            let before = MediaTime::from_units(start as u64, rate);
            start = *end;
            if piece.iter().all(|sample| sample.abs() < SILENCE) {
                continue;
            }
            listened += piece.len();
            let sent = if whole { file.clone() } else { encode_wav(piece, rate) };
            let length = MediaTime::from_units(piece.len() as u64, rate);
            let key = (Sha256::of(&sent), asked.clone());
            let heard = match self.kept(&key) {
                Some(heard) => heard,
                None => {
                    let heard = self.hear(sent, asked.as_deref(), length, operation).await?;
                    self.keep(key.clone(), heard.clone());
                    heard
                }
            };
            keys.push(key);
            words.extend(heard.words.into_iter().map(|word| SpokenWord {
                start: before + word.start,
                end: before + word.end,
                ..word
            }));
            told = told.or(heard.language);
        }
        self.pieces().retain(|(key, _)| !keys.contains(key));
        let language = told.or(asked).unwrap_or_else(|| "und".to_owned());
        Ok(Transcript { words, language, usage: self.server.usage(listened as f64 / f64::from(rate)) })
    }
}

/// What was heard in one file, with times from its beginning.
#[derive(Debug, Clone)]
struct Piece {
    words: Vec<SpokenWord>,
    language: Option<String>,
}

impl OpenAiTranscriber {
    fn pieces(&self) -> MutexGuard<'_, VecDeque<(Key, Piece)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, key: &Key) -> Option<Piece> {
        self.pieces().iter().find(|(known, _)| known == key).map(|(_, piece)| piece.clone())
    }

    fn keep(&self, key: Key, piece: Piece) {
        let mut pieces = self.pieces();
        pieces.push_back((key, piece));
        let excess = pieces.len().saturating_sub(MOST_KEPT);
        pieces.drain(..excess);
    }

    /// Sends one file that is not too large, of some length.
    async fn hear(&self, file: Bytes, asked: Option<&str>, length: MediaTime, operation: &Operation) -> Result<Piece> {
        let part = Part::bytes(file.to_vec())
            .file_name("sound.wav")
            .mime_str("audio/wav")
            .map_err(|error| Error::unexpected("a media type was refused").with_source(error))?;
        let mut form = Form::new()
            .text("model", self.server.model.clone())
            .text("response_format", "verbose_json")
            .text("timestamp_granularities[]", "word");
        if let Some(language) = asked {
            form = form.text("language", language.to_owned());
        }
        let call = self.server.service.post(&["audio", "transcriptions"]).form(form.part("file", part));
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let heard: Heard = answer.json(MOST_BYTES).await?;
        let words = match heard.words {
            Some(words) => words,
            None if heard.text.trim().is_empty() => Vec::new(),
            None => {
                return Err(Error::new(ErrorKind::Unsupported, "the server tells no word times")
                    .with_context("model", &self.server.model)
                    .with_hint("use a model that takes `timestamp_granularities[]=word`, such as `whisper-1`"));
            }
        };
        let words = dressed(&heard.text, words).into_iter().map(|word| (word.word, word.start, word.end));
        Ok(Piece { words: orion_voice::heard(words, length)?, language: heard.language.as_deref().and_then(tag) })
    }
}

/// Where the pieces of a sound end: none is longer than `most`, and each but the last ends where it is quietest among its
/// last seconds.
fn ends(samples: &[f32], rate: u32, most: usize) -> Vec<usize> {
    let (mut ends, mut start) = (Vec::new(), 0);
    while samples.len() - start > most {
        let quiet = ((f64::from(rate) * QUIET) as usize).clamp(1, most);
        let from = start + most.saturating_sub((LATE * rate as usize).max(quiet));
        let late = &samples[from..start + most];
        // In steps of a sixth of such a place.
        let step = (quiet / 6).max(1);
        let loud = |at: usize| late[at..at + quiet].iter().map(|sample| sample * sample).sum::<f32>();
        let places = (0..=late.len() - quiet).step_by(step).map(|at| (at, loud(at)));
        let place = places.min_by(|(_, one), (_, other)| one.total_cmp(other)).map_or(0, |(at, _)| at);
        start = (from + place + quiet / 2).max(start + 1);
        ends.push(start);
    }
    ends.push(samples.len());
    ends
}

/// How many words of the text are looked through for the next one that was heard.
const AHEAD: usize = 4;

/// Words as the text has them, with its capitals and marks: the API's own words have none.
fn dressed(text: &str, mut words: Vec<Word>) -> Vec<Word> {
    let bare =
        |word: &str| -> String { word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let shown: Vec<(&str, String)> = text.split_whitespace().map(|word| (word, bare(word))).collect();
    let mut at = 0;
    for word in &mut words {
        let heard = bare(&word.word);
        let near = shown.iter().enumerate().skip(at).take(AHEAD);
        if let Some((found, (token, _))) = near.into_iter().find(|(_, (_, known))| *known == heard && !heard.is_empty())
        {
            (word.word, at) = ((*token).to_owned(), found + 1);
        }
    }
    words
}

/// The tag of a language, by its tag with or without a region, or by its English name as Whisper tells it.
fn tag(language: &str) -> Option<String> {
    const NAMES: [(&str, &str); 33] = [
        ("arabic", "ar"),
        ("bengali", "bn"),
        ("bulgarian", "bg"),
        ("chinese", "zh"),
        ("croatian", "hr"),
        ("czech", "cs"),
        ("danish", "da"),
        ("dutch", "nl"),
        ("english", "en"),
        ("finnish", "fi"),
        ("french", "fr"),
        ("german", "de"),
        ("greek", "el"),
        ("hebrew", "he"),
        ("hindi", "hi"),
        ("hungarian", "hu"),
        ("indonesian", "id"),
        ("italian", "it"),
        ("japanese", "ja"),
        ("korean", "ko"),
        ("norwegian", "no"),
        ("persian", "fa"),
        ("polish", "pl"),
        ("portuguese", "pt"),
        ("romanian", "ro"),
        ("russian", "ru"),
        ("slovak", "sk"),
        ("spanish", "es"),
        ("swedish", "sv"),
        ("thai", "th"),
        ("turkish", "tr"),
        ("ukrainian", "uk"),
        ("vietnamese", "vi"),
    ];
    let language = language.trim().to_lowercase();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == language) {
        return Some((*tag).to_owned());
    }
    let first = language.split(['-', '_']).next().unwrap_or_default();
    let known = (2..=3).contains(&first.len()) && first.chars().all(|letter| letter.is_ascii_lowercase());
    (known && !matches!(first, "mul" | "und")).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_where_it_is_quiet_and_leave_nothing_out() {
        // A second of a word and a pause of a third, at 300 samples a second.
        let samples: Vec<f32> = (0..120_000).map(|n| if n % 400 < 300 { 0.5 } else { 0.0 }).collect();
        for most in [1, 50, 7_000, 20_000, 120_000] {
            let ends = ends(&samples, 300, most);
            let mut start = 0;
            for end in &ends {
                assert!(*end > start && end - start <= most, "{most}: {start} {end}");
                assert!(most < 7_000 || *end == samples.len() || samples[*end] == 0.0, "{most}: {end}");
                start = *end;
            }
            assert_eq!(ends.last(), Some(&samples.len()), "{most}");
        }
        assert_eq!(ends(&[], 300, 5), [0]);
    }
}
