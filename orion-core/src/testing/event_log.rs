//! Scenarios of [`EventLog`](crate::port::EventLog).

use super::{assert_fails, let_others_on, sample};
use crate::ErrorKind::{AlreadyExists, Conflict, NotFound, Unsupported};
use crate::event::EventRecord;
use crate::id::{EventId, UserId};
use crate::port::{Claim, Store};
use futures_util::future::{join, join_all};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(20);

async fn append(store: &Arc<dyn Store>, numbers: impl IntoIterator<Item = u64>) -> Vec<EventRecord> {
    let mut tx = store.begin().await.unwrap();
    let mut records = Vec::new();
    for n in numbers {
        let id = EventId(sample::uuid(n));
        records.push(tx.append(id, sample::time(n), None, &sample::event(n)).await.unwrap());
    }
    tx.commit().await.unwrap();
    records
}

/// Claims at `second` and commits.
async fn claim(store: &Arc<dyn Store>, group: &str, second: u64, limit: u32) -> Vec<Claim> {
    let mut tx = store.begin().await.unwrap();
    let claims = tx.claim(group, sample::time(second), LEASE, limit).await.unwrap();
    tx.commit().await.unwrap();
    claims
}

fn sequences(claims: &[Claim]) -> Vec<u64> {
    claims.iter().map(|claim| claim.record.sequence).collect()
}

/// Within a transaction, over transactions, and over one that was rolled back.
pub async fn sequences_rise_over_commits(store: Arc<dyn Store>) {
    let mut records = append(&store, [1, 2]).await;
    let mut tx = store.begin().await.unwrap();
    tx.append(EventId(sample::uuid(3)), sample::time(3), None, &sample::event(3)).await.unwrap();
    drop(tx);
    records.extend(append(&store, [4]).await);
    assert!(records.windows(2).all(|pair| pair[0].sequence < pair[1].sequence), "{records:?}");
    assert!(records[0].sequence > 0, "reading behind 0 reads everything");
    assert_eq!(store.read().await.unwrap().read(0, None, 10).await.unwrap(), records);
}

/// An identifier stands for one event, and the refusal hurts nothing.
pub async fn an_event_is_appended_once(store: Arc<dyn Store>) {
    append(&store, [1]).await;
    let mut tx = store.begin().await.unwrap();
    let again = tx.append(EventId(sample::uuid(1)), sample::time(2), None, &sample::event(2)).await;
    assert_fails(again, AlreadyExists);
    tx.append(EventId(sample::uuid(2)), sample::time(2), None, &sample::event(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.read().await.unwrap().read(0, None, 10).await.unwrap().len(), 2);
}

/// The end of the log, and the place of one event, also within a transaction.
pub async fn the_last_event_and_the_place_of_each_are_known(store: Arc<dyn Store>) {
    assert_eq!(store.read().await.unwrap().last().await.unwrap(), 0);
    let records = append(&store, [1, 2, 3]).await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.last().await.unwrap(), records[2].sequence);
    for record in &records {
        assert_eq!(tx.sequence_of(record.id).await.unwrap(), Some(record.sequence));
    }
    assert_eq!(tx.sequence_of(EventId(sample::uuid(4))).await.unwrap(), None);
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    let fourth = tx.append(EventId(sample::uuid(4)), sample::time(4), None, &sample::event(4)).await.unwrap();
    assert_eq!(tx.last().await.unwrap(), fourth.sequence);
    assert_eq!(tx.sequence_of(fourth.id).await.unwrap(), Some(fourth.sequence));
    drop(tx);
    assert_eq!(store.read().await.unwrap().last().await.unwrap(), records[2].sequence);
}

