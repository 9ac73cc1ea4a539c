//! Which faults of a file can be set right without encoding its picture anew.

use crate::domain::named;
use crate::port::{MediaInfo, Validation};
use std::collections::BTreeSet;

named! {
    /// Something that can be set right.
    Repair {
        /// The file becomes an MP4 with its index before its data.
        Index = "index",
        /// The picture tells its colours.
        Colour = "colour",
        /// The sound is brought to -14 LUFS below -1 dBTP.
        Loudness = "loudness",
        /// The sound becomes AAC of 48,000 samples a second.
        Sound = "sound",
        /// The sound becomes as long as the picture: cut, or filled up with silence.
        Length = "length",
    }
}

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
