//! Forgets what has expired.

use super::{ACCESS_LIFE, HOUR, Identity, SESSION_LIFE};
use crate::Result;
use crate::domain::{Guesses, Revocation, Session, Ticket};
use crate::port::{Entity, Filter, Order, Page, Repository, Store, Tx};
use std::time::Duration;

/// Looks at rows made before a time, a page at a time, each page in a transaction of its own, and deletes some.
async fn sweep_table<T: Entity>(
    store: &dyn Store,
    table: fn(&mut dyn Tx) -> &mut dyn Repository<T>,
    until: crate::Timestamp,
    gone: impl Fn(&T) -> bool,
) -> Result<u64> {
    let filter = Filter { until: Some(until), ..Filter::default() };
    let mut page = Page::first(Order::Oldest, Page::MOST);
    let mut swept = 0;
    loop {
        let slice = table(store.read().await?.as_mut()).list(&filter, &page).await?;
        let dead: Vec<T::Id> = slice.items.iter().filter(|row| gone(row)).map(Entity::id).collect();
        if !dead.is_empty() {
            let mut tx = store.begin().await?;
            for id in &dead {
                table(tx.as_mut()).delete(*id).await?;
            }
            tx.commit().await?;
            swept += dead.len() as u64;
        }
        let Some(next) = slice.next else { return Ok(swept) };
        page.after = Some(next);
    }
}

impl Identity {
    /// Deletes sessions, tickets, revocations and counts that no longer matter; tells how many. The host calls it
    /// every hour or so.
    ///
    /// # Errors
    /// What the store says; the next call goes on.
    pub async fn sweep(&self) -> Result<u64> {
        let now = self.clock.now();
        let store = self.store.as_ref();
        let ripe = |life: Duration| now.before(life);
        let sessions =
            sweep_table(store, |tx| tx.sessions(), ripe(SESSION_LIFE), |row: &Session| row.expires_at <= now);
        let tickets = sweep_table(store, |tx| tx.tickets(), now, |row: &Ticket| row.expires_at <= now);
        // Others may have read a revocation late, by a clock that is behind; so it stays as long again as it counts.
        let revocations = sweep_table(store, |tx| tx.revocations(), ripe(ACCESS_LIFE * 2), |_: &Revocation| true);
        let guesses = sweep_table(store, |tx| tx.guesses(), ripe(HOUR), |_: &Guesses| true);
        Ok(sessions.await? + tickets.await? + revocations.await? + guesses.await?)
    }
}
