//! From a card to blocks: which sizes, how many lines, and where the stack stands.

use crate::background::Zone;
use crate::block::{Block, Sheet, Side, ink_height};
use crate::place::{Area, Canvas};
use crate::theme::Theme;
use orion_core::domain::Card;
use orion_draw::{Align, FontKit, Pixmap, TextLayout, TextStyle, Weight};

/// Between two stacks that stand side by side.
const GUTTER: f32 = 56.0;
/// A stack is made smaller at most this often, by a twelfth each time, and so often before its label goes.
const MOST_TRIES: usize = 20;
const FIRST_TRIES: usize = 3;

/// The type layers and where they stand.
#[derive(Debug)]
pub(crate) struct Typeset {
    /// What is there at once.
    pub(crate) pixmap: Pixmap,
    /// The parts that come in one after the other, as many as the card has steps.
    pub(crate) steps: Vec<Pixmap>,
    pub(crate) zone: Zone,
    #[cfg(test)]
    pub(crate) written: Vec<crate::block::Written>,
}

/// Measures and draws the type of a card.
#[derive(Clone)]
pub(crate) struct Setter<'a> {
    pub(crate) kit: &'a FontKit,
    theme: &'a Theme,
    size: (f32, f32),
    /// Where type may stand.
    area: Area,
    pub(crate) unit: f32,
    /// Width of the stack.
    pub(crate) width: f32,
    /// Height that the stack may have.
    pub(crate) height: f32,
    /// Where the stack may begin: below a credit.
    top: f32,
    /// Whether there is room for the label.
    labelled: bool,
}

/// Blocks from top to bottom, each with the gap above it.
type Stack = Vec<(f32, Block)>;

/// What a card is made of: what it says, and the panels that show it. On a wide canvas they stand side by side.
#[derive(Debug, Default)]
struct Parts {
    head: Stack,
    panels: Stack,
}

/// A stack with its place and size.
struct Column {
    blocks: Stack,
    x: f32,
    width: f32,
}

/// Whether a text is in a script whose letters reach above the capitals of Latin type.
fn rises(text: &str) -> bool {
    text.chars().any(|letter| letter.is_alphabetic() && !matches!(letter, '\0'..='\u{52F}' | '\u{1E00}'..='\u{1FFF}'))
}

/// The gap above words, with room for what reaches above their capitals.
fn above(text: &str, words: &Block, unit: f32, gap: f32) -> f32 {
    match words {
        Block::Words(words) if rises(text) => gap + 0.2 * words.style.size / unit,
        _ => gap,
    }
}

impl<'a> Setter<'a> {
    pub(crate) fn new(kit: &'a FontKit, theme: &'a Theme, size: (u32, u32), area: Area, credited: bool) -> Self {
        let unit = Canvas::new(size).unit();
        let top = area.top + if credited { 70.0 * unit } else { 0.0 };
        let (width, height) = (area.width(), area.bottom - top);
        let size = (size.0 as f32, size.1 as f32);
        Self { kit, theme, size, area, unit, width, height, top, labelled: true }
    }

    /// Whether there is room for two stacks side by side.
    fn wide(&self) -> bool {
        self.size.0 > 1.4 * self.size.1
    }

    /// The stacks of a card, at most two.
    fn columns(&self, card: &Card) -> Vec<Column> {
        let left = self.area.left;
        if !self.wide() {
            let parts = self.parts(card);
            let mut blocks = parts.head;
            let gap = if blocks.is_empty() { 0.0 } else { 44.0 };
            blocks.extend(
                parts.panels.into_iter().enumerate().map(
                    |(index, (own, block))| {
                        if index == 0 { (gap, block) } else { (own, block) }
                    },
                ),
            );
            return vec![Column { blocks, x: left, width: self.width }];
        }
        let (whole, gap) = (self.area.width(), GUTTER * self.unit);
        let setter = |width| Self { width, ..self.clone() };
        let side = (whole - gap) / 2.0;
        let Parts { head, panels } = setter(side).parts(card);
        // A label alone is nothing to stand beside a panel, nor is a rule beside a headline.
        let says = head.iter().any(|(_, block)| !matches!(block, Block::Pill(_)));
        let shows = panels.iter().any(|(_, block)| !matches!(block, Block::Rule));
        if !says || !shows {
            let Parts { mut head, panels } = self.parts(card);
            let gap = if head.is_empty() { 0.0 } else { 40.0 };
            let first = head.len();
            head.extend(panels);
            if let Some(panel) = head.get_mut(first) {
                panel.0 = gap;
            }
            return vec![Column { blocks: head, x: left, width: self.width }];
        }
        // What the script begins with stands where it begins.
        let mirrored = right_to_left(&head) || right_to_left(&panels);
        let (first, second) = if mirrored { (left + side + gap, left) } else { (left, left + side + gap) };
        vec![Column { blocks: head, x: first, width: side }, Column { blocks: panels, x: second, width: side }]
    }

