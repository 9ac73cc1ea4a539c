//! A signed call to somebody's own server.

use crate::signature::WebhookSecret;
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::{Credentials, Destination};
use orion_core::port::{PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{Error, ErrorKind, Operation, Result, Timestamp};
use orion_fetch::{HttpFetcher, Posted};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// How long a server is waited for within one call of [`publish`](PlatformPublisher::publish).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookPatience {
    /// For one answer.
    pub answer: Duration,
    /// Before the second attempt; it doubles with each.
    pub pause: Duration,
    /// For everything.
    pub whole: Duration,
}

impl Default for WebhookPatience {
    /// 5 s for an answer, pauses of 0.5, 1, 2 … s, 13 s in all.
    fn default() -> Self {
        let (answer, pause) = (Duration::from_secs(5), Duration::from_millis(500));
        Self { answer, pause, whole: Duration::from_secs(13) }
    }
}

/// Tells a server of every publication, by Standard Webhooks.
///
/// The identity of the message is that of the publication, at every attempt: a receiver that has taken it once knows
/// the second for the same. So what stayed without an answer may be sent again.
#[derive(Debug, Clone)]
pub struct WebhookDestination {
    fetcher: Arc<HttpFetcher>,
    patience: WebhookPatience,
}

/// What an attempt means for the next.
enum Attempt {
    Done(PublishStatus),
    Again(String, Option<Duration>),
}

impl WebhookDestination {
    /// Sends through this fetcher, which guards where to.
    pub fn new(fetcher: Arc<HttpFetcher>) -> Self {
        Self { fetcher, patience: WebhookPatience::default() }
    }

    /// Sets how long a server is waited for.
    #[must_use]
    pub fn with_patience(mut self, patience: WebhookPatience) -> Self {
        self.patience = patience;
        self
    }

    async fn attempt(
        &self,
        url: &str,
        secret: &WebhookSecret,
        id: &str,
        body: &Bytes,
        time: Duration,
    ) -> Result<Attempt> {
        // The time is that of the attempt, so that a receiver can refuse what was recorded and sent again later.
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = secret.sign(id, timestamp, body)?;
        let timestamp = timestamp.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp),
            ("webhook-signature", &signature),
        ];
        Ok(match self.fetcher.post(url, &headers, body.clone(), time).await {
            Ok(posted) => answered(posted, id),
            Err(error) if error.is_temporary() => Attempt::Again(error.message().to_owned(), None),
            Err(error) => Attempt::Done(PublishStatus::Failed(error.message().to_owned())),
        })
    }
}

/// What an answer means (Standard Webhooks, "Status codes").
fn answered(posted: Posted, id: &str) -> Attempt {
    let said = format!("the server answered {}", posted.status);
    match posted.status {
        200..=299 => Attempt::Done(PublishStatus::Published(id.to_owned())),
        300..=399 => Attempt::Done(PublishStatus::Failed(format!("{said}; redirects are not followed"))),
        410 => Attempt::Done(PublishStatus::Gone("the server wants no more calls".to_owned())),
        408 | 425 | 429 | 500..=599 => Attempt::Again(said, posted.retry_after),
        _ => Attempt::Done(PublishStatus::Failed(said)),
    }
}

/// What the server is told.
fn message(request: &PublishRequest) -> Result<Bytes> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX));
    let message = json!({
        "type": "content.published",
        "timestamp": now,
        "data": {
            "publication_id": request.id,
            "content_id": request.content_id,
            "title": request.title,
            "description": request.description,
            "video": {
                "url": request.video_url.as_ref().map(|url| url.expose()),
                "sha256": request.video.sha256,
                "length": request.video.length,
                "media_type": request.video.media_type,
            },
        },
    });
    Ok(Bytes::from(serde_json::to_vec(&message)?))
}

#[async_trait]
impl PlatformPublisher for WebhookDestination {
    fn destination(&self) -> Destination {
        Destination::Webhook
    }

    fn text_limit(&self) -> Option<usize> {
        None
    }

    async fn check(&self, credentials: &Credentials) -> Result<()> {
        credentials.only(&["url", "secret"])?;
        self.fetcher.check(credentials.require("url")?)?;
        WebhookSecret::parse(credentials.require("secret")?).map(drop)
    }

    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String> {
        operation.cancellation.check()?;
        self.check(&request.credentials).await?;
        Ok(request.id.to_string())
    }

    async fn publish(&self, request: &PublishRequest, handle: &str, operation: &Operation) -> Result<PublishStatus> {
        let url = request.credentials.require("url")?;
        let secret = WebhookSecret::parse(request.credentials.require("secret")?)?;
        let body = message(request)?;
        let ends = Instant::now() + self.patience.whole;
        let mut pause = self.patience.pause;
        loop {
            let time = self.patience.answer.min(ends.saturating_duration_since(Instant::now()));
            let (why, asked) = match self.attempt(url, &secret, handle, &body, time).await? {
                Attempt::Done(status) => return Ok(status),
                Attempt::Again(why, asked) => (why, asked),
            };
            tracing::warn!(publication = %request.id, why, "a webhook was not taken");
            let next = Instant::now() + asked.unwrap_or(pause).max(pause);
            if next >= ends {
                return Ok(PublishStatus::Unknown(why));
            }
            let waited = operation.cancellation.unless_cancelled(async {
                tokio::time::sleep_until(next).await;
                Ok(())
            });
            match waited.await {
                Ok(()) => pause *= 2,
                Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(PublishStatus::Unknown(why)),
                Err(error) => return Err(Error::unexpected("waiting failed").with_source(error)),
            }
        }
    }

    /// There is nothing to read back, and no need to: the receiver knows a second call by its identity.
    async fn reconcile(&self, _: &PublishRequest, _: &str) -> Result<PublishStatus> {
        Ok(PublishStatus::Absent)
    }
}
