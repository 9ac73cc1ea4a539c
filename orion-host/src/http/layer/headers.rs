//! What every answer tells browsers not to do.

use super::super::Platform;
use super::around::Step;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use std::sync::Arc;

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    ),
];

const OUTSIDE_DEVELOPMENT: [(HeaderName, HeaderValue); 2] = [
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'")),
];

pub(super) fn layer(platform: &Arc<Platform>, request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    let development = platform.settings.development;
    Step::On(request, move |mut response: Response| {
        let headers = response.headers_mut();
        add(headers, ALWAYS);
        if !development {
            add(headers, OUTSIDE_DEVELOPMENT);
        }
        response
    })
}

/// Adds what the handler has not set itself, more strictly.
fn add(headers: &mut HeaderMap, more: impl IntoIterator<Item = (HeaderName, HeaderValue)>) {
    for (name, value) in more {
        headers.entry(name).or_insert(value);
    }
}
