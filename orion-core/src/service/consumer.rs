//! A consumer group at work: every event of the log is handled once, in the transaction that acknowledges it.

use crate::event::{Event, EventRecord};
use crate::port::{Claim, Clock, Store, Tx, Wire};
use crate::{Error, ErrorKind, Result, Timestamp};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// How long a claim holds; a dead worker's events come back after it. Whoever is at work for longer extends its claims,
/// so this bounds what is lost by a death and not how long a batch may take.
pub const LEASE: Duration = Duration::from_secs(15);
/// Claims are extended once so much of their lease is over.
const EXTEND_AFTER: Duration = Duration::from_secs(5);
/// How many events are claimed at once.
const BATCH: u32 = 32;
/// For how long events are handled in one transaction. Whoever appends, or claims what nobody wrote down yet, may wait
/// for its commit.
const TOGETHER: Duration = Duration::from_millis(50);
/// After so many attempts an event that cannot be handled is put aside.
const MOST_ATTEMPTS: u32 = 8;
/// The pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What was tried before may well fail again, and would undo the others.
fn is_new(claim: &Claim) -> bool {
    claim.attempts == 1
}

/// What a group does with an event.
#[async_trait]
pub trait Handler: Debug + Send + Sync {
    /// Whether the group has anything to do for it; what it does not want is acknowledged at once.
    fn wants(&self, event: &Event) -> bool;

    /// Writes the effect of one event, and gives the events it appended, to be announced after the commit.
    ///
    /// # Behavior
    /// - Writes only through `tx`: it is committed with the acknowledgement, or not at all.
    async fn handle(&self, tx: &mut dyn Tx, record: &EventRecord) -> Result<Vec<EventRecord>>;
}

/// One worker of a consumer group. Any number may work at once, in any process.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Announces what handlers append.
    pub wire: Arc<dyn Wire>,
    /// Name of the group.
    pub group: &'static str,
}

impl Consumer {
    /// Claims a batch of events and handles each; gives how many it claimed, zero when there is nothing to do.
    ///
    /// What is handled quickly is committed together, the first of it with the claims, which costs one wait for the disk.
    /// If one of these events fails, all are undone, and each is handled in a transaction of its own. An event that
    /// cannot be handled does not hold up the others: it is tried again after a pause that grows, and put aside with its
    /// reason after eight attempts. What fails only for a while is never put aside.
    ///
    /// # Errors
    /// The store's own; claims that were not handled come back when their lease ends.
    pub async fn handle_next(&self, handler: &dyn Handler) -> Result<usize> {
        let mut held_since = self.clock.now();
        let claimed = self.claim(handler, true).await;
        // What failed among others may be one event's fault, and shall be that one's alone.
        let mut together = claimed.is_ok();
        let (count, mut waiting) = match claimed {
            Ok(claimed) => claimed,
            Err(_) => self.claim(handler, false).await?,
        };
        loop {
            let now = self.clock.now();
            if !waiting.is_empty() && now.since(held_since) >= EXTEND_AFTER {
                waiting = self.extend(waiting, now).await?;
                held_since = now;
            }
            if together && waiting.iter().any(is_new) {
                let tx = self.store.begin().await?;
                together = self.handle_together(tx, handler, &mut waiting, true).await.is_ok();
                continue;
            }
            let Some(claim) = waiting.pop_front() else { return Ok(count) };
            self.handle(handler, &claim).await?;
        }
    }

    /// Claims a batch and handles of it what it can; gives how many it claimed, and what is still to be handled.
    async fn claim(&self, handler: &dyn Handler, together: bool) -> Result<(usize, VecDeque<Claim>)> {
        let mut tx = self.store.begin().await?;
        let mut waiting = VecDeque::from(tx.claim(self.group, self.clock.now(), LEASE, BATCH).await?);
        let count = waiting.len();
        if count > 0 {
            self.handle_together(tx, handler, &mut waiting, together).await?;
        }
        Ok((count, waiting))
    }

