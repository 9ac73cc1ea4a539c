//! The record: repositories, event log and claims. A transaction *is* the repository set, so state rows,
//! journal steps, cost rows and outgoing events commit together or not at all.
//!
//! Every entity is kept the same way: its JSON document, and beside it the few columns of [`Index`]
//! that lists filter and order by. One generic implementation per database serves them all.

use crate::domain::{
    Approval, Asset, Content, Cost, FeedState, Guesses, Login, Notification, Publication, Revocation, Run, Session,
    Setting, SocialAccount, Step, Ticket, Trend, User,
};
use crate::event::{Event, EventRecord};
use crate::id::{
    ApprovalId, AssetId, ContentId, CostId, EventId, FeedStateId, GuessesId, Id, LoginId, NotificationId,
    PublicationId, RevocationId, RunId, SessionId, SettingId, SocialAccountId, StepId, TicketId, TrendId, UserId,
};
use crate::port::{Archive, Leases};
use crate::{Error, Result, Timestamp};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;
use uuid::Uuid;

/// What a store must know of an entity to find, order and guard it.
pub trait Entity: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its typed identifier.
    type Id: Id;
    /// Name of its table.
    const TABLE: &'static str;
    /// Its identity.
    fn id(&self) -> Self::Id;
    /// Count of changes. A new entity has version 0.
    fn version(&self) -> u64;
    /// Sets the count of changes; only stores call it.
    fn set_version(&mut self, version: u64);
    /// The columns beside the document.
    fn index(&self) -> Index;
}

/// The columns that lists filter and order by.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// A key that no other row of the table may have.
    pub unique: Option<String>,
    /// Whose it is.
    pub owner: Option<Uuid>,
    /// What it belongs to: the content of an asset, the run of a step.
    pub parent: Option<Uuid>,
    /// Its state's name.
    pub state: String,
    /// What [`Order::RankDown`] orders by: a score, a position.
    pub rank: f64,
    /// What [`Order::Newest`] orders by.
    pub at: Timestamp,
}

impl Index {
    /// Checks what every store must be able to order and compare exactly.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) if the rank is not finite, or the time lies more than 2^53 microseconds
    /// (285 years) from 1970, where the key of a [`Cursor`] is no longer exact.
    pub fn check(&self) -> Result<()> {
        if !self.rank.is_finite() {
            return Err(Error::invalid("what rows are ranked by must be finite").with_context("rank", self.rank));
        }
        if self.at.as_micros().unsigned_abs() > 1 << 53 {
            return Err(Error::invalid("the time of a row is out of range").with_context("at", self.at.as_micros()));
        }
        Ok(())
    }
}

/// Which rows a list shows; `None` and an empty list mean "all".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Rows of this owner.
    pub owner: Option<Uuid>,
    /// Rows that belong to this.
    pub parent: Option<Uuid>,
    /// Rows in one of these states.
    pub states: Vec<String>,
    /// Rows at or after this time.
    pub since: Option<Timestamp>,
    /// Rows before this time.
    pub until: Option<Timestamp>,
}

/// In which order a list runs. Ties are broken by identifier, so pages are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Latest first.
    #[default]
    Newest,
    /// Earliest first.
    Oldest,
    /// Highest rank first.
    RankDown,
    /// Lowest rank first.
    RankUp,
}

/// Where the next page begins: behind this row. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// `at` in microseconds, or `rank`, of the last row seen, as the order asks.
    pub key: f64,
    /// Identifier of the last row seen.
    pub id: Uuid,
}

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page {
    /// The order.
    pub order: Order,
    /// Behind which row to begin.
    pub after: Option<Cursor>,
    /// How many rows at most; stores cap it at [`Page::MOST`].
    pub limit: u32,
}

impl Page {
    /// No page is longer.
    pub const MOST: u32 = 200;

    /// The first page in an order.
    pub fn first(order: Order, limit: u32) -> Self {
        Self { order, after: None, limit }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(Order::Newest, 50)
    }
}

/// Rows of one page and where the next begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// Rows of one kind.
#[async_trait]
pub trait Repository<T: Entity>: Send {
    /// Finds a row by identity.
    ///
    /// # Behavior
    /// - A missing row is `None`, not an error.
    /// - Sees what the same transaction wrote.
    async fn get(&mut self, id: T::Id) -> Result<Option<T>>;

