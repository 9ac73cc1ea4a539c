//! `text-to-speech/{voice}/with-timestamps`: sound, and when each character of the text is said.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use orion_core::domain::{CostCategory, Money, Secret};
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, SpokenWord, Usage, Voice, WordTimes};
use orion_core::strategy::Strategy;
use orion_core::{Cancellation, Error, ErrorKind, MediaTime, Operation, Result};
use orion_http::{Refusal, Service};
use orion_voice::{Sound, aligned, audio, pace, timed, timing, wav};
use serde::Deserialize;
use serde_json::json;
use std::ops::Range;
use std::time::Duration;

/// Samples per second of the sound that is asked for: the highest that every plan may have without loss.
const RATE: u32 = 24_000;

/// Longest answer in bytes: ten minutes as base64, with the times of 5000 characters.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The paces that the service has; the rest is done here.
const PACES: (f64, f64) = (0.7, 1.2);

/// Where the service is and how its voices speak.
#[derive(Debug, Clone)]
pub struct ElevenLabsOptions {
    /// Address, without the version.
    pub address: String,
    /// The key.
    pub key: Secret,
    /// The model: `eleven_multilingual_v2`.
    pub model: String,
    /// 0 is lively, 1 is even.
    pub stability: f64,
    /// How near to the voice that was recorded, 0 to 1.
    pub similarity: f64,
    /// Dollars for a character; `None` is the default rate (contract, section 5.7).
    pub rate: Option<f64>,
    /// Longest time for an answer (contract, section 5.6).
    pub deadline: Duration,
}

impl ElevenLabsOptions {
    /// The voice that speaks unless another is named: Rachel (contract, section 5.6).
    pub const VOICE: &str = "21m00Tcm4TlvDq8ikWAM";

    /// The service itself, with a key.
    pub fn cloud(key: Secret) -> Self {
        Self {
            address: "https://api.elevenlabs.io".to_owned(),
            key,
            model: "eleven_multilingual_v2".to_owned(),
            stability: 0.5,
            similarity: 0.75,
            rate: None,
            deadline: Duration::from_secs(60),
        }
    }
}

/// A voice of ElevenLabs.
#[derive(Debug, Clone)]
pub struct ElevenLabsSpeech {
    service: Service,
    provider: Provider,
    voice: String,
    options: ElevenLabsOptions,
}

#[derive(Deserialize)]
struct Spoken {
    audio_base64: String,
    #[serde(default)]
    alignment: Option<Alignment>,
}

#[derive(Deserialize)]
struct Alignment {
    characters: Vec<String>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

impl ElevenLabsSpeech {
    /// A voice by its id there; empty takes [`ElevenLabsOptions::VOICE`]. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an address that is not HTTP, a key that is missing, or settings out of 0
    /// to 1.
    pub fn new(voice: &str, options: ElevenLabsOptions) -> Result<Self> {
        if options.key.expose().trim().is_empty() {
            return Err(Error::invalid("ElevenLabs needs a key")
                .with_hint("set `elevenlabs.key`, or the environment's ELEVENLABS_API_KEY"));
        }
        for (name, value) in [("stability", options.stability), ("similarity", options.similarity)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::invalid("a setting of the voice must be 0 to 1").with_context(name, value));
            }
        }
        let voice = match voice.trim() {
            "" => ElevenLabsOptions::VOICE,
            voice => voice,
        };
        let service = Service::new("ElevenLabs", &options.address, Side::Cloud)?
            .with_deadline(options.deadline)
            .with_hint("check the connection, and `elevenlabs.url`")
            .with_secret("xi-api-key", "", &options.key)?;
        let provider = Provider::cloud("elevenlabs", format!("{}/{voice}", options.model));
        Ok(Self { service, provider, voice: voice.to_owned(), options })
    }

    /// What a refusal means here.
    fn refused(&self, refusal: &Refusal, voice: &str) -> Error {
        match (refusal.status, refusal.code()) {
            (_, Some("quota_exceeded")) => {
                Error::new(ErrorKind::Exhausted, "the characters of the plan at ElevenLabs are used up")
                    .with_context("said", &refusal.said)
                    .with_hint("wait for the next month, take a larger plan, or name another voice beside it")
            }
            (400 | 404 | 422, Some("voice_not_found" | "invalid_uid")) | (404, _) => {
                Error::not_found("ElevenLabs has no such voice")
                    .with_context("voice", voice)
                    .with_hint("`orion voices list` shows those of the account")
            }
            (401 | 403, _) => refusal.error().with_hint("check `elevenlabs.key`"),
            _ => refusal.error(),
        }
    }

    /// Spans of the words as shown; `None` if the times are not those of the text.
    fn spans(request: &SpeechRequest, alignment: &Alignment) -> Option<Vec<Option<Range<u64>>>> {
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        let words = words(alignment)?;
        if words.iter().map(|word| word.text.as_str()).eq(shown.iter().copied()) {
            let at = |time: MediaTime| u64::try_from(time.0).unwrap_or(0) * u64::from(RATE) / 1_000_000;
            return Some(words.iter().map(|word| Some(at(word.start)..at(word.end))).collect());
        }
        aligned(&shown, &request.language, &words, RATE)
    }
}

