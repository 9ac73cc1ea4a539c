//! The class that takes calls. Each client has a runtime of its own: closing it ends everything that it began, and
//! nothing of it is shared by a process that was forked off.

use crate::arguments::{read, value};
use crate::calls::Request;
use crate::engine::{Engine, Opening};
use crate::errors::to_python;
use crate::remote::{Connection, Remote};
use crate::task::{Job, SIGNALS, Task, Worker};
use futures_util::FutureExt;
use orion_core::{Cancellation, Error, Operation, ProgressUpdate, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Map, Value};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long closing waits for work that was stopped to write down how it stands.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Who answers.
pub(crate) enum Backend {
    Engine(Box<Engine>),
    Remote(Box<Remote>),
}

impl Backend {
    async fn answer(&self, request: Request, operation: &Operation) -> Result<Vec<u8>> {
        match self {
            Self::Engine(engine) => engine.answer(request, operation).await,
            Self::Remote(remote) => Box::pin(remote.answer(request, operation)).await,
        }
    }
}

/// An engine in this process, or a platform elsewhere.
#[pyclass(frozen, module = "orion._orion")]
pub(crate) struct Client {
    open: Mutex<Option<Arc<Open>>>,
    process: u32,
}

struct Open {
    runtime: Option<Runtime>,
    backend: Arc<Backend>,
    jobs: Mutex<Vec<Weak<Job>>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The threads of a runtime do not come along into a forked process: there is nothing to shut down there.
        if std::process::id() != self.process
            && let Ok(mut open) = self.open.try_lock()
        {
            std::mem::forget(open.take());
        }
    }
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("orion")
        .enable_all()
        .build()
        .map_err(|error| Error::unavailable("the runtime could not be started").with_source(error))
}

impl Client {
    fn with(py: Python<'_>, open: impl FnOnce(&Runtime) -> Result<Backend> + Send) -> PyResult<Self> {
        let opened = py.detach(|| -> Result<Open> {
            let runtime = runtime()?;
            let backend = Arc::new(open(&runtime)?);
            Ok(Open { runtime: Some(runtime), backend, jobs: Mutex::default() })
        });
        let open = opened.map_err(|error| to_python(&error))?;
        Ok(Self { open: Mutex::new(Some(Arc::new(open))), process: std::process::id() })
    }

    fn open(&self) -> Result<Arc<Open>> {
        // That nobody uses it in a process that was forked off is seen to by `orion/_client.py`: asking the system for the
        // process takes longer than reading a row.
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(|| Error::conflict("this client is closed").with_hint("open another one"))
    }
}

fn closed() -> Error {
    Error::conflict("this client is closed")
}

/// A call with its parameters, and for whom it is made.
fn request(call: &str, parameters: &Bound<'_, PyAny>, user: Option<&str>) -> PyResult<Request> {
    let user = user.map(str::parse).transpose().map_err(|error: Error| to_python(&error))?;
    let call = match value(parameters)? {
        Value::Object(parameters) if parameters.is_empty() => Value::String(call.to_owned()),
        parameters => Value::Object(Map::from_iter([(call.to_owned(), parameters)])),
    };
    Ok(Request { user, call: read(call)? })
}

#[pymethods]
impl Client {
    /// Opens an engine; `own` are providers written in Python, each with its capability and its address.
    #[staticmethod]
    fn open_engine(
        py: Python<'_>,
        options: &Bound<'_, PyDict>,
        own: Vec<(String, String, Py<PyAny>)>,
    ) -> PyResult<Self> {
        let opening: Opening = read(value(options)?)?;
        Self::with(py, |runtime| Ok(Backend::Engine(Box::new(runtime.block_on(Engine::open(opening, own))?))))
    }

    /// Reaches a platform.
    #[staticmethod]
    fn connect(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let connection: Connection = read(value(options)?)?;
        Self::with(py, |runtime| Ok(Backend::Remote(Box::new(runtime.block_on(Remote::connect(connection))?))))
    }

    /// Makes a call and waits for its answer, with the interpreter free.
    #[pyo3(signature = (call, parameters, user=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        call: &str,
        parameters: &Bound<'py, PyDict>,
        user: Option<&str>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let told = |error: Error| to_python(&error);
        let open = self.open().map_err(told)?;
        let request = request(call, parameters, user)?;
        let runtime = open.runtime.as_ref().ok_or_else(|| told(closed()))?;
        let cancellation = Cancellation::new();
        let operation = Operation::new(cancellation.clone(), Arc::new(|_: ProgressUpdate| {}));
        let answer = py.detach(|| {
            let mut work = std::pin::pin!(open.backend.answer(request, &operation));
            // What lies in memory is there at the first look, and costs no turn of the runtime.
            let inside = runtime.enter();
            if let Some(outcome) = work.as_mut().now_or_never() {
                return outcome.map_err(told);
            }
            drop(inside);
            runtime.block_on(until_interrupted(work, &cancellation))
        })?;
        Ok(PyBytes::new(py, &answer))
    }

    /// Begins a call that goes on in the background.
    #[pyo3(signature = (call, parameters, user=None))]
    fn start(&self, call: &str, parameters: &Bound<'_, PyDict>, user: Option<&str>) -> PyResult<Task> {
        let told = |error: Error| to_python(&error);
        let open = self.open().map_err(told)?;
        let request = request(call, parameters, user)?;
        let runtime = open.runtime.as_ref().ok_or_else(|| told(closed()))?;
        let job = Arc::new(Job::default());
        let mut jobs = open.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|job| job.strong_count() > 0);
        jobs.push(Arc::downgrade(&job));
        drop(jobs);
        let (backend, operation, worker) = (open.backend.clone(), job.operation(), Worker::new(job.clone()));
        runtime.spawn(async move {
            let outcome = backend.answer(request, &operation).await;
            worker.finish(outcome);
        });
        Ok(Task(job))
    }

    /// Stops everything that goes on, lets it write down how it stands, and ends.
    fn close(&self, py: Python<'_>) {
        if std::process::id() != self.process {
            return;
        }
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(open) = open else { return };
        let jobs: Vec<Arc<Job>> =
            open.jobs.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
        py.detach(|| {
            jobs.iter().for_each(|job| job.cancel());
            jobs.iter().for_each(|job| job.wait_for_end(LAST_WORDS));
            // Nothing of it may still want the interpreter when that ends: Python would end the thread, and the process
            // with it. Who is in the middle of a call ends the runtime afterwards.
            if let Some(runtime) = Arc::into_inner(open).and_then(|mut open| open.runtime.take()) {
                runtime.shutdown_timeout(LAST_WORDS);
            }
        });
    }
}

/// Does the work, and stops it when Python has a signal to deal with.
async fn until_interrupted<T>(
    mut work: Pin<&mut impl Future<Output = Result<T>>>,
    cancellation: &Cancellation,
) -> PyResult<T> {
    let mut interrupted: Option<PyErr> = None;
    loop {
        match tokio::time::timeout(SIGNALS, &mut work).await {
            Ok(outcome) => return outcome.map_err(|error| interrupted.unwrap_or_else(|| to_python(&error))),
            Err(_) if interrupted.is_none() => {
                if let Err(signal) = Python::attach(|py| py.check_signals()) {
                    cancellation.cancel();
                    interrupted = Some(signal);
                }
            }
            Err(_) => {}
        }
    }
}
