//! X as a witness: how much is said there of topics that others found, by the counts of its recent search
//! (<https://docs.x.com/x-api/posts/get-posts-counts-recent>), and the posts that are liked most as evidence
//! (<https://docs.x.com/x-api/posts/search-recent-posts>). The bearer token is the fetcher's. 300 counts and 450
//! searches are allowed in a quarter of an hour; posts that are read are paid for, so they are read only of topics that
//! enough is said of.

use crate::source::{Asking, base, below, item, json, line, web};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendWitness};
use orion_core::{Error, ErrorKind, Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

const HOUR: Duration = Duration::from_secs(3600);
/// The newest time that may be asked about lies ten seconds back; half a minute is the interface's own default.
const DELAY: Duration = Duration::from_secs(30);
/// Its name in the contract.
const NAME: &str = "twitter_v2";
/// Topics asked about in one scan.
const MOST_TOPICS: usize = 10;
/// Below so many posts in 24 hours a topic is not talked about (contract, section 5.1).
const LEAST_POSTS: f64 = 50.0;
/// Longest query that every access level takes, in characters.
const LONGEST_QUERY: usize = 512;
const RULES: &str = " -is:retweet lang:en";

/// A [`TrendWitness`] that counts posts of the last day.
#[derive(Debug, Clone)]
pub struct XWitness {
    asking: Asking,
    api: Url,
}

impl XWitness {
    /// Where the interface is.
    pub const API: &str = "https://api.x.com";

    /// A witness at this address of the interface.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }

    async fn counts(&self, query: &str, now: Timestamp) -> Result<Counts> {
        let end = now.before(DELAY).whole_seconds();
        let mut url = below(&self.api, &["2", "tweets", "counts", "recent"]);
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("granularity", "hour")
            .append_pair("start_time", &end.before(24 * HOUR).to_string())
            .append_pair("end_time", &end.to_string());
        let answer: Answer<Vec<Bucket>> = self.asking.ask(("x:counts", &url), now, |bytes, _| json(bytes)).await?;
        Ok(Counts::of(&answer.data.unwrap_or_default(), end))
    }

    async fn posts(&self, query: &str, now: Timestamp) -> Result<Vec<Post>> {
        let mut url = below(&self.api, &["2", "tweets", "search", "recent"]);
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("max_results", "100")
            .append_pair("tweet.fields", "created_at,public_metrics");
        let answer: Answer<Vec<Post>> = self.asking.ask(("x:search", &url), now, |bytes, _| json(bytes)).await?;
        let mut posts = answer.data.unwrap_or_default();
        posts.sort_by_key(|post| std::cmp::Reverse(post.public_metrics.like_count));
        posts.truncate(3);
        Ok(posts)
    }

    async fn topic(&self, topic: &str, now: Timestamp, problems: &mut Vec<String>) -> Result<Option<ScoredItem>> {
        let Some(query) = query(topic) else { return Ok(None) };
        let counts = self.counts(&query, now).await?;
        let (Some(score), Some(mut said)) = (counts.score(), item(topic, "X", 0)) else { return Ok(None) };
        let posts = self.posts(&query, now).await.unwrap_or_else(|error| {
            problems.push(format!("posts about {topic}: {error}"));
            Vec::new()
        });
        if let Some(best) = posts.first() {
            said.url = web(&format!("https://x.com/i/status/{}", best.id));
            said.published_at = best.created_at;
        }
        let posts: Vec<_> = posts
            .iter()
            .map(|post| json!({"text": line(&post.text), "likes": post.public_metrics.like_count}))
            .collect();
        let [h1, h6, h24] = [counts.h1, counts.h6, counts.h24].map(f64::round);
        let signals = json!({"posts_1h": h1, "posts_6h": h6, "posts_24h": h24, "liked_most": posts});
        Ok(Some(ScoredItem::new(said, score, NAME).with_signals(signals)))
    }
}

/// The quoted topic without reposts, in English; `None` for a topic without words.
fn query(topic: &str) -> Option<String> {
    let room = LONGEST_QUERY - RULES.len() - 2;
    let words: String = topic.chars().filter(|c| *c != '"' && *c != '\\' && !c.is_control()).take(room).collect();
    let words = words.trim();
    words.chars().any(char::is_alphanumeric).then(|| format!("\"{words}\"{RULES}"))
}

#[derive(Debug, Deserialize)]
struct Answer<T> {
    /// Left out where nothing was found.
    data: Option<T>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    start: Timestamp,
    end: Timestamp,
    tweet_count: u64,
}

#[derive(Debug, Deserialize)]
struct Post {
    id: String,
    text: String,
    created_at: Option<Timestamp>,
    #[serde(default)]
    public_metrics: Metrics,
}

#[derive(Debug, Default, Deserialize)]
struct Metrics {
    #[serde(default)]
    like_count: u64,
}

/// Posts of the last hour, six hours and day.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counts {
    h1: f64,
    h6: f64,
    h24: f64,
}

