//! Orion's one error as Python exceptions with one base.

use orion_core::{Error, ErrorKind};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(orion, OrionError, PyException, "What went wrong; see `kind` and `hint`.");
create_exception!(orion, InvalidError, OrionError, "The input is wrong.");
create_exception!(orion, NotFoundError, OrionError, "The thing named does not exist.");
create_exception!(orion, ConflictError, OrionError, "Not possible in the present state.");
create_exception!(orion, UnavailableError, OrionError, "A part is not installed, not running or not reachable.");
create_exception!(orion, ExhaustedError, OrionError, "A limit was reached: disk, memory, size.");
create_exception!(orion, CancelledError, OrionError, "Stopped on request.");

/// The exception of an error, with its kind and its next step as attributes.
pub(crate) fn to_python(error: &Error) -> PyErr {
    let text = error.to_string();
    let exception = match error.kind() {
        ErrorKind::Invalid => InvalidError::new_err(text),
        ErrorKind::NotFound => NotFoundError::new_err(text),
        ErrorKind::Conflict | ErrorKind::AlreadyExists => ConflictError::new_err(text),
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited => UnavailableError::new_err(text),
        ErrorKind::Exhausted => ExhaustedError::new_err(text),
        ErrorKind::Cancelled => CancelledError::new_err(text),
        _ => OrionError::new_err(text),
    };
    Python::attach(|py| {
        let value = exception.value(py);
        // An exception whose attributes cannot be set is still the right exception.
        let _ = value.setattr("kind", error.kind().as_str());
        let _ = value.setattr("hint", error.hint());
    });
    exception
}

/// Puts the exceptions into the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("Error", py.get_type::<OrionError>())?;
    module.add("InvalidError", py.get_type::<InvalidError>())?;
    module.add("NotFoundError", py.get_type::<NotFoundError>())?;
    module.add("ConflictError", py.get_type::<ConflictError>())?;
    module.add("UnavailableError", py.get_type::<UnavailableError>())?;
    module.add("ExhaustedError", py.get_type::<ExhaustedError>())?;
    module.add("CancelledError", py.get_type::<CancelledError>())
}
