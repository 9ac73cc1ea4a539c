//! The core of Orion: what trends, scripts, timelines, runs and approvals *are*, and what may happen to them.
//!
//! This crate does no I/O and names no runtime, database, HTTP client, file system, clock or source of
//! randomness. Everything of the outside is a [`port`]; everything that Orion decides is here:
//!
//! - [`domain`]: the types and their pure state machines;
//! - [`event`]: the closed set of events and the names they have on the wire;
//! - [`port`]: what the core needs from outside, as object-safe traits;
//! - [`strategy`]: LOCAL and CLOUD sides of a capability behind one trait, with policy and chain;
//! - [`service`]: the use cases of Scout, Director, Media, Editor, Publisher, Pulse and Identity;
//! - [`text`]: words, sentences, numbers and similarity;
//! - [`memory`]: in-memory storage ports, which are product code and pass the same suites as the others;
//! - `testing` (feature): the conformance suites that every adapter runs.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking"))]

pub mod bill;
pub mod domain;
pub mod error;
pub mod event;
#[cfg(test)]
mod forms;
pub mod id;
pub mod memory;
pub mod operation;
pub mod port;
pub mod service;
pub mod strategy;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod time;

pub use bill::{Bill, Charge};
pub use error::{Error, ErrorKind, Result, Retry};
pub use operation::{Cancellation, Operation, Progress, ProgressUpdate, RecordedProgress, StageStatus};
pub use time::{MediaTime, Timestamp};
