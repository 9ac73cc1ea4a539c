//! The leases as a transaction sees them.

use super::writable;
use crate::port::Lease;
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Leases by name. A clone shares them until one side writes.
#[derive(Debug, Clone)]
pub(super) struct Held {
    leases: Arc<BTreeMap<String, Lease>>,
    pub(super) writable: bool,
}

impl Default for Held {
    fn default() -> Self {
        Self { leases: Arc::default(), writable: true }
    }
}

impl Held {
    pub(super) fn get(&self, name: &str) -> Option<Lease> {
        self.leases.get(name).cloned()
    }

    pub(super) fn take(&mut self, name: &str, holder: Uuid, now: Timestamp, time: Duration) -> Result<Option<Lease>> {
        writable(self.writable)?;
        let before = self.leases.get(name);
        if before.is_some_and(|lease| now < lease.until && lease.until <= now.after(2 * time)) {
            return Ok(None);
        }
        let fence = before.map_or(0, |lease| lease.fence) + 1;
        let lease = Lease { name: name.to_owned(), holder, fence, until: now.after(time) };
        Ok(Some(self.put(lease)))
    }

    pub(super) fn renew(&mut self, lease: &Lease, until: Timestamp) -> Result<Lease> {
        writable(self.writable)?;
        self.check(lease)?;
        Ok(self.put(Lease { until, ..lease.clone() }))
    }

    pub(super) fn check(&self, lease: &Lease) -> Result<()> {
        writable(self.writable)?;
        let is_same = self.leases.get(&lease.name).is_some_and(|held| held.fence == lease.fence);
        if is_same { Ok(()) } else { Err(Error::lost_lease(lease)) }
    }

    pub(super) fn give_back(&mut self, lease: &Lease) -> Result<()> {
        self.check(lease)?;
        self.put(Lease { fence: lease.fence + 1, until: Timestamp::from_micros(0), ..lease.clone() });
        Ok(())
    }

    fn put(&mut self, lease: Lease) -> Lease {
        Arc::make_mut(&mut self.leases).insert(lease.name.clone(), lease.clone());
        lease
    }
}
