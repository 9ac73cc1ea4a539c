//! Embeddings: `/api/embed`, a batch at a time, normalised here.

use crate::client::{OllamaOptions, Server};
use async_trait::async_trait;
use orion_core::port::{Embedder, Provider, Side};
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

/// Most texts of one request.
const BATCH: usize = 64;

/// Longest text that is sent, in characters; the model itself truncates to its context.
const MOST_CHARACTERS: usize = 8192;

/// Longest answer in bytes: a batch of 64 vectors of 8192 numbers.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// An embedding model that runs in Ollama.
#[derive(Debug, Clone)]
pub struct OllamaEmbedder {
    server: Server,
    provider: Provider,
    dimension: usize,
}

#[derive(Serialize)]
struct EmbedRequest<'a> {
    model: &'a str,
    input: Vec<String>,
    truncate: bool,
}

#[derive(Deserialize)]
struct EmbedResponse {
    embeddings: Vec<Vec<f64>>,
}

impl OllamaEmbedder {
    /// A model by its name in Ollama, such as `nomic-embed-text` (768 numbers). Nothing is contacted yet; a model
    /// that gives vectors of another length is an error when it is used.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or no dimension.
    pub fn new(model: &str, dimension: usize, options: OllamaOptions) -> Result<Self> {
        if !(1..=8192).contains(&dimension) {
            return Err(Error::invalid("a vector has 1 to 8192 numbers").with_context("dimension", dimension));
        }
        let server = Server::new(model, options)?;
        let provider = Provider { name: "ollama".to_owned(), model: server.model.clone(), side: Side::Local };
        Ok(Self { server, provider, dimension })
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        // An empty input has no tokens, which some models refuse.
        let text = |text: &String| match text.trim() {
            "" => ".".to_owned(),
            text => text.chars().take(MOST_CHARACTERS).collect(),
        };
        let input = texts.iter().map(text).collect();
        let body = EmbedRequest { model: &self.server.model, input, truncate: true };
        let exchange = async {
            let mut response = self.server.post("/api/embed", &body).await?;
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| self.server.broken_off(error))? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > MOST_BYTES {
                    return Err(Error::new(ErrorKind::Exhausted, "the answer of Ollama is too long"));
                }
            }
            Ok(bytes)
        };
        let deadline = self.server.options.deadline;
        let bytes = timeout(deadline, exchange)
            .await
            .map_err(|_| self.server.too_slow("Ollama did not embed in time", deadline))??;
        let answer: EmbedResponse = serde_json::from_slice(&bytes).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the answer of Ollama holds no embeddings").with_source(error)
        })?;
        if answer.embeddings.len() != texts.len() {
            return Err(Error::new(ErrorKind::Corrupt, "Ollama gave another number of vectors than of texts")
                .with_context("texts", texts.len())
                .with_context("vectors", answer.embeddings.len()));
        }
        answer.embeddings.iter().map(|vector| self.normalised(vector)).collect()
    }

    /// A vector of unit length.
    fn normalised(&self, vector: &[f64]) -> Result<Vec<f32>> {
        if vector.len() != self.dimension {
            return Err(Error::invalid("the model gives vectors of another length than configured")
                .with_context("model", &self.server.model)
                .with_context("configured", self.dimension)
                .with_context("given", vector.len())
                .with_hint("set the dimension of the model; vectors of another length do not mix"));
        }
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !length.is_finite() || length <= f64::MIN_POSITIVE {
            return Err(Error::new(ErrorKind::Corrupt, "Ollama gave a vector without direction")
                .with_context("model", &self.server.model));
        }
        Ok(vector.iter().map(|x| (x / length) as f32).collect())
    }
}

#[async_trait]
impl Embedder for OllamaEmbedder {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.batch(batch).await?);
        }
        Ok(vectors)
    }
}
