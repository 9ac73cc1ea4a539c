//! Piper voices: VITS models run in pure Rust, with times that are exact to the sample.

mod config;
mod plan;
mod session;
mod speech;

pub(crate) use plan::Voiced;
pub use speech::PiperSpeech;

use crate::english::English;
use crate::espeak;
use config::VoiceConfig;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Speech, SpeechRequest, Usage, WordTimes};
use orion_core::{Cancellation, Error, ErrorKind, Result};
use orion_voice::audio;
use orion_voice::normal::{self, Pause};
use orion_voice::timing;
use plan::Chunk;
use session::Session;
use std::path::Path;

/// Silence between sentences in seconds, beside what the model gives itself.
const SENTENCE_PAUSE: f64 = 0.18;

/// Silence where a long sentence was cut.
const CLAUSE_PAUSE: f64 = 0.05;

/// One voice in memory.
#[derive(Debug)]
pub(crate) struct PiperVoice {
    config: VoiceConfig,
    session: Session,
    /// For English voices; other languages ask espeak-ng.
    english: Option<English>,
}

impl PiperVoice {
    /// Loads `voice.onnx` and `voice.onnx.json`.
    pub(crate) fn load(model: &Path) -> Result<Self> {
        let config = VoiceConfig::read(model)?;
        let english = if config.is_english() { Some(English::new()?) } else { None };
        Ok(Self { session: Session::load(model)?, config, english })
    }

    /// The sounds of every word of a request.
    ///
    /// # Errors
    /// `Unsupported` if the voice does not speak the language; for other languages than English `Unavailable` if
    /// espeak-ng is not installed.
    pub(crate) async fn sounds(&self, request: &SpeechRequest, cancellation: &Cancellation) -> Result<Vec<Voiced>> {
        let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if primary(&request.language) != primary(&self.config.language) {
            return Err(Error::new(ErrorKind::Unsupported, "the voice does not speak this language")
                .with_context("voice", &self.config.language)
                .with_context("language", &request.language)
                .with_hint("choose a voice of that language: `--voice FILE.onnx`"));
        }
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        match &self.english {
            Some(english) => Ok(english_sounds(english, &shown)),
            None => espeak::sounds(&shown, &self.config.espeak_voice, cancellation).await,
        }
    }

    /// Speaks a checked request. Blocks.
    pub(crate) fn speak(
        &self,
        request: &SpeechRequest,
        voiced: &[Voiced],
        cancellation: &Cancellation,
    ) -> Result<Speech> {
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        let plan = plan::plan(voiced, &self.config);
        if !plan.missing.is_empty() {
            tracing::warn!(missing = ?plan.missing, "the voice has no sound for some phonemes");
        }
        self.render(&shown, &plan.chunks, request, cancellation)
    }

    fn render(
        &self,
        shown: &[&str],
        chunks: &[Chunk],
        request: &SpeechRequest,
        cancellation: &Cancellation,
    ) -> Result<Speech> {
        let rate = self.config.sample_rate;
        let scales = [self.config.noise_scale, self.config.length_scale / request.speed as f32, self.config.noise_w];
        let mut samples: Vec<f32> = Vec::new();
        let mut spans = vec![None; shown.len()];
        for (index, chunk) in chunks.iter().enumerate() {
            cancellation.check()?;
            let mut wave = self.session.speak(&chunk.ids, scales, cancellation)?;
            let mut at = samples.len() as u64;
            for (&length, owner) in wave.lengths.iter().zip(&chunk.owners) {
                let end = at + length;
                if let Some(span) = owner.and_then(|owner| spans.get_mut(owner)) {
                    let start = span.as_ref().map_or(at, |span: &std::ops::Range<u64>| span.start);
                    *span = Some(start..end);
                }
                at = end;
            }
            audio::soften(&mut wave.samples, rate);
            samples.append(&mut wave.samples);
            if index + 1 < chunks.len() {
                let pause = match chunk.pause {
                    Pause::None => 0.0,
                    Pause::Clause => CLAUSE_PAUSE,
                    Pause::Sentence(_) => SENTENCE_PAUSE,
                };
                samples.resize(samples.len() + audio::samples_in(pause / request.speed, rate), 0.0);
            }
        }
        // Words that are only seen need some time as well.
        let least = timing::least(shown.len(), rate);
        if chunks.is_empty() || samples.len() < shown.len() {
            samples.resize(least, 0.0);
        }
        audio::level(&mut samples);
        let words = timing::words(shown, &spans, samples.len() as u64, rate);
        Ok(Speech { samples, sample_rate: rate, words, times: WordTimes::Voice, usage: free(&request.text) })
    }
}

fn english_sounds(english: &English, shown: &[&str]) -> Vec<Voiced> {
    let said = normal::say(shown, english);
    let mut voiced = Vec::with_capacity(said.len());
    for phrase in said.chunk_by(|word, _| word.pause == Pause::None) {
        let words: Vec<&str> = phrase.iter().flat_map(|said| &said.words).map(String::as_str).collect();
        let mut sounds = english.phrase(&words).into_iter();
        voiced.extend(
            phrase
                .iter()
                .map(|said| Voiced { sounds: sounds.by_ref().take(said.words.len()).collect(), pause: said.pause }),
        );
    }
    voiced
}

/// The language of a voice, by its configuration.
pub(crate) fn language_of(model: &Path) -> Result<String> {
    VoiceConfig::read(model).map(|config| config.language)
}

/// Characters that were spoken, for nothing.
pub(crate) fn free(text: &str) -> Usage {
    Usage { category: CostCategory::TtsCharacters, units: text.chars().count() as f64, cost: Money::ZERO }
}
