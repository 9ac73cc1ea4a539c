//! Panels of the layouts that tell more than words: a sentence, bars, moments, before and after, a place. How large each
//! is, and how it is drawn.

use crate::block::{Block, Sheet, Side, cap_height, ink_height};
use crate::card::Setter;
use orion_core::domain::{Bar, Card};
use orion_draw::tiny_skia::PathBuilder;
use orion_draw::{Select, TextLayout, TextPaint, TextStyle, Weight, rgb, rgba, shape, words};
use std::ops::Range;

/// Between how it was and how it is: the arrow stands there, over both edges.
pub(crate) const BETWEEN: f32 = 30.0;
/// Between a panel's edge and what stands on it.
const MARGIN: f32 = 46.0;
/// Thickness of a chart's bar.
const BAR: f32 = 32.0;
/// Radius of the dot of a moment.
const DOT: f32 = 15.0;
/// Room for the pin, and its height.
const PIN: (f32, f32) = (210.0, 190.0);

/// A sentence with the words that stand out.
#[derive(Debug)]
pub(crate) struct Statement {
    words: TextLayout,
    marked: Vec<Range<usize>>,
}

/// One bar of a chart.
#[derive(Debug)]
pub(crate) struct ChartRow {
    title: TextLayout,
    value: TextLayout,
    /// Length against the longest, 0 to 1.
    share: f32,
}

/// One moment of a timeline.
#[derive(Debug)]
pub(crate) struct Moment {
    when: TextLayout,
    what: TextLayout,
}

impl Statement {
    pub(crate) fn right_to_left(&self) -> bool {
        self.words.right_to_left
    }

    pub(crate) fn height(&self, unit: f32) -> f32 {
        ink_height(&self.words) + 2.0 * 58.0 * unit
    }
}

impl ChartRow {
    pub(crate) fn right_to_left(&self) -> bool {
        self.title.right_to_left
    }

    fn height(&self, unit: f32) -> f32 {
        cap_height(&self.title).max(cap_height(&self.value)) + (22.0 + BAR) * unit
    }
}

impl Moment {
    pub(crate) fn right_to_left(&self) -> bool {
        self.what.right_to_left
    }

    fn height(&self, unit: f32) -> f32 {
        cap_height(&self.when) + 20.0 * unit + ink_height(&self.what)
    }
}

/// Rows with gaps between them, within a panel.
fn stacked(heights: impl ExactSizeIterator<Item = f32>, gap: f32, unit: f32) -> f32 {
    let gaps = heights.len().saturating_sub(1) as f32 * gap;
    heights.sum::<f32>() + (gaps + 2.0 * MARGIN) * unit
}

pub(crate) fn chart_height(rows: &[ChartRow], unit: f32) -> f32 {
    stacked(rows.iter().map(|row| row.height(unit)), CHART_GAP, unit)
}

pub(crate) fn moments_height(moments: &[Moment], unit: f32) -> f32 {
    stacked(moments.iter().map(|moment| moment.height(unit)), MOMENT_GAP, unit)
}

pub(crate) fn place_height(name: &TextLayout, region: &TextLayout, unit: f32) -> f32 {
    let below = if region.is_empty() { 0.0 } else { 28.0 * unit + ink_height(region) };
    (ink_height(name) + below).max(PIN.1 * unit) + 2.0 * MARGIN * unit
}

const CHART_GAP: f32 = 48.0;
const MOMENT_GAP: f32 = 44.0;

