//! Points in time as feeds write them: RFC 822 and its misspellings, ISO 8601, and months in several languages.

use chrono::{DateTime, FixedOffset, NaiveDate};
use orion_core::Timestamp;

/// Beginnings of month names without accents; each month's list covers English, German, French, Spanish,
/// Portuguese, Italian, Dutch, Polish and Russian.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "sty", "янв"],
    &["feb", "fev", "lut", "фев"],
    &["mar", "maa", "mrz", "mrt", "мар"],
    &["apr", "abr", "avr", "kwi", "апр"],
    &["may", "mai", "mag", "mei", "maj", "май", "мая"],
    &["jun", "juin", "giu", "cze", "июн"],
    &["jul", "juil", "lug", "lip", "июл"],
    &["aug", "ago", "aou", "sie", "авг"],
    &["sep", "set", "wrz", "сен"],
    &["oct", "okt", "out", "ott", "paz", "окт"],
    &["nov", "lis", "ноя"],
    &["dec", "dez", "dic", "gru", "дек"],
];

/// Reads a date of a feed. What says no zone is taken for UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // The longest sound spelling is far shorter; this bounds the work on hostile ones.
    if text.len() > 100 {
        return None;
    }
    iso(text).or_else(|| words(text))
}

/// `2018-09-24T19:42:40.5-03:00`, also with a space, without seconds, without zone, or the date alone.
fn iso(text: &str) -> Option<Timestamp> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp::from_micros(time.timestamp_micros()));
    }
    let (date, time) = text.split_once(['T', ' ', 't']).unwrap_or((text, ""));
    let mut parts = date.split('-').map(str::parse::<u32>);
    let year = parts.next()?.ok()?;
    let month = parts.next().transpose().ok()?.unwrap_or(1);
    let day = parts.next().transpose().ok()?.unwrap_or(1);
    if !(1000..=9999).contains(&year) || parts.next().is_some() {
        return None;
    }
    let zone_at = time.find(['Z', 'z', '+', '-', ' ']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let offset = match zone.trim() {
        "" => 0,
        zone => offset(zone)?,
    };
    moment(year as i32, month, day, if clock.is_empty() { (0, 0, 0) } else { clock_time(clock)? }, offset)
}

/// `Seg, 24 Set 2018 19:42:40 -0300`, `Sep 24, 2018 7:42 PM EST`, and what lies between.
fn words(text: &str) -> Option<Timestamp> {
    let (mut day, mut month, mut year) = (None, None, None);
    let (mut time, mut zone, mut half) = (None, 0, 0);
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        // `24-Sep-2018` is three words.
        let dashed = word.contains('-') && word.starts_with(|c: char| c.is_ascii_digit());
        for word in word.split(|c| dashed && c == '-') {
            if word.contains(':') && time.is_none() {
                let end = word.find(['+', '-', 'Z']).unwrap_or(word.len());
                time = Some(clock_time(&word[..end])?);
                if end < word.len() {
                    zone = offset(&word[end..])?;
                }
            } else if let Some(number) = number(word) {
                match (day, year) {
                    (None, _) if (1..=31).contains(&number) => day = Some(number),
                    (_, None) => year = Some(number),
                    _ => return None,
                }
            } else if month.is_none()
                && month_number(word).is_some()
                && (day.is_some() || !text.starts_with(word) || weekday_free(text))
            {
                month = month_number(word);
            } else if word.eq_ignore_ascii_case("pm") {
                half = 12;
            } else if word.eq_ignore_ascii_case("am") {
                half = 24;
            } else if time.is_some() {
                zone = offset(word).unwrap_or(zone);
            }
        }
    }
    let (hour, minute, second) = time.unwrap_or((0, 0, 0));
    let hour = match half {
        12 if hour < 12 => hour + 12,
        24 if hour == 12 => 0,
        _ => hour,
    };
    let year = match year? {
        year @ 0..=68 => year + 2000,
        year @ 69..=99 => year + 1900,
        year => year,
    };
    moment(year as i32, month?, day?, (hour, minute, second), zone)
}

/// Whether the first word is a month and not a weekday that looks like one (`Mar, 24 Set` is a Tuesday).
fn weekday_free(text: &str) -> bool {
    text.split([',', ' ']).filter(|word| !word.is_empty()).skip(1).all(|word| month_number(word).is_none())
}

fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c == '.' || c == 'º' || c.is_ascii_alphabetic());
    let suffix = &word[digits.len()..];
    let plain = matches!(suffix, "" | "." | "º" | "st" | "nd" | "rd" | "th") && digits.len() <= 4;
    if plain && digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn month_number(word: &str) -> Option<u32> {
    let folded: String = word.to_lowercase().chars().map(unaccented).collect();
    let at = MONTHS.iter().position(|names| names.iter().any(|name| folded.starts_with(name)))?;
    u32::try_from(at + 1).ok()
}

fn unaccented(c: char) -> char {
    match c {
        'ä' | 'á' | 'à' | 'â' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'û' | 'ü' | 'ú' => 'u',
        'ź' => 'z',
        c => c,
    }
}

fn clock_time(text: &str) -> Option<(u32, u32, u32)> {
    let lower = text.to_ascii_lowercase();
    let (text, half) = match (lower.strip_suffix("pm"), lower.strip_suffix("am")) {
        (Some(text), _) => (text, 12),
        (_, Some(text)) => (text, 0),
        _ => (lower.as_str(), 24),
    };
    let mut parts = text.split([':', '.']);
    let hour: u32 = parts.next()?.parse().ok()?;
    let hour = if half == 24 { hour } else { hour % 12 + half };
    let minute = parts.next()?.parse().ok()?;
    let second = parts.next().map_or(Some(0), |second| second.parse().ok())?;
    // A leap second is the one before it.
    Some((hour, minute, std::cmp::min(second, 59)))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i32> {
    let hours = |hours: i32| Some(hours * 3600);
    if let Some(digits) = zone.strip_prefix(['+', '-']) {
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        let number: i32 = if digits.is_empty() || digits.len() > 4 { return None } else { digits.parse().ok()? };
        let (hour, minute) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
        let seconds = hour * 3600 + minute * 60;
        return Some(if zone.starts_with('-') { -seconds } else { seconds });
    }
    match zone.to_ascii_uppercase().as_str() {
        "Z" | "GMT" | "UT" | "UTC" | "WET" => hours(0),
        "EST" | "CDT" => hours(-5),
        "EDT" => hours(-4),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        "BRT" => hours(-3),
        "BST" | "CET" | "MEZ" => hours(1),
        "CEST" | "MESZ" | "EET" => hours(2),
        "MSK" | "EEST" => hours(3),
        "IST" => Some(19_800),
        "JST" | "KST" => hours(9),
        "AEST" => hours(10),
        _ => None,
    }
}

fn moment(year: i32, month: u32, day: u32, (hour, minute, second): (u32, u32, u32), offset: i32) -> Option<Timestamp> {
    let local = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)?;
    let time = local.and_local_timezone(FixedOffset::east_opt(offset)?).single()?;
    Some(Timestamp::from_micros(time.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_feeds_write_them() {
        for (text, expected) in [
            ("Wed, 31 Jan 2018 07:26:05 GMT", "2018-01-31T07:26:05Z"),
            ("Seg, 24 Set 2018 19:42:40 -0300", "2018-09-24T22:42:40Z"),
            ("Mar, 24 Set 2019 19:42:40 -0300", "2019-09-24T22:42:40Z"),
            ("mar., 4 févr. 2020 10:00:00 +0100", "2020-02-04T09:00:00Z"),
            ("2016-02-01T17:22:00+01:00", "2016-02-01T16:22:00Z"),
            ("2016-02-01T17:22:00.123456Z", "2016-02-01T17:22:00.123456Z"),
            ("2016-02-01 17:22", "2016-02-01T17:22:00Z"),
            ("2016-02-01 17:22:00 +0100", "2016-02-01T16:22:00Z"),
            ("2016-02-01", "2016-02-01T00:00:00Z"),
            ("2016-02", "2016-02-01T00:00:00Z"),
            ("Sep 24, 2018 7:42 PM EST", "2018-09-25T00:42:00Z"),
            ("March 3rd, 2021", "2021-03-03T00:00:00Z"),
            ("Thu, 1 Apr 04 1:02 EDT", "2004-04-01T05:02:00Z"),
            ("24-Sep-2018 12:00:00", "2018-09-24T12:00:00Z"),
            ("So, 5. Mär 2023 12:00:00 MEZ", "2023-03-05T11:00:00Z"),
            ("Пн, 24 сентября 2018 10:00:00 +0300", "2018-09-24T07:00:00Z"),
            ("Tue Sep 24 12:00:00 2019", "2019-09-24T12:00:00Z"),
            ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "yesterday",
            "2018-13-01",
            "32 Jan 2018",
            "12:00",
            "1 2 3 4 5",
            "99999999999",
            "Jan",
            "-",
            "2018-02-30T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
