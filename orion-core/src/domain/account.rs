//! Accounts at places to publish, and settings that a program stores.

use super::{Destination, Secret};
use crate::Timestamp;
use crate::id::{SettingId, SocialAccountId, UserId};
use serde::{Deserialize, Serialize};

/// A user's account at a destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SocialAccount {
    /// Identity.
    pub id: SocialAccountId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where.
    pub destination: Destination,
    /// Name for people.
    pub display_name: String,
    /// The credentials' JSON, sealed; never shown, not even to their owner.
    pub credentials: Secret,
    /// Whether it is still connected.
    pub active: bool,
    /// Creation.
    pub created_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

/// A setting that was made at run time and holds for every process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Identity.
    pub id: SettingId,
    /// Its name; unique: `scout.niche`.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Last change.
    pub updated_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}
