//! Everything that begins with a number: money, shares, units, years, times, dates, fractions, ranges.

use super::clean::FRACTIONS;
use super::number::{self, Number};
use super::{Context, table, word};

fn owned(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

/// A magnitude that stands as a word of its own behind an amount of money.
pub(super) fn magnitude_word(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "hundred" => Some("hundred"),
        "thousand" => Some("thousand"),
        "million" => Some("million"),
        "billion" => Some("billion"),
        "trillion" => Some("trillion"),
        "m" => Some("million"),
        "k" => Some("thousand"),
        _ => table::magnitude(text).filter(|_| text.len() > 1),
    }
}

/// The currency of an amount that is nothing but a sign and a number: its name waits for the magnitude.
pub(super) fn money_of(core: &str) -> Option<&'static str> {
    let core = core.trim_start_matches(['-', '+', '~', '<', '>', '≈']);
    let (sign, rest) = money_sign(core)?;
    let (_, rest) = Number::read(rest)?;
    let rest = rest
        .strip_prefix('-')
        .map_or(Some(rest), |range| Number::read(range.trim_start_matches(sign)).map(|(_, rest)| rest))?;
    rest.is_empty().then(|| table::currency(sign).map(|(_, plural, _)| plural))?
}

fn money_sign(text: &str) -> Option<(&'static str, &str)> {
    table::MONEY_SIGNS.into_iter().find_map(|sign| text.strip_prefix(sign).map(|rest| (sign, rest)))
}

/// Where the number at the start of `text` ends.
pub(super) fn end_of_number(text: &str) -> usize {
    Number::read(text).map_or(1, |(_, rest)| text.len() - rest.len()).max(1)
}

/// A number inside a name: `4090` is `forty ninety`, `737` is `seven thirty seven`.
pub(super) fn in_name(text: &str) -> Vec<String> {
    match Number::exact(text) {
        Some(number) if number.decimals.is_some() || number.grouped => number.spoken(),
        Some(number) => match (number.whole.len(), number.value()) {
            (4, Some(value)) if value >= 1000 && value % 1000 != 0 => number::year(value),
            (1..=3, Some(_)) => number.spoken(),
            (5.., _) => number::digits(&number.whole),
            _ => number.spoken(),
        },
        None => Vec::new(),
    }
}

/// An amount, if the word is one.
pub(super) fn read(core: &str, context: Context<'_>) -> Option<Vec<String>> {
    let after_number = Number::exact(context.previous().trim_start_matches(['$', '€', '£', '-', '+']));
    if let Some(before) = &after_number {
        // `5 km`, `30 %`: a unit on its own behind its number.
        if core != "-"
            && table::stands_apart(core)
            && !core.starts_with(|c: char| c.is_ascii_digit())
            && let Some((one, many)) = table::unit(core)
        {
            return Some(owned(if before.is_one() { one } else { many }));
        }
        if let Some((one, many, _)) = table::currency(core).filter(|_| core.len() > 1 || !core.is_ascii()) {
            let name = owned(if before.is_one() { one } else { many });
            return Some(name.into_iter().chain(cents(before).into_iter().flatten()).collect());
        }
        if matches!(core, "am" | "pm" | "AM" | "PM") {
            return Some(word::letters(core));
        }
    }
    // `CHF 20`, `€ 5`: the number says what it is of.
    if after_number.is_none() && table::currency(core).is_some() && Number::exact(context.next()).is_some() {
        return Some(Vec::new());
    }
    if table::currency(context.previous()).is_some()
        && Number::exact(context.core(-2)).is_none()
        && Number::exact(core).is_some()
    {
        return money(context.previous(), core, context);
    }
    if let Some(words) = called(core, context) {
        return Some(words);
    }
    let mut words = Vec::new();
    let mut rest = core;
    while let Some(first) = rest.chars().next() {
        let follows = |rest: &str| {
            Number::read(rest).is_some() || money_sign(rest).is_some() || rest.starts_with(|c: char| "-+".contains(c))
        };
        let name = match first {
            '-' => "minus",
            '+' => "plus",
            '#' => "number",
            '~' | '≈' => "about",
            '<' => "less than",
            '>' => "more than",
            '≤' => "at most",
            '≥' => "at least",
            '±' => "plus or minus",
            '§' => "section",
            _ => break,
        };
        rest = &rest[first.len_utf8()..];
        if !follows(rest) {
            return None;
        }
        words.extend(owned(name));
    }
    if let Some((sign, amount)) = money_sign(rest) {
        words.extend(money(sign, amount, context)?);
        return Some(words);
    }
    words.extend(
        date(rest)
            .or_else(|| clock(rest, context))
            .or_else(|| telephone(rest))
            .or_else(|| tall(rest))
            .or_else(|| fraction(rest).map(|words| with_whole(words, context)))
            .or_else(|| plain(rest, context))?,
    );
    Some(words)
}

