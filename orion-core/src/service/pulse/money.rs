//! What things cost: sums by category, day and provider, and what they will come to.

use super::{DAY, MOST_ROWS, Pulse};
use crate::domain::{Cost, Money, StepState};
use crate::port::{Filter, Order, Page, Provider, RepositoryExt};
use crate::{Result, Timestamp};
use std::collections::BTreeMap;

/// Sums of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    /// In all.
    pub total: Money,
    /// By what was bought.
    pub by_category: BTreeMap<String, Money>,
    /// How many rows.
    pub records: u64,
}

impl Spending {
    fn add(&mut self, cost: &Cost) {
        self.total = self.total + cost.amount;
        let sum = self.by_category.entry(cost.category.to_string()).or_default();
        *sum = *sum + cost.amount;
        self.records += 1;
    }
}

/// What one day cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-11-24`
    pub date: String,
    /// What was spent.
    pub spending: Spending,
}

/// What one provider was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSpending {
    /// Who.
    pub provider: String,
    /// What was spent.
    pub spending: Spending,
}

/// How one provider did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderUse {
    /// Who.
    pub provider: String,
    /// How often it was asked.
    pub requests: u64,
    /// What it was paid.
    pub cost: Money,
    /// How often it failed.
    pub errors: u64,
}

/// Where spending goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The second half of the span cost over a tenth more than the first.
    Increasing,
    /// The second half cost over a tenth less.
    Decreasing,
    /// Neither.
    Stable,
}

impl Change {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Increasing => "increasing",
            Self::Decreasing => "decreasing",
            Self::Stable => "stable",
        }
    }
}

/// What a period will cost if things go on like this.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// `daily`, `weekly` or `monthly`.
    pub period: &'static str,
    /// What was spent in the span that was looked at.
    pub current: Money,
    /// What the period will cost, in dollars.
    pub projected: f64,
    /// Where it goes.
    pub change: Change,
}

impl Pulse {
    async fn ledger(&self, since: Timestamp) -> Result<Vec<Cost>> {
        let filter = Filter { since: Some(since), ..Filter::default() };
        self.store.read().await?.costs().every(&filter, Order::Newest, MOST_ROWS).await
    }

    /// What the last days cost.
    ///
    /// # Errors
    /// What the store says.
    pub async fn costs(&self, days: u32) -> Result<Spending> {
        let mut spending = Spending::default();
        self.ledger(self.days_ago(days)).await?.iter().for_each(|cost| spending.add(cost));
        Ok(spending)
    }

    /// What each of the last days cost on which anything was spent, oldest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn daily_costs(&self, days: u32) -> Result<Vec<Day>> {
        let mut by_day: BTreeMap<String, Spending> = BTreeMap::new();
        for cost in self.ledger(self.days_ago(days)).await? {
            by_day.entry(cost.recorded_at.day()).or_default().add(&cost);
        }
        Ok(by_day.into_iter().map(|(date, spending)| Day { date, spending }).collect())
    }

    /// What each provider was paid in the last days, most first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn costs_by_provider(&self, days: u32) -> Result<Vec<ProviderSpending>> {
        let mut by_provider: BTreeMap<String, Spending> = BTreeMap::new();
        for cost in self.ledger(self.days_ago(days)).await? {
            by_provider.entry(cost.provider.clone()).or_default().add(&cost);
        }
        let mut found: Vec<ProviderSpending> =
            by_provider.into_iter().map(|(provider, spending)| ProviderSpending { provider, spending }).collect();
        found.sort_by_key(|paid| std::cmp::Reverse(paid.spending.total));
        Ok(found)
    }

    /// How the providers did in the last days that were asked by choice: how often, at what price, with how many
    /// failures.
    ///
    /// # Errors
    /// What the store says.
    pub async fn providers(&self, days: u32) -> Result<Vec<ProviderUse>> {
        let since = self.days_ago(days);
        let filter = Filter { since: Some(since), ..Filter::default() };
        let steps = self.store.read().await?.steps().every(&filter, Order::Newest, MOST_ROWS).await?;
        let mut found: BTreeMap<String, ProviderUse> = BTreeMap::new();
        let mut count = |provider: &Provider, failed: bool| {
            let name = provider.name.clone();
            let none = ProviderUse { provider: name.clone(), requests: 0, cost: Money::ZERO, errors: 0 };
            let entry = found.entry(name).or_insert(none);
            entry.requests += 1;
            entry.errors += u64::from(failed);
        };
        for step in &steps {
            step.after.iter().for_each(|attempt| count(&attempt.provider, true));
            if let Some(by) = &step.served_by {
                count(by, step.state == StepState::Failed);
            }
        }
        for paid in self.costs_by_provider(days).await? {
            if let Some(entry) = found.get_mut(&paid.provider) {
                entry.cost = paid.spending.total;
            }
        }
        Ok(found.into_values().collect())
    }

    /// What days, weeks and months will cost if they go on like the last days (contract, section 5.7).
    ///
    /// # Errors
    /// What the store says.
    pub async fn projections(&self, days: u32) -> Result<Vec<Projection>> {
        let since = self.days_ago(days);
        let middle = since.after(DAY * days / 2);
        let (mut first, mut second) = (Money::ZERO, Money::ZERO);
        for cost in self.ledger(since).await? {
            let half = if cost.recorded_at < middle { &mut first } else { &mut second };
            *half = *half + cost.amount;
        }
        let (before, after) = (first.dollars(), second.dollars());
        let change = match () {
            () if after > before * 1.1 => Change::Increasing,
            () if after < before * 0.9 => Change::Decreasing,
            () => Change::Stable,
        };
        let current = first + second;
        let average = current.dollars() / f64::from(days.max(1));
        let project = |period, length: f64| Projection { period, current, projected: average * length, change };
        Ok(vec![project("daily", 1.0), project("weekly", 7.0), project("monthly", 30.0)])
    }

    /// Deletes rows of the ledger that are older than so many days, and gives their number.
    ///
    /// # Errors
    /// What the store says; what was deleted by then stays deleted.
    pub async fn forget_costs(&self, days: u32) -> Result<u64> {
        let filter = Filter { until: Some(self.days_ago(days)), ..Filter::default() };
        let mut deleted = 0;
        loop {
            let mut tx = self.store.begin().await?;
            let old = tx.costs().list(&filter, &Page::first(Order::Oldest, Page::MOST)).await?.items;
            if old.is_empty() {
                return Ok(deleted);
            }
            for cost in &old {
                tx.costs().delete(cost.id).await?;
            }
            tx.commit().await?;
            deleted += old.len() as u64;
        }
    }
}
