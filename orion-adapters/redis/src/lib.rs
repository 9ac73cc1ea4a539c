//! Redis beside the record, never in its place: it wakes workers and sockets of other processes, shows every event to
//! listeners outside, and counts calls for all gateways together. All of it may go away at any moment: nothing here
//! waits for it longer than a moment, and whatever it forgets is in the record or can be counted anew.
//!
//! ```
//! # async fn example() -> orion_core::Result<()> {
//! use orion_core::port::Wire;
//! let redis = orion_redis::Redis::open("redis://:password@127.0.0.1:6379/0")?;
//! let wire = redis.wire();
//! wire.wake().await?;
//! # Ok(())
//! # }
//! ```
//!
//! What lies or passes there: messages on `orion.*` (the events), messages on `orion:woken` (nothing but a sender's
//! mark), and keys `ratelimit:{group}:{who}:{second}` for two minutes. A user of its own needs no more than
//! `~ratelimit:* &orion.* &orion:woken +ping +publish +subscribe +get +incr +expire +evalsha +script|load +select`.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod address;
mod broadcast;
mod limit;
mod server;
#[cfg(test)]
mod tests;
mod wire;

pub use broadcast::RedisBroadcast;
pub use limit::RedisLimiter;
pub use server::Redis;
pub use wire::RedisWire;
