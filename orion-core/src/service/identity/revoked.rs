//! What is refused before it expires, in memory, so that every request can be held against it without a query.

use super::{ACCESS_LIFE, Identity};
use crate::domain::Revocation;
use crate::id::RevocationId;
use crate::port::{Filter, RepositoryExt};
use crate::{Error, Result, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Rows are read again for this long after they were made: a transaction commits a little after the time it writes,
/// and clocks of several machines differ.
const OVERLAP: Duration = Duration::from_secs(10);

/// How often everything that is still in force is read again, whatever clocks said.
const AFRESH: Duration = Duration::from_secs(60);

/// Access tokens and sessions that are refused before they expire. Clones share one set.
///
/// It knows this process' own changes at once and those of others as soon as
/// [`Identity::follow_revocations`] has read them. Before that was called once, nobody is let in.
#[derive(Debug, Clone, Default)]
pub struct Revoked(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    until: HashMap<RevocationId, Timestamp>,
    read_at: Option<Timestamp>,
    read_all_at: Option<Timestamp>,
}

impl Revoked {
    /// An empty set that has not been read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was committed.
    pub(super) fn add(&self, revocations: &[Revocation]) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for revocation in revocations {
            let until = known.until.entry(revocation.id).or_insert(revocation.expires_at);
            *until = (*until).max(revocation.expires_at);
        }
    }

    /// Whether any of these is refused.
    ///
    /// # Errors
    /// `Unavailable` before the first reading: who was sent away must stay away over a restart.
    pub fn contains_any(&self, ids: &[RevocationId]) -> Result<bool> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.read_at.is_none() {
            return Err(Error::unavailable("revocations have not been read yet"));
        }
        Ok(ids.iter().any(|id| known.until.contains_key(id)))
    }

    /// From when on to read, and whether that is everything still in force.
    fn since(&self, now: Timestamp) -> (Timestamp, bool) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match (known.read_at, known.read_all_at) {
            (Some(read_at), Some(all)) if now >= read_at && now.since(all) < AFRESH => (read_at.before(OVERLAP), false),
            _ => (now.before(ACCESS_LIFE + OVERLAP), true),
        }
    }

    /// Notes a reading, and forgets what has expired by itself.
    fn read(&self, revocations: &[Revocation], now: Timestamp, all: bool) {
        self.add(revocations);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.read_at = Some(now);
        if all {
            known.read_all_at = Some(now);
            known.until.retain(|_, until| *until > now);
        }
    }
}

impl Identity {
    /// Refuses what was committed, here at once, and elsewhere as soon as it is read.
    pub(super) async fn refuse(&self, revocations: &[Revocation]) {
        if !revocations.is_empty() {
            self.revoked.add(revocations);
            // Where nothing wakes them, others look by themselves.
            let _ = self.wire.wake().await;
        }
    }

    /// Reads the revocations that other processes made. The host calls it before it lets anybody in, and from then on
    /// whenever the wire wakes it; at least ten times a second where the wire does not hear other processes.
    ///
    /// # Errors
    /// What the store says; what was known stays known.
    pub async fn follow_revocations(&self) -> Result<()> {
        let now = self.clock.now();
        let (since, all) = self.revoked.since(now);
        let filter = Filter { since: Some(since), ..Filter::default() };
        let revocations = self.store.read().await?.revocations().all(&filter).await?;
        self.revoked.read(&revocations, now, all);
        Ok(())
    }
}
