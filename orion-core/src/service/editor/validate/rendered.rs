//! A rendered file against its timeline.
//!
//! Names and weights of the first five checks are the contract's (section 5.6). Its fixed length of 55 to 60
//! seconds fits no script, so the length is held against the timeline instead; the checks after them are what the
//! platforms ask of a file beyond that.

use super::{Checks, content};
use crate::MediaTime;
use crate::domain::SafeArea;
use crate::domain::h264::{Level, PROFILES};
use crate::domain::timeline::{Canvas, Timeline};
use crate::port::{MediaInfo, Validation};

/// Longest time between two key frames, in seconds.
const KEY_FRAMES: f64 = 2.0;

/// Seconds of the longest video that Instagram takes, whose bound of 300 MB is the lowest.
const LONG: f64 = 900.0;

/// What is expected of a file beyond its timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectations {
    /// Most bytes, of a video of up to a quarter of an hour. 300 MB is what every platform takes; those that play longer
    /// ones take larger files, and a longer one may be larger by as much as it is longer.
    pub most_bytes: u64,
    /// How far the loudness may be off, in LU.
    pub loudness_tolerance: f64,
}

impl Default for Expectations {
    fn default() -> Self {
        Self { most_bytes: 300_000_000, loudness_tolerance: 1.0 }
    }
}

/// Holds what a file is against what was to be made.
pub fn validate(info: &MediaInfo, timeline: &Timeline, expectations: &Expectations) -> Validation {
    let canvas = &timeline.canvas;
    let rate = f64::from(canvas.frames_per_second);
    let frame = 1.0 / rate;
    let mut checks = Checks::default();
    checks.add(
        "resolution",
        1.0,
        (info.width, info.height) == (canvas.width, canvas.height),
        format!("{}x{}", canvas.width, canvas.height),
        format!("{}x{}", info.width, info.height),
    );
    checks.equal("codec", 1.0, "h264", info.video_codec.as_deref());
    let off = (info.frames_per_second - rate).abs();
    checks.add("fps", 0.8, off <= 0.01, format!("{rate} fps"), format!("{:.3} fps", info.frames_per_second));
    let (length, wanted) = (info.duration.seconds(), timeline.duration().seconds());
    // AAC comes in blocks of 1024 samples, so a file may be a little longer than its picture.
    let close = (length - wanted).abs() <= frame + 0.025;
    checks.add("duration", 0.8, close, format!("{wanted:.2} s"), format!("{length:.2} s"));
    let most = (expectations.most_bytes as f64 * (wanted / LONG).max(1.0)) as u64;
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    checks.add("size", 0.5, info.length <= most, format!("at most {}", megabytes(most)), megabytes(info.length));

    let profile = info.profile.as_deref().unwrap_or("none");
    checks.add("profile", 0.3, PROFILES.contains(&profile), PROFILES.join(", "), profile.to_owned());
    if let Some(level) = info.level {
        let most = Level::of(canvas).number;
        checks.add("level", 0.3, level <= most, format!("at most {}", Level::text(most)), Level::text(level));
    }
    if let Some(apart) = info.key_frames.map(MediaTime::seconds) {
        let close = apart <= KEY_FRAMES + frame / 2.0;
        checks.add("key frames", 0.3, close, format!("at most {KEY_FRAMES:.1} s apart"), format!("{apart:.2} s apart"));
    }
    checks.equal("pixel format", 0.5, "yuv420p", info.pixel_format.as_deref());
    let frames = timeline.frames();
    checks.equal("frames", 0.8, &frames.to_string(), info.frames.map(|count| count.to_string()).as_deref());
    checks.equal("audio codec", 0.8, "aac", info.audio_codec.as_deref());
    checks.equal("sample rate", 0.3, "48000", info.sample_rate.map(|rate| rate.to_string()).as_deref());
    let apart = info.audio_duration.zip(info.video_duration).map(|(audio, video)| (audio - video).seconds().abs());
    checks.add(
        "synchrony",
        0.8,
        apart.is_some_and(|apart| apart <= frame),
        format!("within {frame:.3} s"),
        apart.map_or_else(|| "no sound".to_owned(), |apart| format!("{apart:.3} s apart")),
    );
    if !timeline.audio.is_empty() {
        let (target, tolerance) = (timeline.loudness.integrated, expectations.loudness_tolerance);
        let near = info.loudness.is_some_and(|loudness| (loudness - target).abs() <= tolerance);
        let silent = || "silence".to_owned();
        let found = info.loudness.map_or_else(silent, |loudness| format!("{loudness:.1} LUFS"));
        checks.add("loudness", 0.8, near, format!("{target:.1} LUFS ± {tolerance:.1}"), found);
        let ceiling = timeline.loudness.true_peak;
        let below = info.true_peak.is_some_and(|peak| peak <= ceiling + 0.05);
        let found = info.true_peak.map_or_else(silent, |peak| format!("{peak:.1} dBTP"));
        checks.add("true peak", 0.5, below, format!("at most {ceiling:.1} dBTP"), found);
    }
    let placed = if info.fast_start { "index first" } else { "index last" };
    checks.equal("fast start", 0.5, "index first", Some(placed));
    if let Some(colour) = &info.colour {
        checks.equal("colours", 0.3, "told", Some(if colour.are_whole() { "told" } else { "not told" }));
    }
    // Those of the timeline, within the file as it is.
    let shown = info.video_duration.unwrap_or(info.duration) + MediaTime::from_seconds(frame);
    let captions = timeline.captions.check(timeline.duration().min(shown));
    let found = captions.as_ref().err().map_or_else(|| "inside".to_owned(), ToString::to_string);
    checks.add("captions", 0.5, captions.is_ok(), "inside".to_owned(), found);
    if let Some(seen) = &info.content {
        if let Some(drawn) = &seen.captions {
            safe_area(&mut checks, drawn, canvas);
        }
        content::rendered(&mut checks, seen, timeline);
    }
    checks.done()
}

/// Whether captions were drawn where no app covers a tall picture, or a twentieth off the edges of any other. Half
/// pixels at their edges are no fault.
pub(super) fn safe_area(checks: &mut Checks, drawn: &SafeArea, canvas: &Canvas) {
    let free = match canvas.is_tall() {
        true => SafeArea::of_all(),
        false => SafeArea { top: 0.05, right: 0.05, bottom: 0.05, left: 0.05 },
    };
    let (width, height) = (canvas.width, canvas.height);
    let pixels = |side: u32| 2.0 / f64::from(side.max(1));
    let sides = [
        ("above", drawn.top, free.top, pixels(height)),
        ("right", drawn.right, free.right, pixels(width)),
        ("below", drawn.bottom, free.bottom, pixels(height)),
        ("left", drawn.left, free.left, pixels(width)),
    ];
    let beyond = sides.iter().find(|(_, drawn, free, room)| *drawn < free - room);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let expected = sides.map(|(side, _, free, _)| format!("{} {side}", percent(free))).join(", ");
    let found = beyond.map_or_else(|| "inside".to_owned(), |(side, drawn, ..)| format!("{} {side}", percent(*drawn)));
    checks.add("safe area", 0.5, beyond.is_none(), format!("captions leave free {expected}"), found);
    checks.advise("set the captions smaller or in the middle of the picture");
}
