//! How adapters are named: `scheme:rest`. The scheme is parsed, never guessed from how a text begins.

use orion_core::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};

/// An address of an adapter: `sqlite:orion.db`, `ollama:llama3.2`, `memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    scheme: String,
    rest: String,
}

impl Uri {
    /// Parses `scheme:rest`. A scheme is a letter followed by letters, digits, `+`, `-` or `.` (RFC 3986), in any case.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) if there is no scheme.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = || {
            Error::invalid("this is no address of an adapter")
                // One that holds a user may hold a password.
                .with_context("address", if text.contains('@') { "[redacted]" } else { text })
                .with_hint("write it as scheme:rest, for example `sqlite:orion.db` or `memory:`")
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(malformed)?;
        let mut letters = scheme.chars();
        let well_formed = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
        if !well_formed {
            return Err(malformed());
        }
        Ok(Self { scheme: scheme.to_ascii_lowercase(), rest: rest.to_owned() })
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Everything behind the colon.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The path it names; a relative one lies in `folder`. `file:a`, `file:/a` and `file:///a` all work.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.rest.strip_prefix("//").unwrap_or(&self.rest))
    }

    /// What stands behind the colon, or an error that says what should.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) if nothing does.
    pub fn require(&self, what: &'static str) -> Result<&str> {
        if self.rest.trim().is_empty() {
            return Err(Error::invalid("the address names nothing")
                .with_context("address", self)
                .with_hint(format!("write {what} behind the colon")));
        }
        Ok(&self.rest)
    }

    /// The error of a scheme that this port does not know, with those that it does.
    pub fn unknown(&self, port: &'static str, known: &[&str]) -> Error {
        Error::invalid("no adapter has this scheme")
            .with_context("port", port)
            .with_context("scheme", &self.scheme)
            .with_hint(format!("known here: {}", known.join(", ")))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_parsed_whole() {
        let uri = Uri::parse("SQLite:orion.db").unwrap();
        assert_eq!((uri.scheme(), uri.rest()), ("sqlite", "orion.db"));
        assert_eq!(Uri::parse("ollama:llama3.2:1b").unwrap().rest(), "llama3.2:1b");
        assert_eq!(Uri::parse("sqlite3:x").unwrap().scheme(), "sqlite3");
        let secret = Uri::parse("postgres//ann:hunter2@db/orion").unwrap_err();
        assert!(!format!("{secret:?}").contains("hunter2"), "{secret:?}");
        for malformed in ["", "orion.db", ":x", "3d:x", "a b:c"] {
            assert!(Uri::parse(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_folder() {
        let path = |text: &str| Uri::parse(text).unwrap().path(Path::new("/data"));
        assert_eq!(path("sqlite:orion.db"), Path::new("/data/orion.db"));
        assert_eq!(path("file:/blobs"), Path::new("/blobs"));
        assert_eq!(path("file:///blobs"), Path::new("/blobs"));
    }
}