    /// Finds a row by its unique key.
    ///
    /// # Behavior
    /// - A missing row is `None`, not an error.
    /// - Keys are compared byte by byte: case matters.
    async fn find(&mut self, unique: &str) -> Result<Option<T>>;

    /// Adds a row and sets its version to 1.
    ///
    /// # Behavior
    /// - `AlreadyExists` if the identity or the unique key is taken; the transaction stays usable.
    /// - `Invalid` for an index that [`Index::check`] refuses; on an error the entity keeps its version.
    async fn insert(&mut self, entity: &mut T) -> Result<()>;

    /// Replaces a row and adds one to its version.
    ///
    /// # Behavior
    /// - `Conflict` if the stored version differs from the entity's: somebody else was faster.
    /// - `NotFound` if there is no such row.
    /// - `AlreadyExists` if the unique key is taken by another row.
    /// - On an error the entity keeps its version and the row is unchanged.
    async fn update(&mut self, entity: &mut T) -> Result<()>;

    /// Removes a row.
    ///
    /// # Behavior
    /// - Removing a missing row succeeds.
    async fn delete(&mut self, id: T::Id) -> Result<()>;

    /// Lists rows.
    ///
    /// # Behavior
    /// - At most `page.limit` rows, never more than [`Page::MOST`]; a limit of zero gives no rows.
    /// - `next` is `None` exactly when no row follows.
    /// - Following `next` visits every row that was there all the time exactly once, whatever is added meanwhile.
    async fn list(&mut self, filter: &Filter, page: &Page) -> Result<Slice<T>>;

    /// Counts rows.
    ///
    /// # Behavior
    /// - Counts exactly the rows that [`list`](Self::list) would visit.
    async fn count(&mut self, filter: &Filter) -> Result<u64>;
}

/// Sugar over [`Repository`].
#[async_trait]
pub trait RepositoryExt<T: Entity>: Repository<T> {
    /// The row, or a `NotFound` error that names it.
    async fn require(&mut self, id: T::Id) -> Result<T> {
        self.get(id).await?.ok_or_else(|| Error::no_row::<T>(id))
    }

    /// The rows at places `offset` to `offset + limit` of a list, for clients that count pages instead of following
    /// them.
    async fn window(&mut self, filter: &Filter, order: Order, offset: u64, limit: u32) -> Result<Vec<T>> {
        let (mut skip, mut rows) = (offset, Vec::new());
        let wanted = limit as usize;
        let mut page = Page::first(order, Page::MOST);
        while rows.len() < wanted {
            page.limit = u32::try_from(skip.saturating_add((wanted - rows.len()) as u64)).unwrap_or(Page::MOST);
            page.limit = page.limit.min(Page::MOST);
            let slice = self.list(filter, &page).await?;
            let skipped = (slice.items.len() as u64).min(skip);
            skip -= skipped;
            rows.extend(slice.items.into_iter().skip(skipped as usize));
            let Some(next) = slice.next else { break };
            page.after = Some(next);
        }
        Ok(rows)
    }

    /// Every row of a filter, page by page, but at most `most`.
    async fn every(&mut self, filter: &Filter, order: Order, most: usize) -> Result<Vec<T>> {
        self.window(filter, order, 0, u32::try_from(most).unwrap_or(u32::MAX)).await
    }

    /// Every row of a filter, newest first.
    async fn all(&mut self, filter: &Filter) -> Result<Vec<T>> {
        let mut page = Page::first(Order::Newest, Page::MOST);
        let mut all = Vec::new();
        loop {
            let slice = self.list(filter, &page).await?;
            all.extend(slice.items);
            let Some(next) = slice.next else { return Ok(all) };
            page.after = Some(next);
        }
    }
}

#[async_trait]
impl<T: Entity, R: Repository<T> + ?Sized> RepositoryExt<T> for R {}

/// An event that a worker holds for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The consumer group that claimed it.
    pub group: String,
    /// The event.
    pub record: EventRecord,
    /// Grows with every claim of this event by this group; a stale worker's number is refused.
    pub fence: u64,
    /// How often it was delivered to this group, this time included.
    pub attempts: u32,
    /// The claim is void after this time, unless it is extended.
    pub lease_until: Timestamp,
}

