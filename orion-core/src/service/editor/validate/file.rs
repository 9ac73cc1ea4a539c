//! Any file against what a platform demands of it.

use super::{Checks, content};
use crate::MediaTime;
use crate::domain::h264::{Level, PROFILES};
use crate::domain::{Platform, VideoDemands};
use crate::port::{MediaInfo, Validation};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// What platforms bring sound to, in LUFS (AES TD1008 and their own players), and how far a file may be off.
const LOUDNESS: (f64, f64) = (-14.0, 2.0);
/// Highest true peak, in dBTP (EBU R 128, section 2).
const TRUE_PEAK: f64 = -1.0;
/// Highest level of H.264 that hardware decodes: 4096x2304 at 60 frames a second.
const MOST_LEVEL: u32 = 52;
/// Longest time between two key frames, in seconds: Meta asks for closed groups of two to five.
const KEY_FRAMES: f64 = 5.0;
/// How far sound and picture may differ in length, in seconds.
const APART: f64 = 0.5;

/// Holds a file against the demands of a platform; without one, against what plays everywhere. Every check that does
/// not hold says what to do about it.
pub fn check_file(info: &MediaInfo, platform: Option<Platform>) -> Validation {
    let demands = platform.map_or(VideoDemands::GENERAL, Platform::demands);
    let mut checks = Checks::default();
    one_of(&mut checks, "container", demands.containers, Some(&info.container));
    checks.advise("copy it into an MP4 file: orion check FILE --fix");
    range(&mut checks, "size", &demands.bytes, info.length, "bytes");
    checks.advise("cut it, or encode it at a lower bit rate");
    let seconds = info.duration.seconds();
    range(&mut checks, "duration", &demands.seconds, (seconds * 1000.0).round() / 1000.0, "s");
    checks.advise("cut it, or choose another platform");
    picture(&mut checks, info, &demands);
    sound(&mut checks, info, &demands);
    let mp4 = matches!(info.container.as_str(), "mp4" | "mov");
    if mp4 && demands.fast_start {
        let placed = if info.fast_start { "index first" } else { "index last" };
        checks.equal("fast start", 0.5, "index first", Some(placed));
        checks.advise("move the index: orion check FILE --fix");
    }
    if mp4 && !demands.edit_lists {
        let found = if info.edited { "edit lists" } else { "no edit lists" };
        checks.equal("edit lists", 0.5, "no edit lists", Some(found));
        checks.advise("encode it anew: ffmpeg -i FILE OUT.mp4");
    }
    if let Some(seen) = &info.content {
        content::any(&mut checks, seen, info.duration, info.audio_codec.is_some());
    }
    checks.done()
}

fn picture(checks: &mut Checks, info: &MediaInfo, demands: &VideoDemands) {
    one_of(checks, "video codec", demands.video_codecs, info.video_codec.as_deref());
    checks.advise("encode it as H.264: ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p OUT.mp4");
    if info.video_codec.is_none() {
        return;
    }
    if info.video_codec.as_deref() == Some("h264") {
        h264(checks, info);
    }
    if let Some(apart) = info.key_frames.map(MediaTime::seconds) {
        let found = format!("{apart:.2} s apart");
        checks.add("key frames", 0.3, apart <= KEY_FRAMES + 0.05, format!("at most {KEY_FRAMES} s apart"), found);
        checks.advise("encode it with a key frame every two seconds: ffmpeg -i FILE -g 60 OUT.mp4");
    }
    let subsampled = info.pixel_format.as_deref().is_some_and(|format| format.contains("420"));
    let found = info.pixel_format.as_deref().unwrap_or("none");
    checks.add("chroma", 0.5, subsampled, "4:2:0".to_owned(), found.to_owned());
    checks.advise("encode it with -pix_fmt yuv420p");
    if let Some(colour) = &info.colour {
        let told = [("matrix", &colour.matrix), ("transfer", &colour.transfer), ("primaries", &colour.primaries)];
        let missing: Vec<&str> = told.into_iter().filter(|(_, tag)| tag.is_none()).map(|(name, _)| name).collect();
        let found = if missing.is_empty() { "told".to_owned() } else { format!("no {}", missing.join(", ")) };
        checks.add("colours", 0.3, missing.is_empty(), "told".to_owned(), found);
        checks.advise("have them told, or players guess: orion check FILE --fix");
    }
    let size = format!("{}x{}", info.width, info.height);
    let pixels = u64::from(info.width) * u64::from(info.height);
    let fits =
        demands.width.contains(&info.width) && demands.height.contains(&info.height) && pixels <= demands.most_pixels;
    let bounds = |range: &RangeInclusive<u32>| format!("{}-{}", range.start(), range.end());
    let expected = format!(
        "{} wide, {} high, at most {} pixels",
        bounds(&demands.width),
        bounds(&demands.height),
        demands.most_pixels
    );
    checks.add("resolution", 1.0, fits, expected, size);
    checks.advise("scale it: ffmpeg -i FILE -vf scale=WIDTH:HEIGHT OUT.mp4");
    let aspect = f64::from(info.width) / f64::from(info.height.max(1));
    range(checks, "aspect", &demands.aspect, (aspect * 1000.0).round() / 1000.0, "width over height");
    checks.advise("crop it, or render it in another format");
    // 23.976 frames a second and the like are what their names say.
    let rate = (info.frames_per_second * 1000.0).round() / 1000.0;
    range(checks, "fps", &demands.rate, rate, "fps");
    checks.advise("encode it at 30 frames a second: ffmpeg -i FILE -r 30 OUT.mp4");
    // A file that was cut off says in its head how long it was meant to be.
    if let (Some(frames), Some(length)) = (info.frames, info.video_duration) {
        let promised = length.seconds() * info.frames_per_second;
        let whole = frames as f64 >= (promised * 0.98).floor() - 1.0;
        checks.add("complete", 1.0, whole, format!("{promised:.0} frames"), format!("{frames} frames"));
        checks.advise("the file was cut off: copy or download it again");
    }
}

