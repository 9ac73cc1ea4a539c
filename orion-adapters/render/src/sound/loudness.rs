//! Bringing a mix to a loudness (EBU R 128, ITU-R BS.1770): one linear gain, and a limiter for what it pushes over
//! the ceiling. The limiter takes a little loudness, so the gain is corrected until the result is right.

use super::limiter::Limiter;
use super::mix::Mixer;
use super::{Fetch, RATE};
use crate::fault::{fill, io};
use ebur128::{EbuR128, Mode};
use orion_core::domain::timeline::{Loudness, Timeline};
use orion_core::{Cancellation, Error, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

/// Room below the ceiling for what AAC adds to peaks: measured up to 0.6 dB at 192 kbit/s.
const ROOM_DB: f64 = 0.8;
/// How close to the target is close enough, in LU.
const CLOSE: f64 = 0.1;
/// Most corrections of the gain.
const MOST_PASSES: usize = 5;
/// Most gain: more would only raise noise.
const MOST_GAIN_DB: f64 = 40.0;

/// Measures loudness and true peak of stereo sound.
pub(crate) struct Meter(EbuR128);

impl Meter {
    /// A meter; with `peaks` it also looks for the true peak, which costs more.
    pub(crate) fn new(channels: u32, rate: u32, peaks: bool) -> Result<Self> {
        let mode = if peaks { Mode::I | Mode::TRUE_PEAK } else { Mode::I } | Mode::HISTOGRAM;
        EbuR128::new(channels, rate, mode).map(Self).map_err(unmeasurable)
    }

    pub(crate) fn add(&mut self, samples: &[f32]) -> Result<()> {
        self.0.add_frames_f32(samples).map_err(unmeasurable)
    }

    /// Integrated loudness in LUFS; `None` for silence and for less than 0.4 s.
    pub(crate) fn loudness(&self) -> Option<f64> {
        self.0.loudness_global().ok().filter(|loudness| *loudness > -69.0)
    }

    /// Highest true peak in dBTP; `None` for silence.
    pub(crate) fn true_peak(&self) -> Option<f64> {
        let peak = (0..self.0.channels()).filter_map(|channel| self.0.true_peak(channel).ok()).fold(0.0, f64::max);
        (peak > 0.0).then(|| 20.0 * peak.log10())
    }
}

fn unmeasurable(error: ebur128::Error) -> Error {
    Error::unexpected("the loudness cannot be measured").with_source(error)
}

/// Mixes the sound of a timeline into a WAV file (16 bits, stereo) at the timeline's loudness, with `scratch` as
/// room for the mix before that. Silence where there is no sound, because platforms refuse a file without.
pub(crate) fn master(
    timeline: &Timeline,
    fetch: &Fetch<'_>,
    cancellation: &Cancellation,
    scratch: &Path,
    file: &Path,
) -> Result<()> {
    let mut mixer = Mixer::new(timeline, fetch)?;
    let mut meter = Meter::new(2, RATE, false)?;
    let mut raw = BufWriter::new(File::create(scratch).map_err(io)?);
    loop {
        cancellation.check()?;
        let block = mixer.next()?;
        if block.is_empty() {
            break;
        }
        meter.add(&block)?;
        let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        raw.write_all(&bytes).map_err(io)?;
    }
    raw.flush().map_err(io)?;
    let measured = meter.loudness().filter(|_| mixer.has_sound());
    settle(scratch, file, measured, &timeline.loudness, cancellation)
}

/// Brings the mix in `scratch` from the loudness that was measured to that which is wanted; nothing but the limiter
/// touches it if there is none.
pub(super) fn settle(
    scratch: &Path,
    file: &Path,
    measured: Option<f64>,
    loudness: &Loudness,
    cancellation: &Cancellation,
) -> Result<()> {
    let Some(measured) = measured else {
        return pass((scratch, file), 0.0, loudness, cancellation).map(drop);
    };
    let mut gain = loudness.integrated - measured;
    for _ in 0..MOST_PASSES {
        gain = gain.min(MOST_GAIN_DB);
        let Some(reached) = pass((scratch, file), gain, loudness, cancellation)? else { break };
        let error = loudness.integrated - reached;
        if error.abs() <= CLOSE {
            break;
        }
        gain += error;
    }
    Ok(())
}

/// Writes the mix with a gain and the limiter, and measures what came of it.
fn pass(
    (scratch, file): (&Path, &Path),
    gain_db: f64,
    loudness: &Loudness,
    cancellation: &Cancellation,
) -> Result<Option<f64>> {
    let gain = 10_f64.powf(gain_db / 20.0) as f32;
    let mut raw = BufReader::with_capacity(1 << 16, File::open(scratch).map_err(io)?);
    let spec =
        hound::WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(file, spec).map_err(write_error)?;
    let mut meter = Meter::new(2, RATE, false)?;
    let mut limiter = Limiter::new(loudness.true_peak - ROOM_DB);
    let mut bytes = vec![0_u8; RATE as usize * 8];
    let mut emit = |out: &mut Vec<f32>| {
        meter.add(out)?;
        for sample in out.drain(..) {
            writer.write_sample((sample * 32_767.0).round() as i16).map_err(write_error)?;
        }
        Ok::<(), Error>(())
    };
    let mut out = Vec::new();
    loop {
        cancellation.check()?;
        let length = fill(&mut raw, &mut bytes)?;
        if length == 0 {
            break;
        }
        let samples =
            bytes[..length].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        let block: Vec<f32> = samples.map(|sample| sample * gain).collect();
        limiter.push(&block, &mut out);
        emit(&mut out)?;
    }
    limiter.finish(&mut out);
    emit(&mut out)?;
    writer.finalize().map_err(write_error)?;
    Ok(meter.loudness())
}

fn write_error(error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) => io(error),
        other => Error::unexpected("the mix cannot be written").with_source(other),
    }
}
