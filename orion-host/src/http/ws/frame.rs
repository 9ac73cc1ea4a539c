//! One event as sockets see it, written once for all of them.

use axum::extract::ws::Utf8Bytes;
use orion_core::domain::Role;
use orion_core::event::{Event, EventRecord};
use orion_core::id::UserId;
use orion_core::service::identity::Caller;
use orion_core::{Result, StageStatus};
use serde_json::{Value, json};

/// Which form of frames a socket reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Feed {
    /// Every event under its channel's name: `/ws`.
    Events,
    /// As [`Events`](Self::Events), but the progress of runs in the form that progress bars read: `/ws/progress`.
    Progress,
}

/// A frame, and who may see it.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Place in the log.
    pub(super) sequence: u64,
    audience: Audience,
    events: Utf8Bytes,
    /// Only where it differs.
    progress: Option<Utf8Bytes>,
}

#[derive(Debug, Clone, Copy)]
enum Audience {
    Everybody,
    /// Its owner, and administrators.
    Owner(UserId),
    /// Its addressee, and nobody else.
    Addressee(UserId),
}

impl Frame {
    pub(super) fn new(record: &EventRecord) -> Result<Self> {
        let payload = record.to_wire()?;
        let (audience, name) = match &record.event {
            Event::NotificationCreated { notification } => (Audience::Addressee(notification.user_id), "notification"),
            event => (record.owner.map_or(Audience::Everybody, Audience::Owner), event.channel()),
        };
        let progress = progress(&record.event).map(|(name, payload)| text(record, name, payload));
        Ok(Self { sequence: record.sequence, audience, events: text(record, name, payload), progress })
    }

    /// Whether somebody may see it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        match self.audience {
            Audience::Everybody => true,
            Audience::Owner(owner) => owner == caller.user_id || caller.role == Role::Admin,
            Audience::Addressee(user) => user == caller.user_id,
        }
    }

    /// Its text in the form that a socket reads; clones share it.
    pub(super) fn text(&self, feed: Feed) -> Utf8Bytes {
        match (feed, &self.progress) {
            (Feed::Progress, Some(progress)) => progress.clone(),
            _ => self.events.clone(),
        }
    }
}

fn text(record: &EventRecord, name: &str, payload: Value) -> Utf8Bytes {
    // To the second, as clients expect it; the payload has the exact time.
    let seconds = orion_core::Timestamp::from_micros(record.at.as_micros().div_euclid(1_000_000) * 1_000_000);
    let frame = json!({ "type": name, "channel": name, "payload": payload, "timestamp": seconds, "id": record.id });
    frame.to_string().into()
}

/// The form that progress bars read.
fn progress(event: &Event) -> Option<(&'static str, Value)> {
    match event {
        Event::StageChanged { content_id, stage, status, progress, .. } => {
            let done = if *status == StageStatus::Completed { 100 } else { 0 };
            let progress = progress.unwrap_or(done);
            let payload = json!({ "content_id": content_id, "stage": stage, "status": status, "progress": progress });
            Some(("pipeline.progress", payload))
        }
        Event::MediaFailed { content_id, error, .. } => {
            Some(("pipeline.error", json!({ "content_id": content_id, "message": error })))
        }
        _ => None,
    }
}
