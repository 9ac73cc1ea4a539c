//! The record on SQLite and PostgreSQL: repositories, event log, step journal and outbox.
//!
//! [`SqlStore`] is a [`Store`](orion_core::port::Store). Every commit is on the disk when it returns. In an SQLite file
//! (write-ahead log, `synchronous = FULL`) one connection writes, a few others read and never wait for it; a PostgreSQL
//! database serves many processes on many machines, which go by its clock ([`PgClock`]). [`SqliteWire`] and [`PgWire`]
//! wake them.
//!
//! ```
//! # async fn example() -> orion_core::Result<()> {
//! use orion_core::port::{Filter, Store};
//! let store = orion_sql::SqlStore::open("sqlite:orion.db").await?;
//! let trends = store.read().await?.trends().count(&Filter::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Statements are one text for both databases: lower case, with `$1` for values, and asking the database neither for
//! the time nor for randomness. What differs is in `dialect`; `connection` runs a statement on either.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking"))]

mod archive;
mod claims;
mod clock;
mod connection;
mod dialect;
mod error;
mod event_log;
mod file_wire;
mod lease;
mod postgres;
mod repository;
mod schema;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod undoing;
mod wire;

pub use clock::PgClock;
pub use file_wire::SqliteWire;
pub use store::SqlStore;
pub use wire::PgWire;
