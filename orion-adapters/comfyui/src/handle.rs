//! Handles: the name of a prompt and what was asked of it.

use orion_core::{Error, Result};
use std::fmt;
use uuid::Uuid;

/// The name of a prompt at the server, and the size that it is to have: `UUID@768x1368`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handle {
    /// Name of the prompt.
    pub(crate) prompt: String,
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
}

impl Handle {
    /// A handle as it was written down.
    ///
    /// # Errors
    /// [`NotFound`](orion_core::ErrorKind::NotFound) for what is none of ours: then there is no such prompt.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parsed = text.split_once('@').and_then(|(prompt, size)| {
            let (width, height) = size.split_once('x')?;
            Uuid::try_parse(prompt).ok()?;
            Some(Self { prompt: prompt.to_owned(), size: (width.parse().ok()?, height.parse().ok()?) })
        });
        parsed.ok_or_else(|| unknown(text))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}x{}", self.prompt, self.size.0, self.size.1)
    }
}

/// The error of a prompt that the server does not know.
pub(crate) fn unknown(handle: &str) -> Error {
    let handle: String = handle.chars().take(100).collect();
    Error::not_found("ComfyUI does not know this prompt").with_context("prompt", handle)
}
