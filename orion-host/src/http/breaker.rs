//! Keeps away from a service of another process that fails, until it may be well again (contract, section 1.14). A pure
//! state machine: time is an argument, and who asks at the same time as others is told apart by what it is given.

use orion_core::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// For so long nobody is let through.
const OPEN: Duration = Duration::from_secs(30);

/// The breaker of one service. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Breaker(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// All pass; so many have failed in a row.
    Closed(u32),
    /// Nobody passes until then.
    Open(Timestamp),
    /// One has passed, and is waited for.
    Probing,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(0)
    }
}

/// Leave for one call. Dropped without a word, as by a client that has gone, it counts for nothing, and a probe's
/// place is free again.
#[derive(Debug)]
#[must_use]
pub struct Pass {
    breaker: Breaker,
    probe: bool,
    /// Until when to stay away, should the probe end without a word.
    since: Timestamp,
    spoken: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call pass, or says how long to stay away.
    ///
    /// # Errors
    /// The time until it is worth asking again.
    pub fn pass(&self, now: Timestamp) -> Result<Pass, Duration> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed(_) => false,
            State::Open(until) if now < until => return Err(until.since(now)),
            // Somebody else is finding out.
            State::Probing => return Err(Duration::from_secs(1)),
            State::Open(_) => {
                *state = State::Probing;
                true
            }
        };
        Ok(Pass { breaker: self.clone(), probe, since: now, spoken: false })
    }
}

impl Pass {
    /// The service has answered, whatever it said of the request.
    pub fn succeeded(mut self) {
        self.spoken = true;
        let mut state = self.breaker.state();
        if self.probe || matches!(*state, State::Closed(_)) {
            *state = State::Closed(0);
        }
    }

    /// The service could not be reached, or answered 502, 503 or 504.
    pub fn failed(mut self, now: Timestamp) {
        self.spoken = true;
        let mut state = self.breaker.state();
        *state = match *state {
            State::Closed(failures) if failures + 1 < FAILURES => State::Closed(failures + 1),
            State::Closed(_) => State::Open(now.after(OPEN)),
            State::Probing if self.probe => State::Open(now.after(OPEN)),
            // A call from before it opened says nothing new.
            other => other,
        };
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe && !self.spoken {
            *self.breaker.state() = State::Open(self.since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new();
        for _ in 0..FAILURES {
            breaker.pass(at(0)).unwrap().failed(at(0));
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::new();
        for _ in 0..4 {
            breaker.pass(at(0)).unwrap().failed(at(0));
        }
        breaker.pass(at(0)).unwrap().succeeded();
        for _ in 0..4 {
            breaker.pass(at(0)).unwrap().failed(at(0));
        }
        let late = breaker.pass(at(0)).unwrap();
        breaker.pass(at(0)).unwrap().failed(at(10));
        assert_eq!(breaker.pass(at(15)).unwrap_err(), Duration::from_secs(25));
        late.succeeded();
        assert!(breaker.pass(at(15)).is_err(), "a call from before does not close it");
    }

    #[test]
    fn one_probe_decides() {
        let breaker = opened();
        let probe = breaker.pass(at(30)).unwrap();
        assert!(breaker.pass(at(30)).is_err(), "there is one probe");
        probe.failed(at(31));
        assert_eq!(breaker.pass(at(32)).unwrap_err(), Duration::from_secs(29));
        breaker.pass(at(61)).unwrap().succeeded();
        for _ in 0..10 {
            breaker.pass(at(61)).unwrap().succeeded();
        }
    }

    #[test]
    fn a_probe_that_is_dropped_frees_its_place() {
        let breaker = opened();
        drop(breaker.pass(at(30)).unwrap());
        breaker.pass(at(30)).unwrap().succeeded();
        assert!(breaker.pass(at(30)).is_ok());
    }

    #[test]
    fn a_call_that_is_dropped_counts_for_nothing() {
        let breaker = Breaker::new();
        for _ in 0..20 {
            drop(breaker.pass(at(0)).unwrap());
        }
        assert_eq!(*breaker.state(), State::Closed(0));
    }
}
