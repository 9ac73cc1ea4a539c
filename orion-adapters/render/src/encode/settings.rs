//! The command line of the encoder. It holds numbers and names of our own and nothing else.

use super::{SOUND, VIDEO, metadata};
use orion_core::domain::timeline::Canvas;
use orion_core::port::Encoder;
use std::path::Path;
use std::process::Command;

/// Preset, quality and further x264 parameters.
struct X264 {
    preset: &'static str,
    crf: &'static str,
    params: &'static str,
}

/// How each encoder is set.
fn x264(encoder: Encoder) -> X264 {
    match encoder {
        Encoder::Draft => X264 { preset: "ultrafast", crf: "26", params: "" },
        Encoder::Standard => X264 { preset: "veryfast", crf: "21", params: "ref=1:subme=1:rc-lookahead=5:weightp=0" },
        Encoder::Premium => X264 { preset: "medium", crf: "19", params: "" },
    }
}

/// The encoder as used, for people.
pub(crate) fn describe(encoder: Encoder) -> String {
    let X264 { preset, crf, params } = x264(encoder);
    let tuned = if params.is_empty() { "" } else { " tuned" };
    format!("libx264 {preset}{tuned} crf {crf}")
}

/// ffmpeg in a folder: frames on standard input, the sound and the tags beside, one file out.
pub(super) fn command(ffmpeg: &Path, folder: &Path, canvas: &Canvas, encoder: Encoder) -> Command {
    let Canvas { width, height, frames_per_second: rate } = canvas;
    let X264 { preset, crf, params } = x264(encoder);
    let mut command = Command::new(ffmpeg);
    command.current_dir(folder);
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    // Frames.
    command.args(["-protocol_whitelist", "pipe", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    command.args(["-s", &format!("{width}x{height}"), "-r", &rate.to_string(), "-i", "pipe:0"]);
    // Sound and tags.
    command.args(["-protocol_whitelist", "file", "-f", "wav", "-i", &format!("file:{SOUND}")]);
    command.args(["-protocol_whitelist", "file", "-f", "ffmetadata", "-i", &format!("file:{}", metadata::FILE)]);
    command.args(["-map", "0:v:0", "-map", "1:a:0", "-map_metadata", "2", "-map_chapters", "-1"]);
    command.args(["-c:v", "libx264", "-preset", preset, "-crf", crf, "-profile:v", "high", "-pix_fmt", "yuv420p"]);
    if !params.is_empty() {
        command.args(["-x264-params", params]);
    }
    // A key frame every two seconds at least, as the platforms ask.
    command.args(["-g", &(2 * rate).to_string()]);
    command.args(["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
    command.args(["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"]);
    command.args(["-movflags", "+faststart", "-f", "mp4", &format!("file:{VIDEO}")]);
    command
}
