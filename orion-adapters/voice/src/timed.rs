//! The times of the words in a sound whose voice tells none.

use crate::{align, estimate, timing};
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{SpeechRequest, SpokenWord, Transcriber, WordTimes};
use orion_core::service::editor::encode_wav;
use orion_core::strategy::Strategy;
use orion_core::{ErrorKind, Operation, Result};
use std::sync::Arc;

/// Sound of one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// From -1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
}

/// Words with their times.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// Every word of the text, in order.
    pub words: Vec<SpokenWord>,
    /// How their times were found.
    pub times: WordTimes,
    /// What finding them cost.
    pub cost: Money,
}

/// Finds when each word of a text is said in a sound. Whoever serves as `ear` listens to it; where nobody does, and where
/// they hear something else or fail, the times are estimated. The sound is made a little longer if it has fewer samples
/// than the text has words.
///
/// # Errors
/// [`Cancelled`](ErrorKind::Cancelled) if the operation was stopped.
pub async fn timed(
    request: &SpeechRequest,
    sound: &mut Sound,
    ear: &Strategy<dyn Transcriber>,
    operation: &Operation,
) -> Result<Timed> {
    let shown: Vec<&str> = request.text.split_whitespace().collect();
    let rate = sound.sample_rate;
    if sound.samples.len() < shown.len() {
        sound.samples.resize(timing::least(shown.len(), rate), 0.0);
    }
    let (mut found, mut cost) = (None, Money::ZERO);
    if ear.serves() {
        let wav = &encode_wav(&sound.samples, rate);
        let seconds = sound.samples.len() as f64 / f64::from(rate);
        let listen = |ear: Arc<dyn Transcriber>| async move {
            let taken = operation.afford(ear.provider(), CostCategory::TranscriptionSeconds, seconds).await?;
            let heard = ear.transcribe(wav.clone(), Some(&request.language), operation).await?;
            // What it cost is part of what the speech costs, and paid with it.
            operation.settle(taken, Money::ZERO).await;
            Ok(heard)
        };
        match ear.call(&operation.cancellation, listen).await {
            Ok(heard) => {
                cost = heard.value.usage.cost;
                found = align::aligned(&shown, &request.language, &heard.value.words, rate);
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => tracing::warn!(%error, "word times could not be heard; they are estimated"),
        }
    }
    let (spans, times) = match found {
        Some(spans) => (spans, WordTimes::Heard),
        None => (estimate::estimate(&shown, &sound.samples, rate), WordTimes::Estimated),
    };
    Ok(Timed { words: timing::words(&shown, &spans, sound.samples.len() as u64, rate), times, cost })
}
