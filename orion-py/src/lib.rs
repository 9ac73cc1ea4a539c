//! The engine in Python. A thin shell: arguments in, one blocking call over the async engine, paths out.

mod errors;

use orion_core::domain::timeline::{Canvas, Format};
use orion_core::port::Encoder;
use orion_core::{Cancellation, Operation, ProgressUpdate};
use orion_host::{CreateRequest, Delivery, Orion, Subject};
use pyo3::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often Python is asked whether somebody pressed Ctrl-C.
const SIGNALS: Duration = Duration::from_millis(100);

/// A finished video and the files beside it.
#[pyclass(frozen)]
struct Video(Delivery);

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[pymethods]
impl Video {
    /// The folder with everything.
    #[getter]
    fn folder(&self) -> String {
        text(&self.0.folder)
    }

    /// The video file.
    #[getter]
    fn video(&self) -> String {
        text(&self.0.video)
    }

    /// A still for listings.
    #[getter]
    fn thumbnail(&self) -> String {
        text(&self.0.thumbnail)
    }

    /// The captions as SRT, VTT and ASS.
    #[getter]
    fn captions(&self) -> Vec<String> {
        self.0.captions.iter().map(|path| text(path)).collect()
    }

    /// The script with its sources.
    #[getter]
    fn script(&self) -> String {
        text(&self.0.script)
    }

    /// How it came about: steps, times, costs, hashes.
    #[getter]
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let json = std::fs::read_to_string(&self.0.report)?;
        py.import("json")?.call_method1("loads", (json,))
    }

    fn __repr__(&self) -> String {
        format!("<orion.Video {}>", self.0.video.display())
    }
}

/// Exactly one of the five subjects.
fn subject(
    feed: Option<String>,
    url: Option<String>,
    topic: Option<String>,
    text: Option<String>,
    script: Option<String>,
) -> PyResult<Subject> {
    let given = [
        feed.map(|location| Subject::Feed { location }),
        url.map(|url| Subject::Url { url }),
        topic.map(|topic| Subject::Topic { topic }),
        text.map(|text| Subject::Text { text }),
        script.map(|script| Subject::Script { script }),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(subject), None) => Ok(subject),
        _ => Err(errors::InvalidError::new_err("give exactly one of feed, url, topic, text and script")),
    }
}

/// Makes one video and writes it into a folder.
#[pyfunction]
#[pyo3(signature = (*, feed=None, url=None, topic=None, text=None, script=None, out, seconds=45, niche=None, voice=None,
    silent=false, captions="tiktok".to_owned(), format="9:16", quality="standard", seed=0, offline=false, data_dir=None, feeds=None,
    progress=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments are how Python says it")]
fn create(
    py: Python<'_>,
    feed: Option<String>,
    url: Option<String>,
    topic: Option<String>,
    text: Option<String>,
    script: Option<String>,
    out: PathBuf,
    seconds: u32,
    niche: Option<String>,
    voice: Option<String>,
    silent: bool,
    captions: String,
    format: &str,
    quality: &str,
    seed: u64,
    offline: bool,
    data_dir: Option<PathBuf>,
    feeds: Option<Vec<String>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Video> {
    let subject = subject(feed, url, topic, text, script)?;
    let encoder: Encoder = serde_json::from_value(quality.into())
        .map_err(|_| errors::InvalidError::new_err("quality is draft, standard or premium"))?;
    let canvas = format.parse::<Format>().map_err(|error| errors::to_python(&error))?;
    let canvas = canvas.canvas(Canvas::VERTICAL.frames_per_second);
    let request = CreateRequest { seconds, niche, captions, canvas, encoder, seed, ..CreateRequest::new(subject) };
    let cancellation = Cancellation::new();
    let report = move |update: ProgressUpdate| tell(progress.as_ref(), &update);
    let operation = Operation::new(cancellation.clone(), Arc::new(report));
    let mut builder = Orion::builder();
    if let Some(folder) = data_dir {
        builder = builder.data_dir(folder);
    }
    if let Some(voice) = voice {
        builder = builder.voice(voice);
    }
    if silent {
        builder = builder.silent();
    }
    if offline {
        builder = builder.offline();
    }
    if let Some(feeds) = feeds {
        builder = builder.feeds(feeds);
    }
    let delivery = py.detach(move || {
        let work = async {
            let orion = builder.build().await?;
            orion.create(request, &out, &operation).await
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(until_interrupted(work, &cancellation))
    })?;
    Ok(Video(delivery))
}

/// Runs the work, and stops it when Python has a signal to deal with.
async fn until_interrupted<T>(
    work: impl Future<Output = orion_core::Result<T>>,
    cancellation: &Cancellation,
) -> PyResult<T> {
    let mut work = std::pin::pin!(work);
    let mut interrupted: Option<PyErr> = None;
    loop {
        match tokio::time::timeout(SIGNALS, &mut work).await {
            Ok(outcome) => return outcome.map_err(|error| interrupted.unwrap_or_else(|| errors::to_python(&error))),
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

/// Passes a report on. What the callback raises is shown by Python as unraisable; it does not stop the work.
fn tell(progress: Option<&Py<PyAny>>, update: &ProgressUpdate) {
    let Some(callback) = progress else { return };
    let Ok(json) = serde_json::to_string(update) else { return };
    Python::attach(|py| {
        let called = py.import("json").and_then(|module| module.call_method1("loads", (json,)));
        if let Err(error) = called.and_then(|update| callback.call1(py, (update,)).map(drop)) {
            error.write_unraisable(py, None);
        }
    });
}

/// The native part of the `orion` package.
#[pymodule]
fn _orion(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Video>()?;
    module.add_function(wrap_pyfunction!(create, module)?)?;
    errors::register(module)
}
