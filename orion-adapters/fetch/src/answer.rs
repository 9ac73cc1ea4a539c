//! What an answer means: status codes, validators, and how long to wait or to keep it.

use crate::guard::redacted;
use orion_core::{Error, ErrorKind, Retry};
use reqwest::Response;
use reqwest::header::{AGE, CACHE_CONTROL, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::Duration;

/// No wait that a server asks for is taken to be longer.
const LONGEST_WAIT: u64 = 24 * 3600;

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
    let wait = retry_after(response.headers());
    let (kind, message) = match status {
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

/// `Retry-After` in seconds or as a date, which is measured by the server's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let then = http_date(value)?;
            let now = text(headers, DATE).and_then(http_date)?;
            then.saturating_sub(now)
        }
    };
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(',')?.1.split_ascii_whitespace();
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words.next()?.splitn(3, ':').map(|part| part.parse::<u64>().ok().filter(|part| *part <= 60));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    // Days from the civil date, by the algorithm of Howard Hinnant.
    let shifted = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
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
    fn dates() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for wrong in [
            "",
            "yesterday",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 0001 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49",
        ] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waits() {
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "120")])), Some(Duration::from_secs(120)));
        let date = [(DATE, "Sun, 06 Nov 1994 08:49:37 GMT"), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")];
        assert_eq!(retry_after(&headers(&date)), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "99999999999")])), Some(Duration::from_secs(LONGEST_WAIT)));
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
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
