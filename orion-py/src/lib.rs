//! The native part of the Python package: it opens an engine or reaches a platform, takes calls as data, and gives JSON
//! back. What a Python program sees of it (typed objects, `Orion`, `AsyncOrion`) is written in Python, once for both.
//!
//! - `arguments`: what Python hands over, as data.
//! - `calls`: every call there is, as data. `engine` and `remote` both answer all of them.
//! - `client`: the one class that takes calls, with the runtime beneath it.
//! - `task`: work in the background, which a thread or an event loop waits for.
//! - `providers`: ports whose work is done by Python objects.
//! - `errors`: errors on their way in and out.

mod arguments;
mod calls;
mod client;
mod engine;
mod errors;
mod providers;
mod remote;
mod task;

use pyo3::prelude::*;

/// Runs the command line of the program with these arguments, the first of which is its name, and gives the exit code.
#[pyfunction]
fn command(py: Python<'_>, arguments: Vec<String>) -> u8 {
    py.detach(|| orion_host::cli::run_with(arguments))
}

/// The native part of the `orion` package.
#[pymodule(gil_used = false)]
fn _orion(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<client::Client>()?;
    module.add_class::<task::Task>()?;
    module.add_class::<providers::Done>()?;
    module.add_function(wrap_pyfunction!(command, module)?)
}