impl Setter<'_> {
    pub(crate) fn statement(&self, text: &str, marked: &[String]) -> Vec<(f32, Block)> {
        let width = self.width - (MARGIN + 52.0) * self.unit;
        let count = text.split_whitespace().count();
        let largest = if count <= 8 { 128.0 } else { 108.0 };
        let room = (width, self.height - 2.0 * 58.0 * self.unit);
        let layout = self.kit.fit(text, self.style(Weight::Black, self.alone(largest)), 30.0 * self.unit, room, 9);
        let marked = marked.iter().filter_map(|marked| found(text, marked)).collect();
        if layout.is_empty() { Vec::new() } else { vec![(0.0, Block::Statement(Statement { words: layout, marked }))] }
    }

    pub(crate) fn bars(&self, bars: &[Bar]) -> Vec<(f32, Block)> {
        let bars: Vec<&Bar> = bars.iter().take(Card::MOST_STEPS).collect();
        let inner = self.width - 2.0 * MARGIN * self.unit;
        let few = bars.len() <= 3;
        let most = bars.iter().map(|bar| bar.amount).filter(|amount| amount.is_finite()).fold(0.0, f64::max);
        let size = self.common(
            bars.iter().map(|bar| bar.title.as_str()),
            Weight::Bold,
            if few { 58.0 } else { 48.0 },
            24.0,
            (inner * 0.6, 1),
        );
        let large = self.common(
            bars.iter().map(|bar| bar.value.as_str()),
            Weight::Black,
            if few { 76.0 } else { 60.0 },
            24.0,
            (inner * 0.36, 1),
        );
        let row = |bar: &&Bar| ChartRow {
            title: self.line(&bar.title, Weight::Bold, size, 20.0, inner * 0.6),
            value: self.line(&bar.value, Weight::Black, large, 20.0, inner * 0.36),
            share: if most > 0.0 { (bar.amount / most).clamp(0.0, 1.0) as f32 } else { 0.0 },
        };
        if bars.is_empty() { Vec::new() } else { vec![(0.0, Block::Chart(bars.iter().map(row).collect()))] }
    }

    pub(crate) fn moments(&self, moments: &[(String, String)]) -> Vec<(f32, Block)> {
        let moments = &moments[..moments.len().min(Card::MOST_STEPS)];
        let inner = self.width - (2.0 * MARGIN + 2.0 * DOT + 34.0) * self.unit;
        let small = moments.len() > 3;
        let whats = moments.iter().map(|(_, what)| what.as_str());
        let size = self.common(whats, Weight::Bold, self.alone(if small { 50.0 } else { 72.0 }), 24.0, (inner, 2));
        let moment = |(when, what): &(String, String)| Moment {
            when: self.line(when, Weight::Black, self.alone(if small { 44.0 } else { 58.0 }), 22.0, inner),
            what: self.kit.fit(what, self.style(Weight::Bold, size), 20.0 * self.unit, (inner, f32::MAX), 2),
        };
        if moments.is_empty() { Vec::new() } else { vec![(0.0, Block::Moments(moments.iter().map(moment).collect()))] }
    }

    pub(crate) fn change(&self, before: &(String, String), after: &(String, String)) -> Vec<(f32, Block)> {
        let inner = self.width - 2.0 * MARGIN * self.unit;
        let large = if before.1.chars().count().max(after.1.chars().count()) <= 10 { 150.0 } else { 84.0 };
        let values = [before, after].map(|(_, value)| value.as_str());
        let size = self.common(values.into_iter(), Weight::Black, large, 30.0, (inner, 2));
        let side = |(title, value): &(String, String)| Side {
            title: self.line(title, Weight::Bold, 40.0, 22.0, inner),
            value: self.kit.fit(value, self.style(Weight::Black, size), 24.0 * self.unit, (inner, f32::MAX), 2),
            share: None,
        };
        let sides = [side(before), side(after)];
        let heights = [0, 1].map(|index: usize| {
            let side: &Side = &sides[index];
            cap_height(&side.title) + ink_height(&side.value) + (2.0 * MARGIN + 34.0) * self.unit
        });
        vec![(0.0, Block::Change { sides: Box::new(sides), heights })]
    }

    pub(crate) fn place(&self, name: &str, region: &str) -> Vec<(f32, Block)> {
        let inner = self.width - (2.0 * MARGIN + PIN.0) * self.unit;
        let name = self.kit.fit(name, self.style(Weight::Black, 140.0), 36.0 * self.unit, (inner, f32::MAX), 2);
        let region = self.line(region, Weight::Bold, 48.0, 24.0, inner);
        vec![(0.0, Block::Place { name, region })]
    }

    /// The type size that the longest of some texts allows, so that all are set in one.
    fn common<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        weight: Weight,
        largest: f32,
        smallest: f32,
        (width, lines): (f32, usize),
    ) -> f32 {
        let style: TextStyle = self.style(weight, largest);
        let sizes = texts.map(|text| {
            self.kit.fit(text, style, smallest * self.unit, (width, f32::MAX), lines).style.size / self.unit
        });
        sizes.fold(largest, f32::min)
    }
}

/// Which words of a text a part of it is.
fn found(text: &str, part: &str) -> Option<Range<usize>> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let all: Vec<String> = words(text).map(bare).collect();
    let wanted: Vec<String> = words(part).map(bare).collect();
    if wanted.is_empty() || wanted.iter().all(String::is_empty) {
        return None;
    }
    // `£3m` and `fell.` are marked with what is attached to them.
    all.windows(wanted.len()).position(|some| some == wanted).map(|at| at..at + wanted.len())
}

