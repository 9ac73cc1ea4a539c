//! The phrases of Chinese and Japanese: a word of the dictionary with what clings to it (particles, endings, marks, the
//! unit of a number), as typesetters keep them together in headlines.

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use std::sync::OnceLock;

/// Most characters of a phrase that words are added to.
const MOST: usize = 10;

/// Chinese particles, which belong to what is before them.
const PARTICLES: &str = "的了着过们吗呢吧啊地得";
/// Units and what else stands behind a number.
const UNITS: &str = "年月日号號元円圆圓人个個名次位倍岁歳点點时時分秒度米吨%％";
/// Numbers in characters.
const NUMBERS: &str = "零〇一二三四五六七八九十百千万萬亿億兆两兩";

fn is_han(character: char) -> bool {
    matches!(u32::from(character), 0x3005 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_kana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}')
}

fn is_hiragana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{309F}')
}

fn is_number(character: char) -> bool {
    character.is_ascii_digit() || NUMBERS.contains(character)
}

/// Whether a mark opens: it belongs to what follows.
fn opens(character: char) -> bool {
    "「『（〈《【［｛〔“‘([{".contains(character)
}

/// Every place within a text that has a Chinese or Japanese character on one side at least and none but letters or digits on
/// either: elsewhere the rules for marks decide.
pub(crate) fn breaks(text: &str) -> impl Iterator<Item = usize> {
    let ours = |character: char| is_han(character) || is_kana(character);
    text.char_indices().zip(text.chars().skip(1)).filter_map(move |((at, before), after)| {
        let word = |character: char| ours(character) || character.is_alphanumeric() || "%％".contains(character);
        let apart = word(before) && word(after) && (ours(before) || ours(after));
        apart.then_some(at + before.len_utf8())
    })
}

/// Where phrases end and others begin; `None` for a text that has no Chinese or Japanese.
pub(crate) fn borders(text: &str) -> Option<Vec<usize>> {
    static SEGMENTER: OnceLock<WordSegmenterBorrowed<'static>> = OnceLock::new();
    if !text.contains(|character| is_han(character) || is_kana(character)) {
        return None;
    }
    let segmenter = SEGMENTER.get_or_init(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));
    let japanese = text.contains(is_kana);
    let ends: Vec<usize> = segmenter.segment_str(text).collect();
    let mut borders: Vec<usize> = Vec::new();
    let mut length = 0;
    for pair in ends.windows(2) {
        let (start, word) = (pair[0], &text[pair[0]..pair[1]]);
        let count = word.chars().count();
        let phrase = &text[borders.last().copied().unwrap_or(0)..start];
        if start == 0 || belongs(phrase, word, &text[pair[1]..], japanese) && (length + count <= MOST || !is_word(word))
        {
            length += count;
        } else {
            borders.push(start);
            length = count;
        }
    }
    Some(borders)
}

fn is_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
}

/// Whether a word belongs to the phrase before it.
fn belongs(phrase: &str, word: &str, rest: &str, japanese: bool) -> bool {
    let (Some(last), Some(first)) = (phrase.chars().next_back(), word.chars().next()) else { return true };
    if opens(last) {
        return true;
    }
    if opens(first) {
        return false;
    }
    // Marks, small kana, marks of length and repetition.
    if !first.is_alphanumeric() || "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ゝゞ".contains(first)
    {
        return true;
    }
    if !last.is_alphanumeric() && !"%％".contains(last) {
        return false;
    }
    // A polite prefix belongs to what follows.
    let prefix = |text: &str| matches!(text, "お" | "ご" | "御");
    let polite = word.starts_with(['お', 'ご', '御'])
        && word[first.len_utf8()..].chars().chain(rest.chars()).next().is_some_and(is_han);
    if polite {
        return false;
    }
    let single = word.chars().count() == 1;
    let counted = is_number(last) && (is_number(first) || UNITS.contains(first));
    let share = phrase.ends_with("分之") || last == '分' && word == "之";
    let prefixed = prefix(phrase) || phrase.ends_with('第') && is_number(first);
    // In Japanese a single character behind others is an ending of theirs.
    let ending = japanese && single && is_han(first) && is_han(last);
    is_hiragana(first) || ending || single && PARTICLES.contains(first) || counted || share || prefixed
}