    fn tallest(&self, columns: &[Column]) -> f32 {
        columns.iter().map(|column| self.tall(&column.blocks)).fold(0.0, f32::max)
    }

    /// Sets a card. Over a picture it stands low, so that the picture is seen above it.
    pub(crate) fn set(&self, card: &Card, credit: Option<&str>, over_picture: bool, blank: bool) -> Option<Typeset> {
        // Everything becomes smaller together until the stack has room; a label goes before all else becomes small.
        let mut setter = self.clone();
        let mut columns = setter.columns(card);
        for tried in 0..MOST_TRIES {
            if setter.tallest(&columns) <= self.height {
                break;
            }
            if tried == FIRST_TRIES {
                setter = Self { labelled: false, ..self.clone() };
            } else {
                setter.unit *= 0.92;
            }
            columns = setter.columns(card);
        }
        let (unit, tall) = (setter.unit, setter.tallest(&columns));
        let slack = (self.height - tall).max(0.0);
        let start = self.top + slack * if over_picture { 1.0 } else { 0.42 };
        let mut sheet = Sheet {
            pixmap: Pixmap::new(self.size.0 as u32, self.size.1 as u32)?,
            steps: Vec::new(),
            theme: self.theme,
            unit,
            right_to_left: columns.iter().any(|column| right_to_left(&column.blocks)),
            blank,
            #[cfg(test)]
            written: Vec::new(),
        };
        for column in &columns {
            // The shorter of two stacks stands in the middle of the other.
            let mut y = start + (tall - setter.tall(&column.blocks)) / 2.0;
            for (gap, block) in &column.blocks {
                y += gap * unit;
                sheet.draw(block, column.x, y, column.width);
                y += block.height(unit);
            }
        }
        if let Some(credit) = credit {
            let style = TextStyle::new(Weight::Medium, 26.0 * self.unit);
            let words = self.kit.layout(credit, style, self.width - 40.0 * self.unit, 1);
            if !words.is_empty() {
                sheet.credit(&words, self.area.left, self.area.top, self.width);
            }
        }
        let right = columns.iter().map(|column| column.x + column.width).fold(0.0, f32::max);
        let zone = Zone {
            left: self.area.left / self.size.0,
            top: start / self.size.1,
            right: right / self.size.0,
            bottom: ((start + tall) / self.size.1).max(start / self.size.1),
        };
        Some(Typeset {
            pixmap: sheet.pixmap,
            steps: sheet.steps,
            zone,
            #[cfg(test)]
            written: sheet.written,
        })
    }

    pub(crate) fn style(&self, weight: Weight, size: f32) -> TextStyle {
        TextStyle::new(weight, size * self.unit).align(Align::Start)
    }

    /// One line, smaller if it must be, cut if even that is too long.
    pub(crate) fn line(&self, text: &str, weight: Weight, size: f32, smallest: f32, width: f32) -> TextLayout {
        self.kit.fit(text, self.style(weight, size), smallest * self.unit, (width, f32::MAX), 1)
    }

    fn pill(&self, label: &str) -> Vec<(f32, Block)> {
        if label.trim().is_empty() || !self.labelled {
            return Vec::new();
        }
        // Scripts without capitals have smaller letters.
        let style = match rises(label) {
            true => self.style(Weight::Bold, 38.0),
            false => self.style(Weight::Bold, 33.0).letter_spacing(0.08),
        };
        let label = orion_core::text::capitals(label);
        let words = self.kit.fit(
            &label,
            style.align(Align::Left),
            18.0 * self.unit,
            (self.width - 60.0 * self.unit, f32::MAX),
            1,
        );
        if words.is_empty() { Vec::new() } else { vec![(0.0, Block::Pill(words))] }
    }

