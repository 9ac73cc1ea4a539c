//! Reddit, by the feeds that it offers openly (<https://www.reddit.com/wiki/rss>): the JSON of its pages asks for a key
//! nowadays. One address may ask about once a minute, so all subreddits are one request, and its answer is good for a
//! quarter of an hour.

use crate::source::{Asking, base};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Error, Operation, Result, Timestamp};
use orion_feeds::{FeedLimits, parse_feed};
use std::time::Duration;
use url::Url;

const FRESH: Duration = Duration::from_secs(900);
const NAME: &str = "reddit";

/// A [`TrendSource`] over what is hot in some subreddits, each named as `reddit:r/technology`.
#[derive(Debug, Clone)]
pub struct RedditSource {
    asking: Asking,
    listing: Url,
}

impl RedditSource {
    /// Where Reddit is.
    pub const SITE: &str = "https://www.reddit.com";
    /// What the built-in niches are about.
    pub const SUBREDDITS: &str = "technology+gaming+business+economics+health+science";

    /// A source over subreddits of the site, `technology+science`, or over the listing at an address:
    /// `https://mirror.example/r/technology`. Empty takes [`SUBREDDITS`](Self::SUBREDDITS).
    ///
    /// # Errors
    /// `Invalid` for what is neither.
    pub fn new(asking: Asking, what: &str) -> Result<Self> {
        let address = match what.trim().trim_end_matches('/') {
            "" => format!("{}/r/{}", Self::SITE, Self::SUBREDDITS),
            address if address.contains("://") => address.to_owned(),
            names if names.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+".contains(&b)) => {
                format!("{}/r/{names}", Self::SITE)
            }
            other => {
                return Err(Error::invalid("this names no subreddits")
                    .with_context("reddit", other)
                    .with_hint("`reddit:technology+science`, or `reddit:` for those of the built-in niches"));
            }
        };
        Ok(Self { asking, listing: base(&format!("{address}/hot/.rss"))? })
    }
}

#[async_trait]
impl TrendSource for RedditSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, _region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let mut url = self.listing.clone();
        // One address for every limit, so that all scans share one answer.
        url.query_pairs_mut().append_pair("limit", "100");
        let limits = FeedLimits::default();
        let parse = |bytes: &[u8], content_type: Option<&str>| parse_feed(bytes, content_type, &limits);
        let feed = self.asking.get(&url, FRESH, now, parse).await?;
        let posts = feed.items.into_iter().take(limit as usize).zip(0..);
        let scored = posts.map(|(item, place)| {
            let source = match item.categories.first() {
                Some(subreddit) => format!("{NAME}:{subreddit}"),
                None => NAME.to_owned(),
            };
            ScoredItem::new(item, score_at(place, limit), source)
        });
        Ok(SourceScan { items: scored.collect(), problems: Vec::new() })
    }
}
