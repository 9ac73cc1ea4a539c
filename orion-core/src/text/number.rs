//! Reading numbers as people write them: `£36bn`, `2.1x`, `8 per cent`, `1,200`, `five million`.

use super::claim::{Word, breaks_off};
use super::language::Language;

/// A number with what it counts, in a form that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The value, scale included.
    pub value: f64,
    /// `%`, `x`, or a currency code; `None` for a bare number.
    pub unit: Option<&'static str>,
    /// Written with digits.
    pub digits: bool,
    /// Written as a bare year, such as `1987`.
    year: bool,
    /// Written as a place in an order: `15th`.
    pub ordinal: bool,
}

impl Quantity {
    /// The comparable form.
    pub(crate) fn key(&self) -> String {
        let rounded = (self.value * 1e6).round() / 1e6;
        match self.unit {
            Some(unit) => format!("number {rounded} {unit}"),
            None => format!("number {rounded}"),
        }
    }

    /// Whether it is most likely a year.
    pub fn is_year(&self) -> bool {
        self.year
    }
}

/// Reads the numbers at the start of `words`: those of one written form (a range has two), and how many words it takes.
pub(crate) fn read(words: &[Word<'_>], language: Language) -> Option<(Vec<Quantity>, usize)> {
    let first = words.first()?;
    if first.core.contains(|c: char| c.is_ascii_digit()) {
        return digits(words, language);
    }
    spelled(words, language)
}

/// `£36bn`, `1,200`, `20-30%`, `15-time`, `3.5 million dollars`.
fn digits(words: &[Word<'_>], language: Language) -> Option<(Vec<Quantity>, usize)> {
    let core = words.first()?.core;
    let mut quantities: Vec<Quantity> =
        core.split(['-', '–', '/', ':']).filter_map(|part| written(part, language)).collect();
    let mut used = 1;
    if let Some(last) = quantities.last_mut() {
        let open = |used: usize| used < words.len() && breaks_off(&words[used - 1]).is_none();
        // `36 bn`, `mil millones`: the scale may be a word of its own, even two.
        while last.unit.is_none_or(is_currency) && open(used) {
            let Some(factor) = scale(&words[used].core.to_lowercase(), language) else { break };
            last.value *= factor;
            last.year = false;
            used += 1;
        }
        if last.unit.is_none() && open(used) {
            let next = words[used].core.to_lowercase();
            let following = words.get(used + 1).map(|word| word.core.to_lowercase()).unwrap_or_default();
            if let Some(unit) = unit(&next) {
                last.unit = Some(unit);
                last.year = false;
                used += 1;
            } else if matches!(
                (next.as_str(), following.as_str()),
                ("per" | "pour", "cent") | ("por", "ciento" | "cento")
            ) {
                last.unit = Some("%");
                last.year = false;
                used += 2;
            }
        }
    }
    // In `20-30%` and `£2-3m` both ends have the unit.
    if let [first, last] = quantities.as_mut_slice() {
        let unit = first.unit.or(last.unit);
        if core.contains(['-', '–']) && first.unit.is_none() != last.unit.is_none() {
            first.unit = unit;
            last.unit = unit;
        }
    }
    (!quantities.is_empty()).then_some((quantities, used))
}

/// One number of one word.
fn written(part: &str, language: Language) -> Option<Quantity> {
    let (currency, rest) = currency_sign(part);
    let rest = rest.trim_start_matches(['+', '-', '−', '~', '#']);
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.' | '\u{202f}' | '\''))).unwrap_or(rest.len());
    let (figures, suffix) = rest.split_at(end);
    let value = value(figures.trim_end_matches(['.', ',']), language)?;
    let suffix = suffix.to_lowercase();
    let (suffix_currency, suffix) = match suffix.strip_suffix(['€', '$', '£']) {
        Some(rest) => (currency_sign(&suffix[rest.len()..]).0, rest.to_owned()),
        None => (None, suffix),
    };
    let (factor, unit) = match suffix.as_str() {
        "%" | "pc" => (1.0, Some("%")),
        "x" | "×" => (1.0, Some("x")),
        other => (scale(other, language).filter(|_| !other.is_empty()).unwrap_or(1.0), None),
    };
    let bare = currency.is_none() && suffix.is_empty() && !figures.contains([',', '.']);
    let year = bare && figures.len() == 4 && (1500.0..2100.0).contains(&value) || suffix == "s" && figures.len() == 4;
    Some(Quantity {
        value: value * factor,
        unit: currency.or(suffix_currency).or(unit),
        digits: true,
        year,
        ordinal: matches!(suffix.as_str(), "st" | "nd" | "rd" | "th" | "º" | "ª" | "er" | "ème"),
    })
}

