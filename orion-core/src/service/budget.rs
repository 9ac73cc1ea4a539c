//! What may be spent: a cap for each run and one for each day, kept before the call that would break it.
//!
//! A paid call takes what it will cost at most before it is made, each retry anew, and gives back what it did not cost.
//! The run's own spending is in the ledger; that of the day is also counted in one row of the record, so that runs of
//! many processes cannot pass it together. What a crash leaves taken stays taken for the day: the cap is never passed.

use crate::domain::{CostCategory, Money, Setting};
use crate::id::SettingId;
use crate::port::{Clock, Entropy, Filter, Order, Provider, RepositoryExt, Side, Store, Tx};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

/// The setting that counts a day; the rest of its name is the day.
const DAY: &str = "budget.spent/";
/// So often a count is tried again that others were faster with.
const TRIES: u32 = 50;
/// No day has more rows of the ledger that count.
const MOST_ROWS: usize = 1_000_000;

/// The caps, where `None` is no cap, and what providers charge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// For one run, over all its attempts.
    pub run: Option<Money>,
    /// For all runs of one day, in UTC.
    pub day: Option<Money>,
    /// What calls are expected to cost.
    pub rates: Rates,
}

/// What providers in the cloud charge for a unit, in dollars, by the provider's name. Who is not named charges what is
/// usual ([`CostCategory::default_rate`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates(BTreeMap<(String, CostCategory), f64>);

impl Rates {
    /// With what one provider charges.
    #[must_use]
    pub fn with(mut self, provider: &str, category: CostCategory, rate: f64) -> Self {
        self.0.insert((provider.to_owned(), category), rate);
        self
    }

    /// The most that a call is expected to cost: nothing on a machine of one's own.
    pub fn price(&self, by: &Provider, category: CostCategory, units: f64) -> Money {
        let rate = || self.0.get(&(by.name.clone(), category)).copied().unwrap_or(category.default_rate());
        match by.side {
            Side::Local => Money::ZERO,
            Side::Cloud => Money::from_dollars(rate() * units),
        }
    }
}

/// How the day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayBudget {
    /// The cap of a run.
    pub run: Option<Money>,
    /// The cap of a day.
    pub day: Option<Money>,
    /// What is spent of the day, or taken for calls under way.
    pub spent: Money,
}

/// Where the money of an operation comes from.
#[async_trait]
pub trait Purse: Debug + Send + Sync {
    /// The most that a call is expected to cost.
    fn price(&self, by: &Provider, category: CostCategory, units: f64) -> Money;

    /// Takes money for one call, before it is made.
    ///
    /// # Behavior
    /// - `Exhausted`, with the next step, if a cap would be broken; nothing is taken then.
    async fn take(&self, amount: Money, by: &Provider) -> Result<()>;

    /// Tells what a call really cost for which `taken` was taken.
    async fn settle(&self, taken: Money, cost: Money) -> Result<()>;
}

/// The purse of one run.
#[derive(Debug)]
pub struct RunPurse {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    budget: Budget,
    spent: Mutex<Money>,
}

