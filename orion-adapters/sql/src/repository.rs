//! Every kind of row in the same way: one statement text per table, made from the table's name, which is a constant.

use crate::connection::{Bind, Connection, binds};
use crate::error::{is_unique_violation, translate};
use crate::transaction::SqlTx;
use async_trait::async_trait;
use orion_core::id::Id;
use orion_core::port::{Cursor, Entity, Entry, Filter, Index, Order, Page, Place, Repository, Slice};
use orion_core::{Error, Result, Timestamp};
use sqlx::AssertSqlSafe;

/// The statements of a table.
pub(crate) mod sql {
    pub(crate) fn get(table: &str) -> String {
        format!("select doc from {table} where id = $1")
    }

    pub(crate) fn find(table: &str) -> String {
        format!("select doc from {table} where unique_key = $1")
    }

    pub(crate) fn insert(table: &str) -> String {
        format!(
            "insert into {table} (unique_key, owner, parent, state, rank, at, version, doc, id) \
             values ($1, $2, $3, $4, $5, $6, 1, $7, $8) on conflict do nothing"
        )
    }

    /// Changes a row that keeps its unique key, so that nothing can be in its way.
    pub(crate) fn update(table: &str) -> String {
        format!("{} and unique_key is not distinct from $1", change(table))
    }

    /// Changes a row, also its unique key.
    pub(crate) fn change(table: &str) -> String {
        format!(
            "update {table} set unique_key = $1, owner = $2, parent = $3, state = $4, rank = $5, at = $6, \
             version = version + 1, doc = $7 where id = $8 and version = $9"
        )
    }

    pub(crate) fn version(table: &str) -> String {
        format!("select version from {table} where id = $1")
    }

    pub(crate) fn delete(table: &str) -> String {
        format!("delete from {table} where id = $1")
    }

    /// Every row in the order of identities, by the primary key.
    pub(crate) fn walk(table: &str) -> String {
        format!("select id, doc from {table} where id > $1 order by id limit $2")
    }

    /// As [`insert`], with the version that the row had.
    pub(crate) fn put_back(table: &str) -> String {
        format!(
            "insert into {table} (unique_key, owner, parent, state, rank, at, version, doc, id) \
             values ($1, $2, $3, $4, $5, $6, $9, $7, $8) on conflict do nothing"
        )
    }

    pub(crate) fn clear(table: &str) -> String {
        format!("delete from {table}")
    }
}

#[async_trait]
impl<T: Entity> Repository<T> for SqlTx {
    async fn get(&mut self, id: T::Id) -> Result<Option<T>> {
        let sql = AssertSqlSafe(sql::get(T::TABLE));
        let row: Option<(String,)> = self.reading().row(sql, binds![id.to_string()]).await.map_err(translate)?;
        row.map(|(doc,)| decode(&doc)).transpose()
    }

    async fn find(&mut self, unique: &str) -> Result<Option<T>> {
        if unique.contains('\0') && self.is_postgres() {
            // It keeps no such text, and refuses to look for it.
            return Ok(None);
        }
        let sql = AssertSqlSafe(sql::find(T::TABLE));
        let row: Option<(String,)> = self.reading().row(sql, binds![unique]).await.map_err(translate)?;
        row.map(|(doc,)| decode(&doc)).transpose()
    }

    async fn insert(&mut self, entity: &mut T) -> Result<()> {
        let connection = self.writing()?;
        let (index, doc) = encode(entity, 1)?;
        let columns = columns(entity, index, doc);
        let inserted = connection.execute(AssertSqlSafe(sql::insert(T::TABLE)), columns).await;
        if inserted.map_err(translate)? == 0 {
            return Err(Error::row_exists(entity));
        }
        entity.set_version(1);
        Ok(())
    }

    async fn update(&mut self, entity: &mut T) -> Result<()> {
        let connection = self.writing()?;
        let (id, version) = (entity.id(), entity.version());
        let next = version.saturating_add(1);
        let (index, doc) = encode(entity, next)?;
        let mut columns = columns(entity, index, doc);
        columns.push(version.into());
        let kept_its_key = connection.execute(AssertSqlSafe(sql::update(T::TABLE)), columns.clone()).await;
        if kept_its_key.map_err(translate)? == 0 {
            let sql = AssertSqlSafe(sql::version(T::TABLE));
            let stored: Option<(i64,)> = connection.row(sql, binds![id.to_string()]).await.map_err(translate)?;
            let (stored,) = stored.ok_or_else(|| Error::no_row::<T>(id))?;
            // PostgreSQL ends the whole transaction when a key is taken, unless it can go back to before that.
            let mut attempt = connection.savepoint().await.map_err(translate)?;
            match attempt.execute(AssertSqlSafe(sql::change(T::TABLE)), columns).await {
                Ok(0) => return Err(Error::stale_row(entity, stored.unsigned_abs())),
                Ok(_) => attempt.commit().await.map_err(translate)?,
                Err(error) if is_unique_violation(&error) => {
                    attempt.rollback().await.map_err(translate)?;
                    return Err(Error::row_exists(entity));
                }
                Err(error) => return Err(translate(error)),
            }
        }
        entity.set_version(next);
        Ok(())
    }

    async fn delete(&mut self, id: T::Id) -> Result<()> {
        let sql = AssertSqlSafe(sql::delete(T::TABLE));
        self.writing()?.execute(sql, binds![id.to_string()]).await.map(drop).map_err(translate)
    }