/// What the decoders in telephones and browsers can do.
fn h264(checks: &mut Checks, info: &MediaInfo) {
    if let Some(profile) = &info.profile {
        let plays = PROFILES.contains(&profile.as_str());
        checks.add("profile", 0.5, plays, PROFILES.join(", "), profile.clone());
        checks.advise(
            "encode it in the High profile: ffmpeg -i FILE -c:v libx264 -profile:v high -pix_fmt yuv420p OUT.mp4",
        );
    }
    if let Some(level) = info.level {
        let expected = format!("at most {}", Level::text(MOST_LEVEL));
        checks.add("level", 0.5, level <= MOST_LEVEL, expected, Level::text(level));
        checks.advise("make it smaller, or encode it at fewer frames a second");
    }
}

fn sound(checks: &mut Checks, info: &MediaInfo, demands: &VideoDemands) {
    one_of(checks, "audio codec", demands.audio_codecs, info.audio_codec.as_deref());
    checks.advise(match info.audio_codec {
        Some(_) => "encode the sound as AAC: orion check FILE --fix",
        None => "lay sound under it; some platforms refuse a file without",
    });
    if info.audio_codec.is_none() {
        return;
    }
    range(checks, "sample rate", &demands.sample_rate, info.sample_rate.unwrap_or(0), "Hz");
    checks.advise("encode the sound at 48,000 samples a second: orion check FILE --fix");
    if let (Some(audio), Some(video)) = (info.audio_duration, info.video_duration) {
        let apart = (audio - video).seconds().abs();
        checks.add("synchrony", 0.8, apart <= APART, format!("within {APART} s"), format!("{apart:.3} s apart"));
        checks.advise("bring sound and picture to one length: orion check FILE --fix");
    }
    let (target, tolerance) = LOUDNESS;
    let silent = || "silence".to_owned();
    let near = info.loudness.is_some_and(|loudness| (loudness - target).abs() <= tolerance);
    let found = info.loudness.map_or_else(silent, |loudness| format!("{loudness:.1} LUFS"));
    checks.add("loudness", 0.5, near, format!("{target:.1} LUFS ± {tolerance:.1}"), found);
    checks.advise("bring it to -14 LUFS: orion check FILE --fix");
    let below = info.true_peak.is_none_or(|peak| peak <= TRUE_PEAK + 0.05);
    let found = info.true_peak.map_or_else(silent, |peak| format!("{peak:.1} dBTP"));
    checks.add("true peak", 0.5, below, format!("at most {TRUE_PEAK:.1} dBTP"), found);
    checks.advise("bring it below -1 dBTP: orion check FILE --fix");
}

fn one_of(checks: &mut Checks, name: &str, allowed: &[&str], found: Option<&str>) {
    let passed = found.is_some_and(|found| allowed.contains(&found));
    checks.add(name, 1.0, passed, allowed.join(", "), found.unwrap_or("none").to_owned());
}

fn range<T: PartialOrd + Display>(checks: &mut Checks, name: &str, range: &RangeInclusive<T>, found: T, unit: &str) {
    let expected = format!("{} to {} {unit}", range.start(), range.end());
    checks.add(name, 0.8, range.contains(&found), expected, format!("{found} {unit}"));
}
