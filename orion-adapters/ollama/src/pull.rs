//! The models of a server: listing and pulling them.

use crate::server::{OllamaOptions, named};
use orion_core::{Cancellation, Error, ErrorKind, Result};
use orion_http::Service;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Longest time for a whole download.
const LONGEST_PULL: Duration = Duration::from_secs(6 * 3600);

/// Longest silence of a download: the digest of a large file is checked without a word.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// Longest list in bytes, and longest report of a download.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A server and its models.
#[derive(Debug, Clone)]
pub struct OllamaServer {
    service: Service,
}

/// A model that a server has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OllamaModel {
    /// Its name: `llama3.2:latest`.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pulled {
    /// What the server does, in its words: `pulling manifest`.
    #[serde(default)]
    pub status: String,
    /// Bytes of the present file that are there.
    #[serde(default)]
    pub completed: u64,
    /// Bytes of the present file; zero between files.
    #[serde(default)]
    pub total: u64,
    #[serde(default, skip_serializing)]
    error: Option<String>,
}

impl OllamaServer {
    /// A server. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an address that is not HTTP.
    pub fn new(options: &OllamaOptions) -> Result<Self> {
        Ok(Self { service: options.service()? })
    }

    /// The models that it has, as it orders them.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if nobody answers.
    pub async fn models(&self) -> Result<Vec<OllamaModel>> {
        #[derive(Deserialize)]
        struct Models {
            models: Vec<OllamaModel>,
        }
        let call = self.service.get(&["api", "tags"]).deadline(Duration::from_secs(5));
        let models: Models = call.send(&Cancellation::new()).await?.json(MOST_BYTES).await?;
        Ok(models.models)
    }

    /// Downloads a model, and tells on the way how far it is. What was downloaded before is not again.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a model that there is not; [`Unavailable`](ErrorKind::Unavailable) if the
    /// download fails; an error too if the stream ends before it says that all is there.
    pub async fn pull(
        &self,
        model: &str,
        cancellation: &Cancellation,
        mut told: impl FnMut(&Pulled) + Send,
    ) -> Result<()> {
        let model = named(model)?;
        let call = self.service.post(&["api", "pull"]).deadline(LONGEST_PULL).idle(LONGEST_SILENCE);
        let answer = call.json(&json!({"model": model, "stream": true})).send(cancellation).await?;
        let mut lines = answer.lines(MOST_BYTES);
        while let Some(line) = lines.next().await? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let pulled: Pulled = serde_json::from_slice(&line).map_err(|error| {
                Error::new(ErrorKind::Corrupt, "a line of Ollama's report is not JSON").with_source(error)
            })?;
            if let Some(said) = &pulled.error {
                let kind = if said.contains("file does not exist") || said.contains("not found") {
                    ErrorKind::NotFound
                } else {
                    ErrorKind::Unavailable
                };
                return Err(Error::new(kind, "Ollama could not pull the model")
                    .with_context("model", model)
                    .with_context("said", said.chars().take(300).collect::<String>())
                    .with_hint("check its name, and that the server reaches its registry"));
            }
            if pulled.status == "success" {
                return Ok(());
            }
            told(&pulled);
        }
        Err(lines.cut_off().with_context("model", model).with_hint("pull it again: what is there already stays"))
    }
}
