//! The event log and its consumer groups.
//!
//! A sequence is taken from the one row of `log_head` inside the transaction that appends. On SQLite there is one
//! writer, so sequences become visible in their order. PostgreSQL has many: there the update of that row holds its
//! lock until the commit, which orders the appending transactions in the same way; a database sequence would not,
//! and a reader could step over an event that commits late.
//!
//! A group's `head` is the last event that it was ever given; `deliveries` holds only those up to the head that are
//! not done. A claim therefore costs the same after a million events as after ten.

use crate::error::translate;
use crate::transaction::SqlTx;
use async_trait::async_trait;
use orion_core::event::{Event, EventRecord};
use orion_core::id::{EventId, UserId};
use orion_core::port::{Claim, EventLog};
use orion_core::{Error, Result, Timestamp};
use sqlx::SqliteConnection;
use std::time::Duration;

const RAISE_HEAD: &str = "update log_head set sequence = sequence + 1 returning sequence";
const LOWER_HEAD: &str = "update log_head set sequence = sequence - 1";
const APPEND: &str =
    "insert into events (sequence, id, at, owner, body) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
const READ: &str = "select sequence, id, at, owner, body from events where sequence > $1 order by sequence limit $2";
const READ_OWNED: &str = "select sequence, id, at, owner, body from events \
    where sequence > $1 and (owner is null or owner = $3) order by sequence limit $2";

const LAST: &str = "select sequence from log_head";
const SEQUENCE_OF: &str = "select sequence from events where id = $1";

const GROUP_HEAD: &str = "select head from consumers where name = $1";
const ADD_GROUP: &str = "insert into consumers (name, head) values ($1, 0)";
const MOVE_GROUP: &str = "update consumers set head = $2 where name = $1";
const DUE: &str = "select e.sequence, e.id, e.at, e.owner, e.body, d.fence, d.attempts \
    from deliveries d join events e on e.sequence = d.sequence \
    where d.consumer = $1 and d.state <> 'buried' and d.ready_at <= $2 order by d.sequence limit $3";
const HOLD_DUE: &str = "update deliveries set state = 'held', fence = fence + 1, attempts = attempts + 1, ready_at = $3 \
    where consumer = $1 and state <> 'buried' and ready_at <= $2 and sequence <= $4";
const HOLD_FRESH: &str = "insert into deliveries (consumer, sequence, state, fence, attempts, ready_at) \
    select $1, sequence, 'held', 1, 1, $2 from events where sequence > $3 and sequence <= $4";

const EXTEND: &str = "update deliveries set ready_at = $4 \
    where consumer = $1 and sequence = $2 and fence = $3 and state = 'held'";
const ACKNOWLEDGE: &str =
    "delete from deliveries where consumer = $1 and sequence = $2 and fence = $3 and state = 'held'";
const RELEASE: &str = "update deliveries set state = 'released', ready_at = $4, reason = $5 \
    where consumer = $1 and sequence = $2 and fence = $3 and state = 'held'";
const BURY: &str = "update deliveries set state = 'buried', reason = $4 \
    where consumer = $1 and sequence = $2 and fence = $3 and state = 'held'";
const EXHUME: &str = "update deliveries set state = 'released', attempts = 0, ready_at = $3 \
    where consumer = $1 and sequence = $2 and state = 'buried'";
const BURIED: &str = "select e.sequence, e.id, e.at, e.owner, e.body, coalesce(d.reason, '') as reason \
    from deliveries d join events e on e.sequence = d.sequence \
    where d.consumer = $1 and d.state = 'buried' and d.sequence > $2 order by d.sequence limit $3";
const GROUPS: &str = "select name from consumers order by name";
/// What a group has still to do is in `deliveries`, whatever its state, or lies behind its head.
const FORGET: &str = "delete from events where sequence in (select sequence from events \
    where at < $1 and sequence <= (select coalesce(min(head), 9223372036854775807) from consumers) \
    and sequence not in (select sequence from deliveries) order by sequence limit $2)";

/// A row of `events`.
#[derive(sqlx::FromRow)]
struct EventRow {
    sequence: i64,
    id: String,
    at: i64,
    owner: Option<String>,
    body: String,
}

