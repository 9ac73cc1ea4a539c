//! Words of letters: abbreviations, initials, acronyms, names with capitals inside, compounds.

use super::{Context, amount, number, table};

/// Short words that are words even in capitals. Other words of two or three capitals are spelled.
const SHORT_WORDS: &str = " a am an and any are as at bad be best big but buy by can day did do end far few first for \
    free from full get go got had has have he her here him his hot how i if in is its just keep know let like made \
    make man may me more most must my need never new next no not now of off oh ok old on one only or our out over own \
    put ram run sad save see she sim so stop ten than that the then they this to too top try two up very was way we \
    what when why will win with yes yet you your zip gif pin bot ";

/// Acronyms of capitals that are said as words although no dictionary has them.
const SAID_AS_WORDS: &str = " nasa nato nasdaq ascii lidar radar sonar fomo yolo opec unesco unicef covid aids gaap \
    scotus potus flotus daca hipaa fema osha opec gan cuda ipad imax moma lego ikea ted saas paas iaas swat \
    lora rag llama bert dalle sora jpeg pixar epic dell visa zara seat swift basic ";

/// Capitals that are spelled although a dictionary has a word like them.
const SPELLED: &str = " us it who un eu uk ai ar vr pr hr tv pc dc la id ip os ev er or ceo cfo cto coo cia fda sec \
    nfl nba cdc epa irs imf gps api sdk ide sql css ram cpu gpu fbi nsa doj dot faa fcc ftc gop mit nyc usa who \
    wifi aws gcp sas ipo gdp cpi llm ml iot nft dao etf usb led lcd ssd hdd http https html json xml ";

/// Names that no dictionary has, written as words that it has. Single capitals are letters.
const RESPELLED: [(&str, &str); 59] = [
    ("ios", "I O S"),
    ("ipados", "I pad O S"),
    ("macos", "mac O S"),
    ("watchos", "watch O S"),
    ("iphone", "I phone"),
    ("iphones", "I phones"),
    ("ipad", "I pad"),
    ("ipads", "I pads"),
    ("imac", "I mac"),
    ("ipod", "I pod"),
    ("ebay", "E bay"),
    ("github", "git hub"),
    ("gitlab", "git lab"),
    ("youtube", "you tube"),
    ("youtuber", "you tuber"),
    ("youtubers", "you tubers"),
    ("tiktok", "tick tock"),
    ("whatsapp", "whats app"),
    ("linkedin", "linked in"),
    ("paypal", "pay pal"),
    ("facebook", "face book"),
    ("instagram", "insta gram"),
    ("snapchat", "snap chat"),
    ("doordash", "door dash"),
    ("airbnb", "air B N B"),
    ("openai", "open A I"),
    ("chatgpt", "chat G P T"),
    ("deepmind", "deep mind"),
    ("deepseek", "deep seek"),
    ("spacex", "space X"),
    ("midjourney", "mid journey"),
    ("sqlite", "S Q lite"),
    ("mysql", "my S Q L"),
    ("postgresql", "post gress Q L"),
    ("postgres", "post gress"),
    ("nosql", "no S Q L"),
    ("graphql", "graph Q L"),
    ("json", "jason"),
    ("yaml", "yamel"),
    ("wifi", "why fie"),
    ("wi-fi", "why fie"),
    ("javascript", "java script"),
    ("typescript", "type script"),
    ("webassembly", "web assembly"),
    ("blockchain", "block chain"),
    ("blockchains", "block chains"),
    ("smartphone", "smart phone"),
    ("smartphones", "smart phones"),
    ("smartwatch", "smart watch"),
    ("startup", "start up"),
    ("startups", "start ups"),
    ("ebook", "E book"),
    ("ebooks", "E books"),
    ("email", "E mail"),
    ("emails", "E mails"),
    ("ok", "O K"),
    ("vpn", "V P N"),
    ("saas", "sass"),
    ("jpeg", "jay peg"),
];

/// Whose Roman numeral is an ordinal.
const RULERS: &str = " henry louis elizabeth charles george edward william richard james john paul pius benedict \
    philip frederick francis alexander nicholas catherine napoleon ramses leo gregory ";

/// What a Roman numeral counts.
const COUNTED: &str = " war part chapter title phase type act volume section level mark class stage bowl episode \
    generation grade book article final fantasy rocky world appendix tier season ";

fn listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|entry| entry == word)
}

fn owned(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

/// Whether a word is of capitals only, two at least.
pub(super) fn is_capitals(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase())
}

/// Letters with a period after each: `U.S.`, `J.`.
pub(super) fn is_initials(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.len().is_multiple_of(2)
        && bytes.chunks(2).all(|pair| pair[0].is_ascii_alphabetic() && pair[1] == b'.')
        && (bytes.len() > 2 || bytes[0].is_ascii_uppercase() && bytes[0] != b'I')
}

