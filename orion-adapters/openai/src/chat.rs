//! The language model: `chat/completions`, streamed as server-sent events.

use crate::dialect::{Dialect, on};
use crate::server::{OpenAiOptions, Server};
use async_trait::async_trait;
use orion_core::domain::CostCategory;
use orion_core::port::{Completion, CompletionRequest, LanguageModel, Message, MessageRole, Provider};
use orion_core::text::answer;
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use orion_http::Answer;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest stream, thinking included, in bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Pieces of an answer between two reports of progress.
const PIECES: u64 = 8;

/// Letters of a token, where a server does not count them.
const LETTERS: usize = 4;

/// A language model behind `chat/completions`.
#[derive(Debug, Clone)]
pub struct OpenAiLanguageModel {
    server: Server,
    dialect: Arc<Dialect>,
}

#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Counted>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

/// What a model thinks out loud comes under names of its own and is not read.
#[derive(Debug, Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Counted {
    #[serde(default)]
    total_tokens: u64,
}

/// A stream to its end.
#[derive(Debug, Default)]
struct Streamed {
    text: String,
    refusal: String,
    reason: Option<String>,
    tokens: Option<u64>,
}

impl OpenAiLanguageModel {
    /// A model by its name there. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an empty name, an address that is not HTTP, or a key that is missing.
    pub fn new(model: &str, options: &OpenAiOptions) -> Result<Self> {
        Ok(Self { server: Server::new(model, options, CostCategory::LlmTokens)?, dialect: Arc::default() })
    }

    /// The models that the server has; proves that it is there and takes the key.
    ///
    /// # Errors
    /// As any call; [`Unavailable`](ErrorKind::Unavailable) if nobody answers.
    pub async fn models(&self) -> Result<Vec<String>> {
        self.server.models(&Cancellation::new()).await
    }

    fn body(&self, request: &CompletionRequest) -> Value {
        let dialect = &self.dialect;
        let mut messages = request.messages.clone();
        let mut body = json!({"model": self.server.model, "stream": true});
        if !on(&dialect.no_usage) {
            body["stream_options"] = json!({"include_usage": true});
        }
        if !on(&dialect.no_temperature) {
            body["temperature"] = json!(request.temperature);
        }
        let most = if on(&dialect.no_max_tokens) { "max_completion_tokens" } else { "max_tokens" };
        body[most] = json!(request.max_tokens);
        if let Some(schema) = &request.schema {
            if !on(&dialect.no_schema) {
                let named = json!({"name": "answer", "schema": schema});
                body["response_format"] = json!({"type": "json_schema", "json_schema": named});
            } else {
                if !on(&dialect.no_json) {
                    body["response_format"] = json!({"type": "json_object"});
                }
                let content = format!("Answer with JSON of this schema and nothing else: {schema}");
                let place = messages.iter().take_while(|message| message.role == MessageRole::System).count();
                messages.insert(place, Message { role: MessageRole::System, content });
            }
        }
        body["messages"] = json!(messages);
        body
    }

    /// Sends the request in the way that the server takes.
    async fn ask(&self, request: &CompletionRequest, operation: &Operation) -> Result<Answer> {
        loop {
            let call = self.server.service.post(&["chat", "completions"]).json(&self.body(request));
            let refusal = match call.attempt(&operation.cancellation).await? {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            // Ends: each lesson is learnt once.
            if !self.dialect.learns(&refusal) {
                return Err(self.server.refused(&refusal));
            }
            tracing::debug!(said = %refusal.said, "the server does not take this; asked in another way");
        }
    }

    /// Reads the stream to its last event. One that ends before it says why was cut off.
    async fn read(&self, answer: Answer, operation: &Operation) -> Result<Streamed> {
        let mut streamed = Streamed::default();
        let mut pieces = 0_u64;
        let mut events = answer.events(MOST_BYTES);
        while let Some(event) = events.next().await? {
            if event.data.trim() == "[DONE]" {
                break;
            }
            let chunk: Chunk = serde_json::from_str(&event.data).map_err(|error| {
                // An event that the end cut short is not JSON either.
                Error::new(ErrorKind::Corrupt, "an event of the stream is not of the documented form")
                    .with_context("server", self.server.service.address())
                    .with_source(error)
            })?;
            if let Some(error) = chunk.error {
                return Err(self.failed(&error));
            }
            streamed.tokens = chunk.usage.map(|usage| usage.total_tokens).or(streamed.tokens);
            for choice in chunk.choices.into_iter().take(1) {
                streamed.text.push_str(choice.delta.content.as_deref().unwrap_or_default());
                streamed.refusal.push_str(choice.delta.refusal.as_deref().unwrap_or_default());
                streamed.reason = choice.finish_reason.or(streamed.reason);
                pieces += 1;
                if pieces.is_multiple_of(PIECES) {
                    operation.advance(pieces, 0, "tokens");
                    operation.cancellation.check()?;
                }
            }
        }
        if streamed.reason.is_none() {
            return Err(events.cut_off().with_context("model", &self.server.model));
        }
        Ok(streamed)
    }

    /// The error that came in the middle of a stream.
    fn failed(&self, error: &Value) -> Error {
        let said = error.pointer("/message").and_then(Value::as_str).or(error.as_str()).unwrap_or("no reason");
        Error::unavailable(format!("{} failed in the middle of its answer", self.server.service.name()))
            .with_context("model", &self.server.model)
            .with_context("said", said.chars().take(300).collect::<String>())
    }
}

#[async_trait]
impl LanguageModel for OpenAiLanguageModel {
    fn provider(&self) -> &Provider {
        &self.server.provider
    }

    async fn complete(&self, request: &CompletionRequest, operation: &Operation) -> Result<Completion> {
        let answer = self.ask(request, operation).await?;
        let streamed = self.read(answer, operation).await?;
        let model = &self.server.model;
        match streamed.reason.as_deref() {
            Some("stop" | "eos" | "end_turn") => {}
            Some("length" | "max_tokens") => {
                return Err(Error::new(ErrorKind::Exhausted, "the answer was cut off at its longest length")
                    .with_context("model", model)
                    .with_context("tokens", request.max_tokens)
                    .with_hint("ask for less, or choose a model that thinks less out loud"));
            }
            reason => {
                return Err(Error::new(ErrorKind::Unsupported, "the provider did not let the model answer")
                    .with_context("model", model)
                    .with_context("reason", reason.unwrap_or_default()));
            }
        }
        if !streamed.refusal.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "the model refused to answer")
                .with_context("model", model)
                .with_context("said", streamed.refusal.chars().take(300).collect::<String>()));
        }
        let text = answer::bare(&streamed.text, request.schema.is_some())
            .map_err(|error| error.with_context("model", model))?;
        let letters = || {
            let asked: usize = request.messages.iter().map(|message| message.content.len()).sum();
            ((asked + streamed.text.len()) / LETTERS + 1) as u64
        };
        let tokens = streamed.tokens.filter(|tokens| *tokens > 0).unwrap_or_else(letters);
        Ok(Completion { text, usage: self.server.usage(tokens as f64) })
    }
}
