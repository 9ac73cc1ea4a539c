//! Google Trends: what is searched for more than usual, by the feed of <https://trends.google.com/trending>.

use crate::source::{Asking, base, country, item, line, picture};
use async_trait::async_trait;
use orion_core::domain::FeedItem;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::{Operation, Result, Timestamp};
use orion_feeds::{FeedLimits, News, Trending, parse_trending};
use serde_json::json;
use std::time::Duration;
use url::Url;

/// The feed is made anew about every ten minutes.
const FRESH: Duration = Duration::from_secs(600);
/// Its name in the contract.
const NAME: &str = "google_trends_daily";

/// A [`TrendSource`] over Google's feed of trending searches. A search is scored by how often it was made:
/// `min(100, 20 * log10(traffic))` (contract, section 5.1). The news about it go along.
#[derive(Debug, Clone)]
pub struct GoogleTrendsSource {
    asking: Asking,
    feed: Url,
}

impl GoogleTrendsSource {
    /// Where the feed is.
    pub const FEED: &str = "https://trends.google.com/trending/rss";

    /// A source at this address of the feed.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, feed: &str) -> Result<Self> {
        Ok(Self { asking, feed: base(feed)? })
    }
}

#[async_trait]
impl TrendSource for GoogleTrendsSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let region = country(region)?;
        let mut url = self.feed.clone();
        url.query_pairs_mut().append_pair("geo", &region);
        let limits = FeedLimits::default();
        let parse = |bytes: &[u8], content_type: Option<&str>| parse_trending(bytes, content_type, &limits);
        let searches = self.asking.get(&url, FRESH, now, parse).await?;
        let items = searches.into_iter().take(limit as usize).zip(0..);
        Ok(SourceScan {
            items: items.filter_map(|(search, rank)| scored(search, rank, &region)).collect(),
            problems: Vec::new(),
        })
    }
}

fn score(traffic: u64) -> f64 {
    let score = 20.0 * (traffic.max(1) as f64).log10();
    (score.min(100.0) * 100.0).round() / 100.0
}

fn scored(search: Trending, rank: u32, region: &str) -> Option<ScoredItem> {
    let mut topic = item(&search.title, "Google Trends", rank)?;
    topic.published_at = search.published_at;
    topic.picture = search.picture.and_then(|(url, credit)| picture(&url, credit));
    let traffic = search.traffic.unwrap_or(0);
    let news: Vec<FeedItem> = search.news.iter().filter_map(|news| story(news, &topic)).collect();
    let titles: Vec<&str> = news.iter().map(|news| news.title.as_str()).collect();
    let mut seen = ScoredItem::new(topic, score(traffic), NAME);
    seen.signals = json!({"region": region, "traffic": traffic, "news": titles});
    seen.more = news;
    Some(seen)
}

/// News as an item of their own, of the time of the search.
fn story(news: &News, topic: &FeedItem) -> Option<FeedItem> {
    let mut story = item(&news.title, news.source.as_deref().unwrap_or("Google Trends"), topic.rank)?;
    story.url.clone_from(&news.url);
    story.summary = line(&news.snippet);
    story.published_at = topic.published_at;
    story.picture = news.picture.as_deref().and_then(|url| picture(url, news.source.clone()));
    Some(story)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn traffic_has_a_score() {
        let scores = [0, 1, 200, 5000, 100_000, 2_000_000].map(score);
        assert_eq!(scores, [0.0, 0.0, 46.02, 73.98, 100.0, 100.0]);
    }
}
