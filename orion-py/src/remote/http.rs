//! The platform's API over HTTP: one session, renewed when it has run out, and the platform's own words for what is
//! wrong.

use orion_core::domain::Secret;
use orion_core::{Error, ErrorKind, Operation, Result, Retry};
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// One call takes no longer; long work answers at once and goes on in the background.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A download takes no longer than this for one piece.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer that is read.
const MOST_ANSWER: usize = 64 << 20;

/// What lets the user in.
#[derive(Default, Clone)]
struct Session {
    access: Option<Secret>,
    refresh: Option<Secret>,
}

pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    session: std::sync::Mutex<Session>,
    /// Held while the session is renewed: a refresh token is good once.
    renewing: tokio::sync::Mutex<()>,
}

impl Http {
    pub(super) fn new(address: &str, token: Option<Secret>) -> Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("orion-python/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::unexpected("the HTTP client could not be made").with_source(error))?;
        let session = Session { access: token, refresh: None };
        Ok(Self { client, base: base_of(address)?, session: session.into(), renewing: tokio::sync::Mutex::default() })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    fn session(&self) -> Session {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn sign_in(&self, email: &str, password: &Secret) -> Result<()> {
        let body = json!({ "email": email, "password": password.expose() });
        let answer = read(self.send(Method::POST, "/api/v1/auth/login", Some(&body), None).await?).await?;
        self.keep(&answer)
    }

    fn keep(&self, answer: &Value) -> Result<()> {
        let part = |key: &str| answer[key].as_str().filter(|text| !text.is_empty()).map(Secret::new);
        let session = Session { access: part("access_token"), refresh: part("refresh_token") };
        if session.access.is_none() {
            return Err(
                Error::new(ErrorKind::Corrupt, "the platform's answer lacks a key").with_context("key", "access_token")
            );
        }
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
        Ok(())
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Calls as the user. A session that has run out is renewed once.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let session = self.session();
        let response = self.send(method.clone(), path, body, session.access.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED || session.refresh.is_none() {
            return read(response).await;
        }
        self.renew(&session).await?;
        read(self.send(method, path, body, self.session().access.as_ref()).await?).await
    }

    /// The next pair of tokens, unless another call has got it meanwhile.
    async fn renew(&self, refused: &Session) -> Result<()> {
        let _alone = self.renewing.lock().await;
        let session = self.session();
        if session.access != refused.access {
            return Ok(());
        }
        let Some(refresh) = session.refresh else { return Ok(()) };
        let body = json!({ "refresh_token": refresh.expose() });
        let answer = read(self.send(Method::POST, "/api/v1/auth/refresh", Some(&body), None).await?).await?;
        self.keep(&answer)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, token: Option<&Secret>) -> Result<Response> {
        let url = self.base.join(path.trim_start_matches('/'));
        let url =
            url.map_err(|error| Error::invalid("this makes no address").with_context("path", path).with_source(error))?;
        let mut request = self.client.request(method, url).timeout(TIMEOUT);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| self.unreachable(error))
    }

    pub(super) fn unreachable(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::unavailable("the platform cannot be reached")
            .with_context("address", &self.base)
            .with_hint("is it running? `orion up` starts it")
            .with_source(error)
    }

    /// Fetches a file of the platform by its signed link: under another name first, so that no half file is left. A link
    /// to another host is not followed.
    pub(super) async fn download(&self, link: &str, path: &Path, operation: &Operation) -> Result<()> {
        let mut url: Url =
            link.parse().map_err(|_| Error::new(ErrorKind::Corrupt, "the platform's link is no address"))?;
        // The platform names itself as browsers reach it; this program reaches it where it was told.
        let fits = url.set_scheme(self.base.scheme()).is_ok()
            && url.set_host(self.base.host_str()).is_ok()
            && url.set_port(self.base.port()).is_ok();
        if !fits {
            return Err(Error::new(ErrorKind::Corrupt, "the platform's link is no address"));
        }
        let written = |error: std::io::Error| {
            Error::unavailable("this place cannot be written").with_context("path", path.display()).with_source(error)
        };
        let mut response = self.client.get(url).send().await.map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return read(response).await.map(drop);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let fetch = async {
            if let Some(parent) = path.parent() {
                tokio::fs::create_dir_all(parent).await.map_err(written)?;
            }
            let mut file = tokio::fs::File::create(&partial).await.map_err(written)?;
            loop {
                let piece = tokio::time::timeout(PIECE_TIMEOUT, response.chunk()).await;
                let piece = piece.map_err(|_| Error::new(ErrorKind::Timeout, "the download has stopped"))?;
                match piece.map_err(|error| Error::unavailable("the download was cut off").with_source(error))? {
                    Some(piece) => file.write_all(&piece).await.map_err(written)?,
                    None => break,
                }
            }
            file.sync_all().await.map_err(written)?;
            tokio::fs::rename(&partial, path).await.map_err(written)
        };
        let outcome = operation.cancellation.unless_cancelled(fetch).await;
        if outcome.is_err() {
            // If it cannot be removed it was never made.
            let _ = tokio::fs::remove_file(&partial).await;
        }
        outcome
    }
}

/// An address that ends with a slash, so that paths are joined below it.
fn base_of(address: &str) -> Result<Url> {
    let wrong = |why: &str| {
        Error::invalid("this is not the address of a platform")
            .with_context("address", address)
            .with_context("cause", why)
            .with_hint("write it like http://localhost:8000")
    };
    let mut url: Url = address.parse().map_err(|_| wrong("it is no address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("it must begin with http:// or https://"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// The body of an answer, or the platform's own words for what is wrong.
async fn read(mut response: Response) -> Result<Value> {
    let status = response.status();
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
    let mut bytes = Vec::new();
    while let Some(piece) =
        response.chunk().await.map_err(|error| Error::unavailable("the answer was cut off").with_source(error))?
    {
        if bytes.len() + piece.len() > MOST_ANSWER {
            return Err(Error::new(ErrorKind::Exhausted, "the platform's answer is too long"));
        }
        bytes.extend_from_slice(&piece);
    }
    let body: Option<Value> = serde_json::from_slice(&bytes).ok();
    if status.is_success() {
        return match body {
            Some(body) => Ok(body),
            None if bytes.is_empty() => Ok(Value::Null),
            None => Err(Error::new(ErrorKind::Corrupt, "the platform's answer is not JSON")),
        };
    }
    let said = body.as_ref().and_then(|body| body["message"].as_str().or(body["detail"].as_str()));
    let said = said.map_or_else(|| format!("the platform refused: {status}"), str::to_owned);
    let mut error = Error::new(kind_of(status), said).with_context("status", status.as_u16());
    if let Some(hint) = body.as_ref().and_then(|body| body["hint"].as_str()) {
        error = error.with_hint(hint.to_owned());
    }
    if status == StatusCode::UNAUTHORIZED {
        error = error.with_hint("connect with a token, or with email and password");
    }
    Err(match wait {
        Some(seconds) => error.with_retry(Retry::Later(Some(Duration::from_secs(seconds)))),
        None => error,
    })
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::CONFLICT => ErrorKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        StatusCode::NOT_IMPLEMENTED => ErrorKind::Unsupported,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            ErrorKind::Unavailable
        }
        status if status.is_client_error() => ErrorKind::Invalid,
        _ => ErrorKind::Unexpected,
    }
}
