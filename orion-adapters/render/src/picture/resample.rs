//! Where the samples of a canvas lie in a picture, and rows read from there between the pixels.
//!
//! Separable and linear, with weights of 8 bits: a row is mixed from two rows of the source, then each sample from
//! two neighbours. Motion is smooth to a few thousandths of a pixel, where moving by whole pixels jitters by half of
//! one.

use super::plane::Plane;
use orion_core::domain::timeline::SourceRectangle;

/// Weights are counted in 256ths.
const ONE: u32 = 256;

/// Between which two samples a position lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tap {
    /// The left or upper one.
    pub(crate) index: u32,
    /// How much of the next one is mixed in, 0 to 255.
    pub(crate) weight: u16,
}

/// For each sample of a canvas plane along one side, where it lies in the picture plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) taps: Vec<Tap>,
}

/// How the samples of a plane lie among the pixels of a picture along one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Siting {
    /// One per pixel.
    Luma,
    /// At every second pixel: chroma across.
    Even,
    /// Between every two pixels: chroma down.
    Between,
}

impl Axis {
    /// `count` samples of the canvas over `length` pixels of the picture from `origin`; the canvas side has `pixels`.
    pub(crate) fn new(origin: f64, length: f64, pixels: usize, samples: usize, siting: Siting, source: usize) -> Self {
        let scale = length / pixels as f64;
        let last = source.saturating_sub(1) as f64;
        let taps = (0..samples).map(|sample| {
            // Pixel of the canvas, pixel of the picture, sample of the picture.
            let (pixel, back): (f64, fn(f64) -> f64) = match siting {
                Siting::Luma => (sample as f64, |pixel| pixel),
                Siting::Even => (2.0 * sample as f64, |pixel| pixel / 2.0),
                Siting::Between => (2.0 * sample as f64 + 0.5, |pixel| (pixel - 0.5) / 2.0),
            };
            let position = back(origin + (pixel + 0.5) * scale - 0.5).clamp(0.0, last);
            let fixed = (position * f64::from(ONE)).round() as u32;
            Tap { index: fixed / ONE, weight: (fixed % ONE) as u16 }
        });
        Self { taps: taps.collect() }
    }

    /// Whether sample `n` of the canvas is sample `n` of the picture.
    fn is_identity(&self) -> bool {
        self.taps.iter().enumerate().all(|(index, tap)| tap.weight == 0 && tap.index as usize == index)
    }
}

/// Reads the rows of one plane for a canvas.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sampler {
    across: Axis,
    down: Axis,
    /// The picture lies on the canvas pixel by pixel across.
    straight: bool,
}

impl Sampler {
    /// Plane 0 (Y) or one of the others of a picture seen through a rectangle, on a canvas of `width` by `height`.
    pub(crate) fn new(plane: usize, seen: &SourceRectangle, (width, height): (usize, usize), source: &Plane) -> Self {
        let (across, down) = match plane {
            0 => (
                Axis::new(seen.x, seen.width, width, width, Siting::Luma, source.width),
                Axis::new(seen.y, seen.height, height, height, Siting::Luma, source.height),
            ),
            _ => (
                Axis::new(seen.x, seen.width, width, width / 2, Siting::Even, source.width),
                Axis::new(seen.y, seen.height, height, height / 2, Siting::Between, source.height),
            ),
        };
        let straight = across.is_identity();
        Self { across, down, straight }
    }

    /// Whether the picture lies on the canvas pixel by pixel across.
    pub(crate) fn is_straight(&self) -> bool {
        self.straight
    }

    /// Where a row of the canvas lies.
    pub(crate) fn tap(&self, row: usize) -> Tap {
        self.down.taps[row]
    }

    /// Writes row `row` of the canvas into `out`; `mixed` is room for a row of the source.
    pub(crate) fn row(&self, source: &Plane, row: usize, mixed: &mut Vec<u16>, out: &mut [u8]) {
        let tap = self.down.taps[row];
        let upper = source.row(tap.index as usize);
        if self.straight && tap.weight == 0 {
            out.copy_from_slice(&upper[..out.len()]);
            return;
        }
        let lower = source.row((tap.index as usize + 1).min(source.height - 1));
        let (far, near) = (tap.weight, ONE as u16 - tap.weight);
        mixed.clear();
        mixed.extend(upper.iter().zip(lower).map(|(upper, lower)| u16::from(*upper) * near + u16::from(*lower) * far));
        if self.straight {
            for (out, sample) in out.iter_mut().zip(mixed.iter()) {
                *out = ((u32::from(*sample) + ONE / 2) / ONE) as u8;
            }
            return;
        }
        // One more sample, so that every tap has a right neighbour.
        mixed.push(mixed.last().copied().unwrap_or(0));
        for (out, tap) in out.iter_mut().zip(&self.across.taps) {
            let index = tap.index as usize;
            let (left, right) = (u32::from(mixed[index]), u32::from(mixed[index + 1]));
            let weight = u32::from(tap.weight);
            *out = ((left * (ONE - weight) + right * weight + ONE * ONE / 2) / (ONE * ONE)) as u8;
        }
    }
}
