//! Silence with times: for videos without a voice, on request.

use crate::piper::free;
use crate::timing;
use async_trait::async_trait;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Voice};
use orion_core::{Error, Operation, Result};

/// Samples per second of the silence.
const RATE: u32 = 22_050;

/// Words per second that people read comfortably on a moving picture: about 155 a minute.
const WORDS_PER_SECOND: f64 = 2.6;

/// Seconds that the shortest line stands.
const SHORTEST: f64 = 1.2;

/// Says nothing, at the pace of reading.
#[derive(Debug)]
pub struct SilentSpeech {
    provider: Provider,
}

impl Default for SilentSpeech {
    fn default() -> Self {
        Self { provider: Provider { name: "silent".to_owned(), model: "silence".to_owned(), side: Side::Local } }
    }
}

impl SilentSpeech {
    /// A voice that says nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl SpeechModel for SilentSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        Ok(vec![Voice {
            id: "silent".to_owned(),
            name: "Silence".to_owned(),
            language: "mul".to_owned(),
            licence: "none needed".to_owned(),
            installed: true,
        }])
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        if let Some(voice) = request.voice.as_deref().filter(|voice| *voice != "silent") {
            return Err(Error::not_found("silence has no voices").with_context("voice", voice));
        }
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        // Longer words take longer to read; five letters and a space are an average word.
        let weights: Vec<f64> = shown.iter().map(|word| 0.4 + word.chars().count() as f64 * 0.12).collect();
        let total = weights.iter().sum::<f64>();
        let seconds = (total / WORDS_PER_SECOND).max(SHORTEST) / request.speed;
        let samples = ((seconds * f64::from(RATE)) as u64).max(shown.len() as u64);
        let mut read = 0.0;
        let spans: Vec<_> = weights
            .iter()
            .map(|weight| {
                let start = (samples as f64 * read / total) as u64;
                read += weight;
                Some(start..(samples as f64 * read / total) as u64)
            })
            .collect();
        Ok(Speech {
            samples: vec![0.0; samples as usize],
            sample_rate: RATE,
            words: timing::words(&shown, &spans, samples, RATE),
            usage: free(&request.text),
        })
    }
}
