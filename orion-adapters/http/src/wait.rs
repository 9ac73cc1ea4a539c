//! How long a server asks to wait.

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No wait that a server asks for is taken to be longer.
const LONGEST_WAIT: u64 = 24 * 3600;
/// A number of seconds from here on is a moment, not a wait: the year 2001, or 31 years.
const SINCE_1970: u64 = 1_000_000_000;

/// `Retry-After` in seconds or as a date, which is measured by the server's own clock where it tells it, and is a day
/// at most.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let then = http_date(value)?;
            let now = text(headers, DATE).and_then(http_date);
            let own = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
            then.saturating_sub(now.unwrap_or_else(own))
        }
    };
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// When a quota that is used up begins anew: `X-RateLimit-Reset` (GitHub, Reddit) or `X-Rate-Limit-Reset` (X), which is a
/// number of seconds from now on or since 1970, beside a count of nothing that remains.
pub fn quota_reset(headers: &HeaderMap) -> Option<Duration> {
    const NAMES: [(&str, &str); 2] =
        [("x-ratelimit-remaining", "x-ratelimit-reset"), ("x-rate-limit-remaining", "x-rate-limit-reset")];
    let number = |name: &'static str| text(headers, HeaderName::from_static(name))?.parse::<f64>().ok();
    NAMES.iter().find_map(|(remaining, reset)| {
        number(remaining).filter(|left| *left < 1.0)?;
        let reset = number(reset).filter(|reset| reset.is_finite() && *reset >= 0.0)?.ceil() as u64;
        let own = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let now = if reset < SINCE_1970 { 0 } else { text(headers, DATE).and_then(http_date).unwrap_or_else(own) };
        Some(Duration::from_secs(reset.saturating_sub(now).min(LONGEST_WAIT)))
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(',')?.1.split_ascii_whitespace();
    let day: u64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn waits_are_read() {
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "120")])), Some(Duration::from_secs(120)));
        let date = [(DATE, "Sun, 06 Nov 1994 08:49:37 GMT"), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")];
        assert_eq!(retry_after(&headers(&date)), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "99999999999")])), Some(Duration::from_secs(LONGEST_WAIT)));
        for wrong in ["soon", "", "-1", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Non 1994 08:49:37 GMT", "Sun, 06"] {
            assert_eq!(retry_after(&headers(&[(RETRY_AFTER, wrong)])), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for wrong in ["", "yesterday", "Sun, 06 Nov 0001 08:49:37 GMT", "Sun, 06 Nov 1994 08:49"] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_the_servers_clock_ones_own_is_used() {
        let past = [(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")];
        assert_eq!(retry_after(&headers(&past)), Some(Duration::ZERO));
        let future = [(RETRY_AFTER, "Fri, 31 Dec 9999 23:59:59 GMT")];
        assert_eq!(retry_after(&headers(&future)), Some(Duration::from_secs(LONGEST_WAIT)));
    }

    #[test]
    fn quotas_begin_anew() {
        let reset = |pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            quota_reset(&pairs.collect())
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(reset(&[("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", "41.5")]), seconds(42));
        let date = ("date", "Sun, 09 Sep 2001 01:46:40 GMT");
        assert_eq!(reset(&[date, ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1000000900")]), seconds(900));
        assert_eq!(reset(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1000000900")]), seconds(0));
        assert_eq!(reset(&[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "60")]), None);
        assert_eq!(reset(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon")]), None);
        assert_eq!(reset(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "99999999")]), seconds(LONGEST_WAIT));
    }
}
