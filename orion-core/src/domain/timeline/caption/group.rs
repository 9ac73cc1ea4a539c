//! Words into cues: short enough to read at a glance, broken where the sentence breathes.

use super::super::{Cue, TimedWord};
use super::{JOINT, is_unspaced, joined, width};
use crate::MediaTime;
use unicode_segmentation::UnicodeSegmentation;

/// Most words of a cue.
const MOST_WORDS: usize = 4;
/// Most columns of a cue; a single word may be wider.
const MOST_COLUMNS: usize = 22;
/// Columns of one piece of a word written without spaces.
const PIECE_COLUMNS: usize = 16;
/// Columns from which a word of any other script is parted: it would not fit into two lines of small type.
const MOST_PIECE: usize = 40;
/// A word in more pieces than this is cut where their time is shorter than this each.
const MOST_PIECES: i64 = 64;
const SHORTEST_PIECE: MediaTime = MediaTime::from_millis(100);
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
    group_lines(std::iter::once(words))
}

/// The cues of several lines, none of which has words of two: not every script marks where a sentence ends.
fn group_lines<'a>(lines: impl Iterator<Item = &'a [TimedWord]>) -> Vec<Cue> {
    let (mut cues, mut earliest) = (Vec::new(), MediaTime::ZERO);
    for line in lines {
        let parted: Vec<TimedWord> = in_order(line, earliest).into_iter().flat_map(pieces).collect();
        let words = in_order(&parted, earliest);
        let mut begin = 0;
        for index in 0..words.len() {
            let last = index + 1 == words.len();
            if last || ends_sentence(&words[index].text) || words[index + 1].start - words[index].end >= LONG_PAUSE {
                phrase(&words[begin..=index], &mut cues);
                begin = index + 1;
            }
        }
        earliest = words.last().map_or(earliest, |word| word.end);
    }
    close_gaps(&mut cues);
    cues
}

/// As [`group`], for the lines of a video of some length: no cue has words of two lines, and nothing is shown behind the
/// end.
pub fn within(lines: &[Vec<TimedWord>], end: MediaTime) -> Vec<Cue> {
    let mut cues = group_lines(lines.iter().map(Vec::as_slice));
    cues.retain(|cue| cue.start < end);
    if let Some(last) = cues.last_mut() {
        last.end = last.end.min(end);
        last.words.retain(|word| word.start < end);
        for word in &mut last.words {
            word.end = word.end.min(end);
        }
    }
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
    in_order(&times.by_ref().collect::<Vec<_>>(), MediaTime::ZERO)
}

/// Words with something to show, each with a length and none before the end of the one before it, or before `first`.
fn in_order(words: &[TimedWord], first: MediaTime) -> Vec<TimedWord> {
    let mut ordered: Vec<TimedWord> = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let text: String = word.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Marks that turn the direction of what follows would reach over the word's end.
        let text: String = text.chars().filter(|character| !character.is_control() && !turns(*character)).collect();
        if text.trim_matches(JOINT).is_empty() {
            continue;
        }
        let earliest = ordered.last().map_or(first, |before| before.end);
        let start = word.start.max(earliest);
        let next = words.get(index + 1).map_or(word.end, |next| next.start.max(start));
        let end = word.end.min(next.max(start)).max(start + SHORTEST_WORD);
        ordered.push(TimedWord { text, start, end });
    }
    ordered
}