/// Runs of characters without white space between them, with their times.
fn words(alignment: &Alignment) -> Option<Vec<SpokenWord>> {
    let (starts, ends) = (&alignment.character_start_times_seconds, &alignment.character_end_times_seconds);
    let count = alignment.characters.len();
    let sound = |times: &[f64]| times.len() == count && times.iter().all(|time| time.is_finite() && *time >= 0.0);
    if !sound(starts) || !sound(ends) {
        return None;
    }
    let mut words: Vec<SpokenWord> = Vec::new();
    let mut inside = false;
    for ((text, start), end) in alignment.characters.iter().zip(starts).zip(ends) {
        if text.trim().is_empty() {
            inside = false;
            continue;
        }
        let (start, end) = (MediaTime::from_seconds(*start), MediaTime::from_seconds(end.max(*start)));
        match words.last_mut() {
            Some(word) if inside => {
                word.text.push_str(text);
                word.end = word.end.max(end);
            }
            _ => words.push(SpokenWord { text: text.clone(), start, end }),
        }
        inside = true;
    }
    Some(words)
}

#[async_trait]
impl SpeechModel for ElevenLabsSpeech {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        #[derive(Deserialize)]
        struct Voices {
            voices: Vec<Known>,
        }
        #[derive(Deserialize)]
        struct Known {
            voice_id: String,
            name: String,
            #[serde(default)]
            labels: Option<std::collections::BTreeMap<String, serde_json::Value>>,
        }
        let call = self.service.get(&["v1", "voices"]).deadline(Duration::from_secs(15));
        let answer = call.attempt(&Cancellation::new()).await?.map_err(|refusal| self.refused(&refusal, ""))?;
        let known: Voices = answer.json(8 << 20).await?;
        let voice = |known: Known| Voice {
            id: known.voice_id,
            name: known.name,
            language: known
                .labels
                .and_then(|labels| labels.get("language")?.as_str().map(str::to_owned))
                .unwrap_or_else(|| "mul".to_owned()),
            licence: "by the terms of ElevenLabs for your plan".to_owned(),
            installed: true,
        };
        let mut voices: Vec<Voice> = known.voices.into_iter().map(voice).collect();
        // The one that speaks unless another is asked for comes first.
        voices.sort_by_key(|voice| voice.id != self.voice);
        Ok(voices)
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        let voice = request.voice.as_deref().unwrap_or(&self.voice);
        if voice.is_empty() || !voice.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err(Error::not_found("ElevenLabs has no such voice").with_context("voice", voice));
        }
        let speed = request.speed.clamp(PACES.0, PACES.1);
        let body = json!({
            "text": request.text,
            "model_id": self.options.model,
            "voice_settings": {
                "stability": self.options.stability,
                "similarity_boost": self.options.similarity,
                "speed": speed,
            },
        });
        let format = format!("pcm_{RATE}");
        let call = self.service.post(&["v1", "text-to-speech", voice, "with-timestamps"]);
        let call = call.query(&[("output_format", format.as_str())]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.refused(&refusal, voice))?;
        let spoken: Spoken = answer.json(MOST_BYTES).await?;
        let bytes = STANDARD.decode(spoken.audio_base64.trim()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the sound of ElevenLabs is not base64").with_source(error)
        })?;
        let mut sound = wav::read_raw(&bytes, RATE)?;
        let left = request.speed / speed;
        sound.samples = pace::paced(&sound.samples, RATE, left);
        let shown: Vec<&str> = request.text.split_whitespace().collect();
        if sound.samples.len() < shown.len() {
            sound.samples.resize(timing::least(shown.len(), RATE), 0.0);
        }
        audio::soften(&mut sound.samples, RATE);
        audio::level(&mut sound.samples);
        let spans = spoken.alignment.as_ref().and_then(|alignment| Self::spans(request, alignment));
        let (words, times) = match spans {
            Some(spans) => {
                let paced = |at: u64| (at as f64 / left) as u64;
                let spans: Vec<_> =
                    spans.into_iter().map(|span| span.map(|span| paced(span.start)..paced(span.end))).collect();
                (timing::words(&shown, &spans, sound.samples.len() as u64, RATE), WordTimes::Voice)
            }
            None => {
                let found = timed(request, &mut sound, &Strategy::nobody(), operation).await?;
                (found.words, found.times)
            }
        };
        let units = request.text.chars().count() as f64;
        let rate = self.options.rate.unwrap_or(CostCategory::TtsCharacters.default_rate());
        let usage = Usage { category: CostCategory::TtsCharacters, units, cost: Money::from_dollars(units * rate) };
        let Sound { samples, sample_rate } = sound;
        Ok(Speech { samples, sample_rate, words, times, usage })
    }
}
