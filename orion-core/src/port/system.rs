//! Time and randomness.

use crate::Timestamp;
use async_trait::async_trait;
use std::fmt::Debug;
use std::time::Duration;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// The present time.
    ///
    /// # Behavior
    /// - Never panics and never blocks.
    /// - May go backwards when the machine's clock is set; callers must bear it.
    fn now(&self) -> Timestamp;
}

/// Lets time pass without a runtime of the core's own.
#[async_trait]
pub trait Sleeper: Debug + Send + Sync {
    /// Waits.
    ///
    /// # Behavior
    /// - Completes after at least this long by its own clock, and holds no thread meanwhile.
    /// - May be dropped at any time.
    async fn sleep(&self, duration: Duration);
}

/// Gives randomness fit for identifiers and tokens.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Behavior
    /// - Every byte is set.
    /// - Two calls do not give the same bytes, unless the implementation is a seeded one for tests.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// A random UUID, version 4.
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A random number.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
