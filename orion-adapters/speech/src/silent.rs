//! Silence, paced for reading: for videos without a voice whose captions still keep time.

use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, SpokenWord, Usage, Voice};
use orion_core::{MediaTime, Operation, Result};

/// A comfortable reading pace: 2.6 words of average length a second, as captions are commonly read.
const SECONDS_PER_CHARACTER: f64 = 1.0 / (2.6 * 6.0);
/// No word is shown for less.
const SHORTEST_WORD: f64 = 0.18;
/// Rest after a sentence.
const REST: f64 = 0.35;
const RATE: u32 = 22_050;

/// Silence as long as the text takes to read.
#[derive(Debug, Clone)]
pub struct SilentSpeech {
    provider: Provider,
}

impl SilentSpeech {
    /// The silent voice.
    pub fn new() -> Self {
        let provider = Provider { name: "silent".to_owned(), model: "reading pace".to_owned(), side: Side::Local };
        Self { provider }
    }
}

impl Default for SilentSpeech {
    fn default() -> Self {
        Self::new()
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
            name: "Silence at reading pace".to_owned(),
            language: "mul".to_owned(),
            licence: "none needed".to_owned(),
            installed: true,
        }])
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        let mut words = Vec::new();
        let mut at = 0.0;
        for word in request.text.split_whitespace() {
            // A script without spaces is one long "word": its characters carry the pace.
            let seconds =
                ((word.chars().count() + 1) as f64 * SECONDS_PER_CHARACTER).max(SHORTEST_WORD) / request.speed;
            words.push(SpokenWord {
                text: word.to_owned(),
                start: MediaTime::from_seconds(at),
                end: MediaTime::from_seconds(at + seconds),
            });
            at += seconds;
        }
        let samples = ((at + REST) * f64::from(RATE)).ceil() as usize;
        let units = request.text.chars().count() as f64;
        Ok(Speech {
            samples: vec![0.0; samples],
            sample_rate: RATE,
            words,
            usage: Usage { category: CostCategory::TtsCharacters, units, cost: Money::ZERO },
        })
    }
}