impl RunPurse {
    /// The purse of a run that has spent so much by now.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        budget: Budget,
        spent: Money,
    ) -> Self {
        Self { store, clock, entropy, budget, spent: Mutex::new(spent) }
    }

    fn change_run(&self, change: impl FnOnce(Money) -> Result<Money>) -> Result<()> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        *spent = change(*spent)?;
        Ok(())
    }

    /// Changes what the day has spent; of many at once each counts.
    async fn change_day(&self, change: impl Fn(Money) -> Result<Money> + Send + Sync) -> Result<()> {
        let mut tries = 0;
        loop {
            match self.try_change_day(&change).await {
                Err(error)
                    if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) && tries < TRIES =>
                {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_change_day(&self, change: &(impl Fn(Money) -> Result<Money> + Send + Sync)) -> Result<()> {
        let now = self.clock.now();
        let name = format!("{DAY}{}", now.day());
        let mut tx = self.store.begin().await?;
        match tx.settings().find(&name).await? {
            Some(mut setting) => {
                setting.value = serde_json::to_value(change(counted(&setting))?)?;
                setting.updated_at = now;
                tx.settings().update(&mut setting).await?;
            }
            None => {
                // The first who pays on a day: what the ledger has of it was bought without a cap.
                let value = serde_json::to_value(change(ledger(&mut *tx, &now.day()).await?)?)?;
                let id = SettingId::random(&*self.entropy);
                let mut setting = Setting { id, name, value, updated_at: now, version: 0 };
                tx.settings().insert(&mut setting).await?;
            }
        }
        tx.commit().await
    }
}

fn counted(setting: &Setting) -> Money {
    serde_json::from_value(setting.value.clone()).unwrap_or_default()
}

async fn ledger(tx: &mut dyn Tx, day: &str) -> Result<Money> {
    let filter = Filter { since: Some(format!("{day}T00:00:00Z").parse()?), ..Filter::default() };
    let costs = tx.costs().every(&filter, Order::Newest, MOST_ROWS).await?;
    Ok(costs.into_iter().map(|cost| cost.amount).sum())
}

/// What the day is with an amount more, unless that breaks a cap.
fn within(
    spent: Money,
    amount: Money,
    cap: Option<Money>,
    (what, setting): (&'static str, &'static str),
    by: &Provider,
) -> Result<Money> {
    let after = spent + amount;
    match cap {
        Some(cap) if after > cap => Err(Error::new(ErrorKind::Exhausted, what)
            .with_context(setting, cap)
            .with_context("spent", spent)
            .with_context("needed", amount)
            .with_context("provider", by)
            .with_hint(format!("raise `{setting}`, or wait, or choose a local provider; then retry the run"))),
        _ => Ok(after),
    }
}

const RUN_CAP: (&str, &str) = ("the budget of this run does not allow this call", "budget.run");
const DAY_CAP: (&str, &str) = ("the budget of this day does not allow this call", "budget.day");

#[async_trait]
impl Purse for RunPurse {
    fn price(&self, by: &Provider, category: CostCategory, units: f64) -> Money {
        self.budget.rates.price(by, category, units)
    }

    async fn take(&self, amount: Money, by: &Provider) -> Result<()> {
        if amount <= Money::ZERO {
            return Ok(());
        }
        self.change_run(|spent| within(spent, amount, self.budget.run, RUN_CAP, by))?;
        if self.budget.day.is_some() {
            let day = |spent| within(spent, amount, self.budget.day, DAY_CAP, by);
            if let Err(error) = self.change_day(day).await {
                self.change_run(|spent| Ok(Money(spent.0.saturating_sub(amount.0))))?;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn settle(&self, taken: Money, cost: Money) -> Result<()> {
        let settled = |spent: Money| Ok(Money(spent.0.saturating_sub(taken.0).saturating_add(cost.0)));
        if taken == cost {
            return Ok(());
        }
        self.change_run(settled)?;
        match self.budget.day {
            Some(_) => self.change_day(settled).await,
            None => Ok(()),
        }
    }
}

/// How the day stands under a budget.
///
/// # Errors
/// The store's own.
pub async fn today(store: &dyn Store, clock: &dyn Clock, budget: &Budget) -> Result<DayBudget> {
    let day = clock.now().day();
    let mut tx = store.read().await?;
    let spent = match tx.settings().find(&format!("{DAY}{day}")).await? {
        Some(setting) => counted(&setting),
        None => ledger(&mut *tx, &day).await?,
    };
    Ok(DayBudget { run: budget.run, day: budget.day, spent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{ManualClock, MemoryStore, SeededEntropy};
    use crate::testing::sample;
    use std::time::Duration;

    struct Bank {
        store: Arc<MemoryStore>,
        clock: Arc<ManualClock>,
        entropy: Arc<SeededEntropy>,
    }

    impl Bank {
        fn new() -> Self {
            let clock = Arc::new(ManualClock::at(sample::time(0)));
            Self { store: Arc::new(MemoryStore::new()), clock, entropy: Arc::new(SeededEntropy::new(1)) }
        }

        fn purse(&self, run: Option<i64>, day: Option<i64>, spent: i64) -> RunPurse {
            let budget = Budget { run: run.map(Money), day: day.map(Money), ..Budget::default() };
            RunPurse::new(self.store.clone(), self.clock.clone(), self.entropy.clone(), budget, Money(spent))
        }

        async fn today(&self) -> i64 {
            today(&*self.store, &*self.clock, &Budget::default()).await.unwrap().spent.0
        }
    }

    #[tokio::test]
    async fn a_call_that_would_break_the_cap_of_its_run_is_not_made() {
        let (bank, cloud) = (Bank::new(), Provider::cloud("cloud", "a"));
        let purse = bank.purse(Some(100), None, 40);
        purse.take(Money(60), &cloud).await.unwrap();
        let error = purse.take(Money(1), &cloud).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Exhausted, false));
        assert!(error.to_string().contains("budget.run: $0.0001, spent: $0.0001, needed: $0.0000"), "{error}");
        assert!(error.hint().unwrap().contains("raise `budget.run`"));
        purse.settle(Money(60), Money(10)).await.unwrap();
        purse.take(Money(50), &cloud).await.unwrap();
        assert!(purse.take(Money(1), &cloud).await.is_err());
        purse.take(Money::ZERO, &Provider::local("here", "")).await.unwrap();
        let rates = Rates::default().with("fal_ai", CostCategory::VideoClips, 0.1);
        assert_eq!(rates.price(&Provider::local("fal_ai", ""), CostCategory::VideoClips, 9.0), Money::ZERO);
        assert_eq!(rates.price(&cloud, CostCategory::VideoClips, 1.0), Money(50_000));
        assert_eq!(rates.price(&Provider::cloud("fal_ai", "kling"), CostCategory::VideoClips, 2.0), Money(200_000));
    }

    #[tokio::test]
    async fn runs_at_the_same_time_cannot_pass_the_cap_of_a_day_together() {
        let (bank, cloud) = (Bank::new(), Provider::cloud("cloud", "a"));
        let mut cost = sample::cost(1);
        (cost.amount, cost.recorded_at) = (Money(30), bank.clock.now());
        let mut tx = bank.store.begin().await.unwrap();
        tx.costs().insert(&mut cost).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bank.today().await, 30);
        let purses: Vec<RunPurse> = (0..8).map(|_| bank.purse(None, Some(100), 0)).collect();
        let takes = purses.iter().map(|purse| purse.take(Money(20), &cloud));
        let taken = futures_util::future::join_all(takes).await;
        assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 3);
        assert!(taken.iter().flat_map(|taken| taken.as_ref().err()).all(|error| error.kind() == ErrorKind::Exhausted));
        assert_eq!(bank.today().await, 90);
        // What was refused for the day is not taken from the run.
        let purse = bank.purse(Some(50), Some(100), 0);
        assert!(purse.take(Money(40), &cloud).await.is_err());
        purses[0].settle(Money(20), Money::ZERO).await.unwrap();
        purses[1].settle(Money(20), Money::ZERO).await.unwrap();
        purse.take(Money(40), &cloud).await.unwrap();
        bank.clock.advance(Duration::from_secs(24 * 3600));
        purse.take(Money(10), &cloud).await.unwrap();
        assert_eq!(bank.today().await, 10, "a new day has a new cap");
    }
}
