//! Feeds as they were read: titles, items, and what a polite reader remembers of them.

use super::{BlobRef, Picture};
use crate::Timestamp;
use crate::id::FeedStateId;
use serde::{Deserialize, Serialize};

/// A feed after parsing. All text is plain: no markup, no entities, NFC, trimmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// The feed's own title.
    pub title: String,
    /// Its language tag when it says one (`en-gb`).
    pub language: Option<String>,
    /// The site it belongs to.
    pub site_url: Option<String>,
    /// Items in the order of the feed.
    pub items: Vec<FeedItem>,
}

/// One item of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedItem {
    /// Its headline; never empty.
    pub title: String,
    /// The page it points at.
    pub url: Option<String>,
    /// Its teaser.
    pub summary: String,
    /// Its full text, when the feed carries it; paragraphs separated by blank lines.
    pub content: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Its picture, the largest that the feed offers.
    pub picture: Option<Picture>,
    /// Words the feed files it under.
    pub categories: Vec<String>,
    /// Title of the feed it came from.
    pub feed_title: String,
    /// Language of the feed, when known.
    pub language: Option<String>,
    /// Position in the feed, from zero.
    pub rank: u32,
}

/// What a polite reader remembers of a feed, or of another address, between two visits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedState {
    /// Identity.
    pub id: FeedStateId,
    /// Address of the feed, or a name for addresses that differ with every visit; unique.
    pub url: String,
    /// Validator of the last answer, for `If-None-Match`.
    pub etag: Option<String>,
    /// Validator of the last answer, for `If-Modified-Since`.
    pub last_modified: Option<String>,
    /// The body of the last full answer, reused on "not modified".
    pub body: Option<BlobRef>,
    /// Do not ask again before this time (cache lifetime, `Retry-After`, back-off).
    pub not_before: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    /// What the last visit failed of.
    pub problem: Option<String>,
    /// Last visit.
    pub checked_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}
