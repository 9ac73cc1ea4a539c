//! From words as shown to words as spoken, one for one: every display word keeps its place, so that the times of
//! what is spoken are the times of what is shown. English.

use crate::numbers::{cardinal, decade, decimal, digits, ordinal, year};

/// How the voice rests after a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Not at all.
    None,
    /// As at a comma.
    Short,
    /// As at the end of a sentence.
    Full,
    /// As after a question.
    Question,
    /// As after an exclamation.
    Exclamation,
}

/// A display word as it is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenForm {
    /// Lower-case words separated by single spaces; empty for what is not spoken (a dash, an emoji).
    pub words: String,
    /// The rest after it.
    pub pause: Pause,
}

/// The spoken forms of a text's words, exactly one per word of `text.split_whitespace()`.
///
/// ```
/// let spoken = orion_speech::spoken_forms("It is 2.1x faster — $36bn more.");
/// let words: Vec<&str> = spoken.iter().map(|form| form.words.as_str()).collect();
/// assert_eq!(words, ["it", "is", "two point one times", "faster", "", "thirty six billion dollars", "more"]);
/// ```
pub fn spoken_forms(text: &str) -> Vec<SpokenForm> {
    let shown: Vec<&str> = text.split_whitespace().collect();
    let shouting = shown.len() > 3 && !text.chars().any(char::is_lowercase);
    let mut forms: Vec<SpokenForm> = Vec::with_capacity(shown.len());
    let mut owed_currency: Option<&'static str> = None;
    for (index, word) in shown.iter().enumerate() {
        let next = shown.get(index + 1).map(|next| core(next));
        let last = index + 1 == shown.len();
        let mut form = SpokenForm { words: String::new(), pause: pause_after(word, last) };
        let core = core(word);
        if let Some(currency) = owed_currency.take() {
            form.words = format!("{} {currency}", core.to_lowercase());
        } else if let Some((words, owed)) = money(core, next) {
            form.words = words;
            owed_currency = owed;
        } else {
            form.words = speak(word, core, next, shouting);
        }
        form.words = form.words.split_whitespace().collect::<Vec<_>>().join(" ");
        if abbreviation(word).is_some() && !last {
            form.pause = Pause::None;
        }
        forms.push(form);
    }
    forms
}

/// A word without the punctuation around it; signs that belong to a number stay.
fn core(word: &str) -> &str {
    let start = word.find(|c: char| c.is_alphanumeric() || "$£€¥₹#@&+-−°%=".contains(c)).unwrap_or(word.len());
    let rest = word.get(start..).unwrap_or_default();
    let end = rest.rfind(|c: char| c.is_alphanumeric() || "%°$£€&+=×".contains(c));
    let end = end.and_then(|at| rest.get(at..)?.chars().next().map(|c| at + c.len_utf8())).unwrap_or(0);
    rest.get(..end).unwrap_or_default()
}

fn pause_after(word: &str, last: bool) -> Pause {
    let tail = word.trim_end_matches(|c: char| "\"'”’»)]}*_".contains(c));
    match tail.chars().last() {
        Some('.' | '…') => Pause::Full,
        Some('?' | '？') => Pause::Question,
        Some('!' | '！') => Pause::Exclamation,
        Some(',' | ';' | ':' | '—' | '–') => Pause::Short,
        Some('-') if tail == "-" => Pause::Short,
        _ if last => Pause::Full,
        _ => Pause::None,
    }
}

const SCALE_WORDS: [&str; 5] = ["hundred", "thousand", "million", "billion", "trillion"];

fn scale(suffix: &str) -> Option<&'static str> {
    Some(match suffix {
        "k" | "K" => "thousand",
        "m" | "M" | "mn" | "mln" => "million",
        "b" | "B" | "bn" | "bln" => "billion",
        "t" | "T" | "tn" | "trn" => "trillion",
        _ => return None,
    })
}

