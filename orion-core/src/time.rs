//! Points in time and lengths of media time.
//!
//! The core never asks what time it is: a [`Clock`](crate::port::Clock) is passed in.

use crate::{Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A point in time: microseconds since the Unix epoch, UTC. RFC 3339 in JSON.
///
/// The scale is that of RFC 3339, the years 0 to 9999, so that every value can be written and read again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest: `0000-01-01T00:00:00Z`.
    pub const MIN: Self = Self(-62_167_219_200_000_000);
    /// The latest: `9999-12-31T23:59:59.999999Z`.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// From microseconds since the Unix epoch, saturating at the ends of the scale.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This time plus a duration, saturating at the ends of the scale.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This time minus a duration, saturating at the ends of the scale.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Time since an earlier point; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This time without its fraction of a second.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self::from_micros(self.0 - self.0.rem_euclid(1_000_000))
    }

    /// The calendar day in UTC, `YYYY-MM-DD`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never fails: chrono's scale is wider than ours.
        let time = DateTime::<Utc>::from_timestamp_micros(self.0).ok_or(fmt::Error)?;
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let told = || Error::invalid("not an RFC 3339 time").with_context("value", text);
        let micros = DateTime::parse_from_rfc3339(text).map_err(|_| told())?.timestamp_micros();
        // An offset can carry a year of four digits over the end of the scale.
        let time = Self::from_micros(micros);
        if time.0 == micros { Ok(time) } else { Err(told()) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A position on, or a length of, a media timeline in whole microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(pub i64);

impl MediaTime {
    /// The start, or no length.
    pub const ZERO: Self = Self(0);

    /// From seconds, rounded to the nearest microsecond.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e6).round() as i64)
    }

    /// From whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// From a count of audio samples or video frames at a rate per second; rounds to the nearest microsecond.
    pub fn from_units(count: u64, per_second: u32) -> Self {
        let rate = u128::from(per_second.max(1));
        let micros = (u128::from(count) * 1_000_000 + rate / 2) / rate;
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole milliseconds, rounded to nearest.
    pub fn millis(self) -> i64 {
        self.0.saturating_add(500).div_euclid(1000)
    }
}

impl std::ops::Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for MediaTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::iter::Sum for MediaTime {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, |sum, item| sum + item)
    }
}

impl fmt::Debug for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s", self.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_are_rfc_3339_in_json() {
        let time: Timestamp = "2026-11-23T18:00:00.25Z".parse().unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-11-23T18:00:00.250Z\"");
        assert_eq!("2026-11-23T20:00:00.25+02:00".parse::<Timestamp>().unwrap(), time);
        assert_eq!(time.day(), "2026-11-23");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn every_timestamp_can_be_written_and_read() {
        assert_eq!(Timestamp::MIN.to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_micros(i64::MIN), Timestamp::MIN);
        assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.before(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::MAX.since(Timestamp::MIN).as_secs(), 315_569_519_999);
        for beyond in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "+10000-01-01T00:00:00Z"] {
            assert_eq!(beyond.parse::<Timestamp>().unwrap_err().kind(), crate::ErrorKind::Invalid);
            assert!(serde_json::from_value::<Timestamp>(beyond.into()).is_err());
        }
    }

    proptest! {
        #[test]
        fn timestamps_come_back(micros in any::<i64>(), near in -1_000_000_000_000_000_000_i64..1_000_000_000_000_000_000) {
            for time in [Timestamp::from_micros(micros), Timestamp::from_micros(near)] {
                let json = serde_json::to_string(&time).unwrap();
                prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
                prop_assert_eq!(time.day().len(), 10);
            }
        }

        #[test]
        fn text_is_a_time_or_refused(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Zz+-]{0,20}|\\PC{0,30}") {
            if let Ok(time) = text.parse::<Timestamp>() {
                prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
            }
        }

        #[test]
        fn media_time_never_overflows(a in any::<i64>(), b in any::<i64>(), count in any::<u64>(), rate in any::<u32>()) {
            let (a, b) = (MediaTime(a), MediaTime(b));
            prop_assert!((a + b).0 == a.0.saturating_add(b.0) && (a - b).0 == a.0.saturating_sub(b.0));
            prop_assert!(MediaTime::from_units(count, rate) >= MediaTime::ZERO);
            prop_assert!(MediaTime::from_millis(a.millis()).0.abs_diff(a.0) <= 807);
            prop_assert!(MediaTime::from_seconds(f64::from_bits(count)).seconds().is_finite());
        }
    }

    #[test]
    fn media_time_counts_samples_exactly() {
        assert_eq!(MediaTime::from_units(22_050, 22_050), MediaTime(1_000_000));
        assert_eq!(MediaTime::from_units(1, 30), MediaTime(33_333));
        assert_eq!(MediaTime(1_500).millis(), 2);
    }
}