/// A group of a telephone number: digits behind a country's code.
fn called(core: &str, context: Context<'_>) -> Option<Vec<String>> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if core.len() < 3 || !digits(core) {
        return None;
    }
    let groups = (1..4).map(|back| context.core(-back));
    let code = groups.into_iter().find(|group| !digits(group))?;
    let code = code.strip_prefix('+').filter(|code| digits(code) && code.len() <= 3)?;
    (!code.is_empty()).then(|| number::digits(core))
}

/// `6'2` is how tall somebody is.
fn tall(text: &str) -> Option<Vec<String>> {
    let (feet, inches) = text.split_once('\'')?;
    let (feet, inches) = (Number::exact(feet)?.value()?, Number::exact(inches)?.value()?);
    let words = number::cardinal(feet).into_iter().chain(owned("foot"));
    (feet < 10 && inches < 12).then(|| words.chain(number::cardinal(inches)).collect())
}

/// `1 1/2`: the fraction is part of the number before it.
fn with_whole(words: Vec<String>, context: Context<'_>) -> Vec<String> {
    let whole = Number::exact(context.previous()).is_some_and(|number| number.value().is_some());
    if whole { owned("and").into_iter().chain(words).collect() } else { words }
}

/// An amount behind its sign: number, decimals as cents, magnitude, range, what it is paid for.
fn money(sign: &str, text: &str, context: Context<'_>) -> Option<Vec<String>> {
    let (one, many, small) = table::currency(sign)?;
    let (number, rest) = Number::read(text)?;
    let mut words;
    if let Some(range) = rest
        .strip_prefix('-')
        .filter(|range| range.starts_with(|c: char| c.is_ascii_digit() || c == '$' || c == '€' || c == '£'))
    {
        words = number.spoken();
        words.push("to".to_owned());
        words.extend(money(sign, range.strip_prefix(sign).unwrap_or(range), context)?);
        return Some(words);
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (letters, after) = rest.split_at(end);
    let magnitude = if letters == "m" { Some("million") } else { table::magnitude(letters) };
    if let Some(magnitude) = magnitude {
        words = number.spoken();
        words.push(magnitude.to_owned());
        words.extend(owned(many));
    } else if !letters.is_empty() {
        return None;
    } else if magnitude_word(context.next()).is_some() && after.is_empty() {
        // The name of the money follows the magnitude.
        return Some(number.spoken());
    } else {
        words = match number.decimals.as_deref() {
            Some(cents) if cents.len() == 2 && cents != "00" => {
                let cents = number::cardinal(cents.parse().ok()?);
                if number.whole == "0" {
                    cents.into_iter().chain(owned(small)).collect()
                } else {
                    let whole = Number { decimals: None, ..number.clone() };
                    let name = if whole.is_one() { one } else { many };
                    whole.spoken().into_iter().chain(owned(name)).chain(cents).collect()
                }
            }
            Some("00") => {
                let whole = Number { decimals: None, ..number.clone() };
                let name = if whole.is_one() { one } else { many };
                whole.spoken().into_iter().chain(owned(name)).collect()
            }
            _ => number.spoken().into_iter().chain(owned(if number.is_one() { one } else { many })).collect(),
        };
    }
    words.extend(behind(after, context)?);
    Some(words)
}

/// The decimals of an amount of money, if they are cents.
fn cents(number: &Number) -> Option<Vec<String>> {
    let cents = number.decimals.as_deref().filter(|cents| cents.len() == 2 && *cents != "00")?;
    cents.parse().ok().map(number::cardinal)
}

/// What may stand behind an amount: `+`, `/month`, `-a-share`.
fn behind(text: &str, context: Context<'_>) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    if text == "+" {
        return Some(owned("plus"));
    }
    if let Some(each) = text.strip_prefix('/').filter(|each| each.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let name = match each {
            "mo" => "month",
            "yr" | "y" => "year",
            "hr" | "h" => "hour",
            "wk" => "week",
            "d" => "day",
            "s" | "sec" => "second",
            "min" => "minute",
            _ => match table::unit(each).filter(|_| table::stands_apart(each)) {
                Some((one, _)) => one,
                None => return Some(std::iter::once("per".to_owned()).chain(word::compound(each, context)).collect()),
            },
        };
        return Some(owned("per").into_iter().chain(owned(name)).collect());
    }
    let rest = text.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    // `10-km` is an adjective: the unit stays singular.
    Some(match table::unit(rest).filter(|_| table::stands_apart(rest)) {
        Some((one, _)) => owned(one),
        None => word::compound(rest, context),
    })
}