/// Embeddings, overrides and isolates of direction (UAX #9), and the byte order mark.
fn turns(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A word that is too long for a cue in pieces, timed in proportion; any other word as it is.
///
/// Words whose own parts are marked by [`JOINT`] come apart there. Chinese and Japanese are parted behind their
/// punctuation, then evenly; monsters of other scripts between letters. A piece whose next one belongs to the same
/// word ends in a joint.
fn pieces(word: TimedWord) -> Vec<TimedWord> {
    let columns = width(&word.text);
    let unspaced = word.text.chars().any(is_unspaced);
    let texts = if unspaced && word.text.trim_end_matches(JOINT).contains(JOINT) {
        let wide = |text: &str| TimedWord { text: text.to_owned(), ..word };
        let part = |text| if width(text) > MOST_COLUMNS { parted(&wide(text), true) } else { vec![text.to_owned()] };
        word.text.split_inclusive(JOINT).flat_map(part).collect()
    } else if columns <= if unspaced { PIECE_COLUMNS } else { MOST_PIECE } {
        return vec![word];
    } else {
        parted(&word, unspaced)
    };
    let length = (word.end - word.start).0;
    let columns: usize = texts.iter().map(|text| width(text)).sum();
    let (count, mut before) = (texts.len(), 0_i64);
    let mut parts = Vec::with_capacity(count);
    for (index, mut text) in texts.into_iter().enumerate() {
        let after = before + width(&text) as i64;
        let at = |part: i64| word.start + MediaTime(length * part / columns.max(1) as i64);
        if index + 1 < count && !text.ends_with(JOINT) {
            text.push(JOINT);
        }
        parts.push(TimedWord { text, start: at(before), end: at(after) });
        before = after;
    }
    parts
}

/// The texts of the pieces of a long word.
fn parted(word: &TimedWord, unspaced: bool) -> Vec<String> {
    let most = if unspaced { PIECE_COLUMNS } else { MOST_COLUMNS - 2 };
    // The least that may not be parted: a letter with the marks that cling to it, and no opening mark at an end.
    let mut atoms: Vec<String> = Vec::new();
    let segments: Vec<&str> =
        if unspaced { word.text.split_word_bounds().collect() } else { word.text.graphemes(true).collect() };
    for segment in segments {
        let clings = segment.chars().next().is_some_and(|first| clings(first) || unspaced && !first.is_alphanumeric());
        match atoms.last_mut() {
            Some(atom) if clings && !opens(segment) || opens(atom) || leads(atom) => atom.push_str(segment),
            _ => atoms.push(segment.to_owned()),
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for clause in atoms.split_inclusive(|atom| ends_clause(atom) || ends_sentence(atom)) {
        let columns: usize = clause.iter().map(|atom| width(atom)).sum();
        let target = columns.div_ceil(columns.div_ceil(most).max(1));
        let mut text = String::new();
        for atom in clause {
            if !text.is_empty() && width(&text) + width(atom) > target {
                texts.push(std::mem::take(&mut text));
            }
            text.push_str(atom);
        }
        texts.push(text);
    }
    // A flood is cut to the pieces that can be seen in its time.
    let room = ((word.end - word.start).0 / SHORTEST_PIECE.0).max(MOST_PIECES) as usize;
    if texts.len() > room {
        texts.truncate(room);
        if let Some(last) = texts.last_mut() {
            last.push('…');
        }
    }
    texts
}

/// Whether a character never begins a piece: small kana, marks of length and repetition, vowels and tones that are
/// written behind or around their consonant.
fn clings(character: char) -> bool {
    matches!(character,
        'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ゎ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ'
        | 'ョ' | 'ヮ' | 'ー' | '々' | 'ゝ' | 'ゞ' | '\u{E2F}'..='\u{E3A}' | '\u{E45}'..='\u{E4E}' | '\u{EB0}'..='\u{EBD}'
        | '\u{EC6}'..='\u{ECE}')
}

/// Whether a text ends in a mark that opens.
fn opens(text: &str) -> bool {
    text.ends_with(['「', '『', '（', '〈', '《', '【', '(', '[', '“', '‘'])
}

/// Whether a text ends in a vowel that is written before its consonant: Thai and Lao.
fn leads(text: &str) -> bool {
    text.ends_with(|last: char| matches!(last, '\u{E40}'..='\u{E44}' | '\u{EC0}'..='\u{EC4}'))
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
        } else if width(&word.text) <= 3
            || word.text.ends_with(|last: char| last.is_ascii_digit())
            || is_title(&word.text)
        {
            // "of", "the", "to", a number before its unit, "Prof.": they belong to what follows.
            cost += 60;
        }
    }
    Some(cost)
}

/// Whether a word ends a sentence.
fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches([JOINT, '"', '\'', '”', '’', '»', ')', ']', '」', '』']);
    bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '။', '។']) && !is_title(bare)
}

/// Whether a word is short for a title or a like one, which a name follows.
fn is_title(word: &str) -> bool {
    let short = ["mr.", "mrs.", "ms.", "dr.", "st.", "vs.", "no.", "prof.", "nr.", "sr.", "sra.", "mme."];
    short.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a word ends a clause.
fn ends_clause(word: &str) -> bool {
    word.trim_end_matches([JOINT, '"', '\'', '”', '’', '»', ')', ']', '」', '』', '）'])
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
