//! Ollama: local language models and embeddings.
//!
//! [`OllamaLanguageModel`] speaks `/api/chat` as a stream of JSON lines, [`OllamaEmbedder`] speaks `/api/embed`,
//! [`OllamaServer`] lists and pulls models. All say what to do when the server is not running or a model is not there.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod chat;
mod embed;
mod pull;
mod server;
#[cfg(test)]
mod tests;

pub use chat::OllamaLanguageModel;
pub use embed::OllamaEmbedder;
pub use pull::{OllamaModel, OllamaServer, Pulled};
pub use server::OllamaOptions;