impl EventRow {
    fn record(self) -> Result<EventRecord> {
        let sequence = self.sequence.unsigned_abs();
        let event = serde_json::from_str::<Event>(&self.body)
            .map_err(|error| Error::from(error).with_context("sequence", sequence))?;
        Ok(EventRecord {
            sequence,
            id: self.id.parse()?,
            at: Timestamp::from_micros(self.at),
            owner: self.owner.as_deref().map(str::parse).transpose()?,
            event,
        })
    }
}

#[derive(sqlx::FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    event: EventRow,
    fence: i64,
    attempts: i64,
}

#[derive(sqlx::FromRow)]
struct BuriedRow {
    #[sqlx(flatten)]
    event: EventRow,
    reason: String,
}

#[async_trait]
impl EventLog for SqlTx {
    async fn append(
        &mut self,
        id: EventId,
        at: Timestamp,
        owner: Option<UserId>,
        event: &Event,
    ) -> Result<EventRecord> {
        let connection = self.writing()?;
        let body = serde_json::to_string(event)?;
        let sequence: i64 = sqlx::query_scalar(RAISE_HEAD).fetch_one(&mut *connection).await.map_err(translate)?;
        let inserted = sqlx::query(APPEND)
            .bind(sequence)
            .bind(id.to_string())
            .bind(at.as_micros())
            .bind(owner.map(|owner| owner.to_string()))
            .bind(body)
            .execute(&mut *connection)
            .await
            .map_err(translate)?;
        if inserted.rows_affected() == 0 {
            sqlx::query(LOWER_HEAD).execute(connection).await.map_err(translate)?;
            return Err(Error::event_exists(id));
        }
        Ok(EventRecord { sequence: sequence.unsigned_abs(), id, at, owner, event: event.clone() })
    }

    async fn read(&mut self, after: u64, owner: Option<UserId>, limit: u32) -> Result<Vec<EventRecord>> {
        let statement = match owner {
            None => sqlx::query_as::<_, EventRow>(READ).bind(place(after)).bind(limit),
            Some(owner) => sqlx::query_as(READ_OWNED).bind(place(after)).bind(limit).bind(owner.to_string()),
        };
        let rows = statement.fetch_all(self.reading()).await.map_err(translate)?;
        rows.into_iter().map(EventRow::record).collect()
    }

    async fn last(&mut self) -> Result<u64> {
        let last: i64 = sqlx::query_scalar(LAST).fetch_one(self.reading()).await.map_err(translate)?;
        Ok(last.unsigned_abs())
    }

    async fn sequence_of(&mut self, id: EventId) -> Result<Option<u64>> {
        let found: Option<i64> = sqlx::query_scalar(SEQUENCE_OF)
            .bind(id.to_string())
            .fetch_optional(self.reading())
            .await
            .map_err(translate)?;
        Ok(found.map(i64::unsigned_abs))
    }

