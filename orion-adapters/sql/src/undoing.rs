//! Rollbacks that are under way.
//!
//! A transaction that is dropped on PostgreSQL is undone a moment later, as dropping waits for nobody. Until then its rows
//! are locked, and a claim, which steps over locked rows, would take them for those of another worker. So a claim waits
//! until what this process dropped before it is undone.

use crate::connection::Connection;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;

/// A rollback that takes longer is left to the server, which ends the transaction by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// The rollbacks of one pool, by number.
#[derive(Debug)]
pub(crate) struct Undoing(watch::Sender<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    numbers: BTreeSet<u64>,
}

impl Default for Undoing {
    fn default() -> Self {
        Self(watch::Sender::new(Open::default()))
    }
}

impl Undoing {
    /// Undoes what was not committed.
    pub(crate) fn undo(&self, connection: Connection<'static>) {
        // Without a runtime nobody can wait; the driver does what it can.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut number = 0;
        self.0.send_modify(|open| {
            number = open.next;
            open.next += 1;
            open.numbers.insert(number);
        });
        let done = Done { open: self.0.clone(), number };
        runtime.spawn(async move {
            // If it fails the connection is broken, and its transaction with it.
            let _ = tokio::time::timeout(PATIENCE, connection.rollback()).await;
            drop(done);
        });
    }

    /// Waits for the rollbacks that had begun before.
    pub(crate) async fn settled(&self) {
        let mut open = self.0.subscribe();
        let before = open.borrow_and_update().next;
        // The sender is a field, so it cannot be gone.
        let _ = open.wait_for(|open| open.numbers.first().is_none_or(|first| *first >= before)).await;
    }
}

/// Takes a rollback off the list, also where its task is dropped.
struct Done {
    open: watch::Sender<Open>,
    number: u64,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.open.send_modify(|open| {
            open.numbers.remove(&self.number);
        });
    }
}
