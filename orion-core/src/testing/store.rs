//! Scenarios of [`Store`](crate::port::Store) and [`Tx`](crate::port::Tx).

use super::{assert_fails, sample};
use crate::ErrorKind::{Conflict, Unsupported};
use crate::id::{EventId, NotificationId, UserId};
use crate::memory::{MemoryStore, SeededEntropy};
use crate::port::{Claim, Entropy, Filter, Order, Page, Store, Tx};
use crate::{Result, Timestamp};
use futures_util::future::join_all;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

async fn append(tx: &mut dyn Tx, n: u64) {
    tx.append(EventId(sample::uuid(n)), sample::time(n), None, &sample::event(n)).await.unwrap();
}

/// Every way of looking sees what was written before in the same transaction.
pub async fn a_transaction_sees_its_own_writes(store: Arc<dyn Store>) {
    let mut tx = store.begin().await.unwrap();
    let mut trend = sample::trend(1);
    tx.trends().insert(&mut trend).await.unwrap();
    trend.score = 99.0;
    tx.trends().update(&mut trend).await.unwrap();
    append(&mut *tx, 1).await;
    assert_eq!(tx.trends().get(trend.id).await.unwrap().as_ref(), Some(&trend));
    assert_eq!(tx.trends().list(&Filter::default(), &Page::default()).await.unwrap().items, [trend.clone()]);
    assert_eq!(tx.trends().count(&Filter::default()).await.unwrap(), 1);
    assert_eq!(tx.read(0, None, 10).await.unwrap().len(), 1);
    assert_eq!(tx.claim("group", sample::time(2), Duration::from_secs(9), 10).await.unwrap().len(), 1);
    tx.trends().delete(trend.id).await.unwrap();
    assert_eq!(tx.trends().get(trend.id).await.unwrap(), None);
    tx.commit().await.unwrap();
}

/// No row, no change, no event, no claim of it stays, and the next transaction begins at once.
pub async fn a_dropped_transaction_leaves_no_trace(store: Arc<dyn Store>) {
    let mut kept = sample::user(1);
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut kept).await.unwrap();
    append(&mut *tx, 1).await;
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut sample::user(2)).await.unwrap();
    let mut changed = kept.clone();
    changed.name = "changed".to_owned();
    tx.users().update(&mut changed).await.unwrap();
    tx.feeds().insert(&mut sample::feed_state(1)).await.unwrap();
    append(&mut *tx, 2).await;
    assert_eq!(tx.claim("group", sample::time(1), Duration::from_secs(9), 10).await.unwrap().len(), 2);
    drop(tx);

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.users().list(&Filter::default(), &Page::default()).await.unwrap().items, [kept]);
    assert_eq!(tx.feeds().count(&Filter::default()).await.unwrap(), 0);
    let events = tx.read(0, None, 10).await.unwrap();
    assert_eq!(events.iter().map(|record| record.id).collect::<Vec<_>>(), [EventId(sample::uuid(1))]);
    let claims = tx.claim("group", sample::time(1), Duration::from_secs(9), 10).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.attempts).collect::<Vec<_>>(), [1], "the claim was undone too");
    // What was rolled back can be done again.
    tx.users().insert(&mut sample::user(2)).await.unwrap();
    append(&mut *tx, 2).await;
    tx.commit().await.unwrap();
}

/// A reader beside a writer neither waits nor sees anything of its work before the commit.
pub async fn uncommitted_work_is_unseen_and_readers_do_not_wait(store: Arc<dyn Store>) {
    let mut writer = store.begin().await.unwrap();
    writer.users().insert(&mut sample::user(1)).await.unwrap();
    append(&mut *writer, 1).await;
    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.users().count(&Filter::default()).await.unwrap(), 0);
    assert!(reader.read(0, None, 10).await.unwrap().is_empty());
    reader.commit().await.unwrap();
    writer.commit().await.unwrap();
    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.users().count(&Filter::default()).await.unwrap(), 1);
    assert_eq!(reader.read(0, None, 10).await.unwrap().len(), 1);
}

