//! How a command fails: a message and a hint on standard error, and an exit code.

use orion_core::{Error, ErrorKind};
use std::process::ExitCode;

/// The command line or the input is wrong.
pub(super) const USAGE: u8 = 2;
/// The platform refused the credentials.
const UNAUTHORIZED: u8 = 2;
/// The platform cannot be reached.
const UNREACHABLE: u8 = 3;
/// Stopped by Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;

/// Why a command did not succeed.
#[derive(Debug)]
pub(super) struct Failure {
    error: Error,
    code: u8,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Invalid => USAGE,
            ErrorKind::Cancelled => INTERRUPTED,
            _ => 1,
        };
        Self { error, code }
    }
}

impl Failure {
    /// The platform does not know who asks.
    pub(super) fn unauthorized(error: Error) -> Self {
        Self { error, code: UNAUTHORIZED }
    }

    /// The platform cannot be reached.
    pub(super) fn unreachable(error: Error) -> Self {
        Self { error, code: UNREACHABLE }
    }

    /// The platform said no, whatever the reason.
    pub(super) fn refused(error: Error) -> Self {
        Self { error, code: 1 }
    }

    /// Whether the platform does not know who asks.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.error.kind() == ErrorKind::Unauthorized
    }

    /// Adds the next step.
    pub(super) fn with_hint(self, hint: &str) -> Self {
        Self { error: self.error.with_hint(hint.to_owned()), ..self }
    }

    /// Says what went wrong, and gives the exit code.
    pub(super) fn report(&self, json: bool) -> ExitCode {
        let error = &self.error;
        if json {
            let context: serde_json::Map<String, serde_json::Value> =
                error.context().iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
            let object = serde_json::json!({
                "event": "error",
                "kind": error.kind().as_str(),
                "message": error.message(),
                "context": context,
                "hint": error.hint(),
                "causes": causes(error),
                "exit_code": self.code,
            });
            // Nobody listens any more if this fails.
            let _ = super::output::print_line(&object.to_string());
        } else {
            super::output::say(&format!("error: {error}"));
            for cause in causes(error) {
                super::output::say(&format!("  caused by: {cause}"));
            }
            if let Some(hint) = error.hint() {
                super::output::say(&format!("hint: {hint}"));
            }
        }
        ExitCode::from(self.code)
    }
}

/// The chain of causes, outermost first; repeats of what was said already are left out.
fn causes(error: &Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}
