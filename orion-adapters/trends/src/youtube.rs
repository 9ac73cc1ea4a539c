//! YouTube, by its Data API with a key (<https://developers.google.com/youtube/v3/docs/videos/list>): the chart of the
//! most popular videos, which since July 2025 is made of trending music, films and games. One question costs one of
//! 10,000 units a day. The key is the fetcher's, as the header `x-goog-api-key`.

use crate::source::{Asking, base, below, country, item, json, line, picture};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

const FRESH: Duration = Duration::from_secs(900);
const NAME: &str = "youtube";

/// A [`TrendSource`] over the most popular videos of a country.
#[derive(Debug, Clone)]
pub struct YoutubeSource {
    asking: Asking,
    api: Url,
}

impl YoutubeSource {
    /// Where the interface is.
    pub const API: &str = "https://www.googleapis.com/youtube/v3";
    /// The header that carries the key.
    pub const KEY: &str = "x-goog-api-key";

    /// A source at this address of the interface.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }
}

#[derive(Debug, Deserialize)]
struct Chart {
    items: Vec<Video>,
}

#[derive(Debug, Deserialize)]
struct Video {
    id: String,
    snippet: Snippet,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snippet {
    title: String,
    #[serde(default)]
    description: String,
    channel_title: Option<String>,
    published_at: Option<Timestamp>,
    #[serde(default)]
    tags: Vec<String>,
    default_language: Option<String>,
    #[serde(default)]
    thumbnails: BTreeMap<String, Thumbnail>,
}

#[derive(Debug, Deserialize)]
struct Thumbnail {
    url: String,
    width: Option<u32>,
}

/// Counts are texts here, and are left out where a channel hides them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    view_count: Option<String>,
    like_count: Option<String>,
    comment_count: Option<String>,
}

#[async_trait]
impl TrendSource for YoutubeSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let mut url = below(&self.api, &["videos"]);
        url.query_pairs_mut()
            .append_pair("part", "snippet,statistics")
            .append_pair("chart", "mostPopular")
            .append_pair("regionCode", &country(region)?)
            .append_pair("maxResults", "50");
        let chart: Chart = self.asking.get(&url, FRESH, now, |bytes, _| json(bytes)).await?;
        let videos = chart.items.into_iter().take(limit as usize).zip(0..);
        Ok(SourceScan {
            items: videos.filter_map(|(video, place)| scored(video, place, limit)).collect(),
            problems: Vec::new(),
        })
    }
}

fn scored(video: Video, place: u32, limit: u32) -> Option<ScoredItem> {
    let snippet = video.snippet;
    let mut topic = item(&snippet.title, "YouTube", place)?;
    let mut watch = Url::parse("https://www.youtube.com/watch").ok()?;
    watch.query_pairs_mut().append_pair("v", &video.id);
    topic.url = Some(watch.to_string());
    topic.summary = line(&snippet.description);
    topic.published_at = snippet.published_at;
    topic.language = snippet.default_language.map(|tag| tag.to_ascii_lowercase());
    topic.categories = snippet.tags.into_iter().take(12).collect();
    let largest = snippet.thumbnails.into_values().max_by_key(|thumbnail| thumbnail.width);
    topic.picture = largest.and_then(|thumbnail| picture(&thumbnail.url, snippet.channel_title.clone()));
    topic.author = snippet.channel_title;
    let count = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let counts = video.statistics;
    let signals = json!({
        "views": count(counts.view_count), "likes": count(counts.like_count), "comments": count(counts.comment_count),
    });
    Some(ScoredItem::new(topic, score_at(place, limit), NAME).with_signals(signals))
}
