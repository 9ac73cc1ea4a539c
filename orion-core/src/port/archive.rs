//! The whole of a record, whatever is in it: for copies of it, and for looking through all of it.

use crate::id::{EventId, UserId};
use crate::{Result, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// One entry of a record as it is kept. Documents are the very text that is stored, so that a copy has the same hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A row of an entity.
    Row {
        /// Its table.
        table: String,
        /// Its JSON document, which tells everything else of it.
        doc: String,
    },
    /// An event of the log.
    Event {
        /// Its place in the log.
        sequence: u64,
        /// Identity.
        id: EventId,
        /// When it happened.
        at: Timestamp,
        /// Whose it is.
        owner: Option<UserId>,
        /// The event as JSON.
        event: String,
    },
    /// A consumer group, and up to which event it was given the log.
    Group {
        /// Its name.
        name: String,
        /// The sequence of that event.
        head: u64,
    },
    /// An event that a group was given and is not done with.
    Delivery {
        /// The group.
        group: String,
        /// The event.
        sequence: u64,
        /// Whether it is held, waits to be tried again, or was put aside.
        state: Handed,
        /// Of the last claim.
        fence: u64,
        /// How often it was given.
        attempts: u32,
        /// End of the lease, or the time to try again.
        ready_at: Timestamp,
        /// Why it was given back or put aside.
        reason: Option<String>,
    },
    /// The sequence that was given last, also if its event is gone.
    Last {
        /// That sequence.
        sequence: u64,
    },
}

/// How a group stands to an event that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handed {
    /// A worker holds it.
    Held,
    /// It waits to be tried again.
    Released,
    /// It was put aside.
    Buried,
}

/// Where a walk over a record goes on. The default is the beginning; what is in it is the store's own business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Which part of the record.
    pub part: usize,
    /// Behind which entry of it.
    pub after: String,
}

impl Place {
    /// What a store gives for entries of one part, each with what it is ordered by: they, and where the walk goes on.
    pub fn page(&self, most: u32, keyed: Vec<(String, Entry)>) -> (Vec<Entry>, Option<Self>) {
        let next = match keyed.last() {
            Some((last, _)) if keyed.len() >= most as usize => Self { part: self.part, after: last.clone() },
            _ => Self { part: self.part + 1, after: String::new() },
        };
        (keyed.into_iter().map(|(_, entry)| entry).collect(), Some(next))
    }
}

/// Reads and writes all that a record holds, as it is kept.
#[async_trait]
pub trait Archive: Send {
    /// Reads entries: the rows of one table after the other, then the events, the groups, what they were given, and
    /// the sequence given last.
    ///
    /// # Behavior
    /// - Going on from place to place sees every entry once, in the same order each time; a transaction that only reads
    ///   sees those of one moment.
    /// - At most `most` entries and at least one where `most` is zero; none may come before the end, which is where no
    ///   place is given.
    async fn walk(&mut self, from: &Place, most: u32) -> Result<(Vec<Entry>, Option<Place>)>;

    /// Puts an entry back as it was where it was read, its version and its sequence too. Entries come in the order of a
    /// walk.
    ///
    /// # Behavior
    /// - A walk afterwards gives the same entry.
    /// - `AlreadyExists` if its identity, its sequence or its unique key is taken.
    /// - `Corrupt` for an entry that this program cannot read, `Unsupported` for a table that it does not know.
    async fn put_back(&mut self, entry: &Entry) -> Result<()>;

    /// Removes everything: every row, every event, every group.
    ///
    /// # Behavior
    /// - Undone by a rollback, like every write.
    /// - Sequences begin anew.
    async fn clear(&mut self) -> Result<()>;
}