/// An amount of money; the currency moves behind a scale word that follows (`$36 billion`).
fn money(core: &str, next: Option<&str>) -> Option<(String, Option<&'static str>)> {
    let (sign, rest) = match core.strip_prefix(['-', '−']) {
        Some(rest) => ("minus ", rest),
        None => ("", core),
    };
    let symbol = rest.chars().next()?;
    let (one, many, cent) = match symbol {
        '$' => ("dollar", "dollars", "cents"),
        '£' => ("pound", "pounds", "pence"),
        '€' => ("euro", "euros", "cents"),
        '¥' => ("yen", "yen", ""),
        '₹' => ("rupee", "rupees", "paise"),
        _ => return None,
    };
    let amount = rest.get(symbol.len_utf8()..)?;
    let split = amount.find(|c: char| c.is_alphabetic()).unwrap_or(amount.len());
    let (number, suffix) = (amount.get(..split)?, amount.get(split..)?);
    let spoken = decimal(number)?;
    if let Some(scale) = scale(suffix) {
        return Some((format!("{sign}{spoken} {scale} {many}"), None));
    }
    if !suffix.is_empty() {
        return None;
    }
    if next.is_some_and(|next| SCALE_WORDS.contains(&next.to_lowercase().as_str())) {
        return Some((format!("{sign}{spoken}"), Some(many)));
    }
    if let Some((whole, cents)) = number.split_once('.').filter(|(_, cents)| cents.len() == 2 && !cent.is_empty()) {
        let whole = decimal(whole)?;
        let unit = if whole == "one" { one } else { many };
        return Some(match cents.parse::<u64>().ok()? {
            0 => (format!("{sign}{whole} {unit}"), None),
            cents => (format!("{sign}{whole} {unit} {}", cardinal(cents)), None),
        });
    }
    Some((format!("{sign}{spoken} {}", if spoken == "one" { one } else { many }), None))
}

fn speak(word: &str, core: &str, next: Option<&str>, shouting: bool) -> String {
    if let Some(spoken) = abbreviation(word) {
        return spoken.to_owned();
    }
    if matches!(core, "No" | "no")
        && word.starts_with(['N', 'n'])
        && word.contains('.')
        && next.is_some_and(starts_with_digit)
    {
        return "number".to_owned();
    }
    if let Some(symbol) = symbol(core) {
        return symbol.to_owned();
    }
    if core.chars().any(|c| c.is_ascii_digit()) {
        return number(core).unwrap_or_else(|| mixed(core, shouting));
    }
    letters(core, shouting)
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Abbreviations, compared with their dots.
fn abbreviation(word: &str) -> Option<&'static str> {
    let bare = word.trim_matches(|c: char| "\"'“”‘’()[],;:!?".contains(c));
    Some(match bare {
        "Dr." => "doctor",
        "Mr." | "Mr" => "mister",
        "Mrs." | "Mrs" => "missus",
        "Ms." | "Ms" => "miz",
        "Prof." => "professor",
        "St." => "saint",
        "Gen." => "general",
        "Gov." => "governor",
        "Sen." => "senator",
        "Rep." => "representative",
        "Sgt." => "sergeant",
        "Capt." => "captain",
        "Lt." => "lieutenant",
        "Jr." => "junior",
        "Sr." => "senior",
        "vs." | "vs" | "v." => "versus",
        "etc." | "etc" => "et cetera",
        "e.g." => "for example",
        "i.e." => "that is",
        "approx." => "approximately",
        "Inc." => "incorporated",
        "Ltd." => "limited",
        "Corp." => "corporation",
        "Co." => "company",
        "Jan." => "january",
        "Feb." => "february",
        "Mar." => "march",
        "Apr." => "april",
        "Aug." => "august",
        "Sept." | "Sep." => "september",
        "Oct." => "october",
        "Nov." => "november",
        "Dec." => "december",
        "a.m." => "ay em",
        "p.m." => "pee em",
        "U.S." => "you ess",
        "U.K." => "you kay",
        "U.N." => "you en",
        "E.U." => "ee you",
        "D.C." => "dee see",
        _ => return None,
    })
}

