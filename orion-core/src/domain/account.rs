//! Accounts at places to publish, and settings that a program stores.

use super::{Destination, Secret};
use crate::id::{SettingId, SocialAccountId, UserId};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Most keys of credentials.
const MOST_KEYS: usize = 20;
/// Longest key and value of credentials, in bytes.
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 8192;

/// What opens an account at a destination: texts by name. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(BTreeMap<String, String>);

impl Credentials {
    /// Reads what a client sends.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) for values that are no text, are empty or too long; it never shows one.
    pub fn from_map(map: &Map<String, Value>) -> Result<Self> {
        if map.is_empty() || map.len() > MOST_KEYS {
            return Err(Error::invalid("credentials have 1 to 20 keys").with_context("keys", map.len()));
        }
        let mut credentials = BTreeMap::new();
        for (key, value) in map {
            if key.len() > LONGEST_KEY {
                return Err(Error::invalid("the name of a credential is too long"));
            }
            let text = value.as_str().map(str::trim).filter(|text| !text.is_empty() && text.len() <= LONGEST_VALUE);
            let wrong = || Error::invalid("a credential is a text of 1 to 8192 bytes").with_context("key", key);
            credentials.insert(key.clone(), text.ok_or_else(wrong)?.to_owned());
        }
        Ok(Self(credentials))
    }

    /// One of them.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// One that must be there.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) if it is not.
    pub fn require(&self, key: &'static str) -> Result<&str> {
        self.get(key).ok_or_else(|| Error::invalid("a credential is missing").with_context("key", key))
    }

    /// Refuses keys that mean nothing here: a misspelt one must not be kept for nothing.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid), naming the key and those that are known.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(Error::invalid("unknown credential")
                .with_context("key", key)
                .with_hint(format!("known here: {}", known.join(", ")))),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

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
