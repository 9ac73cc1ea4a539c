//! The language model: `/api/chat`, streamed line by line.

use crate::client::{OllamaOptions, Server};
use crate::think::{without_fence, without_thinking};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Completion, CompletionRequest, LanguageModel, Message, Provider, Side, Usage};
use orion_core::{Error, ErrorKind, Operation, Result};
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

/// Longest answer, thinking included, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Longest single line of the stream, in bytes.
const MOST_LINE_BYTES: usize = 1024 * 1024;

/// A language model that runs in Ollama.
#[derive(Debug, Clone)]
pub struct OllamaLanguageModel {
    server: Server,
    provider: Provider,
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a serde_json::Value>,
    options: ChatOptions,
}

#[derive(Serialize)]
struct ChatOptions {
    temperature: f64,
    num_predict: u32,
}

/// One line of the stream.
#[derive(Debug, Default, Deserialize)]
struct Chunk {
    #[serde(default)]
    message: ChunkMessage,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    eval_count: u64,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ChunkMessage {
    #[serde(default)]
    content: String,
}

impl OllamaLanguageModel {
    /// A model by its name in Ollama, such as `llama3.2` or `deepseek-r1:8b`. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name or an address that is not HTTP.
    pub fn new(model: &str, options: OllamaOptions) -> Result<Self> {
        let server = Server::new(model, options)?;
        let provider = Provider { name: "ollama".to_owned(), model: server.model.clone(), side: Side::Local };
        Ok(Self { server, provider })
    }

    async fn answer(&self, request: &CompletionRequest) -> Result<Completion> {
        let body = ChatRequest {
            model: &self.server.model,
            messages: &request.messages,
            stream: true,
            format: request.schema.as_ref(),
            options: ChatOptions { temperature: request.temperature, num_predict: request.max_tokens },
        };
        let deadline = Instant::now() + self.server.options.deadline;
        let late = || self.server.too_slow("Ollama did not finish in time", self.server.options.deadline);
        let response = timeout_at(deadline, self.server.post("/api/chat", &body)).await.map_err(|_| late())??;
        let (text, last) = timeout_at(deadline, self.read(response)).await.map_err(|_| late())??;
        if last.done_reason.as_deref() == Some("length") {
            return Err(Error::new(ErrorKind::Exhausted, "the answer was cut off at its longest length")
                .with_context("tokens", request.max_tokens)
                .with_hint("ask for less, or choose a model that thinks less out loud"));
        }
        let text = without_thinking(&text);
        let text = if request.schema.is_some() { json(&text)? } else { text };
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Corrupt, "the model gave an empty answer")
                .with_context("model", &self.server.model));
        }
        let units = (last.prompt_eval_count + last.eval_count) as f64;
        Ok(Completion { text, usage: Usage { category: CostCategory::LlmTokens, units, cost: Money::ZERO } })
    }

    /// Reads the stream to its last line. A stream that ends before it says so was cut off.
    async fn read(&self, mut response: Response) -> Result<(String, Chunk)> {
        let idle = self.server.options.idle;
        let mut text = String::new();
        let mut buffer: Vec<u8> = Vec::new();
        loop {
            let next = timeout(idle, response.chunk()).await;
            let next = next.map_err(|_| self.server.too_slow("Ollama gave no sign of life", idle))?;
            let ended = match next.map_err(|error| self.server.broken_off(error))? {
                Some(bytes) => {
                    buffer.extend_from_slice(&bytes);
                    false
                }
                None => true,
            };
            while let Some(line) = take_line(&mut buffer, ended) {
                let chunk = self.chunk(&line)?;
                text.push_str(&chunk.message.content);
                if chunk.done {
                    return Ok((text, chunk));
                }
            }
            if text.len() > MOST_BYTES || buffer.len() > MOST_LINE_BYTES {
                return Err(Error::new(ErrorKind::Exhausted, "the answer of Ollama is too long"));
            }
            if ended {
                return Err(Error::unexpected("the answer of Ollama was cut off before its end")
                    .with_context("model", &self.server.model)
                    .with_context("bytes", text.len()));
            }
        }
    }

    fn chunk(&self, line: &[u8]) -> Result<Chunk> {
        let chunk: Chunk = serde_json::from_slice(line).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a line of Ollama's answer is not JSON").with_source(error)
        })?;
        match &chunk.error {
            Some(said) => Err(self.server.error_of(StatusCode::INTERNAL_SERVER_ERROR, said)),
            None => Ok(chunk),
        }
    }
}

/// The next whole line of a buffer; at the end of the stream also what has no line break. Empty lines are skipped.
fn take_line(buffer: &mut Vec<u8>, ended: bool) -> Option<Vec<u8>> {
    loop {
        let line: Vec<u8> = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => buffer.drain(..=end).collect(),
            None if ended && !buffer.is_empty() => std::mem::take(buffer),
            None => return None,
        };
        if !line.trim_ascii().is_empty() {
            return Some(line);
        }
    }
}

/// The answer as bare JSON.
fn json(text: &str) -> Result<String> {
    let bare = without_fence(text);
    serde_json::from_str::<serde::de::IgnoredAny>(bare)
        .map_err(|error| Error::new(ErrorKind::Corrupt, "the model did not answer with JSON").with_source(error))?;
    Ok(bare.to_owned())
}

#[async_trait]
impl LanguageModel for OllamaLanguageModel {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn complete(&self, request: &CompletionRequest, operation: &Operation) -> Result<Completion> {
        operation.cancellation.check()?;
        // Dropping the answer closes the connection, on which Ollama stops to generate.
        tokio::select! {
            biased;
            () = operation.cancellation.cancelled() => Err(Error::cancelled()),
            answer = self.answer(request) => answer,
        }
    }
}
