//! Feeds as a source of trends: asked politely, with validators, and read from memory when nothing is new.

use super::rank::{distinct, score_at};
use super::visits::{Manner, Visited, Visits};
use crate::domain::Feed;
use crate::port::{FeedReader, FeedReading, FeedVisit, ScoredItem, SourceScan, TrendSource};
use crate::{Error, Operation, Result, Timestamp};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Feeds visited at a time; each is on a host of its own, or waits for its turn there.
const AT_ONCE: usize = 4;

/// A [`TrendSource`] over a list of feeds, named `rss`. Each is visited as [`Visits`] does it.
#[derive(Debug, Clone)]
pub struct FeedSource {
    reader: Arc<dyn FeedReader>,
    visits: Visits,
    locations: Vec<String>,
    manner: Manner,
}

impl FeedSource {
    /// A source over these addresses and files.
    pub fn new(reader: Arc<dyn FeedReader>, visits: Visits, locations: Vec<String>) -> Self {
        Self { reader, visits, locations, manner: Manner::default() }
    }

    /// Visits feeds that failed before even if their time has not come: a person asked for them by name.
    #[must_use]
    pub fn insistent(mut self) -> Self {
        self.manner.insistent = true;
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
        let visit = |state| async move {
            let visit = FeedVisit { location: location.to_owned(), state };
            Ok(match self.reader.visit(&visit).await? {
                FeedReading::NotModified { fresh_for } => Visited::NotModified { fresh_for },
                FeedReading::Read { feed, etag, last_modified, fresh_for, content_type, body } => {
                    Visited::Read { value: feed, etag, last_modified, fresh_for, content_type, body }
                }
            })
        };
        let parse = |bytes: &[u8], content_type: Option<&str>| self.reader.parse(bytes, content_type);
        self.visits.visit(location, (now, self.manner, true), visit, parse).await
    }
}

fn is_remote(location: &str) -> bool {
    let scheme = location.split("://").next().unwrap_or_default();
    scheme.len() < location.len() && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
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
                    let items = feed
                        .items
                        .into_iter()
                        .take(limit as usize)
                        .zip(0..)
                        .map(|(item, place)| ScoredItem::new(item, score_at(place, limit), source.clone()));
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
    fn files_are_not_remote() {
        assert!(is_remote("https://example.org/feed") && is_remote("HTTP://example.org"));
        assert!(!is_remote("feeds/http.rss") && !is_remote("file:///x") && !is_remote("http"));
    }
}
