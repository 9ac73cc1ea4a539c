//! What is seen in frames on their way to an encoder, and whether the file that it makes shows them.
//!
//! To decode a whole video only to look for black and still pictures takes a tenth of the time that making it took. So
//! the frames are looked at as they are drawn, as a decoded video would be. Of the finished file the key frames are
//! decoded, and each is held against the frame that was drawn there. A file that shows something else, or has other key
//! frames than it was told, is looked at like one of a stranger.

use super::seen::{self, CELLS, Look, SIDES, Seen, Watch};
use crate::picture::Frame;
use crate::supervise::Watched;
use crate::{bands, fault, probe};
use multiversion::multiversion;
use orion_core::domain::SafeArea;
use orion_core::domain::timeline::Canvas;
use orion_core::{Error, Result};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;

/// Cells of the shorter and the longer side of a print: few enough to keep one of every key frame, 2 MB for an hour.
const PRINT: (usize, usize) = (27, 48);
/// Bytes of a print.
const PRINT_CELLS: usize = PRINT.0 * PRINT.1;
/// By how much a cell may change in an encoder: the mean of 1,600 pixels of a frame of 1080x1920.
const CHANGE: u8 = 8;

/// Looks at frames one after the other.
#[derive(Debug)]
pub(crate) struct Drawn {
    canvas: Canvas,
    /// Every so many frames one is looked at.
    every: u64,
    watch: Watch,
    cells: Vec<u8>,
    /// Frames that are to be key frames, in order, and prints of those that were drawn.
    keys: Vec<u64>,
    prints: Vec<u8>,
    /// What the captions leave free at every edge.
    pub(crate) captions: Option<SafeArea>,
}

impl Drawn {
    /// For frames of a canvas, of which these will be key frames, in order.
    pub(crate) fn new(canvas: Canvas, keys: Vec<u64>) -> Self {
        let rate = canvas.frames_per_second.max(1);
        // As often as in a file: see `look`.
        let every = rate.div_ceil(seen::SAMPLES as u32).max(3);
        let step = f64::from(every) / f64::from(rate);
        let watch = Watch::new(step);
        let (every, cells) = (u64::from(every), vec![0; CELLS]);
        Self { canvas, every, watch, cells, keys, prints: Vec::new(), captions: None }
    }

    /// Looks at frame `number`.
    pub(crate) fn add(&mut self, number: u64, frame: &Frame) {
        let luma = &frame.bytes[..frame.width * frame.height];
        if number.is_multiple_of(self.every) {
            shrink(luma, frame.width, SIDES, &mut self.cells);
            self.cells.iter_mut().for_each(|cell| *cell = grey(*cell));
            self.watch.add(&self.cells);
        }
        if self.keys.binary_search(&number).is_ok() {
            let place = self.prints.len();
            self.prints.resize(place + PRINT_CELLS, 0);
            shrink(luma, frame.width, PRINT, &mut self.prints[place..]);
        }
    }

    /// What is seen in the file that was made of the frames.
    pub(crate) fn look(self, ffmpeg: &Path, input: &OsStr, watched: &Watched) -> Result<Seen> {
        if self.is_shown(ffmpeg, input, watched)? {
            return Ok(self.watch.finish());
        }
        let Canvas { width, height, frames_per_second } = self.canvas;
        seen::look(ffmpeg, input, (width, height, f64::from(frames_per_second)), Look::Sampled, watched)
    }

    /// Whether the key frames of a file are those that were drawn, and decode without a complaint.
    fn is_shown(&self, ffmpeg: &Path, input: &OsStr, watched: &Watched) -> Result<bool> {
        // One picture a key frame, whenever it is shown; its brightness as it is stored.
        let filter = "setpts=N/10/TB,extractplanes=y";
        let mut command = probe::decoder(ffmpeg);
        // One thread: they are so few that starting more costs more than it brings.
        command.args(["-threads", "1", "-skip_frame", "nokey", "-skip_loop_filter", "all"]).arg("-i").arg(input);
        command.args(["-map", "0:V:0", "-vf", filter, "-r", "10", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]);
        let mut child = watched.aside.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let Some(mut stdout) = child.stdout.take() else {
            return Err(Error::unexpected("the video tool has no standard output"));
        };
        let (width, height) = (self.canvas.width as usize, self.canvas.height as usize);
        let (mut luma, mut print) = (vec![0; width * height], vec![0; PRINT_CELLS]);
        let (mut same, mut prints) = (true, self.prints.chunks_exact(PRINT_CELLS));
        while fault::fill(&mut stdout, &mut luma)? == luma.len() {
            shrink(&luma, width, PRINT, &mut print);
            let alike = |drawn: &[u8]| drawn.iter().zip(&print).all(|(one, other)| one.abs_diff(*other) <= CHANGE);
            same &= prints.next().is_some_and(alike);
            watched.moved.fetch_add(1, Ordering::Relaxed);
        }
        let complaint = probe::complaint(watched.aside.hear())?;
        Ok(same && complaint.is_none() && prints.next().is_none())
    }
}

/// Brightness as a decoded picture has it that is made grey: from 16 for black and 235 for white to 0 and 255.
fn grey(luma: u8) -> u8 {
    (((u32::from(luma.clamp(16, 235)) - 16) * 255 + 109) / 219) as u8
}

/// Makes the brightness of a frame into cells, each the mean of its pixels.
fn shrink(luma: &[u8], width: usize, (shorter, longer): (usize, usize), cells: &mut [u8]) {
    let height = luma.len() / width;
    let (columns, rows) = if width > height { (longer, shorter) } else { (shorter, longer) };
    // A cell that is narrower than a pixel has the one that it lies in.
    let part = |cell: usize, cells: usize, side: usize| {
        let from = cell * side / cells;
        from..((cell + 1) * side / cells).max(from + 1)
    };
    let rows_of_cells = cells.chunks_mut(columns).enumerate().collect();
    bands::each(
        rows_of_cells,
        || vec![0_u32; width],
        |sums, (row, cells)| {
            let down = part(row, rows, height);
            sums.fill(0);
            luma[down.start * width..down.end * width].chunks_exact(width).for_each(|line| add_up(line, sums));
            for (column, cell) in cells.iter_mut().enumerate() {
                let across = part(column, columns, width);
                let count = (across.len() * down.len()) as u32;
                *cell = ((sums[across].iter().sum::<u32>() + count / 2) / count) as u8;
            }
        },
    );
}

/// Adds a row of samples to the sums of its columns.
#[multiversion(targets = "simd")]
fn add_up(line: &[u8], sums: &mut [u32]) {
    sums.iter_mut().zip(line).for_each(|(sum, sample)| *sum += u32::from(*sample));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_means_and_small_frames_have_them_too() {
        // Columns of 10, 20, 10, 20 … in the left half, white in the right one.
        let sample = |at: usize| if at % 216 >= 108 { 235 } else { 10 + 10 * (at % 2) as u8 };
        let luma: Vec<u8> = (0..216 * 384).map(sample).collect();
        let mut cells = vec![0; CELLS];
        shrink(&luma, 216, SIDES, &mut cells);
        let row: Vec<u8> = [[15; 54], [235; 54]].concat();
        assert!(cells.chunks(108).all(|cells| cells == row));
        assert_eq!([0, 16, 126, 235, 255].map(grey), [0, 0, 128, 255, 255]);
        let mut print = vec![0; PRINT_CELLS];
        shrink(&[1, 2, 3, 4, 5, 6, 7, 8], 4, PRINT, &mut print);
        assert_eq!((print[0], print[47], print[26 * 48], print[PRINT_CELLS - 1]), (1, 4, 5, 8));
    }
}
