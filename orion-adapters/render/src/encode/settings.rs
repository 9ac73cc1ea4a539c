//! The command lines of the encoder. They hold numbers and names of our own and nothing else.

use super::{ENCODED_SOUND, Hardware, PICTURE, SOUND, VIDEO, metadata};
use orion_core::MediaTime;
use orion_core::domain::h264::Level;
use orion_core::domain::timeline::{Canvas, Timeline, TransitionKind};
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
///
/// What is made here moves slowly and evenly, and an encoder that saves where the eye is said not to look makes that
/// uneven: it leaves a moving picture as it was for some frames and then sets it right. So none saves there. All parts of
/// a picture and all frames get about the same quality (no `mbtree`, no `aq-mode`, `pbratio` near 1), and small changes
/// are not left away (no `dct-decimate`, small `deadzone`). Against the usual way the dot of `benches/video`'s `smooth`
/// strays a sixth as far (0.009 px instead of 0.059) and noise is less by 4.8 dB on cards and 2.2 dB on pictures full of
/// detail, for twice the bits. The other way to get there, a lower `crf`, takes more bits than that for half the effect.
///
/// Standard was chosen by measuring 8 s of cards (1080x1920, 30 fps): against `veryfast` with only `ref=1:subme=1:
/// weightp=0` it takes 25 % less CPU time and 60 MB less memory at the same SSIM; small motion partitions cost another
/// 9 % for nothing. What it leaves out (refined motion search, adaptive B-frames, scene-cut detection, where we know the
/// cuts) finds little in slow, smooth motion. A thread of its own that looks ahead (`sync-lookahead`) takes 5 % off the time
/// on two cores, for 25 MB.
fn x264(encoder: Encoder) -> X264 {
    match encoder {
        Encoder::Draft => X264 { preset: "ultrafast", crf: "26", params: "" },
        Encoder::Standard => X264 {
            preset: "veryfast",
            crf: "23",
            params: "ref=1:subme=1:me=dia:trellis=0:weightp=0:bframes=2:b-adapt=0:b-pyramid=none:scenecut=0:\
                     partitions=i8x8,i4x4:rc-lookahead=5:sync-lookahead=5:mbtree=0:aq-mode=0:pbratio=1.1:\
                     no-dct-decimate=1:deadzone-inter=4:deadzone-intra=4",
        },
        Encoder::Premium => X264 {
            preset: "fast",
            crf: "19",
            params: "rc-lookahead=5:sync-lookahead=0:mbtree=0:aq-mode=0:pbratio=1.1:no-dct-decimate=1",
        },
    }
}

/// How sound is encoded.
pub(crate) const AAC: [&str; 4] = ["-c:a", "aac", "-b:a", "192k"];

/// How sound is taken over as it is: some codecs that MP4 holds are experimental to ffmpeg.
pub(crate) const KEPT_SOUND: [&str; 4] = ["-c:a", "copy", "-strict", "-2"];

/// Told to the C library of GNU systems: ffmpeg takes and leaves the room of a frame for each one, and without this the
/// system takes it back every time and clears it anew, which costs an encoder of 1080x1920 about 5 % of its time.
const KEEP_MEMORY: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "33554432"), ("MALLOC_TRIM_THRESHOLD_", "268435456")];

/// Threads of the encoder: one more than cores keeps them busy; each holds several frames, so there is a bound.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(1, 7) + 1
}

/// The encoder as used, for people.
pub(crate) fn describe(encoder: Encoder, hardware: Option<Hardware>) -> String {
    if let Some(hardware) = hardware {
        return hardware.describe(encoder);
    }
    let X264 { preset, crf, params } = x264(encoder);
    let tuned = if params.is_empty() { "" } else { " tuned" };
    format!("libx264 {preset}{tuned} crf {crf}")
}

/// ffmpeg in a folder, which says nothing but what is wrong.
pub(crate) fn call(ffmpeg: &Path, folder: &Path) -> Command {
    let mut command = Command::new(ffmpeg);
    command.current_dir(folder).envs(KEEP_MEMORY);
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    command
}

/// A file within the folder, as input.
pub(crate) fn input(command: &mut Command, format: &str, name: &str) {
    command.args(["-protocol_whitelist", "file", "-f", format, "-i", &format!("file:{name}")]);
}