/// What a reader sees does not change under it, from the moment it began.
pub async fn a_reader_sees_one_moment(store: Arc<dyn Store>) {
    let mut early = store.read().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut sample::user(1)).await.unwrap();
    append(&mut *tx, 1).await;
    tx.commit().await.unwrap();
    assert_eq!(early.users().count(&Filter::default()).await.unwrap(), 0);
    assert!(early.read(0, None, 10).await.unwrap().is_empty());
    let mut late = store.read().await.unwrap();
    assert_eq!(late.users().count(&Filter::default()).await.unwrap(), 1);
    let mut tx = store.begin().await.unwrap();
    tx.users().delete(UserId(sample::uuid(1))).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(late.users().count(&Filter::default()).await.unwrap(), 1);
    assert_eq!(early.users().count(&Filter::default()).await.unwrap(), 0);
}

/// Every writing method refuses, and reading goes on.
pub async fn a_reader_cannot_write(store: Arc<dyn Store>) {
    let lease = Duration::from_secs(9);
    let mut tx = store.begin().await.unwrap();
    let mut user = sample::user(1);
    tx.users().insert(&mut user).await.unwrap();
    append(&mut *tx, 1).await;
    let claims = tx.claim("group", sample::time(1), lease, 1).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.read().await.unwrap();
    assert_fails(tx.users().insert(&mut sample::user(2)).await, Unsupported);
    assert_fails(tx.users().update(&mut user).await, Unsupported);
    assert_eq!(user.version, 1);
    assert_fails(tx.users().delete(user.id).await, Unsupported);
    let event = tx.append(EventId(sample::uuid(2)), sample::time(2), None, &sample::event(2)).await;
    assert_fails(event, Unsupported);
    assert_fails(tx.claim("group", sample::time(2), lease, 1).await, Unsupported);
    assert_fails(tx.extend(&claims[0], sample::time(2), lease).await, Unsupported);
    assert_fails(tx.acknowledge(&claims[0]).await, Unsupported);
    assert_fails(tx.release(&claims[0], sample::time(2), "later").await, Unsupported);
    assert_fails(tx.bury(&claims[0], "never").await, Unsupported);
    assert_eq!(tx.users().get(user.id).await.unwrap(), Some(user));
    assert_eq!(tx.read(0, None, 10).await.unwrap().len(), 1);
}

/// Many who read, think and write at once: each either counts or is told `Conflict`.
pub async fn no_update_is_lost(store: Arc<dyn Store>) {
    let mut content = sample::content(1);
    content.regeneration_count = 0;
    let mut tx = store.begin().await.unwrap();
    tx.contents().insert(&mut content).await.unwrap();
    tx.commit().await.unwrap();

    let add_one = || async {
        let mut seen = store.read().await?.contents().get(content.id).await?.unwrap();
        seen.regeneration_count += 1;
        let mut tx = store.begin().await?;
        tx.contents().update(&mut seen).await?;
        tx.commit().await
    };
    let worker = || async {
        let (mut counted, mut refused) = (0_u32, 0_u32);
        while counted < 5 {
            match add_one().await {
                Ok(()) => counted += 1,
                Err(error) if error.kind() == Conflict => refused += 1,
                Err(error) => panic!("{error:?}"),
            }
            assert!(refused < 10_000, "somebody always wins");
        }
        counted
    };
    let counted: u32 = join_all((0..6).map(|_| worker())).await.into_iter().sum();
    let mut tx = store.read().await.unwrap();
    let stored = tx.contents().get(content.id).await.unwrap().unwrap();
    assert_eq!((stored.regeneration_count, stored.version), (counted, u64::from(counted) + 1));
}

