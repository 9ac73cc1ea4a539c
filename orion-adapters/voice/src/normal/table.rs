//! What abbreviations, units and signs are called in English.

/// How an abbreviation is read and whether it may end a sentence with its own period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abbreviation {
    /// The words.
    pub(super) words: &'static str,
    /// Whether it may be the last word of a sentence: then a capital after it begins a new one.
    pub(super) may_end: bool,
}

/// An abbreviation with its period, in lower case.
pub(super) fn abbreviation(text: &str) -> Option<Abbreviation> {
    let (words, may_end) = match text {
        "mr." => ("mister", false),
        "mrs." => ("missus", false),
        "ms." => ("miz", false),
        "dr." => ("doctor", false),
        "prof." => ("professor", false),
        "gov." => ("governor", false),
        "sen." => ("senator", false),
        "rep." => ("representative", false),
        "gen." => ("general", false),
        "col." => ("colonel", false),
        "capt." => ("captain", false),
        "lt." => ("lieutenant", false),
        "sgt." => ("sergeant", false),
        "rev." => ("reverend", false),
        "hon." => ("honorable", false),
        "pres." => ("president", false),
        "st." => ("saint", false),
        "mt." => ("mount", false),
        "ft." => ("fort", false),
        "jr." => ("junior", true),
        "sr." => ("senior", true),
        "inc." => ("incorporated", true),
        "corp." => ("corporation", true),
        "ltd." => ("limited", true),
        "co." => ("company", true),
        "bros." => ("brothers", true),
        "etc." => ("et cetera", true),
        "vs." | "v." => ("versus", false),
        "e.g." | "eg." => ("for example", false),
        "i.e." | "ie." => ("that is", false),
        "a.k.a." => ("also known as", false),
        "approx." => ("approximately", false),
        "est." => ("established", false),
        "dept." => ("department", false),
        "govt." => ("government", false),
        "fig." => ("figure", false),
        "cf." => ("compare", false),
        "vol." => ("volume", false),
        "ed." => ("edition", false),
        "ave." => ("avenue", true),
        "blvd." => ("boulevard", true),
        "rd." => ("road", true),
        "a.m." => ("A M", true),
        "p.m." => ("P M", true),
        "ph.d." => ("P H D", true),
        _ => return None,
    };
    Some(Abbreviation { words, may_end })
}

/// Short forms without a period, in lower case.
pub(super) fn short_form(text: &str) -> Option<&'static str> {
    Some(match text {
        "mr" => "mister",
        "mrs" => "missus",
        "ms" => "miz",
        "dr" => "doctor",
        "vs" => "versus",
        "w/" => "with",
        "w/o" => "without",
        "b/c" => "because",
        "aka" => "also known as",
        "etc" => "et cetera",
        "approx" => "approximately",
        "c++" => "C plus plus",
        "c#" => "C sharp",
        "f#" => "F sharp",
        "24/7" => "twenty four seven",
        "9/11" => "nine eleven",
        "50/50" => "fifty fifty",
        "tl;dr" => "T L D R",
        _ => return None,
    })
}

/// A month by name or short form with or without a period.
pub(super) fn month(text: &str) -> Option<&'static str> {
    Some(match text.trim_end_matches('.').to_ascii_lowercase().as_str() {
        "january" | "jan" => "january",
        "february" | "feb" => "february",
        "march" | "mar" => "march",
        "april" | "apr" => "april",
        "may" => "may",
        "june" | "jun" => "june",
        "july" | "jul" => "july",
        "august" | "aug" => "august",
        "september" | "sep" | "sept" => "september",
        "october" | "oct" => "october",
        "november" | "nov" => "november",
        "december" | "dec" => "december",
        _ => return None,
    })
}

/// A month by its number.
pub(super) fn month_number(number: u64) -> Option<&'static str> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    MONTHS.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

/// A short day of the week; only with its period, because `sat` and `sun` are words.
pub(super) fn weekday(text: &str) -> Option<&'static str> {
    Some(match text {
        "mon." => "monday",
        "tue." | "tues." => "tuesday",
        "wed." => "wednesday",
        "thu." | "thur." | "thurs." => "thursday",
        "fri." => "friday",
        "sat." => "saturday",
        "sun." => "sunday",
        _ => return None,
    })
}