/// A number and whatever is attached to it.
fn plain(text: &str, context: Context<'_>) -> Option<Vec<String>> {
    if let Some(words) = whole_and_fraction(text, context) {
        return Some(words);
    }
    let (number, rest) = Number::read(text)?;
    if rest.is_empty() {
        // `12.50 €`: the cents are said behind the name of the money.
        let money = table::currency(context.next()).is_some();
        if money && cents(&number).is_some() {
            return Some(Number { decimals: None, ..number }.spoken());
        }
        return Some(bare(&number, context));
    }
    // Versions and addresses: `3.5.1`.
    if rest.starts_with('.') && Number::read(&rest[1..]).is_some() {
        let mut words = number.spoken();
        for part in rest.split('.').skip(1) {
            words.push("point".to_owned());
            words.extend(word::compound(part, context));
        }
        return Some(words);
    }
    if let Some(range) = rest.strip_prefix('-').filter(|range| Number::read(range).is_some()) {
        let mut words = if number.is_year() { year_or_number(&number) } else { number.spoken() };
        words.push("to".to_owned());
        words.extend(plain(range, context)?);
        return Some(words);
    }
    if let Some(by) = rest.strip_prefix(['x', '×']).filter(|by| by.starts_with(|c: char| c.is_ascii_digit())) {
        let mut words = in_name(&text[..text.len() - rest.len()]);
        words.push("by".to_owned());
        words.extend(match Number::read(by) {
            Some((_, "")) => in_name(by),
            _ => plain(by, context)?,
        });
        return Some(words);
    }
    if let Some(to) = rest.strip_prefix(':').and_then(Number::exact) {
        let mut words = number.spoken();
        words.push("to".to_owned());
        words.extend(to.spoken());
        return Some(words);
    }
    let end = rest.find(['+', '-', '/']).unwrap_or(rest.len());
    let with_slash = rest.find(['+', '-']).unwrap_or(rest.len());
    // Units with a slash of their own come first: `km/h`.
    for end in [with_slash, end] {
        let (attached, after) = rest.split_at(end);
        // `5%-10%`: a range of two amounts with their units.
        let range = after.strip_prefix('-').filter(|range| Number::read(range).is_some() && !attached.is_empty());
        if let Some(range) = range
            && let (Some(words), Some(others)) = (attachment(&number, attached, false, context), plain(range, context))
        {
            return Some(words.into_iter().chain(owned("to")).chain(others).collect());
        }
        if let Some(mut words) = attachment(&number, attached, !after.is_empty() && after.starts_with('-'), context) {
            words.extend(behind(after, context)?);
            return Some(words);
        }
    }
    if let Some(words) = behind(rest, context) {
        return Some(number.spoken().into_iter().chain(words).collect());
    }
    None
}

