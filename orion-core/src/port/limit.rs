//! How often somebody may call.

use crate::{Result, Timestamp};
use async_trait::async_trait;
use std::fmt::Debug;
use std::time::Duration;

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may go on; only then was it counted.
    pub allowed: bool,
    /// Calls in a minute.
    pub limit: u32,
    /// Calls that are left.
    pub remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub reset: u64,
}

impl Verdict {
    /// How long to wait after a refusal: whole seconds, at least one.
    pub fn wait(&self, now: Timestamp) -> Duration {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or_default();
        Duration::from_secs(self.reset.saturating_sub(seconds).max(1))
    }
}

/// Counts calls in a sliding window (contract, section 1.9): those of the present minute, and of the minute before the
/// share that is still within the last sixty seconds, rounded down.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync {
    /// Counts one call of somebody in a group, unless that many calls of the last minute were counted already.
    ///
    /// # Behavior
    /// - Looking and counting are one step: of any number of calls at once, no more than `limit` are allowed.
    /// - A call that is refused is not counted.
    /// - Callers and groups have counts of their own.
    /// - Windows begin with the minutes of `now`; `reset` is the end of the present one.
    async fn hit(&self, group: &str, limit: u32, who: &str, now: Timestamp) -> Result<Verdict>;
}

/// A moment's place in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it began, in seconds since 1970.
    pub begin: u64,
    /// Microseconds until it ends.
    pub left: u64,
}

impl Window {
    /// Seconds of a window.
    pub const SECONDS: u64 = 60;
    /// Microseconds of a window.
    pub const MICROS: u64 = Self::SECONDS * 1_000_000;

    /// The window of a moment.
    pub fn at(now: Timestamp) -> Self {
        let micros = u64::try_from(now.as_micros()).unwrap_or_default();
        let begin = micros / Self::MICROS;
        Self { begin: begin * Self::SECONDS, left: Self::MICROS - micros % Self::MICROS }
    }

    /// When it ends, in seconds since 1970.
    pub fn end(self) -> u64 {
        self.begin + Self::SECONDS
    }
}
