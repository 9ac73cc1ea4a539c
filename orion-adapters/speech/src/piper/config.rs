//! The `.onnx.json` file beside a Piper voice: its sample rate, its symbols, its defaults.

use orion_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Largest configuration that is read; real ones are about five kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// What a voice says about itself.
#[derive(Debug, Clone)]
pub(crate) struct VoiceConfig {
    /// Samples per second.
    pub(crate) sample_rate: u32,
    /// The espeak-ng voice whose phonemes it was trained on.
    pub(crate) espeak_voice: String,
    /// Language tag, `en-US`.
    pub(crate) language: String,
    /// Loudness of the noise in the sound.
    pub(crate) noise_scale: f32,
    /// Pace: above one is slower.
    pub(crate) length_scale: f32,
    /// Loudness of the noise in the durations.
    pub(crate) noise_w: f32,
    /// The numbers of every phoneme.
    pub(crate) symbols: HashMap<char, Vec<i32>>,
}

#[derive(Deserialize)]
struct File {
    audio: Audio,
    #[serde(default)]
    espeak: Espeak,
    #[serde(default)]
    inference: Inference,
    phoneme_type: Option<String>,
    phoneme_id_map: HashMap<String, Vec<i32>>,
    language: Option<Language>,
}

#[derive(Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Deserialize, Default)]
struct Espeak {
    voice: Option<String>,
}

#[derive(Deserialize, Default)]
struct Inference {
    noise_scale: Option<f32>,
    length_scale: Option<f32>,
    noise_w: Option<f32>,
}

#[derive(Deserialize)]
struct Language {
    code: Option<String>,
}

/// Where the configuration of a model lies: `voice.onnx` has `voice.onnx.json`.
pub(crate) fn path_of(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

impl VoiceConfig {
    /// Reads the file beside `model`.
    ///
    /// # Errors
    /// `NotFound` if it is not there, `Corrupt` if it is not a Piper configuration, `Unsupported` for a voice that was
    /// not trained on espeak-ng phonemes.
    pub(crate) fn read(model: &Path) -> Result<Self> {
        let path = path_of(model);
        let shown = path.display();
        let length = std::fs::metadata(&path)
            .map_err(|error| {
                Error::not_found("a Piper voice needs its .onnx.json file beside the .onnx file")
                    .with_context("file", &shown)
                    .with_source(error)
            })?
            .len();
        if length > MOST_BYTES {
            return Err(Error::new(ErrorKind::Corrupt, "the configuration of the voice is too large")
                .with_context("file", &shown)
                .with_context("bytes", length));
        }
        let text = std::fs::read(&path).map_err(|error| {
            Error::unavailable("the configuration of the voice cannot be read")
                .with_context("file", &shown)
                .with_source(error)
        })?;
        Self::parse(&text).map_err(|error| error.with_context("file", &shown))
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let file: File = serde_json::from_slice(text).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "this is not the configuration of a Piper voice").with_source(error)
        })?;
        if file.phoneme_type.as_deref().is_some_and(|kind| kind != "espeak") {
            return Err(Error::new(ErrorKind::Unsupported, "only voices trained on espeak-ng phonemes are supported")
                .with_context("phoneme_type", file.phoneme_type.unwrap_or_default()));
        }
        if !(8_000..=48_000).contains(&file.audio.sample_rate) {
            return Err(Error::new(ErrorKind::Corrupt, "the voice has an impossible sample rate")
                .with_context("sample_rate", file.audio.sample_rate));
        }
        let mut symbols = HashMap::with_capacity(file.phoneme_id_map.len());
        for (symbol, ids) in file.phoneme_id_map {
            let mut characters = symbol.chars();
            if let (Some(character), None) = (characters.next(), characters.next()) {
                symbols.insert(character, ids);
            }
        }
        for needed in ['^', '_', '$', ' ', '.', ',', '?', '!'] {
            if symbols.get(&needed).is_none_or(Vec::is_empty) {
                return Err(Error::new(ErrorKind::Corrupt, "the voice has no number for a symbol that is needed")
                    .with_context("symbol", needed));
            }
        }
        let espeak_voice = file.espeak.voice.unwrap_or_else(|| "en-us".to_owned());
        let language = file.language.and_then(|language| language.code).unwrap_or_else(|| espeak_voice.clone());
        let sound = |value: Option<f32>, default: f32| {
            value.filter(|value| value.is_finite() && (0.0..=10.0).contains(value)).unwrap_or(default)
        };
        Ok(Self {
            sample_rate: file.audio.sample_rate,
            language: language.replace('_', "-"),
            espeak_voice,
            // The defaults are Piper's own.
            noise_scale: sound(file.inference.noise_scale, 0.667),
            length_scale: sound(file.inference.length_scale, 1.0).max(0.1),
            noise_w: sound(file.inference.noise_w, 0.8),
            symbols,
        })
    }

    /// Whether it speaks English, which needs no other program.
    pub(crate) fn is_english(&self) -> bool {
        self.language.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("en"))
    }
}
