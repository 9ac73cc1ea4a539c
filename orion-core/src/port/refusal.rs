//! The errors that every store gives in the same words.

use super::{Claim, Entity, Entry, Lease};
use crate::id::EventId;
use crate::{Error, ErrorKind};

impl Error {
    /// A row that is not there.
    pub fn no_row<T: Entity>(id: T::Id) -> Self {
        Self::not_found("no such row").with_context("table", T::TABLE).with_context("id", id)
    }

    /// A row whose identity or unique key is taken.
    pub fn row_exists<T: Entity>(row: &T) -> Self {
        let error = Self::new(ErrorKind::AlreadyExists, "a row with this identity or unique key exists")
            .with_context("table", T::TABLE)
            .with_context("id", row.id());
        match row.index().unique {
            Some(unique) => error.with_context("key", unique),
            None => error,
        }
    }

    /// A row that somebody else changed first.
    pub fn stale_row<T: Entity>(row: &T, stored: u64) -> Self {
        Self::conflict("somebody else changed this row first")
            .with_context("table", T::TABLE)
            .with_context("id", row.id())
            .with_context("version", row.version())
            .with_context("stored", stored)
            .with_hint("read it again and repeat the change")
    }

    /// An event whose identifier is in the log.
    pub fn event_exists(id: EventId) -> Self {
        Self::new(ErrorKind::AlreadyExists, "the event is in the log already").with_context("id", id)
    }

    /// An event that a group has not put aside.
    pub fn not_buried(group: &str, sequence: u64) -> Self {
        Self::not_found("the group has not put this event aside")
            .with_context("group", group)
            .with_context("sequence", sequence)
    }

    /// A claim that its group no longer holds.
    pub fn lost_claim(claim: &Claim) -> Self {
        Self::conflict("this claim is no longer held")
            .with_context("group", &claim.group)
            .with_context("sequence", claim.record.sequence)
            .with_context("fence", claim.fence)
    }

    /// A lease that somebody else has by now, or that was returned.
    pub fn lost_lease(lease: &Lease) -> Self {
        Self::conflict("this lease is no longer held")
            .with_context("lease", &lease.name)
            .with_context("fence", lease.fence)
    }

    /// A table that this program does not know.
    pub fn unknown_table(table: &str) -> Self {
        Self::new(ErrorKind::Unsupported, "the record has a table that this Orion does not know")
            .with_context("table", table)
            .with_hint("a newer Orion wrote it: upgrade this one")
    }

    /// An entry of another record whose place is taken.
    pub fn entry_exists(entry: &Entry) -> Self {
        Self::new(ErrorKind::AlreadyExists, "this entry is in the record already").with_context("entry", named(entry))
    }

    /// An entry of another record that belongs to something which is not there.
    pub fn entry_of_nothing(entry: &Entry) -> Self {
        Self::new(ErrorKind::Corrupt, "this entry belongs to an event or a group that is not in the record")
            .with_context("entry", named(entry))
    }
}

/// Which entry it is, in a few words.
fn named(entry: &Entry) -> String {
    match entry {
        Entry::Row { table, .. } => format!("a row of {table}"),
        Entry::Event { sequence, .. } => format!("event {sequence}"),
        Entry::Group { name, .. } => format!("group {name}"),
        Entry::Delivery { group, sequence, .. } => format!("event {sequence} of group {group}"),
        Entry::Last { sequence } => format!("last sequence {sequence}"),
    }
}
