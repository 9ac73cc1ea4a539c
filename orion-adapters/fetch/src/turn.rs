//! Politeness: one host is asked for one thing at a time, with a pause between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use tokio::time::Instant;

/// Hosts remembered before idle ones are forgotten.
const MOST_HOSTS: usize = 256;

/// Gives out turns, host by host.
#[derive(Debug)]
pub(crate) struct Turns {
    pause: Duration,
    hosts: Mutex<HashMap<String, Arc<Gate<Option<Instant>>>>>,
}

/// A turn at a host; the next one begins a pause after it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(OwnedMutexGuard<Option<Instant>>);

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0 = Some(Instant::now());
    }
}

impl Turns {
    pub(crate) fn new(pause: Duration) -> Self {
        Self { pause, hosts: Mutex::default() }
    }

    /// Waits until nobody else asks this host and the pause is over.
    pub(crate) async fn take(&self, host: &str) -> Turn {
        let gate = self.gate(host);
        let turn = Turn(gate.lock_owned().await);
        if let Some(last) = *turn.0 {
            tokio::time::sleep_until(last + self.pause).await;
        }
        turn
    }

    fn gate(&self, host: &str) -> Arc<Gate<Option<Instant>>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            hosts.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        hosts.entry(host.to_owned()).or_default().clone()
    }
}