impl Sheet<'_> {
    pub(crate) fn statement(&mut self, statement: &Statement, (x, y, width, height): (f32, f32, f32, f32)) {
        let unit = self.unit;
        self.glass(x, y, width, height, 40.0 * unit);
        let thick = 12.0 * unit;
        let bar = if self.right_to_left { x + width - (26.0 * unit + thick) } else { x + 26.0 * unit };
        self.bar(bar, y + 50.0 * unit, thick, height - 100.0 * unit, rgb(self.theme.accent));
        let left = if self.right_to_left { x + MARGIN * unit } else { x + 72.0 * unit };
        let room = width - (MARGIN + 52.0) * unit;
        let left = self.start(&statement.words, left, room.min(width - 72.0 * unit));
        let top = y + 58.0 * unit;
        self.plated(&statement.words, left, top, self.theme.text);
        if self.blank {
            return;
        }
        let (left, top) = (left.round() as i32, (top - statement.words.cap_top()).round() as i32);
        let paint = TextPaint::solid(rgb(self.theme.accent));
        for marked in &statement.marked {
            statement.words.draw_words(&mut self.pixmap, left, top, &Select::Words(marked.clone()), &paint);
        }
    }

    pub(crate) fn chart(&mut self, rows: &[ChartRow], (x, y, width, height): (f32, f32, f32, f32)) {
        let unit = self.unit;
        self.glass(x, y, width, height, 40.0 * unit);
        let (left, inner) = (x + MARGIN * unit, width - 2.0 * MARGIN * unit);
        let mut top = y + MARGIN * unit;
        for row in rows {
            let bar_top = top + row.height(unit) - BAR * unit;
            self.bar(left, bar_top, inner, BAR * unit, rgba(0xFF_FF_FF, 0.14));
            self.step(|sheet| {
                let tall = cap_height(&row.title).max(cap_height(&row.value));
                let strongest = row.share >= 0.999;
                let colour = if strongest { sheet.theme.accent } else { sheet.theme.text };
                let far = left + inner - row.value.width;
                let (title, value) =
                    if sheet.right_to_left { (left + inner - row.title.width, left) } else { (left, far) };
                sheet.plated(&row.title, title, top + tall - cap_height(&row.title), sheet.theme.text);
                sheet.plated(&row.value, value, top + tall - cap_height(&row.value), colour);
                let filled = (inner * row.share).max(BAR * unit);
                let from = sheet.edge(left, inner, filled);
                let opacity = if strongest { 1.0 } else { 0.62 };
                sheet.bar(from, bar_top, filled, BAR * unit, rgba(sheet.theme.accent, opacity));
            });
            top += row.height(unit) + CHART_GAP * unit;
        }
    }

    pub(crate) fn moments(&mut self, moments: &[Moment], (x, y, width, height): (f32, f32, f32, f32)) {
        let unit = self.unit;
        self.glass(x, y, width, height, 40.0 * unit);
        let middle = |moment: &Moment| cap_height(&moment.when) / 2.0;
        let at = MARGIN * unit + DOT * unit;
        let line = if self.right_to_left { x + width - at } else { x + at };
        let last = moments.last().map_or(0.0, |moment| moment.height(unit) - middle(moment));
        if let Some(first) = moments.first() {
            let (from, to) = (y + MARGIN * unit + middle(first), y + height - MARGIN * unit - last);
            self.bar(line - 2.5 * unit, from, 5.0 * unit, (to - from).max(1.0), rgba(0xFF_FF_FF, 0.3));
        }
        let text = if self.right_to_left { x + MARGIN * unit } else { line + (DOT + 34.0) * unit };
        let room = width - (2.0 * MARGIN + 2.0 * DOT + 34.0) * unit;
        let mut top = y + MARGIN * unit;
        for moment in moments {
            self.step(|sheet| {
                let centre = top + middle(moment);
                shape::circle(&mut sheet.pixmap, line, centre, DOT * unit, rgb(sheet.theme.accent));
                shape::circle(&mut sheet.pixmap, line, centre, DOT * 0.45 * unit, rgb(sheet.theme.background));
                sheet.plated(&moment.when, sheet.start(&moment.when, text, room), top, sheet.theme.accent);
                let below = top + cap_height(&moment.when) + 20.0 * unit;
                sheet.plated(&moment.what, sheet.start(&moment.what, text, room), below, sheet.theme.text);
            });
            top += moment.height(unit) + MOMENT_GAP * unit;
        }
    }

    pub(crate) fn change(&mut self, sides: &[Side; 2], heights: [f32; 2], (x, y, width): (f32, f32, f32)) {
        let unit = self.unit;
        self.side(&sides[0], (x, y, width, heights[0]), self.theme.text);
        let below = y + heights[0] + BETWEEN * unit;
        self.step(|sheet| {
            sheet.side(&sides[1], (x, below, width, heights[1]), sheet.theme.accent);
            let radius = 46.0 * unit;
            let middle = below - BETWEEN / 2.0 * unit;
            let centre = if sheet.right_to_left { x + 130.0 * unit } else { x + width - 130.0 * unit };
            shape::circle(&mut sheet.pixmap, centre, middle, radius, rgb(sheet.theme.accent));
            let mut arrow = PathBuilder::new();
            arrow.move_to(centre, middle - 20.0 * unit);
            arrow.line_to(centre, middle + 20.0 * unit);
            arrow.move_to(centre - 18.0 * unit, middle + 3.0 * unit);
            arrow.line_to(centre, middle + 21.0 * unit);
            arrow.line_to(centre + 18.0 * unit, middle + 3.0 * unit);
            if let Some(arrow) = arrow.finish() {
                shape::stroke(&mut sheet.pixmap, &arrow, 8.0 * unit, None, rgb(sheet.theme.on_accent));
            }
        });
    }

    /// One of two states on its plate.
    fn side(&mut self, side: &Side, (x, y, width, height): (f32, f32, f32, f32), colour: u32) {
        let unit = self.unit;
        self.glass(x, y, width, height, 36.0 * unit);
        let (left, room) = (x + MARGIN * unit, width - 2.0 * MARGIN * unit);
        let top = y + MARGIN * unit;
        self.plated(&side.title, self.start(&side.title, left, room), top, self.theme.text);
        let below = top + cap_height(&side.title) + 34.0 * unit;
        self.plated(&side.value, self.start(&side.value, left, room), below, colour);
    }

    pub(crate) fn place(
        &mut self,
        name: &TextLayout,
        region: &TextLayout,
        (x, y, width, height): (f32, f32, f32, f32),
    ) {
        let unit = self.unit;
        self.glass(x, y, width, height, 40.0 * unit);
        let at = (MARGIN + PIN.0 / 2.0 - 14.0) * unit;
        let centre = if self.right_to_left { x + width - at } else { x + at };
        self.pin(centre, y + height / 2.0);
        let left = if self.right_to_left { x + MARGIN * unit } else { x + (MARGIN + PIN.0) * unit };
        let room = width - (2.0 * MARGIN + PIN.0) * unit;
        let below = if region.is_empty() { 0.0 } else { 28.0 * unit + ink_height(region) };
        let top = y + (height - ink_height(name) - below) / 2.0 + 0.08 * name.style.size;
        self.plated(name, self.start(name, left, room), top, self.theme.text);
        if !region.is_empty() {
            let under = top + ink_height(name) + 28.0 * unit;
            self.plated(region, self.start(region, left, room), under, self.theme.accent);
        }
    }

    /// A pin in its middle, on rings that spread on the ground.
    fn pin(&mut self, x: f32, y: f32) {
        let (unit, accent) = (self.unit, self.theme.accent);
        let foot = y + PIN.1 * 0.42 * unit;
        for (ring, opacity) in [(1.0, 0.5), (1.9, 0.3), (2.8, 0.16)] {
            let (wide, tall) = (34.0 * ring * unit, 12.0 * ring * unit);
            let bounds = shape::rect(x - wide, foot - tall, 2.0 * wide, 2.0 * tall);
            if let Some(ellipse) = PathBuilder::from_oval(bounds) {
                shape::stroke(&mut self.pixmap, &ellipse, 4.0 * unit, None, rgba(accent, opacity));
            }
        }
        let (radius, head) = (54.0 * unit, y - PIN.1 * 0.18 * unit);
        let mut drop = PathBuilder::new();
        // Tangents from the foot meet the head a little below its middle.
        let (side, low) = (radius * 0.9, head + radius * 0.44);
        drop.move_to(x, foot);
        drop.quad_to(x - side * 0.55, low + (foot - low) * 0.45, x - side, low);
        drop.line_to(x + side, low);
        drop.quad_to(x + side * 0.55, low + (foot - low) * 0.45, x, foot);
        drop.close();
        if let Some(drop) = drop.finish() {
            shape::fill(&mut self.pixmap, &drop, rgb(accent));
        }
        shape::circle(&mut self.pixmap, x, head, radius, rgb(accent));
        shape::circle(&mut self.pixmap, x, head, radius * 0.4, rgb(self.theme.background));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_words_are_found_with_what_is_attached_to_them() {
        assert_eq!(found("Divers found “40 cracks”, in Bergen.", "40"), Some(2..3));
        assert_eq!(found("Divers found “40 cracks”, in New York.", "New York"), Some(5..7));
        assert_eq!(found("Divers found", "wreck"), None);
        assert_eq!(found("Divers found", ""), None);
    }
}
