//! Where lines break: greedy at the widest, then narrowed while that balances them better.

use crate::clean::Cleaned;
use crate::fallback::script;
use crate::font::Shaper;
use crate::layout::TextStyle;
use cosmic_text::{Buffer, LayoutLine, Metrics, Wrap};
use unicode_script::Script;
use unicode_segmentation::UnicodeSegmentation;

/// A paragraph broken into lines.
pub(crate) struct Broken {
    pub(crate) lines: Vec<LayoutLine>,
    pub(crate) cleaned: Cleaned,
    pub(crate) truncated: bool,
    pub(crate) broken: bool,
    pub(crate) right_to_left: bool,
}

/// What is seen of a line, without the spaces at its ends.
pub(crate) fn extent(line: &LayoutLine) -> (f32, f32) {
    let seen = |glyph: &&cosmic_text::LayoutGlyph| glyph.w > 0.0 && glyph.metadata != SPACE;
    let left = line.glyphs.iter().filter(seen).map(|glyph| glyph.x).fold(f32::INFINITY, f32::min);
    let right = line.glyphs.iter().filter(seen).map(|glyph| glyph.x + glyph.w).fold(f32::NEG_INFINITY, f32::max);
    if left <= right { (left, right) } else { (0.0, 0.0) }
}

/// Marks the glyphs of spaces.
const SPACE: usize = usize::MAX;
/// No paragraph is tried at more widths than this.
const MOST_TRIES: usize = 32;

/// A shaped paragraph that can be broken at any size and width.
struct Paragraph<'a> {
    shaper: &'a mut Shaper,
    buffer: Buffer,
    text: String,
}

impl<'a> Paragraph<'a> {
    fn new(shaper: &'a mut Shaper, text: &str, style: TextStyle) -> Self {
        let buffer = shaper.shape(text, style.weight, style.letter_spacing);
        Self { shaper, buffer, text: text.to_owned() }
    }

    fn lines(&mut self, size: f32, width: f32, wrap: Wrap) -> Vec<LayoutLine> {
        self.buffer.set_wrap(wrap);
        self.buffer.set_metrics_and_size(Metrics::new(size, size), width.is_finite().then_some(width), None);
        if let Some(line) = self.buffer.lines.first_mut() {
            line.reset_layout();
        }
        let lines = self.buffer.line_layout(&mut self.shaper.fonts, 0).unwrap_or_default();
        let mut lines: Vec<LayoutLine> = lines.iter().filter(|line| !line.glyphs.is_empty()).cloned().collect();
        for glyph in lines.iter_mut().flat_map(|line| &mut line.glyphs) {
            let space = self.text.get(glyph.start..glyph.end).is_some_and(|part| part.trim().is_empty());
            glyph.metadata = if space { SPACE } else { 0 };
        }
        lines.retain(|line| line.glyphs.iter().any(|glyph| glyph.metadata != SPACE));
        lines
    }

    fn balanced(&mut self, size: f32, width: f32, wrap: Wrap) -> Vec<LayoutLine> {
        let greedy = self.lines(size, width, wrap);
        if greedy.len() < 2 || widest(&greedy) > width + 0.5 {
            return greedy;
        }
        let count = greedy.len();
        let mut best = (unevenness(&greedy), greedy.clone());
        let mut narrower = widest(&greedy) - 0.5;
        for _ in 0..MOST_TRIES {
            let lines = self.lines(size, narrower, wrap);
            let reached = widest(&lines);
            if lines.len() != count || reached > narrower + 0.5 || reached <= 1.0 {
                break;
            }
            let score = unevenness(&lines);
            if score < best.0 {
                best = (score, lines);
            }
            narrower = reached - 0.5;
        }
        best.1
    }

