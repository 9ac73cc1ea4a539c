//! Who asks, and whether they may. A route is refused here unless the table of [`access`](super::super::access) lets
//! its caller through; handlers only look after ownership.

use super::super::access::{self, Access};
use super::super::{ApiError, Platform, cookies, internal};
use super::around::Step;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use orion_core::service::identity::Caller;
use std::sync::Arc;

/// The caller is for handlers to read.
pub(super) fn layer(platform: &Arc<Platform>, mut request: Request) -> Step<fn(Response) -> Response> {
    let asked = if platform.roles.is_gateway() {
        internal::strip(request.headers_mut());
        at_the_gateway(platform, &request)
    } else {
        behind_the_gateway(platform, &request)
    };
    match asked {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            Step::On(request, std::convert::identity)
        }
        Err(refusal) => Step::Back(refused(refusal, platform.roles.is_gateway())),
    }
}

fn at_the_gateway(platform: &Platform, request: &Request) -> Result<Option<Caller>, ApiError> {
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(None) };
    if is_monitor(platform, path.as_str(), request.headers()) {
        return Ok(None);
    }
    let access = match access::of(request.method(), path.as_str()) {
        // Who scrapes on one's own machine shows no token.
        Access::Bearer(_) if path.as_str() == "/metrics" && platform.settings.development => Access::Open,
        access => access,
    };
    match access {
        Access::Open => Ok(authenticate(platform, request.headers(), false).ok()),
        Access::Bearer(role) => admit(platform, request.headers(), role, false).map(Some),
        Access::Cookie(role) => admit(platform, request.headers(), role, true).map(Some),
    }
}

/// A process without the gateway's role believes the gateway, and nobody else.
fn behind_the_gateway(platform: &Platform, request: &Request) -> Result<Option<Caller>, ApiError> {
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(None) };
    // Who scrapes on one's own machine shows no token.
    let open = path.as_str() == "/metrics" && platform.settings.development;
    if open || matches!(path.as_str(), "/health" | "/ready") || is_monitor(platform, path.as_str(), request.headers()) {
        return Ok(None);
    }
    internal::check(request.headers(), platform.proxy.token())?;
    let caller = internal::caller(request.headers());
    if let Access::Bearer(role) | Access::Cookie(role) = access::of(request.method(), path.as_str()) {
        match &caller {
            Some(caller) => caller.require(role)?,
            None => return Err(ApiError::unauthorized("Missing user context")),
        }
    }
    Ok(caller)
}

/// Whether a program asks that watches the platform, for one of the two things that it may.
fn is_monitor(platform: &Platform, path: &str, headers: &HeaderMap) -> bool {
    matches!(path, "/metrics" | "/api/v1/webhooks/alerts")
        && internal::is_monitor(headers, &platform.settings.monitor_token)
}

fn admit(
    platform: &Platform,
    headers: &HeaderMap,
    role: orion_core::domain::Role,
    cookie: bool,
) -> Result<Caller, ApiError> {
    let caller = authenticate(platform, headers, cookie)?;
    caller.require(role)?;
    Ok(caller)
}

/// Reads the token of the header or, where that is allowed, of the cookie. Whatever is wrong with it, the answer is 401.
fn authenticate(platform: &Platform, headers: &HeaderMap, cookie: bool) -> Result<Caller, ApiError> {
    let shown = match headers.get(header::AUTHORIZATION) {
        Some(value) => value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
        None if cookie => cookies::read(headers, cookies::ACCESS).map(|token| token.expose().to_owned()),
        None => None,
    };
    let token = shown.ok_or_else(|| ApiError::unauthorized("missing or malformed authorization header"))?;
    platform.authenticate(&token)
}

fn refused(refusal: ApiError, at_the_gateway: bool) -> Response {
    let unknown = at_the_gateway && refusal.status() == axum::http::StatusCode::UNAUTHORIZED;
    let mut response = refusal.into_response();
    if unknown {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
