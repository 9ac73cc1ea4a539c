//! Any server that speaks OpenAI's HTTP API: OpenAI itself and others in the cloud, and vLLM, llama.cpp, LocalAI,
//! speaches and the like on a machine of one's own.
//!
//! - [`OpenAiLanguageModel`]: `chat/completions`, streamed, with structured output and usage.
//! - [`OpenAiEmbedder`]: `embeddings`. [`OpenAiImages`]: `images/generations`.
//! - [`OpenAiSpeech`]: `audio/speech`; the API tells no word times, so a transcriber hears them, or they are estimated.
//! - [`OpenAiTranscriber`]: `audio/transcriptions` with word times, as Whisper servers give them.
//!
//! Servers differ in what they take. What one refuses by name is asked for in the older way, and remembered.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod chat;
mod dialect;
mod embed;
mod image;
mod server;
mod speech;
#[cfg(test)]
mod tests;
mod transcribe;

pub use chat::OpenAiLanguageModel;
pub use embed::OpenAiEmbedder;
pub use image::OpenAiImages;
pub use server::OpenAiOptions;
pub use speech::OpenAiSpeech;
pub use transcribe::OpenAiTranscriber;