/// The event log of a transaction: what is appended is seen by others only once the transaction commits.
#[async_trait]
pub trait EventLog: Send {
    /// Appends an event.
    ///
    /// # Behavior
    /// - Gets a sequence higher than that of every event committed before.
    /// - A rollback leaves no trace of it.
    /// - `AlreadyExists` if the identifier is in the log; the transaction stays usable.
    async fn append(&mut self, id: EventId, at: Timestamp, owner: Option<UserId>, event: &Event)
    -> Result<EventRecord>;

    /// Reads events behind a place in the log, in order.
    ///
    /// # Behavior
    /// - At most `limit` events, all with a sequence higher than `after`, ascending, without a gap of visibility:
    ///   an event that commits later never appears behind a place that was read already.
    /// - With `owner`, only that user's events and those that everybody may see.
    async fn read(&mut self, after: u64, owner: Option<UserId>, limit: u32) -> Result<Vec<EventRecord>>;

    /// The sequence of the last event of the log; 0 if it is empty.
    ///
    /// # Behavior
    /// - Costs the same however long the log is.
    /// - Every event that commits later has a higher sequence.
    async fn last(&mut self) -> Result<u64>;

    /// The sequence of an event.
    ///
    /// # Behavior
    /// - `None` if the event is not in the log.
    async fn sequence_of(&mut self, id: EventId) -> Result<Option<u64>>;

    /// Claims events for a consumer group until `now + lease`.
    ///
    /// # Behavior
    /// - A new group begins with the first event of the log.
    /// - An event that is acknowledged or buried by the group is never given again.
    /// - An event that is claimed is not given again before its lease ends; then it is, with a higher fence.
    /// - An event that was released is not given before its retry time.
    /// - Ascending by sequence.
    async fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>>;

    /// Extends a claim until `now + lease`.
    ///
    /// # Behavior
    /// - `Conflict` if the fence is stale or the event is no longer claimed.
    async fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()>;

    /// Marks a claimed event as done by its group, in the same transaction as the effect.
    ///
    /// # Behavior
    /// - `Conflict` if the fence is stale or the event is no longer claimed; the caller must roll back.
    async fn acknowledge(&mut self, claim: &Claim) -> Result<()>;

    /// Marks many as done, as [`acknowledge`](Self::acknowledge) marks one.
    ///
    /// # Behavior
    /// - `Conflict` if one of them is stale or no longer claimed; the caller must roll back.
    /// - Claims of several groups may be among them, and there may be none.
    async fn acknowledge_all(&mut self, claims: &[Claim]) -> Result<()> {
        for claim in claims {
            self.acknowledge(claim).await?;
        }
        Ok(())
    }

    /// Gives a claimed event back, to be tried again at `retry_at`.
    ///
    /// # Behavior
    /// - `Conflict` if the fence is stale or the event is no longer claimed.
    async fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()>;

    /// Puts a claimed event aside for good, with the reason.
    ///
    /// # Behavior
    /// - `Conflict` if the fence is stale or the event is no longer claimed.
    /// - The event shows up in [`buried`](Self::buried).
    async fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()>;

