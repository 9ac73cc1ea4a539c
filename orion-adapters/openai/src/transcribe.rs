//! Transcription: `audio/transcriptions` with the time of every word, as Whisper gives them.

use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::CostCategory;
use orion_core::port::{Provider, Transcriber, Transcript};
use orion_core::{Error, ErrorKind, MediaTime, Operation, Result};
use orion_voice::wav;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

/// Largest file that OpenAI takes: 25 MB.
const MOST_SOUND: usize = 25_000_000;

/// Longest answer in bytes: hours of words.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Sound that never gets louder than this is silence, in which Whisper would hear words that nobody said.
const SILENCE: f32 = 0.003;

/// A transcriber behind `audio/transcriptions`.
#[derive(Debug, Clone)]
pub struct OpenAiTranscriber {
    server: Server,
}

#[derive(Deserialize)]
struct Heard {
    #[serde(default)]
    language: Option<String>,
    text: String,
    #[serde(default)]
    words: Option<Vec<Word>>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    start: f64,
    end: f64,
}

impl OpenAiTranscriber {
    /// A model by its name there: `whisper-1`, `base`. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a key that is missing.
    pub fn new(model: &str, options: &OpenAiOptions) -> Result<Self> {
        Ok(Self { server: Server::new(model, options, CostCategory::TranscriptionSeconds)? })
    }
}

#[async_trait]
impl Transcriber for OpenAiTranscriber {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn transcribe(&self, file: Bytes, language: Option<&str>, operation: &Operation) -> Result<Transcript> {
        operation.cancellation.check()?;
        let sound = wav::read(&file).map_err(|error| {
            Error::invalid("only WAV files are transcribed").with_source(error).with_hint("convert the sound to WAV")
        })?;
        if file.len() > MOST_SOUND {
            return Err(Error::invalid("the sound is too long to be transcribed at once")
                .with_context("bytes", file.len())
                .with_hint("send at most 25 MB: 13 minutes of 16 kHz"));
        }
        let asked = language.and_then(tag);
        let length = MediaTime::from_units(sound.samples.len() as u64, sound.sample_rate);
        let usage = self.server.usage(sound.samples.len() as f64 / f64::from(sound.sample_rate));
        if sound.samples.iter().all(|sample| sample.abs() < SILENCE) {
            let language = asked.unwrap_or_else(|| "und".to_owned());
            return Ok(Transcript { words: Vec::new(), language, usage: self.server.usage(0.0) });
        }
        let part = Part::bytes(file.to_vec())
            .file_name("sound.wav")
            .mime_str("audio/wav")
            .map_err(|error| Error::unexpected("a media type was refused").with_source(error))?;
        let mut form = Form::new()
            .text("model", self.server.model.clone())
            .text("response_format", "verbose_json")
            .text("timestamp_granularities[]", "word");
        if let Some(language) = &asked {
            form = form.text("language", language.clone());
        }
        let call = self.server.service.post(&["audio", "transcriptions"]).form(form.part("file", part));
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let heard: Heard = answer.json(MOST_BYTES).await?;
        let words = match heard.words {
            Some(words) => words,
            None if heard.text.trim().is_empty() => Vec::new(),
            None => {
                return Err(Error::new(ErrorKind::Unsupported, "the server tells no word times")
                    .with_context("model", &self.server.model)
                    .with_hint("use a model that takes `timestamp_granularities[]=word`, such as `whisper-1`"));
            }
        };
        let language = heard.language.as_deref().and_then(tag).or(asked).unwrap_or_else(|| "und".to_owned());
        let words = dressed(&heard.text, words).into_iter().map(|word| (word.word, word.start, word.end));
        Ok(Transcript { words: orion_voice::heard(words, length)?, language, usage })
    }
}

/// How many words of the text are looked through for the next one that was heard.
const AHEAD: usize = 4;

/// Words as the text has them, with its capitals and marks: the API's own words have none.
fn dressed(text: &str, mut words: Vec<Word>) -> Vec<Word> {
    let bare =
        |word: &str| -> String { word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let shown: Vec<(&str, String)> = text.split_whitespace().map(|word| (word, bare(word))).collect();
    let mut at = 0;
    for word in &mut words {
        let heard = bare(&word.word);
        let near = shown.iter().enumerate().skip(at).take(AHEAD);
        if let Some((found, (token, _))) = near.into_iter().find(|(_, (_, known))| *known == heard && !heard.is_empty())
        {
            (word.word, at) = ((*token).to_owned(), found + 1);
        }
    }
    words
}

/// The tag of a language, by its tag with or without a region, or by its English name as Whisper tells it.
fn tag(language: &str) -> Option<String> {
    const NAMES: [(&str, &str); 33] = [
        ("arabic", "ar"),
        ("bengali", "bn"),
        ("bulgarian", "bg"),
        ("chinese", "zh"),
        ("croatian", "hr"),
        ("czech", "cs"),
        ("danish", "da"),
        ("dutch", "nl"),
        ("english", "en"),
        ("finnish", "fi"),
        ("french", "fr"),
        ("german", "de"),
        ("greek", "el"),
        ("hebrew", "he"),
        ("hindi", "hi"),
        ("hungarian", "hu"),
        ("indonesian", "id"),
        ("italian", "it"),
        ("japanese", "ja"),
        ("korean", "ko"),
        ("norwegian", "no"),
        ("persian", "fa"),
        ("polish", "pl"),
        ("portuguese", "pt"),
        ("romanian", "ro"),
        ("russian", "ru"),
        ("slovak", "sk"),
        ("spanish", "es"),
        ("swedish", "sv"),
        ("thai", "th"),
        ("turkish", "tr"),
        ("ukrainian", "uk"),
        ("vietnamese", "vi"),
    ];
    let language = language.trim().to_lowercase();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == language) {
        return Some((*tag).to_owned());
    }
    let first = language.split(['-', '_']).next().unwrap_or_default();
    let known = (2..=3).contains(&first.len()) && first.chars().all(|letter| letter.is_ascii_lowercase());
    (known && !matches!(first, "mul" | "und")).then(|| first.to_owned())
}
