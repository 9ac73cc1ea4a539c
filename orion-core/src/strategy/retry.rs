//! Trying again: the one layer that does it.

use super::Health;
use crate::port::{Clock, Entropy, Sleeper};
use crate::{Cancellation, Error, ErrorKind, Result, Retry};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Tries work again as long as its error is temporary, a bounded number of times, with growing pauses.
///
/// A pause is random between nothing and a bound that doubles each time ("full jitter", which spreads those who
/// wait best: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015). If the other side said how
/// long to wait, that comes on top.
///
/// A provider that keeps failing for a while is left alone: its [`Circuit`](super::Circuit) opens, new calls are refused
/// at once and the next provider has its turn. What is wrong with a request, or with the machine that it is made from, is
/// no failure of the provider.
#[derive(Debug, Clone)]
pub struct Retrying {
    clock: Arc<dyn Clock>,
    sleeper: Arc<dyn Sleeper>,
    entropy: Arc<dyn Entropy>,
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Retrying {
    /// At most four attempts; pauses of up to half a second, one second and two seconds.
    pub fn new(clock: Arc<dyn Clock>, sleeper: Arc<dyn Sleeper>, entropy: Arc<dyn Entropy>) -> Self {
        let (first_pause, longest_pause) = (Duration::from_millis(500), Duration::from_secs(30));
        Self { clock, sleeper, entropy, attempts: 4, first_pause, longest_pause }
    }

    /// Sets how often the work is tried in all; at least once.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the bound of the first pause, and what no pause exceeds.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    /// Does the work of one provider until it succeeds, fails for good, or has been tried often enough.
    ///
    /// # Errors
    /// - [`Unavailable`](ErrorKind::Unavailable) at once while the provider is left alone, with the time until then.
    /// - The last error of the work, marked [`Retry::Exhausted`] if it was temporary.
    /// - The error as it is if the other side asked for a longer wait than the longest pause: whoever schedules the
    ///   work should come back then.
    /// - That the machine has no room, as it is: [`Error::starved`].
    /// - [`Cancelled`](ErrorKind::Cancelled) if it was stopped during a pause.
    pub(super) async fn run<T, F, W>(&self, health: &Health, cancellation: &Cancellation, work: W) -> Result<T>
    where
        W: Fn() -> F,
        F: Future<Output = Result<T>>,
    {
        let mut attempt = 1;
        let mut pass = health.circuit.pass(self.clock.now()).map_err(|wait| left_alone(health, wait))?;
        loop {
            let begun = self.clock.now();
            let outcome = work().await;
            let now = self.clock.now();
            let error = match outcome {
                Ok(value) => {
                    health.served(now, now.since(begun));
                    pass.succeeded();
                    return Ok(value);
                }
                // Nothing that the provider did, and nothing that a short pause mends.
                Err(error) if error.is_starved() => return Err(error),
                Err(error) => error,
            };
            if !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Cancelled) {
                health.failed(now, now.since(begun), &error);
            }
            if error.retry() != Retry::Never && error.kind() != ErrorKind::Invalid {
                pass.failed(now);
            }
            let Retry::Later(asked) = error.retry() else { return Err(error) };
            let asked = asked.unwrap_or_default();
            if asked > self.longest_pause {
                return Err(error);
            }
            if attempt >= self.attempts {
                return Err(error.with_retry(Retry::Exhausted).with_context("attempts", attempt));
            }
            let pause = (asked + self.jitter(attempt)).min(self.longest_pause);
            if let Either::Right(_) = select(self.sleeper.sleep(pause), pin!(cancellation.cancelled())).await {
                return Err(Error::cancelled());
            }
            attempt += 1;
            pass = health.circuit.pass_again(self.clock.now());
        }
    }

