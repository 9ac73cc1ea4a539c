//! What a status other than success means.

use crate::{Answer, Service, retry_after};
use bytes::BytesMut;
use orion_core::{Error, ErrorKind, Result, Retry};
use serde_json::Value;
use std::time::Duration;

/// As much of an error text is read. Some servers list all that they would have taken.
const MOST_BYTES: usize = 256 * 1024;

/// A status other than success, and what the server said.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What the server said, in one line of at most 300 characters.
    pub said: String,
    /// The body, if it is JSON; not cleaned, for branching on codes.
    pub body: Option<Value>,
    /// How long it asks to wait.
    pub wait: Option<Duration>,
    service: Service,
}

impl Refusal {
    /// Reads as much of a refusal as tells why. What breaks off or is slow tells no more than its status.
    pub(crate) async fn read(mut answer: Answer, status: u16) -> Result<Self> {
        let wait = retry_after(answer.headers());
        let service = answer.service().clone();
        let mut bytes = BytesMut::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(chunk.get(..MOST_BYTES - bytes.len()).unwrap_or(&chunk)),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Ok(None) | Err(_) => break,
            }
            if bytes.len() >= MOST_BYTES {
                break;
            }
        }
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        let said = match body.as_ref().and_then(told) {
            Some(told) => service.shown(&told),
            None => service.shown(&String::from_utf8_lossy(&bytes)),
        };
        Ok(Self { status, said, body, wait, service })
    }

    /// A code of the body, where services put one: `error.code`, `error.type`, `detail.status` or `code`.
    pub fn code(&self) -> Option<&str> {
        let body = self.body.as_ref()?;
        ["/error/code", "/error/type", "/detail/code", "/detail/status", "/code"]
            .iter()
            .find_map(|place| body.pointer(place)?.as_str())
    }

    /// As an error: `Unauthorized` for 401 and 403, `Exhausted` for 402, `NotFound` for 404 and 410, `Timeout` for 408
    /// and 504, `RateLimited` for 429, `Unavailable` for every other 5xx, `Unexpected` for a redirect, else
    /// `Unsupported`, and not `Invalid`: another provider may take what this one does not. Temporary are `Timeout`, `RateLimited` and `Unavailable`, with the wait that was asked for.
    pub fn error(&self) -> Error {
        let name = self.service.name();
        let (kind, message) = match self.status {
            401 | 403 => (ErrorKind::Unauthorized, format!("{name} refused the key")),
            402 => (ErrorKind::Exhausted, format!("{name} wants to be paid first")),
            404 | 410 => (ErrorKind::NotFound, format!("{name} does not know this")),
            408 | 504 => (ErrorKind::Timeout, format!("{name} took too long")),
            429 => (ErrorKind::RateLimited, format!("{name} asks to slow down")),
            500..=599 => (ErrorKind::Unavailable, format!("{name} has a fault")),
            ..=399 => (ErrorKind::Unexpected, format!("{name} answers from elsewhere")),
            _ => (ErrorKind::Unsupported, format!("{name} does not take this request")),
        };
        let mut error = Error::new(kind, message)
            .with_context("status", self.status)
            .with_context("server", self.service.address());
        if !self.said.is_empty() {
            error = error.with_context("said", &self.said);
        }
        match kind {
            ErrorKind::Unauthorized => error.with_hint("set a key that is valid there, and may do this"),
            ErrorKind::Unexpected => error.with_hint("set the address that it redirects to"),
            _ if error.is_temporary() => error.with_retry(Retry::Later(self.wait)),
            _ => error,
        }
    }
}

/// What services say in their different ways.
fn told(body: &Value) -> Option<String> {
    let places = ["/error/message", "/error", "/detail/message", "/detail/0/msg", "/detail", "/message", "/msg"];
    places.iter().find_map(|place| body.pointer(place)?.as_str()).map(str::to_owned)
}
