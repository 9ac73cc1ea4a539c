//! Which faults of a file can be set right without encoding its picture anew.

use crate::port::{MediaInfo, Repair, Validation};
use std::collections::BTreeSet;

/// What can be set right of what does not hold; empty where nothing is wrong or nothing can be done.
pub fn repairs(info: &MediaInfo, validation: &Validation) -> BTreeSet<Repair> {
    let bad = validation.checks.iter().filter(|check| !check.passed);
    let found = bad.filter_map(|check| match check.name.as_str() {
        "fast start" | "container" => Some(Repair::Index),
        // Other codecs keep them where a copy cannot write them.
        "colours" if matches!(info.video_codec.as_deref(), Some("h264" | "hevc")) => Some(Repair::Colour),
        // Silence has no loudness to be brought anywhere.
        "loudness" | "true peak" if info.loudness.is_some() => Some(Repair::Loudness),
        "audio codec" | "sample rate" if info.audio_codec.is_some() => Some(Repair::Sound),
        "synchrony" if info.video_duration.is_some() && info.audio_codec.is_some() => Some(Repair::Length),
        _ => None,
    });
    let found: BTreeSet<Repair> = found.collect();
    // There is nothing to copy without a picture.
    if info.video_codec.is_some() { found } else { BTreeSet::new() }
}
