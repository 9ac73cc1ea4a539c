//! The port over Piper voices.

use super::PiperVoice;
use crate::voices::{VoiceFiles, VoiceLibrary};
use async_trait::async_trait;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Voice};
use orion_core::{Error, Operation, Result};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Speaks with Piper voices.
///
/// The model is loaded at the first use and stays.
#[derive(Debug)]
pub struct PiperSpeech {
    provider: Provider,
    files: VoiceFiles,
    loaded: OnceCell<Arc<PiperVoice>>,
}

impl PiperSpeech {
    /// A voice by its files; the model is not read yet.
    pub fn new(files: VoiceFiles) -> Self {
        let provider = Provider { name: "piper".to_owned(), model: files.voice().id, side: Side::Local };
        Self { provider, files, loaded: OnceCell::new() }
    }

    /// Loads the voice ahead of its first use.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt` or `Unsupported`, with the file.
    pub async fn load(&self) -> Result<()> {
        self.voice().await.map(|_| ())
    }

    async fn voice(&self) -> Result<&Arc<PiperVoice>> {
        let model = self.files.model().to_owned();
        self.loaded.get_or_try_init(|| async { blocking(move || PiperVoice::load(&model)).await.map(Arc::new) }).await
    }
}

#[async_trait]
impl SpeechModel for PiperSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        let files = self.files.clone();
        blocking(move || {
            let folder = files.model().parent().unwrap_or_else(|| Path::new("."));
            let mut voices = VoiceLibrary::new(folder).voices();
            // What is pointed to by its path may have a configuration that was changed since.
            if !voices.iter().any(|voice| voice.id == files.voice().id) {
                voices.insert(0, files.voice());
            }
            Ok(voices)
        })
        .await
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        if let Some(voice) = request.voice.as_deref().filter(|voice| *voice != self.provider.model) {
            return Err(Error::not_found("this is not the voice that speaks")
                .with_context("voice", voice)
                .with_context("speaks", &self.provider.model));
        }
        let voice = Arc::clone(self.voice().await?);
        let sounds = voice.sounds(request, &operation.cancellation).await?;
        let (request, cancellation) = (request.clone(), operation.cancellation.clone());
        blocking(move || voice.speak(&request, &sounds, &cancellation)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::unexpected("speaking ended unexpectedly").with_source(error))?
}
