//! What is remembered of addresses between two visits: validators, the last body, and how long to stay away.

use crate::domain::FeedState;
use crate::id::FeedStateId;
use crate::port::{BlobStore, Entropy, FetchLimits, Fetcher, Store};
use crate::{Error, ErrorKind, Result, Retry, Timestamp};
use bytes::Bytes;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// No address is asked twice within this time.
const SHORTEST: Duration = Duration::from_secs(60);
/// No answer is taken to be fresh for longer, and no failure keeps anybody away for longer unless the server asks.
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// Before the reason of a visit that found nothing there, which is told apart from a refusal also afterwards.
const NOTHING: &str = "nothing is there: ";
/// Longest reason of a failure that is remembered, in characters.
const LONGEST_REASON: usize = 300;

/// Visits addresses politely: with validators, not before their time, and ever more seldom while they fail.
///
/// The memory is in the record ([`FeedState`], and the last body in the blob store), so that it holds in every process
/// and after a restart. What failed is left alone for a minute, then two, up to six hours, or as long as the server asks.
#[derive(Debug, Clone)]
pub struct Visits {
    store: Arc<dyn Store>,
    blobs: Arc<dyn BlobStore>,
    entropy: Arc<dyn Entropy>,
}

/// How an address is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// How long an answer is good for at least, whatever the server says.
    pub fresh_for: Duration,
    /// Visits what failed before its time has come: a person asked for it by name.
    pub insistent: bool,
}

impl Default for Manner {
    /// An answer is good for a minute at least; what failed is left alone.
    fn default() -> Self {
        Self { fresh_for: SHORTEST, insistent: false }
    }
}

impl Manner {
    /// Answers that are good for so long at least.
    pub fn fresh_for(time: Duration) -> Self {
        Self { fresh_for: time, ..Self::default() }
    }
}

/// The outcome of a visit.
#[derive(Debug)]
pub(super) enum Visited<T> {
    /// Nothing new since the last visit.
    NotModified { fresh_for: Option<Duration> },
    /// What stands there now.
    Read {
        value: T,
        etag: Option<String>,
        last_modified: Option<String>,
        fresh_for: Option<Duration>,
        content_type: Option<String>,
        body: Bytes,
    },
}

