//! The client: where the server is, how long to wait, and what its refusals mean.

use orion_core::{Error, ErrorKind, Result};
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use std::time::Duration;
use url::Url;

/// Longest error text that is read.
const MOST_ERROR_BYTES: usize = 4096;

/// Where the server is and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OllamaOptions {
    /// Address of the server.
    pub server: Url,
    /// Longest time for a whole answer, loading the model included (contract, section 5.1).
    pub deadline: Duration,
    /// Longest time without a sign of life once the answer has begun.
    pub idle: Duration,
}

impl OllamaOptions {
    /// A server at this address, with the default times: 120 seconds in all, 30 without a sign of life.
    pub fn at(server: Url) -> Self {
        Self { server, deadline: Duration::from_secs(120), idle: Duration::from_secs(30) }
    }

    /// The server on this machine, where Ollama listens unless told otherwise.
    ///
    /// # Errors
    /// None in practice: the address is fixed and valid.
    pub fn local() -> Result<Self> {
        let server = Url::parse("http://127.0.0.1:11434")
            .map_err(|error| Error::unexpected("the default address does not parse").with_source(error))?;
        Ok(Self::at(server))
    }
}

/// A connection to one server for one model.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) options: OllamaOptions,
    pub(crate) model: String,
    client: Client,
}

impl Server {
    pub(crate) fn new(model: &str, options: OllamaOptions) -> Result<Self> {
        if model.trim().is_empty() {
            return Err(Error::invalid("a model must be named").with_hint("for example `ollama:llama3.2`"));
        }
        if !matches!(options.server.scheme(), "http" | "https") {
            return Err(Error::invalid("the address of the server must begin with http or https")
                .with_context("server", &options.server));
        }
        // The server is one's own: no proxy of the environment stands between, and it redirects nowhere.
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::unexpected("the HTTP client cannot be built").with_source(error))?;
        Ok(Self { options, model: model.trim().to_owned(), client })
    }

    /// Sends a request and gives the answer once its head has come with success.
    pub(crate) async fn post(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Response> {
        let url = self.url(path)?;
        let response = self.client.post(url).json(body).send().await.map_err(|error| self.unreachable(error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(self.refused(status, response).await),
        }
    }

    fn url(&self, path: &str) -> Result<Url> {
        let mut url = self.options.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        Ok(url)
    }

    fn unreachable(&self, error: reqwest::Error) -> Error {
        let server = &self.options.server;
        Error::unavailable("Ollama does not answer")
            .with_context("server", server)
            .with_hint("start it with `ollama serve`, or set the address of the server that runs")
            .with_source(error)
    }

    /// What a status other than success means; the server says it in `{"error": …}`.
    async fn refused(&self, status: StatusCode, response: Response) -> Error {
        #[derive(serde::Deserialize)]
        struct Refusal {
            error: String,
        }
        let mut bytes = Vec::new();
        let mut response = response;
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(&chunk[..chunk.len().min(MOST_ERROR_BYTES - bytes.len())]);
            if bytes.len() >= MOST_ERROR_BYTES {
                break;
            }
        }
        let said = serde_json::from_slice(&bytes)
            .map(|refusal: Refusal| refusal.error)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).trim().chars().take(200).collect());
        self.error_of(status, &said)
    }

    /// The error for a status and what the server said.
    pub(crate) fn error_of(&self, status: StatusCode, said: &str) -> Error {
        let kind = match status {
            StatusCode::NOT_FOUND => return self.missing_model(said),
            StatusCode::BAD_REQUEST => ErrorKind::Invalid,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Unauthorized,
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
            _ => ErrorKind::Unexpected,
        };
        Error::new(kind, "Ollama refused the request")
            .with_context("status", status.as_u16())
            .with_context("model", &self.model)
            .with_context("said", said)
    }

    fn missing_model(&self, said: &str) -> Error {
        Error::unavailable("Ollama does not have this model")
            .with_retry(orion_core::Retry::Never)
            .with_context("model", &self.model)
            .with_context("said", said)
            .with_hint(format!("run `ollama pull {}`", self.model))
    }

    /// The error of an answer that broke off.
    pub(crate) fn broken_off(&self, error: reqwest::Error) -> Error {
        Error::unavailable("the answer of Ollama broke off").with_context("model", &self.model).with_source(error)
    }

    /// The error of a wait that was too long.
    pub(crate) fn too_slow(&self, what: &'static str, after: Duration) -> Error {
        Error::new(ErrorKind::Timeout, what)
            .with_context("model", &self.model)
            .with_context("seconds", after.as_secs_f64())
            .with_hint("choose a smaller model, or allow more time")
    }
}
