//! What all sources share: how they ask, within which bounds, and what an item looks like.

use orion_core::domain::{FeedItem, Picture};
use orion_core::port::{FetchLimits, Fetcher};
use orion_core::service::scout::{Manner, Visits};
use orion_core::{Error, ErrorKind, Result, Timestamp};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest answer in bytes, and longest time for it. A thousand pages of Wikipedia are 100 KB.
pub(crate) const LIMITS: FetchLimits = FetchLimits { bytes: 4 << 20, time: Duration::from_secs(15) };
/// Longest text of a title, and of what goes along with it, in characters.
const LONGEST_TITLE: usize = 512;
const LONGEST_TEXT: usize = 4000;

/// Where a source is asked, by whom, and how its answers are remembered.
#[derive(Debug, Clone)]
pub struct Asking {
    fetcher: Arc<dyn Fetcher>,
    visits: Visits,
}

impl Asking {
    /// Asks through this fetcher and remembers there.
    pub fn new(fetcher: Arc<dyn Fetcher>, visits: Visits) -> Self {
        Self { fetcher, visits }
    }

    /// Gets an address and reads its answer; answers are good for so long at least.
    pub(crate) async fn get<T: Send>(
        &self,
        url: &Url,
        fresh_for: Duration,
        now: Timestamp,
        parse: impl Fn(&[u8], Option<&str>) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let manner = Manner::fresh_for(fresh_for);
        self.visits.get(&*self.fetcher, (url.as_str(), url.as_str()), LIMITS, (now, manner), parse).await
    }

    /// Gets an address that is made anew for every question; only failures are remembered, under `key`.
    pub(crate) async fn ask<T: Send>(
        &self,
        (key, url): (&str, &Url),
        now: Timestamp,
        parse: impl Fn(&[u8], Option<&str>) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        self.visits.get(&*self.fetcher, (key, url.as_str()), LIMITS, (now, Manner::default()), parse).await
    }
}

/// An address below a base, which may have a path of its own.
///
/// # Errors
/// `Invalid` for a base that is no web address.
pub(crate) fn base(address: &str) -> Result<Url> {
    let wrong = || Error::invalid("the address of a source is a web address").with_context("address", address);
    let url = Url::parse(address.trim()).map_err(|error| wrong().with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err(wrong());
    }
    Ok(url)
}

/// A base with these parts after its own path.
pub(crate) fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// Reads JSON of a given form. What sites send instead on bad days (a page, half an answer) is told apart.
pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let start = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).trim_start().to_ascii_lowercase();
        let what = match () {
            () if start.starts_with('<') => "the site answered with a page instead of data",
            () if error.is_eof() => "the answer ends in the middle",
            () => "the answer has another form than documented",
        };
        Error::new(ErrorKind::Corrupt, what).with_source(error)
    })
}

/// The country of a region, two letters in capitals.
///
/// # Errors
/// `Invalid` for anything else.
pub(crate) fn country(region: &str) -> Result<String> {
    let region = region.trim().to_ascii_uppercase();
    if region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(region);
    }
    Err(Error::invalid("a region is a country of two letters").with_context("region", region).with_hint("US, DE, BR"))
}

/// A time in whole seconds since 1970.
pub(crate) fn since_1970(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

/// An item with a title; `None` without one.
pub(crate) fn item(title: &str, site: &str, rank: u32) -> Option<FeedItem> {
    let title = plain(title, LONGEST_TITLE);
    (!title.is_empty()).then(|| FeedItem {
        title,
        url: None,
        summary: String::new(),
        content: String::new(),
        author: None,
        published_at: None,
        picture: None,
        categories: Vec::new(),
        feed_title: site.to_owned(),
        language: None,
        rank,
    })
}

/// Text of a site as one line of bounded length.
pub(crate) fn line(text: &str) -> String {
    plain(text, LONGEST_TEXT)
}

fn plain(text: &str, longest: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(longest).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A web address, or nothing.
pub(crate) fn web(url: &str) -> Option<String> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(|url| url.to_string())
}

/// A picture of an address.
pub(crate) fn picture(url: &str, credit: Option<String>) -> Option<Picture> {
    Some(Picture { url: web(url)?, credit, caption: None, width: None, height: None })
}
