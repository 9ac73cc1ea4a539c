//! What users are told.

use super::named;
use crate::Timestamp;
use crate::id::{NotificationId, UserId};
use serde::{Deserialize, Serialize};

named! {
    /// What a notification is about (contract, section 2.7.4).
    NotificationKind {
        /// A trend was found.
        TrendDetected = "trend_detected",
        /// Content went out.
        ContentPublished = "content_published",
        /// Content was refused.
        ContentRejected = "content_rejected",
        /// Pictures or video could not be made.
        MediaFailed = "media_failed",
        /// A run moved on.
        PipelineStageChanged = "pipeline_stage_changed",
        /// Content was created.
        ContentCreated = "content_created",
    }
}

impl NotificationKind {
    /// Whether it is on unless the user says otherwise; the same for rows and for live delivery.
    pub fn default_enabled(self) -> bool {
        !matches!(self, Self::PipelineStageChanged | Self::ContentCreated)
    }
}

/// Something a user is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Identity.
    pub id: NotificationId,
    /// Who is told.
    pub user_id: UserId,
    /// What about.
    #[serde(rename = "type")]
    pub kind: NotificationKind,
    /// Short title, at most 512 characters.
    pub title: String,
    /// Longer text.
    pub body: Option<String>,
    /// Identifiers to follow.
    pub metadata: serde_json::Value,
    /// Whether the user has seen it.
    pub is_read: bool,
    /// When the user saw it.
    pub read_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
    /// Count of changes, for optimistic locking; who sends a notification over the wire need not know it.
    #[serde(default)]
    pub version: u64,
}

impl Notification {
    /// Marks it as read; a second time changes nothing.
    pub fn mark_read(&mut self, now: Timestamp) {
        if !self.is_read {
            self.is_read = true;
            self.read_at = Some(now);
        }
    }
}
