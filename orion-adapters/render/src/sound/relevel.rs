//! The sound of a file, brought to a loudness and a length.

use super::loudness::settle;
use super::{Meter, RATE};
use crate::fault::{self, io};
use crate::probe;
use crate::supervise::Watched;
use orion_core::domain::timeline::Loudness;
use orion_core::{Error, ErrorKind, MediaTime, Result};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;

/// Bytes of a frame of two channels.
const FRAME: u64 = 8;

/// Writes the first track of sound of a file into a WAV file (16 bits, stereo), from the beginning of the file on: at
/// a loudness, or as loud as it is; cut or filled up to a length, or as long as it is.
///
/// # Errors
/// [`Invalid`](ErrorKind::Invalid) for a file without sound.
pub(crate) fn relevel(
    ffmpeg: &Path,
    input: &OsStr,
    (loudness, length): (Option<&Loudness>, Option<MediaTime>),
    folder: &Path,
    file: &Path,
    watched: &Watched,
) -> Result<()> {
    let scratch = folder.join("sound.raw");
    let mut command = probe::decoder(ffmpeg);
    command.arg("-i").arg(input).args(["-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]);
    command.args(["-ac", "2", "-ar", &RATE.to_string(), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]);
    let mut pipes = watched.child.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let Some(mut stdout) = pipes.stdout.take() else {
        return Err(Error::unexpected("the video tool has no standard output"));
    };
    let most = length.map_or(u64::MAX, |length| (length.seconds() * f64::from(RATE)).round() as u64 * FRAME);
    let (mut meter, mut written) = (Meter::new(2, RATE, false)?, 0_u64);
    let mut raw = BufWriter::new(File::create(&scratch).map_err(io)?);
    let mut bytes = vec![0_u8; RATE as usize * FRAME as usize];
    loop {
        watched.abandoned.check()?;
        let filled = fault::fill(&mut stdout, &mut bytes)?;
        let whole = filled - filled % FRAME as usize;
        let taken = (whole as u64).min(most - written) as usize;
        let samples =
            bytes[..taken].chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        // What is no number is silence.
        let samples: Vec<f32> = samples.map(|sample| if sample.is_finite() { sample } else { 0.0 }).collect();
        meter.add(&samples)?;
        let clean: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        raw.write_all(&clean).map_err(io)?;
        written += taken as u64;
        watched.moved.fetch_add(1, Ordering::Relaxed);
        if filled < bytes.len() {
            break;
        }
    }
    watched.child.wait().map_err(|error| match error.kind() {
        ErrorKind::Unexpected => Error::invalid("this file has no sound that can be read").with_source(error),
        _ => error,
    })?;
    bytes.fill(0);
    while length.is_some() && written < most {
        let missing = (most - written).min(bytes.len() as u64);
        raw.write_all(&bytes[..missing as usize]).map_err(io)?;
        written += missing;
    }
    raw.flush().map_err(io)?;
    drop(raw);
    if written == 0 {
        return Err(Error::invalid("this file has no sound that can be read"));
    }
    let measured = meter.loudness().filter(|_| loudness.is_some());
    settle(&scratch, file, measured, loudness.unwrap_or(&Loudness::PLATFORM), &watched.abandoned)?;
    std::fs::remove_file(&scratch).map_err(io)
}
