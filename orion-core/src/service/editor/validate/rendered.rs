//! A rendered file against its timeline.
//!
//! Names and weights of the first five checks are the contract's (section 5.6). Its fixed length of 55 to 60
//! seconds fits no script, so the length is held against the timeline instead; the checks after them are what the
//! platforms ask of a file beyond that.

use super::{Checks, content};
use crate::MediaTime;
use crate::domain::SafeArea;
use crate::domain::h264::{Level, PROFILES};
use crate::domain::timeline::{Canvas, CaptionPosition, CaptionStyle, Timeline};
use crate::port::{MediaInfo, Validation};

/// Longest time between two key frames, in seconds.
const KEY_FRAMES: f64 = 2.0;

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
    let most = expectations.most_bytes;
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
    let captions = timeline.captions.check(timeline.duration());
    let found = captions.as_ref().err().map_or_else(|| "inside".to_owned(), ToString::to_string);
    checks.add("captions", 0.5, captions.is_ok(), "inside".to_owned(), found);
    if !timeline.captions.cues.is_empty() {
        safe_area(&mut checks, &timeline.captions.style, canvas);
    }
    if let Some(seen) = &info.content {
        content::rendered(&mut checks, seen, timeline);
    }
    checks.done()
}

/// Whether captions stay where no app covers a tall picture, or a twentieth off the edges of any other.
pub(super) fn safe_area(checks: &mut Checks, style: &CaptionStyle, canvas: &Canvas) {
    let free = match canvas.is_tall() {
        true => SafeArea::of_all(),
        false => SafeArea { top: 0.05, right: 0.05, bottom: 0.05, left: 0.05 },
    };
    let taken = margins(style, canvas);
    let pairs = [
        ("above", taken.top, free.top),
        ("right", taken.right, free.right),
        ("below", taken.bottom, free.bottom),
        ("left", taken.left, free.left),
    ];
    // A pixel of a canvas 1000 pixels high is no fault.
    let beyond = pairs.iter().find(|(_, taken, free)| *taken < free - 0.001);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let expected = pairs.map(|(side, _, free)| format!("{} {side}", percent(free))).join(", ");
    let found = beyond.map_or_else(|| "inside".to_owned(), |(side, taken, _)| format!("{} {side}", percent(*taken)));
    checks.add("safe area", 0.5, beyond.is_none(), format!("captions leave free {expected}"), found);
    checks.advise("set the captions smaller or in the middle of the picture");
}

/// What captions of a style leave free when they are as long as they can be: two lines over the whole of their width.
fn margins(style: &CaptionStyle, canvas: &Canvas) -> SafeArea {
    let side = (1.0 - CaptionStyle::WIDTH) / 2.0;
    // Two lines with 1.12 of their size from one to the next, and the outline.
    let half = (style.size * 1.12 + style.outline) * canvas.type_height() / f64::from(canvas.height);
    let (middle, most) = match style.position {
        CaptionPosition::Centre => (0.5, 0.15),
        CaptionPosition::LowerThird => {
            let (upper, lower) = canvas.caption_band();
            ((upper + lower) / 2.0, (lower - upper) / 2.0)
        }
    };
    let half = half.min(most);
    SafeArea { top: middle - half, right: side, bottom: 1.0 - middle - half, left: side }
}
