//! The log and its groups as entries, for copies of the whole record; rows are in `repository`.

use crate::connection::{Bind, Connection, binds};
use crate::error::translate;
use crate::repository;
use crate::transaction::TABLES;
use orion_core::port::{Entry, Handed, Place};
use orion_core::{Error, Result, Timestamp};
use sqlx::AssertSqlSafe;

const EVENTS: &str = "select sequence, id, at, owner, body from events where sequence > $1 order by sequence limit $2";
const GROUPS: &str = "select name, head from consumers where name > $1 order by name limit $2";
const GIVEN: &str = "select consumer, sequence, state, fence, attempts, ready_at, reason from deliveries \
    where (consumer, sequence) > ($1, $2) order by consumer, sequence limit $3";
const LAST: &str = "select sequence from log_head";

const ADD_EVENT: &str =
    "insert into events (sequence, id, at, owner, body) values ($1, $2, $3, $4, $5) on conflict do nothing";
const ADD_GROUP: &str = "insert into consumers (name, head) values ($1, $2) on conflict do nothing";
/// A broken reference would end the whole transaction on PostgreSQL, so it is looked for before.
const BOTH_THERE: &str = "select count(*) from consumers c, events e where c.name = $1 and e.sequence = $2";
const ADD_GIVEN: &str = "insert into deliveries (consumer, sequence, state, fence, attempts, ready_at, reason) \
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
const RAISE_LAST: &str = "update log_head set sequence = $1 where sequence < $1";
const CLEAR: [&str; 4] =
    ["delete from deliveries", "delete from consumers", "delete from events", "update log_head set sequence = 0"];

/// Every statement of this file.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    EVENTS, GROUPS, GIVEN, LAST, ADD_EVENT, ADD_GROUP, BOTH_THERE, ADD_GIVEN, RAISE_LAST, CLEAR[0], CLEAR[1], CLEAR[2],
    CLEAR[3],
];

/// A part of the log, counted from behind the tables.
pub(crate) async fn walk(
    connection: &mut Connection<'_>,
    from: &Place,
    most: u32,
) -> Result<(Vec<Entry>, Option<Place>)> {
    let keyed = match from.part - TABLES.len() {
        0 => events(connection, from, most).await?,
        1 => groups(connection, from, most).await?,
        2 => given(connection, from, most).await?,
        _ => {
            let last: Option<(i64,)> = connection.row(LAST, vec![]).await.map_err(translate)?;
            let sequence = last.map_or(0, |(sequence,)| sequence.unsigned_abs());
            return Ok((vec![Entry::Last { sequence }], None));
        }
    };
    Ok(from.page(most, keyed))
}

async fn events(connection: &mut Connection<'_>, from: &Place, most: u32) -> Result<Vec<(String, Entry)>> {
    let after: i64 = from.after.parse().unwrap_or_default();
    let rows: Vec<(i64, String, i64, Option<String>, String)> =
        connection.rows(EVENTS, binds![after, most]).await.map_err(translate)?;
    rows.into_iter()
        .map(|(sequence, id, at, owner, event)| {
            let owner = owner.as_deref().map(str::parse).transpose()?;
            let (id, at) = (id.parse()?, Timestamp::from_micros(at));
            Ok((sequence.to_string(), Entry::Event { sequence: sequence.unsigned_abs(), id, at, owner, event }))
        })
        .collect()
}

async fn groups(connection: &mut Connection<'_>, from: &Place, most: u32) -> Result<Vec<(String, Entry)>> {
    let rows: Vec<(String, i64)> =
        connection.rows(GROUPS, binds![from.after.as_str(), most]).await.map_err(translate)?;
    Ok(rows.into_iter().map(|(name, head)| (name.clone(), Entry::Group { name, head: head.unsigned_abs() })).collect())
}

/// A row of `deliveries`.
#[derive(sqlx::FromRow)]
struct Given {
    consumer: String,
    sequence: i64,
    state: String,
    fence: i64,
    attempts: i64,
    ready_at: i64,
    reason: Option<Vec<u8>>,
}

async fn given(connection: &mut Connection<'_>, from: &Place, most: u32) -> Result<Vec<(String, Entry)>> {
    let (sequence, group) = from.after.split_once('/').unwrap_or(("0", ""));
    let after: i64 = sequence.parse().unwrap_or_default();
    let rows: Vec<Given> = connection.rows(GIVEN, binds![group, after, most]).await.map_err(translate)?;
    rows.into_iter()
        .map(|row| {
            let key = format!("{}/{}", row.sequence, row.consumer);
            let state = serde_json::from_value(row.state.into())?;
            let entry = Entry::Delivery {
                group: row.consumer,
                sequence: row.sequence.unsigned_abs(),
                state,
                fence: row.fence.unsigned_abs(),
                attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                ready_at: Timestamp::from_micros(row.ready_at),
                reason: row.reason.map(|reason| String::from_utf8_lossy(&reason).into_owned()),
            };
            Ok((key, entry))
        })
        .collect()
}

/// Puts an entry of the log back.
pub(crate) async fn put_back(connection: &mut Connection<'_>, entry: &Entry) -> Result<()> {
    let added = match entry {
        Entry::Row { table, .. } => return Err(Error::unknown_table(table)),
        Entry::Event { sequence, id, at, owner, event } => {
            // What this program cannot read would stop whoever reads the log.
            let _: orion_core::event::Event = serde_json::from_str(event)?;
            let owner = owner.map(|owner| owner.to_string());
            let row = binds![*sequence, id.to_string(), at.as_micros(), owner, event.as_str()];
            connection.execute(ADD_EVENT, row).await
        }
        Entry::Group { name, head } => connection.execute(ADD_GROUP, binds![name.as_str(), *head]).await,
        Entry::Delivery { group, sequence, state, fence, attempts, ready_at, reason } => {
            let state = match state {
                Handed::Held => "held",
                Handed::Released => "released",
                Handed::Buried => "buried",
            };
            let place = binds![group.as_str(), *sequence];
            let mut row = place.clone();
            row.extend(binds![state, *fence, *attempts, ready_at.as_micros()]);
            row.push(Bind::MaybeBytes(reason.as_ref().map(|reason| reason.as_bytes().to_vec())));
            let there: Option<(i64,)> = connection.row(BOTH_THERE, place).await.map_err(translate)?;
            if there != Some((1,)) {
                return Err(Error::entry_of_nothing(entry));
            }
            connection.execute(ADD_GIVEN, row).await
        }
        Entry::Last { sequence } => {
            connection.execute(RAISE_LAST, binds![*sequence]).await.map_err(translate)?;
            return Ok(());
        }
    };
    match added.map_err(translate)? {
        0 => Err(Error::entry_exists(entry)),
        _ => Ok(()),
    }
}

/// Removes everything, what points before what is pointed at.
pub(crate) async fn clear(connection: &mut Connection<'_>) -> Result<()> {
    for statement in CLEAR {
        connection.execute(statement, vec![]).await.map_err(translate)?;
    }
    for table in TABLES {
        let sql = AssertSqlSafe(repository::sql::clear(table));
        connection.execute(sql, vec![]).await.map_err(translate)?;
    }
    Ok(())
}