/// The value of digits with separators. Groups of three are thousands unless the language says otherwise.
fn value(figures: &str, language: Language) -> Option<f64> {
    let (decimal, group) = if language.decimal_comma() { (',', '.') } else { ('.', ',') };
    let plain: String = figures.chars().filter(|c| !matches!(c, '\u{202f}' | '\'')).collect();
    let grouped = plain.contains(group)
        && plain.split(decimal).next().is_some_and(|whole| {
            let mut groups = whole.split(group);
            groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|part| part.len() == 3)
        });
    let normal: String = match (grouped, plain.contains(group)) {
        (true, _) => plain.chars().filter(|c| *c != group).map(|c| if c == decimal { '.' } else { c }).collect(),
        // `3.5` in a German text, `0,68` in an English one: a decimal after all.
        (false, true) => plain.replace(group, "."),
        (false, false) => plain.replace(decimal, "."),
    };
    // More than one point is a version or an address: its first number stands for it.
    let mut parts = normal.splitn(3, '.');
    let number = match (parts.next()?, parts.next()) {
        (whole, Some(fraction)) => format!("{whole}.{fraction}"),
        (whole, None) => whole.to_owned(),
    };
    number.parse().ok().filter(|value: &f64| value.is_finite())
}

fn currency_sign(part: &str) -> (Option<&'static str>, &str) {
    const SIGNS: [(&str, &str); 11] = [
        ("US$", "usd"),
        ("R$", "brl"),
        ("A$", "aud"),
        ("C$", "cad"),
        ("$", "usd"),
        ("£", "gbp"),
        ("€", "eur"),
        ("¥", "jpy"),
        ("₹", "inr"),
        ("₽", "rub"),
        ("₩", "krw"),
    ];
    let part = part.trim_start_matches(['+', '-', '−', '~']);
    SIGNS.iter().find_map(|(sign, code)| Some((Some(*code), part.strip_prefix(sign)?))).unwrap_or((None, part))
}

fn is_currency(unit: &str) -> bool {
    !matches!(unit, "%" | "x")
}

fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "percent" | "prozent" | "%" => "%",
        "times" | "x" | "×" => "x",
        "dollar" | "dollars" | "dólares" | "us-dollar" => "usd",
        "pound" | "pounds" | "pfund" => "gbp",
        "euro" | "euros" => "eur",
        "yen" => "jpy",
        "rupees" => "inr",
        "reais" => "brl",
        _ => return None,
    })
}

/// The factor of a scale word or suffix.
fn scale(word: &str, language: Language) -> Option<f64> {
    Some(match word {
        "hundred" | "hundert" => 100.0,
        "k" | "thousand" | "tausend" | "mille" => 1e3,
        "mil" if matches!(language, Language::Portuguese | Language::Spanish) => 1e3,
        "m" | "mn" | "million" | "millions" | "mio" | "millionen" | "milhão" | "milhões" | "millón" | "millones" => {
            1e6
        }
        "b" | "bn" | "mrd" | "milliarde" | "milliarden" | "bilhão" | "bilhões" | "milliard" | "milliards" => 1e9,
        "billion" | "billions" if !matches!(language, Language::German | Language::Spanish | Language::French) => 1e9,
        "tn" | "trillion" | "trillions" | "trilhão" | "trilhões" | "billionen" | "billón" | "billones" => 1e12,
        "quadrillion" if language == Language::English => 1e15,
        _ => return None,
    })
}

