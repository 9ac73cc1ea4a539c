//! Embeddings: `embeddings`, a batch at a time, brought to unit length here.

use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Embedder, Provider};
use orion_core::text::embedding::{Dimension, embeddable};
use orion_core::{Error, ErrorKind, Operation, Result};
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
    dimension: Dimension,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: f64,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f64>,
}

impl OpenAiEmbedder {
    /// A model by its name there, such as `text-embedding-3-small` (1536 numbers). Nothing is contacted yet. Without a
    /// `dimension` (zero) the first answer tells it; a vector of another length is an error when it comes.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, a key that is missing, or a
    /// dimension over 8192.
    pub fn new(model: &str, dimension: usize, options: &OpenAiOptions) -> Result<Self> {
        let dimension = Dimension::of(dimension)?;
        Ok(Self { server: Server::new(model, options, CostCategory::EmbeddingTokens)?, dimension })
    }

    async fn batch(&self, texts: &[String], operation: &Operation) -> Result<Vec<Vec<f32>>> {
        let input: Vec<String> = texts.iter().map(|text| embeddable(text, MOST_CHARACTERS)).collect();
        let body = json!({"model": self.server.model, "input": input, "encoding_format": "float"});
        let call = self.server.service.post(&["embeddings"]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let mut answer: Embeddings = answer.json(MOST_BYTES).await?;
        // A server that counts nothing: English has about four letters to a token.
        let estimate = || input.iter().map(|text| text.len().div_ceil(4)).sum::<usize>() as f64;
        let tokens =
            answer.usage.map(|usage| usage.prompt_tokens).filter(|tokens| tokens.is_finite() && *tokens >= 0.0);
        operation.charge(&self.server.provider, self.server.usage(tokens.unwrap_or_else(estimate)));
        answer.data.sort_by_key(|embedding| embedding.index);
        let in_order = answer.data.iter().enumerate().all(|(place, embedding)| embedding.index == place);
        if answer.data.len() != texts.len() || !in_order {
            return Err(Error::new(ErrorKind::Corrupt, "the server gave other vectors than those of the texts")
                .with_context("model", &self.server.model)
                .with_context("texts", texts.len())
                .with_context("vectors", answer.data.len()));
        }
        let unit = |embedding: &Embedding| self.dimension.unit(&embedding.embedding);
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
