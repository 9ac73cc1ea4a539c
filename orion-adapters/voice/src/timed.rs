//! The times of the words in a sound whose voice tells none.

use crate::{align, estimate, timing};
use orion_core::domain::Money;
use orion_core::port::{SpeechRequest, SpokenWord, Transcriber, WordTimes};
use orion_core::service::editor::encode_wav;
use orion_core::{ErrorKind, Operation, Result};

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

/// Finds when each word of a text is said in a sound. `ear` listens to it, if there is one; without it, and where it
/// hears something else or fails, the times are estimated. The sound is made a little longer if it has fewer samples
/// than the text has words.
///
/// # Errors
/// [`Cancelled`](ErrorKind::Cancelled) if the operation was stopped.
pub async fn timed(
    request: &SpeechRequest,
    sound: &mut Sound,
    ear: Option<&dyn Transcriber>,
    operation: &Operation,
) -> Result<Timed> {
    let shown: Vec<&str> = request.text.split_whitespace().collect();
    let rate = sound.sample_rate;
    if sound.samples.len() < shown.len() {
        sound.samples.resize(timing::least(shown.len(), rate), 0.0);
    }
    let (mut found, mut cost) = (None, Money::ZERO);
    if let Some(ear) = ear {
        let wav = encode_wav(&sound.samples, rate);
        match ear.transcribe(wav, Some(&request.language), operation).await {
            Ok(transcript) => {
                cost = transcript.usage.cost;
                found = align::aligned(&shown, &request.language, &transcript.words, rate);
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                tracing::warn!(by = %ear.provider(), %error, "word times could not be heard; they are estimated");
            }
        }
    }
    let (spans, times) = match found {
        Some(spans) => (spans, WordTimes::Heard),
        None => (estimate::estimate(&shown, &sound.samples, rate), WordTimes::Estimated),
    };
    Ok(Timed { words: timing::words(&shown, &spans, sound.samples.len() as u64, rate), times, cost })
}
