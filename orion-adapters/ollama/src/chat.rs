//! The language model: `/api/chat`, streamed line by line.

use crate::server::{OllamaOptions, Server};
use async_trait::async_trait;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Completion, CompletionRequest, LanguageModel, Message, Provider, Usage};
use orion_core::text::answer;
use orion_core::{Error, ErrorKind, Operation, Result};
use orion_http::Lines;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest stream, thinking included, in bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Pieces of an answer between two reports of progress.
const PIECES: u64 = 8;

/// A language model that runs in Ollama.
#[derive(Debug, Clone)]
pub struct OllamaLanguageModel {
    server: Server,
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<Value>,
    options: ChatOptions,
}

#[derive(Serialize)]
struct ChatOptions {
    temperature: f64,
    num_predict: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
}

/// One line of the stream. What a model thinks comes in a field of its own, which is not read.
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
        Ok(Self { server: Server::new(model, options)? })
    }

    /// Reads the stream to its last line. A stream that ends before it says so was cut off.
    async fn read(&self, mut lines: Lines, operation: &Operation) -> Result<(String, Chunk)> {
        let mut text = String::new();
        let mut pieces = 0_u64;
        while let Some(line) = lines.next().await? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let chunk = self.chunk(&line)?;
            text.push_str(&chunk.message.content);
            if chunk.done {
                return Ok((text, chunk));
            }
            pieces += 1;
            if pieces.is_multiple_of(PIECES) {
                operation.advance(pieces, 0, "tokens");
                operation.cancellation.check()?;
            }
        }
        Err(lines.cut_off().with_context("model", self.server.model()))
    }

    fn chunk(&self, line: &[u8]) -> Result<Chunk> {
        let chunk: Chunk = serde_json::from_slice(line).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a line of Ollama's answer is not JSON").with_source(error)
        })?;
        match &chunk.error {
            Some(said) => Err(Error::unavailable("Ollama failed in the middle of its answer")
                .with_context("model", self.server.model())
                .with_context("said", said.chars().take(300).collect::<String>())),
            None => Ok(chunk),
        }
    }
}

#[async_trait]
impl LanguageModel for OllamaLanguageModel {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn complete(&self, request: &CompletionRequest, operation: &Operation) -> Result<Completion> {
        let context = self.server.options.context;
        let body = ChatRequest {
            model: self.server.model(),
            messages: &request.messages,
            stream: true,
            format: request.schema.as_ref(),
            keep_alive: self.server.keep_alive(),
            options: ChatOptions {
                temperature: request.temperature,
                num_predict: request.max_tokens,
                num_ctx: (context > 0).then_some(context),
            },
        };
        // A stop drops the answer, which closes the connection, on which Ollama stops to generate.
        let call = self.server.service.post(&["api", "chat"]).json(&body);
        let answer = call.attempt(&operation.cancellation).await?.map_err(|refusal| self.server.refused(&refusal))?;
        let (text, last) = self.read(answer.lines(MOST_BYTES), operation).await?;
        if last.done_reason.as_deref() == Some("length") {
            return Err(Error::new(ErrorKind::Exhausted, "the answer was cut off at its longest length")
                .with_context("tokens", request.max_tokens)
                .with_hint("ask for less, allow a longer context, or choose a model that thinks less out loud"));
        }
        let text = answer::bare(&text, request.schema.is_some())
            .map_err(|error| error.with_context("model", self.server.model()))?;
        let units = (last.prompt_eval_count + last.eval_count) as f64;
        Ok(Completion { text, usage: Usage { category: CostCategory::LlmTokens, units, cost: Money::ZERO } })
    }
}
