//! A captioned video against what it was before.

use super::rendered::safe_area;
use super::{Checks, content};
use crate::MediaTime;
use crate::domain::timeline::{Canvas, Captions, Loudness};
use crate::port::{MediaInfo, Validation};

/// How far a loudness may be off, in LU.
const TOLERANCE: f64 = 1.0;
/// Shortest stretches of black and stillness that are new, in seconds.
const NEW: f64 = 0.5;

/// What a captioned file is held against.
#[derive(Debug, Clone, Copy)]
pub struct Captioned<'a> {
    /// The file before.
    pub before: &'a MediaInfo,
    /// Width and height of the picture as it was decoded.
    pub size: (u32, u32),
    /// Frames that were encoded.
    pub frames: u64,
    /// The captions.
    pub captions: &'a Captions,
    /// What the sound was brought to, if it was.
    pub loudness: Option<Loudness>,
}

/// Checks that a captioned file is what it was before, with captions that are inside.
pub fn check_captioned(info: &MediaInfo, asked: &Captioned<'_>) -> Validation {
    let (before, size) = (asked.before, asked.size);
    let mut checks = Checks::default();
    let pixels = |(width, height): (u32, u32)| format!("{width}x{height}");
    // An odd side loses its last pixel.
    let even = (before.width / 2 * 2, before.height / 2 * 2);
    let kept = (info.width, info.height) == size && size == even;
    checks.add("resolution", 1.0, kept, pixels(even), pixels((info.width, info.height)));
    checks.equal("codec", 1.0, "h264", info.video_codec.as_deref());
    checks.equal("pixel format", 0.5, "yuv420p", info.pixel_format.as_deref());
    let (rate, found) = (before.frames_per_second, info.frames_per_second);
    checks.add("fps", 0.8, (rate - found).abs() <= 0.01 * rate, format!("{rate:.3} fps"), format!("{found:.3} fps"));
    let frames = asked.frames.to_string();
    checks.equal("frames", 0.8, &frames, info.frames.map(|count| count.to_string()).as_deref());
    let frame = 1.0 / rate.max(1.0);
    let (wanted, length) = (before.duration.seconds(), info.duration.seconds());
    let close = (wanted - length).abs() <= 2.0 * frame + 0.05;
    checks.add("duration", 0.8, close, format!("{wanted:.2} s"), format!("{length:.2} s"));
    if let Some(codec) = &before.audio_codec {
        let sounds = info.audio_codec.is_some();
        checks.add("sound", 1.0, sounds, codec.clone(), info.audio_codec.clone().unwrap_or_else(|| "none".to_owned()));
        loudness(&mut checks, info, asked);
    }
    let placed = if info.fast_start { "index first" } else { "index last" };
    checks.equal("fast start", 0.5, "index first", Some(placed));
    let captions = asked.captions.check(info.duration + MediaTime::from_seconds(2.0 * frame + 0.05));
    let found = captions.as_ref().err().map_or_else(|| "inside".to_owned(), ToString::to_string);
    checks.add("captions", 0.5, captions.is_ok(), "inside".to_owned(), found);
    if let Some(drawn) = info.content.as_ref().and_then(|seen| seen.captions.as_ref()) {
        let canvas = Canvas { width: info.width, height: info.height, frames_per_second: 30 };
        safe_area(&mut checks, drawn, &canvas);
    }
    if let (Some(was), Some(seen)) = (&before.content, &info.content) {
        content::compared(&mut checks, was, seen, NEW);
    }
    checks.done()
}

fn loudness(checks: &mut Checks, info: &MediaInfo, asked: &Captioned<'_>) {
    let target = asked.loudness.map(|loudness| loudness.integrated);
    let Some(target) = target.or(asked.before.loudness) else { return };
    let near = info.loudness.is_some_and(|found| (found - target).abs() <= TOLERANCE);
    let found = info.loudness.map_or_else(|| "silence".to_owned(), |found| format!("{found:.1} LUFS"));
    checks.add("loudness", 0.8, near, format!("{target:.1} LUFS ± {TOLERANCE:.1}"), found);
    if let Some(loudness) = asked.loudness {
        let below = info.true_peak.is_some_and(|peak| peak <= loudness.true_peak + 0.05);
        let found = info.true_peak.map_or_else(|| "silence".to_owned(), |peak| format!("{peak:.1} dBTP"));
        checks.add("true peak", 0.5, below, format!("at most {:.1} dBTP", loudness.true_peak), found);
    }
}
