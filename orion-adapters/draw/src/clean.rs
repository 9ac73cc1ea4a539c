//! Makes any text fit to be shaped: words apart, no control characters, no flood of marks.
//!
//! It knows nothing of fonts beyond a question it is handed: "can this character be drawn?"

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Text that is safe to shape. Word `n` is the word `n` of the original split at white space and zero-width spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// The text as shaped.
    pub(crate) text: String,
    /// Byte range of every word in `text`; empty for a word of which nothing can be shown.
    pub(crate) words: Vec<Range<usize>>,
    /// Characters that were replaced or left out because no font has them.
    pub(crate) missing: usize,
    /// The text was cut because it was longer than [`MOST_CHARACTERS`].
    pub(crate) cut: bool,
}

/// Longer texts are cut: nobody reads more on one picture, and layout time stays bounded.
pub(crate) const MOST_CHARACTERS: usize = 2000;
/// A base character keeps this many combining marks; more would grow out of its line.
const MOST_MARKS: usize = 3;
/// Words up to this length are kept whole at hyphens and slashes; longer ones may be broken there.
const WHOLE_WORD: usize = 18;

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// Some font has it.
    Present,
    /// No font has it.
    Missing,
}

/// Cleans a text; `glyph` says which characters can be drawn.
pub(crate) fn clean(text: &str, mut glyph: impl FnMut(char) -> Glyph) -> Cleaned {
    let mut cleaned = Cleaned { text: String::new(), words: Vec::new(), missing: 0, cut: false };
    let mut left = MOST_CHARACTERS;
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(parts);
        let space = &rest[..rest.len() - trimmed.len()];
        if trimmed.is_empty() {
            break;
        }
        if left == 0 {
            cleaned.cut = true;
            break;
        }
        let end = trimmed.find(parts).unwrap_or(trimmed.len());
        let (word, after) = trimmed.split_at(end);
        rest = after;
        let shown = clean_word(word, &mut left, &mut glyph, &mut cleaned.missing);
        let shown = orion_segment::bind(&shown).unwrap_or(shown);
        cleaned.cut |= left == 0 && !rest.trim_matches(parts).is_empty();
        if !cleaned.text.is_empty() && !shown.is_empty() {
            let before = cleaned.words.last().map_or("", |before| &cleaned.text[before.clone()]);
            let glued = space.chars().all(is_glue) && !space.is_empty() || holds(before, &shown);
            let joint = !space.is_empty() && space.chars().all(|part| part == '\u{200B}');
            cleaned.text.push(if joint {
                '\u{200B}'
            } else if glued {
                '\u{A0}'
            } else {
                ' '
            });
        }
        let start = cleaned.text.len();
        cleaned.text.push_str(&shown);
        cleaned.words.push(start..cleaned.text.len());
    }
    lead(&mut cleaned);
    cleaned
}

/// Puts a mark of direction before a text whose first word is of the other direction than most: a brand name at the
/// beginning does not turn an Arabic sentence round. A text that begins from the right keeps to it among up to twice
/// as many foreign words.
fn lead(cleaned: &mut Cleaned) {
    let letter = |word: &Range<usize>| cleaned.text[word.clone()].chars().find(|character| character.is_alphabetic());
    let (mut first, mut right, mut left) = (None, 0_usize, 0_usize);
    for letter in cleaned.words.iter().filter_map(letter) {
        let to_left = is_right_to_left(letter);
        first.get_or_insert(to_left);
        if to_left { right += 1 } else { left += 1 }
    }
    let mark = match first {
        Some(false) if right > left => '\u{200F}',
        Some(true) if left > 2 * right => '\u{200E}',
        _ => return,
    };
    cleaned.text.insert(0, mark);
    for word in &mut cleaned.words {
        *word = word.start + mark.len_utf8()..word.end + mark.len_utf8();
    }
}

/// Letters of scripts that run from right to left: the blocks that Unicode keeps for them.
pub(crate) fn is_right_to_left(letter: char) -> bool {
    matches!(u32::from(letter), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF)
}

