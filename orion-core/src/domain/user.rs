//! Who uses Orion.

use super::{Secret, named};
use crate::Timestamp;
use crate::id::UserId;
use serde::{Deserialize, Serialize};

named! {
    /// What a user may do.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Works: scans, generates, decides, renders, publishes.
        Editor = "editor",
        /// Administers, and sees everything.
        Admin = "admin",
    }
}

impl Role {
    /// Whether this role includes the rights of another.
    pub fn includes(self, other: Self) -> bool {
        self >= other
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Address, stored lower-case; unique.
    pub email: String,
    /// Name for people.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A disabled user can do nothing.
    pub active: bool,
    /// A second name to sign in with; unique by its [`Login`](super::Login).
    #[serde(default)]
    pub username: Option<String>,
    /// The hash of the password, with its algorithm and salt; none for who signs in elsewhere or was not yet here.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Address of a picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// A few words about them.
    #[serde(default)]
    pub bio: Option<String>,
    /// Time zone by its IANA name.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Whether they have shown that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// When they last signed in.
    #[serde(default)]
    pub last_login_at: Option<Timestamp>,
    /// What they have set, by top-level key; `notification_preferences` is one.
    #[serde(default)]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

fn utc() -> String {
    "UTC".to_owned()
}