/// `five million`, `twenty-one`, `two`. A bare `one` is a pronoun more often than a number.
fn spelled(words: &[Word<'_>], language: Language) -> Option<(Vec<Quantity>, usize)> {
    let lower = words.first()?.core.to_lowercase();
    let mut value = match lower.split_once('-') {
        Some((tens, ones)) => {
            small(tens, language).filter(|tens| *tens >= 20.0)? + small(ones, language).filter(|ones| *ones < 10.0)?
        }
        None => small(&lower, language)?,
    };
    let mut used = 1;
    while used < words.len() && breaks_off(&words[used - 1]).is_none() {
        let Some(factor) = scale(&words[used].core.to_lowercase(), language) else { break };
        value *= factor;
        used += 1;
    }
    if used == 1 && value <= 1.0 {
        return None;
    }
    let mut quantity = Quantity { value, unit: None, digits: false, year: false, ordinal: false };
    if used < words.len() && breaks_off(&words[used - 1]).is_none() {
        let next = words[used].core.to_lowercase();
        let following = words.get(used + 1).map(|word| word.core.to_lowercase()).unwrap_or_default();
        if let Some(unit) = unit(&next).filter(|unit| *unit != "x") {
            quantity.unit = Some(unit);
            used += 1;
        } else if (next.as_str(), following.as_str()) == ("per", "cent") {
            quantity.unit = Some("%");
            used += 2;
        }
    }
    Some((vec![quantity], used))
}

fn small(word: &str, language: Language) -> Option<f64> {
    const ENGLISH: &[(&str, f64)] = &[
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("eleven", 11.0),
        ("twelve", 12.0),
        ("thirteen", 13.0),
        ("fourteen", 14.0),
        ("fifteen", 15.0),
        ("sixteen", 16.0),
        ("seventeen", 17.0),
        ("eighteen", 18.0),
        ("nineteen", 19.0),
        ("twenty", 20.0),
        ("thirty", 30.0),
        ("forty", 40.0),
        ("fifty", 50.0),
        ("sixty", 60.0),
        ("seventy", 70.0),
        ("eighty", 80.0),
        ("ninety", 90.0),
    ];
    const GERMAN: &[(&str, f64)] = &[
        ("eine", 1.0),
        ("zwei", 2.0),
        ("drei", 3.0),
        ("vier", 4.0),
        ("fünf", 5.0),
        ("sechs", 6.0),
        ("sieben", 7.0),
        ("acht", 8.0),
        ("neun", 9.0),
        ("zehn", 10.0),
        ("elf", 11.0),
        ("zwölf", 12.0),
        ("zwanzig", 20.0),
    ];
    const PORTUGUESE: &[(&str, f64)] = &[
        ("um", 1.0),
        ("dois", 2.0),
        ("duas", 2.0),
        ("três", 3.0),
        ("quatro", 4.0),
        ("cinco", 5.0),
        ("seis", 6.0),
        ("sete", 7.0),
        ("oito", 8.0),
        ("nove", 9.0),
        ("dez", 10.0),
        ("onze", 11.0),
        ("doze", 12.0),
        ("vinte", 20.0),
    ];
    const SPANISH: &[(&str, f64)] = &[
        ("un", 1.0),
        ("dos", 2.0),
        ("tres", 3.0),
        ("cuatro", 4.0),
        ("cinco", 5.0),
        ("seis", 6.0),
        ("siete", 7.0),
        ("ocho", 8.0),
        ("nueve", 9.0),
        ("diez", 10.0),
        ("once", 11.0),
        ("doce", 12.0),
        ("veinte", 20.0),
    ];
    const FRENCH: &[(&str, f64)] = &[
        ("un", 1.0),
        ("deux", 2.0),
        ("trois", 3.0),
        ("quatre", 4.0),
        ("cinq", 5.0),
        ("six", 6.0),
        ("sept", 7.0),
        ("huit", 8.0),
        ("neuf", 9.0),
        ("dix", 10.0),
        ("onze", 11.0),
        ("douze", 12.0),
        ("vingt", 20.0),
    ];
    let table = match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::Portuguese => PORTUGUESE,
        Language::Spanish => SPANISH,
        Language::French => FRENCH,
    };
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::super::claim::split_words;
    use super::*;

    fn check(text: &str, language: Language, expected: &str) {
        let read = read(&split_words(text), language).map(|(quantities, _)| {
            quantities.iter().map(Quantity::key).collect::<Vec<_>>().join(", ").replace("number ", "")
        });
        assert_eq!(read.unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn reads_what_people_write() {
        use Language::{English, German, Portuguese, Spanish};
        check("£36bn", English, "36000000000 gbp");
        check("36 billion pounds", English, "36000000000 gbp");
        check("2.1x", English, "2.1 x");
        check("−8%", English, "8 %");
        check("1,856,683", English, "1856683");
        check("20-30%", English, "20 %, 30 %");
        check("15-time", English, "15");
        check("3.50", English, "3.5");
        check("0,68%", Portuguese, "0.68 %");
        check("1.200", German, "1200");
        check("13 mil pessoas", Portuguese, "13000");
        check("3,5 mil millones", Spanish, "3500000000");
        check("2 Terabyte", German, "2");
        check("five million", English, "5000000");
        check("twenty-one", English, "21");
        check("one of", English, "");
        check("one million", English, "1000000");
        check("nothing", English, "");
    }

    #[test]
    fn tells_years_and_places_in_an_order() {
        let one = |text| read(&split_words(text), Language::English).unwrap().0.remove(0);
        assert!(one("1987").is_year());
        assert!(one("1990s").is_year());
        assert!(!one("1,987").is_year());
        assert!(!one("1987 dollars").is_year());
        assert!(one("15th").ordinal);
    }
}