/// A word with a period that does not end a sentence.
pub(super) fn is_abbreviation(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    table::abbreviation(&lower).is_some() && lower != "ed."
        || table::weekday(&lower).is_some()
        || lower == "no."
        || matches!(text, "p." | "pp." | "min." | "max.")
        || (table::month(&lower).is_some()
            && lower.len() <= 5
            && !matches!(lower.as_str(), "may." | "march." | "june." | "july."))
}

/// Whether the period of an abbreviation may also end the sentence.
pub(super) fn may_end(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    match table::abbreviation(&lower) {
        Some(abbreviation) => abbreviation.may_end,
        None => text.len() > 2 && lower != "no.",
    }
}

/// Abbreviations, short forms, initials, months and days.
pub(super) fn abbreviated(core: &str, context: Context<'_>) -> Option<Vec<String>> {
    let lower = core.to_ascii_lowercase();
    let follows_number = context.core(1).starts_with(|c: char| c.is_ascii_digit());
    let follows_capital = context.core(1).starts_with(|c: char| c.is_ascii_uppercase());
    let after_capital = context.previous().starts_with(|c: char| c.is_ascii_uppercase());
    let after_number = context.previous().starts_with(|c: char| c.is_ascii_digit());
    if after_number && let Some((_, plural)) = table::unit(lower.trim_end_matches('.')).filter(|_| core.ends_with('.'))
    {
        return Some(owned(plural));
    }
    match lower.as_str() {
        "no." => return Some(owned(if follows_number { "number" } else { "no" })),
        "dr." if after_capital && !follows_capital => return Some(owned("drive")),
        "st." | "st" if after_capital && !follows_capital => return Some(owned("street")),
        "st" if follows_capital => return Some(owned("saint")),
        "p." if follows_number => return Some(owned("page")),
        "pp." if follows_number => return Some(owned("pages")),
        "min." if follows_number => return Some(owned("minimum")),
        "max." if follows_number => return Some(owned("maximum")),
        _ => {}
    }
    if let Some(abbreviation) = table::abbreviation(&lower) {
        return Some(owned(abbreviation.words));
    }
    if let Some(day) = table::weekday(&lower) {
        return Some(owned(day));
    }
    if let Some(month) = table::month(&lower).filter(|_| core.ends_with('.') || follows_number && core.len() == 3) {
        return Some(owned(month));
    }
    if core.starts_with(|c: char| c.is_ascii_uppercase())
        && context.core(0).len() < 6
        && let Some(roman) = roman(core, context)
    {
        return Some(roman);
    }
    // `MS` and `DR` in capitals are letters.
    if !is_capitals(core)
        && let Some(words) = table::short_form(&lower)
    {
        return Some(owned(words));
    }
    if matches!(core, "C++" | "C#" | "F#") {
        return table::short_form(&lower).map(owned);
    }
    is_initials(core).then(|| core.to_ascii_uppercase().chars().filter(|c| *c != '.').map(String::from).collect())
}

fn roman(core: &str, context: Context<'_>) -> Option<Vec<String>> {
    let value = number::roman(core)?;
    let before = context.previous();
    let lower = before.to_ascii_lowercase();
    if listed(RULERS, &lower) {
        let mut words = owned("the");
        words.extend(number::ordinal(value));
        return Some(words);
    }
    let is_name = before.starts_with(|c: char| c.is_ascii_uppercase()) && !is_capitals(before);
    // `IV` and `XX` are mostly letters; the others are numbers wherever they follow a name.
    (listed(COUNTED, &lower) || is_name && matches!(core, "II" | "III" | "VI" | "VII" | "VIII" | "IX"))
        .then(|| number::cardinal(value))
}

