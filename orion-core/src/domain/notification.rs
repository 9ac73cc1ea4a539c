//! What users are told.

use super::named;
use crate::id::{NotificationId, UserId};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

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
        /// What watches the platform says that something is wrong, or well again.
        SystemAlert = "system_alert",
    }
}

impl NotificationKind {
    /// Whether it is on unless the user says otherwise; the same for rows and for live delivery.
    pub fn default_enabled(self) -> bool {
        !matches!(self, Self::PipelineStageChanged | Self::ContentCreated)
    }
}

/// Whether somebody wants to be told of one kind of thing, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Told at all.
    pub enabled: bool,
    /// Told at once, over an open socket.
    pub push: bool,
}

/// What somebody wants to be told of: an answer for every kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Preferences(BTreeMap<NotificationKind, Preference>);

impl Default for Preferences {
    fn default() -> Self {
        let default =
            |kind: NotificationKind| Preference { enabled: kind.default_enabled(), push: kind.default_enabled() };
        Self(NotificationKind::ALL.iter().map(|kind| (*kind, default(*kind))).collect())
    }
}

impl Preferences {
    /// The key of a user's settings that they are kept under.
    pub const KEY: &str = "notification_preferences";

    /// The preferences among a user's settings. What is missing there, or makes no sense, is as by default: settings
    /// are written by clients, and nobody must miss a notice because of one.
    pub fn of(settings: &Map<String, Value>) -> Self {
        let mut preferences = Self::default();
        let stored = settings.get(Self::KEY).and_then(Value::as_object);
        for (kind, preference) in &mut preferences.0 {
            let Some(stored) = stored.and_then(|stored| stored.get(kind.as_str())) else { continue };
            let flag = |key: &str, otherwise| stored.get(key).and_then(Value::as_bool).unwrap_or(otherwise);
            *preference =
                Preference { enabled: flag("enabled", preference.enabled), push: flag("push", preference.push) };
        }
        preferences
    }

    /// The preference for one kind.
    pub fn get(&self, kind: NotificationKind) -> Preference {
        // Every kind is there: the only ways to make one begin with the default.
        self.0
            .get(&kind)
            .copied()
            .unwrap_or(Preference { enabled: kind.default_enabled(), push: kind.default_enabled() })
    }

    /// Takes over what a client sends: `{type: {"enabled"?, "push"?}}`, bare or under the key `preferences`. What is
    /// not named stays as it is.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for an unknown type or key, or a value that is not true or false;
    /// nothing is changed then.
    pub fn change(&mut self, sent: &Value) -> Result<()> {
        let wrong = |what: &'static str, key: &str| Error::invalid(what).with_context("key", short(key, 64));
        let sent = sent.get("preferences").unwrap_or(sent);
        let sent = sent.as_object().ok_or_else(|| Error::invalid("preferences are an object by type"))?;
        let mut changed = self.clone();
        for (name, wanted) in sent {
            let kind = NotificationKind::ALL.iter().find(|kind| kind.as_str() == name);
            let entry = kind.and_then(|kind| changed.0.get_mut(kind));
            let entry = entry.ok_or_else(|| wrong("unknown notification type", name).with_hint(names()))?;
            let wanted = wanted.as_object().ok_or_else(|| wrong("a preference is an object", name))?;
            for (key, value) in wanted {
                let flag = value.as_bool().ok_or_else(|| wrong("a preference is true or false", key))?;
                match key.as_str() {
                    "enabled" => entry.enabled = flag,
                    "push" => entry.push = flag,
                    _ => return Err(wrong("a preference has the keys `enabled` and `push`", key)),
                }
            }
        }
        *self = changed;
        Ok(())
    }
}

fn names() -> String {
    let names: Vec<&str> = NotificationKind::ALL.iter().map(|kind| kind.as_str()).collect();
    format!("use one of {}", names.join(", "))
}

/// At most so many characters of a text; one that is cut ends with an ellipsis.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
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
    /// Longest title, in characters.
    pub const LONGEST_TITLE: usize = 512;
    /// Longest body, in characters.
    pub const LONGEST_BODY: usize = 2000;

    /// A title of bounded length.
    pub fn title(text: &str) -> String {
        short(text, Self::LONGEST_TITLE)
    }

    /// A body of bounded length.
    pub fn body(text: &str) -> String {
        short(text, Self::LONGEST_BODY)
    }

    /// Marks it as read; a second time changes nothing.
    pub fn mark_read(&mut self, now: Timestamp) {
        if !self.is_read {
            self.is_read = true;
            self.read_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn preferences_have_the_defaults_of_the_contract() {
        let preferences = serde_json::to_value(Preferences::default()).unwrap();
        let (on, off) = (json!({"enabled": true, "push": true}), json!({"enabled": false, "push": false}));
        let expected = json!({
            "trend_detected": on, "content_published": on, "content_rejected": on, "media_failed": on,
            "pipeline_stage_changed": off, "content_created": off, "system_alert": on,
        });
        assert_eq!(preferences, expected);
    }

    #[test]
    fn a_change_is_partial_bare_or_wrapped_and_all_or_nothing() {
        let mut preferences = Preferences::default();
        preferences.change(&json!({"media_failed": {"push": false}})).unwrap();
        preferences.change(&json!({"preferences": {"content_created": {"enabled": true}}})).unwrap();
        let expected = Preference { enabled: true, push: false };
        assert_eq!(preferences.get(NotificationKind::MediaFailed), expected);
        assert_eq!(preferences.get(NotificationKind::ContentCreated), expected);
        let before = preferences.clone();
        for wrong in [
            json!({"trend_detected": {"push": false}, "gossip": {"push": true}}),
            json!({"trend_detected": {"push": "yes"}}),
            json!({"trend_detected": {"sound": true}}),
            json!({"trend_detected": true}),
            json!([]),
            json!({"preferences": 1}),
        ] {
            assert_eq!(preferences.change(&wrong).unwrap_err().kind(), crate::ErrorKind::Invalid, "{wrong}");
            assert_eq!(preferences, before, "{wrong}");
        }
        let settings = Map::from_iter([(Preferences::KEY.to_owned(), serde_json::to_value(&preferences).unwrap())]);
        assert_eq!(Preferences::of(&settings), preferences);
    }

    #[test]
    fn settings_that_make_no_sense_are_as_by_default() {
        for stored in [json!(null), json!("x"), json!({"media_failed": 7, "trend_detected": {"push": "no"}})] {
            let settings = Map::from_iter([(Preferences::KEY.to_owned(), stored)]);
            assert_eq!(Preferences::of(&settings), Preferences::default());
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(Notification::title("short"), "short");
        let title = Notification::title(&"😀".repeat(600));
        assert_eq!((title.chars().count(), title.ends_with("😀…")), (512, true));
        assert_eq!(Notification::title(&"é".repeat(512)), "é".repeat(512));
    }
}
