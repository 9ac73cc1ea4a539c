//! The errors that every store gives in the same words.

use super::{Claim, Entity};
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
}
