//! The closed set of events and their names on the wire (contract, section 3).
//!
//! On the wire an event is one flat JSON object: its own fields plus `_event_id`, `_channel`,
//! `timestamp` and, where somebody owns it, `user_id`. Readers tolerate unknown keys and refuse
//! unknown channels.

use crate::domain::{AssetKind, ContentStatus, Notification, Stage, named};
use crate::id::{ContentId, EventId, RunId, TrendId, UserId};
use crate::port::{Attempt, Side};
use crate::{Error, Result, StageStatus, Timestamp};
use serde::{Deserialize, Serialize};

/// What one provider was paid for, carried by the events of paid work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventCost {
    /// How many units.
    pub units: f64,
    /// Dollars for one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// What was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it made: `image`, `video` or `audio`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<AssetKind>,
}

named! {
    /// What a person who refuses content wants done.
    RejectAction {
        /// Another try that heeds the feedback.
        Regenerate = "regenerate",
        /// Nothing more.
        Discard = "discard",
    }
}

named! {
    /// What came of an attempt to publish, as clients see it; the record knows more (`PublicationState`).
    PostStatus {
        /// Not decided yet.
        Pending = "pending",
        /// Out.
        Published = "published",
        /// Not out.
        Failed = "failed",
    }
}

/// What came of publishing to one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostResult {
    /// The platform: `youtube`, `tiktok`.
    pub platform: String,
    /// Where it stands.
    pub status: PostStatus,
    /// The platform's own name for the post.
    pub platform_post_id: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $channel:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        /// Something that happened. The channel name of each is given once, here.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "_channel")]
        #[non_exhaustive]
        pub enum Event {
            $(
                $(#[$doc])*
                #[serde(rename = $channel)]
                #[expect(missing_docs, reason = "the fields are the contract's, section 3")]
                $variant { $($(#[$field_meta])* $field: $type),* },
            )+
        }

        impl Event {
            /// Every channel name.
            pub const CHANNELS: &'static [&'static str] = &[$($channel),+];

            /// The channel this event goes out on.
            pub fn channel(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $channel),+ }
            }
        }
    };
}

events! {
    /// A trend was saved.
    TrendDetected = "orion.trend.detected" {
        trend_id: TrendId,
        topic: String,
        source: String,
        score: f64,
        detected_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        niche: Option<String>,
    }
    /// A trend grew too old.
    TrendExpired = "orion.trend.expired" {
        trend_id: TrendId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    }
    /// Content has a script and a scene plan.
    ContentCreated = "orion.content.created" {
        content_id: ContentId,
        trend_id: Option<TrendId>,
        title: String,
        status: ContentStatus,
        visual_prompts: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence_score: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        niche: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    }
    /// Content changed.
    ContentUpdated = "orion.content.updated" {
        content_id: ContentId,
        status: ContentStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pipeline_run_id: Option<RunId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_passed: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_score: Option<f64>,
    }
    /// A person refused content.
    ContentRejected = "orion.content.rejected" {
        content_id: ContentId,
        feedback: String,
        action: RejectAction,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trend_topic: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        niche: Option<String>,
    }
    /// Content went out.
    ContentPublished = "orion.content.published" {
        content_id: ContentId,
        platforms: Vec<String>,
        results: Vec<PostResult>,
        published_at: Timestamp,
    }
    /// The pictures of content are made.
    MediaGenerated = "orion.media.generated" {
        content_id: ContentId,
        asset_count: u32,
        providers: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<EventCost>,
    }
    /// Pictures, speech or video could not be made; `error` has at most 500 characters.
    MediaFailed = "orion.media.failed" {
        content_id: ContentId,
        error: String,
        errors: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pipeline_run_id: Option<RunId>,
    }
    /// A run moved on.
    StageChanged = "orion.pipeline.stage_changed" {
        content_id: ContentId,
        stage: Stage,
        status: StageStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pipeline_run_id: Option<RunId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<EventCost>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed_before: Vec<Attempt>,
    }
    /// Somebody chose who serves a capability from now on; without a mode, whoever the configuration names.
    ProviderSwitched = "orion.provider.switched" {
        service: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Side>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    }
    /// What watches the platform from outside says that something is wrong, or well again.
    AlertRaised = "orion.alert.raised" {
        name: String,
        severity: String,
        firing: bool,
        summary: String,
    }
    /// A user is told something.
    NotificationCreated = "orion.notification.created" {
        notification: Notification,
    }
}

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    /// Place in the log's global order; grows, may have gaps.
    pub sequence: u64,
    /// Identity, stable over redelivery.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Who may see it; `None` means everybody.
    pub owner: Option<UserId>,
    /// What happened.
    pub event: Event,
}

/// The keys that every event has on the wire.
#[derive(Serialize, Deserialize)]
struct Envelope {
    #[serde(rename = "_event_id")]
    id: EventId,
    timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "user_id")]
    owner: Option<UserId>,
}

impl EventRecord {
    /// The flat JSON object of the contract. A notification is its user's, whatever the record says of the owner.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if the event cannot be written as JSON.
    pub fn to_wire(&self) -> Result<serde_json::Value> {
        let owner = match &self.event {
            Event::NotificationCreated { notification } => Some(notification.user_id),
            _ => self.owner,
        };
        let mut event = serde_json::to_value(&self.event)?;
        let envelope = Envelope { id: self.id, timestamp: self.at, owner };
        if let (Some(object), serde_json::Value::Object(keys)) =
            (event.as_object_mut(), serde_json::to_value(envelope)?)
        {
            // A notification lies flat on the wire, as clients read it.
            if let Some(serde_json::Value::Object(notification)) = object.remove("notification") {
                object.extend(notification);
            }
            object.extend(keys);
        }
        Ok(event)
    }

    /// Reads the flat JSON object of the contract; `sequence` is the place in the log.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for an unknown channel or missing keys.
    pub fn from_wire(sequence: u64, mut wire: serde_json::Value) -> Result<Self> {
        let envelope: Envelope = serde_json::from_value(wire.clone())?;
        let channel = wire.get("_channel").and_then(serde_json::Value::as_str).unwrap_or_default();
        if !Event::CHANNELS.contains(&channel) {
            return Err(Error::new(crate::ErrorKind::Corrupt, "unknown event channel").with_context("channel", channel));
        }
        if channel == "orion.notification.created" {
            let notification = wire.clone();
            if let Some(object) = wire.as_object_mut() {
                object.insert("notification".to_owned(), notification);
            }
        }
        let event = serde_json::from_value(wire)?;
        Ok(Self { sequence, id: envelope.id, at: envelope.timestamp, owner: envelope.owner, event })
    }
}
