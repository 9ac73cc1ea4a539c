//! Scenarios of [`Archive`](crate::port::Archive).

use super::store::transcript;
use super::{assert_fails, repository, sample};
use crate::ErrorKind::{AlreadyExists, Corrupt, Unsupported};
use crate::id::EventId;
use crate::memory::MemoryStore;
use crate::port::{Entry, Filter, Place, Store};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Everything in a record, read in pages.
async fn entries(store: &dyn Store, most: u32) -> Vec<Entry> {
    let mut tx = store.read().await.unwrap();
    let (mut all, mut place) = (Vec::new(), Some(Place::default()));
    while let Some(from) = place {
        let (page, next) = tx.walk(&from, most).await.unwrap();
        assert!(page.len() <= most.max(1) as usize);
        all.extend(page);
        place = next;
    }
    all
}

async fn copy(from: &[Entry], to: &dyn Store) {
    let mut tx = to.begin().await.unwrap();
    tx.clear().await.unwrap();
    for entry in from {
        tx.put_back(entry).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// After much has happened, the copy tells the same of everything, here and in memory.
pub async fn a_copy_is_the_same_in_every_part(store: Arc<dyn Store>) {
    transcript(&*store, 7).await;
    let before = entries(&*store, 100).await;
    let kinds: BTreeSet<&str> = before.iter().map(kind).collect();
    assert_eq!(kinds.len(), 5, "every kind of entry is there: {kinds:?}");
    copy(&before, &*store).await;
    assert_eq!(entries(&*store, 100).await, before);
    let memory = MemoryStore::new();
    copy(&before, &memory).await;
    assert_eq!(entries(&memory, 100).await, before);
    // And back from there, with one row of every table.
    let memory = MemoryStore::new();
    repository::every_kind_of_row_comes_back_as_it_went_in(Arc::new(memory.clone())).await;
    let all = entries(&memory, 100).await;
    copy(&all, &*store).await;
    assert_eq!(entries(&*store, 100).await, all);
}

fn kind(entry: &Entry) -> &'static str {
    match entry {
        Entry::Row { .. } => "row",
        Entry::Event { .. } => "event",
        Entry::Group { .. } => "group",
        Entry::Delivery { .. } => "delivery",
        Entry::Last { .. } => "last",
    }
}

/// Sequences, versions, claims and what was put aside go on in the copy.
pub async fn a_copy_goes_on_where_the_record_stood(store: Arc<dyn Store>) {
    let (lease, at) = (Duration::from_secs(9), sample::time);
    let mut tx = store.begin().await.unwrap();
    let mut user = sample::user(1);
    tx.users().insert(&mut user).await.unwrap();
    tx.users().update(&mut user).await.unwrap();
    let mut fifth = 0;
    for n in 1..=5 {
        fifth = tx.append(EventId(sample::uuid(n)), at(n), None, &sample::event(n)).await.unwrap().sequence;
    }
    let claims = tx.claim("group", at(9), lease, 4).await.unwrap();
    tx.acknowledge(&claims[0]).await.unwrap();
    tx.release(&claims[1], at(50), "later").await.unwrap();
    tx.bury(&claims[2], "never").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.forget(at(2), 1).await.unwrap();
    tx.commit().await.unwrap();

    let before = entries(&*store, 3).await;
    copy(&before, &*store).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.users().get(user.id).await.unwrap().as_ref(), Some(&user), "with its version");
    tx.users().update(&mut user).await.unwrap();
    assert_eq!(tx.sequence_of(EventId(sample::uuid(1))).await.unwrap(), None, "what was forgotten stays so");
    assert_eq!(tx.sequence_of(EventId(sample::uuid(5))).await.unwrap(), Some(fifth));
    let next = tx.append(EventId(sample::uuid(6)), at(6), None, &sample::event(6)).await.unwrap();
    assert!(next.sequence > fifth);
    assert_eq!(tx.buried("group", 0, 9).await.unwrap()[0].1, "never");
    // The claim from before holds; what was acknowledged does not come again, what was released does in its time.
    tx.extend(&claims[3], at(10), lease).await.unwrap();
    let again = tx.claim("group", at(50), lease, 9).await.unwrap();
    let numbers: Vec<u64> = again.iter().map(|claim| claim.record.sequence).collect();
    let [_, second, _, fourth] = [0, 1, 2, 3].map(|n: usize| claims[n].record.sequence);
    assert_eq!(numbers, [second, fourth, fifth, next.sequence]);
    assert_eq!((again[0].fence, again[0].attempts), (claims[1].fence + 1, 2));
    tx.commit().await.unwrap();
}

/// The same entries in the same order whatever the page, and nothing of what comes meanwhile.
pub async fn a_walk_has_pages_and_sees_one_moment(store: Arc<dyn Store>) {
    transcript(&*store, 8).await;
    let whole = entries(&*store, 1000).await;
    for most in [0, 1, 2, 5] {
        assert_eq!(entries(&*store, most).await, whole, "{most}");
    }
    let mut reader = store.read().await.unwrap();
    let (mut seen, mut place) = (Vec::new(), Some(Place::default()));
    while let Some(from) = place {
        let (page, next) = reader.walk(&from, 3).await.unwrap();
        seen.extend(page);
        place = next;
        let mut tx = store.begin().await.unwrap();
        tx.clear().await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(seen, whole);
    assert_eq!(entries(&*store, 10).await, [Entry::Last { sequence: 0 }], "and all of it was cleared");
    assert_fails(reader.clear().await, Unsupported);
    assert_fails(reader.put_back(&whole[0]).await, Unsupported);
}

/// What is taken, unreadable or of an unknown table is refused; a cleared record comes back with a rollback.
pub async fn what_cannot_be_put_back_is_refused(store: Arc<dyn Store>) {
    transcript(&*store, 9).await;
    let whole = entries(&*store, 1000).await;
    for kind_of in ["row", "event", "group", "delivery"] {
        let there = whole.iter().find(|entry| kind(entry) == kind_of).unwrap();
        let mut tx = store.begin().await.unwrap();
        assert_fails(tx.put_back(there).await, AlreadyExists);
    }
    let row = |table: &str, doc: &str| Entry::Row { table: table.to_owned(), doc: doc.to_owned() };
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.put_back(&row("users", "{\"id\": 1}")).await, Corrupt);
    assert_fails(tx.put_back(&row("users; drop table users", "{}")).await, Unsupported);
    tx.clear().await.unwrap();
    assert_eq!(tx.users().count(&Filter::default()).await.unwrap(), 0);
    drop(tx);
    assert_eq!(entries(&*store, 1000).await, whole);
}
