//! Calls the platform's API: one session, refreshed when it has run out, and errors with the exit codes of the
//! contract (section 6).

use super::super::failure::Failure;
use super::session::{Session, Sessions};
use orion_core::domain::Secret;
use orion_core::{Error, ErrorKind, Result};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use std::time::Duration;

/// One call takes no longer; long work answers at once and goes on in the background.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Where a platform is that nobody has named.
const DEFAULT_GATEWAY: &str = "http://localhost:8000";

/// The platform as one user sees it.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    sessions: Option<Sessions>,
    /// A token given on the command line, which is never refreshed.
    token: Option<Secret>,
}

impl Client {
    /// A client of the platform that was named, else of the one that was signed in to, else of the default.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an address that is none.
    pub(super) fn new(gateway: Option<&str>, token: Option<Secret>) -> Result<Self> {
        let sessions = Sessions::of_user();
        // A token needs no home folder.
        let sessions = if token.is_some() { sessions.ok() } else { Some(sessions?) };
        let stored = || sessions.as_ref().and_then(|kept| kept.load().ok().flatten()).map(|kept| kept.gateway_url);
        let configured = || sessions.as_ref().and_then(Sessions::configured_gateway);
        let named = gateway.map(str::to_owned).or_else(stored).or_else(configured);
        let named = named.unwrap_or_else(|| DEFAULT_GATEWAY.to_owned());
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("orion/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::unexpected("the HTTP client could not be made").with_source(error))?;
        Ok(Self { http, base: base_of(&named)?, sessions, token })
    }

    /// The platform's address.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Calls with no session: to sign in, to ask for health.
    pub(super) async fn open(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        answer(self.send(method, path, body, None).await?).await
    }

    /// Calls as the user. A session that has run out is refreshed once.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let token = self.access_token()?;
        let response = self.send(method.clone(), path, body, Some(&token)).await?;
        if response.status() != StatusCode::UNAUTHORIZED || self.token.is_some() {
            return answer(response).await;
        }
        let token = self.refresh(&token).await?;
        answer(self.send(method, path, body, Some(&token)).await?).await
    }

    /// Signs in and keeps the session.
    pub(super) async fn sign_in(&self, email: &str, password: &Secret) -> Result<Value, Failure> {
        let body = json!({ "email": email, "password": password.expose() });
        let signed_in = self.open(Method::POST, "/api/v1/auth/login", Some(&body)).await?;
        self.keep(&signed_in)?;
        Ok(signed_in["user"].clone())
    }

    /// Signs out. That the platform cannot be told is no reason to keep the session.
    pub(super) async fn sign_out(&self) -> Result<bool, Failure> {
        let session = self.sessions.as_ref().map(Sessions::load).transpose()?.flatten();
        let told = match &session {
            Some(session) => {
                let body = json!({ "refresh_token": session.refresh_token.expose() });
                self.call(Method::POST, "/api/v1/auth/logout", Some(&body)).await.is_ok()
            }
            None => self.token.is_some() && self.call(Method::POST, "/api/v1/auth/logout", None).await.is_ok(),
        };
        if let Some(sessions) = &self.sessions {
            sessions.forget()?;
        }
        Ok(told)
    }