    /// A slightly smaller size is taken when its lines are much more even.
    fn best_below(
        &mut self,
        largest: f32,
        smallest: f32,
        width: f32,
        lines_at: impl Fn(f32) -> usize,
    ) -> (f32, Vec<LayoutLine>) {
        let mut best = (f32::INFINITY, largest, Vec::new());
        for step in 0..8 {
            let size = largest * (1.0 - 0.03 * step as f32);
            if size < smallest && step > 0 {
                break;
            }
            let lines = self.balanced(size, width, Wrap::Word);
            let fits = lines.len() <= lines_at(size) && widest(&lines) <= width + 0.5;
            let score = unevenness(&lines) + 0.12 * lines.len() as f32 + 1.2 * (1.0 - size / largest);
            if step == 0 || fits && score < best.0 {
                best = (score, size, lines);
            }
            if best.2.len() < 2 {
                break;
            }
        }
        (best.1, best.2)
    }
}

fn widest(lines: &[LayoutLine]) -> f32 {
    lines.iter().map(extent).map(|(left, right)| right - left).fold(0.0, f32::max)
}

/// How ragged lines are: the squared gaps, and much for a last line that holds next to nothing.
fn unevenness(lines: &[LayoutLine]) -> f32 {
    let widest = widest(lines).max(1.0);
    let length = |line: &LayoutLine| {
        let (left, right) = extent(line);
        (right - left) / widest
    };
    let gaps: f32 = lines.iter().map(|line| (1.0 - length(line)).powi(2)).sum();
    let alone = |line: &LayoutLine| !line.glyphs.iter().any(|glyph| glyph.metadata == SPACE && inner(line, glyph));
    let orphan = lines.last().is_some_and(|line| length(line) < 0.33 || alone(line) && length(line) < 0.5);
    let lonely = lines.iter().filter(|line| alone(line) && length(line) < 0.6).count() as f32;
    gaps + 0.15 * lonely + if orphan { 1.0 } else { 0.0 }
}

/// Whether a space stands between what is seen, not at an end of the line.
fn inner(line: &LayoutLine, space: &cosmic_text::LayoutGlyph) -> bool {
    let (left, right) = extent(line);
    space.x > left && space.x < right - 0.01
}

/// Chinese and Japanese that may break within their phrases: another mark of the same length stands for what held them
/// together, so that words are where they were. `None` for a text without any.
fn loosened(text: &str) -> Option<String> {
    let ours = |letter: Option<char>| {
        let script = letter.map(script);
        matches!(script, Some(Script::Han | Script::Hiragana | Script::Katakana))
    };
    let mut loose = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let held = letter == '\u{2060}' && (ours(loose.chars().next_back()) || ours(letters.peek().copied()));
        loose.push(if held { '\u{200C}' } else { letter });
    }
    (loose != text).then_some(loose)
}

/// Breaks a text between words, else within phrases, else between letters, which is told.
fn broken(shaper: &mut Shaper, text: &mut String, style: TextStyle, width: f32) -> (Vec<LayoutLine>, bool) {
    let fits = |lines: &[LayoutLine]| widest(lines) <= width + 0.5;
    let lines = Paragraph::new(shaper, text, style).balanced(style.size, width, Wrap::Word);
    if fits(&lines) {
        return (lines, false);
    }
    if let Some(loose) = loosened(text) {
        *text = loose;
        let lines = Paragraph::new(shaper, text, style).balanced(style.size, width, Wrap::Word);
        if fits(&lines) {
            return (lines, false);
        }
    }
    (Paragraph::new(shaper, text, style).balanced(style.size, width, Wrap::WordOrGlyph), true)
}

/// Breaks at one size.
pub(crate) fn fixed(
    shaper: &mut Shaper,
    mut cleaned: Cleaned,
    style: TextStyle,
    width: f32,
    max_lines: usize,
) -> Broken {
    let (lines, split) = broken(shaper, &mut cleaned.text, style, width);
    if lines.len() <= max_lines && !cleaned.cut {
        return finish(lines, cleaned, false, split);
    }
    cut(shaper, cleaned, style, width, max_lines)
}

