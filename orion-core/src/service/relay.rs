//! Shows the event log to listeners outside of Orion, in order and without a gap, by one of any number of processes.
//!
//! How far it has come is a row, and with it who is at work and until when. A relay that dies is followed by another
//! once its time is over. What was shown since the row was last written is shown again then: an event may come twice,
//! which its identity tells, but none is left out.

use crate::domain::Setting;
use crate::event::EventRecord;
use crate::id::SettingId;
use crate::port::{Broadcast, Clock, Entropy, Store};
use crate::{Error, ErrorKind, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Name of the row.
const ROW: &str = "relay";
/// How long a relay is at work without writing so; a dead one's work is taken over after it.
const LEASE: Duration = Duration::from_secs(10);
/// It is written again when no more than this is left.
const RENEW: Duration = Duration::from_secs(5);
/// How often the place is written while there is much to show.
const SAVE: Duration = Duration::from_secs(1);
/// Events shown at once.
const BATCH: u32 = 200;

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Everything is shown.
    Done,
    /// There is more to show.
    More,
    /// Another process is at work.
    Theirs,
}

/// The row's value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Everything up to here was shown.
    sequence: u64,
    /// Who is at work.
    holder: Uuid,
    /// Until when.
    until: Timestamp,
}

/// The relay of one process.
#[derive(Debug)]
pub struct Relay {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    broadcast: Arc<dyn Broadcast>,
    me: Uuid,
    held: Option<Held>,
    /// Listeners could not be reached when this process last tried.
    away: bool,
}

/// The row while this process is at work.
#[derive(Debug)]
struct Held {
    row: Setting,
    written: Place,
    written_at: Timestamp,
    /// How far it has come since.
    sequence: u64,
}

