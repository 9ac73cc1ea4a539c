//! An answer that has begun: read with a bound, within the times, as long as the operation lasts.

use crate::{Events, Lines, Service};
use bytes::{Bytes, BytesMut};
use orion_core::{Cancellation, Error, ErrorKind, Result};
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// An answer that has begun. Dropping it closes its connection.
#[derive(Debug)]
pub struct Answer {
    service: Service,
    response: Response,
    cancellation: Cancellation,
    until: Instant,
    deadline: Duration,
    idle: Duration,
}

impl Answer {
    pub(crate) fn new(
        service: Service,
        response: Response,
        cancellation: Cancellation,
        (until, deadline): (Instant, Duration),
        idle: Duration,
    ) -> Self {
        Self { service, response, cancellation, until, deadline, idle }
    }

    /// Whose answer it is.
    pub fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The media type, lower-case and without parameters; empty if the server names none.
    pub fn media_type(&self) -> String {
        let named = self.header("content-type").unwrap_or_default();
        named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The next piece as it comes; `None` at the end.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the connection breaks, [`Timeout`](ErrorKind::Timeout) without a
    /// sign of life and after the deadline, [`Cancelled`](ErrorKind::Cancelled) with the operation.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let Self { service, response, cancellation, until, deadline, idle } = self;
        let next = async {
            match timeout_at(*until, timeout(*idle, response.chunk())).await {
                Ok(Ok(next)) => next.map_err(|error| service.broken_off(error)),
                Ok(Err(_)) => Err(service.too_slow("gave no sign of life", *idle)),
                Err(_) => Err(service.too_slow("did not finish in time", *deadline)),
            }
        };
        tokio::select! {
            biased;
            () = cancellation.cancelled() => Err(Error::cancelled()),
            next = next => next,
        }
    }

    /// All of it, at most so many bytes.
    ///
    /// # Errors
    /// [`Exhausted`](ErrorKind::Exhausted) if it is longer; as [`chunk`](Self::chunk).
    pub async fn bytes(mut self, most: usize) -> Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len() + chunk.len() > most {
                return Err(self.too_long(most));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// All of it as JSON of a form, at most so many bytes.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) if it is of another form; as [`bytes`](Self::bytes).
    pub async fn json<T: DeserializeOwned>(self, most: usize) -> Result<T> {
        let service = self.service.clone();
        let bytes = self.bytes(most).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Error::new(ErrorKind::Corrupt, format!("the answer of {} is not of the documented form", service.name()))
                .with_context("server", service.address())
                .with_source(error)
        })
    }

    /// Its lines as they come, at most so many bytes in all.
    pub fn lines(self, most: usize) -> Lines {
        Lines::new(self, most)
    }

    /// Its server-sent events as they come, at most so many bytes in all.
    pub fn events(self, most: usize) -> Events {
        Events::new(self.lines(most))
    }

    pub(crate) fn too_long(&self, most: usize) -> Error {
        Error::new(ErrorKind::Exhausted, format!("the answer of {} is too long", self.service.name()))
            .with_context("server", self.service.address())
            .with_context("bytes", most)
    }
}
