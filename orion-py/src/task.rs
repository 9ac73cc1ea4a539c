//! Work in the background: reports of progress on the way, one outcome at the end. A thread waits for it with the
//! interpreter free; an event loop is told when there is something to look at.

use crate::errors::to_python;
use orion_core::{Cancellation, Error, Operation, Progress, ProgressUpdate, Result, StageStatus};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often Python is asked whether somebody pressed Ctrl-C.
pub(crate) const SIGNALS: Duration = Duration::from_millis(50);
/// No more reports than this wait to be fetched; of more, the oldest are left out.
const MOST_UPDATES: usize = 1000;

/// What the work and those who wait for it share.
#[derive(Default)]
pub(crate) struct Job {
    state: Mutex<State>,
    changed: Condvar,
    cancellation: Cancellation,
}

#[derive(Default)]
struct State {
    updates: Vec<ProgressUpdate>,
    outcome: Option<Result<Vec<u8>, Arc<Error>>>,
    listener: Option<Arc<Py<PyAny>>>,
    /// The listener has been told, and has not looked since.
    told: bool,
}

impl Job {
    /// What the work reports to and is stopped by.
    pub(crate) fn operation(self: &Arc<Self>) -> Operation {
        Operation::new(self.cancellation.clone(), self.clone())
    }

    /// Stops the work.
    pub(crate) fn cancel(&self) {
        self.cancellation.cancel();
    }

    /// Waits until the work has ended, at most so long.
    pub(crate) fn wait_for_end(&self, most: Duration) {
        let until = Instant::now() + most;
        let mut state = self.state();
        while state.outcome.is_none() && Instant::now() < until {
            state = self.changed.wait_timeout(state, SIGNALS).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let listener = if state.told { None } else { state.listener.clone() };
        state.told |= listener.is_some();
        drop(state);
        self.changed.notify_all();
        let Some(listener) = listener else { return };
        // The interpreter may be busy for a while, and no task of the runtime waits for it.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || tell(&listener))),
            Err(_) => tell(&listener),
        }
    }
}

impl Progress for Job {
    fn report(&self, update: ProgressUpdate) {
        self.change(|state| {
            let steps_on = |last: &ProgressUpdate| {
                (last.stage, last.status, update.status) == (update.stage, StageStatus::Running, StageStatus::Running)
                    && last.total == update.total
            };
            if state.updates.last().is_some_and(steps_on) {
                // Nobody misses the steps between two looks.
                state.updates.pop();
            } else if state.updates.len() >= MOST_UPDATES {
                state.updates.remove(0);
            }
            state.updates.push(update);
        });
    }
}

/// Tells a listener; where the interpreter is going away, nobody listens any more.
fn tell(listener: &Py<PyAny>) {
    let _ = Python::try_attach(|py| {
        if let Err(error) = listener.call0(py) {
            error.write_unraisable(py, None);
        }
    });
}

/// Ends a job with an error if its work is dropped or ends by a panic: nobody may wait for ever.
pub(crate) struct Worker(Arc<Job>);

impl Worker {
    /// Who works on a job.
    pub(crate) fn new(job: Arc<Job>) -> Self {
        Self(job)
    }

    /// The job is done.
    pub(crate) fn finish(self, outcome: Result<Vec<u8>>) {
        self.0.change(|state| state.outcome = Some(outcome.map_err(Arc::new)));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.outcome.get_or_insert_with(|| {
                Err(Arc::new(Error::cancelled().with_hint("the client was closed before the work was done")))
            });
        });
    }
}

/// Work that goes on in the background.
#[pyclass(frozen, module = "orion._orion")]
pub(crate) struct Task(pub(crate) Arc<Job>);

#[pymethods]
impl Task {
    /// Stops the work; it ends soon after.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Waits until there is something new, at most so many seconds, and tells whether the work has ended.
    #[pyo3(signature = (seconds=None))]
    fn wait(&self, py: Python<'_>, seconds: Option<f64>) -> PyResult<bool> {
        let until =
            seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).map(|most| Instant::now() + most);
        loop {
            let (ended, news) = py.detach(|| {
                let mut state = self.0.state();
                if state.outcome.is_none() && state.updates.is_empty() {
                    let left =
                        until.map_or(SIGNALS, |until| until.saturating_duration_since(Instant::now()).min(SIGNALS));
                    state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                (state.outcome.is_some(), !state.updates.is_empty())
            });
            py.check_signals()?;
            if ended || news || until.is_some_and(|until| Instant::now() >= until) {
                return Ok(ended);
            }
        }
    }

    /// Whether the work has ended. Never waits.
    fn done(&self) -> bool {
        self.0.state().outcome.is_some()
    }

    /// What was reported since the last look, as a JSON array. Never waits.
    fn updates<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut state = self.0.state();
        state.told = false;
        let updates = std::mem::take(&mut state.updates);
        drop(state);
        let json = serde_json::to_vec(&updates).map_err(|error| to_python(&error.into()))?;
        Ok(PyBytes::new(py, &json))
    }

    /// The outcome of work that has ended, as JSON.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let state = self.0.state();
        match &state.outcome {
            Some(Ok(json)) => Ok(PyBytes::new(py, json)),
            Some(Err(error)) => {
                let error = error.clone();
                drop(state);
                Err(to_python(&error))
            }
            None => Err(to_python(&Error::conflict("the work has not ended").with_hint("wait for it first"))),
        }
    }

    /// Has a function called, from another thread and without arguments, when there is something new; once until
    /// `updates` is called.
    fn on_change(&self, listener: Py<PyAny>) {
        let listener = Arc::new(listener);
        let mut state = self.0.state();
        state.listener = Some(listener.clone());
        state.told = !state.updates.is_empty() || state.outcome.is_some();
        let tell_now = state.told;
        drop(state);
        if tell_now {
            tell(&listener);
        }
    }
}