    /// The largest size of words that have the whole width: on a wide canvas there is more of it.
    pub(crate) fn alone(&self, largest: f32) -> f32 {
        if self.width > 1300.0 * self.unit { 1.25 * largest } else { largest }
    }

    /// A headline in the room that other blocks leave.
    fn headline(&self, text: &str, largest: f32, lines: usize, others: f32) -> Option<Block> {
        // What there is no room for makes everything smaller: a headline is never less than what it stands over.
        let room = (self.height - others).max(84.0 * self.unit);
        let style = self.style(Weight::Black, largest);
        let words = self.kit.fit(text, style, 30.0 * self.unit, (self.width, room), lines);
        (!words.is_empty()).then_some(Block::Words(words))
    }

    fn tall(&self, blocks: &[(f32, Block)]) -> f32 {
        blocks.iter().map(|(gap, block)| gap * self.unit + block.height(self.unit)).sum()
    }

    fn parts(&self, card: &Card) -> Parts {
        match card {
            Card::Headline { label, headline } => {
                let mut head = self.pill(label);
                let largest = if headline.split_whitespace().count() <= 6 { 160.0 } else { 136.0 };
                let words = self.headline(headline, self.alone(largest), 9, self.tall(&head) + 110.0 * self.unit);
                head.extend(words.map(|words| (above(headline, &words, self.unit, 42.0), words)));
                head.push((30.0, Block::Rule));
                Parts { head, panels: Vec::new() }
            }
            Card::Number { label, headline, value, caption } => {
                self.with_headline(label, headline, 104.0, self.number(value, caption))
            }
            Card::Quote { quote, attribution } => Parts { head: self.quote(quote, attribution), panels: Vec::new() },
            Card::List { label, headline, items } => self.with_headline(label, headline, 100.0, self.points(items)),
            Card::Comparison { label, headline, left, right } => {
                self.with_headline(label, headline, 104.0, vec![(0.0, self.versus(left, right))])
            }
            Card::Closing { headline, credits } => {
                self.with_headline("", headline, self.alone(150.0), self.credits(credits))
            }
            Card::Statement { words, marked } => Parts { head: Vec::new(), panels: self.statement(words, marked) },
            Card::Chart { label, headline, bars } => self.with_headline(label, headline, 92.0, self.bars(bars)),
            Card::Timeline { label, headline, moments } => {
                self.with_headline(label, headline, 92.0, self.moments(moments))
            }
            Card::Change { label, headline, before, after } => {
                self.with_headline(label, headline, 100.0, self.change(before, after))
            }
            Card::Place { label, name, region, headline } => {
                self.with_headline(label, headline, 116.0, self.place(name, region))
            }
        }
    }

    fn with_headline(&self, label: &str, headline: &str, largest: f32, panels: Stack) -> Parts {
        let mut head = self.pill(label);
        // Beside a panel a headline has the height for itself.
        let beside = if self.wide() { 0.0 } else { self.tall(&panels) };
        let others = self.tall(&head) + beside + 100.0 * self.unit;
        let lines = if self.wide() { 5 } else { 4 };
        if let Some(words) = self.headline(headline, largest, lines, others) {
            let gap = if head.is_empty() { 0.0 } else { above(headline, &words, self.unit, 40.0) };
            head.push((gap, words));
        }
        Parts { head, panels }
    }

    fn number(&self, value: &str, caption: &str) -> Vec<(f32, Block)> {
        let inner = self.width - 96.0 * self.unit;
        let tallest = if self.wide() { 0.5 } else { 0.34 };
        let most = (self.height * tallest).min(310.0 * self.unit) / self.unit;
        let (lead, figure) = figure(value);
        let lead = self.line(lead, Weight::Bold, 60.0, 32.0, inner);
        let value = self.line(figure, Weight::Black, most, 48.0, inner);
        let caption =
            self.kit.fit(caption, self.style(Weight::Bold, 54.0), 28.0 * self.unit, (inner, 200.0 * self.unit), 3);
        vec![(0.0, Block::Number { lead, value, caption, share: share(figure) })]
    }

