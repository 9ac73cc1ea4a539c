//! Orion's one error as Python's exceptions, and Python's exceptions as Orion's error. The classes are Python's own
//! (`orion/errors.py`): they inherit from several bases, which only Python can say simply.

use orion_core::{Error, ErrorKind, Retry};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use std::fmt;
use std::time::Duration;

/// What a Python object raised, as the source of an error; it keeps its traceback.
pub(crate) struct Raised(Py<PyBaseException>, String);

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl std::error::Error for Raised {}

/// The exception of an error; its cause is what a Python object raised, if that is where it came from.
pub(crate) fn to_python(error: &Error) -> PyErr {
    Python::attach(|py| made(py, error).unwrap_or_else(|failure| failure))
}

fn made(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let (mut raised, mut causes) = (None, Vec::new());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        match cause.downcast_ref::<Raised>() {
            Some(exception) => raised = raised.or_else(|| Some(exception.0.clone_ref(py))),
            None => causes.push(cause.to_string()),
        }
        source = cause.source();
    }
    let retry_after = match error.retry() {
        Retry::Later(Some(wait)) => Some(wait.as_secs_f64()),
        _ => None,
    };
    let context: Vec<(&str, &str)> = error.context().iter().map(|(key, value)| (*key, value.as_str())).collect();
    let arguments = (error.kind().as_str(), error.message(), context, error.hint(), retry_after, raised, causes);
    let exception = py.import("orion.errors")?.call_method1("made", arguments)?;
    Ok(PyErr::from_value(exception))
}

/// The error of what a Python object raised. Its class tells the kind; one that says nothing is a fault of that
/// object alone, so that another provider may still have its turn.
pub(crate) fn from_python(py: Python<'_>, raised: &Bound<'_, PyBaseException>) -> Error {
    type Read = (String, String, Option<String>, Option<f64>);
    let read = py.import("orion.errors").and_then(|module| module.call_method1("read", (raised,)));
    let (kind, message, hint, wait) = match read.and_then(|read| read.extract::<Read>()) {
        Ok(read) => read,
        Err(_) => ("unexpected".to_owned(), "a Python object raised an exception".to_owned(), None, None),
    };
    let text = raised.repr().map_or_else(|_| message.clone(), |text| text.to_string());
    let mut error = Error::new(kind_of(&kind), message).with_source(Raised(raised.clone().unbind(), text));
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    match wait.map(Duration::try_from_secs_f64) {
        Some(Ok(wait)) => error.with_retry(Retry::Later(Some(wait))),
        _ => error,
    }
}

/// The kind of a name; the inverse of [`ErrorKind::as_str`].
pub(crate) fn kind_of(name: &str) -> ErrorKind {
    use ErrorKind::*;
    let kinds = [
        NotFound,
        AlreadyExists,
        Conflict,
        Invalid,
        Unauthorized,
        Forbidden,
        Unsupported,
        Unavailable,
        Timeout,
        RateLimited,
        Cancelled,
        Exhausted,
        Corrupt,
    ];
    kinds.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Unexpected)
}