    /// A random part of the bound of the pause after an attempt.
    fn jitter(&self, attempt: u32) -> Duration {
        let bound = self.first_pause.saturating_mul(1 << (attempt - 1).min(20)).min(self.longest_pause);
        // The upper 53 bits of a random number, as a fraction of one.
        bound.mul_f64((self.entropy.number() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// The answer in place of a provider that has failed too often in a row.
fn left_alone(health: &Health, wait: Duration) -> Error {
    let error = Error::unavailable("it is left alone for a while, as it kept failing")
        .with_retry(Retry::Later(Some(wait)))
        .with_context("seconds", wait.as_secs().max(1));
    match health.tally().failures.pop_front() {
        Some(last) => error.with_context("last", last.error),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;
    use crate::memory::{ManualClock, SeededEntropy};
    use async_trait::async_trait;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Takes down every pause and takes no time.
    #[derive(Debug, Default)]
    struct Pauses {
        taken: Mutex<Vec<Duration>>,
        cancels: Option<Cancellation>,
    }

    #[async_trait]
    impl Sleeper for Pauses {
        async fn sleep(&self, duration: Duration) {
            self.taken.lock().unwrap().push(duration);
            if let Some(cancellation) = &self.cancels {
                cancellation.cancel();
                std::future::pending::<()>().await;
            }
        }
    }

    /// Runs work that fails so often, and tells what came of it, how often it ran, and the pauses.
    async fn run(
        setup: impl Fn(Retrying) -> Retrying,
        fails: u32,
        error: impl Fn() -> Error,
    ) -> (Result<u32>, u32, Vec<Duration>) {
        let pauses = Arc::new(Pauses::default());
        let sleeper: Arc<dyn Sleeper> = pauses.clone();
        let clock = Arc::new(ManualClock::default());
        let retrying = setup(Retrying::new(clock, sleeper, Arc::new(SeededEntropy::new(1))));
        let runs = AtomicU32::new(0);
        let result = retrying
            .run(&Health::default(), &Operation::detached().cancellation, || async {
                let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
                if run > fails { Ok(run) } else { Err(error()) }
            })
            .await;
        let taken = pauses.taken.lock().unwrap().clone();
        (result, runs.into_inner(), taken)
    }

    fn down() -> Error {
        Error::unavailable("down")
    }

    #[tokio::test]
    async fn temporary_errors_are_tried_again_until_it_works() {
        for fails in 0..4 {
            let (result, runs, pauses) = run(|retrying| retrying, fails, down).await;
            assert_eq!((result.unwrap(), runs, pauses.len() as u32), (fails + 1, fails + 1, fails));
        }
    }

    #[tokio::test]
    async fn giving_up_is_said() {
        let (result, runs, pauses) = run(|retrying| retrying, 9, down).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
        assert_eq!(error.to_string(), "down (attempts: 4)");
        assert_eq!((runs, pauses.len()), (4, 3));
        let (_, runs, _) = run(|retrying| retrying.with_attempts(0), 9, down).await;
        assert_eq!(runs, 1, "the work is tried at least once");
    }

    #[tokio::test]
    async fn permanent_errors_are_not_tried_again() {
        for error in [|| Error::invalid("wrong"), || down().with_retry(Retry::Exhausted), Error::cancelled] {
            let (result, runs, pauses) = run(|retrying| retrying, 9, error).await;
            assert_eq!((runs, pauses.len()), (1, 0));
            assert_eq!(result.unwrap_err().retry(), error().retry());
        }
    }

    #[tokio::test]
    async fn pauses_grow_at_random_within_bounds() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(5));
        let patient = |retrying: Retrying| retrying.with_attempts(40).with_pauses(first, longest);
        let (_, _, pauses) = run(patient, 99, down).await;
        assert_eq!(pauses.len(), 39);
        for (number, pause) in (0..).zip(&pauses) {
            assert!(*pause <= longest.min(first * 2_u32.saturating_pow(number).min(1 << 20)), "{number}: {pause:?}");
        }
        assert!(pauses.iter().any(|pause| *pause > longest / 2), "they grow");
        assert!(pauses.iter().skip(6).any(|pause| *pause < longest / 2), "they are spread");
    }

    #[tokio::test]
    async fn the_wait_that_was_asked_for_is_kept() {
        let asked = Duration::from_secs(7);
        let busy = || Error::new(ErrorKind::RateLimited, "slow down").with_retry(Retry::Later(Some(asked)));
        let (result, _, pauses) = run(|retrying| retrying, 2, busy).await;
        result.unwrap();
        assert!(pauses.iter().all(|pause| *pause >= asked && *pause < asked * 2), "{pauses:?}");

        // Longer than the layer waits: whoever schedules the work is told.
        let short = |retrying: Retrying| retrying.with_pauses(asked / 10, asked / 2);
        let (result, runs, pauses) = run(short, 2, busy).await;
        assert_eq!(result.unwrap_err().retry(), Retry::Later(Some(asked)));
        assert_eq!((runs, pauses.len()), (1, 0));
    }

    #[tokio::test]
    async fn a_pause_can_be_stopped() {
        let cancellation = Cancellation::new();
        let pauses = Pauses { cancels: Some(cancellation.clone()), ..Pauses::default() };
        let clock = Arc::new(ManualClock::default());
        let retrying = Retrying::new(clock, Arc::new(pauses), Arc::new(SeededEntropy::new(1)));
        let result: Result<()> = retrying.run(&Health::default(), &cancellation, || async { Err(down()) }).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    }

    #[tokio::test]
    async fn who_keeps_failing_is_left_alone_until_a_probe_succeeds() {
        let clock = Arc::new(ManualClock::default());
        let retrying = Retrying::new(clock.clone(), Arc::new(Pauses::default()), Arc::new(SeededEntropy::new(1)));
        let (health, never, asked) = (Health::default(), Cancellation::new(), AtomicU32::new(0));
        let ask = |error: Option<fn() -> Error>| {
            let (retrying, health, never, asked) = (&retrying, &health, &never, &asked);
            async move {
                let before = asked.load(Ordering::SeqCst);
                let work = || async {
                    asked.fetch_add(1, Ordering::SeqCst);
                    error.map_or(Ok(()), |error| Err(error()))
                };
                (retrying.run(health, never, work).await, asked.load(Ordering::SeqCst) - before)
            }
        };
        for wrong in [(|| Error::invalid("wrong")) as fn() -> Error, || down().with_retry(Retry::Never)] {
            for _ in 0..20 {
                assert_eq!(ask(Some(wrong)).await.1, 1, "what is wrong with a request opens nothing");
            }
        }
        assert_eq!(health.tally().errors, 20, "a request that is wrong is no error of the provider");
        // Four attempts, then four more: the circuit opens at the fifth, and the call that was let in is tried on.
        for _ in 0..2 {
            assert_eq!(ask(Some(down)).await.1, 4);
        }
        let (refused, times) = ask(None).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind(), times), (ErrorKind::Unavailable, 0));
        assert_eq!(refused.retry(), Retry::Later(Some(Duration::from_secs(30))));
        assert!(refused.to_string().contains("last: down"), "{refused}");
        clock.advance(Duration::from_secs(30));
        assert!(ask(Some(|| down().with_retry(Retry::Exhausted))).await.0.is_err());
        assert_eq!(ask(None).await.1, 0, "the probe failed");
        clock.advance(Duration::from_secs(30));
        assert_eq!(ask(None).await.1, 1);
        assert_eq!(ask(None).await.1, 1);
        let tally = health.tally();
        assert_eq!((tally.requests, tally.errors, tally.failures.len()), (31, 29, 5));
        assert_eq!(tally.latency.counts.iter().sum::<u64>(), 31);
        assert_eq!(tally.served_at, Some(clock.now()));
    }
}