    fn quote(&self, quote: &str, attribution: &str) -> Vec<(f32, Block)> {
        let mark = self.kit.layout("\u{201C}", self.style(Weight::Black, 250.0).align(Align::Left), self.width, 1);
        // The mark hangs at the height of capitals: only its upper third has ink.
        let room = (self.width - 90.0 * self.unit, f32::MAX);
        let speaker = self.kit.fit(attribution, self.style(Weight::Bold, 46.0), 30.0 * self.unit, room, 2);
        let others = 230.0 * self.unit + ink_height(&speaker);
        let mut blocks = vec![(0.0, Block::Mark(mark))];
        let most = if quote.split_whitespace().count() <= 12 { 124.0 } else { 100.0 };
        if let Some(words) = self.headline(quote, self.alone(most), 8, others) {
            blocks.push((-70.0, words));
        }
        if !speaker.is_empty() {
            blocks.push((48.0, Block::Speaker(speaker)));
        }
        blocks
    }

    fn points(&self, items: &[String]) -> Vec<(f32, Block)> {
        let items: Vec<&String> = items.iter().filter(|item| !item.trim().is_empty()).take(Card::MOST_STEPS).collect();
        let squat = self.height < 700.0 * self.unit;
        let gap = if squat { 14.0 } else { 20.0 };
        let share = if self.wide() { 1.0 } else { 0.66 };
        let room = self.height * share - gap * self.unit * items.len().saturating_sub(1) as f32;
        let height = (room / items.len().max(1) as f32).min(152.0 * self.unit);
        let inner = self.width - 152.0 * self.unit;
        let padding = (30.0 * self.unit).min(0.26 * height);
        let size = items.iter().map(|item| {
            let words =
                self.kit.fit(item, self.style(Weight::Bold, 52.0), 24.0 * self.unit, (inner, height - padding), 2);
            words.style.size
        });
        // All points in one size: the one that the longest allows.
        let size = size.fold(56.0 * self.unit, f32::min) / self.unit;
        let point = |(index, item): (usize, &&String)| {
            let words = self.kit.fit(
                item,
                self.style(Weight::Bold, size),
                20.0 * self.unit,
                (inner, height - 0.8 * padding),
                2,
            );
            let number = self.kit.layout(
                &(index + 1).to_string(),
                self.style(Weight::Black, 34.0).align(Align::Left),
                f32::INFINITY,
                1,
            );
            (if index == 0 { 0.0 } else { gap }, Block::Point { number, words, height })
        };
        items.iter().enumerate().map(point).collect()
    }

    fn versus(&self, left: &(String, String), right: &(String, String)) -> Block {
        let inner = (self.width - 24.0 * self.unit) / 2.0 - 72.0 * self.unit;
        let values = [left, right].map(|(_, value)| self.line(value, Weight::Black, 150.0, 34.0, inner));
        let size = values.iter().map(|value| value.style.size).fold(f32::INFINITY, f32::min) / self.unit;
        let bars = match (magnitude(&left.1), magnitude(&right.1)) {
            (Some((one, unit)), Some((other, other_unit))) if unit == other_unit && one.max(other) > 0.0 => {
                let most = one.max(other);
                [Some(one / most), Some(other / most)]
            }
            _ => [None, None],
        };
        let side = |thing: &(String, String), share| Side {
            title: self.kit.fit(
                &thing.0,
                self.style(Weight::Bold, 42.0),
                24.0 * self.unit,
                (inner, 110.0 * self.unit),
                2,
            ),
            value: self.line(&thing.1, Weight::Black, size, 24.0, inner),
            share,
        };
        let sides = [side(left, bars[0]), side(right, bars[1])];
        let deepest = |part: fn(&Side) -> &TextLayout| {
            sides.iter().map(part).map(|words| words.last_baseline() - words.cap_top()).fold(0.0, f32::max)
        };
        let bar = if bars[0].is_some() { 66.0 } else { 0.0 };
        let height = deepest(|side| &side.title) + deepest(|side| &side.value) + (44.0 + 46.0 + 48.0 + bar) * self.unit;
        Block::Versus { sides: Box::new(sides), height }
    }

