//! Text that must not be shown.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A password, its hash, a token or a sealed credential. It is stored as plain text where its owner stores it, but
/// `Debug` hides it, so that no log, error or panic shows it by accident.
///
/// ```
/// use orion_core::domain::Secret;
/// let secret = Secret::new("correct horse");
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret.expose(), "correct horse");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text. Never give it to a log or an error.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
