//! Both neighbours of every sample of a row, picked out of a row of the source.
//!
//! To pick them one by one takes longer than all that is worked out with them. But where a picture is shown at about its
//! own size its samples follow one another in stretches, and where it is shown much larger each is there several times. So
//! stretches are filled by copies of one length, which run over their ends and are written over by the next.

use multiversion::multiversion;

/// Samples that are written at once.
const BLOCK: usize = 32;

/// Where the neighbours of the samples of a row lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Picks {
    /// In each stretch one follows the other.
    Rising(Vec<Stretch>),
    /// In each stretch it is the same for all.
    Level(Vec<Stretch>),
    /// The left one of each sample.
    Single(Vec<u32>),
}

/// Samples whose neighbours are found in the same way: at most [`BLOCK`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// The first sample of the row.
    at: u32,
    count: u32,
    /// The left neighbour of that in the source.
    from: u32,
}

/// The neighbours of the samples of a row; behind them there is room for a block.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    pub(super) left: Vec<u8>,
    pub(super) right: Vec<u8>,
}

impl Picks {
    /// From the left neighbour of each sample, in order.
    pub(super) fn new(lefts: impl ExactSizeIterator<Item = u32> + Clone) -> Self {
        let (first, last) = (lefts.clone().next().unwrap_or(0), lefts.clone().last().unwrap_or(0));
        // Samples of the source for one of the row.
        match f64::from(last.saturating_sub(first)) / lefts.len().max(1) as f64 {
            ..0.5 => Self::Level(stretches(lefts, 0)),
            0.5..1.5 => Self::Rising(stretches(lefts, 1)),
            _ => Self::Single(lefts.collect()),
        }
    }

    /// Picks `count` neighbours out of a row of at least two samples.
    pub(super) fn pick(&self, source: &[u8], count: usize, into: &mut Neighbours) {
        let Neighbours { left, right } = into;
        left.resize(count + BLOCK, 0);
        right.resize(count + BLOCK, 0);
        match self {
            Self::Rising(stretches) => rising(stretches, source, left, right),
            Self::Level(stretches) => level(stretches, source, left, right),
            Self::Single(lefts) => {
                for ((from, left), right) in lefts.iter().zip(left).zip(right) {
                    let two = &source[*from as usize..*from as usize + 2];
                    (*left, *right) = (two[0], two[1]);
                }
            }
        }
    }
}

/// Stretches in which the source goes on by `step` from sample to sample.
fn stretches(lefts: impl Iterator<Item = u32>, step: u32) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, from) in (0..).zip(lefts) {
        match stretches.last_mut() {
            Some(last) if last.from + step * last.count == from && (last.count as usize) < BLOCK => last.count += 1,
            _ => stretches.push(Stretch { at, count: 1, from }),
        }
    }
    stretches
}

#[multiversion(targets = "simd")]
fn rising(stretches: &[Stretch], source: &[u8], left: &mut [u8], right: &mut [u8]) {
    for Stretch { at, count, from } in stretches {
        let (at, count, source) = (*at as usize, *count as usize, &source[*from as usize..]);
        let (left, right) = (&mut left[at..at + BLOCK], &mut right[at..at + BLOCK]);
        match source.first_chunk::<{ BLOCK + 1 }>() {
            Some(source) => {
                left.copy_from_slice(&source[..BLOCK]);
                right.copy_from_slice(&source[1..]);
            }
            // Near the end of the source.
            None => {
                left[..count].copy_from_slice(&source[..count]);
                right[..count].copy_from_slice(&source[1..=count]);
            }
        }
    }
}

#[multiversion(targets = "simd")]
fn level(stretches: &[Stretch], source: &[u8], left: &mut [u8], right: &mut [u8]) {
    for Stretch { at, from, .. } in stretches {
        let (at, two) = (*at as usize, &source[*from as usize..*from as usize + 2]);
        left[at..at + BLOCK].fill(two[0]);
        right[at..at + BLOCK].fill(two[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_those_that_lie_there_at_every_scale() {
        let source: Vec<u8> = (0..700).map(|n| (n * 37 % 251) as u8).collect();
        let mut kinds = [0; 3];
        for scale in [0.01, 0.1, 0.25, 0.49, 0.5, 0.7, 0.93, 0.999, 1.0, 1.001, 1.2, 1.49, 1.5, 1.9, 2.0, 6.0] {
            for (origin, count) in [(0.0, 1), (3.7, 31), (10.2, 33), (300.4, 400), (690.0, 400), (0.0, 700)] {
                let lefts = (0..count).map(|n| ((origin + f64::from(n) * scale) as u32).min(698));
                let lefts: Vec<u32> = lefts.collect();
                let picks = Picks::new(lefts.iter().copied());
                kinds[match picks {
                    Picks::Rising(_) => 0,
                    Picks::Level(_) => 1,
                    Picks::Single(_) => 2,
                }] += 1;
                let mut found = Neighbours { left: vec![9; 3000], right: vec![9; 5] };
                picks.pick(&source, lefts.len(), &mut found);
                for (n, left) in lefts.iter().enumerate() {
                    let there = (source[*left as usize], source[*left as usize + 1]);
                    assert_eq!((found.left[n], found.right[n]), there, "sample {n} at {scale} from {origin}");
                }
            }
        }
        assert!(kinds.iter().all(|count| *count > 5), "{kinds:?}");
    }
}
