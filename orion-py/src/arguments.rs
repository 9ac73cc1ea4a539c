//! What Python hands over as data: plain values, and what is none by its text (identifiers, paths, moments).

use crate::errors::to_python;
use orion_core::{Error, Result};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use uuid::Uuid;

/// No argument is nested deeper.
const DEEPEST: u8 = 16;

/// Reads arguments.
///
/// # Errors
/// An exception for what does not fit; that of a `__str__` that fails.
pub(crate) fn read<T: DeserializeOwned>(given: Value) -> PyResult<T> {
    serde_json::from_value(given).map_err(|error| {
        to_python(&Error::invalid("the arguments do not fit").with_context("cause", &error).with_source(error))
    })
}

/// A Python value as data.
///
/// # Errors
/// As [`read`].
pub(crate) fn value(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    nested(given, DEEPEST)
}

fn nested(given: &Bound<'_, PyAny>, deep: u8) -> PyResult<Value> {
    let deeper = || deep.checked_sub(1).ok_or_else(|| to_python(&Error::invalid("an argument is nested too deeply")));
    if given.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = given.cast::<PyString>() {
        return Ok(Value::String(text.to_str()?.to_owned()));
    }
    // Before numbers: a bool is one.
    if let Ok(given) = given.cast::<PyBool>() {
        return Ok(Value::Bool(given.is_true()));
    }
    if given.is_instance_of::<PyInt>() {
        let number = given.extract::<i64>().map(Number::from).or_else(|_| given.extract::<u64>().map(Number::from));
        return number.map(Value::Number).map_err(|_| to_python(&out_of_bounds(given)));
    }
    if let Ok(given) = given.cast::<PyFloat>() {
        return finite(given.value()).map_err(|error| to_python(&error));
    }
    if let Ok(given) = given.cast::<PyDict>() {
        let mut map = Map::new();
        for (key, one) in given.iter() {
            map.insert(key.str()?.to_str()?.to_owned(), nested(&one, deeper()?)?);
        }
        return Ok(Value::Object(map));
    }
    if let Ok(given) = given.cast::<PyList>() {
        return given.iter().map(|one| nested(&one, deeper()?)).collect::<PyResult<_>>().map(Value::Array);
    }
    if let Ok(given) = given.cast::<PyTuple>() {
        return given.iter().map(|one| nested(&one, deeper()?)).collect::<PyResult<_>>().map(Value::Array);
    }
    if let Some(id) = identifier(given)? {
        return Ok(Value::String(id.to_string()));
    }
    Ok(Value::String(given.str()?.to_str()?.to_owned()))
}

/// A `uuid.UUID` by its number: Python takes as long to write one as a whole call may cost.
fn identifier(given: &Bound<'_, PyAny>) -> PyResult<Option<Uuid>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = given.py();
    if !given.is_exact_instance(CLASS.import(py, "uuid", "UUID")?) {
        return Ok(None);
    }
    given.getattr(intern!(py, "int"))?.extract().map(|number| Some(Uuid::from_u128(number)))
}

fn finite(given: f64) -> Result<Value> {
    Number::from_f64(given).map(Value::Number).ok_or_else(|| Error::invalid("a number is not finite"))
}

fn out_of_bounds(given: &Bound<'_, PyAny>) -> Error {
    let shown = given.str().map_or_else(|_| String::new(), |text| text.to_string());
    Error::invalid("a number is out of bounds").with_context("number", shown.chars().take(40).collect::<String>())
}
