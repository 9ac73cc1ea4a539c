//! Ports whose work is done by Python objects. What is asked goes over as JSON; the answer comes back as JSON and bytes,
//! whenever the object has it: `orion/_providers.py` runs plain methods on threads of their own and coroutines on an
//! event loop, so that nothing here waits with the interpreter held.

mod clip;
mod files;
mod image;
mod language;
mod platform;
mod speech;
mod transcriber;
mod trend;

use crate::errors::from_python;
use files::Desk;
use orion_core::domain::{CostCategory, Money};
use orion_core::port::{Provider, Side, Transcriber, Usage};
use orion_core::strategy::Strategy;
use orion_core::{Cancellation, Error, ErrorKind, Result};
use orion_host::{Config, Orion, OrionBuilder};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// An answer of a Python object: JSON, and bytes beside it.
pub(crate) struct Answer {
    json: Vec<u8>,
    bytes: Vec<Vec<u8>>,
}

impl Answer {
    fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        Ok(serde_json::from_slice(&self.json)?)
    }
}

/// Takes the answer of a Python object, once.
#[pyclass(frozen, module = "orion._orion")]
pub(crate) struct Done(Mutex<Option<oneshot::Sender<Result<Answer>>>>);

#[pymethods]
impl Done {
    /// The answer, or what was raised.
    #[pyo3(signature = (json, bytes, raised=None))]
    fn __call__(&self, json: Vec<u8>, bytes: Vec<Vec<u8>>, raised: Option<Bound<'_, PyBaseException>>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let outcome = match raised {
            Some(raised) => Err(from_python(raised.py(), &raised)),
            None => Ok(Answer { json, bytes }),
        };
        // Who asked may have been stopped meanwhile.
        let _ = sender.map(|sender| sender.send(outcome));
    }
}

/// A Python object that provides something.
pub(crate) struct Object {
    object: Arc<Py<PyAny>>,
    provider: Provider,
    patience: Duration,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Stops a call of a Python object that nobody waits for any more.
struct Stop(Option<Py<PyAny>>);

impl Drop for Stop {
    fn drop(&mut self) {
        let Some(cancel) = self.0.take() else { return };
        let stop = move || {
            let _ =
                Python::try_attach(|py| cancel.call0(py).map(drop).map_err(|error| error.write_unraisable(py, None)));
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(stop)),
            Err(_) => stop(),
        }
    }
}

impl Object {
    fn new(py: Python<'_>, object: Py<PyAny>) -> PyResult<Self> {
        let described = py.import("orion._providers")?.call_method1("describe", (object.bind(py),))?;
        let (name, model, cloud, patience): (String, String, bool, f64) = described.extract()?;
        let side = if cloud { Side::Cloud } else { Side::Local };
        let patience = Duration::try_from_secs_f64(patience).unwrap_or(Duration::from_secs(300));
        Ok(Self { object: Arc::new(object), provider: Provider { name, model, side }, patience })
    }

    /// Has a method of the object called, and waits for its answer.
    async fn ask<T: Serialize>(
        &self,
        method: &'static str,
        request: &T,
        cancellation: Option<&Cancellation>,
    ) -> Result<Answer> {
        let (sender, receiver) = oneshot::channel();
        let (object, json) = (self.object.clone(), serde_json::to_vec(request)?);
        let begin = move || {
            Python::try_attach(|py| {
                let done = Done(Mutex::new(Some(sender)));
                let invoke = py.import("orion._providers").and_then(|module| module.getattr("invoke"));
                let begun =
                    invoke.and_then(|invoke| invoke.call1((object.bind(py), method, PyBytes::new(py, &json), done)));
                begun.map(Bound::unbind).map_err(|error| from_python(py, error.value(py)))
            })
        };
        let begun = tokio::task::spawn_blocking(begin).await;
        let begun =
            begun.map_err(|error| Error::unexpected("asking a Python object ended by a panic").with_source(error))?;
        let Some(begun) = begun else { return Err(Error::cancelled().with_context("cause", "the interpreter ends")) };
        let mut stop = Stop(Some(begun?));
        let work = async {
            match tokio::time::timeout(self.patience, receiver).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(Error::unexpected("a Python object gave no answer")),
                Err(_) => Err(Error::new(ErrorKind::Timeout, "a Python object took too long")
                    .with_context("seconds", self.patience.as_secs_f64())
                    .with_hint("set its `timeout` to more seconds")),
            }
        };
        let outcome = match cancellation {
            Some(cancellation) => cancellation.unless_cancelled(work).await,
            None => work.await,
        };
        if outcome.is_ok() {
            stop.0 = None;
        }
        outcome.map_err(|error| error.with_context("method", method))
    }
}

/// What an answer used, as Python says it.
#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    units: f64,
    /// Millionths of a dollar.
    #[serde(default)]
    cost: i64,
}

impl Used {
    fn usage(&self, category: CostCategory, units: f64) -> Usage {
        let units = if self.units > 0.0 && self.units.is_finite() { self.units } else { units };
        Usage { category, units, cost: Money(self.cost.max(0)) }
    }
}

/// Who listens to voices that tell no word times.
type Ear = Arc<OnceLock<Strategy<dyn Transcriber>>>;

/// Providers written in Python, to be built into an engine.
pub(crate) struct Own {
    objects: Vec<(String, String, Arc<Object>)>,
    desk: Desk,
}

impl Own {
    /// Reads what the objects say of themselves.
    pub(crate) fn all(config: &Config, own: Vec<(String, String, Py<PyAny>)>) -> Result<Self> {
        let parts = orion_host::parts(config)?;
        let desk = Desk { blobs: parts.blobs(&config.blobs)?, work: config.data_dir.join("work") };
        let objects = Python::attach(|py| {
            let read = |(kind, address, object): (String, String, Py<PyAny>)| match Object::new(py, object) {
                Ok(object) => Ok((kind, address, Arc::new(object))),
                Err(error) => Err(from_python(py, error.value(py))),
            };
            own.into_iter().map(read).collect::<Result<Vec<_>>>()
        })?;
        Ok(Self { objects, desk })
    }

    /// Builds an engine with them.
    pub(crate) async fn build(self, builder: OrionBuilder) -> Result<Orion> {
        // Known once the engine is built; who listens can be switched then, too.
        let ear: Ear = Arc::default();
        // Objects and engine read and write the same files, those in memory too.
        let mut builder = builder.with_blobs(self.desk.blobs.clone());
        for (kind, address, object) in &self.objects {
            let (address, object, desk) = (address.clone(), object.clone(), self.desk.clone());
            builder = match kind.as_str() {
                "llm" => builder.own_language_model(address, Arc::new(language::Model(object))),
                "image" => builder.own_images(address, Arc::new(image::Images(object))),
                "clip" => builder.own_clips(address, Arc::new(clip::Clips { object, desk })),
                "tts" => builder.own_speech(address, Arc::new(speech::Voice { object, ear: ear.clone() })),
                "transcriber" => builder.own_transcriber(address, Arc::new(transcriber::Listener { object, desk })),
                "trend" => builder.with_trend_source(Arc::new(trend::Source(object))),
                "platform" => builder.with_destination(Arc::new(platform::Platform::new(object, desk).await?)),
                _ => return Err(Error::unexpected("unknown kind of provider").with_context("kind", kind)),
            };
        }
        let orion = builder.build().await?;
        // Nobody else sets it.
        let _ = ear.set(orion.transcriber().clone());
        Ok(orion)
    }
}
