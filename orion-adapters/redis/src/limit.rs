//! Rate limits of all gateways together: one script, so that looking and counting are one step.

use crate::Redis;
use async_trait::async_trait;
use orion_core::domain::Sha256;
use orion_core::port::{RateLimiter, Verdict, Window};
use orion_core::{Error, Result, Timestamp};
use redis::Script;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A request does not wait longer for its count.
const ANSWER: Duration = Duration::from_millis(250);
/// After a failure the server is not asked for so long.
const REST: Duration = Duration::from_millis(500);
/// Names that are longer are counted under their hash.
const LONGEST_NAME: usize = 200;

/// Counts calls at the server. Fails at once while the server is away: count elsewhere then.
#[derive(Debug)]
pub struct RedisLimiter {
    redis: Redis,
    script: Script,
    rests_until: Mutex<Option<Instant>>,
}

impl RedisLimiter {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis, script: Script::new(include_str!("limit.lua")), rests_until: Mutex::default() }
    }

    fn rests_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error while the server rests. Of many who come when that is over, one asks and the others still fail.
    fn check_rest(&self) -> Result<()> {
        let mut until = self.rests_until();
        let now = Instant::now();
        match *until {
            Some(rests) if now < rests => {
                Err(Error::unavailable("the Redis server was away a moment ago")
                    .with_context("server", self.redis.name()))
            }
            Some(_) => {
                *until = Some(now + REST);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn hit(&self, group: &str, limit: u32, who: &str, now: Timestamp) -> Result<Verdict> {
        self.check_rest()?;
        let window = Window::at(now);
        let hash = (who.len() > LONGEST_NAME).then(|| Sha256::of(who.as_bytes()).to_string());
        let who = hash.as_deref().unwrap_or(who);
        let key = |begin: u64| format!("ratelimit:{group}:{who}:{begin}");
        let mut call = self.script.key(key(window.begin));
        call.key(key(window.begin.saturating_sub(Window::SECONDS)));
        call.arg(limit).arg(window.left).arg(Window::MICROS).arg(Window::SECONDS);
        let mut connection = self.redis.connection();
        let answer = self.redis.within(ANSWER, async { call.invoke_async::<(u8, u64)>(&mut connection).await }).await;
        *self.rests_until() = answer.is_err().then(|| Instant::now() + REST);
        let (allowed, total) = answer?;
        let remaining = u64::from(limit).saturating_sub(total);
        let remaining = u32::try_from(remaining).unwrap_or_default();
        Ok(Verdict { allowed: allowed == 1, limit, remaining, reset: window.end() })
    }
}
