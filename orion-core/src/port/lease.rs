//! Leases: who works on what, until when, and the number by which a worker that was overtaken is known.

use crate::{Result, Timestamp};
use async_trait::async_trait;
use std::fmt::Debug;
use std::time::Duration;
use uuid::Uuid;

/// The right to work on something, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is worked on: `run/0194…`.
    pub name: String,
    /// The worker that took it, by the name it has in the [`Roster`].
    pub holder: Uuid,
    /// Grows whenever the lease is taken or returned; what is written under an older number is refused.
    pub fence: u64,
    /// Others may take it from then on, unless it is renewed; the beginning of time once it was returned.
    pub until: Timestamp,
}

/// The leases of a transaction.
#[async_trait]
pub trait Leases: Send {
    /// A lease as it stands.
    ///
    /// # Behavior
    /// - `None` if nobody ever took it. One that was returned is there, and its time is over.
    async fn lease(&mut self, name: &str) -> Result<Option<Lease>>;

    /// Takes a lease until `now + time`.
    ///
    /// # Behavior
    /// - `None` while somebody holds it, also if that is the same holder.
    /// - Of many who ask at once, one gets it.
    /// - Its fence is higher than every earlier one of this name.
    /// - It is free from the very end of its time on. A time later than `now + 2 * time` was written by a clock that
    ///   was wrong, and counts as over.
    async fn take_lease(&mut self, name: &str, holder: Uuid, now: Timestamp, time: Duration) -> Result<Option<Lease>>;

    /// Holds a lease until `now + time`, and gives it as it then stands.
    ///
    /// # Behavior
    /// - `Conflict` if somebody has taken it since, or it was returned. That its time is over does no harm by itself.
    async fn renew_lease(&mut self, lease: &Lease, now: Timestamp, time: Duration) -> Result<Lease>;

    /// Makes sure that a lease is still the one that was taken, until this transaction ends.
    ///
    /// # Behavior
    /// - `Conflict` if somebody has taken it since, or it was returned; the caller must roll back.
    /// - Nobody takes it between this call and the commit, so what the transaction writes is written by its holder.
    /// - Any number of transactions of the holder may do so at once.
    async fn check_lease(&mut self, lease: &Lease) -> Result<()>;

    /// Gives a lease back, so that others can take it at once.
    ///
    /// # Behavior
    /// - `Conflict` if somebody has taken it since, or it was returned.
    /// - What is written under it later is refused.
    async fn return_lease(&mut self, lease: &Lease) -> Result<()>;
}

/// Who works on this record from here.
#[async_trait]
pub trait Roster: Debug + Send + Sync {
    /// The name of this worker; others can tell from then on when it has ended.
    ///
    /// # Behavior
    /// - Always the same, and no other worker has it, whatever machine it is on and however often it was started.
    async fn me(&self) -> Uuid;

    /// Whether a worker is known to have ended, so that nobody need wait for its leases.
    ///
    /// # Behavior
    /// - `true` only for one that certainly does nothing more: not for one that stands still, is slow, or is not known.
    /// - Never for the worker itself.
    async fn has_ended(&self, worker: Uuid) -> bool;
}
