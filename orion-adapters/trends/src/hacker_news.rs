//! Hacker News, by the search interface that Algolia runs for it (<https://hn.algolia.com/api>): the front page in one
//! request, where its own interface takes one for every story. It allows 10,000 requests an hour.

use crate::source::{Asking, base, below, item, json, line, since_1970, web};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

const FRESH: Duration = Duration::from_secs(300);
const NAME: &str = "hacker_news";
/// Stories of the front page.
const PAGE: &str = "60";

/// A [`TrendSource`] over the front page of Hacker News, in the order in which it would stand there.
#[derive(Debug, Clone)]
pub struct HackerNewsSource {
    asking: Asking,
    api: Url,
}

impl HackerNewsSource {
    /// Where the interface is.
    pub const API: &str = "https://hn.algolia.com/api/v1";

    /// A source at this address of the interface.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    hits: Vec<Story>,
}

#[derive(Debug, Deserialize)]
struct Story {
    #[serde(rename = "objectID")]
    id: String,
    title: Option<String>,
    url: Option<String>,
    author: Option<String>,
    points: Option<u64>,
    num_comments: Option<u64>,
    created_at_i: i64,
    story_text: Option<String>,
}

impl Story {
    /// Its place on the front page goes by this: points that fade with age. `(points - 1) / (hours + 2) ^ 1.8`, as Hacker
    /// News has told it.
    fn pull(&self, now: Timestamp) -> f64 {
        let hours = now.since(since_1970(self.created_at_i)).as_secs_f64() / 3600.0;
        (self.points.unwrap_or(0) as f64 - 1.0) / (hours + 2.0).powf(1.8)
    }
}

#[async_trait]
impl TrendSource for HackerNewsSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, _region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let mut url = below(&self.api, &["search"]);
        url.query_pairs_mut().append_pair("tags", "front_page").append_pair("hitsPerPage", PAGE);
        let mut page: Page = self.asking.get(&url, FRESH, now, |bytes, _| json(bytes)).await?;
        page.hits.sort_by(|a, b| b.pull(now).total_cmp(&a.pull(now)));
        let stories = page.hits.into_iter().take(limit as usize).zip(0..);
        Ok(SourceScan {
            items: stories.filter_map(|(story, place)| scored(story, place, limit)).collect(),
            problems: Vec::new(),
        })
    }
}

fn scored(story: Story, place: u32, limit: u32) -> Option<ScoredItem> {
    let mut topic = item(story.title.as_deref()?, "Hacker News", place)?;
    let talk = format!("https://news.ycombinator.com/item?id={}", story.id);
    topic.url = story.url.as_deref().and_then(web).or_else(|| web(&talk));
    topic.author = story.author;
    topic.published_at = Some(since_1970(story.created_at_i));
    topic.summary = story.story_text.as_deref().map(|text| line(&orion_feeds::plain_text(text))).unwrap_or_default();
    let signals = json!({"points": story.points, "comments": story.num_comments, "discussion": talk});
    Some(ScoredItem::new(topic, score_at(place, limit), NAME).with_signals(signals))
}
