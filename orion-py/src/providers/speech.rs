//! A voice written in Python.

use super::{Ear, Object, Used};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Provider, Speech, SpeechModel, SpeechRequest, SpokenWord, Usage, Voice as Offered, WordTimes};
use orion_core::strategy::Strategy;
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use orion_voice::Sound;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Voice {
    pub(super) object: Arc<Object>,
    /// Who listens if the voice tells no word times; without anybody they are estimated.
    pub(super) ear: Ear,
}

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
        &self.object.provider
    }

    async fn voices(&self) -> Result<Vec<Offered>> {
        self.object.ask("voices", &(), None).await?.read()
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        let answer = self.object.ask("speak", request, Some(&operation.cancellation)).await?;
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
        let usage = spoken.used.usage(CostCategory::TtsCharacters, request.text.chars().count() as f64);
        let Some(times) = spoken.words else {
            let mut sound = Sound { samples, sample_rate: spoken.sample_rate };
            let ear = self.ear.get().cloned().unwrap_or_else(Strategy::nobody);
            let timed = orion_voice::timed(request, &mut sound, &ear, operation).await?;
            // What the transcriber took for it is paid with the voice.
            let usage = Usage { cost: usage.cost + timed.cost, ..usage };
            let Sound { samples, sample_rate } = sound;
            return Ok(Speech { samples, sample_rate, words: timed.words, times: timed.times, usage });
        };
        let texts: Vec<&str> = request.text.split_whitespace().collect();
        if times.len() != texts.len() {
            return wrong("the voice timed another number of words than the text has");
        }
        let length = samples.len() as f64 / f64::from(spoken.sample_rate);
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
        Ok(Speech { samples, sample_rate: spoken.sample_rate, words, times: WordTimes::Voice, usage })
    }
}
