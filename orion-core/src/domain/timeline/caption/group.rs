//! Words into cues: short enough to read at a glance, broken where the sentence breathes.

use super::super::{Cue, TimedWord};
use super::{is_unspaced, joined, width};
use crate::MediaTime;
use unicode_segmentation::UnicodeSegmentation;

/// Most words of a cue.
const MOST_WORDS: usize = 4;
/// Most columns of a cue; a single word may be wider.
const MOST_COLUMNS: usize = 22;
/// Columns of one piece of a word written without spaces.
const PIECE_COLUMNS: usize = 16;
/// A silence of this length ends a cue.
const LONG_PAUSE: MediaTime = MediaTime::from_millis(350);
/// A silence up to this length between two cues is closed: the first stays until the second comes.
const CLOSED_GAP: MediaTime = MediaTime::from_millis(500);
/// How long a cue stays after its last word when nothing follows soon.
const HOLD: MediaTime = MediaTime::from_millis(250);
/// A cue is shown at least this long, where the next one leaves room.
const SHORTEST_CUE: MediaTime = MediaTime::from_millis(500);
/// A word that came without a length gets this one.
const SHORTEST_WORD: MediaTime = MediaTime::from_millis(10);

/// Groups words into cues.
///
/// Every cue has 1 to 4 words of the input in order, ends where a sentence ends or a long pause begins, and by
/// preference where a clause ends; cues have a length and never overlap. Words without any letter are kept, empty
/// ones dropped, and times that run backwards or have no length are set right.
pub fn group(words: &[TimedWord]) -> Vec<Cue> {
    let parted: Vec<TimedWord> = in_order(words).into_iter().flat_map(pieces).collect();
    let words = in_order(&parted);
    let mut cues = Vec::new();
    let mut begin = 0;
    for index in 0..words.len() {
        let last = index + 1 == words.len();
        if last || ends_sentence(&words[index].text) || words[index + 1].start - words[index].end >= LONG_PAUSE {
            phrase(&words[begin..=index], &mut cues);
            begin = index + 1;
        }
    }
    close_gaps(&mut cues);
    cues
}

/// The words of a text with times in proportion to their letters, for sound whose words were not timed.
pub fn timed(text: &str, start: MediaTime, end: MediaTime) -> Vec<TimedWord> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let total: usize = words.iter().map(|word| width(word) + 1).sum();
    let length = (end - start).0.max(0);
    let mut before = 0;
    let mut times = words.into_iter().map(|word| {
        let at = |part: usize| start + MediaTime(length * part as i64 / total.max(1) as i64);
        let from = before;
        before += width(word) + 1;
        TimedWord { text: word.to_owned(), start: at(from), end: at(before) }
    });
    in_order(&times.by_ref().collect::<Vec<_>>())
}

/// Words with something to show, each with a length and none before the end of the one before it.
fn in_order(words: &[TimedWord]) -> Vec<TimedWord> {
    let mut ordered: Vec<TimedWord> = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let text: String = word.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().filter(|character| !character.is_control()).take(200).collect();
        if text.is_empty() {
            continue;
        }
        let earliest = ordered.last().map_or(MediaTime::ZERO, |before| before.end);
        let start = word.start.max(earliest);
        let next = words.get(index + 1).map_or(word.end, |next| next.start.max(start));
        let end = word.end.min(next.max(start)).max(start + SHORTEST_WORD);
        ordered.push(TimedWord { text, start, end });
    }
    ordered
}

/// A long word of a script without spaces in pieces, timed in proportion; any other word as it is.
fn pieces(word: TimedWord) -> Vec<TimedWord> {
    let columns = width(&word.text);
    if columns <= PIECE_COLUMNS || !word.text.chars().any(is_unspaced) {
        return vec![word];
    }
    let count = columns.div_ceil(PIECE_COLUMNS);
    let target = columns.div_ceil(count);
    let mut texts = vec![String::new()];
    for segment in word.text.split_word_bounds() {
        if let Some(text) = texts.last_mut() {
            // A piece never begins with punctuation.
            let sticks = !segment.chars().any(char::is_alphanumeric);
            if text.is_empty() || sticks || width(text) + width(segment) <= target {
                text.push_str(segment);
                continue;
            }
        }
        texts.push(segment.to_owned());
    }
    let length = (word.end - word.start).0;
    let mut before = 0_i64;
    let mut parts = Vec::with_capacity(texts.len());
    for text in texts {
        let after = before + width(&text) as i64;
        let at = |part: i64| word.start + MediaTime(length * part / columns.max(1) as i64);
        parts.push(TimedWord { text, start: at(before), end: at(after) });
        before = after;
    }
    parts
}

/// Breaks a phrase that holds no forced break into cues, at the least total cost.
fn phrase(words: &[TimedWord], cues: &mut Vec<Cue>) {
    let count = words.len();
    // best[n]: cost of the first n words, and where the last of their cues begins.
    let mut best = vec![(0_u64, 0_usize); count + 1];
    for end in 1..=count {
        best[end] = (end.saturating_sub(MOST_WORDS)..end)
            .filter_map(|begin| {
                let cost = cost(&words[begin..end], end == count)?;
                Some((best[begin].0 + cost, begin))
            })
            .min()
            .unwrap_or((best[end - 1].0, end - 1));
    }
    let mut borders = vec![count];
    while let Some(&border) = borders.last().filter(|border| **border > 0) {
        borders.push(best[border].1);
    }
    for pair in borders.windows(2).rev() {
        let words = &words[pair[1]..pair[0]];
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            cues.push(Cue { start: first.start, end: last.end, words: words.to_vec() });
        }
    }
}

/// What it costs to read these words as one cue; `None` if they do not fit.
fn cost(words: &[TimedWord], last: bool) -> Option<u64> {
    let columns = width(&joined(words));
    if words.len() > 1 && columns > MOST_COLUMNS {
        return None;
    }
    // Cues of about the same width, a little below the most, read as an even rhythm.
    let mut cost = 40 + (columns.abs_diff(16) as u64).pow(2);
    if words.len() == 1 && columns < 10 {
        cost += 120;
    }
    let inner = &words[..words.len() - 1];
    cost += inner.iter().filter(|word| ends_clause(&word.text)).count() as u64 * 150;
    if let Some(word) = words.last().filter(|_| !last) {
        if ends_clause(&word.text) {
            cost = cost.saturating_sub(40);
        } else if width(&word.text) <= 3 {
            // "of", "the", "to": they belong to what follows.
            cost += 60;
        }
    }
    Some(cost)
}

/// Whether a word ends a sentence.
fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '」', '』']);
    let abbreviation =
        matches!(bare.to_ascii_lowercase().as_str(), "mr." | "mrs." | "ms." | "dr." | "st." | "vs." | "no.");
    bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।']) && !abbreviation
}

/// Whether a word ends a clause.
fn ends_clause(word: &str) -> bool {
    word.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']'])
        .ends_with([',', ';', ':', '—', '–', '、', '，', '；', '：', '،', '؛'])
}

/// Lets every cue stay until the next one comes soon, or a little after its last word, and at least a moment.
fn close_gaps(cues: &mut [Cue]) {
    for index in 0..cues.len() {
        let next = cues.get(index + 1).map(|next| next.start);
        let cue = &mut cues[index];
        let wanted = (cue.end + HOLD).max(cue.start + SHORTEST_CUE);
        cue.end = match next {
            Some(next) if next - cue.end <= CLOSED_GAP => next,
            Some(next) => wanted.min(next),
            None => wanted,
        };
    }
}