/// Whether two words belong on one line: a number with its unit, a title with its name.
fn holds(before: &str, after: &str) -> bool {
    const TITLES: [&str; 14] =
        ["mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "fig", "hr", "fr", "sr", "sra", "mme"];
    const UNITS: [&str; 70] = [
        "%",
        "°",
        "°c",
        "°f",
        "km",
        "m",
        "cm",
        "mm",
        "mi",
        "ft",
        "kg",
        "g",
        "mg",
        "t",
        "lb",
        "oz",
        "l",
        "ml",
        "km/h",
        "mph",
        "m/s",
        "kb",
        "mb",
        "gb",
        "tb",
        "hz",
        "khz",
        "mhz",
        "ghz",
        "w",
        "kw",
        "mw",
        "gw",
        "kwh",
        "mwh",
        "gwh",
        "v",
        "px",
        "k",
        "bn",
        "tn",
        "am",
        "pm",
        "a.m",
        "p.m",
        "uhr",
        "mio",
        "mrd",
        "thousand",
        "million",
        "billion",
        "trillion",
        "millionen",
        "milliarden",
        "millions",
        "milliards",
        "millones",
        "percent",
        "prozent",
        "€",
        "$",
        "£",
        "¥",
        "₽",
        "usd",
        "eur",
        "тыс",
        "млн",
        "млрд",
        "км",
    ];
    let bare = |word: &str| {
        let word = word.trim_end_matches(|last: char| !last.is_alphanumeric() && !"%°€$£¥₽".contains(last));
        word.replace(['\u{2060}', '\u{200B}'], "").to_lowercase()
    };
    let title = before.ends_with('.') && TITLES.contains(&bare(before).as_str());
    let number = before.ends_with(|last: char| last.is_ascii_digit())
        && before.chars().all(|part| part.is_ascii_digit() || ".,'’+-\u{2011}−–±~≈<>($€£¥/\u{2060}".contains(part));
    title && after.starts_with(char::is_uppercase) || number && UNITS.contains(&bare(after).as_str())
}

/// What stands between words.
pub(crate) fn parts(character: char) -> bool {
    character.is_whitespace() || character == '\u{200B}'
}

/// The words of a text in the order of their numbers: [`Word::index`](crate::Word::index).
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(parts).filter(|word| !word.is_empty())
}

/// White space that holds its neighbours on one line.
fn is_glue(character: char) -> bool {
    matches!(character, '\u{A0}' | '\u{202F}')
}

/// Characters that shape others and are never seen themselves.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{61C}' | '\u{34F}')
}

/// Characters that are left out: controls, overrides of direction, tags, private use, noncharacters.
pub(crate) fn is_dropped(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{200B}' | '\u{2028}'..='\u{202E}' | '\u{2061}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
        || (u32::from(character) & 0xFFFE) == 0xFFFE
}

fn clean_word(word: &str, left: &mut usize, glyph: &mut impl FnMut(char) -> Glyph, missing: &mut usize) -> String {
    let whole = word.chars().take(WHOLE_WORD + 1).count() <= WHOLE_WORD;
    let mut shown = String::with_capacity(word.len());
    let mut marks = 0;
    let mut unreadable = false;
    for character in word.chars() {
        if *left == 0 {
            break;
        }
        *left -= 1;
        if is_dropped(character) {
            continue;
        }
        marks = if is_combining_mark(character) { marks + 1 } else { 0 };
        if marks > MOST_MARKS {
            continue;
        }
        if is_joiner(character) {
            // A joiner behind nothing would stand for itself.
            if !shown.is_empty() {
                shown.push(character);
            }
        } else if glyph(character) == Glyph::Present {
            push(&mut shown, character, whole);
            unreadable = false;
        } else {
            let plain: String = character.nfkc().filter(|part| *part != character).collect();
            if !plain.is_empty() && plain.chars().all(|part| glyph(part) == Glyph::Present) {
                plain.chars().for_each(|part| push(&mut shown, part, whole));
                continue;
            }
            *missing += 1;
            // One ellipsis for a run of letters that cannot be shown; pictures and signs just go.
            if character.is_alphanumeric() && !unreadable {
                shown.push('…');
                unreadable = true;
            }
        }
    }
    while shown.chars().next_back().is_some_and(|last| is_joiner(last) && !matches!(last, '\u{FE0F}' | '\u{200E}')) {
        shown.pop();
    }
    if shown.chars().all(is_joiner) { String::new() } else { shown }
}

