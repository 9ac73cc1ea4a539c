//! Who writes, speaks and listens on servers: their addresses, keys and rates, and the models behind them.

use crate::{Parts, Uri};
use orion_core::Result;
use orion_core::port::{Embedder, LanguageModel, Transcriber};
use orion_core::strategy::Strategy;
use orion_core::text::embedding::HashedEmbedder;
use std::sync::Arc;

/// How the servers of words are reached, and what they cost. Each is asked only by who names it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WordsAccess {
    /// Ollama.
    #[cfg(feature = "ollama")]
    pub ollama: orion_ollama::OllamaOptions,
    /// A server with OpenAI's API, in the cloud or one's own.
    #[cfg(feature = "openai")]
    pub openai: orion_openai::OpenAiOptions,
    /// Dollars for a token, a picture, a spoken character, a token of a text that becomes a vector and a second of sound
    /// there, if it is in the cloud.
    #[cfg(feature = "openai")]
    pub openai_rates: [f64; 5],
    /// A Whisper-compatible server.
    #[cfg(feature = "openai")]
    pub whisper: orion_openai::OpenAiOptions,
    /// ElevenLabs.
    #[cfg(feature = "elevenlabs")]
    pub elevenlabs: orion_elevenlabs::ElevenLabsOptions,
    /// Fish Speech.
    #[cfg(feature = "fish")]
    pub fish: orion_fish::FishOptions,
    /// How many numbers the vectors of an embedding model have; zero takes what it gives.
    pub dimension: usize,
    /// Who listens to voices that tell no word times.
    pub ear: Strategy<dyn Transcriber>,
}

impl Default for WordsAccess {
    /// The servers where they are unless told otherwise, without keys, and nobody who listens.
    fn default() -> Self {
        #[cfg(any(feature = "openai", feature = "elevenlabs"))]
        let nothing = || orion_core::domain::Secret::new("");
        Self {
            #[cfg(feature = "ollama")]
            ollama: orion_ollama::OllamaOptions::local(),
            #[cfg(feature = "openai")]
            openai: orion_openai::OpenAiOptions::cloud(nothing()),
            #[cfg(feature = "openai")]
            openai_rates: [0.000_03, 0.02, 0.000_015, 0.000_000_02, 0.000_1],
            #[cfg(feature = "openai")]
            whisper: orion_openai::OpenAiOptions::local("http://127.0.0.1:8000").named("whisper"),
            #[cfg(feature = "elevenlabs")]
            elevenlabs: orion_elevenlabs::ElevenLabsOptions::cloud(nothing()),
            #[cfg(feature = "fish")]
            fish: orion_fish::FishOptions::at("http://127.0.0.1:8080"),
            dimension: 0,
            ear: Strategy::nobody(),
        }
    }
}

#[cfg(feature = "openai")]
impl WordsAccess {
    /// The server with OpenAI's API, at one of its rates.
    pub(crate) fn openai_at(&self, rate: usize) -> orion_openai::OpenAiOptions {
        let cloud = self.openai.side == orion_core::port::Side::Cloud;
        let rate = self.openai_rates.get(rate).copied().filter(|_| cloud);
        orion_openai::OpenAiOptions { rate, ..self.openai.clone() }
    }
}

impl Parts {
    /// A language model: `ollama:MODEL` or `openai:MODEL`; `None` for any other scheme.
    pub(crate) fn language_model(&self, uri: &Uri) -> Result<Option<Arc<dyn LanguageModel>>> {
        #[cfg(feature = "ollama")]
        if uri.scheme() == "ollama" {
            let options = self.words.ollama.clone();
            return Ok(Some(Arc::new(orion_ollama::OllamaLanguageModel::new(uri.require("the model")?, options)?)));
        }
        #[cfg(feature = "openai")]
        if uri.scheme() == "openai" {
            let model = uri.require("the model")?;
            return Ok(Some(Arc::new(orion_openai::OpenAiLanguageModel::new(model, &self.words.openai_at(0))?)));
        }
        let _ = uri;
        Ok(None)
    }

