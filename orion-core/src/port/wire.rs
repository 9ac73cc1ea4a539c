//! The live wire, vectors and mail.

use crate::Result;
use crate::event::EventRecord;
use async_trait::async_trait;
use std::fmt::Debug;

/// Wakes workers and informs listeners. Never the record: what is lost here is read from the event log.
#[async_trait]
pub trait Wire: Debug + Send + Sync {
    /// Announces a committed event.
    ///
    /// # Behavior
    /// - Everybody who waits in [`woken`](Self::woken) at that moment wakes.
    /// - Succeeds with nobody listening.
    async fn announce(&self, record: &EventRecord) -> Result<()>;

    /// Wakes everybody where something was committed that is no event.
    ///
    /// # Behavior
    /// - As [`announce`](Self::announce).
    async fn wake(&self) -> Result<()>;

    /// Waits until something is announced.
    ///
    /// # Behavior
    /// - May wake without cause; never wakes with news older than the call.
    async fn woken(&self) -> Result<()>;

    /// Whether [`woken`](Self::woken) also tells, within a moment and for certain, of what other processes on the same
    /// record commit. Who waits on a wire that does not must look at the record now and then.
    fn hears_others(&self) -> bool {
        false
    }
}

/// Shows committed events to listeners outside of Orion. Never the record: who was away misses what was shown.
#[async_trait]
pub trait Broadcast: Debug + Send + Sync {
    /// Shows events, each under the name of its channel, as the flat JSON of [`EventRecord::to_wire`].
    ///
    /// # Behavior
    /// - Who listens sees them in the order in which they were given, and nothing else.
    /// - Succeeds with nobody listening. With nothing to show, after an error it tells whether that is over.
    /// - After an error all of them, some or none were shown. Showing them again does no harm: each has its identity.
    async fn show(&self, records: &[EventRecord]) -> Result<()>;
}

/// A neighbour of a vector.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorMatch {
    /// Its key.
    pub key: String,
    /// Cosine similarity, -1 to 1.
    pub similarity: f32,
    /// What was stored with it.
    pub payload: serde_json::Value,
}

/// Finds vectors that point the same way.
#[async_trait]
pub trait VectorIndex: Debug + Send + Sync {
    /// Stores a vector under a key of a collection.
    ///
    /// # Behavior
    /// - Replaces an earlier vector of the same key.
    /// - `Invalid` for a vector that is not finite, is all zero, or differs in length from the collection's first.
    async fn upsert(&self, collection: &str, key: &str, vector: &[f32], payload: serde_json::Value) -> Result<()>;

    /// The nearest neighbours by cosine similarity.
    ///
    /// # Behavior
    /// - At most `limit`, best first, ties by key; an unknown collection has none.
    async fn search(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>>;

    /// Forgets a key.
    ///
    /// # Behavior
    /// - Forgetting what is not there succeeds.
    async fn delete(&self, collection: &str, key: &str) -> Result<()>;
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Sends one message.
    ///
    /// # Behavior
    /// - Success means that the next hop has taken it.
    /// - The text is never logged: it may carry a token.
    async fn send(&self, mail: &Mail) -> Result<()>;
}