fn symbol(core: &str) -> Option<&'static str> {
    Some(match core {
        "&" => "and",
        "+" => "plus",
        "=" => "equals",
        "%" => "percent",
        "@" => "at",
        "°" => "degrees",
        "km/h" | "kph" => "kilometers per hour",
        "mph" => "miles per hour",
        "km" => "kilometers",
        "kg" => "kilograms",
        "cm" => "centimeters",
        "mm" => "millimeters",
        "GB" => "gigabytes",
        "MB" => "megabytes",
        "TB" => "terabytes",
        "kWh" => "kilowatt hours",
        "GHz" => "gigahertz",
        "MHz" => "megahertz",
        "°C" => "degrees celsius",
        "°F" => "degrees fahrenheit",
        _ => return None,
    })
}

/// What stands directly behind a number, singular and plural.
fn unit(suffix: &str) -> Option<(&'static str, &'static str)> {
    Some(match suffix {
        "%" => ("percent", "percent"),
        "x" | "×" => ("times", "times"),
        "°" => ("degree", "degrees"),
        "°C" | "ºC" => ("degree celsius", "degrees celsius"),
        "°F" | "ºF" => ("degree fahrenheit", "degrees fahrenheit"),
        "km" => ("kilometer", "kilometers"),
        "cm" => ("centimeter", "centimeters"),
        "mm" => ("millimeter", "millimeters"),
        "nm" => ("nanometer", "nanometers"),
        "ft" => ("foot", "feet"),
        "kg" => ("kilogram", "kilograms"),
        "g" => ("gram", "grams"),
        "mg" => ("milligram", "milligrams"),
        "lb" | "lbs" => ("pound", "pounds"),
        "km/h" | "kph" => ("kilometer per hour", "kilometers per hour"),
        "mph" => ("mile per hour", "miles per hour"),
        "kb" | "KB" => ("kilobyte", "kilobytes"),
        "mb" | "MB" => ("megabyte", "megabytes"),
        "gb" | "GB" => ("gigabyte", "gigabytes"),
        "tb" | "TB" => ("terabyte", "terabytes"),
        "ms" => ("millisecond", "milliseconds"),
        "s" | "sec" => ("second", "seconds"),
        "min" => ("minute", "minutes"),
        "h" | "hr" | "hrs" => ("hour", "hours"),
        "Hz" => ("hertz", "hertz"),
        "kHz" => ("kilohertz", "kilohertz"),
        "MHz" => ("megahertz", "megahertz"),
        "GHz" => ("gigahertz", "gigahertz"),
        "W" => ("watt", "watts"),
        "kW" => ("kilowatt", "kilowatts"),
        "MW" => ("megawatt", "megawatts"),
        "GW" => ("gigawatt", "gigawatts"),
        "kWh" => ("kilowatt hour", "kilowatt hours"),
        "p" => ("pence", "pence"),
        "am" | "AM" | "a.m" => ("ay em", "ay em"),
        "pm" | "PM" | "p.m" => ("pee em", "pee em"),
        _ => return None,
    })
}

