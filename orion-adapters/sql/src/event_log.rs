//! The event log and its consumer groups.
//!
//! A sequence is taken from the one row of `log_head` inside the transaction that appends. On SQLite there is one
//! writer, so sequences become visible in their order. PostgreSQL has many: there the update of that row holds its
//! lock until the commit, which orders the appending transactions in the same way; a database sequence would not,
//! and a reader could step over an event that commits late.
//!
//! A group's `head` is the last event that was ever written down for it; `deliveries` holds only those up to the head
//! that are not done. Events are written down many at a time, by whoever finds nothing more to claim; claims then take
//! them row by row, each worker past the rows that others are taking. A claim therefore costs the same after a million
//! events as after ten, and on PostgreSQL workers of one group do not wait for each other's commits.

use crate::claims::{TAKE, Taken};
use crate::connection::{Bind, Connection, binds};
use crate::dialect::{Sql, locking};
use crate::error::translate;
use crate::transaction::SqlTx;
use async_trait::async_trait;
use orion_core::event::{Event, EventRecord};
use orion_core::id::{EventId, UserId};
use orion_core::port::{Claim, EventLog};
use orion_core::{Error, Result, Timestamp};
use std::time::Duration;

/// How many events are written down for a group at once.
const CHUNK: u32 = 2048;

/// Once fewer events than this are written down for a group, more are, so that nobody has to wait for who does that.
const LOW: i64 = 512;

const RAISE_HEAD: &str = "update log_head set sequence = sequence + 1 returning sequence";
const LOWER_HEAD: &str = "update log_head set sequence = sequence - 1";
const APPEND: &str =
    "insert into events (sequence, id, at, owner, body) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
const READ: &str = "select sequence, id, at, owner, body from events where sequence > $1 order by sequence limit $2";
const READ_OWNED: &str = "select sequence, id, at, owner, body from events \
    where sequence > $1 and (owner is null or owner = $3) order by sequence limit $2";

const LAST: &str = "select sequence from log_head";
const SEQUENCE_OF: &str = "select sequence from events where id = $1";

const GROUP_HEAD: &str = "select c.head, l.sequence from consumers c, log_head l where c.name = $1";
const LOCK_GROUP: Sql = locking!("select head from consumers where name = $1", " for update skip locked", "");
/// Only on PostgreSQL does anybody find it locked.
pub(crate) const AWAIT_GROUP: &str = "select head from consumers where name = $1 for update";
const ADD_GROUP: &str = "insert into consumers (name, head) values ($1, 0) on conflict do nothing";
const MOVE_GROUP: &str = "update consumers set head = $2 where name = $1";
/// Writes events down as due at once. No clock shows a time before zero.
const FILL: &str = "insert into deliveries (consumer, sequence, state, fence, attempts, ready_at) \
    select cast($1 as text), sequence, 'released', 0, 0, 0 from events \
    where sequence > $2 and sequence <= $3 order by sequence limit $4";
const LAST_FILLED: &str = "select max(sequence) from deliveries where consumer = $1";
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
/// Nobody makes a group or moves one until the transaction ends: a new group could be given what is being forgotten.
/// SQLite has one writer.
pub(crate) const LOCK_GROUPS: &str = "lock table consumers in share mode";
/// What a group has still to do is in `deliveries`, whatever its state, or lies behind its head.
const FORGET: &str = "delete from events where sequence in (select sequence from events \
    where at < $1 and sequence <= (select coalesce(min(head), 9223372036854775807) from consumers) \
    and sequence not in (select sequence from deliveries) order by sequence limit $2)";

/// Every statement of the log.
#[cfg(test)]
pub(crate) const STATEMENTS: &[Sql] = &[
    same(RAISE_HEAD),
    same(LOWER_HEAD),
    same(APPEND),
    same(READ),
    same(READ_OWNED),
    same(LAST),
    same(SEQUENCE_OF),
    same(GROUP_HEAD),
    LOCK_GROUP,
    same(ADD_GROUP),
    same(MOVE_GROUP),
    same(FILL),
    same(LAST_FILLED),
    same(EXTEND),
    same(ACKNOWLEDGE),
    same(RELEASE),
    same(BURY),
    same(EXHUME),
    same(BURIED),
    same(GROUPS),
    same(FORGET),
];

