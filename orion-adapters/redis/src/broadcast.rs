//! Events for listeners outside of Orion, by publish and subscribe.

use crate::Redis;
use crate::server::ANSWER;
use async_trait::async_trait;
use orion_core::Result;
use orion_core::event::EventRecord;
use orion_core::port::Broadcast;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// After the server came back, listeners have this long to come back too before anything is shown.
const LISTENERS: Duration = Duration::from_millis(250);

/// Shows each event on the channel of its name.
#[derive(Debug)]
pub struct RedisBroadcast {
    redis: Redis,
    away: AtomicBool,
}

impl RedisBroadcast {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis, away: AtomicBool::new(false) }
    }

    async fn publish(&self, records: &[EventRecord]) -> Result<()> {
        let mut messages = redis::pipe();
        for record in records {
            messages.cmd("PUBLISH").arg(record.event.channel()).arg(record.to_wire()?.to_string()).ignore();
        }
        let mut connection = self.redis.connection();
        self.redis.within(ANSWER, async move { messages.exec_async(&mut connection).await }).await
    }
}

#[async_trait]
impl Broadcast for RedisBroadcast {
    async fn show(&self, records: &[EventRecord]) -> Result<()> {
        if self.away.load(Ordering::Relaxed) {
            self.redis.ping().await?;
            tokio::time::sleep(LISTENERS).await;
            self.away.store(false, Ordering::Relaxed);
        }
        if records.is_empty() {
            return Ok(());
        }
        let shown = self.publish(records).await;
        self.away.store(shown.is_err(), Ordering::Relaxed);
        shown
    }
}
