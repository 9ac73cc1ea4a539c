//! A voice written in Python.

use super::{Object, Used};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Provider, Speech, SpeechModel, SpeechRequest, SpokenWord, Voice as Offered, WordTimes};
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Voice(pub(super) Arc<Object>);

#[derive(Deserialize)]
struct Spoken {
    sample_rate: u32,
    /// Start and end of every word in seconds; none if the voice does not know them.
    words: Option<Vec<(f64, f64)>>,
    used: Used,
}

#[async_trait]
impl SpeechModel for Voice {
    fn provider(&self) -> &Provider {
        &self.0.provider
    }

    async fn voices(&self) -> Result<Vec<Offered>> {
        self.0.ask("voices", &(), None).await?.read()
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        let answer = self.0.ask("speak", request, Some(&operation.cancellation)).await?;
        let spoken: Spoken = answer.read()?;
        let bytes = answer.bytes.first().map(Vec::as_slice).unwrap_or_default();
        let samples: Vec<f32> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        let wrong = |what| Err(Error::new(ErrorKind::Corrupt, what));
        if samples.is_empty() || !(8_000..=192_000).contains(&spoken.sample_rate) {
            return wrong("the voice gave no sound, or one of a rate outside 8000 to 192000");
        }
        if samples.iter().any(|sample| !(-1.0..=1.0).contains(sample)) {
            return wrong("a sample lies outside -1 to 1");
        }
        let texts: Vec<&str> = request.text.split_whitespace().collect();
        let length = samples.len() as f64 / f64::from(spoken.sample_rate);
        let found = if spoken.words.is_some() { WordTimes::Voice } else { WordTimes::Estimated };
        let times = spoken.words.unwrap_or_else(|| by_length(&texts, length));
        if times.len() != texts.len() {
            return wrong("the voice timed another number of words than the text has");
        }
        let mut before = 0.0;
        for (start, end) in &times {
            if !(*start >= before && end > start && *end <= length + 0.001) {
                return wrong("the times of words must rise, not overlap, and lie within the sound");
            }
            before = *end;
        }
        let word = |(text, (start, end)): (&&str, &(f64, f64))| SpokenWord {
            text: (*text).to_owned(),
            start: MediaTime::from_seconds(*start),
            end: MediaTime::from_seconds(end.min(length)),
        };
        let words = texts.iter().zip(&times).map(word).collect();
        let usage = spoken.used.usage(CostCategory::TtsCharacters, request.text.chars().count() as f64);
        Ok(Speech { samples, sample_rate: spoken.sample_rate, words, times: found, usage })
    }
}

/// Where a voice tells no times: each word has a share of the sound by its letters, with one more for the pause.
fn by_length(texts: &[&str], length: f64) -> Vec<(f64, f64)> {
    let weight = |text: &&str| text.chars().count() as f64 + 1.0;
    let all: f64 = texts.iter().map(weight).sum();
    let mut at = 0.0;
    let share = |text: &&str| {
        let start = at;
        at += length * weight(text) / all;
        (start, at)
    };
    texts.iter().map(share).collect()
}
