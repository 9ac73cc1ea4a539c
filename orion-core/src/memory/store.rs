//! The record in memory: a transaction works on a private copy, and its commit puts the copy in place.

use super::lease::Held;
use super::log::Log;
use super::table::Table;
use crate::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, Revocation, Run, Session,
    Setting, SocialAccount, Step, Ticket, Trend, User,
};
use crate::event::{Event, EventRecord};
use crate::id::{EventId, UserId};
use crate::port::{Archive, Claim, Entity, Entry, EventLog, Lease, Leases, Place, Repository, Store, Tx};
use crate::{Error, Result, Timestamp};
use async_lock::{Mutex, MutexGuardArc};
use async_trait::async_trait;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use uuid::Uuid;

/// A [`Store`] that lives as long as the program. One writer at a time; readers never wait.
///
/// The first write of a transaction to a table copies that table's map of shared rows, so a write costs time in
/// proportion to the table: fine for tests and for thousands of rows, not for millions.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    committed: RwLock<State>,
    writer: Arc<Mutex<()>>,
}

impl MemoryStore {
    /// An empty store. Clones share it.
    pub fn new() -> Self {
        Self::default()
    }

    fn committed(&self) -> State {
        self.0.committed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A transaction; it reads and writes while it holds the writer's place.
#[derive(Debug)]
struct MemoryTx {
    store: MemoryStore,
    state: State,
    writer: Option<MutexGuardArc<()>>,
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        let writer = self.0.writer.lock_arc().await;
        Ok(Box::new(MemoryTx { store: self.clone(), state: self.committed(), writer: Some(writer) }))
    }

    async fn read(&self) -> Result<Box<dyn Tx>> {
        Ok(Box::new(MemoryTx { store: self.clone(), state: self.committed().read_only(), writer: None }))
    }
}

macro_rules! tables {
    ($($name:ident: $entity:ty,)+) => {
        #[derive(Debug, Clone, Default)]
        struct State {
            $($name: Table<$entity>,)+
            log: Log,
            leases: Held,
        }

        impl State {
            fn read_only(mut self) -> Self {
                $(self.$name.writable = false;)+
                self.log.writable = false;
                self.leases.writable = false;
                self
            }
        }

        /// The name of every table.
        pub(crate) const TABLES: &[&str] = &[$(<$entity as Entity>::TABLE),+];

        #[async_trait]
        impl Archive for MemoryTx {
            async fn walk(&mut self, from: &Place, most: u32) -> Result<(Vec<Entry>, Option<Place>)> {
                let most = most.max(1);
                match TABLES.get(from.part).copied() {
                    $(Some(<$entity as Entity>::TABLE) => {
                        Ok(from.page(most, self.state.$name.walk(&from.after, most)?))
                    })+
                    _ => self.state.log.walk(TABLES.len(), from, most),
                }
            }

            async fn put_back(&mut self, entry: &Entry) -> Result<()> {
                match entry {
                    Entry::Row { table, doc } => match table.as_str() {
                        $(<$entity as Entity>::TABLE => self.state.$name.put_back(doc),)+
                        _ => Err(Error::unknown_table(table)),
                    },
                    _ => self.state.log.put_back(entry),
                }
            }

            async fn clear(&mut self) -> Result<()> {
                $(self.state.$name.clear()?;)+
                self.state.log.clear()
            }
        }

        #[async_trait]
        impl Tx for MemoryTx {
            $(fn $name(&mut self) -> &mut dyn Repository<$entity> {
                &mut self.state.$name
            })+

            async fn commit(self: Box<Self>) -> Result<()> {
                if self.writer.is_some() {
                    *self.store.0.committed.write().unwrap_or_else(PoisonError::into_inner) = self.state;
                }
                Ok(())
            }
        }
    };
}

tables! {
    trends: Trend,
    contents: Content,
    runs: Run,
    steps: Step,
    assets: Asset,
    approvals: Approval,
    publications: Publication,
    users: User,
    notifications: Notification,
    costs: Cost,
    feeds: FeedState,
    logins: Login,
    sessions: Session,
    tickets: Ticket,
    guesses: Guesses,
    revocations: Revocation,
    accounts: SocialAccount,
    settings: Setting,
}

#[async_trait]
impl EventLog for MemoryTx {
    async fn append(
        &mut self,
        id: EventId,
        at: Timestamp,
        owner: Option<UserId>,
        event: &Event,
    ) -> Result<EventRecord> {
        self.state.log.append(id, at, owner, event)
    }

    async fn read(&mut self, after: u64, owner: Option<UserId>, limit: u32) -> Result<Vec<EventRecord>> {
        Ok(self.state.log.read(after, owner, limit))
    }

    async fn last(&mut self) -> Result<u64> {
        Ok(self.state.log.last())
    }

    async fn sequence_of(&mut self, id: EventId) -> Result<Option<u64>> {
        Ok(self.state.log.sequence_of(id))
    }

    async fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        self.state.log.claim(group, now, lease, limit)
    }

    async fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()> {
        self.state.log.extend(claim, now, lease)
    }

    async fn acknowledge(&mut self, claim: &Claim) -> Result<()> {
        self.state.log.acknowledge(claim)
    }

    async fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()> {
        self.state.log.release(claim, retry_at, reason)
    }

    async fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()> {
        self.state.log.bury(claim, reason)
    }

    async fn buried(&mut self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>> {
        self.state.log.buried(group, after, limit)
    }

    async fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()> {
        self.state.log.exhume(group, sequence, retry_at)
    }

    async fn groups(&mut self) -> Result<Vec<String>> {
        Ok(self.state.log.groups())
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        self.state.log.forget(before, limit)
    }
}

#[async_trait]
impl Leases for MemoryTx {
    async fn lease(&mut self, name: &str) -> Result<Option<Lease>> {
        Ok(self.state.leases.get(name))
    }

    async fn take_lease(&mut self, name: &str, holder: Uuid, now: Timestamp, time: Duration) -> Result<Option<Lease>> {
        self.state.leases.take(name, holder, now, time)
    }

    async fn renew_lease(&mut self, lease: &Lease, now: Timestamp, time: Duration) -> Result<Lease> {
        self.state.leases.renew(lease, now.after(time))
    }

    async fn check_lease(&mut self, lease: &Lease) -> Result<()> {
        self.state.leases.check(lease)
    }

    async fn return_lease(&mut self, lease: &Lease) -> Result<()> {
        self.state.leases.give_back(lease)
    }
}
