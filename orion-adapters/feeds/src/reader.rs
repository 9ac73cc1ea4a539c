//! Visiting feeds: over HTTP with validators, or from a file.

use crate::{decode, dialect, json};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::Feed;
use orion_core::port::{FeedReader, FeedReading, FeedVisit, FetchLimits, Fetcher};
use orion_core::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bounds of one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedLimits {
    /// Longest document in bytes, after decompression.
    pub bytes: u64,
    /// Most items read; later ones are left out.
    pub items: usize,
    /// Longest time for fetching it.
    pub time: Duration,
}

impl Default for FeedLimits {
    /// 16 MiB, 1000 items, 20 seconds: ten times what real feeds need.
    fn default() -> Self {
        Self { bytes: 16 << 20, items: 1000, time: Duration::from_secs(20) }
    }
}

/// Reads a feed of any dialect and encoding from its bytes. Pure.
///
/// # Errors
/// `Invalid` for what is no feed, `Exhausted` beyond the limits.
pub fn parse_feed(bytes: &[u8], content_type: Option<&str>, limits: &FeedLimits) -> Result<Feed> {
    if bytes.len() as u64 > limits.bytes {
        return Err(too_large(limits));
    }
    let text = decode::decode(bytes, content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if text.is_empty() {
        return Err(Error::invalid("the feed is empty"));
    }
    if text.starts_with(['{', '[']) { json::parse(text, limits) } else { dialect::parse(text, limits) }
}

fn too_large(limits: &FeedLimits) -> Error {
    Error::new(ErrorKind::Exhausted, "the feed is too large").with_context("limit in bytes", limits.bytes)
}

/// A [`FeedReader`] over any [`Fetcher`]; locations that are no web address are files.
#[derive(Debug, Clone)]
pub struct HttpFeedReader {
    fetcher: Arc<dyn Fetcher>,
    limits: FeedLimits,
}

impl HttpFeedReader {
    /// A reader with the default limits.
    pub fn new(fetcher: Arc<dyn Fetcher>) -> Self {
        Self { fetcher, limits: FeedLimits::default() }
    }

    /// Sets the bounds of a feed.
    #[must_use]
    pub fn with_limits(mut self, limits: FeedLimits) -> Self {
        self.limits = limits;
        self
    }

    async fn parsed(&self, bytes: Bytes, content_type: Option<String>, location: &str) -> Result<(Feed, Bytes)> {
        let limits = self.limits;
        let work = move || guarded(&bytes, content_type.as_deref(), &limits).map(|feed| (feed, bytes));
        let (mut feed, bytes) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::unexpected("the feed parser stopped").with_source(error))?
            .map_err(|error| error.with_context("feed", location))?;
        if feed.title.is_empty() {
            feed.title = host_or_name(location);
            feed.items.iter_mut().for_each(|item| item.feed_title.clone_from(&feed.title));
        }
        Ok((feed, bytes))
    }

    async fn file(&self, path: PathBuf) -> Result<Bytes> {
        let limits = self.limits;
        tokio::task::spawn_blocking(move || read_file(&path, &limits))
            .await
            .map_err(|error| Error::unexpected("reading the feed stopped").with_source(error))?
    }
}

/// The parser, contained: a fault of ours in one feed must not end a task.
fn guarded(bytes: &[u8], content_type: Option<&str>, limits: &FeedLimits) -> Result<Feed> {
    catch_unwind(AssertUnwindSafe(|| parse_feed(bytes, content_type, limits)))
        .unwrap_or_else(|_| Err(Error::unexpected("the feed parser failed on this document")))
}

fn read_file(path: &Path, limits: &FeedLimits) -> Result<Bytes> {
    use std::io::Read;
    let failed = |error: std::io::Error| {
        let error = match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::not_found("no such feed file").with_hint("give a web address or the path of a file")
            }
            std::io::ErrorKind::PermissionDenied => Error::new(ErrorKind::Forbidden, "the feed file may not be read"),
            _ => Error::unavailable("the feed file cannot be read").with_source(error),
        };
        error.with_context("path", path.display())
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::invalid("this is no file").with_context("path", path.display()));
    }
    let mut bytes = Vec::new();
    let mut bounded = std::fs::File::open(path).map_err(failed)?.take(limits.bytes + 1);
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limits.bytes {
        return Err(too_large(limits).with_context("path", path.display()));
    }
    Ok(Bytes::from(bytes))
}

/// A name for a feed that gives itself none.
fn host_or_name(location: &str) -> String {
    let host = url::Url::parse(location)
        .ok()
        .and_then(|url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned()));
    let name = || Path::new(location).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    host.or_else(name).unwrap_or_else(|| location.to_owned())
}

#[async_trait]
impl FeedReader for HttpFeedReader {
    async fn visit(&self, visit: &FeedVisit) -> Result<FeedReading> {
        let location = visit.location.trim();
        let lower = location.get(..8).unwrap_or(location).to_ascii_lowercase();
        if !lower.starts_with("http://") && !lower.starts_with("https://") {
            let path = location.strip_prefix("file://").unwrap_or(location);
            if path.contains("://") {
                return Err(Error::invalid("a feed is a web address or a file").with_context("feed", location));
            }
            let bytes = self.file(PathBuf::from(path)).await?;
            let (feed, body) = self.parsed(bytes, None, location).await?;
            return Ok(FeedReading::Read {
                feed,
                etag: None,
                last_modified: None,
                fresh_for: None,
                content_type: None,
                body,
            });
        }
        let (etag, modified) =
            visit.state.as_ref().map_or((None, None), |state| (state.etag.as_deref(), state.last_modified.as_deref()));
        let limits = FetchLimits { bytes: self.limits.bytes, time: self.limits.time };
        let fetched = self.fetcher.get(location, etag, modified, limits).await?;
        if fetched.status == 304 {
            return Ok(FeedReading::NotModified { fresh_for: fetched.fresh_for });
        }
        let (feed, body) = self.parsed(fetched.body, fetched.content_type.clone(), location).await?;
        Ok(FeedReading::Read {
            feed,
            etag: fetched.etag,
            last_modified: fetched.last_modified,
            fresh_for: fetched.fresh_for,
            content_type: fetched.content_type,
            body,
        })
    }

    fn parse(&self, bytes: &[u8], content_type: Option<&str>) -> Result<Feed> {
        guarded(bytes, content_type, &self.limits)
    }
}