/// Letters and signs directly behind a number.
fn attachment(number: &Number, attached: &str, singular: bool, context: Context<'_>) -> Option<Vec<String>> {
    let spoken = || number.spoken();
    let with = |words: &str| Some(spoken().into_iter().chain(owned(words)).collect::<Vec<_>>());
    let lower = attached.to_ascii_lowercase();
    match (lower.as_str(), number.value()) {
        ("st" | "nd" | "rd" | "th", Some(value)) => return Some(number::ordinal(value)),
        ("s" | "'s", Some(value)) if number.is_year() && value % 10 == 0 => {
            return Some(number::plural(number::year(value)));
        }
        ("s" | "'s", Some(value)) if value % 10 == 0 && value > 0 => {
            return Some(number::plural(number::cardinal(value)));
        }
        ("am" | "pm" | "a.m." | "p.m.", Some(_)) => {
            return Some(spoken().into_iter().chain(word::letters(&lower)).collect());
        }
        // Generations of radio, resolutions and dimensions are letters.
        ("g", Some(1..=7)) | ("d", Some(1..=4)) if attached != "g" => return with(&attached.to_ascii_uppercase()),
        ("k", Some(2 | 4 | 5 | 8)) if attached == "K" => return with("K"),
        ("p" | "i", Some(_)) if number.whole.len() >= 3 => {
            return Some(in_name(&number.whole).into_iter().chain(word::letters(&lower)).collect());
        }
        _ => {}
    }
    if let Some((one, many)) = table::unit(attached) {
        // `$5m` is money; `5m people` is a count as well.
        let counts = context.next().len() > 4
            && context.next().ends_with('s')
            && context.next().chars().all(|c| c.is_ascii_lowercase());
        if attached == "m" && counts {
            return with("million");
        }
        return with(if number.is_one() || singular { one } else { many });
    }
    if let Some(magnitude) = table::magnitude(attached) {
        return with(magnitude);
    }
    if let Some((one, many, _)) = table::currency(attached) {
        return with(if number.is_one() { one } else { many });
    }
    // Any other letters: `4o`, `3rds`, `737MAX`.
    if attached.is_empty() || !attached.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut words = in_name(&number.whole);
    if number.decimals.is_some() {
        words = spoken();
    }
    words.extend(if attached.len() < 3 { word::letters(attached) } else { word::compound(attached, context) });
    Some(words)
}

/// A number alone: a day behind or before its month, a year, or just a number.
fn bare(number: &Number, context: Context<'_>) -> Vec<String> {
    let day = number.value().filter(|value| (1..=31).contains(value) && number.whole.len() < 3);
    let month_before =
        table::month(context.previous()).is_some() && context.previous().starts_with(|c: char| c.is_ascii_uppercase());
    let month_after =
        table::month(context.next()).is_some() && context.next().starts_with(|c: char| c.is_ascii_uppercase());
    match day {
        Some(day) if month_before => return number::ordinal(day),
        Some(day) if month_after => {
            return owned("the").into_iter().chain(number::ordinal(day)).chain(owned("of")).collect();
        }
        _ => {}
    }
    if word::is_capitals(context.previous()) && number.whole.len() == 4 && !number.grouped && number.decimals.is_none()
    {
        return in_name(&number.whole);
    }
    let dated = matches!(
        context.previous().to_ascii_lowercase().as_str(),
        "in" | "since" | "by" | "until" | "before" | "after" | "from" | "during" | "year" | "early" | "late" | "mid"
    );
    // Before 1100 a number is no year by itself.
    let old = dated && !number.grouped && number.whole.len() == 4 && number.value().is_some_and(|value| value < 1100);
    if number.is_year() || old && !number.whole.starts_with('0') {
        // `2048 users` counts; `in 2026 users` does not.
        let next = context.next();
        let counts = next.len() > 3
            && next.ends_with('s')
            && !next.ends_with("ss")
            && next.chars().all(|c| c.is_ascii_lowercase());
        let unit = next.len() > 1 && table::unit(next).is_some() && table::stands_apart(next);
        if dated || !(counts && !matches!(next, "was" | "has" | "this" | "looks" | "marks" | "sees" | "brings") || unit)
        {
            return year_or_number(number);
        }
    }
    number.spoken()
}

fn year_or_number(number: &Number) -> Vec<String> {
    number.value().map_or_else(|| number.spoken(), number::year)
}

/// `2026-11-23`, `11/23/2026`, `23.11.2026`.
fn date(text: &str) -> Option<Vec<String>> {
    let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = text.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next().filter(|_| text.matches(separator).count() == 2)?];
    let [a, b, c] =
        parts.map(|part| if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<u64>().ok() } else { None });
    let (a, b, c) = (a?, b?, c?);
    let (year, month, day) = if parts[0].len() == 4 {
        (a, b, c)
    } else if parts[2].len() == 4 && (separator == '.' || a > 12) {
        (c, b, a)
    } else if parts[2].len() == 4 {
        (c, a, b)
    } else {
        return None;
    };
    let month = table::month_number(month).filter(|_| (1..=31).contains(&day) && (1000..=9999).contains(&year))?;
    Some(owned(month).into_iter().chain(number::ordinal(day)).chain(number::year(year)).collect())
}

