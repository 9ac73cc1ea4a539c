//! The machine's clock, timer and randomness, as the core's ports.

use async_trait::async_trait;
use orion_core::port::{Clock, Entropy, Sleeper};
use orion_core::{Error, Result, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A machine set before 1970 is taken to stand at 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The timer of the tokio runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How long to wait for news before looking at the record all the same: `alone` where the wire does not tell of other
/// processes, else long, as a look then only mends what nobody expects.
#[cfg(feature = "http")]
pub(crate) fn unless_told(wire: &dyn orion_core::port::Wire, alone: Duration) -> Duration {
    const RARELY: Duration = Duration::from_secs(5);
    if wire.hears_others() { alone.max(RARELY) } else { alone }
}

/// Does work on a thread of its own: what runs do borrows across providers in ways for which the compiler cannot show
/// that it may move between threads.
///
/// # Errors
/// The work's own; [`Unexpected`](orion_core::ErrorKind::Unexpected) if it ends by a panic.
pub async fn apart<T, F, W>(work: W) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
    W: FnOnce() -> F + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work()));
    done.await.unwrap_or_else(|error| Err(Error::unexpected("the work ended by a panic").with_source(error)))
}

/// Randomness of the operating system, fit for tokens.
#[derive(Debug, Default)]
pub struct OsEntropy {
    fallback: AtomicU64,
}

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_ok() {
            return;
        }
        // No system this program runs on refuses; identifiers stay distinct even on one that does.
        tracing::error!("the operating system gave no randomness; identifiers are distinct, but not secret");
        let count = self.fallback.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{:?}/{}/{count}", SystemTime::now(), std::process::id());
        for (index, chunk) in buffer.chunks_mut(32).enumerate() {
            let digest = orion_core::domain::Sha256::of(format!("{seed}/{index}").as_bytes());
            chunk.iter_mut().zip(digest.0).for_each(|(byte, value)| *byte = value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_the_day_this_was_written() {
        let written: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        assert!(SystemClock.now() > written.before(Duration::from_secs(30 * 24 * 3600)));
    }

    #[test]
    fn randomness_does_not_repeat() {
        let entropy = OsEntropy::default();
        let entropy: &dyn Entropy = &entropy;
        assert_ne!(entropy.uuid(), entropy.uuid());
    }
}
