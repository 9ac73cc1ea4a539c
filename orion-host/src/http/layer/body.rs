//! How long bodies may be, and how slow.

use super::super::ApiError;
use super::super::extract::SMALL_BODY;
use super::around::Step;
use super::pattern;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use std::time::Duration;
use tower_http::timeout::TimeoutBody;

/// No body is longer.
const MOST_BYTES: usize = 5 * 1024 * 1024;
/// The longest silence within a body.
const SILENCE: Duration = Duration::from_secs(30);

/// Requests for tokens: their bodies are at most [`SMALL_BODY`] bytes, and 400 if they are not.
const SMALL: [&str; 4] = ["/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/refresh", "/api/v1/auth/logout"];

/// Refuses a body that says it is too long before a byte of it is read, and cuts off one that does not say so.
pub(super) fn layer(_: &(), request: Request) -> Step<fn(Response) -> Response> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length: usize = length.unwrap_or_default();
    if length > SMALL_BODY && SMALL.contains(&pattern(&request).as_str()) {
        return Step::Back(ApiError::new(StatusCode::BAD_REQUEST, "invalid request body").into_response());
    }
    if length > MOST_BYTES {
        return Step::Back(ApiError::too_large().into_response());
    }
    let bounded = |body| Body::new(TimeoutBody::new(SILENCE, Limited::new(body, MOST_BYTES)));
    Step::On(request.map(bounded), std::convert::identity)
}
