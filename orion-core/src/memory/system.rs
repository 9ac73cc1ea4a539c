//! Time that is set by hand and randomness that repeats: for tests, simulations and replays.

use crate::Timestamp;
use crate::port::{Clock, Entropy, Sleeper};
use async_trait::async_trait;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A clock that stands still until it is moved. Sleeping by it moves it and takes no time.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Moves it to a time, also backwards.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves it forward and tells the new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let now = self.now().after(by);
        self.set(now);
        now
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Sleeper for ManualClock {
    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// Entropy that gives the same bytes for the same seed. Never use it where a secret is made.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Entropy from a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_by_hand() {
        let clock = ManualClock::at(Timestamp::from_micros(5));
        assert_eq!(clock.now(), Timestamp::from_micros(5));
        assert_eq!(clock.advance(Duration::from_micros(2)), Timestamp::from_micros(7));
        clock.set(Timestamp::from_micros(1));
        assert_eq!(clock.now(), Timestamp::from_micros(1));
    }

    /// First outputs of SplitMix64 for seed 1234567, as in the test vectors of its reference implementation.
    #[test]
    fn entropy_follows_its_reference() {
        let entropy = SeededEntropy::new(1_234_567);
        let entropy: &dyn Entropy = &entropy;
        assert_eq!(entropy.number(), 6_457_827_717_110_365_317);
        assert_eq!(entropy.number(), 3_203_168_211_198_807_973);
        let mut odd = [0_u8; 11];
        entropy.fill(&mut odd);
        assert_ne!(odd, [0; 11]);
    }
}
