//! Numbers in English words.

use std::fmt::Write as _;

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
const SCALES: [&str; 7] = ["", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"];

/// A number as written: digits, with or without commas between the thousands, and decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// Digits before the point, commas taken out.
    pub(super) whole: String,
    /// Digits after the point.
    pub(super) decimals: Option<String>,
    /// Whether commas stood between the thousands: then it is no year.
    pub(super) grouped: bool,
}

impl Number {
    /// Reads a number at the start of `text` and gives what follows it.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(read) = Self::read_elsewhere(text) {
            return Some(read);
        }
        let mut end = digits(text);
        if end == 0 && !(text.starts_with('.') && digits(&text[1..]) > 0) {
            return None;
        }
        let mut whole = text[..end].to_owned();
        let mut grouped = false;
        if (1..=3).contains(&end) {
            // `1,200,000`, in Switzerland `1'200'000`: each mark must be followed by exactly three digits.
            while text[end..].starts_with([',', '\'']) && digits(&text[end + 1..]) == 3 {
                whole.push_str(&text[end + 1..end + 4]);
                end += 4;
                grouped = true;
            }
        }
        let mut decimals = None;
        // `12,5`: a comma before fewer digits than a group has is a point.
        let comma = !grouped && text[end..].starts_with(',') && (1..=2).contains(&digits(&text[end + 1..]));
        let comma = comma && !text[end + 1..].contains(',');
        if text[end..].starts_with('.') || comma {
            let count = digits(&text[end + 1..]);
            if count > 0 {
                decimals = Some(text[end + 1..end + 1 + count].to_owned());
                end += 1 + count;
            }
        }
        if whole.is_empty() {
            whole.push('0');
        }
        Some((Self { whole, decimals, grouped }, &text[end..]))
    }

    /// A number with groups as others write them: `1.234.567`, `1.234,56`, and `12,34,567` in India.
    fn read_elsewhere(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
        let number = text[..end].trim_end_matches(['.', ',']);
        let rest = &text[number.len()..];
        let grouped = |text: &str, mark: char, middle: usize| {
            let groups: Vec<&str> = text.split(mark).collect();
            let [first, between @ .., last] = &groups[..] else { return false };
            (1..=middle).contains(&first.len()) && between.iter().all(|group| group.len() == middle) && last.len() == 3
        };
        let (whole, decimals) = match number.split_once(',') {
            Some((whole, decimals)) if (1..=2).contains(&decimals.len()) && grouped(whole, '.', 3) => {
                (whole, Some(decimals.to_owned()))
            }
            Some(_) if number.matches(',').count() > 1 && grouped(number, ',', 2) => (number, None),
            None if number.matches('.').count() == 2 && grouped(number, '.', 3) => (number, None),
            _ => return None,
        };
        Some((Self { whole: whole.replace(['.', ','], ""), decimals, grouped: true }, rest))
    }

    /// A number that is the whole of `text`.
    pub(super) fn exact(text: &str) -> Option<Self> {
        Self::read(text).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
    }

    /// Whether it is 1, so that its unit is singular.
    pub(super) fn is_one(&self) -> bool {
        self.whole == "1" && self.decimals.is_none()
    }

    /// The value before the point, if it is written like a plain number.
    pub(super) fn value(&self) -> Option<u64> {
        if self.decimals.is_some() { None } else { self.whole.parse().ok() }
    }

    /// Whether it looks like a year: four digits from 1100 to 2099.
    pub(super) fn is_year(&self) -> bool {
        !self.grouped && self.whole.len() == 4 && self.value().is_some_and(|value| (1100..=2099).contains(&value))
    }

    /// `2.15` is `two point one five`.
    pub(super) fn spoken(&self) -> Vec<String> {
        let mut words = match self.whole.parse::<u64>() {
            Ok(value) if self.whole.len() == 1 || !self.whole.starts_with('0') => cardinal(value),
            _ => digits(&self.whole),
        };
        if let Some(decimals) = &self.decimals {
            words.push("point".to_owned());
            words.extend(digits(decimals));
        }
        words
    }
}

/// One digit after the other.
pub(super) fn digits(text: &str) -> Vec<String> {
    text.chars().filter_map(|digit| ONES.get(digit.to_digit(10)? as usize)).map(|word| (*word).to_owned()).collect()
}

