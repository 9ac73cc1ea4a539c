//! Where the samples of a canvas lie in a picture, and rows read from there between the pixels.
//!
//! Separable and linear: each row of the source is resampled across once, with weights of 8 bits, and the rows of the
//! canvas are mixed from two of those, with weights of 15. Motion is smooth to a few thousandths of a pixel, where
//! moving by whole pixels jitters by half of one. Across is the dear direction, because neighbours must be picked;
//! that it comes first makes a small picture that is scaled up cheap.

use super::pick::{Neighbours, Picks};
use super::plane::Plane;
use multiversion::multiversion;
use orion_core::domain::timeline::SourceRectangle;

/// Weights across are counted in these.
const ACROSS: u16 = 256;
/// Weights down are counted in these.
const DOWN: u16 = 32_768;
/// Samples between the two steps have this many bits behind the point.
const BITS: u16 = 6;

/// Between which two samples a position lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tap {
    /// The left or upper one; there is always another behind it, unless there is only one in all.
    index: u32,
    /// How much of the next one is mixed in.
    weight: u16,
}

/// Rows of one plane of the source, resampled across: the two that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct RowPair {
    rows: [Vec<i16>; 2],
    /// Numbers of the rows.
    held: [Option<usize>; 2],
    room: Room,
}

/// What a row is worked out in, kept from row to row.
#[derive(Debug, Default)]
struct Room {
    neighbours: Neighbours,
    /// How much of the lower row is mixed in, once for every sample.
    weights: Vec<i16>,
}

/// For each sample of a canvas plane along one side, where it lies in the picture plane.
#[derive(Debug, Clone, PartialEq)]
struct Axis {
    taps: Vec<Tap>,
}

/// How the samples of a plane lie among the pixels of a picture along one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Siting {
    /// One per pixel.
    Luma,
    /// At every second pixel: chroma across.
    Even,
    /// Between every two pixels: chroma down.
    Between,
}

impl Axis {
    /// `samples` of the canvas over `length` pixels of the picture from `origin`; the canvas side has `pixels`, the
    /// plane of the picture `source` samples, and weights are counted in parts of `one`.
    fn new(
        (origin, length): (f64, f64),
        pixels: usize,
        samples: usize,
        siting: Siting,
        source: usize,
        one: u16,
    ) -> Self {
        let scale = length / pixels as f64;
        let taps = (0..samples).map(|sample| {
            // Pixel of the canvas, pixel of the picture, sample of the picture.
            let (pixel, back): (f64, fn(f64) -> f64) = match siting {
                Siting::Luma => (sample as f64, |pixel| pixel),
                Siting::Even => (2.0 * sample as f64, |pixel| pixel / 2.0),
                Siting::Between => (2.0 * sample as f64 + 0.5, |pixel| (pixel - 0.5) / 2.0),
            };
            let position = back(origin + (pixel + 0.5) * scale - 0.5).clamp(0.0, source.saturating_sub(1) as f64);
            let index = (position as usize).min(source.saturating_sub(2));
            // The weight is all of one only at the very last sample.
            let weight = ((position - index as f64) * f64::from(one) + 0.5) as u16;
            Tap { index: index as u32, weight }
        });
        Self { taps: taps.collect() }
    }

    /// Whether sample `n` of the canvas is sample `n` of the picture.
    fn is_identity(&self) -> bool {
        let whole = |tap: &Tap| tap.index as usize + usize::from(tap.weight == ACROSS);
        let aligned = |tap: &Tap| tap.weight == 0 || tap.weight == ACROSS;
        self.taps.iter().enumerate().all(|(index, tap)| aligned(tap) && whole(tap) == index)
    }
}

/// Reads the rows of one plane for a canvas.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sampler {
    across: Picks,
    /// How much of the right neighbour is mixed into each sample.
    weights: Vec<u16>,
    down: Axis,
    /// The picture lies on the canvas pixel by pixel across.
    straight: bool,
}

impl Sampler {
    /// Plane 0 (Y) or one of the others of a picture seen through a rectangle, on a canvas of `width` by `height`.
    pub(crate) fn new(plane: usize, seen: &SourceRectangle, (width, height): (usize, usize), source: &Plane) -> Self {
        let (across, down, width, height) = match plane {
            0 => (Siting::Luma, Siting::Luma, (width, width), (height, height)),
            _ => (Siting::Even, Siting::Between, (width, width / 2), (height, height / 2)),
        };
        let across = Axis::new((seen.x, seen.width), width.0, width.1, across, source.width, ACROSS);
        let down = Axis::new((seen.y, seen.height), height.0, height.1, down, source.height, DOWN);
        let straight = across.is_identity();
        let weights = across.taps.iter().map(|tap| tap.weight).collect();
        let across = Picks::new(across.taps.iter().map(|tap| tap.index).collect());
        Self { across, weights, down, straight }
    }

