//! English words for numbers.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "quintillion"),
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// A whole number: `1200` is "one thousand two hundred".
pub(crate) fn cardinal(number: u64) -> String {
    if let Some(&word) = usize::try_from(number).ok().and_then(|index| ONES.get(index)) {
        return word.to_owned();
    }
    if number < 100 {
        let tens = TENS.get((number / 10) as usize).copied().unwrap_or_default();
        return join(tens.to_owned(), number % 10);
    }
    if number < 1000 {
        return join(format!("{} hundred", cardinal(number / 100)), number % 100);
    }
    let scale = SCALES.iter().find(|(value, _)| number >= *value);
    scale.map_or_else(String::new, |(value, name)| join(format!("{} {name}", cardinal(number / value)), number % value))
}

fn join(head: String, rest: u64) -> String {
    if rest == 0 { head } else { format!("{head} {}", cardinal(rest)) }
}

/// A place in order: `21` is "twenty first".
pub(crate) fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let (head, last) = words.rsplit_once(' ').map_or(("", words.as_str()), |(head, last)| (head, last));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", tens.trim_end_matches('y')),
        other => format!("{other}th"),
    };
    if head.is_empty() { last } else { format!("{head} {last}") }
}

/// A year: `1905` is "nineteen oh five", `2026` "twenty twenty six", `2005` "two thousand five".
pub(crate) fn year(number: u64) -> String {
    let (century, rest) = (number / 100, number % 100);
    match (century, rest) {
        (20, 0..=9) | (10, 0..=9) => cardinal(number),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// A decade: `1990` is "nineteen nineties".
pub(crate) fn decade(number: u64) -> String {
    let words = year(number);
    match words.strip_suffix('y') {
        Some(head) => format!("{head}ies"),
        None => format!("{words}s"),
    }
}

/// Digits one by one: `007` is "zero zero seven".
pub(crate) fn digits(text: &str) -> String {
    let words: Vec<String> =
        text.chars().filter_map(|c| c.to_digit(10)).map(|digit| cardinal(u64::from(digit))).collect();
    words.join(" ")
}

/// A number as written, with thousands separators and decimals: `1,200.5`. `None` if it is not one.
pub(crate) fn decimal(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let grouped = whole.contains(',');
    if grouped && !whole.split(',').skip(1).all(|group| group.len() == 3) {
        return None;
    }
    let plain: String = whole.chars().filter(|c| *c != ',').collect();
    if !plain.chars().all(|c| c.is_ascii_digit())
        || fraction.is_some_and(|f| f.is_empty() || !f.chars().all(|c| c.is_ascii_digit()))
    {
        return None;
    }
    if plain.is_empty() && fraction.is_none() {
        return None;
    }
    let spoken = match plain.as_str() {
        "" => "zero".to_owned(),
        long if long.len() > 15 || (long.len() > 1 && long.starts_with('0')) => digits(long),
        number => cardinal(number.parse().ok()?),
    };
    Some(fraction.map_or(spoken.clone(), |fraction| format!("{spoken} point {}", digits(fraction))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spoken() {
        assert_eq!(cardinal(0), "zero");
        assert_eq!(cardinal(36), "thirty six");
        assert_eq!(cardinal(1_200), "one thousand two hundred");
        assert_eq!(cardinal(1_000_001), "one million one");
        assert_eq!(cardinal(u64::MAX).split(' ').next(), Some("eighteen"));
        assert_eq!(ordinal(21), "twenty first");
        assert_eq!(ordinal(30), "thirtieth");
        assert_eq!(ordinal(12), "twelfth");
        assert_eq!(year(1905), "nineteen oh five");
        assert_eq!(year(2026), "twenty twenty six");
        assert_eq!(year(2005), "two thousand five");
        assert_eq!(year(1900), "nineteen hundred");
        assert_eq!(decade(1990), "nineteen nineties");
        assert_eq!(decimal("2.1").as_deref(), Some("two point one"));
        assert_eq!(decimal("1,200").as_deref(), Some("one thousand two hundred"));
        assert_eq!(decimal("007").as_deref(), Some("zero zero seven"));
        assert_eq!(decimal("1,20"), None);
        assert_eq!(decimal("1."), None);
        assert_eq!(decimal(""), None);
    }
}
