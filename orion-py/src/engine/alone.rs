//! Pictures, speech and transcripts outside of a run.

use super::Engine;
use crate::calls::{Sound, reply};
use orion_core::domain::Role;
use orion_core::port::{SpeechModel, SpeechRequest, Transcriber};
use orion_core::service::editor::encode_wav;
use orion_core::service::identity::Caller;
use orion_core::{Error, ErrorKind, Operation, Result};
use orion_host::delivery::write_file;
use orion_host::picture::of_prompt;
use orion_host::system::apart;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

impl Engine {
    pub(super) async fn draw(
        &self,
        prompt: String,
        size: (u32, u32),
        seed: u64,
        out: PathBuf,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        let drawn = self.orion.draw(of_prompt(&prompt, "", size, seed), operation).await?;
        let (blob, provider) = (drawn.blob, drawn.picture.provider);
        self.orion.blobs().export(blob.sha256, &out).await?;
        reply(&json!({ "path": out, "media_type": blob.media_type, "provider": provider }))
    }

    pub(super) async fn speak(
        &self,
        text: String,
        voice: Option<String>,
        language: String,
        speed: f64,
        out: PathBuf,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        let request = SpeechRequest { text, voice, language, speed };
        request.check()?;
        let (orion, operation) = (self.orion.clone(), operation.clone());
        apart(move || async move {
            let (request, operation) = (&request, &operation);
            let say = |model: Arc<dyn SpeechModel>| async move { model.speak(request, operation).await };
            let served = orion.production().editor.speech.call(&operation.cancellation, say).await?;
            let speech = &served.value;
            let seconds = speech.samples.len() as f64 / f64::from(speech.sample_rate.max(1));
            write_file(&out, &encode_wav(&speech.samples, speech.sample_rate))?;
            reply(&json!({
                "path": out, "media_type": "audio/wav", "provider": served.by.to_string(), "seconds": seconds,
                "words": speech.words,
            }))
        })
        .await
    }

    /// Writes down what is said in a sound.
    pub(super) async fn transcribe(
        &self,
        caller: &Caller,
        sound: Sound,
        language: Option<String>,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        caller.require(Role::Editor)?;
        if !self.orion.transcriber().serves() {
            return Err(Error::new(ErrorKind::Unsupported, "nobody transcribes sound here")
                .with_hint("name one: transcriber=\"whisper:MODEL\", or an orion.Transcriber"));
        }
        let (stored, path) = match sound {
            Sound::Asset { content, id } => (Some(self.asset(caller, content, id).await?.blob.sha256), PathBuf::new()),
            Sound::Path(path) => (None, path),
        };
        let (orion, operation) = (self.orion.clone(), operation.clone());
        let served = apart(move || async move {
            let transcoder = orion.transcoder();
            let wav = match stored {
                Some(file) => transcoder.wav(&orion.production().blobs, file, &operation).await?,
                None => transcoder.wav_of_file(&path, &operation).await?,
            };
            let (wav, language, operation) = (&wav, language.as_deref(), &operation);
            let listen =
                |model: Arc<dyn Transcriber>| async move { model.transcribe(wav.clone(), language, operation).await };
            orion.transcriber().call(&operation.cancellation, listen).await
        });
        let served = served.await?;
        let heard = &served.value;
        let text: Vec<&str> = heard.words.iter().map(|word| word.text.as_str()).collect();
        reply(&json!({
            "text": text.join(" "), "language": heard.language, "provider": served.by.to_string(), "words": heard.words,
        }))
    }
}