/// Finds the largest size that fits and breaks at it.
pub(crate) fn fitted(
    shaper: &mut Shaper,
    cleaned: Cleaned,
    style: TextStyle,
    smallest: f32,
    (width, height): (f32, f32),
    max_lines: usize,
) -> (f32, Broken) {
    let smallest = if smallest.is_finite() { smallest.clamp(4.0, style.size) } else { 4.0 };
    let lines_at = |size: f32| max_lines.min((height / (size * style.line_height) + 0.01).floor() as usize);
    let mut paragraph = Paragraph::new(shaper, &cleaned.text, style);
    let mut fits = |size: f32| {
        let lines = paragraph.lines(size, width, Wrap::Word);
        lines.len() <= lines_at(size) && widest(&lines) <= width + 0.5
    };
    let size = if fits(style.size) {
        Some(style.size)
    } else if fits(smallest) {
        // Half a pixel is finer than anybody sees.
        let (mut low, mut high) = (smallest, style.size);
        while high - low > 0.5 {
            let middle = f32::midpoint(low, high);
            if fits(middle) { low = middle } else { high = middle }
        }
        Some(low)
    } else {
        None
    };
    match size {
        Some(size) if !cleaned.cut => {
            let (size, lines) = paragraph.best_below(size, smallest, width, lines_at);
            (size, finish(lines, cleaned, false, false))
        }
        _ => {
            let style = TextStyle { size: smallest, ..style };
            (smallest, fixed(shaper, cleaned, style, width, lines_at(smallest).max(1)))
        }
    }
}

/// Keeps as much as fits before an ellipsis: whole words, or letters of the first and of what is written without
/// spaces.
fn cut(shaper: &mut Shaper, mut cleaned: Cleaned, style: TextStyle, width: f32, max_lines: usize) -> Broken {
    let ends = ends(&cleaned);
    let shortened = |count: usize| {
        let end = count.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
        let stops = [',', ';', ':', '.', '-', '–', '—', ' ', '…', '、', '，', '。', '「', '（', '\u{200B}'];
        let kept = cleaned.text[..end].trim_end_matches(stops);
        (end, format!("{kept}…"))
    };
    let mut attempt = |text: &mut String| broken(shaper, text, style, width);
    let (mut low, mut high) = (0, ends.len());
    while low < high {
        let middle = (low + high).div_ceil(2);
        if attempt(&mut shortened(middle).1).0.len() <= max_lines { low = middle } else { high = middle - 1 }
    }
    let (end, mut text) = shortened(low);
    let (mut lines, split) = attempt(&mut text);
    lines.truncate(max_lines);
    // The ellipsis belongs to the last word that is kept; the others have nothing to show.
    let kept = cleaned.words.iter().rposition(|word| word.start < word.end && word.start < end);
    for (index, word) in cleaned.words.iter_mut().enumerate() {
        if Some(index) == kept || kept.is_none() && index == 0 {
            *word = word.start.min(text.len())..text.len();
        } else if kept.is_none_or(|kept| index > kept) {
            *word = text.len()..text.len();
        }
    }
    cleaned.text = text;
    finish(lines, cleaned, true, split)
}

/// Where a text may be cut, in order: behind every word, and behind every letter of the first word and of a word
/// that may be broken without a hyphen.
fn ends(cleaned: &Cleaned) -> Vec<usize> {
    let breakable = |character: char| {
        character == '\u{200B}' || matches!(script(character), Script::Han | Script::Hiragana | Script::Katakana)
    };
    let mut ends = Vec::new();
    let mut first = true;
    for word in cleaned.words.iter().filter(|word| word.start < word.end) {
        let text = &cleaned.text[word.clone()];
        if std::mem::take(&mut first) || text.contains(breakable) {
            let inner = text.grapheme_indices(true).map(|(start, cluster)| word.start + start + cluster.len());
            ends.extend(inner);
        } else {
            ends.push(word.end);
        }
    }
    ends
}

fn finish(lines: Vec<LayoutLine>, cleaned: Cleaned, truncated: bool, broken: bool) -> Broken {
    let right_to_left = lines.first().and_then(|line| line.glyphs.first()).is_some_and(|_| {
        let glyphs = lines.iter().flat_map(|line| &line.glyphs).filter(|glyph| glyph.metadata != SPACE);
        glyphs.min_by_key(|glyph| glyph.start).is_some_and(|glyph| glyph.level.is_rtl())
    });
    Broken { lines, cleaned, truncated, broken, right_to_left }
}