impl Visits {
    /// A memory in this record.
    pub fn new(store: Arc<dyn Store>, blobs: Arc<dyn BlobStore>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, blobs, entropy }
    }

    /// Gets an address through a fetcher and reads the answer, or reads what was kept of it while that is fresh. An
    /// answer that cannot be read counts as a failed visit.
    ///
    /// `key` names the address in the record: the address itself, or a fixed name for addresses that are made anew for
    /// every visit, whose answers are then not kept.
    ///
    /// # Errors
    /// As [`Fetcher::get`] and `parse`; `RateLimited` with the reason and the time left for what failed and is left
    /// alone for now, `NotFound` if nothing was there; the store's own. Every failure says in its retry hint when the next visit may be.
    pub async fn get<T: Send>(
        &self,
        fetcher: &dyn Fetcher,
        (key, url): (&str, &str),
        limits: FetchLimits,
        (now, manner): (Timestamp, Manner),
        parse: impl Fn(&[u8], Option<&str>) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let keep = key == url;
        let visit = |state: Option<FeedState>| {
            let parse = &parse;
            async move {
                let validators = state.as_ref().filter(|_| keep);
                let etag = validators.and_then(|state| state.etag.as_deref());
                let modified = validators.and_then(|state| state.last_modified.as_deref());
                let fetched = fetcher.get(url, etag, modified, limits).await?;
                if fetched.status == 304 {
                    return Ok(Visited::NotModified { fresh_for: fetched.fresh_for });
                }
                Ok(Visited::Read {
                    value: parse(&fetched.body, fetched.content_type.as_deref())?,
                    etag: fetched.etag,
                    last_modified: fetched.last_modified,
                    fresh_for: fetched.fresh_for,
                    content_type: fetched.content_type,
                    body: fetched.body,
                })
            }
        };
        self.visit(key, (now, manner, keep), visit, &parse).await
    }

    /// Visits an address by `visit`, which is given what was remembered where that is of use.
    pub(super) async fn visit<T, F>(
        &self,
        key: &str,
        (now, manner, keep): (Timestamp, Manner, bool),
        visit: impl FnOnce(Option<FeedState>) -> F + Send,
        parse: impl Fn(&[u8], Option<&str>) -> Result<T> + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<Visited<T>>> + Send,
    {
        let state = self.store.read().await?.feeds().find(key).await?;
        let kept = match state.as_ref().filter(|_| keep) {
            Some(state) => self.kept(state).await?,
            None => None,
        };
        if let Some(state) = state.as_ref().filter(|state| now < state.not_before) {
            match &kept {
                Some((bytes, media_type)) if state.failures == 0 => return parse(bytes, Some(media_type)),
                _ if state.failures > 0 && !manner.insistent => return Err(left_alone(state, now)),
                _ => {}
            }
        }
        let mut state = state.unwrap_or_else(|| self.first(key, now));
        // Validators are of use only beside the body that they speak of.
        let known = kept.is_some().then(|| state.clone());
        let outcome = visit(known).await;
        state.checked_at = now;
        let (value, fresh_for) = match outcome {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => return self.failed(state, error, now, manner).await,
            Ok(Visited::NotModified { fresh_for }) => {
                let (bytes, media_type) =
                    kept.ok_or_else(|| Error::unexpected("an address was not modified without validators"))?;
                (parse(&bytes, Some(&media_type))?, fresh_for)
            }
            Ok(Visited::Read { value, etag, last_modified, fresh_for, content_type, body }) => {
                if keep {
                    let media_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
                    state.body = Some(self.blobs.put(body, &media_type).await?);
                    (state.etag, state.last_modified) = (etag, last_modified);
                }
                (value, fresh_for)
            }
        };
        let fresh_for =
            if keep { fresh_for.unwrap_or_default().clamp(manner.fresh_for, LONGEST) } else { Duration::ZERO };
        (state.not_before, state.failures, state.problem) = (now.after(fresh_for), 0, None);
        self.remember(state).await?;
        Ok(value)
    }

    async fn failed<T>(&self, mut state: FeedState, error: Error, now: Timestamp, manner: Manner) -> Result<T> {
        state.failures = state.failures.saturating_add(1);
        let wait = back_off(state.failures, error.retry());
        state.not_before = now.after(wait);
        let nothing = if error.kind() == ErrorKind::NotFound { NOTHING } else { "" };
        state.problem = Some(format!("{nothing}{error}").chars().take(LONGEST_REASON).collect());
        self.remember(state).await?;
        Err(if manner.insistent { error } else { error.with_retry(Retry::Later(Some(wait))) })
    }

    fn first(&self, key: &str, now: Timestamp) -> FeedState {
        FeedState {
            id: FeedStateId::random(self.entropy.as_ref()),
            url: key.to_owned(),
            etag: None,
            last_modified: None,
            body: None,
            not_before: now,
            failures: 0,
            problem: None,
            checked_at: now,
            version: 0,
        }
    }

    /// The body of the last full answer, if it is still there.
    async fn kept(&self, state: &FeedState) -> Result<Option<(Bytes, String)>> {
        let Some(body) = &state.body else { return Ok(None) };
        let bytes = self.blobs.get(body.sha256).await?;
        Ok(bytes.map(|bytes| (bytes, body.media_type.clone())))
    }

    /// Writes down a visit. Whoever visited the same address meanwhile has written as much.
    async fn remember(&self, mut state: FeedState) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let written =
            if state.version == 0 { tx.feeds().insert(&mut state).await } else { tx.feeds().update(&mut state).await };
        let written = match written {
            Ok(()) => tx.commit().await,
            Err(error) => Err(error),
        };
        match written {
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => Ok(()),
            written => written,
        }
    }
}

fn left_alone(state: &FeedState, now: Timestamp) -> Error {
    let nothing = state.problem.as_deref().is_some_and(|problem| problem.starts_with(NOTHING));
    let kind = if nothing { ErrorKind::NotFound } else { ErrorKind::RateLimited };
    let error = Error::new(kind, "it failed and is left alone for now")
        .with_context("until", state.not_before)
        .with_retry(Retry::Later(Some(state.not_before.since(now))));
    match &state.problem {
        Some(problem) => error.with_context("reason", problem),
        None => error,
    }
}

/// One minute, doubled with every failure, at most six hours; longer if the server asks for it.
fn back_off(failures: u32, retry: Retry) -> Duration {
    let own = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    match retry {
        Retry::Later(Some(asked)) => own.max(asked.min(4 * LONGEST)),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_left_alone_ever_longer() {
        let minutes = |failures| back_off(failures, Retry::Never).as_secs() / 60;
        assert_eq!([1, 2, 3, 9, 10, 4_000_000_000].map(minutes), [1, 2, 4, 256, 360, 360]);
        let asked = Retry::Later(Some(Duration::from_secs(7200)));
        assert_eq!(back_off(1, asked), Duration::from_secs(7200));
    }
}
