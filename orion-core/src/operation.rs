//! What travels with a long call: a way to stop it, somewhere to report progress, and what it buys.

use crate::bill::Bill;
use crate::domain::{CostCategory, Money, Stage};
use crate::port::{Provider, Usage};
use crate::service::budget::Purse;
use crate::{Error, Result};
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A switch that stops long work. Clones share the switch; once on it stays on.
#[derive(Clone, Default)]
pub struct Cancellation(Arc<Switch>);

#[derive(Default)]
struct Switch {
    on: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// Who waits for the switch, by the number of the wait.
#[derive(Default)]
struct Waiting {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// One wait for the switch; forgotten when it is dropped.
struct Wait<'a> {
    switch: &'a Switch,
    number: Option<u64>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.switch.on.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        let mut waiting = self.switch.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.number.unwrap_or(waiting.next);
        waiting.next = waiting.next.max(number + 1);
        waiting.wakers.insert(number, context.waker().clone());
        drop(waiting);
        self.number = Some(number);
        // It may have been turned on before the waker was in its place.
        if self.switch.on.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.switch.waiting.lock().unwrap_or_else(PoisonError::into_inner).wakers.remove(&number);
        }
    }
}

impl Cancellation {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it on and wakes everybody who waits in [`cancelled`](Self::cancelled).
    pub fn cancel(&self) {
        self.0.on.store(true, Ordering::SeqCst);
        let wakers = std::mem::take(&mut self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    /// Whether it is on.
    pub fn is_cancelled(&self) -> bool {
        self.0.on.load(Ordering::SeqCst)
    }

    /// An error of kind [`Cancelled`](crate::ErrorKind::Cancelled) once it is on.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// Completes once it is on.
    pub async fn cancelled(&self) {
        Wait { switch: &self.0, number: None }.await;
    }

    /// Works until the work is done or the switch is on, whichever comes first; work that is stopped is dropped.
    ///
    /// # Errors
    /// The work's own; [`Cancelled`](crate::ErrorKind::Cancelled) once the switch is on.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match select(pin!(self.cancelled()), pin!(work)).await {
            Either::Left(_) => Err(Error::cancelled()),
            Either::Right((outcome, _)) => outcome,
        }
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancellation({})", self.is_cancelled())
    }
}

/// Where a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// Not begun.
    Pending,
    /// At work.
    Running,
    /// Done.
    Completed,
    /// Stopped by an error.
    Failed,
}

/// One report of progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgressUpdate {
    /// The stage of the run.
    pub stage: Stage,
    /// Where the stage stands.
    pub status: StageStatus,
    /// Units done so far.
    pub done: u64,
    /// Units in all; zero when unknown.
    pub total: u64,
    /// What is counted: `articles`, `scenes`, `sentences`, `frames`.
    pub unit: String,
    /// A short phrase for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Estimated time left of the stage.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    pub time_left: Option<Duration>,
    /// The step was finished by an earlier attempt and is reused as it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
}

mod seconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(duration) => serializer.serialize_f64((duration.as_secs_f64() * 10.0).round() / 10.0),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    }
}

impl ProgressUpdate {
    /// A report of `done` of `total` units of a running stage.
    pub fn running(stage: Stage, done: u64, total: u64, unit: &str) -> Self {
        Self {
            stage,
            status: StageStatus::Running,
            done,
            total,
            unit: unit.to_owned(),
            message: String::new(),
            time_left: None,
            reused: false,
        }
    }

    /// Adds a phrase for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Adds the estimated time left.
    #[must_use]
    pub fn with_time_left(mut self, time_left: Option<Duration>) -> Self {
        self.time_left = time_left;
        self
    }
}

/// Receives progress. Called often and from any thread: it must be quick and must not block.
pub trait Progress: Send + Sync {
    /// Takes one report.
    fn report(&self, update: ProgressUpdate);
}

impl<F: Fn(ProgressUpdate) + Send + Sync> Progress for F {
    fn report(&self, update: ProgressUpdate) {
        self(update);
    }
}

/// What travels with a long call.
#[derive(Clone)]
pub struct Operation {
    /// Stops the call.
    pub cancellation: Cancellation,
    progress: Arc<dyn Progress>,
    stage: Option<Stage>,
    bill: Option<Bill>,
    purse: Option<Arc<dyn Purse>>,
}

impl Operation {
    /// A call that reports to `progress` and stops with `cancellation`.
    pub fn new(cancellation: Cancellation, progress: Arc<dyn Progress>) -> Self {
        Self { cancellation, progress, stage: None, bill: None, purse: None }
    }