    fn access_token(&self) -> Result<Secret, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let session = self.sessions.as_ref().map(Sessions::load).transpose()?.flatten();
        let session = session.ok_or_else(|| signed_out("you are not signed in"))?;
        if session.gateway_url != self.base.as_str() {
            let error = Error::new(ErrorKind::Unauthorized, "you are signed in to another platform")
                .with_context("signed in to", &session.gateway_url)
                .with_context("asked for", &self.base)
                .with_hint("sign in there too: orion auth login --gateway-url ADDRESS");
            return Err(Failure::unauthorized(error));
        }
        Ok(session.access_token)
    }

    /// The next pair of tokens, unless another command has got it meanwhile.
    async fn refresh(&self, refused: &Secret) -> Result<Secret, Failure> {
        let Some(sessions) = &self.sessions else { return Err(signed_out("the token was refused")) };
        let waiting = sessions.clone();
        let lock = tokio::task::spawn_blocking(move || waiting.lock());
        let _lock = lock.await.map_err(|error| Error::unexpected("the session lock failed").with_source(error))??;
        let session = sessions.load()?.ok_or_else(|| signed_out("you are not signed in"))?;
        if session.access_token != *refused {
            return Ok(session.access_token);
        }
        let body = json!({ "refresh_token": session.refresh_token.expose() });
        match self.open(Method::POST, "/api/v1/auth/refresh", Some(&body)).await {
            Ok(signed_in) => Ok(self.keep(&signed_in)?.access_token),
            Err(failure) if failure.is_unauthorized() => {
                sessions.forget()?;
                Err(signed_out("your session has ended"))
            }
            Err(failure) => Err(failure),
        }
    }

    fn keep(&self, signed_in: &Value) -> Result<Session> {
        let text = |key: &str| {
            let text = signed_in[key].as_str().filter(|text| !text.is_empty());
            text.ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "the platform's answer lacks a key").with_context("key", key)
            })
        };
        let session = Session {
            gateway_url: self.base.to_string(),
            email: signed_in["user"]["email"].as_str().unwrap_or_default().to_owned(),
            access_token: Secret::new(text("access_token")?),
            refresh_token: Secret::new(text("refresh_token")?),
        };
        if let Some(sessions) = &self.sessions {
            sessions.save(&session)?;
        }
        Ok(session)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&Secret>,
    ) -> Result<reqwest::Response, Failure> {
        let url = self
            .base
            .join(path.trim_start_matches('/'))
            .map_err(|error| Error::invalid("this makes no address").with_context("path", path).with_source(error))?;
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| self.unreachable(error))
    }

    pub(super) fn unreachable(&self, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
        let error = Error::unavailable("the platform cannot be reached")
            .with_context("address", &self.base)
            .with_hint("is it running? `orion up` starts it; --gateway-url or ORION_GATEWAY_URL names another")
            .with_source(error);
        Failure::unreachable(error)
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
    let mut url: Url = address.parse().map_err(|error: url::ParseError| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("it must begin with http:// or https://"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn signed_out(why: &'static str) -> Failure {
    Failure::unauthorized(Error::new(ErrorKind::Unauthorized, why).with_hint("sign in: orion auth login"))
}

/// The body of an answer, or the platform's own words for what is wrong.
async fn answer(response: reqwest::Response) -> Result<Value, Failure> {
    let status = response.status();
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()).map(str::to_owned);
    let cut =
        |error: reqwest::Error| Failure::unreachable(Error::unavailable("the answer was cut off").with_source(error));
    let text = response.text().await.map_err(cut)?;
    let body: Option<Value> = serde_json::from_str(&text).ok();
    if status.is_success() {
        return match body {
            Some(body) => Ok(body),
            None if text.is_empty() => Ok(json!({})),
            None => Err(refusal(status, "the platform's answer is not JSON")),
        };
    }
    let said = body.as_ref().and_then(|body| {
        let error = &body["error"]["message"];
        body["message"].as_str().or(body["detail"].as_str()).or(error.as_str())
    });
    let said = said.map_or_else(|| text.chars().take(200).collect(), str::to_owned);
    let mut failure = refusal(status, &said);
    if let Some(hint) = body.as_ref().and_then(|body| body["hint"].as_str()) {
        failure = failure.with_hint(hint);
    } else if let Some(wait) = wait {
        failure = failure.with_hint(&format!("try again in {wait} s"));
    }
    Err(failure)
}

fn refusal(status: StatusCode, said: &str) -> Failure {
    let kind = match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::CONFLICT => ErrorKind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
        status if status.is_client_error() => ErrorKind::Invalid,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Unexpected,
    };
    let error = Error::new(kind, said.to_owned()).with_context("status", status.as_u16());
    if status == StatusCode::UNAUTHORIZED { Failure::unauthorized(error) } else { Failure::refused(error) }
}
