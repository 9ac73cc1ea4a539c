//! The blocks that a card is stacked from: each knows its height and draws itself.

use crate::panel::{self, ChartRow, Moment, Statement};
use crate::theme::{SHEEN, Theme};
use orion_core::domain::colour::{contrast, mix};
use orion_draw::{Color, Pixmap, Shadow, TextLayout, TextPaint, rgb, rgba, shape};

/// Words on the sheet, for checks of the result.
#[cfg(test)]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// Left, top, right, bottom of the ink in pixels.
    pub(crate) bounds: (i32, i32, i32, i32),
    pub(crate) colour: u32,
}

/// The transparent layer while it is drawn.
pub(crate) struct Sheet<'a> {
    pub(crate) pixmap: Pixmap,
    /// Layers of the parts that come in one after the other.
    pub(crate) steps: Vec<Pixmap>,
    pub(crate) theme: &'a Theme,
    /// One pixel of a canvas 1080 wide or high.
    pub(crate) unit: f32,
    pub(crate) right_to_left: bool,
    /// Draws no words: shows what lies behind them.
    pub(crate) blank: bool,
    #[cfg(test)]
    pub(crate) written: Vec<Written>,
}

/// One block. Heights are from the top of the capitals to a little under the last baseline.
#[derive(Debug)]
pub(crate) enum Block {
    /// A label on a pill of the accent.
    Pill(TextLayout),
    /// Words on the ground.
    Words(TextLayout),
    /// A short line of the accent.
    Rule,
    /// A quotation mark of the accent.
    Mark(TextLayout),
    /// Who said it, behind a rule.
    Speaker(TextLayout),
    /// A number on glass, below what qualifies it, with what it counts and, for a share, a bar.
    Number { lead: TextLayout, value: TextLayout, caption: TextLayout, share: Option<f32> },
    /// A numbered point on glass.
    Point { number: TextLayout, words: TextLayout, height: f32 },
    /// Two things side by side on glass.
    Versus { sides: Box<[Side; 2]>, height: f32 },
    /// Credits on glass.
    Credits { lines: Vec<TextLayout> },
    /// A sentence on glass, beside a bar of the accent.
    Statement(Statement),
    /// Bars on glass.
    Chart(Vec<ChartRow>),
    /// Moments along a line, on glass.
    Moments(Vec<Moment>),
    /// How it was, and below how it is.
    Change { sides: Box<[Side; 2]>, heights: [f32; 2] },
    /// A pin beside the name of a place, on glass.
    Place { name: TextLayout, region: TextLayout },
}

/// One thing of a comparison.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) title: TextLayout,
    pub(crate) value: TextLayout,
    /// Length of its bar against the longer one.
    pub(crate) share: Option<f32>,
}

/// Height of the seen part of a text. Arabic reaches twice as far below its line as other scripts.
pub(crate) fn ink_height(layout: &TextLayout) -> f32 {
    let below = if layout.right_to_left { 0.42 } else { 0.2 };
    if layout.is_empty() { 0.0 } else { layout.last_baseline() - layout.cap_top() + below * layout.style.size }
}

/// Top of the seen part to the middle of a single line's capitals.
pub(crate) fn cap_height(layout: &TextLayout) -> f32 {
    layout.last_baseline() - layout.cap_top()
}

/// Room below a number: `6 quadrillion` reaches under its line.
fn below(value: &TextLayout, unit: f32) -> f32 {
    24.0 * unit + 0.12 * value.style.size
}

impl Block {
    pub(crate) fn height(&self, unit: f32) -> f32 {
        match self {
            Self::Pill(label) => label.style.size * 2.3,
            Self::Words(words) | Self::Mark(words) => ink_height(words),
            Self::Speaker(words) => ink_height(words),
            Self::Rule => 8.0 * unit,
            Self::Number { lead, value, caption, share } => {
                let led = if lead.is_empty() { 0.0 } else { cap_height(lead) + 42.0 * unit };
                let captioned = if caption.is_empty() { 0.0 } else { below(value, unit) + ink_height(caption) };
                let bar = if share.is_some() { 62.0 * unit } else { 0.0 };
                96.0 * unit + led + cap_height(value) + captioned + bar
            }
            Self::Point { height, .. } | Self::Versus { height, .. } => *height,
            Self::Credits { lines } => {
                let lines: f32 = lines.iter().map(|line| ink_height(line) + 20.0 * unit).sum();
                60.0 * unit + lines
            }
            Self::Statement(statement) => statement.height(unit),
            Self::Chart(rows) => panel::chart_height(rows, unit),
            Self::Moments(moments) => panel::moments_height(moments, unit),
            Self::Change { heights, .. } => heights[0] + panel::BETWEEN * unit + heights[1],
            Self::Place { name, region } => panel::place_height(name, region, unit),
        }
    }
}