impl Counts {
    /// Buckets begin with the clock's hours and the last day does not: a bucket counts by the part of it that lies within.
    fn of(buckets: &[Bucket], end: Timestamp) -> Self {
        let within = |hours: u32| {
            let start = end.before(HOUR * hours);
            let parts = buckets.iter().map(|bucket| {
                let whole = bucket.end.since(bucket.start).as_secs_f64();
                let part = bucket.end.min(end).since(bucket.start.max(start)).as_secs_f64();
                if whole > 0.0 { bucket.tweet_count as f64 * (part / whole).min(1.0) } else { 0.0 }
            });
            parts.sum::<f64>()
        };
        Self { h1: within(1), h6: within(6), h24: within(24) }
    }

    /// `0.6 * velocity + 0.4 * volume`, a fifth more as others saw it too, at most 100 (contract, section 5.1); the
    /// volume is that of 24 hours.
    fn score(self) -> Option<f64> {
        if self.h24 < LEAST_POSTS {
            return None;
        }
        let velocity = (60.0 * self.h1 / self.h24 + 40.0 * self.h6 / self.h24).min(100.0);
        let volume = (25.0 * self.h24.log10()).min(100.0);
        let score = (1.2 * (0.6 * velocity + 0.4 * volume)).min(100.0);
        Some((score * 100.0).round() / 100.0)
    }
}

#[async_trait]
impl TrendWitness for XWitness {
    fn name(&self) -> &str {
        NAME
    }

    async fn verify(&self, topics: &[String], now: Timestamp, operation: &Operation) -> Result<SourceScan> {
        let mut scan = SourceScan::default();
        let (mut asked, mut failed) = (0_usize, None::<Error>);
        for topic in topics.iter().take(MOST_TOPICS) {
            operation.cancellation.check()?;
            match self.topic(topic, now, &mut scan.problems).await {
                Ok(said) => {
                    asked += 1;
                    scan.items.extend(said);
                }
                // Whom it refuses it refuses about every topic.
                Err(error) => {
                    let all = !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Corrupt);
                    scan.problems.push(format!("{topic}: {error}"));
                    failed = Some(error);
                    if all {
                        break;
                    }
                }
            }
        }
        match failed {
            Some(error) if asked == 0 => Err(error),
            _ => Ok(scan),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_a_score() {
        let score = |h1, h6, h24| Counts { h1, h6, h24 }.score();
        assert_eq!(score(40.0, 49.0, 49.0), None);
        // Velocity 60 * 0.1 + 40 * 0.5 = 26, volume 25 * log10(1000) = 75.
        assert_eq!(score(100.0, 500.0, 1000.0), Some(54.72));
        assert_eq!(score(1e6, 1e6, 1e6), Some(100.0));
    }

    #[test]
    fn the_last_day_is_cut_out_of_whole_hours() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let buckets: Vec<Bucket> = (0..25)
            .map(|hour| {
                let start = at("2026-11-26T12:00:00Z").after(HOUR * hour);
                Bucket { start, end: start.after(HOUR), tweet_count: 60 }
            })
            .collect();
        let counts = Counts::of(&buckets, at("2026-11-27T12:30:00Z"));
        assert_eq!([counts.h1, counts.h6, counts.h24].map(f64::round), [60.0, 360.0, 1440.0]);
    }

    #[test]
    fn topics_are_quoted() {
        let asked = query("say \"AI\" OR lang:de").unwrap();
        assert_eq!(asked, "\"say AI OR lang:de\" -is:retweet lang:en");
        assert_eq!(query("\"\" \\"), None);
        assert_eq!(query(&"x".repeat(2000)).unwrap().chars().count(), LONGEST_QUERY);
    }
}
