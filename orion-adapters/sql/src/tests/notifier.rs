//! A consumer group at work on a file that several processes share: workers come and go, and everybody is told once.

use crate::SqlStore;
use orion_core::event::Event;
use orion_core::id::{EventId, TrendId, UserId};
use orion_core::memory::{ManualClock, MemoryWire, SeededEntropy};
use orion_core::port::{Clock, Filter};
use orion_core::service::identity::Notifier;
use orion_core::testing::sample;
use std::sync::Arc;
use std::time::Duration;

const EVENTS: u64 = 120;
const USERS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_come_and_go_tell_everybody_once() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
    let clock = Arc::new(ManualClock::at(sample::time(10_000)));
    // Each opens the file for itself, as a process would.
    let worker = async |seed| Notifier {
        store: Arc::new(SqlStore::open(&uri).await.unwrap()),
        clock: clock.clone(),
        entropy: Arc::new(SeededEntropy::new(seed)),
        wire: Arc::new(MemoryWire::new()),
    };
    let last = worker(0).await;
    let mut tx = last.store.begin().await.unwrap();
    for n in 1..=USERS {
        tx.users().insert(&mut sample::user(n)).await.unwrap();
    }
    for n in 0..EVENTS {
        let event = Event::TrendDetected {
            trend_id: TrendId(sample::uuid(n)),
            topic: format!("Topic {n}"),
            source: "rss:Example".to_owned(),
            score: 50.0,
            detected_at: sample::time(n),
            niche: None,
        };
        tx.append(EventId(sample::uuid(n)), clock.now(), None, &event).await.unwrap();
    }
    tx.commit().await.unwrap();

    for round in 1..=30 {
        let (one, other) = (worker(2 * round).await, worker(2 * round + 1).await);
        let tasks = [one, other].map(|worker| tokio::spawn(async move { worker.handle_next().await }));
        tokio::time::sleep(Duration::from_micros(300 * round)).await;
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        // What the dead had claimed comes back.
        clock.advance(Duration::from_secs(21));
    }
    // A commit that was under way may take effect a moment later.
    for _ in 0..3 {
        clock.advance(Duration::from_secs(600));
        while last.handle_next().await.unwrap() > 0 {}
    }
    for n in 1..=USERS {
        let page = last.list(UserId(sample::uuid(n)), false, 1, 100).await.unwrap();
        assert_eq!((page.total, page.unread), (EVENTS, EVENTS));
        let mut topics: Vec<_> = page.items.into_iter().map(|row| row.title).collect();
        topics.extend(
            last.list(UserId(sample::uuid(n)), false, 2, 100).await.unwrap().items.into_iter().map(|row| row.title),
        );
        topics.sort();
        topics.dedup();
        assert_eq!(topics.len(), EVENTS as usize, "each once");
    }
    let mut tx = last.store.read().await.unwrap();
    assert_eq!(tx.notifications().count(&Filter::default()).await.unwrap(), EVENTS * USERS);
    let log = tx.read(0, None, 10_000).await.unwrap();
    let told = log.iter().filter(|record| matches!(record.event, Event::NotificationCreated { .. })).count();
    assert_eq!(told as u64, EVENTS * USERS, "and each was pushed once");
    assert!(tx.buried("identity", 0, 10).await.unwrap().is_empty());
}