/// Random transactions do the same here as in memory, refusals included.
pub async fn random_work_ends_as_in_memory(store: Arc<dyn Store>) {
    let seed = 0x5EED;
    let here = transcript(&*store, seed).await;
    let memory = transcript(&MemoryStore::new(), seed).await;
    for (step, (here, memory)) in here.iter().zip(&memory).enumerate() {
        assert_eq!(here, memory, "step {step}");
    }
    assert_eq!(here.len(), memory.len());
}

/// What every step of a random history gave, as text.
pub(super) async fn transcript(store: &dyn Store, seed: u64) -> Vec<String> {
    let entropy = SeededEntropy::new(seed);
    let entropy: &dyn Entropy = &entropy;
    let (mut told, mut claims, mut now) = (Vec::new(), Vec::new(), 0);
    for _ in 0..60 {
        let mut tx = store.begin().await.unwrap();
        for _ in 0..1 + entropy.number() % 8 {
            now += entropy.number() % 4;
            told.push(random_step(&mut *tx, entropy, &mut claims, sample::time(now)).await);
        }
        if !entropy.number().is_multiple_of(4) {
            tx.commit().await.unwrap();
        }
    }
    told
}

async fn random_step(tx: &mut dyn Tx, entropy: &dyn Entropy, claims: &mut Vec<Claim>, now: Timestamp) -> String {
    let n = entropy.number() % 12;
    let lease = Duration::from_secs(entropy.number() % 8);
    let limit = (entropy.number() % 5) as u32;
    let group = if entropy.number().is_multiple_of(2) { "a" } else { "b" };
    let claim = (!claims.is_empty()).then(|| claims[entropy.number() as usize % claims.len()].clone());
    match (entropy.number() % 14, claim) {
        (0 | 1, _) => told("insert", tx.users().insert(&mut sample::user(n)).await),
        (2, _) => {
            let mut user = sample::user(n);
            user.email = format!("user{}@example.org", entropy.number() % 12);
            user.version = entropy.number() % 3;
            told("update", tx.users().update(&mut user).await)
        }
        (3, _) => told("delete", tx.users().delete(UserId(sample::uuid(n))).await),
        (4, _) => told("find", tx.users().find(&format!("user{n}@example.org")).await),
        (5, _) => {
            let orders = [Order::Newest, Order::Oldest, Order::RankDown, Order::RankUp];
            let page = Page::first(orders[n as usize % 4], limit + 1);
            let filter = Filter { since: Some(sample::time(n / 2)), ..Filter::default() };
            told("list", tx.users().list(&filter, &page).await)
        }
        (6, _) => {
            let mut notification = sample::notification(entropy.number() % 40);
            told("note", tx.notifications().insert(&mut notification).await)
                + &told("get", tx.notifications().get(NotificationId(sample::uuid(n))).await)
        }
        (7, _) => {
            let id = EventId(sample::uuid(entropy.number() % 200));
            let owner = n.is_multiple_of(3).then_some(UserId(sample::uuid(n)));
            told("append", tx.append(id, now, owner, &sample::event(n)).await)
        }
        (8, _) => {
            let claimed = tx.claim(group, now, lease, limit).await;
            claims.extend(claimed.iter().flatten().cloned());
            told("claim", claimed)
        }
        (9, Some(claim)) => told("acknowledge", tx.acknowledge(&claim).await),
        (10, Some(claim)) => told("release", tx.release(&claim, now.after(lease), "later").await),
        (11, Some(claim)) => told("bury", tx.bury(&claim, "never").await),
        (12, Some(claim)) => told("extend", tx.extend(&claim, now, lease).await),
        _ => {
            let events = told("read", tx.read(n, None, limit).await);
            events + &told("buried", tx.buried(group, n / 4, limit).await)
        }
    }
}

fn told<T: Debug>(what: &str, result: Result<T>) -> String {
    match result {
        Ok(value) => format!("{what}: {value:?}"),
        Err(error) => format!("{what}: {}", error.kind().as_str()),
    }
}
