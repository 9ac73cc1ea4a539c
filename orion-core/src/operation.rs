//! What travels with a long call: a way to stop it, and somewhere to report progress.

use crate::domain::Stage;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A switch that stops long work. Clones share the switch; once on it stays on.
#[derive(Clone, Default)]
pub struct Cancellation(Arc<Switch>);

#[derive(Default)]
struct Switch {
    on: AtomicBool,
    wakers: std::sync::Mutex<Vec<std::task::Waker>>,
}

impl Cancellation {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it on and wakes everybody who waits in [`cancelled`](Self::cancelled).
    pub fn cancel(&self) {
        self.0.on.store(true, Ordering::SeqCst);
        let wakers = match self.0.wakers.lock() {
            Ok(mut wakers) => std::mem::take(&mut *wakers),
            Err(poisoned) => std::mem::take(&mut *poisoned.into_inner()),
        };
        wakers.into_iter().for_each(std::task::Waker::wake);
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
        std::future::poll_fn(|context| {
            if self.is_cancelled() {
                return std::task::Poll::Ready(());
            }
            if let Ok(mut wakers) = self.0.wakers.lock() {
                wakers.retain(|waker| !waker.will_wake(context.waker()));
                wakers.push(context.waker().clone());
            }
            if self.is_cancelled() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
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
}

impl Operation {
    /// A call that reports to `progress` and stops with `cancellation`.
    pub fn new(cancellation: Cancellation, progress: Arc<dyn Progress>) -> Self {
        Self { cancellation, progress }
    }

    /// A call that nobody watches and nobody stops.
    pub fn detached() -> Self {
        Self::new(Cancellation::new(), Arc::new(|_: ProgressUpdate| {}))
    }

    /// Reports progress.
    pub fn report(&self, update: ProgressUpdate) {
        self.progress.report(update);
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
