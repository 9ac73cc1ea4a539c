//! Speaking the lines of a script, one journaled step each.

use super::{Editor, encode_wav};
use crate::domain::{BlobRef, Script, Stage};
use crate::port::{Speech, SpeechRequest, SpokenWord};
use crate::service::journal::{Journal, Work};
use crate::{Error, MediaTime, Operation, ProgressUpdate, Result};
use serde::{Deserialize, Serialize};

/// A script as it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Narration {
    /// One per line of the script, in order.
    pub lines: Vec<SpokenLine>,
    /// Who spoke: `piper`.
    pub provider: String,
    /// Whether every line had been spoken by an earlier attempt.
    pub reused: bool,
}

/// A line as it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpokenLine {
    /// The sound, a WAV file.
    pub audio: BlobRef,
    /// Its length.
    pub duration: MediaTime,
    /// Its words, from the start of the sound.
    pub words: Vec<SpokenWord>,
}

impl Editor {
    /// Speaks every line of a script. Reports `sentences` of [`Stage::Video`].
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for a script without lines;
    /// as [`SpeechModel::speak`](crate::port::SpeechModel::speak), with the line; the journal's own.
    pub async fn narrate(
        &self,
        journal: &Journal,
        script: &Script,
        voice: Option<&str>,
        speed: f64,
        operation: &Operation,
    ) -> Result<Narration> {
        if script.lines.is_empty() {
            return Err(Error::invalid("a script without lines cannot be spoken"));
        }
        let total = script.lines.len() as u64;
        let mut narration =
            Narration { lines: Vec::new(), provider: self.speech.provider().name.clone(), reused: true };
        operation.report(ProgressUpdate::running(Stage::Video, 0, total, "sentences"));
        for (index, line) in script.lines.iter().enumerate() {
            operation.cancellation.check()?;
            let request = SpeechRequest {
                text: line.text.clone(),
                voice: voice.map(str::to_owned),
                language: script.language.clone(),
                speed,
            };
            // Another voice behind the same request speaks anew.
            let input = (&request, self.speech.provider());
            let done = journal
                .step(&format!("speech/{index}"), &input, || self.speak(&request, operation))
                .await
                .map_err(|error| error.with_context("line", index + 1))?;
            narration.provider = done.provider;
            narration.reused &= done.reused;
            narration.lines.push(done.value);
            let mut update = ProgressUpdate::running(Stage::Video, index as u64 + 1, total, "sentences");
            update.reused = done.reused;
            operation.report(update);
        }
        Ok(narration)
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Work<SpokenLine>> {
        request.check()?;
        let Speech { samples, sample_rate, words, usage } = self.speech.speak(request, operation).await?;
        let duration = MediaTime::from_units(samples.len() as u64, sample_rate);
        if samples.is_empty() || sample_rate == 0 {
            return Err(Error::unexpected("the voice gave no sound").with_context("text", &request.text));
        }
        let audio = self.blobs.put(encode_wav(&samples, sample_rate), "audio/wav").await?;
        let line = SpokenLine { audio: audio.clone(), duration, words };
        Ok(Work { value: line, provider: self.speech.provider().name.clone(), blobs: vec![audio], usage: Some(usage) })
    }
}