#[cfg(test)]
const fn same(sql: &'static str) -> Sql {
    Sql { sqlite: sql, postgres: sql }
}

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

/// A delivery that is due, as it was before it is claimed.
#[derive(sqlx::FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    event: EventRow,
    fence: i64,
    attempts: i64,
    place: String,
    head: i64,
}

impl DueRow {
    /// It as a claim, and what is to be written down of it.
    fn taken(self, group: &str, lease_until: Timestamp) -> Result<(Claim, Taken)> {
        let record = self.event.record()?;
        let (sequence, fence) = (record.sequence, self.fence.unsigned_abs() + 1);
        let attempts = u32::try_from(self.attempts + 1).unwrap_or(u32::MAX);
        let claim = Claim { group: group.to_owned(), record, fence, attempts, lease_until };
        Ok((claim, Taken { group: group.to_owned(), sequence, fence, lease_until, place: self.place }))
    }
}

#[derive(sqlx::FromRow)]
struct BuriedRow {
    #[sqlx(flatten)]
    event: EventRow,
    reason: Vec<u8>,
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
        let sequence = number(connection, RAISE_HEAD, vec![]).await?.unwrap_or_default();
        let row = binds![sequence, id.to_string(), at.as_micros(), owner.map(|owner| owner.to_string()), body];
        if connection.execute(APPEND, row).await.map_err(translate)? == 0 {
            connection.execute(LOWER_HEAD, vec![]).await.map_err(translate)?;
            return Err(Error::event_exists(id));
        }
        Ok(EventRecord { sequence: sequence.unsigned_abs(), id, at, owner, event: event.clone() })
    }

    async fn read(&mut self, after: u64, owner: Option<UserId>, limit: u32) -> Result<Vec<EventRecord>> {
        let connection = self.reading();
        let rows: sqlx::Result<Vec<EventRow>> = match owner {
            None => connection.rows(READ, binds![after, limit]).await,
            Some(owner) => connection.rows(READ_OWNED, binds![after, limit, owner.to_string()]).await,
        };
        rows.map_err(translate)?.into_iter().map(EventRow::record).collect()
    }

    async fn last(&mut self) -> Result<u64> {
        Ok(number(self.reading(), LAST, vec![]).await?.unwrap_or_default().unsigned_abs())
    }

    async fn sequence_of(&mut self, id: EventId) -> Result<Option<u64>> {
        Ok(number(self.reading(), SEQUENCE_OF, binds![id.to_string()]).await?.map(i64::unsigned_abs))
    }

    async fn claim(&mut self, group: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        self.settle().await;
        let lease_until = now.after(lease);
        let mut claims = Vec::new();
        loop {
            // What this transaction took before would be given again.
            self.write_claims().await?;
            let connection = self.writing()?;
            let rest = limit.saturating_sub(claims.len() as u32);
            let mut ahead = 0;
            if rest > 0 {
                let sql = connection.pick(TAKE);
                let due: Vec<DueRow> =
                    connection.rows(sql, binds![group, now.as_micros(), rest]).await.map_err(translate)?;
                ahead = due.last().map_or(0, |last| last.head - last.event.sequence);
                for row in due {
                    let (claim, taken) = row.taken(group, lease_until)?;
                    claims.push(claim);
                    self.taken.push(taken);
                }
            }
            let connection = self.writing()?;
            if limit > 0 && claims.len() as u32 >= limit {
                if ahead < LOW {
                    fill(connection, group, limit, false).await?;
                }
                return Ok(claims);
            }
            if !fill(connection, group, limit, true).await? {
                claims.sort_unstable_by_key(|claim| claim.record.sequence);
                return Ok(claims);
            }
        }
    }

    async fn extend(&mut self, claim: &Claim, now: Timestamp, lease: Duration) -> Result<()> {
        self.change(EXTEND, claim, binds![now.after(lease).as_micros()]).await
    }

    async fn acknowledge(&mut self, claim: &Claim) -> Result<()> {
        self.acknowledge_all(std::slice::from_ref(claim)).await
    }

    async fn acknowledge_all(&mut self, claims: &[Claim]) -> Result<()> {
        for claim in self.finish_taken(claims).await? {
            self.change(ACKNOWLEDGE, claim, vec![]).await?;
        }
        Ok(())
    }

    async fn release(&mut self, claim: &Claim, retry_at: Timestamp, reason: &str) -> Result<()> {
        let reason = Bind::Bytes(reason.as_bytes().to_vec());
        self.change(RELEASE, claim, vec![retry_at.as_micros().into(), reason]).await
    }

    async fn bury(&mut self, claim: &Claim, reason: &str) -> Result<()> {
        self.change(BURY, claim, vec![Bind::Bytes(reason.as_bytes().to_vec())]).await
    }

    async fn buried(&mut self, group: &str, after: u64, limit: u32) -> Result<Vec<(EventRecord, String)>> {
        let rows: Vec<BuriedRow> = self.reading().rows(BURIED, binds![group, after, limit]).await.map_err(translate)?;
        rows.into_iter()
            .map(|row| Ok((row.event.record()?, String::from_utf8_lossy(&row.reason).into_owned())))
            .collect()
    }

    async fn exhume(&mut self, group: &str, sequence: u64, retry_at: Timestamp) -> Result<()> {
        let binds = binds![group, sequence, retry_at.as_micros()];
        match self.writing()?.execute(EXHUME, binds).await.map_err(translate)? {
            0 => Err(Error::not_buried(group, sequence)),
            _ => Ok(()),
        }
    }

    async fn groups(&mut self) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = self.reading().rows(GROUPS, vec![]).await.map_err(translate)?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    async fn forget(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        let connection = self.writing()?;
        if matches!(connection, Connection::Postgres(_)) {
            connection.execute(LOCK_GROUPS, vec![]).await.map_err(translate)?;
        }
        connection.execute(FORGET, binds![before.as_micros(), limit]).await.map_err(translate)
    }
}

