//! Both neighbours of every sample of a row, picked out of a row of the source.
//!
//! To pick them one by one takes longer than all that is worked out with them. But where a picture is shown at about its
//! own size its samples follow one another in stretches, and where it is shown twice or four times as large they do so
//! once each is written down twice or four times. So stretches are filled by copies of one length, which run over their
//! ends and are written over by the next.

use multiversion::multiversion;

/// Samples that are written at once.
const BLOCK: usize = 32;

/// Where the neighbours of the samples of a row lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Picks {
    /// In stretches, in a source of which each sample is there so many times: 1, 2 or 4.
    Stretches(Vec<Stretch>, usize),
    /// The left one of each sample.
    Single(Vec<u32>),
}

/// Samples whose neighbours follow one another: at most [`BLOCK`].
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
    /// The source with each sample several times.
    repeated: Vec<u8>,
}

impl Picks {
    /// From the left neighbour of each sample, in order.
    pub(super) fn new(lefts: Vec<u32>) -> Self {
        let (first, last) = (lefts.first().copied().unwrap_or(0), lefts.last().copied().unwrap_or(0));
        // Samples of the source for one of the row.
        let times = match f64::from(last.saturating_sub(first)) / lefts.len().max(1) as f64 {
            ..0.35 => 4,
            0.35..0.7 => 2,
            0.7..1.5 => 1,
            _ => return Self::Single(lefts),
        };
        Self::Stretches(stretches(&lefts, times), times as usize)
    }

    /// Picks `count` neighbours out of a row of at least two samples.
    pub(super) fn pick(&self, source: &[u8], count: usize, into: &mut Neighbours) {
        let Neighbours { left, right, repeated } = into;
        left.resize(count + BLOCK, 0);
        right.resize(count + BLOCK, 0);
        match self {
            Self::Stretches(stretches, times) => {
                repeated.resize(source.len() * times, 0);
                match times {
                    4 => copy::<4>(stretches, four_times(source, repeated), left, right),
                    2 => copy::<2>(stretches, twice(source, repeated), left, right),
                    _ => copy::<1>(stretches, source, left, right),
                }
            }
            Self::Single(lefts) => {
                for ((from, left), right) in lefts.iter().zip(left).zip(right) {
                    let two = &source[*from as usize..*from as usize + 2];
                    (*left, *right) = (two[0], two[1]);
                }
            }
        }
    }
}

/// The stretches in a source of which each sample is there so many times.
fn stretches(lefts: &[u32], times: u32) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, from) in lefts.iter().enumerate() {
        match stretches.last_mut() {
            Some(last) if (last.from + last.count) / times == *from && (last.count as usize) < BLOCK => last.count += 1,
            _ => {
                // So that this one is left behind when the row does so.
                let alike = lefts[at..].iter().take(times as usize).take_while(|left| *left == from).count() as u32;
                stretches.push(Stretch { at: at as u32, count: 1, from: (from + 1) * times - alike });
            }
        }
    }
    stretches
}

/// Writes each sample twice: a product is what processors work out for many at a time.
#[multiversion(targets = "simd")]
fn twice<'a>(source: &[u8], repeated: &'a mut [u8]) -> &'a [u8] {
    for (place, sample) in repeated.as_chunks_mut::<2>().0.iter_mut().zip(source) {
        *place = (u16::from(*sample) * 0x0101).to_le_bytes();
    }
    repeated
}

/// Writes each sample four times, as [`twice`].
#[multiversion(targets = "simd")]
fn four_times<'a>(source: &[u8], repeated: &'a mut [u8]) -> &'a [u8] {
    for (place, sample) in repeated.as_chunks_mut::<4>().0.iter_mut().zip(source) {
        *place = (u32::from(*sample) * 0x0101_0101).to_le_bytes();
    }
    repeated
}

/// Copies stretches out of a source of which each sample is there so many times.
#[multiversion(targets = "simd")]
fn copy<const TIMES: usize>(stretches: &[Stretch], source: &[u8], left: &mut [u8], right: &mut [u8]) {
    for Stretch { at, count, from } in stretches {
        let (at, count, from) = (*at as usize, *count as usize, *from as usize);
        let (left, right) = (&mut left[at..at + BLOCK], &mut right[at..at + BLOCK]);
        match (source[from..].first_chunk::<BLOCK>(), source[from + TIMES..].first_chunk::<BLOCK>()) {
            (Some(lefts), Some(rights)) => {
                left.copy_from_slice(lefts);
                right.copy_from_slice(rights);
            }
            // Near the end of the source.
            _ => {
                left[..count].copy_from_slice(&source[from..from + count]);
                right[..count].copy_from_slice(&source[from + TIMES..from + TIMES + count]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_those_that_lie_there_at_every_scale() {
        let source: Vec<u8> = (0..700).map(|n| (n * 37 % 251) as u8).collect();
        let mut kinds = [0; 5];
        for scale in
            [0.01, 0.1, 0.24, 0.26, 0.34, 0.36, 0.45, 0.5, 0.6, 0.7, 0.93, 1.0, 1.001, 1.2, 1.49, 1.5, 2.0, 6.0]
        {
            for (origin, count) in [(0.0, 1), (3.7, 31), (10.2, 33), (300.4, 400), (690.0, 400), (0.0, 700)] {
                let lefts = (0..count).map(|n| ((origin + f64::from(n) * scale) as u32).min(698));
                let lefts: Vec<u32> = lefts.collect();
                let picks = Picks::new(lefts.clone());
                kinds[match &picks {
                    Picks::Stretches(_, times) => *times,
                    Picks::Single(_) => 0,
                }] += 1;
                let mut found = Neighbours { left: vec![9; 3000], right: vec![9; 5], repeated: vec![9; 7] };
                picks.pick(&source, lefts.len(), &mut found);
                for (n, left) in lefts.iter().enumerate() {
                    let there = (source[*left as usize], source[*left as usize + 1]);
                    assert_eq!((found.left[n], found.right[n]), there, "sample {n} at {scale} from {origin}");
                }
            }
        }
        assert!([0, 1, 2, 4].iter().all(|kind| kinds[*kind] > 3), "{kinds:?}");
    }

    #[test]
    fn a_picture_shown_somewhat_larger_has_long_stretches() {
        for (zoom, times) in [(1.1, 1), (2.2, 2), (4.4, 4)] {
            let lefts = (0..1080).map(|n| (f64::from(n) / zoom) as u32).collect();
            let (stretches, found) = match Picks::new(lefts) {
                Picks::Stretches(stretches, times) => (stretches, times),
                Picks::Single(_) => (Vec::new(), 0),
            };
            assert_eq!(found, times);
            // One sample in eleven is there once more.
            assert!(stretches.len() < 1080 / 9, "{}", stretches.len());
        }
    }
}
