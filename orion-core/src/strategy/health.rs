//! What is known of a provider: whether it is being left alone, and how it did so far.

use super::{Circuit, CircuitState};
use crate::domain::Money;
use crate::port::Provider;
use crate::{Error, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many failures are remembered.
const FAILURES: usize = 5;
/// Longest remembered text of a failure, in characters.
const FAILURE_TEXT: usize = 300;

/// How one provider of a strategy does, since this process began. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    pub(super) circuit: Circuit,
    tally: Arc<Mutex<Tally>>,
}

/// A failure of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// How, as one line.
    pub error: String,
}

/// How a provider did since this process began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// How often it was asked; each retry counts.
    pub requests: u64,
    /// How often it failed.
    pub errors: u64,
    /// How often another provider was asked in its place, because it failed or is left alone.
    pub fallbacks: u64,
    /// How long its answers and failures took.
    pub latency: Latency,
    /// What it was paid.
    pub paid: Money,
    /// When it last answered.
    pub served_at: Option<Timestamp>,
    /// Its last failures, latest first.
    pub failures: VecDeque<Failure>,
}

/// How long calls took, counted by length.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Latency {
    /// How many took at most [`BOUNDS`](Self::BOUNDS) and longer than the bound before; the last took longer than all.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// Of all, in seconds.
    pub sum: f64,
}

impl Latency {
    /// Seconds. From the built-in writer's milliseconds to a video clip's minutes.
    pub const BOUNDS: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        self.counts[place] += 1;
        self.sum += seconds;
    }
}

/// How one provider of a strategy stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Who.
    pub provider: Provider,
    /// Its place among those who are asked, from one; none for one that the policy forbids.
    pub place: Option<usize>,
    /// Whether it is being left alone.
    pub circuit: CircuitState,
    /// How it did.
    pub tally: Tally,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tally(&self) -> Tally {
        self.lock().clone()
    }

    pub(super) fn served(&self, now: Timestamp, took: Duration) {
        let mut tally = self.lock();
        tally.requests += 1;
        tally.latency.add(took);
        tally.served_at = Some(now);
    }

    pub(super) fn failed(&self, now: Timestamp, took: Duration, error: &Error) {
        let mut tally = self.lock();
        tally.requests += 1;
        tally.errors += 1;
        tally.latency.add(took);
        let error = error.to_string().chars().take(FAILURE_TEXT).collect();
        tally.failures.push_front(Failure { at: now, error });
        tally.failures.truncate(FAILURES);
    }

    pub(super) fn replaced(&self) {
        self.lock().fallbacks += 1;
    }

    pub(super) fn paid(&self, amount: Money) {
        let mut tally = self.lock();
        tally.paid = tally.paid + amount;
    }
}
