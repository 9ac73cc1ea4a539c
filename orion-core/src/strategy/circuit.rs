//! Keeps away from somebody who fails, until they may be well again. A pure state machine: time is an argument, and who
//! asks at the same time as others is told apart by what it is given.

use crate::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many failures in a row open it (contract, section 1.14).
const FAILURES: u32 = 5;
/// For so long nobody is let through.
const OPEN: Duration = Duration::from_secs(30);
/// When to ask again while somebody else finds out.
const SOON: Duration = Duration::from_secs(1);

/// The circuit of one provider or service. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Circuit(Arc<Mutex<State>>);

/// Where a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// All pass; so many have failed in a row.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// Nobody passes until then.
    Open {
        /// When the next call may find out.
        until: Timestamp,
    },
    /// One call is finding out, and no other passes.
    HalfOpen,
}

impl CircuitState {
    /// The name on the wire: `closed`, `open`, `half_open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

type State = CircuitState;

impl Default for CircuitState {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// Leave for one call. Dropped without a word, as by a client that has gone, it counts for nothing, and a probe's
/// place is free again.
#[derive(Debug)]
#[must_use]
pub struct Pass {
    circuit: Circuit,
    probe: bool,
    /// Until when to stay away, should the probe end without a word.
    since: Timestamp,
    spoken: bool,
}

impl Circuit {
    /// A closed circuit.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands.
    pub fn state(&self) -> CircuitState {
        *self.lock()
    }

    /// Lets a call pass, or says how long to stay away: never longer than an open circuit stays open, even if the clock
    /// has been set back meanwhile.
    ///
    /// # Errors
    /// The time until it is worth asking again.
    pub fn pass(&self, now: Timestamp) -> Result<Pass, Duration> {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => Ok(self.leave(false, now)),
            State::Open { until } if now < until => {
                let wait = until.since(now);
                if wait > OPEN {
                    *state = State::Open { until: now.after(OPEN) };
                }
                Err(wait.min(OPEN))
            }
            State::HalfOpen => Err(SOON),
            State::Open { .. } => {
                *state = State::HalfOpen;
                Ok(self.leave(true, now))
            }
        }
    }

    /// Lets a call pass that is being tried again: it was let in before and goes on even if the circuit has opened since.
    /// The first to do so is the probe.
    pub fn pass_again(&self, now: Timestamp) -> Pass {
        let mut state = self.lock();
        let probe = matches!(*state, State::Open { .. });
        if probe {
            *state = State::HalfOpen;
        }
        self.leave(probe, now)
    }

    fn leave(&self, probe: bool, now: Timestamp) -> Pass {
        Pass { circuit: self.clone(), probe, since: now, spoken: false }
    }
}

impl Pass {
    /// It has answered, whatever it said of the request.
    pub fn succeeded(mut self) {
        self.spoken = true;
        let mut state = self.circuit.lock();
        if self.probe || matches!(*state, State::Closed { .. }) {
            *state = State::default();
        }
    }

    /// It could not be reached, or has failed for a while.
    pub fn failed(mut self, now: Timestamp) {
        self.spoken = true;
        let mut state = self.circuit.lock();
        *state = match *state {
            State::Closed { failures } if failures + 1 < FAILURES => State::Closed { failures: failures + 1 },
            State::Closed { .. } => State::Open { until: now.after(OPEN) },
            State::HalfOpen if self.probe => State::Open { until: now.after(OPEN) },
            // A call from before it opened says nothing new.
            other => other,
        };
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe && !self.spoken {
            *self.circuit.lock() = State::Open { until: self.since };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn opened() -> Circuit {
        let circuit = Circuit::new();
        for _ in 0..FAILURES {
            circuit.pass(at(0)).unwrap().failed(at(0));
        }
        circuit
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let circuit = Circuit::new();
        for _ in 0..4 {
            circuit.pass(at(0)).unwrap().failed(at(0));
        }
        circuit.pass(at(0)).unwrap().succeeded();
        for _ in 0..4 {
            circuit.pass(at(0)).unwrap().failed(at(0));
        }
        let late = circuit.pass(at(0)).unwrap();
        circuit.pass(at(0)).unwrap().failed(at(10));
        assert_eq!(circuit.state(), CircuitState::Open { until: at(40) });
        assert_eq!(circuit.pass(at(15)).unwrap_err(), Duration::from_secs(25));
        late.succeeded();
        assert!(circuit.pass(at(15)).is_err(), "a call from before does not close it");
    }

    #[test]
    fn one_probe_decides() {
        let circuit = opened();
        let probe = circuit.pass(at(30)).unwrap();
        assert_eq!(circuit.state().as_str(), "half_open");
        assert!(circuit.pass(at(30)).is_err(), "there is one probe");
        probe.failed(at(31));
        assert_eq!(circuit.pass(at(32)).unwrap_err(), Duration::from_secs(29));
        circuit.pass(at(61)).unwrap().succeeded();
        for _ in 0..10 {
            circuit.pass(at(61)).unwrap().succeeded();
        }
    }

    #[test]
    fn what_is_tried_again_goes_on_and_is_the_probe() {
        let circuit = opened();
        let (first, second) = (circuit.pass_again(at(1)), circuit.pass_again(at(1)));
        second.succeeded();
        assert!(circuit.pass(at(1)).is_err(), "only the first is the probe");
        first.succeeded();
        assert!(circuit.pass(at(1)).is_ok());
    }

    #[test]
    fn a_probe_that_is_dropped_frees_its_place() {
        let circuit = opened();
        drop(circuit.pass(at(30)).unwrap());
        circuit.pass(at(30)).unwrap().succeeded();
        assert!(circuit.pass(at(30)).is_ok());
    }

    #[test]
    fn a_call_that_is_dropped_counts_for_nothing() {
        let circuit = Circuit::new();
        for _ in 0..20 {
            drop(circuit.pass(at(0)).unwrap());
        }
        assert_eq!(circuit.state(), CircuitState::default());
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_away_for_longer() {
        let circuit = opened();
        assert_eq!(circuit.pass(at(-3600)).unwrap_err(), OPEN);
        assert!(circuit.pass(at(-3600 + 30)).is_ok());
    }
}