    /// A call that nobody watches and nobody stops.
    pub fn detached() -> Self {
        Self::new(Cancellation::new(), Arc::new(|_: ProgressUpdate| {}))
    }

    /// Reports progress.
    pub fn report(&self, update: ProgressUpdate) {
        self.progress.report(update);
    }

    /// The same call as part of a stage: who is called can [`advance`](Self::advance) without knowing of stages.
    #[must_use]
    pub fn within(&self, stage: Stage) -> Self {
        Self { stage: Some(stage), ..self.clone() }
    }

    /// Reports units done of the stage that the call is part of; `total` is zero while it is unknown. Nothing is
    /// reported outside of a stage.
    pub fn advance(&self, done: u64, total: u64, unit: &str) {
        if let Some(stage) = self.stage {
            self.report(ProgressUpdate::running(stage, done, total, unit));
        }
    }

    /// The same call with what it buys put on a bill.
    #[must_use]
    pub fn billed(&self, bill: &Bill) -> Self {
        Self { bill: Some(bill.clone()), ..self.clone() }
    }

    /// The same call, paid from a purse.
    #[must_use]
    pub fn paid_from(&self, purse: Arc<dyn Purse>) -> Self {
        Self { purse: Some(purse), ..self.clone() }
    }

    /// Takes what a call is expected to cost at most, before it is made, and gives the amount. Without a purse
    /// everything can be afforded.
    ///
    /// # Errors
    /// [`Exhausted`](crate::ErrorKind::Exhausted) if a budget does not allow it.
    pub async fn afford(&self, by: &Provider, category: CostCategory, units: f64) -> Result<Money> {
        let amount = self.price(by, category, units);
        match &self.purse {
            Some(purse) => purse.take(amount, by).await.map(|()| amount),
            None => Ok(Money::ZERO),
        }
    }

    /// What [`afford`](Self::afford) takes for a call, or took in another process.
    pub fn price(&self, by: &Provider, category: CostCategory, units: f64) -> Money {
        self.purse.as_ref().map_or(Money::ZERO, |purse| purse.price(by, category, units))
    }

    /// Tells what a call really cost for which an amount was taken by [`afford`](Self::afford). An amount that cannot
    /// be given back stays taken.
    pub async fn settle(&self, taken: Money, cost: Money) {
        if let Some(purse) = &self.purse {
            // The call was made and is paid; a cap errs on the safe side.
            let _ = purse.settle(taken, cost).await;
        }
    }

    /// Puts on the bill what was bought on the way to a result that does not say so itself. Without a bill nobody
    /// asks.
    pub fn charge(&self, by: &Provider, usage: Usage) {
        if let Some(bill) = &self.bill {
            bill.add(by, usage);
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("cancellation", &self.cancellation).finish_non_exhaustive()
    }
}

/// A [`Progress`] that keeps every report, for tests and for embedding programs that poll.
#[derive(Debug, Default)]
pub struct RecordedProgress(std::sync::Mutex<Vec<ProgressUpdate>>);

impl RecordedProgress {
    /// Everything reported so far.
    pub fn updates(&self) -> Vec<ProgressUpdate> {
        self.0.lock().map(|updates| updates.clone()).unwrap_or_default()
    }
}

impl Progress for RecordedProgress {
    fn report(&self, update: ProgressUpdate) {
        if let Ok(mut updates) = self.0.lock() {
            updates.push(update);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::{join_all, pending};

    #[tokio::test]
    async fn a_switch_wakes_all_who_wait_and_keeps_nobody_who_left() {
        let switch = Cancellation::new();
        let work = async {
            tokio::task::yield_now().await;
            Ok(5)
        };
        assert_eq!(switch.unless_cancelled(work).await.unwrap(), 5);
        assert!(switch.0.waiting.lock().unwrap().wakers.is_empty());

        let waits = join_all((0..5).map(|_| {
            let switch = switch.clone();
            tokio::spawn(async move { switch.unless_cancelled(pending::<Result<()>>()).await })
        }));
        let turn = async {
            while switch.0.waiting.lock().unwrap().wakers.len() < 5 {
                tokio::task::yield_now().await;
            }
            switch.cancel();
        };
        let (stopped, ()) = tokio::join!(waits, turn);
        assert!(stopped.into_iter().all(|stopped| stopped.unwrap().unwrap_err().kind() == crate::ErrorKind::Cancelled));
        assert!(switch.0.waiting.lock().unwrap().wakers.is_empty());
        assert!(switch.check().is_err() && switch.unless_cancelled(async { Ok(()) }).await.is_err());
    }
}