/// `1234` is `one thousand two hundred thirty four`.
pub(super) fn cardinal(value: u64) -> Vec<String> {
    let mut text = String::new();
    if value == 0 {
        text.push_str("zero");
    }
    for scale in (0..SCALES.len()).rev() {
        let group = value / 1000_u64.pow(scale as u32) % 1000;
        if group == 0 {
            continue;
        }
        if group >= 100 {
            let _ = write!(text, "{} hundred ", ONES[(group / 100) as usize]);
        }
        match group % 100 {
            0 => {}
            low @ 1..20 => {
                let _ = write!(text, "{} ", ONES[low as usize]);
            }
            low => {
                let _ = write!(text, "{} ", TENS[(low / 10) as usize]);
                if low % 10 > 0 {
                    let _ = write!(text, "{} ", ONES[(low % 10) as usize]);
                }
            }
        }
        let _ = write!(text, "{} ", SCALES[scale]);
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// `21` is `twenty first`.
pub(super) fn ordinal(value: u64) -> Vec<String> {
    let mut words = cardinal(value);
    if let Some(last) = words.last_mut() {
        *last = match last.as_str() {
            "one" => "first".to_owned(),
            "two" => "second".to_owned(),
            "three" => "third".to_owned(),
            "five" => "fifth".to_owned(),
            "eight" => "eighth".to_owned(),
            "nine" => "ninth".to_owned(),
            "twelve" => "twelfth".to_owned(),
            word if word.ends_with('y') => format!("{}ieth", &word[..word.len() - 1]),
            word => format!("{word}th"),
        };
    }
    words
}

/// A year from 1000 to 9999 as people say it: `nineteen oh five`, `two thousand one`, `twenty twenty six`.
pub(super) fn year(value: u64) -> Vec<String> {
    let (century, rest) = (value / 100, value % 100);
    if rest == 0 && !century.is_multiple_of(10) {
        let mut words = cardinal(century);
        words.push("hundred".to_owned());
        return words;
    }
    if century.is_multiple_of(10) && rest < 10 {
        return cardinal(value);
    }
    let mut words = cardinal(century);
    if rest < 10 {
        words.push("oh".to_owned());
    }
    words.extend(cardinal(rest));
    words
}

/// The plural of the last word: `ninety` is `nineties`, `six` is `sixes`.
pub(super) fn plural(mut words: Vec<String>) -> Vec<String> {
    if let Some(last) = words.last_mut() {
        *last = if let Some(stem) = last.strip_suffix('y') {
            format!("{stem}ies")
        } else if last.ends_with('x') {
            format!("{last}es")
        } else {
            format!("{last}s")
        };
    }
    words
}

/// The value of a Roman numeral from 2 to 89, written in capitals and in its proper form.
pub(super) fn roman(text: &str) -> Option<u64> {
    if text.len() < 2 || !text.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X' | b'L')) {
        return None;
    }
    const TENS: [&str; 9] = ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX"];
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    (2..90).find(|&value| format!("{}{}", TENS[value as usize / 10], ONES[value as usize % 10]) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: Vec<String>) -> String {
        words.join(" ")
    }

    #[test]
    fn numbers_are_read() {
        let parts = |text| Number::read(text).map(|(number, rest)| (said(number.spoken()), rest.to_owned()));
        assert_eq!(parts("1,200,000x"), Some(("one million two hundred thousand".into(), "x".into())));
        assert_eq!(parts("2.15%"), Some(("two point one five".into(), "%".into())));
        assert_eq!(parts("12,34"), Some(("twelve point three four".into(), String::new())));
        assert_eq!(parts("1,2,3"), Some(("one".into(), ",2,3".into())));
        assert_eq!(
            parts("1.234.567"),
            Some(("one million two hundred thirty four thousand five hundred sixty seven".into(), String::new()))
        );
        assert_eq!(parts("1.234,5km"), Some(("one thousand two hundred thirty four point five".into(), "km".into())));
        assert_eq!(
            parts("192.168.100.200"),
            Some(("one hundred ninety two point one six eight".into(), ".100.200".into()))
        );
        assert_eq!(parts("007"), Some(("zero zero seven".into(), String::new())));
        assert_eq!(parts(".5"), Some(("zero point five".into(), String::new())));
        assert_eq!(parts("5."), Some(("five".into(), ".".into())));
        assert_eq!(parts("x5"), None);
        assert_eq!(parts("99999999999999999999999"), Some((vec!["nine"; 23].join(" "), String::new())));
    }

    #[test]
    fn kinds_of_numbers() {
        assert_eq!(said(cardinal(0)), "zero");
        assert_eq!(said(cardinal(1_000_013)), "one million thirteen");
        assert_eq!(said(cardinal(u64::MAX)).split(' ').next(), Some("eighteen"));
        assert_eq!(said(ordinal(20)), "twentieth");
        assert_eq!(said(ordinal(112)), "one hundred twelfth");
        assert_eq!(said(year(1905)), "nineteen oh five");
        assert_eq!(said(year(1900)), "nineteen hundred");
        assert_eq!(said(year(2000)), "two thousand");
        assert_eq!(said(year(2009)), "two thousand nine");
        assert_eq!(said(year(2026)), "twenty twenty six");
        assert_eq!(said(plural(year(1990))), "nineteen nineties");
        assert_eq!(roman("XIV"), Some(14));
        assert_eq!(roman("IIX"), None);
        assert_eq!(roman("LVIII"), Some(58));
        assert_eq!(roman("I"), None);
    }
}