impl Relay {
    /// A relay that is not at work yet.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        broadcast: Arc<dyn Broadcast>,
    ) -> Self {
        let me = entropy.uuid();
        Self { store, clock, entropy, broadcast, me, held: None, away: false }
    }

    /// Fixes the first place, if there never was one: what is appended from now on will be shown. The host calls it
    /// before anything can happen.
    ///
    /// # Errors
    /// What the store says.
    pub async fn begin(&self) -> Result<()> {
        if self.store.read().await?.settings().find(ROW).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let place = Place { sequence: tx.last().await?, holder: self.me, until: now };
        let value = serde_json::to_value(place)?;
        let id = SettingId::random(&*self.entropy);
        let mut row = Setting { id, name: ROW.to_owned(), value, updated_at: now, version: 0 };
        let inserted = tx.settings().insert(&mut row).await;
        match self.unless_theirs(inserted)? {
            Some(()) => tx.commit().await,
            None => Ok(()),
        }
    }

    /// Shows the next events, if no other process is at work. Called again and again by the host.
    ///
    /// # Errors
    /// What the store and the listeners' side say. What was not shown for certain is shown by a later step.
    pub async fn step(&mut self) -> Result<Step> {
        let Some(mut held) = self.take().await? else { return Ok(Step::Theirs) };
        let records = self.store.read().await?.read(held.sequence, None, BATCH).await?;
        // If this fails, the step that follows begins at the place that is written.
        self.show(&records).await?;
        held.sequence = records.last().map_or(held.sequence, |record| record.sequence);
        let full = records.len() == BATCH as usize;
        let moved = held.sequence != held.written.sequence;
        if moved && self.clock.now().since(held.written_at) >= SAVE && !self.write(&mut held, LEASE).await? {
            return Ok(Step::Theirs);
        }
        self.held = Some(held);
        Ok(if full { Step::More } else { Step::Done })
    }

    /// Leaves the work to others at once.
    ///
    /// # Errors
    /// What the store says; the others wait then until this relay's time is over.
    pub async fn leave(mut self) -> Result<()> {
        match self.held.take() {
            Some(mut held) => self.write(&mut held, Duration::ZERO).await.map(drop),
            None => Ok(()),
        }
    }

    /// The row, if this process is at work or can be.
    async fn take(&mut self) -> Result<Option<Held>> {
        let now = self.clock.now();
        let mut held = match self.held.take() {
            Some(held) => held,
            None => {
                let Some(row) = self.store.read().await?.settings().find(ROW).await? else {
                    self.begin().await?;
                    return Ok(None);
                };
                let written: Place = serde_json::from_value(row.value.clone())?;
                // A time that is far away was written by a clock that was wrong.
                if written.holder != self.me && now < written.until && written.until <= now.after(LEASE + LEASE) {
                    return Ok(None);
                }
                Held { sequence: written.sequence, written: Place { until: now, ..written }, written_at: now, row }
            }
        };
        let last = held.written.until.before(RENEW);
        let mine = held.written.holder == self.me && now < last;
        if mine {
            return Ok(Some(held));
        }
        if self.away {
            // Who is cut off leaves the work to others.
            self.show(&[]).await?;
        }
        Ok(if self.write(&mut held, LEASE).await? { Some(held) } else { None })
    }

    async fn show(&mut self, records: &[EventRecord]) -> Result<()> {
        let shown = self.broadcast.show(records).await;
        self.away = shown.is_err();
        shown
    }

    /// Writes how far it has come and that it is at work; false if another process was faster.
    async fn write(&self, held: &mut Held, lease: Duration) -> Result<bool> {
        let now = self.clock.now();
        let place = Place { sequence: held.sequence, holder: self.me, until: now.after(lease) };
        let mut row = held.row.clone();
        row.value = serde_json::to_value(place)?;
        row.updated_at = now;
        let mut tx = self.store.begin().await?;
        let updated = tx.settings().update(&mut row).await;
        if self.unless_theirs(updated)?.is_none() {
            return Ok(false);
        }
        let committed = tx.commit().await;
        if self.unless_theirs(committed)?.is_none() {
            return Ok(false);
        }
        (held.row, held.written, held.written_at) = (row, place, now);
        Ok(true)
    }

    /// `None` where the row was changed or made by another process.
    fn unless_theirs<T>(&self, outcome: Result<T>) -> Result<Option<T>, Error> {
        match outcome {
            Err(error)
                if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists | ErrorKind::NotFound) =>
            {
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EventId;
    use crate::memory::{ManualClock, MemoryStore, SeededEntropy};
    use crate::testing::sample;
    use async_trait::async_trait;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Keeps the numbers of what was shown. While it is away it takes half of a batch and fails.
    #[derive(Debug, Default)]
    struct Seen {
        numbers: Mutex<Vec<u64>>,
        away: AtomicBool,
    }

    #[async_trait]
    impl Broadcast for Seen {
        async fn show(&self, records: &[EventRecord]) -> Result<()> {
            let away = self.away.load(Ordering::SeqCst);
            let taken = if away { records.len() / 2 } else { records.len() };
            self.numbers.lock().unwrap().extend(records[..taken].iter().map(|record| record.sequence));
            if away { Err(Error::unavailable("away")) } else { Ok(()) }
        }
    }

    impl Seen {
        fn take(&self) -> Vec<u64> {
            std::mem::take(&mut *self.numbers.lock().unwrap())
        }
    }

    struct Kit {
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
        seen: Arc<Seen>,
        next: u64,
    }

    impl Kit {
        fn new() -> Self {
            let clock = Arc::new(ManualClock::at(sample::time(0)));
            Self { store: Arc::new(MemoryStore::new()), clock, seen: Arc::default(), next: 0 }
        }

        fn relay(&self, seed: u64) -> Relay {
            let entropy = Arc::new(SeededEntropy::new(seed));
            Relay::new(self.store.clone(), self.clock.clone(), entropy, self.seen.clone())
        }

        async fn happen(&mut self, count: u64) {
            let mut tx = self.store.begin().await.unwrap();
            for _ in 0..count {
                self.next += 1;
                let id = EventId(sample::uuid(self.next));
                tx.append(id, self.clock.now(), None, &sample::event(self.next)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    }

    async fn all(relay: &mut Relay) {
        while relay.step().await.unwrap() == Step::More {}
    }

    #[tokio::test]
    async fn what_happens_is_shown_in_order_and_what_was_before_is_not() {
        let mut kit = Kit::new();
        kit.happen(3).await;
        let mut relay = kit.relay(1);
        relay.begin().await.unwrap();
        kit.happen(1).await;
        relay.begin().await.unwrap();
        kit.happen(450).await;
        assert_eq!(relay.step().await.unwrap(), Step::More);
        all(&mut relay).await;
        assert_eq!(kit.seen.take(), (4..=454).collect::<Vec<_>>());
        assert_eq!(relay.step().await.unwrap(), Step::Done);
        assert_eq!(kit.seen.take(), [0; 0]);
    }

    #[tokio::test]
    async fn one_is_at_work_and_another_follows_when_it_is_dead() {
        let mut kit = Kit::new();
        let (mut one, mut other) = (kit.relay(1), kit.relay(2));
        one.begin().await.unwrap();
        kit.happen(2).await;
        all(&mut one).await;
        assert_eq!(kit.seen.take(), [1, 2]);
        assert_eq!(other.step().await.unwrap(), Step::Theirs);
        // It is at work as long as it lives.
        for _ in 0..30 {
            kit.clock.advance(Duration::from_secs(1));
            assert_eq!(one.step().await.unwrap(), Step::Done);
            assert_eq!(other.step().await.unwrap(), Step::Theirs);
        }
        kit.happen(1).await;
        all(&mut one).await;
        assert_eq!(kit.seen.take(), [3]);
        kit.clock.advance(LEASE);
        all(&mut other).await;
        let again = kit.seen.take();
        assert!(again.is_empty() || again == [3], "what was shown and not written may come again: {again:?}");
        kit.happen(1).await;
        assert_eq!(one.step().await.unwrap(), Step::Theirs, "it slept, and another took over");
        all(&mut other).await;
        assert_eq!(kit.seen.take(), [4]);
        other.leave().await.unwrap();
        kit.happen(1).await;
        all(&mut one).await;
        assert_eq!(kit.seen.take(), [5], "who leaves says so, and what it has shown");
    }

    #[tokio::test]
    async fn nothing_is_left_out_while_listeners_cannot_be_reached() {
        let mut kit = Kit::new();
        let mut relay = kit.relay(1);
        relay.begin().await.unwrap();
        kit.happen(5).await;
        all(&mut relay).await;
        kit.clock.advance(SAVE);
        kit.happen(1).await;
        all(&mut relay).await;
        kit.seen.away.store(true, Ordering::SeqCst);
        kit.happen(40).await;
        assert_eq!(relay.step().await.unwrap_err().kind(), ErrorKind::Unavailable);
        kit.happen(500).await;
        assert!(relay.step().await.is_err());
        kit.seen.take();
        kit.seen.away.store(false, Ordering::SeqCst);
        all(&mut relay).await;
        assert_eq!(kit.seen.take(), (7..=546).collect::<Vec<_>>(), "from the place that was written");
    }

    #[tokio::test]
    async fn a_relay_that_is_cut_off_lets_another_take_over() {
        let mut kit = Kit::new();
        let (mut one, mut other) = (kit.relay(1), kit.relay(2));
        one.begin().await.unwrap();
        all(&mut one).await;
        kit.happen(3).await;
        kit.seen.away.store(true, Ordering::SeqCst);
        for _ in 0..12 {
            assert!(one.step().await.is_err());
            kit.clock.advance(Duration::from_secs(1));
        }
        kit.seen.take();
        kit.seen.away.store(false, Ordering::SeqCst);
        assert_eq!(other.step().await.unwrap(), Step::Done);
        assert_eq!(one.step().await.unwrap(), Step::Theirs);
        assert_eq!(kit.seen.take(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn of_many_first_starts_one_fixes_the_place() {
        let mut kit = Kit::new();
        for seed in 1..5 {
            kit.relay(seed).begin().await.unwrap();
            kit.happen(1).await;
        }
        let mut last = kit.relay(9);
        all(&mut last).await;
        assert_eq!(kit.seen.take(), [1, 2, 3, 4]);
    }
}