/// A unit, singular and plural. Letter case matters: `MB` and `Mb` differ.
pub(super) fn unit(text: &str) -> Option<(&'static str, &'static str)> {
    Some(match text {
        "%" => ("percent", "percent"),
        "‰" => ("per mille", "per mille"),
        "pp" => ("percentage point", "percentage points"),
        "°" => ("degree", "degrees"),
        "°C" => ("degree celsius", "degrees celsius"),
        "°F" => ("degree fahrenheit", "degrees fahrenheit"),
        "km" => ("kilometer", "kilometers"),
        "m" => ("meter", "meters"),
        "cm" => ("centimeter", "centimeters"),
        "mm" => ("millimeter", "millimeters"),
        "μm" | "um" => ("micrometer", "micrometers"),
        "nm" => ("nanometer", "nanometers"),
        "mi" => ("mile", "miles"),
        "ft" => ("foot", "feet"),
        "in" => ("inch", "inches"),
        "yd" => ("yard", "yards"),
        "km2" => ("square kilometer", "square kilometers"),
        "m2" => ("square meter", "square meters"),
        "m3" => ("cubic meter", "cubic meters"),
        "kg" => ("kilogram", "kilograms"),
        "g" => ("gram", "grams"),
        "mg" => ("milligram", "milligrams"),
        "μg" => ("microgram", "micrograms"),
        "lb" | "lbs" => ("pound", "pounds"),
        "oz" => ("ounce", "ounces"),
        "l" | "L" => ("liter", "liters"),
        "ml" | "mL" => ("milliliter", "milliliters"),
        "h" | "hr" | "hrs" => ("hour", "hours"),
        "min" | "mins" => ("minute", "minutes"),
        "s" | "sec" | "secs" => ("second", "seconds"),
        "ms" => ("millisecond", "milliseconds"),
        "μs" | "us" => ("microsecond", "microseconds"),
        "ns" => ("nanosecond", "nanoseconds"),
        "km/h" | "kph" | "kmh" => ("kilometer per hour", "kilometers per hour"),
        "m/s" => ("meter per second", "meters per second"),
        "m/s2" => ("meter per second squared", "meters per second squared"),
        "mph" => ("mile per hour", "miles per hour"),
        "mpg" => ("mile per gallon", "miles per gallon"),
        "Hz" => ("hertz", "hertz"),
        "kHz" => ("kilohertz", "kilohertz"),
        "MHz" => ("megahertz", "megahertz"),
        "GHz" => ("gigahertz", "gigahertz"),
        "THz" => ("terahertz", "terahertz"),
        "W" => ("watt", "watts"),
        "kW" => ("kilowatt", "kilowatts"),
        "MW" => ("megawatt", "megawatts"),
        "GW" => ("gigawatt", "gigawatts"),
        "TW" => ("terawatt", "terawatts"),
        "Wh" => ("watt hour", "watt hours"),
        "kWh" => ("kilowatt hour", "kilowatt hours"),
        "MWh" => ("megawatt hour", "megawatt hours"),
        "GWh" => ("gigawatt hour", "gigawatt hours"),
        "TWh" => ("terawatt hour", "terawatt hours"),
        "mAh" => ("milliamp hour", "milliamp hours"),
        "V" => ("volt", "volts"),
        "kB" | "KB" => ("kilobyte", "kilobytes"),
        "MB" => ("megabyte", "megabytes"),
        "GB" => ("gigabyte", "gigabytes"),
        "TB" => ("terabyte", "terabytes"),
        "PB" => ("petabyte", "petabytes"),
        "KiB" => ("kibibyte", "kibibytes"),
        "MiB" => ("mebibyte", "mebibytes"),
        "GiB" => ("gibibyte", "gibibytes"),
        "TiB" => ("tebibyte", "tebibytes"),
        "kbps" | "Kbps" => ("kilobit per second", "kilobits per second"),
        "Mbps" | "Mb/s" => ("megabit per second", "megabits per second"),
        "Gbps" | "Gb/s" => ("gigabit per second", "gigabits per second"),
        "kbit/s" => ("kilobit per second", "kilobits per second"),
        "Mbit/s" => ("megabit per second", "megabits per second"),
        "Gbit/s" => ("gigabit per second", "gigabits per second"),
        "ppm" => ("part per million", "parts per million"),
        "ppb" => ("part per billion", "parts per billion"),
        "¢" => ("cent", "cents"),
        "MB/s" => ("megabyte per second", "megabytes per second"),
        "GB/s" => ("gigabyte per second", "gigabytes per second"),
        "TB/s" => ("terabyte per second", "terabytes per second"),
        "fps" => ("frame per second", "frames per second"),
        "rpm" => ("revolution per minute", "revolutions per minute"),
        "bpm" => ("beat per minute", "beats per minute"),
        "px" => ("pixel", "pixels"),
        "dB" => ("decibel", "decibels"),
        "kcal" => ("kilocalorie", "kilocalories"),
        "cal" => ("calorie", "calories"),
        "ha" => ("hectare", "hectares"),
        "sq" => ("square", "square"),
        "x" | "×" => ("time", "times"),
        _ => return None,
    })
}

