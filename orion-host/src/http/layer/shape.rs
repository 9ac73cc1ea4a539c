//! The last resort for errors that no handler made: whatever a layer or a library answers, clients get the one shape.

use super::super::ApiError;
use super::around::Step;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::any::Any;

/// More of a library's text is no message.
const MOST_TEXT: usize = 1024;

pub(super) fn layer(_: &(), request: Request) -> Step<fn(Response) -> Response> {
    Step::On(request, shaped)
}

fn shaped(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_json(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let error = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
        StatusCode::GATEWAY_TIMEOUT => ApiError::new(status, "the request took too long"),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::new(status, "method not allowed"),
        _ => {
            // What a library says is there at once.
            let text = axum::body::to_bytes(body, MOST_TEXT).now_or_never().and_then(Result::ok).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let reason = status.canonical_reason().unwrap_or("error").to_lowercase();
            ApiError::new(status, if text.trim().is_empty() { reason } else { text.into_owned() })
        }
    };
    let mut response = error.into_response();
    for (name, value) in parts.headers {
        match name {
            Some(name) if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH => {
                response.headers_mut().insert(name, value);
            }
            _ => {}
        }
    }
    response
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/json"))
}

/// The answer of a request whose handler panicked. What it said is for the log.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    tracing::error!(panic = text, "a request handler panicked");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong; the log of the server says what")
        .into_response()
}
