//! `/v1/tts`. The server tells no word times and has one pace: see [`orion_voice`].

use async_trait::async_trait;
use orion_core::domain::{CostCategory, Secret};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Transcriber, Usage, Voice};
use orion_core::strategy::Strategy;
use orion_core::{Cancellation, Error, Operation, Result};
use orion_http::Service;
use orion_voice::{Sound, audio, pace, timed, wav};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// What the model's own voice is called here; it has no id there.
const OWN: &str = "default";

/// Longest sound in bytes: ten minutes at 44.1 kHz.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Where the server is.
#[derive(Debug, Clone)]
pub struct FishOptions {
    /// Address, without the version.
    pub address: String,
    /// The key that the server was started with; empty for none.
    pub key: Secret,
    /// Longest time for an answer (contract, section 5.6).
    pub deadline: Duration,
}

impl FishOptions {
    /// A server at this address, without a key.
    pub fn at(address: impl Into<String>) -> Self {
        Self { address: address.into(), key: Secret::new(""), deadline: Duration::from_secs(120) }
    }
}

/// A voice of a Fish Speech server.
#[derive(Debug, Clone)]
pub struct FishSpeech {
    service: Service,
    provider: Provider,
    voice: String,
    ear: Strategy<dyn Transcriber>,
}

impl FishSpeech {
    /// A voice by the id of its reference there; empty takes the model's own voice. Nothing is contacted yet. The
    /// times of the words are heard by whoever serves as `ear`, else they are estimated.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that is not HTTP.
    pub fn new(voice: &str, options: &FishOptions, ear: Strategy<dyn Transcriber>) -> Result<Self> {
        let voice = match voice.trim() {
            "" => OWN,
            voice => voice,
        };
        let mut service = Service::new("Fish Speech", &options.address, Side::Local)?
            .with_deadline(options.deadline)
            .with_hint("start its API server, or set `fish.url`");
        if !options.key.expose().trim().is_empty() {
            service = service.with_secret("authorization", "Bearer ", &options.key)?;
        }
        Ok(Self { service, provider: Provider::local("fish", voice), voice: voice.to_owned(), ear })
    }

    /// Asks whether the server is well.
    ///
    /// # Errors
    /// [`Unavailable`](orion_core::ErrorKind::Unavailable) if it is not.
    pub async fn health(&self) -> Result<()> {
        let call = self.service.get(&["v1", "health"]).deadline(Duration::from_secs(5));
        call.send(&Cancellation::new()).await.map(drop)
    }

    /// The references that the server has.
    async fn references(&self, cancellation: &Cancellation) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct References {
            reference_ids: Vec<String>,
        }
        let call = self.service.get(&["v1", "references", "list"]).deadline(Duration::from_secs(10));
        // Without being asked for JSON it answers in MessagePack.
        let call = call.query(&[("format", "json")]).header("accept", "application/json");
        let references: References = call.send(cancellation).await?.json(1 << 20).await?;
        Ok(references.reference_ids)
    }
}

#[async_trait]
impl SpeechModel for FishSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        let mut ids = self.references(&Cancellation::new()).await?;
        ids.insert(0, OWN.to_owned());
        // The one that speaks unless another is asked for comes first.
        ids.sort_by_key(|id| *id != self.voice);
        ids.dedup();
        let voice = |id: String| Voice {
            name: id.clone(),
            id,
            language: "mul".to_owned(),
            licence: "by the licence of the model and of the recording it imitates".to_owned(),
            installed: true,
        };
        Ok(ids.into_iter().map(voice).collect())
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        let voice = request.voice.as_deref().unwrap_or(&self.voice);
        // The server would speak in a voice of chance for an id that it does not know.
        if voice != OWN && !self.references(&operation.cancellation).await?.iter().any(|known| known == voice) {
            return Err(Error::not_found("Fish Speech has no such voice")
                .with_context("voice", voice)
                .with_hint("add a reference of this id to the server"));
        }
        let mut body = json!({
            "text": request.text, "format": "wav", "streaming": false, "normalize": true, "references": [],
        });
        if voice != OWN {
            body["reference_id"] = json!(voice);
        }
        let answer = self.service.post(&["v1", "tts"]).json(&body).send(&operation.cancellation).await?;
        let bytes = answer.bytes(MOST_BYTES).await?;
        let mut sound = wav::read(&bytes).map_err(|error| error.with_context("provider", &self.provider))?;
        sound.samples = pace::paced(&sound.samples, sound.sample_rate, request.speed);
        audio::soften(&mut sound.samples, sound.sample_rate);
        audio::level(&mut sound.samples);
        let found = timed(request, &mut sound, &self.ear, operation).await?;
        let units = request.text.chars().count() as f64;
        // The server is one's own; who listens may not be.
        let usage = Usage { category: CostCategory::TtsCharacters, units, cost: found.cost };
        let Sound { samples, sample_rate } = sound;
        Ok(Speech { samples, sample_rate, words: found.words, times: found.times, usage })
    }
}