    /// Whether the picture lies on the canvas pixel by pixel across.
    pub(crate) fn is_straight(&self) -> bool {
        self.straight
    }

    /// The rows of the source that a row of the canvas lies on.
    pub(crate) fn rows(&self, row: usize) -> (usize, Option<usize>) {
        let tap = self.down.taps[row];
        let upper = tap.index as usize;
        match tap.weight {
            0 => (upper, None),
            DOWN => (upper + 1, None),
            _ => (upper, Some(upper + 1)),
        }
    }

    /// Writes row `row` of the canvas into `out`; `pair` is kept from row to row of the same plane.
    pub(crate) fn row(&self, source: &Plane, row: usize, pair: &mut RowPair, out: &mut [u8]) {
        let (upper, lower) = self.rows(row);
        let Some(lower) = lower else {
            if self.straight {
                out.copy_from_slice(&source.row(upper)[..out.len()]);
            } else {
                let only = pair.hold(upper, None, |row, out, room| self.across(source.row(row), out, room));
                round(&pair.rows[only], out);
            }
            return;
        };
        let across = |row: usize, out: &mut Vec<i16>, room: &mut Room| self.across(source.row(row), out, room);
        let first = pair.hold(upper, Some(lower), across);
        let second = pair.hold(lower, Some(upper), across);
        // Below one: a whole row is one of those that need no mixing.
        let weights = &mut pair.room.weights;
        weights.clear();
        weights.resize(out.len(), self.down.taps[row].weight as i16);
        mix_down(&pair.rows[first], &pair.rows[second], weights, out);
    }

    /// Resamples a row of the source across.
    fn across(&self, source: &[u8], out: &mut Vec<i16>, room: &mut Room) {
        out.resize(self.weights.len(), 0);
        if self.straight || source.len() < 2 {
            let (there, beyond) = out.split_at_mut(source.len().min(self.weights.len()));
            widen(source, there);
            beyond.fill(there.last().copied().unwrap_or(0));
            return;
        }
        // First what must be picked, then what is worked out of it.
        self.across.pick(source, out.len(), &mut room.neighbours);
        mix_across(&room.neighbours.left, &room.neighbours.right, &self.weights, out);
    }
}

impl RowPair {
    /// Where row `row` is held, after it has been made if it was not; the one called `keep` stays.
    fn hold(&mut self, row: usize, keep: Option<usize>, make: impl FnOnce(usize, &mut Vec<i16>, &mut Room)) -> usize {
        if let Some(place) = self.held.iter().position(|held| *held == Some(row)) {
            return place;
        }
        let place = usize::from(keep.is_some() && self.held[0] == keep);
        make(row, &mut self.rows[place], &mut self.room);
        self.held[place] = Some(row);
        place
    }

    /// Forgets the rows, for another plane.
    pub(crate) fn clear(&mut self) {
        self.held = [None; 2];
    }
}

/// A row with bits behind the point.
#[multiversion(targets = "simd")]
fn widen(samples: &[u8], out: &mut [i16]) {
    for (out, sample) in out.iter_mut().zip(samples) {
        *out = i16::from(*sample) << BITS;
    }
}

/// Mixes the two samples between which each sample of a row lies.
#[multiversion(targets = "simd")]
fn mix_across(left: &[u8], right: &[u8], weights: &[u16], out: &mut [i16]) {
    for ((out, (left, right)), weight) in out.iter_mut().zip(left.iter().zip(right)).zip(weights) {
        // 8 bits of weight become the bits behind the point.
        *out = ((u16::from(*left) * (ACROSS - weight) + u16::from(*right) * weight) >> (8 - BITS)) as i16;
    }
}

/// Mixes two rows, and leaves out the bits behind the point.
#[multiversion(targets = "simd")]
fn mix_down(upper: &[i16], lower: &[i16], weights: &[i16], out: &mut [u8]) {
    for ((out, (upper, lower)), weight) in out.iter_mut().zip(upper.iter().zip(lower)).zip(weights) {
        // Twice the difference times half the weight: the upper half of a product of 16 bits, which processors give
        // for many at a time. The weights stand in a row because compilers only see that if all factors do.
        let step = (i32::from((lower - upper) * 2) * i32::from(*weight)) >> 16;
        *out = rounded(upper + step as i16);
    }
}

/// A row without the bits behind the point.
#[multiversion(targets = "simd")]
fn round(samples: &[i16], out: &mut [u8]) {
    for (out, sample) in out.iter_mut().zip(samples) {
        *out = rounded(*sample);
    }
}

/// A sample without its bits behind the point.
#[inline]
fn rounded(sample: i16) -> u8 {
    ((sample + (1 << (BITS - 1))) >> BITS) as u8
}
