//! Which pages of other origins may call from a browser (contract, section 1.3).

use super::super::{ApiError, Platform};
use super::around::Step;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(super) fn layer(platform: &Arc<Platform>, request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    let origins = &platform.settings.origins;
    let any = origins.any;
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.as_ref().is_none_or(|origin| origins.allows(origin));
    let told = move |mut response: Response| {
        let headers = response.headers_mut();
        if !any {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if allowed {
            allow(headers, origin, any);
        }
        response
    };
    match (request.method() == Method::OPTIONS, allowed) {
        (true, _) => Step::Back(told(StatusCode::NO_CONTENT.into_response())),
        (false, true) => Step::On(request, told),
        (false, false) => {
            let refusal = ApiError::new(StatusCode::FORBIDDEN, "origin not allowed");
            Step::Back(told(refusal.into_response()))
        }
    }
}

fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>, any: bool) {
    if any {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Authorization, X-Request-ID"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "X-Request-ID"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
