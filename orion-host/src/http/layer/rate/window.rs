//! Counts calls in a sliding window: the present minute, and what is left of the one before.

use async_trait::async_trait;
use orion_core::Timestamp;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

/// Seconds of a window.
const WINDOW: u64 = 60;
/// More callers than this are not told apart within a minute: somebody else's count is forgotten instead of memory lost.
const MOST_COUNTERS: usize = 100_000;

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

/// Counts calls.
#[async_trait]
pub trait Limiter: Debug + Send + Sync {
    /// Counts one call of somebody in a group, unless it is over the limit. Looking and counting are one step.
    async fn hit(&self, group: &'static str, limit: u32, who: &str, now: Timestamp) -> Verdict;
}

/// Counts within this process.
#[derive(Debug, Default)]
pub struct MemoryLimiter(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    /// The number of the present window.
    number: u64,
    present: Counters,
    before: Counters,
}

type Counters = HashMap<(&'static str, String), u32>;

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn hit(&self, group: &'static str, limit: u32, who: &str, now: Timestamp) -> Verdict {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hit(group, limit, who, now)
    }
}

impl Windows {
    fn hit(&mut self, group: &'static str, limit: u32, who: &str, now: Timestamp) -> Verdict {
        let micros = u64::try_from(now.as_micros()).unwrap_or_default();
        let number = micros / (WINDOW * 1_000_000);
        // A clock that was set back stays in the window it had reached.
        if number > self.number {
            let present = std::mem::take(&mut self.present);
            self.before = if number == self.number + 1 { present } else { Counters::new() };
            self.number = number;
        }
        let elapsed = (micros.saturating_sub(self.number * WINDOW * 1_000_000)) as f64 / (WINDOW as f64 * 1e6);
        let key = (group, who.to_owned());
        let before = self.before.get(&key).copied().unwrap_or_default();
        let present = self.present.get(&key).copied().unwrap_or_default();
        let total = (f64::from(before) * (1.0 - elapsed.min(1.0))).floor() as u32 + present;
        let reset = (self.number + 1) * WINDOW;
        if total >= limit {
            return Verdict { allowed: false, limit, remaining: 0, reset };
        }
        if self.present.len() >= MOST_COUNTERS
            && !self.present.contains_key(&key)
            && let Some(other) = self.present.keys().next().cloned()
        {
            self.present.remove(&other);
        }
        *self.present.entry(key).or_default() += 1;
        Verdict { allowed: true, limit, remaining: limit - total - 1, reset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_micros((seconds * 1e6) as i64)
    }

    #[test]
    fn the_window_slides() {
        let mut windows = Windows::default();
        for left in (0..5).rev() {
            let verdict = windows.hit("auth", 5, "a", at(600.0));
            assert_eq!(verdict, Verdict { allowed: true, limit: 5, remaining: left, reset: 660 });
        }
        assert!(!windows.hit("auth", 5, "a", at(659.9)).allowed);
        assert!(windows.hit("auth", 5, "b", at(659.9)).allowed, "others have their own count");
        assert!(windows.hit("system", 5, "a", at(659.9)).allowed, "other groups have their own count");
        assert!(!windows.hit("auth", 5, "a", at(660.0)).allowed, "five of the minute before still count");
        assert!(windows.hit("auth", 5, "a", at(660.1)).allowed, "a moment later four and a bit count, as four");
        assert!(!windows.hit("auth", 5, "a", at(660.1)).allowed);
        assert_eq!(windows.hit("auth", 5, "a", at(840.0)).remaining, 4, "two minutes later nothing counts");
    }

    #[test]
    fn refused_calls_are_not_counted() {
        let mut windows = Windows::default();
        for _ in 0..100 {
            windows.hit("auth", 5, "a", at(600.0));
        }
        assert!(windows.hit("auth", 5, "a", at(673.0)).allowed);
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let mut windows = Windows::default();
        for name in 0..MOST_COUNTERS + 1000 {
            assert!(windows.hit("auth", 5, &name.to_string(), at(600.0)).allowed);
        }
        assert_eq!(windows.present.len(), MOST_COUNTERS);
    }

    #[tokio::test]
    async fn many_at_once_get_exactly_the_limit() {
        let limiter = std::sync::Arc::new(MemoryLimiter::default());
        let calls = (0..64).map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.hit("auth", 5, "a", at(600.0)).await.allowed })
        });
        let mut allowed = 0;
        for call in calls.collect::<Vec<_>>() {
            allowed += u32::from(call.await.unwrap());
        }
        assert_eq!(allowed, 5);
    }
}