    /// Who makes vectors of texts: `built-in:`, `ollama:MODEL` or `openai:MODEL`, whose vectors have as many numbers as
    /// [`WordsAccess::dimension`] says, or the model.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn embedder(&self, address: &str) -> Result<Arc<dyn Embedder>> {
        const KNOWN: &[&str] = &[
            "built-in:",
            #[cfg(feature = "ollama")]
            "ollama:MODEL",
            #[cfg(feature = "openai")]
            "openai:MODEL",
        ];
        let uri = Uri::parse(address)?;
        match uri.scheme() {
            "built-in" => Ok(Arc::new(HashedEmbedder::default())),
            #[cfg(feature = "ollama")]
            "ollama" => {
                let (model, words) = (uri.require("the model")?, &self.words);
                Ok(Arc::new(orion_ollama::OllamaEmbedder::new(model, words.dimension, words.ollama.clone())?))
            }
            #[cfg(feature = "openai")]
            "openai" => {
                let (model, words) = (uri.require("the model")?, &self.words);
                Ok(Arc::new(orion_openai::OpenAiEmbedder::new(model, words.dimension, &words.openai_at(3))?))
            }
            _ => Err(uri.unknown("embeddings", KNOWN)),
        }
    }

    /// Who writes down what is said in a sound: `whisper:MODEL` on the Whisper-compatible server, or `openai:MODEL`.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme; the adapter's own.
    pub fn transcriber(&self, address: &str) -> Result<Arc<dyn Transcriber>> {
        const KNOWN: &[&str] = &[
            #[cfg(feature = "openai")]
            "whisper:MODEL",
            #[cfg(feature = "openai")]
            "openai:MODEL",
        ];
        let uri = Uri::parse(address)?;
        #[cfg(feature = "openai")]
        if let scheme @ ("whisper" | "openai") = uri.scheme() {
            let options = if scheme == "whisper" { self.words.whisper.clone() } else { self.words.openai_at(4) };
            return Ok(Arc::new(orion_openai::OpenAiTranscriber::new(uri.require("the model")?, &options)?));
        }
        Err(uri.unknown("transcriber", KNOWN))
    }

    /// With these who listen to voices that tell no word times.
    #[must_use]
    pub fn with_ear(mut self, ear: Strategy<dyn Transcriber>) -> Self {
        self.words.ear = ear;
        self
    }

    /// A voice on a server: `openai:MODEL/VOICE`, `elevenlabs:VOICE` or `fish:VOICE`; `None` for any other address.
    #[cfg(feature = "speech")]
    pub(crate) fn served_voice(&self, uri: &Uri) -> Result<Option<Arc<dyn orion_core::port::SpeechModel>>> {
        #[cfg(feature = "openai")]
        if uri.scheme() == "openai" {
            let place = uri.require("the model and the voice")?;
            let (model, voice) = place.split_once('/').unwrap_or((place, "alloy"));
            let (options, ear) = (self.words.openai_at(2), self.words.ear.clone());
            return Ok(Some(Arc::new(orion_openai::OpenAiSpeech::new(model, voice, &options, ear)?)));
        }
        #[cfg(feature = "elevenlabs")]
        if uri.scheme() == "elevenlabs" {
            let options = self.words.elevenlabs.clone();
            return Ok(Some(Arc::new(orion_elevenlabs::ElevenLabsSpeech::new(uri.rest(), options)?)));
        }
        #[cfg(feature = "fish")]
        if uri.scheme() == "fish" {
            let (options, ear) = (&self.words.fish, self.words.ear.clone());
            return Ok(Some(Arc::new(orion_fish::FishSpeech::new(uri.rest(), options, ear)?)));
        }
        let _ = uri;
        Ok(None)
    }
}
