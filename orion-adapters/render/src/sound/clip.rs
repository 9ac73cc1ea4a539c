//! One piece of sound at the rate of the mix.

use super::resample::resample;
use super::{Meter, RATE};
use bytes::Bytes;
use orion_core::{Error, ErrorKind, Result};
use std::io::Cursor;

/// Most frames of one file at the rate of the mix: half an hour.
const MOST_FRAMES: u64 = 48_000 * 1800;

/// A piece of sound: one or two channels at [`RATE`](super::RATE).
#[derive(Debug, Clone)]
pub(super) struct Clip {
    /// The left channel, or both.
    left: Vec<f32>,
    /// The right channel, if it is another.
    right: Option<Vec<f32>>,
}

impl Clip {
    /// Reads a WAV file. Of more than two channels the first two are taken.
    pub(super) fn read(file: &Bytes) -> Result<Self> {
        let malformed = |error: hound::Error| {
            Error::new(ErrorKind::Invalid, "the sound is no readable WAV file").with_source(error)
        };
        let mut reader = hound::WavReader::new(Cursor::new(file)).map_err(malformed)?;
        let spec = reader.spec();
        if !(4000..=192_000).contains(&spec.sample_rate) || spec.channels == 0 {
            return Err(Error::invalid("sound must have 4000 to 192000 samples per second")
                .with_context("sample_rate", spec.sample_rate));
        }
        if u64::from(reader.duration()) * 48_000 > MOST_FRAMES * u64::from(spec.sample_rate) {
            return Err(Error::new(ErrorKind::Exhausted, "a piece of sound lasts half an hour at most"));
        }
        let samples: Vec<f32> = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>(),
            hound::SampleFormat::Int => {
                let scale = 1.0 / (1_u64 << (spec.bits_per_sample - 1)) as f32;
                reader.samples::<i32>().map(|sample| sample.map(|sample| sample as f32 * scale)).collect()
            }
        }
        .map_err(malformed)?;
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(Error::invalid("the sound holds values that are no numbers"));
        }
        let channel = |number: usize| -> Vec<f32> {
            let channel: Vec<f32> = samples.iter().skip(number).step_by(usize::from(spec.channels)).copied().collect();
            resample(&channel, spec.sample_rate)
        };
        Ok(Self { left: channel(0), right: (spec.channels > 1).then(|| channel(1)) })
    }

    /// Length in frames.
    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// Has a meter hear all of it, as it is mixed: on both channels.
    pub(super) fn measure(&self, meter: &mut Meter) -> Result<()> {
        let mut block = Vec::with_capacity(2 * RATE as usize);
        for from in (0..self.len()).step_by(RATE as usize) {
            block.clear();
            block.extend((from..self.len().min(from + RATE as usize)).flat_map(|index| self.frame(index)));
            meter.add(&block)?;
        }
        Ok(())
    }

    /// Drops what is behind some frames.
    pub(super) fn truncate(&mut self, frames: usize) {
        self.left.truncate(frames);
        if let Some(right) = &mut self.right {
            right.truncate(frames);
        }
    }

    /// Both channels of a frame.
    pub(super) fn frame(&self, index: usize) -> [f32; 2] {
        let left = self.left[index];
        [left, self.right.as_ref().and_then(|right| right.get(index)).copied().unwrap_or(left)]
    }

    /// Lets its end fade over some frames into its beginning, which is cut off there: played again and again it does not
    /// click.
    pub(super) fn close(&mut self, frames: usize) {
        let frames = frames.min(self.len() / 2);
        for channel in [Some(&mut self.left), self.right.as_mut()].into_iter().flatten() {
            let end = channel.len().saturating_sub(frames);
            for index in 0..frames.min(end) {
                let share = (index as f32 + 0.5) / frames as f32;
                channel[end + index] = channel[end + index] * (1.0 - share) + channel[index] * share;
            }
            channel.drain(..frames.min(end));
        }
    }

    /// Fades both ends over some frames, so that no join clicks.
    pub(super) fn fade_ends(&mut self, frames: usize) {
        let frames = frames.min(self.len() / 2);
        for channel in [Some(&mut self.left), self.right.as_mut()].into_iter().flatten() {
            let count = channel.len();
            for index in 0..frames.min(count) {
                let share = (index as f32 + 0.5) / frames as f32;
                channel[index] *= share;
                channel[count - 1 - index] *= share;
            }
        }
    }
}