    async fn list(&mut self, filter: &Filter, page: &Page) -> Result<Slice<T>> {
        let limit = page.limit.min(Page::MOST) as usize;
        let (sql, binds) = listing(T::TABLE, filter, page);
        let rows: Vec<(String, f64, i64, String)> =
            self.reading().rows(AssertSqlSafe(sql), binds).await.map_err(translate)?;

        let more = rows.len() > limit;
        let mut next = None;
        let mut items = Vec::with_capacity(rows.len().min(limit));
        for (id, rank, at, doc) in rows.into_iter().take(limit) {
            let entity: T = decode(&doc)?;
            let key = match page.order {
                Order::Newest | Order::Oldest => at as f64,
                Order::RankDown | Order::RankUp => rank,
            };
            debug_assert_eq!(id, entity.id().to_string());
            next = more.then_some(Cursor { key, id: entity.id().as_uuid() });
            items.push(entity);
        }
        Ok(Slice { items, next })
    }

    async fn count(&mut self, filter: &Filter) -> Result<u64> {
        let (sql, binds) = counting(T::TABLE, filter);
        let row: Option<(i64,)> = self.reading().row(AssertSqlSafe(sql), binds).await.map_err(translate)?;
        Ok(row.map_or(0, |(count,)| count.unsigned_abs()))
    }
}

/// Rows of a table as they are kept, for copies of the record.
pub(crate) async fn walk(
    connection: &mut Connection<'_>,
    table: &str,
    from: &Place,
    most: u32,
) -> Result<(Vec<Entry>, Option<Place>)> {
    let sql = AssertSqlSafe(sql::walk(table));
    let rows: Vec<(String, String)> =
        connection.rows(sql, binds![from.after.as_str(), most]).await.map_err(translate)?;
    let keyed = rows.into_iter().map(|(id, doc)| (id, Entry::Row { table: table.to_owned(), doc })).collect();
    Ok(from.page(most, keyed))
}

/// Puts a row back with the very text that it had.
pub(crate) async fn put_back<T: Entity>(connection: &mut Connection<'_>, doc: &str) -> Result<()> {
    let entity: T = decode(doc)?;
    let index = entity.index();
    index.check()?;
    let mut columns = columns(&entity, index, doc.to_owned());
    columns.push(entity.version().into());
    match connection.execute(AssertSqlSafe(sql::put_back(T::TABLE)), columns).await.map_err(translate)? {
        0 => Err(Error::row_exists(&entity)),
        _ => Ok(()),
    }
}

/// The rows of one page, and one more, which tells whether another page follows.
pub(crate) fn listing(table: &str, filter: &Filter, page: &Page) -> (String, Vec<Bind>) {
    let limit = page.limit.min(Page::MOST);
    let (key, direction, behind) = match page.order {
        Order::Newest => ("at", "desc", "<"),
        Order::Oldest => ("at", "asc", ">"),
        Order::RankDown => ("rank", "desc", "<"),
        Order::RankUp => ("rank", "asc", ">"),
    };
    let mut binds = Vec::new();
    let mut sql = format!("select id, rank, at, doc from {table} where 1 = 1");
    narrow(&mut sql, &mut binds, filter);
    if let Some(after) = page.after {
        let place = match page.order {
            Order::Newest | Order::Oldest => bind(&mut binds, after.key as i64),
            Order::RankDown | Order::RankUp => bind(&mut binds, after.key),
        };
        let id = bind(&mut binds, after.id.to_string());
        sql += &format!(" and ({key}, id) {behind} ({place}, {id})");
    }
    let limit = bind(&mut binds, limit + 1);
    sql += &format!(" order by {key} {direction}, id {direction} limit {limit}");
    (sql, binds)
}

/// How many rows a list would visit.
pub(crate) fn counting(table: &str, filter: &Filter) -> (String, Vec<Bind>) {
    let mut binds = Vec::new();
    let mut sql = format!("select count(*) from {table} where 1 = 1");
    narrow(&mut sql, &mut binds, filter);
    (sql, binds)
}

fn narrow(sql: &mut String, binds: &mut Vec<Bind>, filter: &Filter) {
    if let Some(owner) = filter.owner {
        *sql += &format!(" and owner = {}", bind(binds, owner.to_string()));
    }
    if let Some(parent) = filter.parent {
        *sql += &format!(" and parent = {}", bind(binds, parent.to_string()));
    }
    if !filter.states.is_empty() {
        let states: Vec<String> = filter.states.iter().map(|state| bind(binds, state.as_str())).collect();
        *sql += &format!(" and state in ({})", states.join(", "));
    }
    if let Some(since) = filter.since {
        *sql += &format!(" and at >= {}", bind(binds, Timestamp::as_micros(since)));
    }
    if let Some(until) = filter.until {
        *sql += &format!(" and at < {}", bind(binds, Timestamp::as_micros(until)));
    }
}

/// Adds a value and gives its place in the statement.
fn bind(binds: &mut Vec<Bind>, value: impl Into<Bind>) -> String {
    binds.push(value.into());
    format!("${}", binds.len())
}

/// The columns of a row with its document, and its identity.
fn columns<T: Entity>(entity: &T, index: Index, doc: String) -> Vec<Bind> {
    binds![
        index.unique,
        index.owner.map(|owner| owner.to_string()),
        index.parent.map(|parent| parent.to_string()),
        index.state,
        index.rank,
        index.at.as_micros(),
        doc,
        entity.id().to_string(),
    ]
}

/// The columns of a row, and its document as it will be once it has this version. The entity keeps its own.
fn encode<T: Entity>(entity: &mut T, version: u64) -> Result<(Index, String)> {
    let index = entity.index();
    index.check()?;
    let before = entity.version();
    entity.set_version(version);
    let doc = serde_json::to_string(entity);
    entity.set_version(before);
    Ok((index, doc?))
}

fn decode<T: Entity>(doc: &str) -> Result<T> {
    serde_json::from_str(doc).map_err(|error| Error::from(error).with_context("table", T::TABLE))
}
