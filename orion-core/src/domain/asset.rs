//! Files that belong to content.

use super::{BlobRef, named};
use crate::Timestamp;
use crate::id::{AssetId, ContentId};
use serde::{Deserialize, Serialize};

named! {
    /// What an asset is for.
    AssetKind {
        /// The picture of a scene.
        Image = "image",
        /// The finished video.
        Video = "video",
        /// Narration.
        Audio = "audio",
        /// A still for listings.
        Thumbnail = "thumbnail",
        /// Captions beside the video.
        Captions = "captions",
    }
}

/// One file of a piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Identity.
    pub id: AssetId,
    /// What it belongs to.
    pub content_id: ContentId,
    /// What it is for.
    pub kind: AssetKind,
    /// Who made it: `scene-graphics`, `comfyui`.
    pub provider: String,
    /// Position among its kind, from zero.
    pub position: u32,
    /// The bytes.
    pub blob: BlobRef,
    /// What else is known of it (width, height, duration, credit).
    pub metadata: serde_json::Value,
    /// Creation.
    pub created_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}