    async fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        let connection = self.writing()?;
        let lease_until = now.after(lease);
        let claim = |record, fence: i64, attempts: i64| Claim {
            group: group.to_owned(),
            record,
            fence: fence.unsigned_abs(),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            lease_until,
        };
        let head = group_head(connection, group).await?;
        // What comes back is older than what was never given, so the result ascends.
        let mut claims = Vec::new();
        for due in hold_due(connection, group, now, lease_until, limit).await? {
            claims.push(claim(due.event.record()?, due.fence + 1, due.attempts + 1));
        }
        let rest = limit.saturating_sub(claims.len() as u32);
        for event in hold_fresh(connection, group, head, lease_until, rest).await? {
            claims.push(claim(event.record()?, 1, 1));
        }
        Ok(claims)
    }

    async fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()> {
        let statement = held(EXTEND, claim).bind(now.after(lease).as_micros());
        self.change(claim, statement).await
    }

    async fn acknowledge(&mut self, claim: &Claim) -> Result<()> {
        self.change(claim, held(ACKNOWLEDGE, claim)).await
    }

    async fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()> {
        let statement = held(RELEASE, claim).bind(retry_at.as_micros()).bind(reason.to_owned());
        self.change(claim, statement).await
    }

    async fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()> {
        self.change(claim, held(BURY, claim).bind(reason.to_owned())).await
    }

    async fn buried(&mut self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>> {
        let statement = sqlx::query_as::<_, BuriedRow>(BURIED).bind(group).bind(place(after)).bind(limit);
        let rows = statement.fetch_all(self.reading()).await.map_err(translate)?;
        rows.into_iter().map(|row| Ok((row.event.record()?, row.reason))).collect()
    }

    async fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()> {
        let statement = sqlx::query(EXHUME).bind(group).bind(place(sequence)).bind(retry_at.as_micros());
        match statement.execute(self.writing()?).await.map_err(translate)?.rows_affected() {
            0 => Err(Error::not_buried(group, sequence)),
            _ => Ok(()),
        }
    }

    async fn groups(&mut self) -> Result<Vec<String>> {
        sqlx::query_scalar(GROUPS).fetch_all(self.reading()).await.map_err(translate)
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        let statement = sqlx::query(FORGET).bind(before.as_micros()).bind(limit);
        Ok(statement.execute(self.writing()?).await.map_err(translate)?.rows_affected())
    }
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// A statement about a claim that is held, with group, sequence and fence bound.
fn held<'q>(sql: &'static str, claim: &Claim) -> Statement<'q> {
    sqlx::query(sql).bind(claim.group.clone()).bind(place(claim.record.sequence)).bind(place(claim.fence))
}

impl SqlTx {
    /// Runs a statement that must find its claim.
    async fn change(&mut self, claim: &Claim, statement: Statement<'_>) -> Result<()> {
        match statement.execute(self.writing()?).await.map_err(translate)?.rows_affected() {
            0 => Err(Error::lost_claim(claim)),
            _ => Ok(()),
        }
    }
}

/// The head of a group, which is made if it is new. On PostgreSQL this takes the group's row for update: claims of
/// one group then follow one another, and need not skip locked rows.
async fn group_head(connection: &mut SqliteConnection, group: &str) -> Result<i64> {
    let head = sqlx::query_scalar(GROUP_HEAD).bind(group).fetch_optional(&mut *connection).await.map_err(translate)?;
    if let Some(head) = head {
        return Ok(head);
    }
    sqlx::query(ADD_GROUP).bind(group).execute(connection).await.map_err(translate)?;
    Ok(0)
}

/// Takes what was given before and is due again; the rows are as they were before.
async fn hold_due(
    connection: &mut SqliteConnection,
    group: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<DueRow>> {
    let statement = sqlx::query_as::<_, DueRow>(DUE).bind(group).bind(now.as_micros()).bind(limit);
    let due = statement.fetch_all(&mut *connection).await.map_err(translate)?;
    if let Some(last) = due.last() {
        // Those selected are exactly the due ones up to the last of them.
        let statement = sqlx::query(HOLD_DUE).bind(group).bind(now.as_micros());
        let statement = statement.bind(lease_until.as_micros()).bind(last.event.sequence);
        statement.execute(connection).await.map_err(translate)?;
    }
    Ok(due)
}

/// Takes what the group was never given.
async fn hold_fresh(
    connection: &mut SqliteConnection,
    group: &str,
    head: i64,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<EventRow>> {
    let fresh = if limit == 0 {
        Vec::new()
    } else {
        let statement = sqlx::query_as::<_, EventRow>(READ).bind(head).bind(limit);
        statement.fetch_all(&mut *connection).await.map_err(translate)?
    };
    if let Some(last) = fresh.last() {
        let statement = sqlx::query(HOLD_FRESH).bind(group).bind(lease_until.as_micros());
        let statement = statement.bind(head).bind(last.sequence);
        statement.execute(&mut *connection).await.map_err(translate)?;
        let statement = sqlx::query(MOVE_GROUP).bind(group).bind(last.sequence);
        statement.execute(connection).await.map_err(translate)?;
    }
    Ok(fresh)
}

/// A count as the database keeps it; what is higher than any place is behind every place.
fn place(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
