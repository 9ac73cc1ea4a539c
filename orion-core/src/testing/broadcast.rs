//! Scenarios of [`Broadcast`].

use super::sample;
use crate::event::EventRecord;
use crate::id::{EventId, UserId};
use crate::port::Broadcast;
use async_trait::async_trait;
use std::sync::Arc;

/// Somebody outside of Orion who listens to every channel.
#[async_trait]
pub trait Listener: Send + Sync {
    /// The next message: the name of its channel, and its text.
    async fn next(&self) -> (String, String);
}

/// What is tested: the port, and who listens to it.
pub type Shown = (Arc<dyn Broadcast>, Box<dyn Listener>);

fn records() -> Vec<EventRecord> {
    let record = |(n, event)| EventRecord {
        sequence: n,
        id: EventId(sample::uuid(n)),
        at: sample::time(n),
        owner: (n % 2 == 0).then(|| UserId(sample::uuid(n))),
        event,
    };
    (1..).zip(sample::events()).map(record).collect()
}

/// Under the name of its channel, as the flat JSON of the contract.
async fn hears(listener: &dyn Listener, records: &[EventRecord]) {
    for record in records {
        let (channel, text) = listener.next().await;
        assert_eq!(channel, record.event.channel());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), record.to_wire().unwrap());
    }
}

/// Every kind of event, in the order in which they were given, and nothing between.
pub async fn listeners_hear_every_kind_in_order((broadcast, listener): Shown) {
    let records = records();
    broadcast.show(&records).await.unwrap();
    broadcast.show(&[]).await.unwrap();
    for record in &records {
        broadcast.show(std::slice::from_ref(record)).await.unwrap();
    }
    hears(&*listener, &records).await;
    hears(&*listener, &records).await;
}

/// A large batch arrives whole.
pub async fn a_large_batch_arrives_whole((broadcast, listener): Shown) {
    let record = |n| EventRecord {
        sequence: n,
        id: EventId(sample::uuid(n)),
        at: sample::time(n),
        owner: None,
        event: sample::event(n),
    };
    let many: Vec<EventRecord> = (1..=2000).map(record).collect();
    broadcast.show(&many).await.unwrap();
    hears(&*listener, &many).await;
}

/// Showing into the void succeeds.
pub async fn nobody_needs_to_hear((broadcast, listener): Shown) {
    drop(listener);
    broadcast.show(&records()).await.unwrap();
}
