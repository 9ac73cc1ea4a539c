//! What a rendered file must be, and whether it is.
//!
//! Names and weights of the first five checks are the contract's (section 5.6). Its fixed length of 55 to 60
//! seconds fits no script, so the length is held against the timeline instead; the checks after them are what the
//! platforms ask of a file beyond that.

use crate::domain::timeline::Timeline;
use crate::port::{CheckOutcome, MediaInfo, Validation};

/// What is expected of a file beyond its timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectations {
    /// Most bytes. 300 MB is what every platform takes.
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
    let mut checks = Checks(Vec::new());
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
    let most = expectations.most_bytes;
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    checks.add("size", 0.5, info.length <= most, format!("at most {}", megabytes(most)), megabytes(info.length));

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
    let captions = timeline.captions.check(timeline.duration());
    let found = captions.as_ref().err().map_or_else(|| "inside".to_owned(), ToString::to_string);
    checks.add("captions", 0.5, captions.is_ok(), "inside".to_owned(), found);
    Validation { checks: checks.0 }
}

struct Checks(Vec<CheckOutcome>);

impl Checks {
    fn add(&mut self, name: &str, weight: f64, passed: bool, expected: String, found: String) {
        self.0.push(CheckOutcome { name: name.to_owned(), passed, expected, found, weight });
    }

    fn equal(&mut self, name: &str, weight: f64, expected: &str, found: Option<&str>) {
        let passed = found == Some(expected);
        self.add(name, weight, passed, expected.to_owned(), found.unwrap_or("none").to_owned());
    }
}