/// The limit, the place, and who may see what.
pub async fn reading_is_bounded_and_respects_owners(store: Arc<dyn Store>) {
    let (ann, bob) = (UserId(sample::uuid(1)), UserId(sample::uuid(2)));
    let mut tx = store.begin().await.unwrap();
    let mut records = Vec::new();
    for (n, owner) in (0..).zip([None, Some(ann), Some(bob), Some(ann), None]) {
        let id = EventId(sample::uuid(n));
        records.push(tx.append(id, sample::time(n), owner, &sample::event(n)).await.unwrap());
    }
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    let pick = |places: &[usize]| places.iter().map(|place| records[*place].clone()).collect::<Vec<_>>();
    assert_eq!(tx.read(0, None, 10).await.unwrap(), records);
    assert_eq!(tx.read(0, None, 2).await.unwrap(), pick(&[0, 1]));
    assert_eq!(tx.read(records[1].sequence, None, 2).await.unwrap(), pick(&[2, 3]));
    assert_eq!(tx.read(records[4].sequence, None, 2).await.unwrap(), []);
    assert_eq!(tx.read(0, None, 0).await.unwrap(), []);
    assert_eq!(tx.read(0, Some(ann), 10).await.unwrap(), pick(&[0, 1, 3, 4]));
    assert_eq!(tx.read(records[1].sequence, Some(bob), 1).await.unwrap(), pick(&[2]));
    assert_eq!(tx.read(0, Some(UserId(sample::uuid(9))), 10).await.unwrap(), pick(&[0, 4]));
    assert_eq!(tx.read(u64::from(u32::MAX), None, 10).await.unwrap(), []);
}

/// Who reads on from the last place it saw, while others append, sees everything in order.
pub async fn a_tailing_reader_misses_nothing(store: Arc<dyn Store>) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 12;
    let busy = AtomicUsize::new(WRITERS as usize);
    let writer = |w: u64| {
        let (store, busy) = (&store, &busy);
        async move {
            for n in 0..EACH {
                append(store, [w * 100 + 2 * n, w * 100 + 2 * n + 1]).await;
            }
            busy.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let reader = async {
        let mut seen: Vec<EventRecord> = Vec::new();
        loop {
            let finished = busy.load(Ordering::SeqCst) == 0;
            let after = seen.last().map_or(0, |record| record.sequence);
            let news = store.read().await.unwrap().read(after, None, 7).await.unwrap();
            if finished && news.is_empty() {
                return seen;
            }
            seen.extend(news);
            let_others_on().await;
        }
    };
    let (seen, _) = join(reader, join_all((0..WRITERS).map(writer))).await;
    assert!(seen.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    let ids: HashSet<EventId> = seen.iter().map(|record| record.id).collect();
    assert_eq!((ids.len() as u64, seen.len() as u64), (WRITERS * EACH * 2, WRITERS * EACH * 2));
}

/// Every group gets every event, however late it comes.
pub async fn a_new_group_begins_at_the_start_and_groups_are_independent(store: Arc<dyn Store>) {
    let records = append(&store, 1..=3).await;
    assert_eq!(sequences(&claim(&store, "a", 0, 2).await), [records[0].sequence, records[1].sequence]);
    let claims = claim(&store, "b", 0, 10).await;
    assert_eq!(claims.iter().map(|claim| claim.record.clone()).collect::<Vec<_>>(), records);
    assert!(claims.iter().all(|claim| claim.group == "b" && claim.attempts == 1));
    assert!(claims.iter().all(|claim| claim.lease_until == sample::time(20)));
    assert_eq!(sequences(&claim(&store, "a", 0, 10).await), [records[2].sequence]);
    assert_eq!(claim(&store, "A", 0, 10).await.len(), 3, "groups are told apart by case");
    assert!(claim(&store, "c", 0, 0).await.is_empty());
    assert_eq!(claim(&store, "c", 0, 10).await.len(), 3, "claiming nothing takes nothing");
}

/// Not given twice before the end of the lease; then with a higher fence, oldest first.
pub async fn a_claim_holds_until_its_lease_ends(store: Arc<dyn Store>) {
    let records = append(&store, 1..=2).await;
    let first = claim(&store, "a", 0, 10).await;
    assert!(claim(&store, "a", 19, 10).await.is_empty());
    let third = append(&store, [3]).await;
    let again = claim(&store, "a", 20, 10).await;
    assert_eq!(sequences(&again), [records[0].sequence, records[1].sequence, third[0].sequence]);
    assert_eq!(again.iter().map(|claim| claim.attempts).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(again[0].fence > first[0].fence && again[1].fence > first[1].fence);
    // Bounded also where some come back and some are new.
    append(&store, [4]).await;
    assert_eq!(claim(&store, "a", 40, 1).await.len(), 1);
    assert_eq!(claim(&store, "a", 40, 9).await.len(), 3);
}

/// An extension counts from the time it is made.
pub async fn an_extended_claim_holds_longer(store: Arc<dyn Store>) {
    append(&store, [1]).await;
    let held = claim(&store, "a", 0, 1).await.remove(0);
    let mut tx = store.begin().await.unwrap();
    tx.extend(&held, sample::time(15), LEASE).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 34, 1).await.is_empty());
    assert_eq!(claim(&store, "a", 35, 1).await.len(), 1);
}

/// Done is done, for this group only, whatever becomes of the events around it.
pub async fn an_acknowledged_event_never_returns(store: Arc<dyn Store>) {
    let records = append(&store, 1..=3).await;
    let claims = claim(&store, "a", 0, 3).await;
    let mut tx = store.begin().await.unwrap();
    tx.acknowledge(&claims[1]).await.unwrap();
    assert_fails(tx.acknowledge(&claims[1]).await, Conflict);
    tx.commit().await.unwrap();
    assert_eq!(sequences(&claim(&store, "a", 100, 9).await), [records[0].sequence, records[2].sequence]);
    assert_eq!(claim(&store, "b", 100, 9).await.len(), 3);
}

/// Many at once are done as one is, whatever their groups; one that is not held spoils them all.
pub async fn many_are_acknowledged_at_once(store: Arc<dyn Store>) {
    append(&store, 1..=150).await;
    let mut claims = claim(&store, "a", 0, 150).await;
    claims.extend(claim(&store, "b", 0, 3).await);
    let stale = claims.pop().unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.acknowledge_all(&[]).await.unwrap();
    let mut forged = claims.clone();
    forged[70].fence += 1;
    assert_fails(tx.acknowledge_all(&forged).await, Conflict);
    drop(tx);
    assert_eq!(claim(&store, "a", 20, 150).await.len(), 150, "what failed is undone");
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.acknowledge_all(&claims[..1]).await, Conflict);
    drop(tx);
    let mut held = claim(&store, "a", 40, 150).await;
    held.extend(claim(&store, "b", 20, 2).await);
    assert_eq!(held.len(), 152);
    let mut tx = store.begin().await.unwrap();
    tx.acknowledge_all(&held).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 100, 9).await.is_empty());
    assert_eq!(sequences(&claim(&store, "b", 100, 999).await).first(), Some(&stale.record.sequence));
}

