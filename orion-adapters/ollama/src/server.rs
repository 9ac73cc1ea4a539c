//! Where the server is, how it runs models, and what its refusals mean.

use orion_core::port::{Provider, Side};
use orion_core::{Error, ErrorKind, Result, Retry};
use orion_http::{Refusal, Service};
use std::time::Duration;

/// Where the server is, how it runs models, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OllamaOptions {
    /// Address of the server.
    pub server: String,
    /// Longest time for a whole answer, loading the model included (contract, section 5.1).
    pub deadline: Duration,
    /// Longest time without a sign of life once the answer has begun.
    pub idle: Duration,
    /// How long a model stays loaded after an answer: `5m`, `-1` for ever, `0` not at all; empty is the server's own
    /// choice.
    pub keep_alive: String,
    /// Tokens of prompt and answer together; zero is the server's own choice. Ollama cuts a prompt that is longer
    /// without a word, and what it chooses itself can be as little as 4096.
    pub context: u32,
}

impl OllamaOptions {
    /// A server at this address, with the default times: 120 seconds in all, 30 without a sign of life; and with room
    /// for 8192 tokens.
    pub fn at(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            deadline: Duration::from_secs(120),
            idle: Duration::from_secs(30),
            keep_alive: String::new(),
            context: 8192,
        }
    }

    /// The server on this machine, where Ollama listens unless told otherwise.
    pub fn local() -> Self {
        Self::at("http://127.0.0.1:11434")
    }

    pub(crate) fn service(&self) -> Result<Service> {
        // Ollama's own variable for it, `OLLAMA_HOST`, has no scheme.
        let address = match self.server.trim() {
            address if address.contains("://") => address.to_owned(),
            address => format!("http://{address}"),
        };
        Ok(Service::new("Ollama", &address, Side::Local)?
            .with_deadline(self.deadline)
            .with_idle(self.idle)
            .with_hint("start it with `ollama serve`, or set the address of the server that runs"))
    }
}

/// A server for one model.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) options: OllamaOptions,
    pub(crate) provider: Provider,
    pub(crate) service: Service,
}

impl Server {
    pub(crate) fn new(model: &str, options: OllamaOptions) -> Result<Self> {
        let model = named(model)?;
        let service = options.service()?;
        Ok(Self { options, provider: Provider::local("ollama", model), service })
    }

    pub(crate) fn model(&self) -> &str {
        &self.provider.model
    }

    pub(crate) fn refused(&self, refusal: &Refusal) -> Error {
        match refusal.status {
            404 => missing(self.model(), &refusal.said),
            _ => refusal.error().with_context("model", self.model()),
        }
    }

    /// How long the model stays loaded, as Ollama reads it: a number of seconds, or a length with its unit.
    pub(crate) fn keep_alive(&self) -> Option<serde_json::Value> {
        match self.options.keep_alive.trim() {
            "" => None,
            text => Some(text.parse::<i64>().map_or_else(|_| text.into(), serde_json::Value::from)),
        }
    }
}

/// The name of a model.
pub(crate) fn named(model: &str) -> Result<&str> {
    match model.trim() {
        "" => Err(Error::invalid("a model must be named").with_hint("for example `ollama:llama3.2`")),
        model => Ok(model),
    }
}

fn missing(model: &str, said: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "Ollama does not have this model")
        .with_retry(Retry::Never)
        .with_context("model", model)
        .with_context("said", said)
        .with_hint(format!("run `orion models pull {model}`, or `ollama pull {model}`"))
}
