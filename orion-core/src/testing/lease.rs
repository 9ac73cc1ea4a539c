//! Scenarios of [`Leases`](crate::port::Leases).

use super::{assert_fails, sample};
use crate::ErrorKind::{Conflict, Unsupported};
use crate::port::{Filter, Lease, Store};
use futures_util::future::{join, join_all};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

const TIME: Duration = Duration::from_secs(15);

fn who(n: u64) -> Uuid {
    sample::uuid(n)
}

/// Takes at `second` and commits.
async fn take(store: &Arc<dyn Store>, holder: u64, second: u64) -> Option<Lease> {
    let mut tx = store.begin().await.unwrap();
    let lease = tx.take_lease("run/1", who(holder), sample::time(second), TIME).await.unwrap();
    tx.commit().await.unwrap();
    lease
}

async fn stored(store: &Arc<dyn Store>) -> Option<Lease> {
    store.read().await.unwrap().lease("run/1").await.unwrap()
}

async fn users(store: &Arc<dyn Store>) -> u64 {
    store.read().await.unwrap().users().count(&Filter::default()).await.unwrap()
}

/// Writes a row under a lease.
async fn write(store: &Arc<dyn Store>, lease: &Lease, n: u64) -> crate::Result<()> {
    let mut tx = store.begin().await?;
    tx.check_lease(lease).await?;
    tx.users().insert(&mut sample::user(n)).await?;
    tx.commit().await
}

/// Nobody else has it before the very end of its time, and whoever has it then is known by a higher number.
pub async fn a_lease_is_one_holders_until_its_time_is_over(store: Arc<dyn Store>) {
    assert_eq!(stored(&store).await, None);
    let first = take(&store, 1, 100).await.unwrap();
    assert_eq!((first.name.as_str(), first.holder, first.until), ("run/1", who(1), sample::time(100).after(TIME)));
    assert_eq!(stored(&store).await.as_ref(), Some(&first));
    let last = sample::time(100).after(TIME - Duration::from_micros(1));
    for holder in [1, 2] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.take_lease("run/1", who(holder), last, TIME).await.unwrap(), None);
    }
    let second = take(&store, 2, 115).await.unwrap();
    assert!(second.fence > first.fence && second.holder == who(2));
    let mut tx = store.begin().await.unwrap();
    assert!(tx.take_lease("run/2", who(3), sample::time(115), TIME).await.unwrap().is_some(), "others are apart");
}

/// A renewed lease holds longer, also one whose time was over; one that somebody has taken since does not.
pub async fn a_renewed_lease_holds_longer(store: Arc<dyn Store>) {
    let first = take(&store, 1, 100).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let renewed = tx.renew_lease(&first, sample::time(120), TIME).await.unwrap();
    assert_eq!(renewed, Lease { until: sample::time(120).after(TIME), ..first.clone() });
    tx.commit().await.unwrap();
    assert_eq!(take(&store, 2, 134).await, None);
    assert!(take(&store, 2, 135).await.is_some());
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.renew_lease(&renewed, sample::time(136), TIME).await, Conflict);
    drop(tx);
    assert_eq!(take(&store, 1, 149).await, None, "what was refused changed nothing");
}

/// A returned lease is free at once, and nothing can be done under it any more.
pub async fn a_returned_lease_is_free_and_spent(store: Arc<dyn Store>) {
    let first = take(&store, 1, 100).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.return_lease(&first).await.unwrap();
    tx.commit().await.unwrap();
    assert!(stored(&store).await.is_some_and(|lease| lease.until <= sample::time(0)));
    let mut tx = store.begin().await.unwrap();
    assert_fails(tx.check_lease(&first).await, Conflict);
    assert_fails(tx.renew_lease(&first, sample::time(101), TIME).await, Conflict);
    assert_fails(tx.return_lease(&first).await, Conflict);
    drop(tx);
    let second = take(&store, 2, 101).await.unwrap();
    assert!(second.fence > first.fence);
}

/// The number decides, not the time: a worker that was overtaken writes nothing.
pub async fn what_a_worker_writes_that_was_overtaken_is_refused(store: Arc<dyn Store>) {
    let stale = take(&store, 1, 100).await.unwrap();
    write(&store, &stale, 1).await.unwrap();
    let fresh = take(&store, 2, 200).await.unwrap();
    assert_fails(write(&store, &stale, 2).await, Conflict);
    write(&store, &fresh, 3).await.unwrap();
    let several = join_all((4..8).map(|n| write(&store, &fresh, n))).await;
    assert!(several.iter().all(Result::is_ok), "{several:?}");
    let mut tx = store.begin().await.unwrap();
    let nobody = Lease { name: "run/9".to_owned(), ..fresh };
    assert_fails(tx.check_lease(&nobody).await, Conflict);
    drop(tx);
    assert_eq!(users(&store).await, 6);
}

/// Between the check and the commit nobody takes it, so a write is its holder's or is not.
pub async fn nobody_takes_a_lease_before_the_end_of_a_transaction_that_checked_it(store: Arc<dyn Store>) {
    let first = take(&store, 1, 100).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.check_lease(&first).await.unwrap();
    let ended = AtomicBool::new(false);
    let holder = async {
        super::let_others_on().await;
        tx.users().insert(&mut sample::user(1)).await.unwrap();
        for _ in 0..50 {
            super::let_others_on().await;
        }
        ended.store(true, Ordering::SeqCst);
        tx.commit().await.unwrap();
    };
    let taker = async {
        let taken = take(&store, 2, 200).await;
        assert!(ended.load(Ordering::SeqCst), "it was taken while its holder wrote");
        taken
    };
    let ((), taken) = join(holder, taker).await;
    assert!(taken.is_some_and(|taken| taken.fence > first.fence));
    assert_eq!(users(&store).await, 1);
}

/// Of many who ask at once one gets it, again and again.
pub async fn of_many_who_ask_one_gets_a_lease(store: Arc<dyn Store>) {
    let mut fence = 0;
    for round in 1..6 {
        let taken = join_all((0..8).map(|n| take(&store, n, 100 * round))).await;
        let taken: Vec<Lease> = taken.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert!(taken[0].fence > fence);
        fence = taken[0].fence;
    }
}

/// A time far ahead was written by a clock that was wrong, and keeps nobody waiting.
pub async fn a_wrong_clock_holds_up_nobody(store: Arc<dyn Store>) {
    take(&store, 1, 1_000_000).await.unwrap();
    assert!(take(&store, 2, 100).await.is_some());
    take(&store, 3, 200).await.unwrap();
    assert_eq!(take(&store, 4, 186).await, None, "a clock that is a little behind is no wrong clock");
}

/// Leases are part of their transaction, and one that reads takes none.
pub async fn leases_are_undone_with_their_transaction(store: Arc<dyn Store>) {
    let mut tx = store.begin().await.unwrap();
    let undone = tx.take_lease("run/1", who(1), sample::time(100), TIME).await.unwrap().unwrap();
    assert_eq!(tx.lease("run/1").await.unwrap().as_ref(), Some(&undone));
    drop(tx);
    assert_eq!(stored(&store).await, None);
    let lease = take(&store, 2, 100).await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_fails(tx.take_lease("run/1", who(3), sample::time(200), TIME).await, Unsupported);
    assert_fails(tx.renew_lease(&lease, sample::time(101), TIME).await, Unsupported);
    assert_fails(tx.check_lease(&lease).await, Unsupported);
    assert_fails(tx.return_lease(&lease).await, Unsupported);
    drop(tx);
    assert_eq!(stored(&store).await, Some(lease));
}