/// What becomes of claims in the transaction that makes them is as if that had been committed before.
pub async fn a_claim_can_end_in_the_transaction_that_makes_it(store: Arc<dyn Store>) {
    let records = append(&store, 1..=100).await;
    let places = |claims: &[Claim]| -> Vec<usize> {
        claims.iter().map(|claim| records.iter().position(|record| *record == claim.record).unwrap()).collect()
    };
    let stale = claim(&store, "a", 0, 6).await;
    let mut tx = store.begin().await.unwrap();
    let mut claims = tx.claim("a", sample::time(20), LEASE, 90).await.unwrap();
    assert_eq!(claims.len(), 90);
    claims.extend(tx.claim("a", sample::time(20), LEASE, 90).await.unwrap());
    assert_eq!(places(&claims), (0..100).collect::<Vec<_>>(), "none is given twice");
    tx.acknowledge(&claims[0]).await.unwrap();
    assert_fails(tx.acknowledge(&claims[0]).await, Conflict);
    tx.acknowledge_all(&claims[10..]).await.unwrap();
    tx.release(&claims[1], sample::time(30), "later").await.unwrap();
    tx.bury(&claims[2], "never").await.unwrap();
    tx.extend(&claims[3], sample::time(30), LEASE).await.unwrap();
    tx.commit().await.unwrap();
    // The rest is held until the end of its lease.
    assert_eq!(places(&claim(&store, "a", 39, 99).await), [1]);
    assert_eq!(places(&claim(&store, "a", 49, 99).await), [4, 5, 6, 7, 8, 9]);
    assert_eq!(places(&claim(&store, "a", 50, 99).await), [3]);
    for refused in [&stale[4], &claims[4]] {
        let mut tx = store.begin().await.unwrap();
        let held = tx.claim("a", sample::time(200), LEASE, 99).await.unwrap();
        assert_eq!(places(&held), [1, 3, 4, 5, 6, 7, 8, 9]);
        assert_fails(tx.acknowledge(refused).await, Conflict);
    }
}

