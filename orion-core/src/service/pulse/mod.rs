//! Pulse: what happened and what it cost. Reads only, but for the clean-up.
//!
//! The log has no index by time, but its order is that of time: where a span begins is found by halving, with one
//! event read at each step. So a question about the last hour costs the same after a year.

mod events;
mod money;
#[cfg(test)]
mod tests;

pub use events::{ErrorHour, Metrics, StageMetrics, content_of, service_of};
pub use money::{Change, Day, Projection, ProviderSpending, ProviderUse, Spending};

use crate::domain::{ContentStatus, TrendStatus};
use crate::id::UserId;
use crate::port::{Clock, Filter, Order, RepositoryExt, Store};
use crate::{Result, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// No question looks at more rows than this, the newest first.
const MOST_ROWS: usize = 100_000;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The use case.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// How far content came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Funnel {
    /// All of it.
    pub generated: u64,
    /// Waits for a person.
    pub review: u64,
    /// Free to be published.
    pub approved: u64,
    /// Out.
    pub published: u64,
    /// Refused.
    pub rejected: u64,
}

/// What became of trends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrendCounts {
    /// Found at all.
    pub found: u64,
    /// Made into content.
    pub used: u64,
    /// Put aside.
    pub discarded: u64,
    /// How many each source gave, most first; a trend that several saw counts for each.
    pub by_source: Vec<(String, u64)>,
}

impl Pulse {
    /// The moment so many hours ago.
    fn hours_ago(&self, hours: u32) -> Timestamp {
        self.clock.now().before(HOUR * hours)
    }

    fn days_ago(&self, days: u32) -> Timestamp {
        self.clock.now().before(DAY * days)
    }

    /// How far the content of an owner came, or everybody's.
    ///
    /// # Errors
    /// What the store says.
    pub async fn funnel(&self, owner: Option<UserId>) -> Result<Funnel> {
        let mut tx = self.store.read().await?;
        let mut counts = BTreeMap::new();
        for status in ContentStatus::ALL {
            let states = vec![status.to_string()];
            let filter = Filter { owner: owner.map(|owner| owner.0), states, ..Filter::default() };
            counts.insert(*status, tx.contents().count(&filter).await?);
        }
        let of = |status| counts.get(&status).copied().unwrap_or_default();
        Ok(Funnel {
            generated: counts.values().sum(),
            review: of(ContentStatus::Review),
            approved: of(ContentStatus::Approved),
            published: of(ContentStatus::Published),
            rejected: of(ContentStatus::Rejected),
        })
    }

    /// What became of the trends of the last hours.
    ///
    /// # Errors
    /// What the store says.
    pub async fn trends(&self, hours: u32) -> Result<TrendCounts> {
        let filter = Filter { since: Some(self.hours_ago(hours)), ..Filter::default() };
        let trends = self.store.read().await?.trends().every(&filter, Order::Newest, MOST_ROWS).await?;
        let mut counts = TrendCounts { found: trends.len() as u64, ..TrendCounts::default() };
        let mut sources: BTreeMap<String, u64> = BTreeMap::new();
        for trend in trends {
            match trend.status {
                TrendStatus::Used => counts.used += 1,
                TrendStatus::Discarded => counts.discarded += 1,
                TrendStatus::Active | TrendStatus::Expired => {}
            }
            for source in trend.sources {
                *sources.entry(source).or_default() += 1;
            }
        }
        counts.by_source = sources.into_iter().collect();
        counts.by_source.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        Ok(counts)
    }
}
