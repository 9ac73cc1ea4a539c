//! What is seen and heard in a file: black, frozen and repeated pictures, silence and clipping, measured on what
//! ffmpeg decodes. Picture and sound are decoded by a child each, at the same time.

mod drawn;
mod heard;
mod seen;
#[cfg(test)]
mod tests;

pub(crate) use drawn::Drawn;
pub(crate) use heard::Heard;
pub use seen::Look;
pub(crate) use seen::look;

use orion_core::MediaTime;
use orion_core::port::Stretch;

/// Most stretches of one kind that are kept.
const MOST_STRETCHES: usize = 100;

/// Joins what is so for a while into stretches of a least length, in steps of even length.
#[derive(Debug)]
struct Stretches {
    /// Seconds of a step.
    step: f64,
    /// Least length in seconds.
    least: f64,
    since: Option<u64>,
    found: Vec<Stretch>,
}

impl Stretches {
    fn new(step: f64, least: f64) -> Self {
        Self { step, least, since: None, found: Vec::new() }
    }

    /// What is so at step `index`.
    fn at(&mut self, index: u64, so: bool) {
        match (self.since, so) {
            (None, true) => self.since = Some(index),
            (Some(since), false) => {
                self.keep(since, index);
                self.since = None;
            }
            _ => {}
        }
    }

    /// Keeps the steps from `since` until before `end` if they are long enough.
    fn keep(&mut self, since: u64, end: u64) {
        // Half a step for what rounding takes.
        if (end - since) as f64 * self.step >= self.least - self.step / 2.0 && self.found.len() < MOST_STRETCHES {
            let time = |index: u64| MediaTime::from_seconds(index as f64 * self.step);
            self.found.push(Stretch { start: time(since), end: time(end) });
        }
    }

    /// All of them, when there are `steps`.
    fn finish(mut self, steps: u64) -> Vec<Stretch> {
        self.at(steps, false);
        self.found
    }
}
