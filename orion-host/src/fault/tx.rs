//! A transaction that knows what it writes, and can end before or after its commit.

use super::at;
use async_trait::async_trait;
use orion_core::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, PublicationState, Revocation,
    Run, Session, Setting, SocialAccount, Step, StepState, Ticket, Trend, User,
};
use orion_core::event::{Event, EventRecord};
use orion_core::id::{EventId, UserId};
use orion_core::port::{
    Archive, Claim, Entity, Entry, EventLog, Filter, Lease, Leases, Page, Place, Repository, Slice, Tx,
};
use orion_core::{Result, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// A transaction that marks what it writes.
pub(super) struct FaultyTx {
    inner: Box<dyn Tx>,
    marks: BTreeSet<&'static str>,
}

impl FaultyTx {
    pub(super) fn new(inner: Box<dyn Tx>) -> Self {
        Self { inner, marks: BTreeSet::new() }
    }
}

/// The mark of a row that is written; none for rows without a point.
trait Marked: Entity {
    fn mark(&self) -> Option<&'static str> {
        None
    }
}

impl Marked for Step {
    fn mark(&self) -> Option<&'static str> {
        match self.state {
            StepState::Prepared => Some("step.prepared"),
            StepState::Submitted => Some("step.submitted"),
            StepState::Finished => Some("step.finished"),
            StepState::Failed => None,
        }
    }
}

impl Marked for Publication {
    fn mark(&self) -> Option<&'static str> {
        match self.state {
            PublicationState::Prepared => Some("publication.prepared"),
            PublicationState::Uploading => Some("publication.uploading"),
            PublicationState::Armed => Some("publication.armed"),
            PublicationState::Published => Some("publication.published"),
            _ => None,
        }
    }
}

macro_rules! marked {
    ($($type:ty => $mark:expr),* $(,)?) => { $(
        impl Marked for $type {
            fn mark(&self) -> Option<&'static str> {
                $mark
            }
        }
    )* };
}

marked! {
    Run => Some("run"),
    Approval => Some("gate"),
    Content => Some("content"),
    Asset => Some("assets"),
    Notification => Some("notification"),
    Trend => None,
    User => None,
    Cost => None,
    FeedState => None,
    Login => None,
    Session => None,
    Ticket => None,
    Guesses => None,
    Revocation => None,
    SocialAccount => None,
    Setting => None,
}

macro_rules! tables {
    ($($type:ty: $table:ident),* $(,)?) => {
        $(
            #[async_trait]
            impl Repository<$type> for FaultyTx {
                async fn get(&mut self, id: <$type as Entity>::Id) -> Result<Option<$type>> {
                    self.inner.$table().get(id).await
                }

                async fn find(&mut self, unique: &str) -> Result<Option<$type>> {
                    self.inner.$table().find(unique).await
                }

                async fn insert(&mut self, entity: &mut $type) -> Result<()> {
                    self.marks.extend(entity.mark());
                    self.inner.$table().insert(entity).await
                }

                async fn update(&mut self, entity: &mut $type) -> Result<()> {
                    self.marks.extend(entity.mark());
                    self.inner.$table().update(entity).await
                }

                async fn delete(&mut self, id: <$type as Entity>::Id) -> Result<()> {
                    self.inner.$table().delete(id).await
                }

                async fn list(&mut self, filter: &Filter, page: &Page) -> Result<Slice<$type>> {
                    self.inner.$table().list(filter, page).await
                }

                async fn count(&mut self, filter: &Filter) -> Result<u64> {
                    self.inner.$table().count(filter).await
                }
            }
        )*

        #[async_trait]
        impl Tx for FaultyTx {
            $(
                fn $table(&mut self) -> &mut dyn Repository<$type> {
                    self
                }
            )*

            async fn commit(self: Box<Self>) -> Result<()> {
                let Self { inner, marks } = *self;
                marks.iter().for_each(|mark| at(mark, ".before"));
                inner.commit().await?;
                marks.iter().for_each(|mark| at(mark, ".after"));
                Ok(())
            }
        }
    };
}

tables! {
    Trend: trends,
    Content: contents,
    Run: runs,
    Step: steps,
    Asset: assets,
    Approval: approvals,
    Publication: publications,
    User: users,
    Notification: notifications,
    Cost: costs,
    FeedState: feeds,
    Login: logins,
    Session: sessions,
    Ticket: tickets,
    Guesses: guesses,
    Revocation: revocations,
    SocialAccount: accounts,
    Setting: settings,
}

#[async_trait]
impl Leases for FaultyTx {
    async fn lease(&mut self, name: &str) -> Result<Option<Lease>> {
        self.inner.lease(name).await
    }

    async fn take_lease(&mut self, name: &str, holder: Uuid, now: Timestamp, time: Duration) -> Result<Option<Lease>> {
        self.marks.insert("lease.taken");
        self.inner.take_lease(name, holder, now, time).await
    }

    async fn renew_lease(&mut self, lease: &Lease, now: Timestamp, time: Duration) -> Result<Lease> {
        self.inner.renew_lease(lease, now, time).await
    }

    async fn check_lease(&mut self, lease: &Lease) -> Result<()> {
        self.inner.check_lease(lease).await
    }

    async fn return_lease(&mut self, lease: &Lease) -> Result<()> {
        self.marks.insert("lease.returned");
        self.inner.return_lease(lease).await
    }
}

#[async_trait]
impl EventLog for FaultyTx {
    async fn append(
        &mut self,
        id: EventId,
        time: Timestamp,
        owner: Option<UserId>,
        event: &Event,
    ) -> Result<EventRecord> {
        self.marks.insert("event");
        self.inner.append(id, time, owner, event).await
    }

    async fn read(&mut self, after: u64, owner: Option<UserId>, limit: u32) -> Result<Vec<EventRecord>> {
        self.inner.read(after, owner, limit).await
    }

    async fn last(&mut self) -> Result<u64> {
        self.inner.last().await
    }

    async fn sequence_of(&mut self, id: EventId) -> Result<Option<u64>> {
        self.inner.sequence_of(id).await
    }

    async fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        self.inner.claim(group, now, lease, limit).await
    }

    async fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()> {
        self.inner.extend(claim, now, lease).await
    }

    async fn acknowledge(&mut self, claim: &Claim) -> Result<()> {
        self.marks.insert("claim.done");
        self.inner.acknowledge(claim).await
    }

    async fn acknowledge_all(&mut self, claims: &[Claim]) -> Result<()> {
        if !claims.is_empty() {
            self.marks.insert("claim.done");
        }
        self.inner.acknowledge_all(claims).await
    }

    async fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()> {
        self.inner.release(claim, retry_at, reason).await
    }

    async fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()> {
        self.inner.bury(claim, reason).await
    }

    async fn buried(&mut self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>> {
        self.inner.buried(group, after, limit).await
    }

    async fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()> {
        self.inner.exhume(group, sequence, retry_at).await
    }

    async fn groups(&mut self) -> Result<Vec<String>> {
        self.inner.groups().await
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        self.inner.forget(before, limit).await
    }
}

#[async_trait]
impl Archive for FaultyTx {
    async fn walk(&mut self, from: &Place, most: u32) -> Result<(Vec<Entry>, Option<Place>)> {
        self.inner.walk(from, most).await
    }

    async fn put_back(&mut self, entry: &Entry) -> Result<()> {
        self.inner.put_back(entry).await
    }

    async fn clear(&mut self) -> Result<()> {
        self.inner.clear().await
    }
}
