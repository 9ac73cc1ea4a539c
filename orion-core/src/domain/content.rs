//! One piece of content on its way from trend to published.

use super::{Critique, ScenePlan, Script, check_move, named};
use crate::id::{ContentId, TrendId, UserId};
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};

named! {
    /// Where content stands (contract, section 4.5).
    ContentStatus {
        /// Put back after a failure.
        Draft = "draft",
        /// A run is at work on it.
        Generating = "generating",
        /// Waits for a person.
        Review = "review",
        /// Free to be published.
        Approved = "approved",
        /// Out.
        Published = "published",
        /// Refused.
        Rejected = "rejected",
    }
}

impl ContentStatus {
    /// Whether the contract allows this move.
    pub fn can_become(self, next: Self) -> bool {
        use ContentStatus::{Approved, Draft, Generating, Published, Rejected, Review};
        matches!(
            (self, next),
            (Generating, Review | Draft)
                | (Review, Approved | Rejected | Generating)
                | (Draft, Approved | Rejected | Generating)
                | (Rejected, Generating)
                | (Approved, Published | Review)
        )
    }
}

named! {
    /// Where a video is meant to be shown.
    Platform {
        /// YouTube Shorts.
        YoutubeShorts = "youtube_shorts",
        /// TikTok.
        Tiktok = "tiktok",
        /// Instagram Reels.
        InstagramReels = "instagram_reels",
        /// YouTube, of any shape.
        Youtube = "youtube",
        /// X.
        X = "x",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// Mastodon, and what speaks its API.
        Mastodon = "mastodon",
        /// Bluesky.
        Bluesky = "bluesky",
    }
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Identity.
    pub id: ContentId,
    /// The trend it was made from; none for the user's own text.
    pub trend_id: Option<TrendId>,
    /// Who owns it.
    pub owner: UserId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: ContentStatus,
    /// The script, once written.
    pub script: Option<Script>,
    /// The scenes, once planned.
    pub scenes: Option<ScenePlan>,
    /// The last critique.
    pub critique: Option<Critique>,
    /// The niche it belongs to.
    pub niche: Option<String>,
    /// Where it is meant to be shown.
    pub platform: Platform,
    /// How often a person asked for it again; at most 3.
    pub regeneration_count: u32,
    /// What people said of it so far, oldest first; another version heeds all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<String>,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// When it went out.
    pub published_at: Option<Timestamp>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Content {
    /// How often a person may ask for another version (contract, section 5.3).
    pub const MOST_REGENERATIONS: u32 = 3;

    /// Moves the content to another status at `now`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) for a move that the contract does not know.
    pub fn set_status(&mut self, next: ContentStatus, now: Timestamp) -> Result<()> {
        check_move(self.status.can_become(next), "content cannot make this move", self.status, next)?;
        self.status = next;
        self.updated_at = now;
        if next == ContentStatus::Published {
            self.published_at = Some(now);
        }
        Ok(())
    }
}
