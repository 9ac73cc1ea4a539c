//! Every error over HTTP has one shape (contract, section 1.4): `message`, `detail`, and what helps.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orion_core::{Error, ErrorKind, Retry};
use serde_json::json;
use std::time::Duration;

/// What is away for an unknown time is asked again after this.
const MOMENT: Duration = Duration::from_secs(1);

/// An error as clients see it.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    hint: Option<String>,
    retry_after: Option<Duration>,
    /// What is wrong with which part of a request body: the items of `detail` on 422.
    fields: Option<serde_json::Value>,
}

impl ApiError {
    /// An error of a status with its text.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None, retry_after: None, fields: None }
    }

    /// What is wrong with one part of a request: status 422, and an array in `detail`.
    pub fn field(location: &[&str], kind: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = json!([{ "type": kind, "loc": location, "msg": message, "input": null }]);
        let message = format!("{}: {message}", location.last().unwrap_or(&"body"));
        Self { fields: Some(fields), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, message) }
    }

    /// A body over the limit.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request body too large")
    }

    /// Nobody, or nobody that is known, asks.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: Option<&str>) -> Self {
        self.hint = hint.map(str::to_owned);
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

/// The status that clients see for a kind of error.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::Exhausted => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What was not found, by the table it would be in: `Trend not found`.
fn not_found(table: &str) -> String {
    let one = table.strip_suffix('s').unwrap_or(table);
    let mut letters = one.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{} not found", letters.as_str())
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let status = status_of(error.kind());
        // What went wrong inside is for the log, not for strangers.
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = ?error, "a request failed");
            return Self::new(status, "something went wrong; the log of the server says what");
        }
        if status == StatusCode::UNPROCESSABLE_ENTITY
            && let Some((_, field)) = error.context().iter().find(|(key, _)| *key == "field")
        {
            return Self {
                hint: error.hint().map(str::to_owned),
                ..Self::field(&["body", field], "value_error", error.message())
            };
        }
        let retry_after = match error.retry() {
            Retry::Later(Some(wait)) => Some(wait),
            // What is away for a moment may be asked again after one.
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(MOMENT),
            _ => None,
        };
        let table = error.context().iter().find(|(key, _)| *key == "table").map(|(_, table)| table.as_str());
        let message = match table.filter(|_| status == StatusCode::NOT_FOUND) {
            Some(table) => not_found(table),
            None => error.message().to_owned(),
        };
        Self { hint: error.hint().map(str::to_owned), retry_after, ..Self::new(status, message) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.message, "detail": self.message });
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            body["error"] = json!({ "code": "RATE_LIMIT_EXCEEDED", "message": self.message, "status": 429 });
        }
        if let Some(fields) = self.fields {
            body["detail"] = fields;
        }
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
