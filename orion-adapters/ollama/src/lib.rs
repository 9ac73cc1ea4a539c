//! Ollama: local language models and embeddings.
//!
//! [`OllamaLanguageModel`] speaks `/api/chat` as a stream of JSON lines, [`OllamaEmbedder`] speaks `/api/embed`.
//! Both say what to do when the server is not running or the model has not been pulled.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod chat;
mod client;
mod embed;
#[cfg(test)]
mod tests;
mod think;

pub use chat::OllamaLanguageModel;
pub use client::OllamaOptions;
pub use embed::OllamaEmbedder;
