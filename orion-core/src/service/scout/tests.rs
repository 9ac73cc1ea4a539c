//! Scans against the in-memory store.

use crate::Timestamp;
use crate::domain::{FeedItem, Trend, TrendStatus};
use crate::id::{Id, TrendId};

/// An item with a headline and a text.
pub(super) fn item(title: &str, summary: &str) -> FeedItem {
    FeedItem {
        title: title.to_owned(),
        url: None,
        summary: summary.to_owned(),
        content: String::new(),
        author: None,
        published_at: None,
        picture: None,
        categories: Vec::new(),
        feed_title: "Feed".to_owned(),
        language: None,
        rank: 0,
    }
}

/// An active trend; its identity is made of its topic.
pub(super) fn trend(topic: &str, score: f64, items: Vec<FeedItem>) -> Trend {
    let seed = topic.bytes().fold(7_u128, |seed, byte| seed * 31 + u128::from(byte));
    Trend {
        id: TrendId::from_uuid(uuid::Uuid::from_u128(seed)),
        topic: topic.to_owned(),
        sources: vec!["rss:Feed".to_owned()],
        score,
        niche: None,
        keywords: Vec::new(),
        items,
        detected_at: Timestamp::default(),
        expired_at: None,
        status: TrendStatus::Active,
        version: 0,
    }
}
