//! A transcriber written in Python.

use super::files::Desk;
use super::{Object, Used};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::CostCategory;
use orion_core::port::{Provider, Transcriber, Transcript};
use orion_core::{Error, MediaTime, Operation, Result};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) object: Arc<Object>,
    pub(super) desk: Desk,
}

#[derive(Deserialize)]
struct Heard {
    words: Vec<(String, f64, f64)>,
    language: Option<String>,
    used: Used,
}

#[async_trait]
impl Transcriber for Listener {
    fn provider(&self) -> &Provider {
        &self.object.provider
    }

    async fn transcribe(&self, wav: Bytes, language: Option<&str>, operation: &Operation) -> Result<Transcript> {
        operation.cancellation.check()?;
        let sound =
            orion_voice::wav::read(&wav).map_err(|error| Error::invalid("this is no WAV file").with_source(error))?;
        let length = MediaTime::from_units(sound.samples.len() as u64, sound.sample_rate);
        let folder = self.desk.folder("sound").await?;
        let path = folder.write("sound.wav", wav).await?;
        let asked = json!({ "sound": path, "seconds": length.seconds(), "language": language });
        let answer = self.object.ask("transcribe", &asked, Some(&operation.cancellation)).await?;
        let heard: Heard = answer.read()?;
        let words = orion_voice::heard(heard.words, length)?;
        let given = heard.language.filter(|language| !language.trim().is_empty());
        let language = given.or_else(|| language.map(str::to_owned)).unwrap_or_else(|| "und".to_owned());
        Ok(Transcript {
            words,
            language,
            usage: heard.used.usage(CostCategory::TranscriptionSeconds, length.seconds()),
        })
    }
}