impl SqlTx {
    /// Runs a statement that must find its claim: group, sequence and fence, and what else it binds.
    async fn change(&mut self, sql: &'static str, claim: &Claim, more: Vec<Bind>) -> Result<()> {
        self.write_claims().await?;
        let mut binds = binds![claim.group.as_str(), claim.record.sequence, claim.fence];
        binds.extend(more);
        match self.writing()?.execute(sql, binds).await.map_err(translate)? {
            0 => Err(Error::lost_claim(claim)),
            _ => Ok(()),
        }
    }
}

/// The number that a statement gives, if it gives any.
async fn number(connection: &mut Connection<'_>, sql: &'static str, binds: Vec<Bind>) -> Result<Option<i64>> {
    let row: Option<(Option<i64>,)> = connection.row(sql, binds).await.map_err(translate)?;
    Ok(row.and_then(|(number,)| number))
}

/// Writes more events down for a group, which is made if it is new, or waits for the worker who is doing so, if told to;
/// `false` if there are none.
async fn fill(connection: &mut Connection<'_>, group: &str, limit: u32, waits: bool) -> Result<bool> {
    let place: Option<(i64, i64)> = connection.row(GROUP_HEAD, binds![group]).await.map_err(translate)?;
    match place {
        // The usual case, and it changes nothing, so that looking costs no write.
        Some((head, last)) if head >= last => return Ok(false),
        Some(_) => {}
        None => {
            connection.execute(ADD_GROUP, binds![group]).await.map_err(translate)?;
        }
    }
    if limit == 0 {
        return Ok(false);
    }
    let lock = connection.pick(LOCK_GROUP);
    let Some(head) = number(connection, lock, binds![group]).await? else {
        if !waits {
            return Ok(false);
        }
        // Going back to before the wait gives the lock back: who waited next need not wait for what is done here.
        let mut wait = connection.savepoint().await.map_err(translate)?;
        number(&mut wait, AWAIT_GROUP, binds![group]).await?;
        wait.rollback().await.map_err(translate)?;
        return Ok(true);
    };
    let last = number(connection, LAST, vec![]).await?.unwrap_or_default();
    let filled = connection.execute(FILL, binds![group, head, last, CHUNK]).await.map_err(translate)?;
    let reached = if filled < u64::from(CHUNK) {
        last
    } else {
        number(connection, LAST_FILLED, binds![group]).await?.unwrap_or(last)
    };
    if reached > head {
        connection.execute(MOVE_GROUP, binds![group, reached]).await.map_err(translate)?;
    }
    Ok(filled > 0 || head > place.map_or(0, |(seen, _)| seen))
}