    /// Lists what a group has put aside: `(event, reason)`, ascending.
    ///
    /// # Behavior
    /// - At most `limit`, behind sequence `after`.
    async fn buried(&mut self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>>;

    /// Takes up again what a group has put aside, to be tried at `retry_at`.
    ///
    /// # Behavior
    /// - `NotFound` if the group has not put this event aside.
    /// - The event leaves [`buried`](Self::buried) and is given again at its time: with a higher fence, so that who
    ///   buried it can do nothing more to it, and with its attempts counted anew.
    async fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()>;

    /// The consumer groups that ever claimed, by name.
    ///
    /// # Behavior
    /// - Ascending, each once; a group that has claimed nothing yet, but tried, is among them.
    async fn groups(&mut self) -> Result<Vec<String>>;

    /// Deletes events from before a time, and gives how many.
    ///
    /// # Behavior
    /// - At most `limit`, oldest first; fewer only if no more may go.
    /// - An event stays that a group was not given yet, holds, is to be given again, or has put aside.
    /// - What stays keeps its sequence, and no sequence is given a second time, also if the last event goes.
    /// - A group that claims for the first time afterwards begins with the first event that is left.
    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64>;
}

/// A transaction: the repository set. Dropping it rolls back.
#[async_trait]
pub trait Tx: EventLog + Archive + Leases + Send {
    /// Trends.
    fn trends(&mut self) -> &mut dyn Repository<Trend>;
    /// Contents.
    fn contents(&mut self) -> &mut dyn Repository<Content>;
    /// Runs.
    fn runs(&mut self) -> &mut dyn Repository<Run>;
    /// The step journal.
    fn steps(&mut self) -> &mut dyn Repository<Step>;
    /// Assets.
    fn assets(&mut self) -> &mut dyn Repository<Asset>;
    /// Approvals.
    fn approvals(&mut self) -> &mut dyn Repository<Approval>;
    /// Publications.
    fn publications(&mut self) -> &mut dyn Repository<Publication>;
    /// Users.
    fn users(&mut self) -> &mut dyn Repository<User>;
    /// Notifications.
    fn notifications(&mut self) -> &mut dyn Repository<Notification>;
    /// The cost ledger.
    fn costs(&mut self) -> &mut dyn Repository<Cost>;
    /// What is remembered of feeds.
    fn feeds(&mut self) -> &mut dyn Repository<FeedState>;
    /// Names to sign in with.
    fn logins(&mut self) -> &mut dyn Repository<Login>;
    /// Sessions.
    fn sessions(&mut self) -> &mut dyn Repository<Session>;
    /// Tokens that can be used once.
    fn tickets(&mut self) -> &mut dyn Repository<Ticket>;
    /// Counts of guesses.
    fn guesses(&mut self) -> &mut dyn Repository<Guesses>;
    /// Tokens that are refused before they expire.
    fn revocations(&mut self) -> &mut dyn Repository<Revocation>;
    /// Accounts at places to publish.
    fn accounts(&mut self) -> &mut dyn Repository<SocialAccount>;
    /// Settings made at run time.
    fn settings(&mut self) -> &mut dyn Repository<Setting>;

    /// Makes everything permanent.
    ///
    /// # Behavior
    /// - All or nothing; once it returns, a power cut loses nothing.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// The record.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Begins a transaction that reads and writes.
    ///
    /// # Behavior
    /// - Dropping it without commit leaves no trace: no row and no event.
    /// - Two at once do not see each other's uncommitted work; a lost update is a `Conflict`, never silent.
    async fn begin(&self) -> Result<Box<dyn Tx>>;