    /// Takes away what nobody wants, and handles in one transaction, if told to, what is new, as long as there is time.
    async fn handle_together(
        &self,
        mut tx: Box<dyn Tx>,
        handler: &dyn Handler,
        waiting: &mut VecDeque<Claim>,
        together: bool,
    ) -> Result<()> {
        let begun = self.clock.now();
        let (mut done, mut left, mut records) = (Vec::with_capacity(waiting.len()), VecDeque::new(), Vec::new());
        for claim in &*waiting {
            let in_time = together && self.clock.now().since(begun) < TOGETHER;
            if !handler.wants(&claim.record.event) {
                done.push(claim.clone());
            } else if in_time && is_new(claim) {
                records.extend(handler.handle(&mut *tx, &claim.record).await?);
                done.push(claim.clone());
            } else {
                left.push_back(claim.clone());
            }
        }
        tx.acknowledge_all(&done).await?;
        tx.commit().await?;
        *waiting = left;
        self.announce(&records).await;
        Ok(())
    }

    /// Holds on to what is not yet handled, and gives what it could: the rest was taken over by another worker.
    async fn extend(&self, claims: VecDeque<Claim>, now: Timestamp) -> Result<VecDeque<Claim>> {
        let mut tx = self.store.begin().await?;
        let mut held = VecDeque::with_capacity(claims.len());
        for claim in claims {
            match tx.extend(&claim, now, LEASE).await {
                Ok(()) => held.push_back(claim),
                Err(lost) if lost.kind() == ErrorKind::Conflict => {}
                Err(other) => return Err(other),
            }
        }
        tx.commit().await?;
        Ok(held)
    }

    async fn handle(&self, handler: &dyn Handler, claim: &Claim) -> Result<()> {
        match self.attempt(handler, claim).await {
            Ok(records) => {
                self.announce(&records).await;
                Ok(())
            }
            Err(error) => self.put_back(claim, &error).await,
        }
    }

    async fn attempt(&self, handler: &dyn Handler, claim: &Claim) -> Result<Vec<EventRecord>> {
        let mut tx = self.store.begin().await?;
        let records = handler.handle(&mut *tx, &claim.record).await?;
        tx.acknowledge(claim).await?;
        tx.commit().await?;
        Ok(records)
    }

    async fn announce(&self, records: &[EventRecord]) {
        for record in records {
            // The wire may fail: the log is the record.
            let _ = self.wire.announce(record).await;
        }
    }

