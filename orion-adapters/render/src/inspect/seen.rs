//! Black, frozen and repeated pictures, on decoded pictures scaled down to grey.
//!
//! A 1080x1920 frame is looked at as 108x192 cells, each the mean of a hundred pixels: enough to see one word of a
//! caption change colour, and blind to the noise of a codec.

use super::Stretches;
use crate::supervise::Watched;
use crate::{fault, probe};
use orion_core::port::Stretch;
use orion_core::{Error, Result};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

/// Cells of the shorter and the longer side.
pub(super) const SIDES: (usize, usize) = (108, 192);
/// Cells of a picture.
pub(super) const CELLS: usize = SIDES.0 * SIDES.1;
/// A cell up to this grey is black: a tenth of white, as ffmpeg's `blackdetect` has it.
const BLACK: u8 = 25;
/// Cells that may be brighter in a black picture.
const BRIGHTER: usize = CELLS / 200;
/// Shortest black that is kept, in seconds.
const LEAST_BLACK: f64 = 0.2;
/// A picture stands still while no cell changes by more than this…
const CELL_CHANGE: u8 = 8;
/// …and the mean of all changes is not above this.
const MEAN_CHANGE: f64 = 0.3;
/// Shortest stillness that is kept, in seconds.
const LEAST_FROZEN: f64 = 0.5;
/// A cell differs from that of the picture before when it changes by more than codecs change what stands still.
const NOISE: u8 = 2;
/// In a repeated picture no more cells than this differ…
const REPEATED_CELLS: usize = CELLS / 100;
/// …and the mean of all changes is not above this.
const REPEATED_MEAN: f64 = 0.1;
/// In a picture that moves at least this many cells differ: more than when one caption follows another.
const MOVING: usize = CELLS / 10;
/// Most repeats in a row that are a stutter, and most seconds, where frames are left out; more are a still.
const STUTTER: (f64, f64) = (3.0, 0.125);
/// Most frames a second that are looked at.
const MOST_RATE: f64 = 120.0;

/// How closely a picture is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At every frame.
    Whole,
    /// Ten times a second at most, at frames that others are predicted from. A third of the work for what Orion encodes.
    Sampled,
}

/// Most samples a second.
pub(super) const SAMPLES: f64 = 10.0;

/// What was seen.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) black: Vec<Stretch>,
    pub(crate) frozen: Vec<Stretch>,
    pub(crate) repeated: f64,
    /// What the decoder complained of.
    pub(crate) complaint: Option<String>,
}

