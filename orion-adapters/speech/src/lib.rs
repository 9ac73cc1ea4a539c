//! Speech with exact word times: Piper voices in pure Rust, espeak-ng as a fallback, silence on request.
//!
//! [`open`] chooses what this machine has and says who it is through
//! [`provider`](orion_core::port::SpeechModel::provider); nothing is exchanged silently.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod espeak;
mod normalize;
mod numbers;
mod phonemes;
mod piper;
mod silent;
#[cfg(test)]
mod tests;
mod voices;

pub use espeak::EspeakSpeech;
pub use normalize::{Pause, SpokenForm, spoken_forms};
pub use piper::PiperSpeech;
pub use silent::SilentSpeech;
pub use voices::{VoiceFiles, VoiceLibrary};

use orion_core::Result;
use orion_core::port::SpeechModel;
use std::sync::Arc;

/// The speech model for a voice: `silent`, `espeak` or `espeak:LANGUAGE`, the name of an installed Piper voice,
/// or the path of one. `None` is the default voice; without any, `espeak-ng` if it is there.
///
/// # Errors
/// [`NotFound`](orion_core::ErrorKind::NotFound) for a voice that is not there;
/// [`Unavailable`](orion_core::ErrorKind::Unavailable) with the next step if there is none at all.
pub fn open(voice: Option<&str>, library: &VoiceLibrary) -> Result<Arc<dyn SpeechModel>> {
    match voice {
        Some("silent") => return Ok(Arc::new(SilentSpeech::new())),
        Some("espeak") => return Ok(Arc::new(EspeakSpeech::find(None)?)),
        Some(voice) => {
            if let Some(language) = voice.strip_prefix("espeak:") {
                return Ok(Arc::new(EspeakSpeech::find(Some(language))?));
            }
        }
        None => {}
    }
    match library.find(voice) {
        Ok(files) => Ok(Arc::new(PiperSpeech::new(files))),
        Err(error) if voice.is_none() => match EspeakSpeech::find(None) {
            Ok(espeak) => Ok(Arc::new(espeak)),
            Err(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}