/// Frames on standard input to a file with the picture alone.
pub(super) fn picture_command(
    ffmpeg: &Path,
    folder: &Path,
    timeline: &Timeline,
    (encoder, hardware): (Encoder, Option<Hardware>),
) -> Command {
    let Canvas { width, height, frames_per_second: rate } = &timeline.canvas;
    let mut command = call(ffmpeg, folder);
    if let Some(hardware) = hardware {
        hardware.before(&mut command);
    }
    // Read by a thread of its own: ffmpeg before 7 has none for a single input without this.
    command.args(["-thread_queue_size", "4"]);
    command.args(["-protocol_whitelist", "pipe", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    command.args(["-s", &format!("{width}x{height}"), "-r", &rate.to_string(), "-i", "pipe:0"]);
    match hardware {
        Some(hardware) => {
            hardware.picture(&mut command, encoder);
            tags(&mut command, *rate);
        }
        None => picture(&mut command, encoder, &timeline.canvas),
    }
    let cuts = cuts(timeline);
    if !cuts.is_empty() {
        command.args(["-force_key_frames", &cuts]);
    }
    command.args(["-f", "mp4", &format!("file:{PICTURE}")]);
    command
}

/// The sound as mixed to a file with the sound alone.
pub(super) fn sound_command(ffmpeg: &Path, folder: &Path) -> Command {
    let mut command = call(ffmpeg, folder);
    input(&mut command, "wav", SOUND);
    command.args(AAC).args(["-ar", "48000", "-ac", "2", "-f", "mp4", &format!("file:{ENCODED_SOUND}")]);
    command
}

/// Picture, sound and tags to the finished file; nothing is encoded again.
pub(super) fn join_command(ffmpeg: &Path, folder: &Path) -> Command {
    let mut command = call(ffmpeg, folder);
    input(&mut command, "mov", PICTURE);
    input(&mut command, "mov", ENCODED_SOUND);
    input(&mut command, "ffmetadata", metadata::FILE);
    command.args(["-map", "0:v:0", "-map", "1:a:0", "-map_metadata", "2", "-map_chapters", "-1", "-c", "copy"]);
    finish(&mut command);
    command
}

/// The finished file within the folder, as output: its index first.
pub(crate) fn finish(command: &mut Command) {
    command.args(["-movflags", "+faststart", "-f", "mp4", &format!("file:{VIDEO}")]);
}

/// How the picture is encoded: in the High profile and the lowest level that takes its size and rate, at no more bits than
/// that level allows, with a closed group of pictures every two seconds at least, as the platforms ask, and its colours told.
pub(crate) fn picture(command: &mut Command, encoder: Encoder, canvas: &Canvas) {
    let X264 { preset, crf, params } = x264(encoder);
    command.args(["-c:v", "libx264", "-preset", preset, "-crf", crf, "-profile:v", "high", "-pix_fmt", "yuv420p"]);
    if !params.is_empty() {
        command.args(["-x264-params", params]);
    }
    let level = Level::of(canvas);
    let most = format!("{}k", level.kilobits);
    command.args(["-level:v", &Level::text(level.number), "-maxrate", &most, "-bufsize", &most, "-flags", "+cgop"]);
    command.args(["-threads", &threads().to_string()]);
    tags(command, canvas.frames_per_second);
}

/// What is asked of every encoder.
fn tags(command: &mut Command, rate: u32) {
    command.args(["-g", &(GROUP * rate).to_string()]);
    command.args(["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
}

/// Most seconds between two key frames.
const GROUP: u32 = 2;

/// When the picture changes at once: seconds, parted by commas.
fn cuts(timeline: &Timeline) -> String {
    let times = cut(timeline).map(|frame| format!("{:.6}", timeline.canvas.time_of(frame).seconds()));
    times.collect::<Vec<_>>().join(",")
}

/// Frames in which the picture changes at once.
fn cut(timeline: &Timeline) -> impl Iterator<Item = u64> {
    let starts = timeline.scenes.iter().scan(MediaTime::ZERO, |time, scene| {
        let start = *time;
        *time = start + scene.duration;
        Some((start, scene.transition.kind))
    });
    let cuts = starts.filter(|(start, kind)| *kind == TransitionKind::Cut && *start > MediaTime::ZERO);
    cuts.map(|(start, _)| timeline.canvas.frame_at(start))
}

/// Frames that x264 makes key frames, where it looks for no cuts by itself: those that it is told, and one as soon as the
/// last is [`GROUP`] ago.
pub(crate) fn keys(timeline: &Timeline) -> Vec<u64> {
    let group = u64::from(GROUP * timeline.canvas.frames_per_second);
    let (mut keys, mut last) = (Vec::new(), None::<u64>);
    for cut in cut(timeline).chain([timeline.frames()]) {
        while let Some(next) = last.map_or(Some(0), |last| Some(last + group)).filter(|next| *next < cut) {
            keys.push(next);
            last = Some(next);
        }
        if cut < timeline.frames() && last != Some(cut) {
            keys.push(cut);
            last = Some(cut);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::timeline::{CaptionStyle, Captions, Loudness, Scene, Transition};

    #[test]
    fn key_frames_stand_at_cuts_and_two_seconds_after_the_last() {
        let scene = |id, seconds: u64, kind| Scene {
            id,
            duration: MediaTime::from_units(seconds, 1),
            layers: Vec::new(),
            transition: Transition { kind, duration: MediaTime::ZERO },
            locked: false,
        };
        let scenes = [(5, TransitionKind::Cut), (2, TransitionKind::Cut), (3, TransitionKind::Crossfade)];
        let timeline = Timeline {
            version: Timeline::VERSION,
            canvas: Canvas { width: 90, height: 160, frames_per_second: 10 },
            scenes: (1..).zip(scenes).map(|(id, (seconds, kind))| scene(id, seconds, kind)).collect(),
            captions: Captions { style: CaptionStyle::tiktok(), cues: Vec::new() },
            audio: Vec::new(),
            loudness: Loudness::PLATFORM,
        };
        assert_eq!(keys(&timeline), [0, 20, 40, 50, 70, 90]);
        assert_eq!(cuts(&timeline), "5.000000");
    }
}
