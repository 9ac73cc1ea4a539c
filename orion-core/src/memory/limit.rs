//! Counts calls within this process.

use crate::port::{RateLimiter, Verdict, Window};
use crate::{Result, Timestamp};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More callers than this are not told apart within a minute: somebody else's count is forgotten instead of memory lost.
const MOST_COUNTERS: usize = 100_000;

/// A [`RateLimiter`] of one process. A clock that is set back a little stays in the window it had reached. One that is set
/// back further was wrong before: its last window then counts as the one before the present, so that nobody is shut
/// out for as long as it was ahead.
#[derive(Debug, Default)]
pub struct MemoryLimiter(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    /// Where the present window begins.
    begin: u64,
    present: Counters,
    before: Counters,
}

type Counters = HashMap<(String, String), u32>;

impl MemoryLimiter {
    /// A limiter that has counted nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn hit(&self, group: &str, limit: u32, who: &str, now: Timestamp) -> Result<Verdict> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).hit(group, limit, who, now))
    }
}

impl Windows {
    fn hit(&mut self, group: &str, limit: u32, who: &str, now: Timestamp) -> Verdict {
        let mut window = Window::at(now);
        if window.begin > self.begin {
            let present = std::mem::take(&mut self.present);
            self.before = if window.begin == self.begin + Window::SECONDS { present } else { Counters::new() };
            self.begin = window.begin;
        } else if window.begin + Window::SECONDS < self.begin {
            self.before = std::mem::take(&mut self.present);
            self.begin = window.begin;
        } else if window.begin < self.begin {
            window = Window { begin: self.begin, left: Window::MICROS };
        }
        let key = (group.to_owned(), who.to_owned());
        let count = |counters: &Counters| u64::from(counters.get(&key).copied().unwrap_or_default());
        let total = count(&self.before) * window.left / Window::MICROS + count(&self.present);
        let reset = window.end();
        if total >= u64::from(limit) {
            return Verdict { allowed: false, limit, remaining: 0, reset };
        }
        if self.present.len() >= MOST_COUNTERS
            && !self.present.contains_key(&key)
            && let Some(other) = self.present.keys().next().cloned()
        {
            self.present.remove(&other);
        }
        *self.present.entry(key).or_default() += 1;
        let remaining = u32::try_from(u64::from(limit) - total - 1).unwrap_or_default();
        Verdict { allowed: true, limit, remaining, reset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;
    use std::time::Duration;

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let mut windows = Windows::default();
        for name in 0..MOST_COUNTERS + 1000 {
            assert!(windows.hit("auth", 5, &name.to_string(), sample::time(600)).allowed);
        }
        assert_eq!(windows.present.len(), MOST_COUNTERS);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_back() {
        let mut windows = Windows::default();
        for _ in 0..5 {
            assert!(windows.hit("auth", 5, "a", sample::time(720)).allowed);
        }
        assert!(!windows.hit("auth", 5, "a", sample::time(700)).allowed, "by a little");
        assert!(!windows.hit("auth", 5, "a", sample::time(60)).allowed, "by far");
    }

    #[test]
    fn a_clock_that_was_ahead_shuts_nobody_out() {
        let mut windows = Windows::default();
        for _ in 0..5 {
            assert!(windows.hit("auth", 5, "a", sample::time(144_000)).allowed);
        }
        let refused = windows.hit("auth", 5, "a", sample::time(60));
        assert!(!refused.allowed && refused.wait(sample::time(60)) <= Duration::from_secs(Window::SECONDS));
        assert!(windows.hit("auth", 5, "a", sample::time(180)).allowed);
    }
}
