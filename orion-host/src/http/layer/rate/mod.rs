//! How often somebody may call (contract, section 1.9): per user, else per client address; for passwords per address
//! and the account that is tried.

use super::super::extract::SMALL_BODY;
use super::super::{ApiError, Platform};
use super::pattern;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use orion_core::Timestamp;
use orion_core::memory::MemoryLimiter;
use orion_core::port::{RateLimiter, Verdict};
use orion_core::service::identity::Caller;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts calls of all gateways together where they share something that counts, and those of this process where they
/// do not or cannot at the moment.
#[derive(Debug)]
pub(in crate::http) struct Limits {
    shared: Option<Arc<dyn RateLimiter>>,
    own: MemoryLimiter,
    alone: AtomicBool,
}

impl Limits {
    pub(in crate::http) fn new(shared: Option<Arc<dyn RateLimiter>>) -> Self {
        Self { shared, own: MemoryLimiter::new(), alone: AtomicBool::new(false) }
    }

    async fn hit(&self, group: Group, limit: u32, who: &str, now: Timestamp) -> orion_core::Result<Verdict> {
        if let Some(shared) = &self.shared {
            let verdict = shared.hit(group.name, limit, who, now).await;
            let alone = verdict.is_err();
            if self.alone.swap(alone, Ordering::Relaxed) != alone {
                tracing::warn!(alone, "whether calls are counted by this process alone has changed");
            }
            if verdict.is_ok() {
                return verdict;
            }
        }
        self.own.hit(group.name, limit, who, now).await
    }
}

/// A group of routes that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    name: &'static str,
    /// Calls in a minute.
    limit: u32,
}

const AUTH: Group = Group { name: "auth", limit: 5 };
const CONTENT_READ: Group = Group { name: "content_read", limit: 100 };
const CONTENT_WRITE: Group = Group { name: "content_write", limit: 20 };
const TRIGGERS: Group = Group { name: "triggers", limit: 10 };
const SYSTEM: Group = Group { name: "system", limit: 60 };

/// Whose email in the body counts beside the address.
const WITH_EMAIL: [&str; 3] = ["/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/forgot-password"];

/// The group of a route; most of those outside of the services have none.
fn group(method: &Method, pattern: &str) -> Option<Group> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match pattern.strip_prefix("/api/v1/")?.split('/').next()? {
        // A signed link is read piece by piece, by whoever holds it, and does no work.
        "media" if pattern.starts_with("/api/v1/media/files/") => None,
        "auth" => (pattern != "/api/v1/auth/logout").then_some(AUTH),
        "director" | "content" if reads => Some(CONTENT_READ),
        "director" | "content" => Some(CONTENT_WRITE),
        "scout" => Some(TRIGGERS),
        "pulse" | "media" | "editor" | "publisher" | "identity" | "providers" => Some(SYSTEM),
        _ => None,
    }
}

pub(in crate::http) async fn layer(
    State(platform): State<Arc<Platform>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !platform.roles.is_gateway() {
        // The gateway has counted it.
        return next.run(request).await;
    }
    let path = pattern(&request);
    let Some(group) = group(request.method(), &path) else { return next.run(request).await };
    let mut who = match request.extensions().get::<Caller>() {
        Some(caller) if group != AUTH => caller.user_id.to_string(),
        _ => super::super::client::address(request.extensions(), request.headers(), &platform.settings.proxies)
            .to_string(),
    };
    if WITH_EMAIL.contains(&path.as_str()) {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, SMALL_BODY).await else {
            return ApiError::new(StatusCode::BAD_REQUEST, "invalid request body").into_response();
        };
        let body: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
        let email = body.as_ref().and_then(|body| body.get("email")?.as_str()).unwrap_or_default();
        who = format!("{who} {}", email.trim().to_lowercase());
        request = Request::from_parts(parts, Body::from(bytes));
    }
    let now = platform.orion.production().clock.now();
    let limit = group.limit.saturating_mul(platform.rate_factor);
    let verdict = match platform.limits.hit(group, limit, &who, now).await {
        Ok(verdict) => verdict,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let mut response = if verdict.allowed {
        next.run(request).await
    } else {
        let wait = verdict.wait(now);
        let message = format!("too many requests for `{}`; try again in {} s", group.name, wait.as_secs());
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(wait).into_response()
    };
    tell(response.headers_mut(), &verdict);
    response
}

fn tell(headers: &mut HeaderMap, verdict: &Verdict) {
    for (name, value) in [
        (HeaderName::from_static("x-ratelimit-limit"), u64::from(verdict.limit)),
        (HeaderName::from_static("x-ratelimit-remaining"), u64::from(verdict.remaining)),
        (HeaderName::from_static("x-ratelimit-reset"), verdict.reset),
    ] {
        headers.insert(name, HeaderValue::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_group() {
        let check =
            |method: Method, path: &str, expected: Option<Group>| assert_eq!(group(&method, path), expected, "{path}");
        check(Method::GET, "/api/v1/director/content/{id}", Some(CONTENT_READ));
        check(Method::POST, "/api/v1/content/{id}/approve", Some(CONTENT_WRITE));
        check(Method::GET, "/api/v1/scout/trends", Some(TRIGGERS));
        check(Method::GET, "/api/v1/identity/users/me", Some(SYSTEM));
        check(Method::PUT, "/api/v1/providers/{service}/config", Some(SYSTEM));
        check(Method::POST, "/api/v1/auth/login", Some(AUTH));
        check(Method::POST, "/api/v1/auth/logout", None);
        check(Method::GET, "/health", None);
        check(Method::GET, "unmatched", None);
    }
}
