//! Embeddings: `/api/embed`, a batch at a time, brought to unit length here.

use crate::server::{OllamaOptions, Server};
use async_trait::async_trait;
use orion_core::port::{Embedder, Provider};
use orion_core::text::embedding::{Dimension, embeddable};
use orion_core::{Error, ErrorKind, Operation, Result};
use serde::Deserialize;
use serde_json::json;

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
    dimension: Dimension,
}

#[derive(Deserialize)]
struct Embeddings {
    embeddings: Vec<Vec<f64>>,
}

impl OllamaEmbedder {
    /// A model by its name in Ollama, such as `nomic-embed-text` (768 numbers). Nothing is contacted yet. Without a
    /// `dimension` (zero) the first answer tells it; a vector of another length is an error when it comes.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a dimension over 8192.
    pub fn new(model: &str, dimension: usize, options: OllamaOptions) -> Result<Self> {
        Ok(Self { server: Server::new(model, options)?, dimension: Dimension::of(dimension)? })
    }

    async fn batch(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>> {
        let input: Vec<String> = texts.iter().map(|text| embeddable(text, MOST_CHARACTERS)).collect();
        let mut body = json!({"model": self.server.model(), "input": input, "truncate": true});
        if let Some(keep_alive) = self.server.keep_alive() {
            body["keep_alive"] = keep_alive;
        }
        let call = self.server.service.post(&["api", "embed"]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let answer: Embeddings = answer.json(MOST_BYTES).await?;
        let model = self.server.model();
        if answer.embeddings.len() != texts.len() {
            return Err(Error::new(ErrorKind::Corrupt, "Ollama gave another number of vectors than of texts")
                .with_context("model", model)
                .with_context("texts", texts.len())
                .with_context("vectors", answer.embeddings.len()));
        }
        let unit = |vector: &Vec<f64>| self.dimension.unit(vector);
        answer.embeddings.iter().map(unit).collect::<Result<_>>().map_err(|error| error.with_context("model", model))
    }
}

#[async_trait]
impl Embedder for OllamaEmbedder {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    fn dimension(&self) -> usize {
        self.dimension.get()
    }

    async fn embed(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>> {
        operation.cancellation.check()?;
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.batch(batch, operation).await?);
        }
        Ok(vectors)
    }
}