/// The effect and its acknowledgement stand or fall together.
pub async fn an_acknowledgement_that_is_rolled_back_does_not_count(store: Arc<dyn Store>) {
    append(&store, [1]).await;
    let held = claim(&store, "a", 0, 1).await.remove(0);
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut sample::user(1)).await.unwrap();
    tx.acknowledge(&held).await.unwrap();
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.users().get(UserId(sample::uuid(1))).await.unwrap(), None);
    tx.acknowledge(&held).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 100, 1).await.is_empty());
}

/// Given back, it comes at its time and not before; nobody holds it until then.
pub async fn a_released_event_waits_for_its_time(store: Arc<dyn Store>) {
    append(&store, [1]).await;
    let first = claim(&store, "a", 0, 1).await.remove(0);
    let mut tx = store.begin().await.unwrap();
    tx.release(&first, sample::time(60), "no room").await.unwrap();
    assert_fails(tx.acknowledge(&first).await, Conflict);
    assert_fails(tx.extend(&first, sample::time(1), LEASE).await, Conflict);
    assert_fails(tx.release(&first, sample::time(1), "again").await, Conflict);
    assert_fails(tx.bury(&first, "again").await, Conflict);
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 59, 1).await.is_empty(), "the lease no longer counts, the retry time does");
    let second = claim(&store, "a", 60, 1).await.remove(0);
    assert!(second.attempts == 2 && second.fence > first.fence);
}

/// Put aside for good, and found again by who looks for it.
pub async fn a_buried_event_is_listed_with_its_reason(store: Arc<dyn Store>) {
    let records = append(&store, 1..=4).await;
    let claims = claim(&store, "a", 0, 9).await;
    let mut tx = store.begin().await.unwrap();
    for (held, reason) in [(&claims[2], "third\0'"), (&claims[0], "first"), (&claims[3], "")] {
        tx.bury(held, reason).await.unwrap();
        assert_fails(tx.bury(held, reason).await, Conflict);
        assert_fails(tx.acknowledge(held).await, Conflict);
    }
    tx.acknowledge(&claims[1]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 100, 9).await.is_empty());
    let mut tx = store.read().await.unwrap();
    let row = |place: usize, reason: &str| (records[place].clone(), reason.to_owned());
    let all = [row(0, "first"), row(2, "third\0'"), row(3, "")];
    assert_eq!(tx.buried("a", 0, 9).await.unwrap(), all);
    assert_eq!(tx.buried("a", records[0].sequence, 1).await.unwrap(), all[1..2]);
    assert_eq!(tx.buried("b", 0, 9).await.unwrap(), []);
}

/// Taken up again, it is as new but for its fence; other groups and other events are left alone.
pub async fn an_exhumed_event_is_tried_again(store: Arc<dyn Store>) {
    let records = append(&store, 1..=3).await;
    let sequence = records[1].sequence;
    let _ = claim(&store, "a", 0, 9).await;
    let again = claim(&store, "a", 20, 9).await;
    let other = claim(&store, "b", 0, 9).await;
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.exhume("a", sequence, sample::time(0)).await, NotFound);
    tx.acknowledge(&again[0]).await.unwrap();
    tx.bury(&again[1], "poison").await.unwrap();
    tx.bury(&other[1], "poison").await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    for (group, nothing) in [("a", records[0].sequence), ("a", records[2].sequence), ("a", 99), ("c", sequence)] {
        assert_fails(tx.exhume(group, nothing, sample::time(0)).await, NotFound);
    }
    tx.exhume("a", sequence, sample::time(60)).await.unwrap();
    assert_fails(tx.exhume("a", sequence, sample::time(60)).await, NotFound);
    assert_eq!(tx.buried("a", 0, 9).await.unwrap(), []);
    assert_eq!(tx.buried("b", 0, 9).await.unwrap(), [(records[1].clone(), "poison".to_owned())]);
    assert_fails(tx.acknowledge(&again[1]).await, Conflict);
    drop(tx);
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.buried("a", 0, 9).await.unwrap().len(), 1, "rolled back, it lies where it lay");
    assert_fails(tx.exhume("a", sequence, sample::time(60)).await, Unsupported);
    drop(tx);

    let mut tx = store.begin().await.unwrap();
    tx.exhume("a", sequence, sample::time(60)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sequences(&claim(&store, "a", 59, 9).await), [records[2].sequence]);
    let tried = claim(&store, "a", 60, 9).await.remove(0);
    assert_eq!((&tried.record, tried.attempts), (&records[1], 1));
    assert!(tried.fence > again[1].fence);
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.bury(&again[1], "late").await, Conflict);
    tx.acknowledge(&tried).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.read().await.unwrap().buried("a", 0, 9).await.unwrap(), []);
}