/// A number with its sign, unit, scale or form; `None` if it is none of these.
fn number(core: &str) -> Option<String> {
    if let Some(rest) = core.strip_prefix(['-', '−']) {
        return Some(format!("minus {}", number(rest)?));
    }
    if let Some(rest) = core.strip_prefix('+') {
        return Some(format!("plus {}", number(rest)?));
    }
    if let Some(rest) = core.strip_prefix('#').filter(|rest| rest.chars().all(|c| c.is_ascii_digit())) {
        return Some(format!("number {}", decimal(rest)?));
    }
    let end = core.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(core.len());
    let (head, tail) = (core.get(..end)?, core.get(end..)?);
    let (head, tail) = match head.strip_suffix('.') {
        Some(bare) if !tail.is_empty() => (bare, tail),
        _ => (head, tail),
    };
    if head.is_empty() {
        return None;
    }
    let whole = head.parse::<u64>().ok();
    match (whole, tail) {
        (Some(value), "") if head.len() == 4 && (1100..2100).contains(&value) => return Some(year(value)),
        (Some(value), "s") if head.len() == 4 && value % 10 == 0 => return Some(decade(value)),
        (Some(value), "s") if head.len() == 2 && value % 10 == 0 => return Some(plural(&cardinal(value))),
        (Some(value), "st" | "nd" | "rd" | "th") => return Some(ordinal(value)),
        (None, "") if head.matches('.').count() > 1 => return Some(spell_dotted(head)),
        _ => {}
    }
    if let Some(rest) = tail.strip_prefix(':') {
        return clock(whole?, rest);
    }
    if let Some(rest) = tail.strip_prefix(['-', '–', '—']) {
        let (first, second) = (plain_or_year(head)?, number(rest)?);
        return Some(format!("{first} to {second}"));
    }
    if let Some(rest) = tail.strip_prefix('/') {
        return Some(match (head, rest) {
            ("1", "2") => "one half".to_owned(),
            ("1", "4") => "one quarter".to_owned(),
            ("3", "4") => "three quarters".to_owned(),
            _ => format!("{} {}", decimal(head)?, number(rest)?),
        });
    }
    let spoken = decimal(head)?;
    if tail.is_empty() {
        return Some(spoken);
    }
    let (scale_part, rest) = (scale(tail), tail);
    if let Some((one, many)) = unit(rest) {
        return Some(format!("{spoken} {}", if spoken == "one" { one } else { many }));
    }
    scale_part.map(|scale| format!("{spoken} {scale}"))
}

fn plain_or_year(text: &str) -> Option<String> {
    match text.parse::<u64>() {
        Ok(value) if text.len() == 4 && (1100..2100).contains(&value) => Some(year(value)),
        _ => decimal(text),
    }
}

fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(head) => format!("{head}ies"),
        None => format!("{words}s"),
    }
}

fn spell_dotted(text: &str) -> String {
    text.split('.').filter_map(decimal).collect::<Vec<_>>().join(" point ")
}

fn clock(hour: u64, rest: &str) -> Option<String> {
    let minutes = rest.get(..2)?;
    let tail = rest.get(2..)?;
    if hour > 24 || !minutes.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let spoken = match minutes.parse::<u64>().ok()? {
        0 => format!("{} o'clock", cardinal(hour)),
        minute @ 1..=9 => format!("{} oh {}", cardinal(hour), cardinal(minute)),
        minute @ 10..=59 => format!("{} {}", cardinal(hour), cardinal(minute)),
        _ => return None,
    };
    if tail.is_empty() {
        return Some(spoken);
    }
    let (half, _) = unit(tail)?;
    Some(format!("{} {half}", spoken.trim_end_matches(" o'clock")))
}

/// Letters and digits in one word: `GPT-4`, `B2B`, `4K`.
fn mixed(core: &str, shouting: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = core;
    while let Some(first) = rest.chars().next() {
        let same =
            |c: char| c.is_ascii_digit() == first.is_ascii_digit() && c.is_alphanumeric() == first.is_alphanumeric();
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        if first.is_ascii_digit() {
            parts.push(plain_or_year(part).unwrap_or_else(|| digits(part)));
        } else if first.is_alphanumeric() {
            parts.push(letters(part, shouting));
        } else if part == "." && !tail.is_empty() {
            parts.push(if starts_with_digit(tail) { "point" } else { "dot" }.to_owned());
        } else if let Some(word) = symbol(part) {
            parts.push(word.to_owned());
        }
        rest = tail;
    }
    parts.join(" ")
}

/// Acronyms that are read as words, and short words that look like acronyms.
const READ_AS_WORDS: &[&str] = &[
    "NASA", "NATO", "OPEC", "FIFA", "UEFA", "AIDS", "COVID", "UNICEF", "UNESCO", "ASEAN", "NAFTA", "SWAT", "IKEA",
    "LEGO", "RAM", "ROM", "SIM", "PIN", "LAN", "WIFI", "JPEG", "SARS", "MERS", "OSHA", "SCOTUS", "POTUS", "BAFTA",
    "DARPA", "THE", "AND", "NOT", "NEW", "YES", "NO", "A", "I", "OK", "VISA", "ICE", "CERN",
];