impl Block {
    /// Whether its words begin at the right. What may be a bare number or a foreign name does not decide.
    pub(crate) fn right_to_left(&self) -> bool {
        match self {
            Self::Words(words) | Self::Speaker(words) => words.right_to_left,
            Self::Number { caption, .. } => caption.right_to_left,
            Self::Point { words, .. } => words.right_to_left,
            Self::Statement(statement) => statement.right_to_left(),
            Self::Moments(moments) => moments.iter().any(Moment::right_to_left),
            Self::Chart(rows) => rows.iter().any(ChartRow::right_to_left),
            Self::Change { sides, .. } => sides.iter().any(|side| side.title.right_to_left),
            Self::Place { name, .. } => name.right_to_left,
            _ => false,
        }
    }
}

impl Sheet<'_> {
    /// Draws a block with its top at `y`, from `x` over `width`.
    pub(crate) fn draw(&mut self, block: &Block, x: f32, y: f32, width: f32) {
        let unit = self.unit;
        match block {
            Block::Pill(label) => self.pill(label, x, y, width),
            Block::Words(words) => self.bare(words, self.start(words, x, width), y, self.theme.text),
            Block::Mark(mark) => self.mark(mark, x, y, width),
            Block::Rule => {
                let length = 132.0 * unit;
                self.bar(self.edge(x, width, length), y, length, 8.0 * unit, rgb(self.theme.accent));
            }
            Block::Speaker(words) => {
                let (dash, gap) = (64.0 * unit, 26.0 * unit);
                let middle = y + (cap_height(words).min(0.73 * words.style.size)) * 0.5 - 3.0 * unit;
                let (line, text) = if self.right_to_left { (x + width - dash, x) } else { (x, x + dash + gap) };
                self.bar(line, middle, dash, 6.0 * unit, rgb(self.theme.accent));
                self.bare(words, self.start(words, text, width - dash - gap), y, self.theme.text);
            }
            Block::Number { lead, value, caption, share } => {
                self.number([lead, value, caption], *share, (x, y, width), block.height(unit))
            }
            Block::Point { number, words, height } => {
                self.step(|sheet| sheet.point(number, words, (x, y, width, *height)));
            }
            Block::Statement(statement) => self.statement(statement, (x, y, width, block.height(unit))),
            Block::Chart(rows) => self.chart(rows, (x, y, width, block.height(unit))),
            Block::Moments(moments) => self.moments(moments, (x, y, width, block.height(unit))),
            Block::Change { sides, heights } => self.change(sides, *heights, (x, y, width)),
            Block::Place { name, region } => self.place(name, region, (x, y, width, block.height(unit))),
            Block::Versus { sides, height } => self.versus(sides, (x, y, width, *height)),
            Block::Credits { lines } => {
                let height = block.height(unit);
                self.glass(x, y, width, height, 36.0 * unit);
                let mut at = y + 44.0 * unit;
                for line in lines {
                    let left = self.start(line, x + 44.0 * unit, width - 88.0 * unit);
                    self.plated(line, left, at, self.theme.text);
                    at += ink_height(line) + 20.0 * unit;
                }
            }
        }
    }

    /// Draws a part that comes in by itself on a layer of its own.
    pub(crate) fn step(&mut self, draw: impl FnOnce(&mut Self)) {
        let Some(layer) = Pixmap::new(self.pixmap.width(), self.pixmap.height()) else { return };
        let rest = std::mem::replace(&mut self.pixmap, layer);
        draw(self);
        self.steps.push(std::mem::replace(&mut self.pixmap, rest));
    }

    pub(crate) fn edge(&self, x: f32, width: f32, length: f32) -> f32 {
        if self.right_to_left { x + width - length } else { x }
    }

    pub(crate) fn bar(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Color) {
        if let Some(path) = shape::rounded(shape::rect(x, y, width, height), height / 2.0) {
            shape::fill(&mut self.pixmap, &path, colour);
        }
    }

    /// Type on the bare ground: its shadow keeps it apart from what moves behind.
    pub(crate) fn bare(&mut self, words: &TextLayout, x: f32, y: f32, colour: u32) {
        let size = words.style.size;
        let shadow = Shadow { x: 0.0, y: size * 0.035, blur: size * 0.11, colour: rgba(0, 0.5) };
        self.write(words, x, y, colour, Some(shadow));
    }

    /// Where words begin that run to the right, on a card that begins at the right: a bare number, a name.
    pub(crate) fn start(&self, words: &TextLayout, x: f32, width: f32) -> f32 {
        if self.right_to_left && !words.right_to_left { x + width - words.width } else { x }
    }

    /// Type on a plate.
    pub(crate) fn plated(&mut self, words: &TextLayout, x: f32, y: f32, colour: u32) {
        self.write(words, x, y, colour, None);
    }

    /// Draws words with the top of their capitals at `y`.
    pub(crate) fn write(&mut self, words: &TextLayout, x: f32, y: f32, colour: u32, shadow: Option<Shadow>) {
        let (left, top) = (x.round() as i32, (y - words.cap_top()).round() as i32);
        let paint = TextPaint { shadow, ..TextPaint::solid(rgb(colour)) };
        if !self.blank {
            words.draw(&mut self.pixmap, left, top, &paint);
        }
        #[cfg(test)]
        {
            let ink = words.coverage(&orion_draw::Select::All, orion_draw::Ink::Fill);
            let (left, top) = (left + ink.left, top + ink.top);
            let bounds = (left, top, left + ink.width as i32, top + ink.height as i32);
            self.written.push(Written { bounds, colour });
        }
    }

    fn pill(&mut self, label: &TextLayout, x: f32, y: f32, width: f32) {
        let (height, margin) = (label.style.size * 2.3, label.style.size * 1.0);
        let length = label.width + 2.0 * margin;
        let left = self.edge(x, width, length);
        self.bar(left, y, length, height, rgb(self.theme.accent));
        let top = y + (height - cap_height(label)) / 2.0;
        self.plated(label, left + margin, top, self.theme.on_accent);
    }

    fn mark(&mut self, mark: &TextLayout, x: f32, y: f32, width: f32) {
        let left = self.edge(x, width, mark.width);
        let (left, top) = (left.round() as i32, (y - mark.cap_top()).round() as i32);
        mark.draw(&mut self.pixmap, left, top, &TextPaint::solid(rgb(self.theme.accent)));
    }

    /// A plate of dark glass: shadow, body, a rim that catches light at the top.
    pub(crate) fn glass(&mut self, x: f32, y: f32, width: f32, height: f32, radius: f32) {
        let (theme, unit) = (self.theme, self.unit);
        let Some(path) = shape::rounded(shape::rect(x, y, width, height), radius) else { return };
        shape::fill(&mut self.pixmap, &path, rgba(theme.background, theme.plate));
        let sheen = [(0.0, rgba(0xFF_FF_FF, SHEEN as f32)), (0.55, rgba(0xFF_FF_FF, 0.0))];
        shape::fill_shader(&mut self.pixmap, &path, shape::linear((x, y), (x, y + height), &sheen));
        let inset = unit;
        let rim = shape::rect(x + inset, y + inset, width - 2.0 * inset, height - 2.0 * inset);
        if let Some(rim) = shape::rounded(rim, radius - inset) {
            shape::stroke(&mut self.pixmap, &rim, 2.0 * unit, None, rgba(mix(0xFF_FF_FF, theme.accent, 0.25), 0.26));
        }
    }

    fn number(
        &mut self,
        [lead, value, caption]: [&TextLayout; 3],
        share: Option<f32>,
        at: (f32, f32, f32),
        height: f32,
    ) {
        let ((x, y, width), unit) = (at, self.unit);
        self.glass(x, y, width, height, 40.0 * unit);
        let margin = 48.0 * unit;
        let inner = width - 2.0 * margin;
        let mut top = y + margin;
        if !lead.is_empty() {
            self.plated(lead, self.start(lead, x + margin, inner), top, self.theme.text);
            top += cap_height(lead) + 42.0 * unit;
        }
        self.plated(value, self.start(value, x + margin, inner), top, self.theme.accent);
        top += cap_height(value);
        if let Some(share) = share {
            top += 38.0 * unit;
            let (length, thick) = (inner, 22.0 * unit);
            self.bar(x + margin, top, length, thick, rgba(0xFF_FF_FF, 0.16));
            let filled = (length * share).max(thick);
            let from = if self.right_to_left { x + margin + length - filled } else { x + margin };
            self.bar(from, top, filled, thick, rgb(self.theme.accent));
            top += 24.0 * unit;
        }
        if !caption.is_empty() {
            let left = self.start(caption, x + margin, inner);
            self.plated(caption, left, top + below(value, unit), self.theme.text);
        }
    }

    fn point(&mut self, number: &TextLayout, words: &TextLayout, (x, y, width, height): (f32, f32, f32, f32)) {
        let unit = self.unit;
        self.glass(x, y, width, height, 30.0 * unit);
        let (badge, margin) = ((30.0 * unit).min(0.36 * height), 28.0 * unit);
        let middle = y + height / 2.0;
        let centre = if self.right_to_left { x + width - margin - badge } else { x + margin + badge };
        shape::circle(&mut self.pixmap, centre, middle, badge, rgb(self.theme.accent));
        let top = middle - cap_height(number) / 2.0;
        self.plated(number, centre - number.width / 2.0, top, self.theme.on_accent);
        let text = if self.right_to_left { x + margin } else { x + 2.0 * margin + 2.0 * badge };
        let text = self.start(words, text, width - 152.0 * unit);
        self.plated(words, text, middle - cap_height(words) / 2.0, self.theme.text);
    }

    fn versus(&mut self, sides: &[Side; 2], (x, y, width, height): (f32, f32, f32, f32)) {
        let unit = self.unit;
        let gap = 24.0 * unit;
        let half = (width - gap) / 2.0;
        // Both titles stand on one line, and so do both values.
        let deepest = |part: fn(&Side) -> f32| part(&sides[0]).max(part(&sides[1]));
        let (titles, values) = (deepest(|side| cap_height(&side.title)), deepest(|side| cap_height(&side.value)));
        for (index, side) in sides.iter().enumerate() {
            let first = (index == 0) != self.right_to_left;
            let left = if first { x } else { x + half + gap };
            self.glass(left, y, half, height, 36.0 * unit);
            let colour = if index == 0 { self.theme.text } else { self.theme.accent };
            let inner = left + 36.0 * unit;
            let mut top = y + 44.0 * unit;
            let room = half - 72.0 * unit;
            self.plated(&side.title, self.start(&side.title, inner, room), top, self.theme.text);
            top += titles + 46.0 * unit;
            let value = self.start(&side.value, inner, room);
            self.plated(&side.value, value, top + values - cap_height(&side.value), colour);
            if let Some(share) = side.share {
                let (length, thick) = (half - 72.0 * unit, 20.0 * unit);
                let at = y + height - 44.0 * unit - thick;
                self.bar(inner, at, length, thick, rgba(0xFF_FF_FF, 0.16));
                let filled = (length * share).max(thick);
                let from = if self.right_to_left { inner + length - filled } else { inner };
                self.bar(from, at, filled, thick, rgb(colour));
            }
        }
    }

    /// Who made the picture, small, on its own plate at the top.
    pub(crate) fn credit(&mut self, words: &TextLayout, x: f32, y: f32, width: f32) {
        let (margin, height) = (words.style.size * 0.7, words.style.size * 1.9);
        let length = words.width + 2.0 * margin;
        let left = self.edge(x, width, length);
        let dark = mix(self.theme.background, 0, 0.5);
        let plate = if contrast(self.theme.text, dark) > 15.0 { 0.78 } else { 0.9 };
        self.bar(left, y, length, height, rgba(dark, plate));
        self.plated(words, left + margin, y + (height - cap_height(words)) / 2.0, self.theme.text);
    }
}
