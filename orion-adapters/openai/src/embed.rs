//! Embeddings: `embeddings`, a batch at a time, brought to unit length here.

use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Embedder, Provider};
use orion_core::text::embedding::{embeddable, of_unit_length};
use orion_core::{Cancellation, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;

/// Most texts of one request.
const BATCH: usize = 64;

/// Longest text that is sent, in characters: below the 8192 tokens that embedding models take.
const MOST_CHARACTERS: usize = 8000;

/// Longest answer in bytes: a batch of vectors of 8192 numbers.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// An embedding model behind `embeddings`.
#[derive(Debug, Clone)]
pub struct OpenAiEmbedder {
    server: Server,
    dimension: usize,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f64>,
}

impl OpenAiEmbedder {
    /// A model by its name there, such as `text-embedding-3-small` (1536 numbers). Nothing is contacted yet; a model
    /// that gives vectors of another length is an error when it is used.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, a key that is missing, or a
    /// dimension out of 1 to 8192.
    pub fn new(model: &str, dimension: usize, options: &OpenAiOptions) -> Result<Self> {
        if !(1..=8192).contains(&dimension) {
            return Err(Error::invalid("a vector has 1 to 8192 numbers").with_context("dimension", dimension));
        }
        Ok(Self { server: Server::new(model, options, CostCategory::LlmTokens)?, dimension })
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let input: Vec<String> = texts.iter().map(|text| embeddable(text, MOST_CHARACTERS)).collect();
        let body = json!({"model": self.server.model, "input": input, "encoding_format": "float"});
        let call = self.server.service.post(&["embeddings"]).json(&body);
        let answer = call.attempt(&Cancellation::new()).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let mut answer: Embeddings = answer.json(MOST_BYTES).await?;
        answer.data.sort_by_key(|embedding| embedding.index);
        let in_order = answer.data.iter().enumerate().all(|(place, embedding)| embedding.index == place);
        if answer.data.len() != texts.len() || !in_order {
            return Err(Error::new(ErrorKind::Corrupt, "the server gave other vectors than those of the texts")
                .with_context("model", &self.server.model)
                .with_context("texts", texts.len())
                .with_context("vectors", answer.data.len()));
        }
        let unit = |embedding: &Embedding| of_unit_length(&embedding.embedding, self.dimension);
        answer
            .data
            .iter()
            .map(unit)
            .collect::<Result<_>>()
            .map_err(|error| error.with_context("model", &self.server.model))
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
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
