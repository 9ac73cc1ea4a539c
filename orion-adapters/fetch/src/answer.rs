//! What an answer means: status codes, validators, and how long to wait or to keep it.

use crate::guard::redacted;
use orion_core::{Error, ErrorKind, Retry};
use orion_http::{quota_reset, retry_after};
use reqwest::Response;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName};
use std::time::Duration;

/// A header as text.
pub(crate) fn header(response: &Response, name: HeaderName) -> Option<String> {
    text(response.headers(), name).map(str::to_owned)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// The error of a status that is neither success nor redirect.
pub(crate) fn refused(response: &Response) -> Error {
    let status = response.status().as_u16();
    let wait = retry_after(response.headers()).or_else(|| quota_reset(response.headers()));
    let (kind, message) = match status {
        // So does GitHub refuse whoever has used up a quota.
        403 if wait.is_some() => (ErrorKind::RateLimited, "the server asks to slow down"),
        404 | 410 => (ErrorKind::NotFound, "there is nothing at this address"),
        401 | 403 | 407 | 451 => (ErrorKind::Forbidden, "the server refuses to show this"),
        408 | 504 => (ErrorKind::Timeout, "the server took too long"),
        429 => (ErrorKind::RateLimited, "the server asks to slow down"),
        503 if wait.is_some() => (ErrorKind::RateLimited, "the server asks to come back later"),
        500..=599 => (ErrorKind::Unavailable, "the server has a fault"),
        _ => (ErrorKind::Invalid, "the server does not take this request"),
    };
    let error =
        Error::new(kind, message).with_context("status", status).with_context("url", redacted(response.url().as_str()));
    if kind == ErrorKind::RateLimited { error.with_retry(Retry::Later(wait)) } else { error }
}

/// How long the answer may be reused: `max-age`, less the time it spent in caches on the way.
pub(crate) fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let control = text(headers, CACHE_CONTROL)?.to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-cache" | "no-store")) {
        return Some(Duration::ZERO);
    }
    let age =
        directives.find_map(|directive| directive.strip_prefix("max-age="))?.trim_matches('"').parse::<u64>().ok()?;
    let spent = text(headers, AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
    Some(Duration::from_secs(age.saturating_sub(spent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn freshness() {
        assert_eq!(
            fresh_for(&headers(&[(CACHE_CONTROL, "public, max-age=300"), (AGE, "100")])),
            Some(Duration::from_secs(200))
        );
        assert_eq!(fresh_for(&headers(&[(CACHE_CONTROL, "max-age=300, no-cache")])), Some(Duration::ZERO));
        assert_eq!(fresh_for(&headers(&[(CACHE_CONTROL, "private")])), None);
    }
}
