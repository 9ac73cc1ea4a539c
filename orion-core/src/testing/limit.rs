//! Scenarios of [`RateLimiter`].

use super::sample;
use crate::port::{RateLimiter, Verdict};
use crate::{Result, Timestamp};
use futures_util::future::join_all;
use std::sync::Arc;

/// A time: so many thousandths of a second after the start of 2026.
fn at(millis: u64) -> Timestamp {
    sample::time(0).after(std::time::Duration::from_millis(millis))
}

/// The end of the window that begins so many seconds after the start of 2026.
fn end(begin: u64) -> u64 {
    u64::try_from(sample::time(begin + 60).as_micros() / 1_000_000).unwrap()
}

async fn allowed(limiter: &Arc<dyn RateLimiter>, group: &str, who: &str, now: Timestamp) -> bool {
    limiter.hit(group, 5, who, now).await.unwrap().allowed
}

/// Five are allowed in a minute; later the share of them that is still within sixty seconds counts, rounded down.
pub async fn the_window_slides(limiter: Arc<dyn RateLimiter>) {
    for left in (0..5).rev() {
        let verdict = limiter.hit("auth", 5, "a", at(600_000)).await.unwrap();
        assert_eq!(verdict, Verdict { allowed: true, limit: 5, remaining: left, reset: end(600) });
    }
    let refused = limiter.hit("auth", 5, "a", at(659_900)).await.unwrap();
    assert_eq!(refused, Verdict { allowed: false, limit: 5, remaining: 0, reset: end(600) });
    assert!(!allowed(&limiter, "auth", "a", at(660_000)).await, "five of the minute before still count");
    let verdict = limiter.hit("auth", 5, "a", at(660_100)).await.unwrap();
    assert_eq!(
        verdict,
        Verdict { allowed: true, limit: 5, remaining: 0, reset: end(660) },
        "four and a bit count as 4"
    );
    assert!(!allowed(&limiter, "auth", "a", at(660_100)).await);
    assert!(!allowed(&limiter, "auth", "a", at(671_900)).await);
    assert!(allowed(&limiter, "auth", "a", at(684_000)).await, "three of the five, and the one since");
    let verdict = limiter.hit("auth", 5, "a", at(840_000)).await.unwrap();
    assert_eq!(verdict.remaining, 4, "two minutes later nothing counts");
}

/// Only what was let through takes room.
pub async fn a_refused_call_is_not_counted(limiter: Arc<dyn RateLimiter>) {
    for n in 0..100 {
        assert_eq!(allowed(&limiter, "auth", "a", at(600_000)).await, n < 5);
    }
    assert!(allowed(&limiter, "auth", "a", at(673_000)).await);
}

/// Names are compared whole, whatever they are made of.
pub async fn callers_and_groups_are_apart(limiter: Arc<dyn RateLimiter>) {
    let long = "x".repeat(2000);
    let names = ["a", "A", "a ", "a:b", "", "*", "{a}", "ann@example.org 2001:db8::1", "名前\0\r\n", &long];
    for _ in 0..5 {
        for name in names {
            assert!(allowed(&limiter, "auth", name, at(600_000)).await, "{name:?}");
            assert!(allowed(&limiter, "system", name, at(600_000)).await, "{name:?}");
        }
    }
    for name in names {
        assert!(!allowed(&limiter, "auth", name, at(600_000)).await, "{name:?}");
    }
    assert!(allowed(&limiter, "auth", &format!("{long}y"), at(600_000)).await);
}

/// Looking and counting are one step.
pub async fn many_at_once_get_exactly_the_limit(limiter: Arc<dyn RateLimiter>) {
    for (number, window) in [600_000, 900_000].into_iter().enumerate() {
        let calls = (0..200).map(|_| limiter.hit("auth", 20, "a", at(window)));
        let verdicts: Result<Vec<Verdict>> = join_all(calls).await.into_iter().collect();
        let allowed: Vec<Verdict> = verdicts.unwrap().into_iter().filter(|verdict| verdict.allowed).collect();
        assert_eq!(allowed.len(), 20, "window {number}");
        let mut left: Vec<u32> = allowed.iter().map(|verdict| verdict.remaining).collect();
        left.sort_unstable();
        assert_eq!(left, (0..20).collect::<Vec<_>>(), "each was told what is left after it");
    }
}