/// Units that may stand apart from their number; others are words or letters of their own when they do.
pub(super) fn stands_apart(text: &str) -> bool {
    !matches!(text, "in" | "us" | "x" | "×" | "°" | "s" | "min" | "sq") || matches!(text, "min" | "×")
}

/// A power of a thousand, as journalists shorten it. `m` is one only behind money.
pub(super) fn magnitude(text: &str) -> Option<&'static str> {
    Some(match text {
        "k" | "K" => "thousand",
        "M" | "mn" | "mil" | "mln" | "MM" => "million",
        "b" | "B" | "bn" | "Bn" | "bln" => "billion",
        "t" | "T" | "tn" | "trn" => "trillion",
        _ => return None,
    })
}

/// A currency by its sign or code: singular, plural, and what its hundredth is called.
pub(super) fn currency(text: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match text {
        "$" => ("dollar", "dollars", "cents"),
        "US$" | "USD" => ("U S dollar", "U S dollars", "cents"),
        "A$" | "AU$" | "AUD" => ("australian dollar", "australian dollars", "cents"),
        "C$" | "CA$" | "CAD" => ("canadian dollar", "canadian dollars", "cents"),
        "R$" | "BRL" => ("real", "reais", "centavos"),
        "HK$" | "HKD" => ("hong kong dollar", "hong kong dollars", "cents"),
        "€" | "EUR" => ("euro", "euros", "cents"),
        "£" | "GBP" => ("pound", "pounds", "pence"),
        "¥" | "JPY" => ("yen", "yen", "sen"),
        "CNY" | "RMB" => ("yuan", "yuan", "fen"),
        "₹" | "INR" => ("rupee", "rupees", "paise"),
        "₩" | "KRW" => ("won", "won", "jeon"),
        "₽" | "RUB" => ("ruble", "rubles", "kopecks"),
        "₺" | "TRY" => ("lira", "lira", "kurus"),
        "₿" | "BTC" => ("bitcoin", "bitcoin", "cents"),
        "CHF" => ("swiss franc", "swiss francs", "centimes"),
        "SEK" => ("swedish krona", "swedish kronor", "öre"),
        _ => return None,
    })
}

/// Signs that open an amount of money, longest first.
pub(super) const MONEY_SIGNS: [&str; 14] =
    ["US$", "AU$", "CA$", "HK$", "A$", "C$", "R$", "$", "€", "£", "¥", "₹", "₩", "₽"];

/// What a sign is called when it stands among words; `None` for those that say nothing.
pub(super) fn sign(character: char) -> Option<&'static str> {
    Some(match character {
        '&' => "and",
        '+' => "plus",
        '=' => "equals",
        '@' => "at",
        '%' => "percent",
        '°' => "degrees",
        '§' => "section",
        '±' => "plus or minus",
        '×' => "times",
        '÷' => "divided by",
        '≈' | '~' => "about",
        '<' => "less than",
        '>' => "more than",
        '≤' => "at most",
        '≥' => "at least",
        '≠' => "is not",
        '→' => "to",
        '∞' => "infinity",
        '√' => "root",
        '$' => "dollar",
        '€' => "euro",
        '£' => "pound",
        '¥' => "yen",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' | 'Δ' => "delta",
        'λ' => "lambda",
        'μ' => "mu",
        'π' => "pi",
        'σ' | 'Σ' => "sigma",
        'φ' => "phi",
        'ω' | 'Ω' => "omega",
        _ => return None,
    })
}
