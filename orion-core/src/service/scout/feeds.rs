//! Feeds as a source of trends: asked politely, with validators, and read from memory when nothing is new.

use super::rank::{distinct, score_at};
use crate::domain::{Feed, FeedState};
use crate::id::FeedStateId;
use crate::port::{BlobStore, Entropy, FeedReader, FeedReading, FeedVisit, ScoredItem, SourceScan, Store, TrendSource};
use crate::{Error, ErrorKind, Operation, Result, Retry, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// No feed is asked twice within this time.
const SHORTEST: Duration = Duration::from_secs(60);
/// No answer is taken to be fresh for longer.
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// Feeds visited at a time; each is on a host of its own, or waits for its turn there.
const AT_ONCE: usize = 4;

/// A [`TrendSource`] over a list of feeds, named `rss`.
///
/// What is remembered of a feed ([`FeedState`], and its last body in the blob store) makes the next visit
/// conditional, and keeps it from happening before the feed's own time. A feed that fails is left alone for a
/// minute, then two, up to six hours, or as long as its server asks.
#[derive(Debug, Clone)]
pub struct FeedSource {
    reader: Arc<dyn FeedReader>,
    store: Arc<dyn Store>,
    blobs: Arc<dyn BlobStore>,
    entropy: Arc<dyn Entropy>,
    locations: Vec<String>,
    insistent: bool,
}

impl FeedSource {
    /// A source over these addresses and files.
    pub fn new(
        reader: Arc<dyn FeedReader>,
        store: Arc<dyn Store>,
        blobs: Arc<dyn BlobStore>,
        entropy: Arc<dyn Entropy>,
        locations: Vec<String>,
    ) -> Self {
        Self { reader, store, blobs, entropy, locations, insistent: false }
    }

    /// Visits feeds that failed before even if their time has not come: a person asked for them by name.
    #[must_use]
    pub fn insistent(mut self) -> Self {
        self.insistent = true;
        self
    }

    /// Reads one feed as it stands now.
    ///
    /// # Errors
    /// As [`FeedReader::visit`]; `RateLimited` for a feed that failed and is to be left alone for now.
    pub async fn read(&self, location: &str, now: Timestamp) -> Result<Feed> {
        let location = location.trim();
        if !is_remote(location) {
            let visit = FeedVisit { location: location.to_owned(), state: None };
            return match self.reader.visit(&visit).await? {
                FeedReading::Read { feed, .. } => Ok(feed),
                FeedReading::NotModified { .. } => Err(Error::unexpected("a file was read as not modified")),
            };
        }
        let state = self.store.read().await?.feeds().find(location).await?;
        let kept = match &state {
            Some(state) => self.kept(state).await?,
            None => None,
        };
        if let Some(state) = state.as_ref().filter(|state| now < state.not_before) {
            if let Some((bytes, media_type)) = &kept {
                return self.reader.parse(bytes, Some(media_type));
            }
            if !self.insistent {
                let wait = state.not_before.since(now);
                return Err(Error::new(ErrorKind::RateLimited, "the feed failed and is left alone for now")
                    .with_context("feed", location)
                    .with_context("until", state.not_before)
                    .with_retry(Retry::Later(Some(wait))));
            }
        }
        let state = state.unwrap_or_else(|| FeedState {
            id: FeedStateId::random(self.entropy.as_ref()),
            url: location.to_owned(),
            etag: None,
            last_modified: None,
            body: None,
            not_before: now,
            failures: 0,
            checked_at: now,
            version: 0,
        });
        self.visit(state, kept, now).await
    }

    /// The body of the last full answer, if it is still there.
    async fn kept(&self, state: &FeedState) -> Result<Option<(Bytes, String)>> {
        let Some(body) = &state.body else { return Ok(None) };
        let bytes = self.blobs.get(body.sha256).await?;
        Ok(bytes.map(|bytes| (bytes, body.media_type.clone())))
    }

    async fn visit(&self, mut state: FeedState, kept: Option<(Bytes, String)>, now: Timestamp) -> Result<Feed> {
        // Validators are of use only beside the body that they speak of.
        let known = kept.is_some().then(|| state.clone());
        let outcome = self.reader.visit(&FeedVisit { location: state.url.clone(), state: known }).await;
        state.checked_at = now;
        let feed = match outcome {
            Err(error) => {
                state.failures = state.failures.saturating_add(1);
                state.not_before = now.after(back_off(state.failures, error.retry()));
                self.remember(state).await?;
                return Err(error);
            }
            Ok(FeedReading::NotModified { fresh_for }) => {
                let (bytes, media_type) =
                    kept.ok_or_else(|| Error::unexpected("a feed was read as not modified without validators"))?;
                state.not_before = now.after(fresh_for.unwrap_or_default().clamp(SHORTEST, LONGEST));
                self.reader.parse(&bytes, Some(&media_type))?
            }
            Ok(FeedReading::Read { feed, etag, last_modified, fresh_for, content_type, body }) => {
                let media_type = content_type.unwrap_or_else(|| "application/xml".to_owned());
                state.body = Some(self.blobs.put(body, &media_type).await?);
                (state.etag, state.last_modified) = (etag, last_modified);
                state.not_before = now.after(fresh_for.unwrap_or_default().clamp(SHORTEST, LONGEST));
                feed
            }
        };
        state.failures = 0;
        self.remember(state).await?;
        Ok(feed)
    }

    /// Writes down a visit. Whoever visited the same feed meanwhile has written as much.
    async fn remember(&self, mut state: FeedState) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let written =
            if state.version == 0 { tx.feeds().insert(&mut state).await } else { tx.feeds().update(&mut state).await };
        match written {
            Ok(()) => tx.commit().await,
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn is_remote(location: &str) -> bool {
    let scheme = location.split("://").next().unwrap_or_default();
    scheme.len() < location.len() && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// One minute, doubled with every failure, at most six hours; longer if the server asks for it.
fn back_off(failures: u32, retry: Retry) -> Duration {
    let own = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    match retry {
        Retry::Later(Some(asked)) => own.max(asked.min(4 * LONGEST)),
        _ => own,
    }
}

#[async_trait]
impl TrendSource for FeedSource {
    fn name(&self) -> &str {
        "rss"
    }

    async fn fetch(&self, _region: &str, limit: u32, now: Timestamp, operation: &Operation) -> Result<SourceScan> {
        let mut visits: Vec<BoxFuture<'_, Result<Feed>>> = Vec::with_capacity(self.locations.len());
        for location in &self.locations {
            visits.push(Box::pin(async move {
                operation.cancellation.check()?;
                self.read(location, now).await
            }));
        }
        let outcomes: Vec<Result<Feed>> = futures_util::stream::iter(visits).buffered(AT_ONCE).collect().await;
        operation.cancellation.check()?;
        let mut scan = SourceScan::default();
        let (mut read, mut failed) = (0_usize, None);
        for (location, outcome) in self.locations.iter().zip(outcomes) {
            match outcome {
                Ok(feed) => {
                    read += 1;
                    let source = format!("rss:{}", feed.title);
                    let items = feed.items.into_iter().take(limit as usize).zip(0..).map(|(item, place)| ScoredItem {
                        item,
                        score: score_at(place, limit),
                        source: source.clone(),
                    });
                    scan.items.extend(items);
                }
                Err(error) => {
                    scan.problems.push(format!("{location}: {error}"));
                    failed = failed.or(Some(error));
                }
            }
        }
        match failed {
            Some(error) if read == 0 => Err(error),
            _ => Ok(SourceScan { items: distinct(scan.items), problems: scan.problems }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_feeds_are_left_alone_ever_longer() {
        let minutes = |failures| back_off(failures, Retry::Never).as_secs() / 60;
        assert_eq!([1, 2, 3, 9, 10, 4_000_000_000].map(minutes), [1, 2, 4, 256, 360, 360]);
        let asked = Retry::Later(Some(Duration::from_secs(7200)));
        assert_eq!(back_off(1, asked), Duration::from_secs(7200));
    }

    #[test]
    fn files_are_not_remote() {
        assert!(is_remote("https://example.org/feed") && is_remote("HTTP://example.org"));
        assert!(!is_remote("feeds/http.rss") && !is_remote("file:///x") && !is_remote("http"));
    }
}