/// Decodes the first picture stream of a file, at most an hour of it, and looks at it.
pub(crate) fn look(
    ffmpeg: &Path,
    input: &OsStr,
    (width, height, rate): (u32, u32, f64),
    look: Look,
    watched: &Watched,
) -> Result<Seen> {
    let rate = if rate.is_finite() && rate > 0.0 { rate.min(MOST_RATE) } else { 30.0 };
    // Two of three frames may be skipped, and a sample must not be taken twice from the third.
    let rate = if look == Look::Sampled { SAMPLES.min(rate / 3.0) } else { rate };
    let (columns, rows) = if width > height { (SIDES.1, SIDES.0) } else { SIDES };
    let mut command = probe::decoder(ffmpeg);
    if look == Look::Sampled {
        command.args(["-skip_frame", "noref", "-skip_loop_filter", "all"]);
    }
    let filter = format!("fps={rate:.6},scale={columns}:{rows}:flags=area,format=gray");
    command.arg("-i").arg(input);
    command.args(["-map", "0:V:0", "-vf", &filter, "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]);
    let (watch, said) = decode(command, 1.0 / rate, watched)?;
    let mut seen = watch.finish();
    seen.complaint = said;
    Ok(seen)
}

fn decode(mut command: Command, step: f64, watched: &Watched) -> Result<(Watch, Option<String>)> {
    let mut child = watched.aside.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let Some(mut stdout) = child.stdout.take() else {
        return Err(Error::unexpected("the video tool has no standard output"));
    };
    let (mut watch, mut cells) = (Watch::new(step), vec![0; CELLS]);
    while fault::fill(&mut stdout, &mut cells)? == CELLS {
        watch.add(&cells);
        watched.moved.fetch_add(1, Ordering::Relaxed);
    }
    Ok((watch, probe::complaint(watched.aside.hear())?))
}

/// Looks at pictures one after the other.
#[derive(Debug)]
pub(super) struct Watch {
    pictures: u64,
    last: Vec<u8>,
    black: Stretches,
    /// The picture since which nothing has changed, and its number.
    still: (Vec<u8>, u64),
    frozen: Stretches,
    /// Repeats since the last picture that moved; `None` when something else came between.
    repeats: Option<u64>,
    repeated: u64,
    /// Most repeats in a row that are a stutter.
    stutter: u64,
}

impl Watch {
    pub(super) fn new(step: f64) -> Self {
        Self {
            pictures: 0,
            last: Vec::new(),
            black: Stretches::new(step, LEAST_BLACK),
            still: (Vec::new(), 0),
            frozen: Stretches::new(step, LEAST_FROZEN),
            repeats: None,
            repeated: 0,
            stutter: (STUTTER.1 / step).clamp(1.0, STUTTER.0) as u64,
        }
    }

    pub(super) fn add(&mut self, cells: &[u8]) {
        let number = self.pictures;
        self.pictures += 1;
        self.black.at(number, cells.iter().filter(|cell| **cell > BLACK).count() <= BRIGHTER);
        if number == 0 {
            self.still.0 = cells.to_vec();
            self.last = cells.to_vec();
            return;
        }
        let (most, sum) = cells.iter().zip(&self.still.0).fold((0, 0_u64), |(most, sum), (one, other)| {
            let change = one.abs_diff(*other);
            (change.max(most), sum + u64::from(change))
        });
        if most > CELL_CHANGE || sum as f64 > MEAN_CHANGE * cells.len() as f64 {
            self.frozen.keep(self.still.1, number);
            self.still = (cells.to_vec(), number);
        }
        let (differ, sum) = cells.iter().zip(&self.last).fold((0, 0_u64), |(differ, sum), (one, other)| {
            let change = one.abs_diff(*other);
            (differ + usize::from(change > NOISE), sum + u64::from(change))
        });
        if differ >= MOVING {
            self.repeated += self.repeats.filter(|count| *count <= self.stutter).unwrap_or(0);
            self.repeats = Some(0);
        } else if differ <= REPEATED_CELLS && sum as f64 <= REPEATED_MEAN * cells.len() as f64 {
            self.repeats = self.repeats.map(|count| count + 1);
        } else {
            self.repeats = None;
        }
        self.last.copy_from_slice(cells);
    }

    pub(super) fn finish(mut self) -> Seen {
        self.frozen.keep(self.still.1, self.pictures);
        Seen {
            black: self.black.finish(self.pictures),
            frozen: self.frozen.finish(self.pictures),
            repeated: self.repeated as f64 / self.pictures.max(1) as f64,
            complaint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::MediaTime;

    fn stretch(start: i64, end: i64) -> Stretch {
        Stretch { start: MediaTime::from_millis(start), end: MediaTime::from_millis(end) }
    }

    /// What is seen in pictures shown for a tenth of a second each.
    fn seen(pictures: impl IntoIterator<Item = Vec<u8>>) -> Seen {
        let mut watch = Watch::new(0.1);
        for picture in pictures {
            watch.add(&picture);
        }
        watch.finish()
    }

    /// A slope of grey that has moved by some cells.
    fn slope(shift: usize) -> Vec<u8> {
        (0..CELLS).map(|cell| ((cell % SIDES.0 + shift) * 3 % 200 + 30) as u8).collect()
    }

    #[test]
    fn black_is_found_and_dark_with_a_word_is_none() {
        let dark = vec![12_u8; CELLS];
        let mut word = dark.clone();
        word[500..700].fill(200);
        let seen = seen((0..30).map(|n| match n {
            5..10 => dark.clone(),
            20..30 => word.clone(),
            n => slope(n),
        }));
        assert_eq!(seen.black, [stretch(500, 1000)]);
        // Five and ten pictures without a change are still as well.
        assert_eq!(seen.frozen, [stretch(500, 1000), stretch(2000, 3000)]);
    }

    #[test]
    fn one_word_that_changes_is_a_change_and_a_slow_fade_too() {
        let captioned = |n: usize| {
            let mut picture = slope(0);
            picture[100 + n / 3 * 40..140 + n / 3 * 40].fill(255);
            picture
        };
        assert!(seen((0..40).map(captioned)).frozen.is_empty());
        let fade = |n: usize| slope(0).iter().map(|cell| cell + (n / 4) as u8).collect();
        assert!(seen((0..40).map(fade)).frozen.is_empty());
        assert_eq!(seen((0..40).map(|_| slope(0))).frozen, [stretch(0, 4000)]);
    }

    #[test]
    fn noise_of_a_codec_is_no_change() {
        let noisy = |n: usize| {
            let mut picture = slope(0);
            picture.iter_mut().skip(n % 7).step_by(23).for_each(|cell| *cell += 3);
            picture
        };
        assert_eq!(seen((0..40).map(noisy)).frozen, [stretch(0, 4000)]);
    }

    #[test]
    fn repeats_amid_movement_are_counted_and_stills_are_none() {
        let doubled = seen((0..40).map(|n| slope(n / 2)));
        assert!((doubled.repeated - 0.5).abs() < 0.05, "{}", doubled.repeated);
        assert_eq!(seen((0..40).map(slope)).repeated, 0.0);
        // A third of a second of movement and as much of rest in turns, as things come in one after the other.
        assert_eq!(seen((0..40).map(|n| slope(n / 6 * 3 + (n % 6).min(3)))).repeated, 0.0);
        // Slides that change every second.
        assert_eq!(seen((0..40).map(|n| slope(n / 10 * 5))).repeated, 0.0);
        // A still with captions that change every other picture.
        let captioned = |n: usize| {
            let mut picture = slope(0);
            picture[100 + n / 2 * 40..140 + n / 2 * 40].fill(255);
            picture
        };
        assert_eq!(seen((0..40).map(captioned)).repeated, 0.0);
    }

    #[test]
    fn nothing_is_seen_in_nothing() {
        assert_eq!(seen([]), Seen::default());
    }
}
