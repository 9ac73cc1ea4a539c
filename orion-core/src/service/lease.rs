//! Work under a lease: one worker at a time, whichever process it is in, and nothing is written by one that was
//! overtaken.
//!
//! A worker holds its lease by renewing it while it works. One that dies is followed by another once its time is over,
//! or at once where the [`Roster`] knows that it has ended. One that was merely slow, or stood still, finds that its
//! lease is gone: its work is dropped where it stands, as by a crash, and every transaction that it still begins is
//! refused, because the fence is checked in the transaction itself.

use crate::port::{Clock, Lease, Roster, Sleeper, Store, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};
use async_trait::async_trait;
use futures_util::future::{Either, select};
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How long a lease holds; a dead worker's work is taken over after it.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed: three times before others would take its holder for dead.
const BEAT: Duration = Duration::from_secs(4);

/// How often a record that is away is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// What a process needs to work under leases. Clones share what it works on.
#[derive(Debug, Clone)]
pub struct Worker {
    sleeper: Arc<dyn Sleeper>,
    roster: Arc<dyn Roster>,
    at_work: AtWork,
}

/// The leases under which this process works, with their fences: a task that was overtaken by another of the same
/// process takes nothing along when it ends.
type AtWork = Arc<Mutex<BTreeSet<(String, u64)>>>;

/// A worker of which nobody else knows when it ends, and which knows that of nobody.
#[derive(Debug, Clone, Copy)]
pub struct Alone(pub Uuid);

#[async_trait]
impl Roster for Alone {
    async fn me(&self) -> Uuid {
        self.0
    }

    async fn has_ended(&self, _worker: Uuid) -> bool {
        false
    }
}

impl Worker {
    /// A worker with its timer and the roster that it is on.
    pub fn new(sleeper: Arc<dyn Sleeper>, roster: Arc<dyn Roster>) -> Self {
        Self { sleeper, roster, at_work: AtWork::default() }
    }

    /// Takes a lease.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) while another worker holds it; what the store says.
    pub async fn take(&self, store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, name: &str) -> Result<Tenure> {
        let taken = || {
            Error::conflict("another process is at work on this")
                .with_context("lease", name)
                .with_hint("wait until it is done, or stop it")
        };
        let held = store.read().await?.lease(name).await?;
        let dead = match held {
            Some(held) if !is_over(held.until, clock.now()) => match self.is_dead(&held).await {
                true => Some(held),
                false => return Err(taken()),
            },
            _ => None,
        };
        let me = self.roster.me().await;
        let mut tx = store.begin().await?;
        if let Some(dead) = dead {
            tx.return_lease(&dead).await?;
        }
        let lease = tx.take_lease(name, me, clock.now(), LEASE).await?.ok_or_else(taken)?;
        // Before the commit, so that no other task of this process sees it taken and nobody at work.
        lock(&self.at_work).insert((lease.name.clone(), lease.fence));
        let (store, clock, sleeper) = (store.clone(), clock.clone(), self.sleeper.clone());
        let until = AtomicI64::new(lease.until.as_micros());
        let tenure = Tenure(Arc::new(Holding { lease, until, store, clock, sleeper, at_work: self.at_work.clone() }));
        tx.commit().await?;
        Ok(tenure)
    }

    /// Whether a lease could be taken at `now`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_free(&self, tx: &mut dyn Tx, name: &str, now: Timestamp) -> Result<bool> {
        Ok(match tx.lease(name).await? {
            Some(held) => is_over(held.until, now) || self.is_dead(&held).await,
            None => true,
        })
    }

    /// Makes sure that this process is the one that holds a lease, until a transaction ends.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if it is not; what the store says.
    pub async fn check(&self, tx: &mut dyn Tx, name: &str) -> Result<()> {
        let me = self.roster.me().await;
        match tx.lease(name).await? {
            Some(held) if held.holder == me => tx.check_lease(&held).await,
            _ => Err(Error::conflict("this process is not at work on this").with_context("lease", name)),
        }
    }

    /// Whether nobody is at work under a lease that is held.
    async fn is_dead(&self, held: &Lease) -> bool {
        match held.holder == self.roster.me().await {
            true => !lock(&self.at_work).contains(&(held.name.clone(), held.fence)),
            false => self.roster.has_ended(held.holder).await,
        }
    }
}

fn lock(at_work: &AtWork) -> MutexGuard<'_, BTreeSet<(String, u64)>> {
    at_work.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`take_lease`](crate::port::Leases::take_lease) sees it.
