//! One error for every port and use case.
//!
//! Branch on [`ErrorKind`], read the context, follow [`Retry`]. Adapters translate
//! their own errors once, at their edge; no driver type appears here.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// `Result` with Orion's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller may want to branch on it.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The thing named does not exist.
    NotFound,
    /// A thing with this id or unique key exists already.
    AlreadyExists,
    /// The move is illegal in the present state, or somebody else was faster.
    Conflict,
    /// The input is wrong; the same input will always fail.
    Invalid,
    /// Nobody is signed in, or a credential was refused.
    Unauthorized,
    /// Signed in, but not allowed; also an address that must not be fetched.
    Forbidden,
    /// This part does not offer that, by design or by configuration.
    Unsupported,
    /// A part is not there: not installed, not running, not reachable.
    Unavailable,
    /// It took longer than its deadline.
    Timeout,
    /// Asked to slow down.
    RateLimited,
    /// The person or the program stopped it.
    Cancelled,
    /// A limit was reached: disk, memory, budget, size cap.
    Exhausted,
    /// Stored or received data does not make sense.
    Corrupt,
    /// None of the above: most likely a fault of Orion's own.
    Unexpected,
}

impl ErrorKind {
    /// The stable lower-case name used in logs, JSON and exit reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
            Self::Cancelled => "cancelled",
            Self::Exhausted => "exhausted",
            Self::Corrupt => "corrupt",
            Self::Unexpected => "unexpected",
        }
    }
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// Temporary; wait at least this long when the other side said so.
    Later(Option<Duration>),
    /// Temporary, but the retry layer has already given up.
    Exhausted,
}

/// Orion's error: a kind, a message, context to read, a hint for the person, and the cause.
///
/// `Display` is one line. `Debug` is a report of several lines with the chain of causes.
///
/// ```
/// use orion_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::NotFound, "voice not found")
///     .with_context("voice", "joe")
///     .with_hint("run `orion voices install`");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "voice not found (voice: joe)");
/// ```
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    hint: Option<Cow<'static, str>>,
    retry: Retry,
    starved: bool,
    of_record: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind. The message is lower-case and has no final period.
    /// [`ErrorKind::Unavailable`], [`ErrorKind::Timeout`] and [`ErrorKind::RateLimited`] start as retryable.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let retry = match kind {
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited => Retry::Later(None),
            _ => Retry::Never,
        };
        Self {
            kind,
            message: message.into(),
            context: Vec::new(),
            hint: None,
            retry,
            starved: false,
            of_record: false,
            source: None,
        }
    }

    /// Wrong input.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// A missing thing.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// An illegal move or a lost race.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// A part that is not there.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A fault of Orion's own.
    pub fn unexpected(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unexpected, message)
    }

    /// The machine has nothing left for it now: no room on a disk, or a disk that only reads, no memory, no process.
    /// Nothing is wrong with the work, nor with whoever does it; it goes on once there is room.
    pub fn starved(message: impl Into<Cow<'static, str>>) -> Self {
        Self { starved: true, ..Self::new(ErrorKind::Exhausted, message).with_retry(Retry::Later(None)) }
    }

    /// The person or program stopped the work.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "stopped on request")
    }

    /// Adds a pair that helps to find the fault; never a secret.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((key, value.to_string()));
        self
    }

    /// Adds the next step for the person who reads it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Overrides whether trying again can help.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says that it was the record that failed, and not the work that was to be written down: adapters of
    /// [`Store`](crate::port::Store) say so.
    #[must_use]
    pub fn of_the_record(mut self) -> Self {
        self.of_record = true;
        self
    }

    /// Whether it was the record that failed.
    pub fn is_of_the_record(&self) -> bool {
        self.of_record
    }

    /// The kind to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message alone, without context.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The context pairs in the order they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.context
    }

    /// What the person can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// Whether the machine had nothing left for it ([`starved`](Self::starved)).
    pub fn is_starved(&self) -> bool {
        self.starved
    }

    /// Whether the retry layer should try again.
    pub fn is_temporary(&self) -> bool {
        matches!(self.retry, Retry::Later(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (index, (key, value)) in self.context.iter().enumerate() {
            write!(f, "{}{key}: {value}", if index == 0 { " (" } else { ", " })?;
        }
        if !self.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.kind.as_str())?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, "\ncaused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::new(ErrorKind::Corrupt, "malformed JSON").with_source(source)
    }
}