    async fn put_back(&self, claim: &Claim, error: &Error) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let done = if claim.attempts >= MOST_ATTEMPTS && !error.is_temporary() {
            tx.bury(claim, &error.to_string()).await
        } else {
            let pause = FIRST_PAUSE.saturating_mul(1 << claim.attempts.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
            tx.release(claim, self.clock.now().after(pause), &error.to_string()).await
        };
        match done {
            Ok(()) => tx.commit().await,
            // The lease ended and another worker has the event: it is theirs now.
            Err(lost) if lost.kind() == ErrorKind::Conflict => Ok(()),
            Err(other) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;
    use crate::id::EventId;
    use crate::memory::{ManualClock, MemoryStore, MemoryWire};
    use crate::port::Filter;
    use crate::testing::sample;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Writes a cost row for every expired trend, and fails for the trends that it is told to.
    #[derive(Debug, Default)]
    struct Ledger {
        poison: Option<(u64, ErrorKind)>,
        tried: AtomicU32,
    }

    #[async_trait]
    impl Handler for Ledger {
        fn wants(&self, event: &Event) -> bool {
            matches!(event, Event::TrendExpired { .. })
        }

        async fn handle(&self, tx: &mut dyn Tx, record: &EventRecord) -> Result<Vec<EventRecord>> {
            tx.costs().insert(&mut sample::cost(record.sequence)).await?;
            match self.poison {
                Some((n, kind)) if record.event == sample::event(n) => {
                    self.tried.fetch_add(1, Ordering::SeqCst);
                    Err(Error::new(kind, "not this one"))
                }
                _ => Ok(Vec::new()),
            }
        }
    }

    async fn with_events(count: u64) -> (Consumer, Arc<ManualClock>) {
        let store = MemoryStore::new();
        let mut tx = store.begin().await.unwrap();
        for n in 0..count {
            tx.append(EventId(sample::uuid(n)), sample::time(n), None, &sample::event(n)).await.unwrap();
        }
        // One that nobody wants.
        tx.append(EventId(sample::uuid(999)), sample::time(9), None, &sample::events()[5]).await.unwrap();
        tx.commit().await.unwrap();
        let clock = Arc::new(ManualClock::at(sample::time(100)));
        let wire = Arc::new(MemoryWire::new());
        (Consumer { store: Arc::new(store), clock: clock.clone(), wire, group: "ledger" }, clock)
    }

    async fn rows(consumer: &Consumer) -> u64 {
        consumer.store.read().await.unwrap().costs().count(&Filter::default()).await.unwrap()
    }

    #[tokio::test]
    async fn every_event_has_its_effect_once_however_many_work() {
        let (consumer, clock) = with_events(100).await;
        let handler = Ledger::default();
        while consumer.handle_next(&handler).await.unwrap() > 0 {}
        assert_eq!(rows(&consumer).await, 100);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(consumer.handle_next(&handler).await.unwrap(), 0, "nothing comes back");
        assert_eq!(rows(&consumer).await, 100);
    }

    #[tokio::test]
    async fn poison_holds_up_nobody_and_is_buried_with_its_reason() {
        let (consumer, clock) = with_events(5).await;
        let handler = Ledger { poison: Some((2, ErrorKind::Corrupt)), ..Ledger::default() };
        consumer.handle_next(&handler).await.unwrap();
        assert_eq!(rows(&consumer).await, 4, "what it wrote before it failed is gone");
        assert_eq!(consumer.handle_next(&handler).await.unwrap(), 0, "it waits for its time");
        for pause in [1, 2, 4, 8, 16, 32, 64] {
            clock.advance(Duration::from_secs(pause) - Duration::from_millis(1));
            assert_eq!(consumer.handle_next(&handler).await.unwrap(), 0, "{pause}");
            clock.advance(Duration::from_millis(1));
            assert_eq!(consumer.handle_next(&handler).await.unwrap(), 1, "{pause}");
        }
        assert_eq!(handler.tried.load(Ordering::SeqCst), 1 + MOST_ATTEMPTS, "once among the others, then alone");
        let buried = consumer.store.read().await.unwrap().buried("ledger", 0, 10).await.unwrap();
        assert_eq!((buried.len(), buried[0].1.as_str()), (1, "not this one"));
        clock.advance(Duration::from_secs(86_400));
        assert_eq!(consumer.handle_next(&handler).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_fails_for_a_while_is_never_buried() {
        let (consumer, clock) = with_events(1).await;
        let handler = Ledger { poison: Some((0, ErrorKind::Unavailable)), ..Ledger::default() };
        assert!(matches!(Error::unavailable("").retry(), Retry::Later(_)));
        for _ in 0..20 {
            consumer.handle_next(&handler).await.unwrap();
            clock.advance(LONGEST_PAUSE);
        }
        assert_eq!(consumer.handle_next(&Ledger::default()).await.unwrap(), 1);
        assert_eq!(rows(&consumer).await, 1);
        assert!(consumer.store.read().await.unwrap().buried("ledger", 0, 10).await.unwrap().is_empty());
    }

    /// Takes its time with every event.
    #[derive(Debug)]
    struct Slow {
        clock: Arc<ManualClock>,
        other: Consumer,
        stolen: AtomicU32,
    }

    #[async_trait]
    impl Handler for Slow {
        fn wants(&self, event: &Event) -> bool {
            matches!(event, Event::TrendExpired { .. })
        }

        async fn handle(&self, tx: &mut dyn Tx, record: &EventRecord) -> Result<Vec<EventRecord>> {
            tx.costs().insert(&mut sample::cost(record.sequence)).await?;
            self.clock.advance(Duration::from_secs(6));
            // Another worker of the group looks meanwhile, within the same transaction here: memory has one writer.
            let taken = tx.claim(self.other.group, self.clock.now(), LEASE, BATCH).await?;
            self.stolen.fetch_add(taken.len() as u32, Ordering::SeqCst);
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn a_slow_worker_keeps_what_it_holds() {
        let (consumer, clock) = with_events(12).await;
        let handler = Slow { clock, other: consumer.clone(), stolen: AtomicU32::new(0) };
        assert_eq!(consumer.handle_next(&handler).await.unwrap(), 13);
        assert_eq!((rows(&consumer).await, handler.stolen.load(Ordering::SeqCst)), (12, 0));
    }

    #[tokio::test]
    async fn who_lost_the_claim_changes_nothing() {
        let (consumer, clock) = with_events(1).await;
        let handler = Ledger::default();
        let mut tx = consumer.store.begin().await.unwrap();
        let stale = tx.claim("ledger", clock.now(), LEASE, 1).await.unwrap();
        tx.commit().await.unwrap();
        clock.advance(LEASE);
        assert_eq!(consumer.handle_next(&handler).await.unwrap(), 2);
        consumer.handle(&handler, &stale[0]).await.unwrap();
        assert_eq!(rows(&consumer).await, 1);
    }
}