/// Any word at all: taken apart at its signs, each part said on its own.
pub(super) fn compound(core: &str, context: Context<'_>) -> Vec<String> {
    let lower = core.to_ascii_lowercase();
    if let Some((_, words)) = RESPELLED.iter().find(|(name, _)| *name == lower) {
        return owned(words);
    }
    if core.chars().all(|c| c.is_ascii_alphabetic() || c == '\'') {
        return simple(core, context);
    }
    let mut words = Vec::new();
    let mut rest = core;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '\'')).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            let digit_follows = rest.starts_with(|c: char| c.is_ascii_digit());
            match part {
                "v" | "V" if digit_follows => words.push("version".to_owned()),
                // Letters that touch digits are letters: `H100`, `mp3`.
                _ if digit_follows && part.len() < 4 && !context.lexicon.knows(&part.to_ascii_lowercase()) => {
                    words.extend(letters(part));
                }
                _ if digit_follows && part.len() < 3 => words.extend(letters(part)),
                // `AT&T`, `R&D`.
                _ if is_short_capitals(part) && core.contains('&') => words.extend(letters(part)),
                _ => words.extend(simple(part, context)),
            }
            continue;
        }
        if first.is_ascii_digit() {
            let end = amount::end_of_number(rest);
            let (part, after) = rest.split_at(end);
            rest = after;
            // `mid-1990s`.
            if let Some(after) =
                rest.strip_prefix('s').filter(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()))
                && part.ends_with('0')
                && part.len() > 1
            {
                words.extend(number::plural(amount::in_name(part)));
                rest = after;
                continue;
            }
            words.extend(amount::in_name(part));
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            if (1..3).contains(&end) {
                words.extend(letters(&rest[..end]));
                rest = &rest[end..];
            }
            continue;
        }
        rest = &rest[first.len_utf8()..];
        let between_letters = !words.is_empty() && rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        match first {
            '.' if between_letters
                && core[..core.len() - rest.len() - 1].ends_with(|c: char| c.is_ascii_digit())
                && rest.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                words.push("point".to_owned());
            }
            '.' if between_letters => words.push("dot".to_owned()),
            '~' | '<' | '>' if words.is_empty() && rest.is_empty() => {}
            _ => words.extend(table::sign(first).map(owned).unwrap_or_default()),
        }
    }
    words
}

fn is_short_capitals(text: &str) -> bool {
    text.len() < 4 && text.chars().all(|c| c.is_ascii_uppercase())
}

/// The names of letters.
pub(super) fn letters(text: &str) -> Vec<String> {
    text.to_ascii_uppercase().chars().filter(char::is_ascii_uppercase).map(String::from).collect()
}

/// A word of letters and apostrophes.
fn simple(core: &str, context: Context<'_>) -> Vec<String> {
    let core = core.trim_matches('\'');
    let lower = core.to_ascii_lowercase();
    if core.is_empty() {
        return Vec::new();
    }
    if let Some((_, words)) = RESPELLED.iter().find(|(name, _)| *name == lower) {
        return owned(words);
    }
    if core.len() == 1 {
        return vec![match core {
            // The article; a letter if nothing follows that it could belong to.
            "a" => "a".to_owned(),
            "A" if !context.is_last() && context.next().starts_with(|c: char| c.is_ascii_alphabetic()) => {
                "a".to_owned()
            }
            _ => core.to_ascii_uppercase(),
        }];
    }
    // `CEOs`, `GPU's`: letters, the last one with an s.
    let stem = core.strip_suffix("'s").or_else(|| core.strip_suffix('s')).unwrap_or(core);
    if stem.len() < core.len() && is_capitals(stem) && spells(stem, context) {
        let mut words = letters(stem);
        if let Some(last) = words.last_mut() {
            last.push_str("'s");
        }
        return words;
    }
    // Nobody can say `js` or `tv`.
    let has_vowel = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    if !has_vowel && core.len() < 5 && !context.lexicon.knows(&lower) {
        return letters(core);
    }
    if is_capitals(core) {
        return if spells(core, context) { letters(core) } else { vec![lower] };
    }
    if context.lexicon.knows(&lower) || !core.chars().skip(1).any(|c| c.is_ascii_uppercase()) {
        return vec![lower];
    }
    let parts = camel(core);
    if parts.len() > 1 { parts.into_iter().flat_map(|part| simple(part, context)).collect() } else { vec![lower] }
}

/// Whether capitals are spelled.
fn spells(capitals: &str, context: Context<'_>) -> bool {
    let lower = capitals.to_ascii_lowercase();
    if context.shouted && context.lexicon.knows(&lower) {
        return false;
    }
    if listed(SAID_AS_WORDS, &lower) {
        return false;
    }
    if listed(SPELLED, &lower) {
        return true;
    }
    let has_vowel = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    match capitals.len() {
        0..=3 => !listed(SHORT_WORDS, &lower),
        _ => !has_vowel || !context.lexicon.knows(&lower) && capitals.len() < 6,
    }
}

/// Parts of a name with capitals inside: `OpenAI` is `Open`, `AI`; `HTMLParser` is `HTML`, `Parser`.
fn camel(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    for index in 1..bytes.len() {
        let border = (bytes[index - 1].is_ascii_lowercase() && bytes[index].is_ascii_uppercase())
            || (bytes[index - 1].is_ascii_uppercase()
                && bytes[index].is_ascii_uppercase()
                && bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase)
                // `GPUs` ends in a plural, not in a word.
                && !(index + 2 == bytes.len() && bytes[index + 1] == b's'));
        if border {
            parts.push(&text[start..index]);
            start = index;
        }
    }
    parts.push(&text[start..]);
    parts
}
