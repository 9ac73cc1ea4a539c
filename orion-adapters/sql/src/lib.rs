//! The record on SQLite: repositories, event log, step journal and outbox in one file.
//!
//! [`SqlStore`] is a [`Store`](orion_core::port::Store). Every commit is on the disk when it returns
//! (write-ahead log, `synchronous = FULL`). One connection writes, a few others read and never wait for it.
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
//! Which statements are the same on every database and which are not: the SQL of this crate is lower case, binds
//! with `$1`, asks the database neither for the time nor for randomness, and keeps what differs in `dialect`.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod dialect;
mod error;
mod event_log;
mod repository;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod transaction;

pub use store::SqlStore;
