//! Embeddings: `/api/embed`, a batch at a time, brought to unit length here.

use crate::server::{OllamaOptions, Server};
use async_trait::async_trait;
use orion_core::port::{Embedder, Provider};
use orion_core::text::embedding::{embeddable, of_unit_length};
use orion_core::{Cancellation, Error, ErrorKind, Result};
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
    dimension: usize,
}

#[derive(Deserialize)]
struct Embeddings {
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
        Ok(Self { server: Server::new(model, options)?, dimension })
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let input: Vec<String> = texts.iter().map(|text| embeddable(text, MOST_CHARACTERS)).collect();
        let mut body = json!({"model": self.server.model(), "input": input, "truncate": true});
        if let Some(keep_alive) = self.server.keep_alive() {
            body["keep_alive"] = keep_alive;
        }
        let call = self.server.service.post(&["api", "embed"]).json(&body);
        let answer = call.attempt(&Cancellation::new()).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let answer: Embeddings = answer.json(MOST_BYTES).await?;
        let model = self.server.model();
        if answer.embeddings.len() != texts.len() {
            return Err(Error::new(ErrorKind::Corrupt, "Ollama gave another number of vectors than of texts")
                .with_context("model", model)
                .with_context("texts", texts.len())
                .with_context("vectors", answer.embeddings.len()));
        }
        let unit = |vector: &Vec<f64>| of_unit_length(vector, self.dimension);
        answer.embeddings.iter().map(unit).collect::<Result<_>>().map_err(|error| error.with_context("model", model))
    }
}

#[async_trait]
impl Embedder for OllamaEmbedder {
    fn provider(&self) -> &Provider {
        &self.server.provider
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