/// Who slept past its lease can do nothing once another has taken over, and who took over can.
pub async fn a_stale_fence_is_refused(store: Arc<dyn Store>) {
    append(&store, [1]).await;
    let stale = claim(&store, "a", 0, 1).await.remove(0);
    let fresh = claim(&store, "a", 20, 1).await.remove(0);
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.acknowledge(&stale).await, Conflict);
    assert_fails(tx.extend(&stale, sample::time(21), LEASE).await, Conflict);
    assert_fails(tx.release(&stale, sample::time(21), "late").await, Conflict);
    assert_fails(tx.bury(&stale, "late").await, Conflict);
    let stranger = Claim { group: "b".to_owned(), ..fresh.clone() };
    assert_fails(tx.acknowledge(&stranger).await, Conflict);
    let forged = Claim { fence: fresh.fence + 1, ..fresh.clone() };
    assert_fails(tx.acknowledge(&forged).await, Conflict);
    tx.extend(&fresh, sample::time(21), LEASE).await.unwrap();
    tx.acknowledge(&fresh).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&store, "a", 100, 1).await.is_empty());
}

/// Many workers of one group share the log without giving any event to two of them.
pub async fn concurrent_claims_never_double(store: Arc<dyn Store>) {
    append(&store, 1..=60).await;
    let worker = || async {
        let mut mine = Vec::new();
        loop {
            let claims = claim(&store, "a", 0, 3).await;
            if claims.is_empty() {
                return mine;
            }
            let mut tx = store.begin().await.unwrap();
            for held in &claims {
                tx.acknowledge(held).await.unwrap();
            }
            tx.commit().await.unwrap();
            mine.extend(claims);
        }
    };
    let mut given: BTreeMap<u64, usize> = BTreeMap::new();
    for held in join_all((0..8).map(|_| worker())).await.into_iter().flatten() {
        *given.entry(held.record.sequence).or_default() += 1;
    }
    assert_eq!(given.len(), 60);
    assert!(given.values().all(|times| *times == 1), "{given:?}");
    assert!(claim(&store, "a", 1000, 9).await.is_empty());
}

/// Those that claimed, whether they were given anything or not.
pub async fn groups_are_known_by_name(store: Arc<dyn Store>) {
    assert_eq!(store.read().await.unwrap().groups().await.unwrap(), Vec::<String>::new());
    claim(&store, "b", 0, 1).await;
    append(&store, [1]).await;
    claim(&store, "a", 0, 1).await;
    claim(&store, "b", 0, 1).await;
    assert_eq!(store.read().await.unwrap().groups().await.unwrap(), ["a", "b"]);
}

/// Deletes what lies before `second` and gives what is left.
async fn forget(store: &Arc<dyn Store>, second: u64, limit: u32) -> (u64, Vec<u64>) {
    let mut tx = store.begin().await.unwrap();
    let gone = tx.forget(sample::time(second), limit).await.unwrap();
    tx.commit().await.unwrap();
    let left = store.read().await.unwrap().read(0, None, 100).await.unwrap();
    (gone, left.iter().map(|record| record.sequence).collect())
}

