//! A topic that many talk about, with where it was seen.

use super::{FeedItem, check_move, named};
use crate::id::TrendId;
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

named! {
    /// Where a trend stands in its life.
    TrendStatus {
        /// Fresh and free to be used.
        Active = "active",
        /// Content was made from it.
        Used = "used",
        /// Somebody put it aside.
        Discarded = "discarded",
        /// Too old.
        Expired = "expired",
    }
}

impl TrendStatus {
    /// Whether the contract allows this move (section 4.5).
    pub fn can_become(self, next: Self) -> bool {
        use TrendStatus::{Active, Discarded, Expired, Used};
        matches!(
            (self, next),
            (Active, Used | Discarded | Expired) | (Used, Active | Discarded) | (Discarded | Expired, Active)
        )
    }
}

/// A topic that many talk about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Identity.
    pub id: TrendId,
    /// The topic in words, at most 512 characters.
    pub topic: String,
    /// Where it was seen, sorted, without repeats: `rss:The Guardian`, `google_trends_daily`.
    pub sources: Vec<String>,
    /// How strongly it trends, 0 to 100 with two decimals.
    pub score: f64,
    /// The niche it was found for.
    pub niche: Option<String>,
    /// Words that describe it.
    pub keywords: Vec<String>,
    /// The items it was seen in, best first.
    pub items: Vec<FeedItem>,
    /// What sources said of it in numbers, by their names: searches, points, views.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signals: BTreeMap<String, serde_json::Value>,
    /// When it was found.
    pub detected_at: Timestamp,
    /// When it was discarded or expired.
    pub expired_at: Option<Timestamp>,
    /// Where it stands.
    pub status: TrendStatus,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Trend {
    /// Moves the trend to another status at `now`; sets or clears `expired_at`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) for a move that the contract does not know.
    pub fn set_status(&mut self, next: TrendStatus, now: Timestamp) -> Result<()> {
        check_move(self.status.can_become(next), "a trend cannot make this move", self.status, next)?;
        self.status = next;
        self.expired_at = matches!(next, TrendStatus::Discarded | TrendStatus::Expired).then_some(now);
        Ok(())
    }
}