fn is_over(until: Timestamp, now: Timestamp) -> bool {
    until <= now || until > now.after(2 * LEASE)
}

/// A lease that this worker has taken. Clones share it.
#[derive(Debug, Clone)]
pub struct Tenure(Arc<Holding>);

#[derive(Debug)]
struct Holding {
    lease: Lease,
    /// Until when it holds, as far as is known here; in microseconds.
    until: AtomicI64,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    sleeper: Arc<dyn Sleeper>,
    at_work: AtWork,
}

impl Drop for Holding {
    fn drop(&mut self) {
        lock(&self.at_work).remove(&(self.lease.name.clone(), self.lease.fence));
    }
}

impl Tenure {
    /// The record, as this worker may change it: every transaction is refused with `Conflict` once the lease is gone.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(Fenced { store: self.0.store.clone(), lease: self.0.lease.clone() })
    }

    /// Works, and renews the lease meanwhile. Work whose lease is gone, or could not be renewed in time, is dropped
    /// where it stands: another worker may have begun to do it.
    ///
    /// # Errors
    /// The work's own; [`Conflict`](ErrorKind::Conflict) if the lease is gone; what the store says if that could not be
    /// found out.
    pub async fn during<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match select(pin!(self.hold()), pin!(work)).await {
            Either::Left((lost, _)) => Err(lost),
            Either::Right((outcome, _)) => outcome,
        }
    }

    /// Whether something may be sent to the outside. A worker that stood still for longer than its lease, or whose clock
    /// was set, renews it first: another one may be at it.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if somebody has taken it; what the store says.
    pub async fn check(&self) -> Result<()> {
        if self.time_left() > Duration::ZERO { Ok(()) } else { self.renew().await }
    }

    /// Waits a moment for a record that is away, unless it has been for as long as the lease holds.
    ///
    /// # Errors
    /// The error that came of the last attempt, if there is no time left for another.
    pub async fn wait(&self, error: Error) -> Result<()> {
        if self.time_left() == Duration::ZERO {
            return Err(error);
        }
        self.0.sleeper.sleep(AGAIN).await;
        Ok(())
    }

    /// Gives the lease back. If that fails it is over by itself after a while.
    pub async fn end(&self) {
        let returned = async {
            let mut tx = self.0.store.begin().await?;
            tx.return_lease(&self.0.lease).await?;
            tx.commit().await
        };
        drop(returned.await);
    }

    /// Until others may take the lease; nothing if its end was written by a clock that was wrong.
    fn time_left(&self) -> Duration {
        let (until, now) = (Timestamp::from_micros(self.0.until.load(Ordering::SeqCst)), self.0.clock.now());
        if is_over(until, now) { Duration::ZERO } else { until.since(now) }
    }

    /// Renews the lease for as long as that can be done, and gives why it can no longer.
    async fn hold(&self) -> Error {
        let mut failure = None;
        loop {
            // A record that is away is asked again soon, while there is time.
            let pause = if failure.is_some() { AGAIN } else { BEAT };
            self.0.sleeper.sleep(pause).await;
            let patience = self.0.sleeper.sleep(self.time_left().max(BEAT));
            match select(pin!(self.renew()), patience).await {
                Either::Left((Ok(()), _)) => failure = None,
                Either::Left((Err(lost), _)) if lost.kind() == ErrorKind::Conflict && !lost.is_temporary() => {
                    return lost;
                }
                Either::Left((Err(error), _)) => failure = Some(error),
                Either::Right(_) => failure = Some(Error::new(ErrorKind::Timeout, "the record does not answer")),
            }
            if self.time_left() == Duration::ZERO
                && let Some(error) = failure
            {
                return error.with_context("lease", &self.0.lease.name);
            }
        }
    }

    async fn renew(&self) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        let lease = tx.renew_lease(&self.0.lease, self.0.clock.now(), LEASE).await?;
        tx.commit().await?;
        self.0.until.store(lease.until.as_micros(), Ordering::SeqCst);
        Ok(())
    }
}

/// A record that only the holder of a lease can change.
#[derive(Debug)]
struct Fenced {
    store: Arc<dyn Store>,
    lease: Lease,
}

#[async_trait]
impl Store for Fenced {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        let mut tx = self.store.begin().await?;
        tx.check_lease(&self.lease).await?;
        Ok(tx)
    }

    async fn read(&self) -> Result<Box<dyn Tx>> {
        self.store.read().await
    }
}
