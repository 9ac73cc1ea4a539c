//! How a setting is read from text (environment, flags) and from TOML (file), and how it is shown.

use orion_core::domain::Secret;
use orion_core::{Error, Result};
use std::path::PathBuf;

/// A type that a setting can have.
pub(super) trait Value: Clone + Sized {
    /// What is expected, for messages: `a whole number`.
    const EXPECTED: &'static str;
    /// Reads it from an environment variable or a flag.
    fn from_text(text: &str) -> Option<Self>;
    /// Reads it from the file.
    fn from_toml(value: &toml::Value) -> Option<Self>;
    /// As TOML.
    fn to_toml(&self) -> toml::Value;
}

/// The error of a value that does not fit, naming the setting and where it was read.
pub(super) fn misfit(name: &str, found: &str, expected: &str) -> Error {
    Error::invalid("a setting has a value that does not fit")
        .with_context("setting", name)
        .with_context("value", found)
        .with_hint(format!("{name} must be {expected}"))
}

impl Value for String {
    const EXPECTED: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Secret {
    const EXPECTED: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        Some(Self::new(text.trim()))
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_str().and_then(Self::from_text)
    }
    /// Only whether there is one.
    fn to_toml(&self) -> toml::Value {
        if self.expose().is_empty() { "" } else { "[redacted]" }.into()
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path";
    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| expand_home(text))
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_str().and_then(Self::from_text)
    }
    fn to_toml(&self) -> toml::Value {
        self.display().to_string().into()
    }
}

/// `~` and `~/…` as shells understand them.
fn expand_home(text: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (text, text.strip_prefix("~/"), home) {
        ("~", _, Some(home)) => home,
        (_, Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_text(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_bool()
    }
    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

impl Value for u32 {
    const EXPECTED: &'static str = "a whole number";
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_integer().and_then(|number| number.try_into().ok())
    }
    fn to_toml(&self) -> toml::Value {
        i64::from(*self).into()
    }
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|number: &Self| number.is_finite())
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_float().or_else(|| value.as_integer().map(|number| number as Self)).filter(|number| number.is_finite())
    }
    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

impl Value for Vec<String> {
    const EXPECTED: &'static str = "a list of texts (in the environment: separated by commas)";
    fn from_text(text: &str) -> Option<Self> {
        Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }
    fn to_toml(&self) -> toml::Value {
        toml::Value::Array(self.iter().cloned().map(toml::Value::String).collect())
    }
}

/// Reads text, or says what was expected.
pub(super) fn read_text<V: Value>(name: &str, text: &str) -> Result<V> {
    V::from_text(text).ok_or_else(|| misfit(name, text, V::EXPECTED))
}

/// Reads a TOML value, or says what was expected.
pub(super) fn read_toml<V: Value>(name: &str, value: &toml::Value) -> Result<V> {
    V::from_toml(value).ok_or_else(|| misfit(name, value.type_str(), V::EXPECTED))
}
