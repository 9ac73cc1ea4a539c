//! One table: the rows of one kind of entity as a transaction sees them.

use super::writable;
use crate::id::Id;
use crate::port::{Cursor, Entity, Entry, Filter, Index, Order, Page, Repository, Slice};
use crate::{Error, Result};
use async_trait::async_trait;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use uuid::Uuid;

/// Rows and unique keys. A clone shares both until one side writes, so a transaction's copy is cheap to begin.
#[derive(Debug, Clone)]
pub(super) struct Table<T: Entity> {
    rows: Arc<BTreeMap<Uuid, Arc<Row<T>>>>,
    keys: Arc<BTreeMap<String, Uuid>>,
    pub(super) writable: bool,
}

#[derive(Debug)]
struct Row<T> {
    entity: T,
    index: Index,
}

impl<T: Entity> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Arc::default(), keys: Arc::default(), writable: true }
    }
}

impl<T: Entity> Table<T> {
    /// Puts a row in the place of an earlier one, if any.
    fn put(&mut self, entity: T, index: Index) {
        let id = entity.id().as_uuid();
        self.forget_key(id);
        if let Some(unique) = &index.unique {
            Arc::make_mut(&mut self.keys).insert(unique.clone(), id);
        }
        Arc::make_mut(&mut self.rows).insert(id, Arc::new(Row { entity, index }));
    }

    fn forget_key(&mut self, id: Uuid) {
        if let Some(unique) = self.rows.get(&id).and_then(|row| row.index.unique.as_ref()) {
            Arc::make_mut(&mut self.keys).remove(unique);
        }
    }

    fn holder(&self, index: &Index) -> Option<Uuid> {
        index.unique.as_ref().and_then(|unique| self.keys.get(unique)).copied()
    }

    /// Rows behind an identity, each with it, as they are kept.
    pub(super) fn walk(&self, after: &str, most: u32) -> Result<Vec<(String, Entry)>> {
        let behind = after.parse::<Uuid>().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((behind, Bound::Unbounded)).take(most as usize);
        rows.map(|(id, row)| {
            let doc = serde_json::to_string(&row.entity)?;
            Ok((id.to_string(), Entry::Row { table: T::TABLE.to_owned(), doc }))
        })
        .collect()
    }

    /// Puts a row back as it was, its version too.
    pub(super) fn put_back(&mut self, doc: &str) -> Result<()> {
        writable(self.writable)?;
        let entity: T =
            serde_json::from_str(doc).map_err(|error| Error::from(error).with_context("table", T::TABLE))?;
        let index = entity.index();
        index.check()?;
        if self.rows.contains_key(&entity.id().as_uuid()) || self.holder(&index).is_some() {
            return Err(Error::row_exists(&entity));
        }
        self.put(entity, index);
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<()> {
        writable(self.writable)?;
        *self = Self::default();
        Ok(())
    }

    fn matching(&self, filter: &Filter) -> impl Iterator<Item = &Row<T>> {
        self.rows.values().map(Arc::as_ref).filter(|row| matches(filter, &row.index))
    }
}

#[async_trait]
impl<T: Entity> Repository<T> for Table<T> {
    async fn get(&mut self, id: T::Id) -> Result<Option<T>> {
        Ok(self.rows.get(&id.as_uuid()).map(|row| row.entity.clone()))
    }

    async fn find(&mut self, unique: &str) -> Result<Option<T>> {
        Ok(self.keys.get(unique).and_then(|id| self.rows.get(id)).map(|row| row.entity.clone()))
    }

    async fn insert(&mut self, entity: &mut T) -> Result<()> {
        writable(self.writable)?;
        let index = entity.index();
        index.check()?;
        if self.rows.contains_key(&entity.id().as_uuid()) || self.holder(&index).is_some() {
            return Err(Error::row_exists(entity));
        }
        entity.set_version(1);
        self.put(entity.clone(), index);
        Ok(())
    }

    async fn update(&mut self, entity: &mut T) -> Result<()> {
        writable(self.writable)?;
        let index = entity.index();
        index.check()?;
        let id = entity.id().as_uuid();
        let stored = self.rows.get(&id).ok_or_else(|| Error::no_row::<T>(entity.id()))?.entity.version();
        if stored != entity.version() {
            return Err(Error::stale_row(entity, stored));
        }
        if self.holder(&index).is_some_and(|holder| holder != id) {
            return Err(Error::row_exists(entity));
        }
        entity.set_version(stored + 1);
        self.put(entity.clone(), index);
        Ok(())
    }

    async fn delete(&mut self, id: T::Id) -> Result<()> {
        writable(self.writable)?;
        self.forget_key(id.as_uuid());
        Arc::make_mut(&mut self.rows).remove(&id.as_uuid());
        Ok(())
    }

    async fn list(&mut self, filter: &Filter, page: &Page) -> Result<Slice<T>> {
        let limit = page.limit.min(Page::MOST) as usize;
        let mut rows: Vec<(Cursor, &Row<T>)> = self
            .matching(filter)
            .map(|row| (cursor(page.order, row), row))
            .filter(|(place, _)| page.after.is_none_or(|after| compare(page.order, place, &after).is_gt()))
            .collect();
        rows.sort_unstable_by(|(a, _), (b, _)| compare(page.order, a, b));
        let next = (rows.len() > limit).then(|| limit.checked_sub(1).and_then(|last| rows.get(last))).flatten();
        Ok(Slice {
            next: next.map(|(place, _)| *place),
            items: rows.iter().take(limit).map(|(_, row)| row.entity.clone()).collect(),
        })
    }

    async fn count(&mut self, filter: &Filter) -> Result<u64> {
        Ok(self.matching(filter).count() as u64)
    }
}

fn matches(filter: &Filter, index: &Index) -> bool {
    filter.owner.is_none_or(|owner| index.owner == Some(owner))
        && filter.parent.is_none_or(|parent| index.parent == Some(parent))
        && (filter.states.is_empty() || filter.states.contains(&index.state))
        && filter.since.is_none_or(|since| index.at >= since)
        && filter.until.is_none_or(|until| index.at < until)
}

fn cursor<T: Entity>(order: Order, row: &Row<T>) -> Cursor {
    let key = match order {
        Order::Newest | Order::Oldest => row.index.at.as_micros() as f64,
        Order::RankDown | Order::RankUp => row.index.rank,
    };
    Cursor { key, id: row.entity.id().as_uuid() }
}

fn compare(order: Order, a: &Cursor, b: &Cursor) -> Ordering {
    // Adding zero makes -0 and 0 the same, as they are in SQL.
    let ascending = (a.key + 0.0).total_cmp(&(b.key + 0.0)).then(a.id.cmp(&b.id));
    match order {
        Order::Oldest | Order::RankUp => ascending,
        Order::Newest | Order::RankDown => ascending.reverse(),
    }
}
