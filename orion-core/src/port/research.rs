//! Reading the outside: feeds, pages, pictures.

use crate::domain::{Article, Feed, FeedItem, FeedState};
use crate::{Operation, Result, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::time::Duration;

/// Bounds of one fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// Longest body in bytes, after decompression.
    pub bytes: u64,
    /// Longest time for the whole exchange, redirects included.
    pub time: Duration,
}

/// An answer that was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The address after redirects.
    pub url: String,
    /// Status code: 200, or 304 when a validator matched.
    pub status: u16,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `ETag` as sent.
    pub etag: Option<String>,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
    /// How long the answer may be reused (`Cache-Control: max-age`).
    pub fresh_for: Option<Duration>,
    /// The body, decompressed.
    pub body: Bytes,
}

/// Gets a page, a feed or a picture over HTTP.
#[async_trait]
pub trait Fetcher: Debug + Send + Sync {
    /// Gets an address, with the validators of an earlier answer if there are any.
    ///
    /// # Behavior
    /// - `Invalid` for what is not an `http` or `https` address, or carries a password.
    /// - `Forbidden` if the host, at any redirect, resolves to an address that is not public:
    ///   loopback, private, link-local, multicast, metadata, also written as IPv4-mapped or in odd forms.
    ///   The address that was checked is the one that is connected to.
    /// - `Exhausted` as soon as the body exceeds `limits.bytes`; `Timeout` after `limits.time`.
    /// - `NotFound` for 404 and 410, `Forbidden` for 401 and 403, `RateLimited` with the wait for 429 and 503
    ///   with `Retry-After`, `Unavailable` for other 5xx and for a host that cannot be reached.
    /// - At most five redirects.
    /// - Says who it is in `User-Agent`, and asks one host for one thing at a time.
    async fn get(
        &self,
        url: &str,
        etag: Option<&str>,
        last_modified: Option<&str>,
        limits: FetchLimits,
    ) -> Result<Fetched>;
}

/// What a reader knows of a feed before a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedVisit {
    /// Address (`https://…`) or path of a local file.
    pub location: String,
    /// What was remembered after the last visit.
    pub state: Option<FeedState>,
}

/// The outcome of a visit.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedReading {
    /// The feed has not changed since the last visit.
    NotModified {
        /// How long not to ask again.
        fresh_for: Option<Duration>,
    },
    /// The feed as it stands now.
    Read {
        /// The feed.
        feed: Feed,
        /// Validator for the next visit.
        etag: Option<String>,
        /// Validator for the next visit.
        last_modified: Option<String>,
        /// How long not to ask again.
        fresh_for: Option<Duration>,
        /// `Content-Type` as served; needed to read the bytes again.
        content_type: Option<String>,
        /// The bytes as served.
        body: Bytes,
    },
}

/// Reads feeds of every dialect.
#[async_trait]
pub trait FeedReader: Debug + Send + Sync {
    /// Visits a feed.
    ///
    /// # Behavior
    /// - Fails as [`Fetcher::get`] does; a local file that is missing is `NotFound`.
    /// - `Invalid` for what is no feed; the message says what it looks like instead.
    /// - Never panics, whatever the bytes; reads no entity, file or address that the document names.
    /// - Sends the validators of the state, and only then gives `NotModified`.
    async fn visit(&self, visit: &FeedVisit) -> Result<FeedReading>;

    /// Parses a feed that is at hand.
    ///
    /// # Behavior
    /// - As [`visit`](Self::visit); `content_type` may name the charset, which the document's own bytes overrule
    ///   only by a byte order mark.
    fn parse(&self, bytes: &[u8], content_type: Option<&str>) -> Result<Feed>;
}

/// Who named the address of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// A person who wants this very page.
    Person,
    /// A feed: the page is one of many that a program comes across.
    Feed,
}

/// Reads the article of a web page.
#[async_trait]
pub trait ArticleReader: Debug + Send + Sync {
    /// Fetches a page and keeps what a reader came for.
    ///
    /// # Behavior
    /// - Fails as [`Fetcher::get`] does; `Invalid` for a page without an article.
    /// - The text is plain, paragraphs are separated by blank lines, and nothing is invented.
    /// - What a feed named is fetched politely: `Forbidden` if the host's `robots.txt` forbids it, `Unavailable` if the
    ///   host cannot be asked. What a person named is not subject to it.
    async fn read(&self, url: &str, named_by: NamedBy) -> Result<Article>;
}

/// A place where trends are seen: a set of feeds, a search site, a social network.
#[async_trait]
pub trait TrendSource: Debug + Send + Sync {
    /// Its name: `rss`, `google_trends_daily`.
    fn name(&self) -> &str;

    /// Fetches what trends now, each item with its score (0 to 100) and the name of the very source.
    ///
    /// # Behavior
    /// - A part that fails (one feed of many) is reported in `problems`; the others are still given.
    /// - An error means that nothing at all could be had.
    async fn fetch(&self, region: &str, limit: u32, now: Timestamp, operation: &Operation) -> Result<SourceScan>;
}

/// What one source saw.
#[derive(Debug, Clone, Default)]
pub struct SourceScan {
    /// Items with their scores and source names.
    pub items: Vec<ScoredItem>,
    /// What failed, for people.
    pub problems: Vec<String>,
}

/// An item with its score.
#[derive(Debug, Clone)]
pub struct ScoredItem {
    /// The item.
    pub item: FeedItem,
    /// 0 to 100, two decimals.
    pub score: f64,
    /// `rss:The Guardian`.
    pub source: String,
    /// Other items on the very same topic, however differently they are worded.
    pub more: Vec<FeedItem>,
    /// What the source says of it in numbers; null for nothing.
    pub signals: serde_json::Value,
}

impl ScoredItem {
    /// An item with its score, seen at a source.
    pub fn new(item: FeedItem, score: f64, source: impl Into<String>) -> Self {
        Self { item, score, source: source.into(), more: Vec::new(), signals: serde_json::Value::Null }
    }

    /// Adds what the source says of it in numbers.
    #[must_use]
    pub fn with_signals(mut self, signals: serde_json::Value) -> Self {
        self.signals = signals;
        self
    }
}

/// Somebody who can tell how much is said of topics that others found.
#[async_trait]
pub trait TrendWitness: Debug + Send + Sync {
    /// Its name: `twitter_v2`.
    fn name(&self) -> &str;

    /// Asks about topics, the most important first.
    ///
    /// # Behavior
    /// - Gives an item for each topic that enough is said of, titled with the topic's own words; of the others nothing.
    /// - Asks about as many as its limits allow, from the first on.
    /// - A topic that cannot be asked about is reported in `problems`; an error means that none could.
    async fn verify(&self, topics: &[String], now: Timestamp, operation: &Operation) -> Result<SourceScan>;
}