    fn credits(&self, credits: &[String]) -> Vec<(f32, Block)> {
        const MOST: usize = 6;
        let credits: Vec<&str> =
            credits.iter().map(|credit| credit.trim()).filter(|credit| !credit.is_empty()).collect();
        if credits.is_empty() {
            return vec![(0.0, Block::Rule)];
        }
        let inner = self.width - 88.0 * self.unit;
        let style = self.style(Weight::Medium, 36.0);
        let shown = if credits.len() > MOST { MOST - 1 } else { credits.len() };
        // A few credits may take two lines each; all are set in one size.
        let most_lines = if shown <= 3 { 2 } else { 1 };
        let set = |credit: &&str, style: TextStyle| {
            self.kit.fit(credit, style, 29.0 * self.unit, (inner, f32::MAX), most_lines)
        };
        let size = credits[..shown].iter().map(|credit| set(credit, style).style.size).fold(style.size, f32::min);
        let style = TextStyle { size, ..style };
        let mut lines: Vec<TextLayout> =
            credits[..shown].iter().map(|credit| set(credit, style)).filter(|line| !line.is_empty()).collect();
        if shown < credits.len() {
            lines.push(self.kit.layout(&format!("+ {}", credits.len() - shown), style, inner, 1));
        }
        vec![(0.0, Block::Credits { lines })]
    }
}

/// Whether a stack begins at the right.
fn right_to_left(blocks: &[(f32, Block)]) -> bool {
    blocks.iter().any(|(_, block)| block.right_to_left())
}

/// `More than` and `£3m` of `More than £3m`: the words before a number are set small above it.
fn figure(value: &str) -> (&str, &str) {
    let value = value.trim();
    let start = value.find(|letter: char| letter.is_ascii_digit()).unwrap_or_default();
    let word = value[..start].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    (value[..word].trim_end(), &value[word..])
}

/// The share that `62%` says, for a bar; nothing for changes (`-8%`, `+5%`) and for what is over a whole.
fn share(value: &str) -> Option<f32> {
    let digits = value.trim().strip_suffix('%')?.trim_end();
    let plain = digits.starts_with(|first: char| first.is_ascii_digit());
    let share: f32 = digits.replace(',', ".").parse().ok().filter(|_| plain)?;
    (0.0..=100.0).contains(&share).then_some(share / 100.0)
}

/// The size of a written number with its unit, so that two can be set side by side: `£2.50`, `1,700`, `8%`.
///
/// Only what has one reading: a comma or point is a thousands mark before three digits and a decimal mark before
/// one or two.
fn magnitude(value: &str) -> Option<(f32, String)> {
    let value = value.trim();
    let start = value.find(|letter: char| letter.is_ascii_digit())?;
    let end = value.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let (digits, unit) = (&value[start..end], format!("{}#{}", value[..start].trim(), value[end..].trim()));
    if unit.contains(['-', '−', '+'])
        || digits.contains(|letter: char| !letter.is_ascii_digit() && !",.".contains(letter))
    {
        return None;
    }
    let number = match digits.rsplit_once([',', '.']) {
        None => digits.to_owned(),
        Some((whole, part)) if part.len() == 3 => format!("{whole}{part}").replace([',', '.'], ""),
        Some((whole, part)) if part.len() <= 2 => format!("{}.{part}", whole.replace([',', '.'], "")),
        Some(_) => return None,
    };
    number.parse().ok().map(|number: f32| (number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shares_of_a_whole_get_a_bar() {
        assert_eq!(share("62%"), Some(0.62));
        assert_eq!(share("12,5 %"), Some(0.125));
        for other in ["-8%", "+5%", "2.1x", "240%", "%", "$36bn", ""] {
            assert_eq!(share(other), None, "{other}");
        }
    }

    #[test]
    fn the_words_before_a_number_stand_apart() {
        assert_eq!(figure("More than £3m"), ("More than", "£3m"));
        assert_eq!(figure("95 percent"), ("", "95 percent"));
        assert_eq!(figure("Minus 8%"), ("Minus", "8%"));
        assert_eq!(figure("many"), ("", "many"));
    }

    #[test]
    fn only_like_numbers_are_measured_against_each_other() {
        assert_eq!(magnitude("£2.50"), Some((2.5, "£#".to_owned())));
        assert_eq!(magnitude("1,700"), Some((1700.0, "#".to_owned())));
        assert_eq!(magnitude("8%").unwrap().1, magnitude("12%").unwrap().1);
        assert_ne!(magnitude("$5").unwrap().1, magnitude("£5").unwrap().1);
        for other in ["-8%", "many", "", "10-20", "1.2345"] {
            assert_eq!(magnitude(other), None, "{other}");
        }
    }
}