/// Words without digits: plain words, acronyms, addresses, compounds.
fn letters(core: &str, shouting: bool) -> String {
    if let Some(handle) = core.strip_prefix('@').filter(|handle| !handle.is_empty()) {
        return format!("at {}", letters(handle, shouting));
    }
    if let Some(tag) = core.strip_prefix('#').filter(|tag| !tag.is_empty()) {
        return format!("hashtag {}", letters(tag, shouting));
    }
    let address = core.strip_prefix("https://").or_else(|| core.strip_prefix("http://")).unwrap_or(core);
    let parts = address.split(|c: char| "-–—/_+&=%.@:".contains(c)).filter(|part| !part.is_empty());
    let single_letters = address.contains('.') && address.split('.').all(|part| part.chars().count() <= 1);
    let mut spoken: Vec<String> = Vec::new();
    let mut at = 0;
    for part in parts {
        let start = address.get(at..).and_then(|rest| rest.find(part)).map_or(at, |offset| at + offset);
        let between = address.get(at..start).unwrap_or_default();
        if !spoken.is_empty() && !single_letters {
            for sign in between.chars() {
                match sign {
                    '.' => spoken.push("dot".to_owned()),
                    '@' => spoken.push("at".to_owned()),
                    '&' => spoken.push("and".to_owned()),
                    '+' => spoken.push("plus".to_owned()),
                    _ => {}
                }
            }
        }
        spoken.push(if single_letters { spell(part) } else { plain(part, shouting) });
        at = start + part.len();
    }
    spoken.join(" ")
}

fn plain(part: &str, shouting: bool) -> String {
    let apostrophe: String = part.chars().map(|c| if c == '’' { '\'' } else { c }).collect();
    let (stem, ending) = match apostrophe.strip_suffix("'s").or_else(|| apostrophe.strip_suffix('s')) {
        Some(stem) if stem.chars().count() > 1 => (stem, "s"),
        _ => (apostrophe.as_str(), ""),
    };
    let letters = stem.chars().count();
    let capitals = stem.chars().all(|c| c.is_uppercase() && c.is_alphabetic());
    let has_vowel = stem.chars().any(|c| "AEIOUY".contains(c));
    if capitals && (2..=5).contains(&letters) && !shouting && !READ_AS_WORDS.contains(&stem) {
        return format!("{}{}", spell(stem), if ending.is_empty() { "" } else { "'s" });
    }
    if capitals && letters > 1 && !has_vowel {
        return spell(stem);
    }
    fold(&apostrophe)
}

/// Lower case, without accents that an English voice does not know, and without silent signs.
fn fold(text: &str) -> String {
    let folded = text.chars().flat_map(|c| {
        let lower: Vec<char> = c.to_lowercase().collect();
        lower.into_iter().flat_map(|c| unaccented(c).chars().collect::<Vec<_>>())
    });
    folded.filter(|c| c.is_alphanumeric() || *c == '\'').collect()
}

fn unaccented(c: char) -> String {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' | 'ţ' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        other => return other.to_string(),
    };
    plain.to_owned()
}