fn push(shown: &mut String, character: char, whole: bool) {
    match character {
        // Korean is set like Latin: lines break between its words (UAX #14, section 8.2).
        '\u{AC00}'..='\u{D7A3}' if whole && shown.ends_with(is_hangul) => shown.extend(['\u{2060}', character]),
        '-' | '\u{2010}' if whole => shown.push('\u{2011}'),
        '/' if whole => shown.push_str("/\u{2060}"),
        '.' | '_' | '?' | '&' | '=' | '@' if !whole => {
            shown.push(character);
            shown.push('\u{200B}');
        }
        _ => shown.push(character),
    }
}

fn is_hangul(character: char) -> bool {
    matches!(character, '\u{AC00}'..='\u{D7A3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii(character: char) -> Glyph {
        if character.is_ascii() || character == '…' { Glyph::Present } else { Glyph::Missing }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let cleaned = clean(text, ascii);
        assert_eq!(cleaned.text, expected);
        assert_eq!(cleaned.words.len(), text.split_whitespace().count().min(cleaned.words.len()));
        assert!(cleaned.words.iter().all(|word| cleaned.text.is_char_boundary(word.start)));
    }

    #[test]
    fn white_space_becomes_one_space_and_glue_stays_glue() {
        check("  one\n\t two\u{A0}three ", "one two\u{A0}three");
    }

    #[test]
    fn controls_and_overrides_go() {
        check("a\0b\u{202E}c\u{7}d\u{FEFF}", "abcd");
    }

    #[test]
    fn what_no_font_has_is_folded_left_out_or_an_ellipsis() {
        check("𝐁𝐨𝐥𝐝 🚀 中文字", "Bold …");
        assert_eq!(clean("𝐁 🚀 中文字", ascii).missing, 4);
        assert_eq!(clean("a 🚀 b", ascii).words, [0..1, 1..1, 2..3]);
    }

    #[test]
    fn short_words_are_held_together_and_monsters_may_break() {
        check("B-tree and/or", "B\u{2011}tree and/\u{2060}or");
        check("https://example.com/a_b?c=d&e", "https://example.\u{200B}com/a_\u{200B}b?\u{200B}c=\u{200B}d&\u{200B}e");
    }

    #[test]
    fn a_flood_of_marks_is_cut_to_three() {
        let any = |_| Glyph::Present;
        let flood = format!("a{}", "\u{301}".repeat(50));
        assert_eq!(clean(&flood, any).text.chars().count(), 4);
    }

    #[test]
    fn a_number_keeps_its_unit_and_a_title_its_name() {
        check("about 5 km, or 3.2 million miles", "about 5\u{A0}km, or 3.2\u{A0}million miles");
        check("100 km/h", "100\u{A0}km/\u{2060}h");
        check("Dr. Who met no. one", "Dr.\u{A0}Who met no. one");
        check("in 2026 Google", "in 2026 Google");
    }

    #[test]
    fn the_direction_is_that_of_most_letters() {
        let any = |_| Glyph::Present;
        assert!(clean("OpenAI تعلن عن نموذج جديد", any).text.starts_with('\u{200F}'));
        assert!(clean("שלום is the word for peace", any).text.starts_with('\u{200E}'));
        let turned = clean("GPT שלום עולם", any);
        let words: Vec<&str> = turned.words.iter().map(|word| &turned.text[word.clone()]).collect();
        assert_eq!(words, ["GPT", "שלום", "עולם"]);
        for plain in ["مرحبا GPT", "plain", "2026"] {
            assert_eq!(clean(plain, any).text, plain);
        }
    }

    #[test]
    fn words_without_spaces_may_break_where_the_dictionary_says() {
        let cleaned = clean("รัฐบาลประกาศ AI", |_| Glyph::Present);
        assert_eq!(cleaned.text, "รัฐบาล\u{200B}ประกาศ AI");
        assert_eq!(cleaned.words.len(), 2);
    }

    #[test]
    fn very_long_text_is_cut() {
        let cleaned = clean(&"word ".repeat(1000), ascii);
        assert!(cleaned.cut && cleaned.text.len() <= 2 * MOST_CHARACTERS);
    }
}
