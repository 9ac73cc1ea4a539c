//! One attempt to put a video on one platform.

use super::{Sha256, check_move, named};
use crate::id::{ContentId, PublicationId, SocialAccountId, UserId};
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

named! {
    /// Where a video can be put.
    Destination {
        /// A folder of this machine.
        Folder = "folder",
        /// A signed call to somebody's own server.
        Webhook = "webhook",
        /// YouTube.
        Youtube = "youtube",
        /// TikTok.
        Tiktok = "tiktok",
        /// Instagram.
        Instagram = "instagram",
        /// X, by the name that clients know.
        Twitter = "twitter",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// Mastodon, and what speaks its API.
        Mastodon = "mastodon",
        /// Bluesky.
        Bluesky = "bluesky",
    }
}

impl Destination {
    /// The destination that a client means by a name, in any case; it has more than one for some.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "export" | "file" => Self::Folder,
            "shorts" | "youtube_shorts" => Self::Youtube,
            "reels" | "instagram_reels" => Self::Instagram,
            "x" => Self::Twitter,
            "bsky" => Self::Bluesky,
            name => name.parse().ok()?,
        })
    }
}

named! {
    /// Where a publication stands. On doubt the state is `unknown`, never `failed`.
    PublicationState {
        /// Written down; nothing sent.
        Prepared = "prepared",
        /// The file is on its way.
        Uploading = "uploading",
        /// The platform works on it.
        Processing = "processing",
        /// All but the last call is done.
        Armed = "armed",
        /// Seen on the platform.
        Published = "published",
        /// The last call may or may not have arrived.
        Unknown = "unknown",
        /// Certainly not out.
        Failed = "failed",
    }
}

impl PublicationState {
    /// Whether this move is legal. Some platforms publish by themselves once they have the whole file, so a doubt
    /// can arise from the upload on; what is `unknown` is armed again only when the platform was read and has nothing.
    pub fn can_become(self, next: Self) -> bool {
        use PublicationState::{Armed, Failed, Prepared, Processing, Published, Unknown, Uploading};
        matches!(
            (self, next),
            (Prepared, Uploading | Armed | Failed)
                | (Uploading, Uploading | Processing | Armed | Unknown | Failed)
                | (Processing, Armed | Published | Unknown | Failed)
                | (Armed, Processing | Published | Unknown | Failed)
                | (Unknown, Processing | Published | Failed | Armed)
        )
    }
}

/// One attempt to put one exact file on one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// Identity.
    pub id: PublicationId,
    /// What is published.
    pub content_id: ContentId,
    /// Whose it is.
    pub owner: UserId,
    /// Where.
    pub destination: Destination,
    /// With which account; none where none is needed.
    pub account_id: Option<SocialAccountId>,
    /// Hash of the exact file that was approved.
    pub file: Sha256,
    /// What was asked for at once: its publications are told of together.
    #[serde(default)]
    pub batch: Uuid,
    /// Title, as it goes out.
    #[serde(default)]
    pub title: String,
    /// Text below it, as it goes out.
    #[serde(default)]
    pub description: String,
    /// Where it stands.
    pub state: PublicationState,
    /// The platform's own handle: upload session, container, post id.
    pub handle: Option<String>,
    /// Why it failed or is unknown.
    pub error: Option<String>,
    /// How often the last call was sent.
    #[serde(default)]
    pub sends: u32,
    /// Whether it was ever left undecided, or waits for room; others no longer wait for it then.
    #[serde(default)]
    pub doubted: bool,
    /// A worker has it, or it rests, until then: nobody takes it up before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
    /// When it was seen on the platform.
    pub published_at: Option<Timestamp>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Publication {
    /// The key of the only publication that one content may have at one account, unless it failed for certain.
    pub fn key(content: ContentId, destination: Destination, account: Option<SocialAccountId>) -> String {
        match account {
            Some(account) => format!("{content}/{destination}/{account}"),
            None => format!("{content}/{destination}"),
        }
    }

    /// Whether it is out or may still come out.
    pub fn is_live(&self) -> bool {
        self.state != PublicationState::Failed
    }

    /// Moves the publication at `now`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) for an illegal move.
    pub fn set_state(&mut self, next: PublicationState, now: Timestamp) -> Result<()> {
        check_move(self.state.can_become(next), "a publication cannot make this move", self.state, next)?;
        self.state = next;
        self.doubted |= matches!(next, PublicationState::Unknown | PublicationState::Processing);
        if next == PublicationState::Published {
            self.published_at = Some(now);
        }
        Ok(())
    }
}