/// Whatever a group has still to do keeps its event: not given, held, released, put aside.
pub async fn old_events_go_once_every_group_is_done_with_them(store: Arc<dyn Store>) {
    let records = append(&store, 1..=6).await;
    let at = |places: &[usize]| places.iter().map(|place| records[*place].sequence).collect::<Vec<_>>();
    // One group is done with all, another has done the first, holds, released and buried, and was not given the rest.
    let mut tx = store.begin().await.unwrap();
    for held in tx.claim("a", sample::time(0), LEASE, 9).await.unwrap() {
        tx.acknowledge(&held).await.unwrap();
    }
    tx.commit().await.unwrap();
    let claims = claim(&store, "b", 0, 4).await;
    let mut tx = store.begin().await.unwrap();
    tx.acknowledge(&claims[0]).await.unwrap();
    tx.release(&claims[2], sample::time(60), "no room").await.unwrap();
    tx.bury(&claims[3], "poison").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(forget(&store, 1, 9).await, (0, at(&[0, 1, 2, 3, 4, 5])), "nothing lies before the first");
    assert_eq!(forget(&store, 100, 9).await, (1, at(&[1, 2, 3, 4, 5])));

    // What was left is given as if nothing had gone.
    let mut tx = store.begin().await.unwrap();
    tx.acknowledge(&claims[1]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(forget(&store, 100, 9).await, (1, at(&[2, 3, 4, 5])));
    let rest = claim(&store, "b", 60, 9).await;
    assert_eq!(sequences(&rest), at(&[2, 4, 5]));
    assert_eq!(store.read().await.unwrap().buried("b", 0, 9).await.unwrap()[0].0, records[3]);
    let mut tx = store.begin().await.unwrap();
    for held in &rest {
        tx.acknowledge(held).await.unwrap();
    }
    tx.exhume("b", records[3].sequence, sample::time(60)).await.unwrap();
    tx.commit().await.unwrap();
    // The fifth is from second 5, and stays until the time comes.
    assert_eq!(forget(&store, 5, 9).await, (1, at(&[3, 4, 5])), "what was taken up again is not done");
    assert_eq!(sequences(&claim(&store, "b", 60, 9).await), at(&[3]));
    // A new group has its say from its first claim on.
    assert_eq!(sequences(&claim(&store, "c", 60, 1).await), at(&[3]));
    assert_eq!(forget(&store, 100, 9).await, (0, at(&[3, 4, 5])));
    assert_eq!(sequences(&claim(&store, "c", 60, 9).await), at(&[4, 5]));
}

/// Places outlive what stood there.
pub async fn a_log_that_was_emptied_goes_on(store: Arc<dyn Store>) {
    let records = append(&store, 1..=3).await;
    assert_eq!(forget(&store, 100, 9).await, (3, vec![]), "nobody waits for them");
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.last().await.unwrap(), records[2].sequence);
    assert_eq!(tx.sequence_of(records[2].id).await.unwrap(), None);
    drop(tx);
    let fourth = append(&store, [4]).await.remove(0);
    assert!(fourth.sequence > records[2].sequence, "no place is given twice");
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.read(records[0].sequence, None, 9).await.unwrap(), std::slice::from_ref(&fourth));
    drop(tx);
    assert_eq!(sequences(&claim(&store, "late", 0, 9).await), [fourth.sequence]);
}

/// So many at a time, oldest first, and only once it is committed.
pub async fn forgetting_is_bounded_and_undone_by_a_rollback(store: Arc<dyn Store>) {
    let records = append(&store, 1..=5).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.forget(sample::time(100), 2).await.unwrap(), 2);
    assert_eq!(tx.read(0, None, 9).await.unwrap(), records[2..]);
    drop(tx);
    assert_eq!(store.read().await.unwrap().read(0, None, 9).await.unwrap(), records);
    assert_fails(store.read().await.unwrap().forget(sample::time(100), 2).await, Unsupported);
    assert_eq!(forget(&store, 100, 0).await.0, 0);
    let rest: Vec<u64> = records[2..].iter().map(|record| record.sequence).collect();
    assert_eq!(forget(&store, 100, 2).await, (2, rest));
    assert_eq!(forget(&store, 100, 9).await, (3, vec![]));
    assert_eq!(forget(&store, 100, 9).await.0, 0);
}

/// All channels of the contract.
pub async fn every_kind_of_event_comes_back_as_it_went_in(store: Arc<dyn Store>) {
    let events = sample::events();
    let mut tx = store.begin().await.unwrap();
    for (n, event) in (1..).zip(&events) {
        tx.append(EventId(sample::uuid(n)), sample::time(n), Some(UserId(sample::uuid(n))), event).await.unwrap();
    }
    tx.commit().await.unwrap();
    let read = store.read().await.unwrap().read(0, None, 100).await.unwrap();
    assert_eq!(read.iter().map(|record| record.event.clone()).collect::<Vec<_>>(), events);
    for (n, record) in (1..).zip(&read) {
        assert_eq!((record.id, record.at), (EventId(sample::uuid(n)), sample::time(n)));
        assert_eq!(record.owner, Some(UserId(sample::uuid(n))));
    }
    let claimed = claim(&store, "a", 0, 100).await;
    assert_eq!(claimed.into_iter().map(|held| held.record).collect::<Vec<_>>(), read);
}
