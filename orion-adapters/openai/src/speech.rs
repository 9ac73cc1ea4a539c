//! Speech: `audio/speech`. The API tells no word times: see [`orion_voice::timed`].

use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Provider, Side, Speech, SpeechModel, SpeechRequest, Transcriber, Voice};
use orion_core::strategy::Strategy;
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use orion_voice::{Sound, audio, timed, wav};
use serde::Deserialize;
use serde_json::json;

/// Longest text of one request in characters; OpenAI takes 4096.
const MOST_CHARACTERS: usize = 4000;

/// Longest sound in bytes: ten minutes at 48 kHz.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// OpenAI's own voices; the API has no list of them.
const VOICES: [&str; 11] =
    ["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"];

/// A voice behind `audio/speech`.
#[derive(Debug, Clone)]
pub struct OpenAiSpeech {
    server: Server,
    voice: String,
    ear: Strategy<dyn Transcriber>,
}

impl OpenAiSpeech {
    /// A model and a voice by their names there: `tts-1`, `alloy`. Nothing is contacted yet. The times of the words
    /// are heard by whoever serves as `ear`, else they are estimated.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a key that is missing.
    pub fn new(model: &str, voice: &str, options: &OpenAiOptions, ear: Strategy<dyn Transcriber>) -> Result<Self> {
        if voice.trim().is_empty() {
            return Err(Error::invalid("a voice must be named").with_hint("for example `openai:tts-1/alloy`"));
        }
        let mut server = Server::new(model, options, CostCategory::TtsCharacters)?;
        server.provider.model = format!("{}/{}", server.model, voice.trim());
        Ok(Self { server, voice: voice.trim().to_owned(), ear })
    }

    /// The voices that the server names; those of OpenAI where the server is OpenAI, as it has no list.
    async fn names(&self, cancellation: &Cancellation) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Names {
            voices: Vec<Name>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Name {
            Plain(String),
            Named { id: String },
        }
        if self.server.provider.side == Side::Cloud {
            return Ok(VOICES.map(str::to_owned).to_vec());
        }
        // Not of the API, but what servers of one's own agree on.
        match self.server.service.get(&["audio", "voices"]).attempt(cancellation).await? {
            Ok(answer) => {
                let names: Names = answer.json(1 << 20).await?;
                let name = |name| match name {
                    Name::Plain(id) | Name::Named { id } => id,
                };
                Ok(names.voices.into_iter().map(name).collect())
            }
            Err(refusal) if matches!(refusal.status, 404 | 405) => Ok(Vec::new()),
            Err(refusal) => Err(self.server.refused(&refusal)),
        }
    }

    /// The voice of a request, if there is such a one.
    async fn chosen<'r>(&'r self, request: &'r SpeechRequest, cancellation: &Cancellation) -> Result<&'r str> {
        match request.voice.as_deref() {
            None => Ok(&self.voice),
            Some(voice) if voice == self.voice => Ok(voice),
            Some(voice) if self.names(cancellation).await?.iter().any(|known| known == voice) => Ok(voice),
            Some(voice) => Err(Error::not_found("the server has no such voice").with_context("voice", voice)),
        }
    }

    async fn sound(&self, text: &str, voice: &str, speed: f64, operation: &Operation) -> Result<Sound> {
        let body = json!({
            "model": self.server.model, "input": text, "voice": voice, "response_format": "wav", "speed": speed,
        });
        let call = self.server.service.post(&["audio", "speech"]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let bytes = answer.bytes(MOST_BYTES).await?;
        wav::read(&bytes).map_err(|error| error.with_context("provider", &self.server.provider))
    }
}

/// A text in pieces that one request takes, parted between words.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count() + 1;
        if length + letters > MOST_CHARACTERS && length > 0 {
            pieces.push(String::new());
            length = 0;
        }
        length += letters;
        if let Some(piece) = pieces.last_mut() {
            if !piece.is_empty() {
                piece.push(' ');
            }
            piece.push_str(word);
        }
    }
    pieces
}

#[async_trait]
impl SpeechModel for OpenAiSpeech {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn voices(&self) -> Result<Vec<Voice>> {
        let mut names = self.names(&Cancellation::new()).await?;
        // The one that speaks unless another is asked for comes first.
        names.retain(|name| *name != self.voice);
        names.insert(0, self.voice.clone());
        let voice = |id: String| Voice {
            name: id.clone(),
            id,
            language: "mul".to_owned(),
            licence: format!("by the terms of {}", self.server.service.address()),
            installed: true,
        };
        Ok(names.into_iter().map(voice).collect())
    }

    async fn speak(&self, request: &SpeechRequest, operation: &Operation) -> Result<Speech> {
        request.check()?;
        operation.cancellation.check()?;
        let voice = self.chosen(request, &operation.cancellation).await?;
        let mut spoken: Option<Sound> = None;
        for piece in pieces(&request.text) {
            let sound = self.sound(&piece, voice, request.speed, operation).await?;
            spoken = Some(match spoken.take() {
                None => sound,
                Some(mut before) if before.sample_rate == sound.sample_rate => {
                    before.samples.extend(sound.samples);
                    before
                }
                Some(_) => return Err(Error::new(ErrorKind::Corrupt, "the server changed its rate between pieces")),
            });
        }
        let mut sound = spoken.ok_or_else(|| Error::invalid("there is nothing to speak"))?;
        audio::soften(&mut sound.samples, sound.sample_rate);
        audio::level(&mut sound.samples);
        let found = timed(request, &mut sound, &self.ear, operation).await?;
        let mut usage = self.server.usage(request.text.chars().count() as f64);
        usage.cost = usage.cost + found.cost;
        let Sound { samples, sample_rate } = sound;
        Ok(Speech { samples, sample_rate, words: found.words, times: found.times, usage })
    }
}