/// `10:30`, `10:05am`, `7:00`.
fn clock(text: &str, context: Context<'_>) -> Option<Vec<String>> {
    let (hours, rest) = text.split_once(':')?;
    let minutes = rest.get(..2)?;
    let after = &rest[2..];
    if let Some(seconds) = after.strip_prefix(':').filter(|seconds| seconds.len() == 2) {
        let parts = [hours, minutes, seconds].map(|part| part.parse::<u64>().ok());
        let [Some(hour), Some(minute), Some(second)] = parts else { return None };
        let said = [hour, minute, second].map(number::cardinal).concat();
        return (minute < 60 && second < 60).then_some(said);
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = (hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?);
    if !digits(hours) || !digits(minutes) || !(1..=2).contains(&hours.len()) || hour > 24 || minute > 59 {
        return None;
    }
    let half = match after.to_ascii_lowercase().as_str() {
        "" => None,
        "am" | "a.m." => Some("A M"),
        "pm" | "p.m." => Some("P M"),
        _ => return None,
    };
    let half_follows =
        matches!(context.next().to_ascii_lowercase().as_str(), "am" | "pm" | "a.m." | "p.m." | "a.m" | "p.m");
    let mut words = number::cardinal(hour);
    match minute {
        0 if half.is_some() || half_follows => {}
        0 if hour > 12 || hour == 0 => words.push("hundred".to_owned()),
        0 => words.extend(owned("o'clock")),
        1..=9 => words.extend(owned("oh").into_iter().chain(number::cardinal(minute))),
        _ => words.extend(number::cardinal(minute)),
    }
    words.extend(half.map(owned).unwrap_or_default());
    Some(words)
}

/// `555-1234` and `555-123-4567`, digit by digit.
fn telephone(text: &str) -> Option<Vec<String>> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    (is_digits && matches!(lengths[..], [3, 3, 4] | [1, 3, 3, 4])).then(|| number::digits(text))
}

/// `1/2`, `3/4`, `7/10`.
fn fraction(text: &str) -> Option<Vec<String>> {
    let (above, below) = text.split_once('/')?;
    let (above, below) = (Number::exact(above)?, Number::exact(below)?);
    let (top, bottom) = (above.value()?, below.value()?);
    if top == 0 || above.grouped || below.grouped || top > 999 || bottom > 999 {
        return None;
    }
    let part = match bottom {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        3 | 5..=9 if top < bottom => number::ordinal(bottom).join(" "),
        _ if top > bottom || bottom < 10 => {
            return Some(
                number::cardinal(top).into_iter().chain(owned("over")).chain(number::cardinal(bottom)).collect(),
            );
        }
        _ => {
            return Some(
                number::cardinal(top).into_iter().chain(owned("out of")).chain(number::cardinal(bottom)).collect(),
            );
        }
    };
    let words: Vec<String> = number::cardinal(top).into_iter().chain(owned(&part)).collect();
    Some(match (top, part.as_str()) {
        (1, _) => words,
        (_, "half") => number::cardinal(top).into_iter().chain(owned("halves")).collect(),
        _ => number::plural(words),
    })
}

/// `2½`, `½`, with what is attached.
fn whole_and_fraction(text: &str, context: Context<'_>) -> Option<Vec<String>> {
    let (at, (sign, alone, behind)) =
        FRACTIONS.iter().find_map(|fraction| text.find(fraction.0).map(|at| (at, *fraction)))?;
    let mut words = if at == 0 {
        owned(alone)
    } else {
        let number = Number::exact(&text[..at])?;
        number.spoken().into_iter().chain(owned("and")).chain(owned(behind)).collect()
    };
    let rest = &text[at + sign.len_utf8()..];
    if let Some((_, many)) = table::unit(rest) {
        words.extend(owned(many));
    } else if let Some(magnitude) = table::magnitude(rest) {
        words.extend(owned(magnitude));
    } else {
        words.extend(word::compound(rest.trim_start_matches('-'), context));
    }
    Some(words)
}