    /// Begins a transaction that only reads, from one consistent moment.
    ///
    /// # Behavior
    /// - Does not wait for writers.
    /// - Writing through it is `Unsupported`.
    async fn read(&self) -> Result<Box<dyn Tx>>;
}

macro_rules! entity {
    ($type:ty, $id:ty, $table:literal, |$row:ident| $index:expr) => {
        impl Entity for $type {
            type Id = $id;
            const TABLE: &'static str = $table;
            fn id(&self) -> $id {
                self.id
            }
            fn version(&self) -> u64 {
                self.version
            }
            fn set_version(&mut self, version: u64) {
                self.version = version;
            }
            fn index(&self) -> Index {
                let $row = self;
                $index
            }
        }
    };
}

entity!(Trend, TrendId, "trends", |trend| Index {
    // One row per topic and day, however many scans find it at once.
    unique: Some(format!("{}/{}", crate::text::fold(&trend.topic), trend.detected_at.day())),
    owner: None,
    parent: None,
    state: trend.status.to_string(),
    rank: trend.score,
    at: trend.detected_at,
});
entity!(Content, ContentId, "contents", |content| Index {
    unique: None,
    owner: Some(content.owner.0),
    parent: content.trend_id.map(Id::as_uuid),
    state: content.status.to_string(),
    rank: content.critique.as_ref().map_or(0.0, crate::domain::Critique::confidence),
    at: content.created_at,
});
entity!(Run, RunId, "runs", |run| Index {
    unique: None,
    owner: Some(run.owner.0),
    parent: Some(run.content_id.0),
    state: run.state.as_str().to_owned(),
    rank: 0.0,
    at: run.created_at,
});
entity!(Step, StepId, "steps", |step| Index {
    unique: Some(format!("{}/{}", step.run_id, step.key)),
    owner: None,
    parent: Some(step.run_id.0),
    state: step.state.to_string(),
    rank: 0.0,
    at: step.started_at,
});
entity!(Asset, AssetId, "assets", |asset| Index {
    unique: None,
    owner: None,
    parent: Some(asset.content_id.0),
    state: asset.kind.to_string(),
    rank: f64::from(asset.position),
    at: asset.created_at,
});
entity!(Approval, ApprovalId, "approvals", |approval| Index {
    unique: None,
    owner: None,
    parent: Some(approval.run_id.0),
    state: approval.state.to_string(),
    rank: 0.0,
    at: approval.created_at,
});
entity!(Publication, PublicationId, "publications", |publication| Index {
    // One at a time, however many ask at once; what failed for certain makes way.
    unique: publication.is_live().then(|| Publication::key(
        publication.content_id,
        publication.destination,
        publication.account_id
    )),
    owner: Some(publication.owner.0),
    parent: Some(publication.content_id.0),
    state: publication.state.to_string(),
    rank: 0.0,
    at: publication.created_at,
});
entity!(User, UserId, "users", |user| Index {
    unique: Some(user.email.to_lowercase()),
    owner: None,
    parent: None,
    state: user.role.to_string(),
    rank: 0.0,
    at: user.created_at,
});
entity!(Notification, NotificationId, "notifications", |notification| Index {
    unique: None,
    owner: Some(notification.user_id.0),
    parent: None,
    state: if notification.is_read { "read" } else { "unread" }.to_owned(),
    rank: 0.0,
    at: notification.created_at,
});
entity!(Cost, CostId, "costs", |cost| Index {
    unique: None,
    owner: Some(cost.owner.0),
    parent: cost.content_id.map(Id::as_uuid),
    state: cost.category.to_string(),
    rank: cost.amount.dollars(),
    at: cost.recorded_at,
});
entity!(FeedState, FeedStateId, "feeds", |feed| Index {
    unique: Some(feed.url.clone()),
    owner: None,
    parent: None,
    state: if feed.failures == 0 { "healthy" } else { "failing" }.to_owned(),
    rank: f64::from(feed.failures),
    at: feed.checked_at,
});
entity!(Login, LoginId, "logins", |login| Index {
    unique: Some(format!("{}/{}", login.kind, login.subject)),
    owner: Some(login.user_id.0),
    parent: None,
    state: login.kind.to_string(),
    rank: 0.0,
    at: login.created_at,
});
entity!(Session, SessionId, "sessions", |session| Index {
    unique: None,
    owner: Some(session.user_id.0),
    parent: None,
    state: if session.ended_at.is_none() { "live" } else { "ended" }.to_owned(),
    rank: 0.0,
    at: session.created_at,
});
entity!(Ticket, TicketId, "tickets", |ticket| Index {
    unique: Some(ticket.hash.to_string()),
    owner: ticket.user_id.map(Id::as_uuid),
    parent: None,
    state: match (ticket.used_at, ticket.mail_at) {
        (Some(_), _) => "used",
        (None, Some(_)) => "unsent",
        (None, None) => "open",
    }
    .to_owned(),
    rank: 0.0,
    at: ticket.created_at,
});
entity!(Guesses, GuessesId, "guesses", |guesses| Index {
    unique: Some(guesses.key.to_string()),
    owner: None,
    parent: None,
    state: "counting".to_owned(),
    rank: f64::from(guesses.count),
    at: guesses.last_at,
});
entity!(Revocation, RevocationId, "revocations", |revocation| Index {
    unique: None,
    owner: None,
    parent: None,
    state: "revoked".to_owned(),
    rank: 0.0,
    at: revocation.created_at,
});
entity!(SocialAccount, SocialAccountId, "accounts", |account| Index {
    unique: None,
    owner: Some(account.user_id.0),
    parent: None,
    state: if account.active { "active" } else { "removed" }.to_owned(),
    rank: 0.0,
    at: account.created_at,
});
entity!(Setting, SettingId, "settings", |setting| Index {
    unique: Some(setting.name.clone()),
    owner: None,
    parent: None,
    state: "set".to_owned(),
    rank: 0.0,
    at: setting.updated_at,
});
