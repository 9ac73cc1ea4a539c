//! The port over Piper voices.

use super::PiperVoice;
use crate::voices::{VoiceFiles, VoiceLibrary};
use async_trait::async_trait;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Voice};
use orion_core::{Error, Operation, Result};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Speaks with Piper voices: the one it was made with, and on request any other that is installed beside it.
///
/// A model is loaded at its first use; the last one used stays in memory.
#[derive(Debug)]
pub struct PiperSpeech {
    provider: Provider,
    files: VoiceFiles,
    loaded: Mutex<Option<(VoiceFiles, Arc<PiperVoice>)>>,
}

impl PiperSpeech {
    /// A voice by its files; the model is not read yet.
    pub fn new(files: VoiceFiles) -> Self {
        let provider = Provider { name: "piper".to_owned(), model: files.voice().id, side: Side::Local };
        Self { provider, files, loaded: Mutex::default() }
    }

    /// Loads the voice ahead of its first use.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt` or `Unsupported`, with the file.
    pub async fn load(&self) -> Result<()> {
        self.voice(self.files.clone()).await.map(|_| ())
    }

    async fn voice(&self, files: VoiceFiles) -> Result<Arc<PiperVoice>> {
        let mut loaded = self.loaded.lock().await;
        if let Some((_, voice)) = loaded.as_ref().filter(|(there, _)| *there == files) {
            return Ok(Arc::clone(voice));
        }
        *loaded = None;
        let model = files.model().to_owned();
        let voice = Arc::new(blocking(move || PiperVoice::load(&model)).await?);
        *loaded = Some((files, Arc::clone(&voice)));
        Ok(voice)
    }

    /// The folder of the voice as a library.
    fn library(&self) -> VoiceLibrary {
        VoiceLibrary::new(self.files.model().parent().unwrap_or_else(|| Path::new(".")))
    }

    /// The files of a voice that is asked for by its id; never a path, because requests come from outside.
    async fn asked(&self, id: &str) -> Result<VoiceFiles> {
        if id == self.provider.model {
            return Ok(self.files.clone());
        }
        let library = self.library();
        let installed = blocking(move || Ok(library.installed())).await?;
        installed.into_iter().find(|files| files.voice().id == id).ok_or_else(|| {
            Error::not_found("there is no such voice")
                .with_context("voice", id)
                .with_hint("`orion voices list` shows those there are")
        })
    }
}

#[async_trait]
impl SpeechModel for PiperSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        let (library, own) = (self.library(), self.files.voice());
        blocking(move || {
            let mut voices = library.voices();
            if !voices.iter().any(|voice| voice.id == own.id) {
                voices.insert(0, own);
            }
            Ok(voices)
        })
        .await
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        let files = self.asked(request.voice.as_deref().unwrap_or(&self.provider.model)).await?;
        let voice = self.voice(files).await?;
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
