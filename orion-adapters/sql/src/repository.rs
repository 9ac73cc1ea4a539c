//! Every kind of row in the same way: one statement text per table, made from the table's name, which is a constant.

use crate::error::{is_unique_violation, translate};
use crate::transaction::SqlTx;
use async_trait::async_trait;
use orion_core::id::Id;
use orion_core::port::{Cursor, Entity, Filter, Index, Order, Page, Repository, Slice};
use orion_core::{Error, Result, Timestamp};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

#[async_trait]
impl<T: Entity> Repository<T> for SqlTx {
    async fn get(&mut self, id: T::Id) -> Result<Option<T>> {
        let sql = AssertSqlSafe(format!("select doc from {} where id = $1", T::TABLE));
        let doc = sqlx::query_scalar::<_, String>(sql).bind(id.to_string()).fetch_optional(self.reading()).await;
        doc.map_err(translate)?.map(|doc| decode(&doc)).transpose()
    }

    async fn find(&mut self, unique: &str) -> Result<Option<T>> {
        let sql = AssertSqlSafe(format!("select doc from {} where unique_key = $1", T::TABLE));
        let doc = sqlx::query_scalar::<_, String>(sql).bind(unique).fetch_optional(self.reading()).await;
        doc.map_err(translate)?.map(|doc| decode(&doc)).transpose()
    }

    async fn insert(&mut self, entity: &mut T) -> Result<()> {
        let connection = self.writing()?;
        let (index, doc) = encode(entity, 1)?;
        let sql = AssertSqlSafe(format!(
            "insert into {} (id, unique_key, owner, parent, state, rank, at, version, doc) \
             values ($1, $2, $3, $4, $5, $6, $7, 1, $8) on conflict do nothing",
            T::TABLE
        ));
        let statement = sqlx::query(sql)
            .bind(entity.id().to_string())
            .bind(index.unique)
            .bind(index.owner.map(|owner| owner.to_string()))
            .bind(index.parent.map(|parent| parent.to_string()))
            .bind(index.state)
            .bind(index.rank)
            .bind(index.at.as_micros())
            .bind(doc);
        if statement.execute(connection).await.map_err(translate)?.rows_affected() == 0 {
            return Err(Error::row_exists(entity));
        }
        entity.set_version(1);
        Ok(())
    }

    async fn update(&mut self, entity: &mut T) -> Result<()> {
        let id = entity.id();
        let next = entity.version().saturating_add(1);
        let (index, doc) = encode(entity, next)?;
        let sql = AssertSqlSafe(format!(
            "update {} set unique_key = $1, owner = $2, parent = $3, state = $4, rank = $5, at = $6, \
             version = version + 1, doc = $7 where id = $8 and version = $9",
            T::TABLE
        ));
        let statement = sqlx::query(sql)
            .bind(index.unique)
            .bind(index.owner.map(|owner| owner.to_string()))
            .bind(index.parent.map(|parent| parent.to_string()))
            .bind(index.state)
            .bind(index.rank)
            .bind(index.at.as_micros())
            .bind(doc)
            .bind(id.to_string())
            .bind(i64::try_from(entity.version()).unwrap_or(i64::MAX));
        match statement.execute(self.writing()?).await {
            Ok(done) if done.rows_affected() == 1 => {
                entity.set_version(next);
                Ok(())
            }
            Ok(_) => {
                let sql = AssertSqlSafe(format!("select version from {} where id = $1", T::TABLE));
                let stored = sqlx::query_scalar::<_, i64>(sql).bind(id.to_string()).fetch_optional(self.reading());
                match stored.await.map_err(translate)? {
                    Some(stored) => Err(Error::stale_row(entity, stored.unsigned_abs())),
                    None => Err(Error::no_row::<T>(id)),
                }
            }
            // PostgreSQL ends the whole transaction here unless a savepoint stands before the statement.
            Err(error) if is_unique_violation(&error) => Err(Error::row_exists(entity)),
            Err(error) => Err(translate(error)),
        }
    }

    async fn delete(&mut self, id: T::Id) -> Result<()> {
        let sql = AssertSqlSafe(format!("delete from {} where id = $1", T::TABLE));
        sqlx::query(sql).bind(id.to_string()).execute(self.writing()?).await.map(drop).map_err(translate)
    }

    async fn list(&mut self, filter: &Filter, page: &Page) -> Result<Slice<T>> {
        let limit = page.limit.min(Page::MOST) as usize;
        let (key, direction, behind) = match page.order {
            Order::Newest => ("at", "desc", "<"),
            Order::Oldest => ("at", "asc", ">"),
            Order::RankDown => ("rank", "desc", "<"),
            Order::RankUp => ("rank", "asc", ">"),
        };
        let mut sql = QueryBuilder::<Sqlite>::new(format!("select id, rank, at, doc from {} where 1 = 1", T::TABLE));
        narrow(&mut sql, filter);
        if let Some(after) = page.after {
            sql.push(format!(" and ({key}, id) {behind} ("));
            match page.order {
                Order::Newest | Order::Oldest => sql.push_bind(after.key as i64),
                Order::RankDown | Order::RankUp => sql.push_bind(after.key),
            };
            sql.push(", ").push_bind(after.id.to_string()).push(")");
        }
        // One row more tells whether another page follows.
        sql.push(format!(" order by {key} {direction}, id {direction} limit ")).push_bind(limit as i64 + 1);
        let rows: Vec<(String, f64, i64, String)> =
            sql.build_query_as().fetch_all(self.reading()).await.map_err(translate)?;

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
        let mut sql = QueryBuilder::<Sqlite>::new(format!("select count(*) from {} where 1 = 1", T::TABLE));
        narrow(&mut sql, filter);
        let count: i64 = sql.build_query_scalar().fetch_one(self.reading()).await.map_err(translate)?;
        Ok(count.unsigned_abs())
    }
}

fn narrow(sql: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    if let Some(owner) = filter.owner {
        sql.push(" and owner = ").push_bind(owner.to_string());
    }
    if let Some(parent) = filter.parent {
        sql.push(" and parent = ").push_bind(parent.to_string());
    }
    if !filter.states.is_empty() {
        sql.push(" and state in (");
        let mut states = sql.separated(", ");
        for state in &filter.states {
            states.push_bind(state.clone());
        }
        sql.push(")");
    }
    if let Some(since) = filter.since {
        sql.push(" and at >= ").push_bind(Timestamp::as_micros(since));
    }
    if let Some(until) = filter.until {
        sql.push(" and at < ").push_bind(Timestamp::as_micros(until));
    }
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