/// Letter names, as dictionary words.
fn spell(letters: &str) -> String {
    let names = letters.chars().filter_map(|c| {
        Some(match c.to_ascii_lowercase() {
            'a' => "ay",
            'b' => "bee",
            'c' => "see",
            'd' => "dee",
            'e' => "ee",
            'f' => "eff",
            'g' => "gee",
            'h' => "aitch",
            'i' => "eye",
            'j' => "jay",
            'k' => "kay",
            'l' => "ell",
            'm' => "em",
            'n' => "en",
            'o' => "oh",
            'p' => "pee",
            'q' => "queue",
            'r' => "ar",
            's' => "ess",
            't' => "tee",
            'u' => "you",
            'v' => "vee",
            'w' => "double you",
            'x' => "ex",
            'y' => "why",
            'z' => "zee",
            _ => return None,
        })
    });
    names.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(shown: &str, spoken: &str) {
        let words: Vec<String> = spoken_forms(shown).into_iter().map(|form| form.words).collect();
        assert_eq!(words.join(" | "), spoken, "{shown}");
    }

    #[test]
    fn numbers_units_and_money() {
        for (shown, spoken) in [
            ("2.1x", "two point one times"),
            ("8%", "eight percent"),
            ("-8%", "minus eight percent"),
            ("1,200", "one thousand two hundred"),
            ("$36bn", "thirty six billion dollars"),
            ("$36 billion", "thirty six | billion dollars"),
            ("£1", "one pound"),
            ("€3.50", "three euros fifty"),
            ("$5m.", "five million dollars"),
            ("2026", "twenty twenty six"),
            ("1990s", "nineteen nineties"),
            ("80s", "eighties"),
            ("3rd", "third"),
            ("21st", "twenty first"),
            ("10:30", "ten thirty"),
            ("10:05am", "ten oh five ay em"),
            ("10am", "ten ay em"),
            ("5-7", "five to seven"),
            ("2019–2021", "twenty nineteen to twenty twenty one"),
            ("1/2", "one half"),
            ("25°C", "twenty five degrees celsius"),
            ("1km", "one kilometer"),
            ("10GB", "ten gigabytes"),
            ("300km/h", "three hundred kilometers per hour"),
            ("#1", "number one"),
            ("No. 7", "number | seven"),
            ("007", "zero zero seven"),
            ("3.50.1", "three point fifty point one"),
            ("100k", "one hundred thousand"),
            ("+5", "plus five"),
            ("(12)", "twelve"),
        ] {
            check(shown, spoken);
        }
    }

    #[test]
    fn abbreviations_acronyms_and_addresses() {
        for (shown, spoken) in [
            ("Dr. Smith", "doctor | smith"),
            ("U.S. troops", "you ess | troops"),
            ("A vs. B", "a | versus | b"),
            ("NASA", "nasa"),
            ("FBI", "eff bee eye"),
            ("CEOs", "see ee oh's"),
            ("GPT-4", "gee pee tee four"),
            ("B2B", "b two b"),
            ("4K", "four thousand"),
            ("R&D", "r and d"),
            ("AT&T", "ay tee and t"),
            ("state-of-the-art", "state of the art"),
            ("example.org", "example dot org"),
            ("@orion", "at orion"),
            ("#news", "hashtag news"),
            ("café", "cafe"),
            ("Straße", "strasse"),
            ("don’t", "don't"),
            ("“Yes,”", "yes"),
            ("— 🎉 …", " |  | "),
            ("&", "and"),
            ("C.I.A.", "see eye ay"),
        ] {
            check(shown, spoken);
        }
    }

    #[test]
    fn pauses_follow_punctuation() {
        let pauses: Vec<Pause> =
            spoken_forms("Well, Dr. Who? Yes! “Fine.” End").into_iter().map(|form| form.pause).collect();
        assert_eq!(pauses, [Pause::Short, Pause::None, Pause::Question, Pause::Exclamation, Pause::Full, Pause::Full]);
    }

    #[test]
    fn a_shouted_text_is_read_as_words() {
        check("BIG NEWS FOR ALL", "big | news | for | all");
    }

    proptest! {
        #[test]
        fn every_shown_word_has_one_spoken_form(text in any::<String>()) {
            let forms = spoken_forms(&text);
            prop_assert_eq!(forms.len(), text.split_whitespace().count());
            for form in forms {
                prop_assert!(!form.words.starts_with(' ') && !form.words.contains('\n'));
            }
        }

        #[test]
        fn numbers_never_break_it(text in "[-+$£€#@0-9.,:/%x°a-zA-Z’]{1,12}( [0-9a-z.]{1,6})?") {
            prop_assert_eq!(spoken_forms(&text).len(), text.split_whitespace().count());
        }
    }
}
