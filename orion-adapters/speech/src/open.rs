//! Choosing a speech model.

use crate::{EspeakSpeech, PiperSpeech, SilentSpeech, VoiceLibrary};
use orion_core::port::SpeechModel;
use orion_core::{ErrorKind, Result};
use std::sync::Arc;

/// The speech model for a voice: a name of the library, the path of a Piper voice, `espeak`, `espeak:LANGUAGE` or
/// `silent`. `None` takes the installed Piper voice, and espeak-ng if none is installed.
/// [`SpeechModel::provider`] says which one it became; silence is never chosen unasked.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) for a voice that is not there, [`Unavailable`](ErrorKind::Unavailable) with the
/// next step if there is none at all.
pub fn open(voice: Option<&str>, library: &VoiceLibrary) -> Result<Arc<dyn SpeechModel>> {
    let voice = voice.map(str::trim).filter(|voice| !voice.is_empty());
    match voice.map(|voice| voice.split_once(':').unwrap_or((voice, ""))) {
        Some(("silent", _)) => return Ok(Arc::new(SilentSpeech::new())),
        Some(("espeak", language)) => {
            return Ok(Arc::new(EspeakSpeech::find(Some(language).filter(|language| !language.is_empty()))?));
        }
        _ => {}
    }
    match library.find(voice) {
        Ok(files) => Ok(Arc::new(PiperSpeech::new(files))),
        Err(error) if voice.is_none() && error.kind() == ErrorKind::Unavailable => match EspeakSpeech::find(None) {
            Ok(espeak) => Ok(Arc::new(espeak)),
            Err(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}
