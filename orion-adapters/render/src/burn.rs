//! Captions over somebody's own video. One child decodes it, the captions are drawn over its frames here, and another
//! child encodes them and takes the sound out of the file as it is.

use crate::caption::CaptionPainter;
use crate::encode::{self, SOUND, Stream, VIDEO};
use crate::picture::{Overlay, Reach, lay_overlay};
use crate::probe::{self, decoder_formats};
use crate::repair::HIGH_DEFINITION;
use crate::supervise::{Watched, supervise};
use crate::y4m::{self, Head};
use crate::{Tools, fault, sound};
use orion_core::domain::timeline::{Canvas, Captions, Loudness, PlannedCaption};
use orion_core::domain::{SafeArea, Stage};
use orion_core::port::{Encoder, MediaInfo};
use orion_core::{Error, ErrorKind, MediaTime, Operation, ProgressUpdate, Result};
use orion_draw::FontKit;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Codecs of sound that an MP4 file holds as they are.
const KEPT: [&str; 7] = ["aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"];
/// Curves of light for screens of more than ordinary brightness (ITU-R BT.2100).
const BRIGHTER: [&str; 2] = ["smpte2084", "arib-std-b67"];
/// Pixels of a side of the picture.
const SIDES: std::ops::RangeInclusive<u32> = 64..=8192;
/// Frame rates as the world has them; what is as near as this, relatively, is meant to be one.
const RATES: [(u32, u32); 11] = [
    (24_000, 1001),
    (24, 1),
    (25, 1),
    (30_000, 1001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60_000, 1001),
    (60, 1),
    (120_000, 1001),
    (120, 1),
];
const NEAR: f64 = 0.0003;
/// How often progress is reported at most.
const REPORT: Duration = Duration::from_millis(100);

/// What is laid over a video, and how it is encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Burn {
    /// The captions.
    pub captions: Captions,
    /// The encoder of the picture.
    pub encoder: Encoder,
    /// What the sound is brought to; otherwise it is not touched.
    pub loudness: Option<Loudness>,
}

/// What became of the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptSound {
    /// There was none.
    None,
    /// It is the same, bit by bit.
    Untouched,
    /// MP4 does not hold its codec: it was encoded anew, as loud as it was.
    Encoded,
    /// It was brought to a loudness.
    Levelled,
}

/// A video with captions. Its file goes with it.
#[derive(Debug)]
pub struct Burnt {
    /// The file.
    pub file: PathBuf,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// Frames encoded.
    pub frames: u64,
    /// The encoder as used.
    pub encoder: String,
    /// What became of the sound.
    pub sound: KeptSound,
    /// What the captions leave free at every edge, as they were drawn.
    pub captions: Option<SafeArea>,
    _folder: TempDir,
}

/// Whether captions can be laid over a file, from what it is: before any work.
///
/// # Errors
/// [`Invalid`](ErrorKind::Invalid) with the next step for a file without a picture, or of a kind that would not look as
/// before.
pub fn burnable(info: &MediaInfo) -> Result<()> {
    if info.video_codec.is_none() || info.frames == Some(0) {
        return Err(Error::invalid("there is no moving picture to lay captions over")
            .with_hint("use a video that other programs can play"));
    }
    let transfer = info.colour.as_ref().and_then(|colour| colour.transfer.as_deref());
    if let Some(transfer) = transfer.filter(|transfer| BRIGHTER.contains(transfer)) {
        return Err(Error::invalid("captions are not laid over HDR video: its colours would change")
            .with_context("transfer", transfer)
            .with_hint("convert it to standard dynamic range (SDR, BT.709) first"));
    }
    let sides = [info.width, info.height];
    if !sides.iter().all(|side| SIDES.contains(side)) {
        return Err(Error::invalid("the picture is too small or too large for captions")
            .with_context("size", format!("{}x{}", info.width, info.height))
            .with_hint(format!("{} to {} pixels a side can be captioned", SIDES.start(), SIDES.end())));
    }
    let fps = info.frames_per_second;
    if !(1.0..=121.0).contains(&fps) {
        return Err(Error::invalid("the video has a frame rate that cannot be kept")
            .with_context("frames_per_second", format!("{fps:.3}"))
            .with_hint("1 to 120 frames a second can be kept"));
    }
    Ok(())
}

/// Lays captions over a file. The size of the picture and its frame rate stay (an odd side loses a pixel, as H.264
/// has none; changing rates become their mean), its colours are told to be those of BT.709, and the first track of
/// sound is copied. The result is an MP4 file with its index first, in a folder under `work`. Reports `frames` of
/// [`Stage::Render`] with the time left.
///
/// # Errors
/// As [`burnable`]; [`Unavailable`](ErrorKind::Unavailable) without ffmpeg; [`Cancelled`](ErrorKind::Cancelled), and
/// then nothing is left; [`Exhausted`](ErrorKind::Exhausted) if the disk is full.
pub async fn burn(
    tools: &Tools,
    (file, info): (&Path, &MediaInfo),
    burn: Burn,
    fonts: &FontKit,
    work: &Path,
    operation: &Operation,
) -> Result<Burnt> {
    burnable(info)?;
    let job = Job {
        tools: tools.clone(),
        file: file.to_owned(),
        info: info.clone(),
        burn,
        fonts: fonts.clone(),
        work: work.to_owned(),
        operation: operation.clone(),
    };
    let burnt = supervise(operation, move |watched| job.run(watched)).await;
    burnt.map_err(|error| error.with_context("file", file.display()))
}

/// Everything the thread needs that works.
struct Job {
    tools: Tools,
    file: PathBuf,
    info: MediaInfo,
    burn: Burn,
    fonts: FontKit,
    work: PathBuf,
    operation: Operation,
}

impl Job {
    fn run(&self, watched: &Watched) -> Result<Burnt> {
        let ffmpeg = self.tools.ffmpeg()?;
        let folder = fault::folder(&self.work, "burn-")?;
        // As a whole path it is never taken for an address or an option.
        let mut input = OsString::from("file:");
        input.push(std::path::absolute(&self.file).map_err(fault::io)?);
        let kept = self.sound();
        if let (KeptSound::Levelled, Some(loudness)) = (kept, &self.burn.loudness) {
            sound::relevel(ffmpeg, &input, (Some(loudness), None), folder.path(), &folder.path().join(SOUND), watched)?;
        }
        let decoder = watched.player();
        let mut command = probe::decoder(ffmpeg);
        command.arg("-i").arg(&input).args(["-map", "0:V:0", "-an", "-sn", "-dn", "-vf", &filter(&self.info)]);
        command.args(["-f", "yuv4mpegpipe", "pipe:1"]);
        let mut frames = decoder
            .start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?
            .stdout
            .ok_or_else(|| Error::unexpected("the decoder has no standard output"))?;
        let head = match Head::read(&mut frames) {
            Ok(head) => head,
            Err(error) => return Err(decoder.wait().err().map_or(error, damaged)),
        };
        let canvas = Canvas {
            width: head.width,
            height: head.height,
            frames_per_second: head.frames_per_second().round() as u32,
        };
        let painter = CaptionPainter::new(&self.fonts, &self.burn.captions, canvas);
        let mut show = Show { painter, last: None, reach: Reach::default() };
        let mut command = self.encoder(ffmpeg, folder.path(), &input, kept, canvas);
        let line = head.line();
        let stream = Stream { canvas, head: line.as_bytes(), mark: y4m::MARK };
        let total = self.info.frames.unwrap_or(0);
        let (mut number, begun, mut reported) = (0_u64, Instant::now(), None::<Instant>);
        encode::feed(&mut command, &stream, watched, |frame| {
            watched.abandoned.check()?;
            if !y4m::read_frame(&mut frames, frame)? {
                return Ok(false);
            }
            // What begins within a frame is seen in it.
            let at = MediaTime(MediaTime::from_seconds((number + 1) as f64 / head.frames_per_second()).0 - 1);
            if let Some(overlay) = show.at(&self.burn.captions, at) {
                lay_overlay(frame, overlay);
            }
            number += 1;
            if reported.is_none_or(|at| at.elapsed() >= REPORT) {
                reported = Some(Instant::now());
                let total = total.max(number);
                let left = begun.elapsed().mul_f64((total - number) as f64 / number as f64);
                let update = ProgressUpdate::running(Stage::Render, number, total, "frames");
                self.operation.report(update.with_time_left(Some(left)));
            }
            Ok(true)
        })?;
        drop(frames);
        decoder.wait().map_err(damaged)?;
        if number == 0 {
            return Err(Error::invalid("the video has no pictures that can be decoded"));
        }
        let encoder = encode::describe(self.burn.encoder, None);
        let (width, height, file) = (head.width, head.height, folder.path().join(VIDEO));
        let captions = show.reach.free(canvas);
        Ok(Burnt { file, width, height, frames: number, encoder, sound: kept, captions, _folder: folder })
    }

    /// What will become of the sound.
    fn sound(&self) -> KeptSound {
        match (self.info.audio_codec.as_deref(), &self.burn.loudness) {
            (None, _) => KeptSound::None,
            (_, Some(_)) => KeptSound::Levelled,
            (Some(codec), None) if KEPT.contains(&codec) => KeptSound::Untouched,
            _ => KeptSound::Encoded,
        }
    }

    fn encoder(&self, ffmpeg: &Path, folder: &Path, input: &OsString, kept: KeptSound, canvas: Canvas) -> Command {
        let mut command = encode::call(ffmpeg, folder);
        command.args(["-protocol_whitelist", "pipe", "-f", "yuv4mpegpipe", "-i", "pipe:0"]);
        // The file again, for its sound and its tags.
        command.args(decoder_formats()).args(["-t", probe::MOST_SECONDS, "-i"]).arg(input);
        if kept == KeptSound::Levelled {
            encode::input(&mut command, "wav", SOUND);
        }
        command.args(["-map", "0:v:0", "-map_metadata", "1", "-map_chapters", "1", "-sn", "-dn"]);
        let sound = match kept {
            KeptSound::None => None,
            KeptSound::Untouched => Some(("1:a:0", encode::KEPT_SOUND)),
            KeptSound::Encoded => Some(("1:a:0", encode::AAC)),
            KeptSound::Levelled => Some(("2:a:0", encode::AAC)),
        };
        if let Some((track, how)) = sound {
            command.args(["-map", track]).args(how);
        }
        encode::picture(&mut command, self.burn.encoder, &canvas);
        encode::finish(&mut command);
        command
    }
}

/// The caption that is seen, drawn once for as long as it does not change.
struct Show<'a> {
    painter: CaptionPainter<'a>,
    last: Option<(PlannedCaption, Option<Overlay>)>,
    reach: Reach,
}

impl Show<'_> {
    fn at(&mut self, captions: &Captions, time: MediaTime) -> Option<&Overlay> {
        let seen = captions.at(time)?;
        if self.last.as_ref().is_none_or(|(last, _)| *last != seen) {
            let cue = captions.cues.get(seen.cue)?;
            let drawn = self.painter.draw(cue, seen.word);
            drawn.iter().for_each(|overlay| self.reach.add(overlay));
            self.last = Some((seen, drawn));
        }
        self.last.as_ref()?.1.as_ref()
    }
}

/// What is done to the frames before captions are drawn: numbers and names of our own.
fn filter(info: &MediaInfo) -> String {
    let told = info.colour.as_ref().is_some_and(|colour| colour.matrix.is_some());
    // Where nothing is told the scaler takes small-screen colours.
    let matrix = if !told && info.width.min(info.height) >= HIGH_DEFINITION { "in_color_matrix=bt709:" } else { "" };
    format!(
        "yadif=mode=send_frame:deint=interlaced,fps={},scale={matrix}out_color_matrix=bt709:out_range=tv:\
         flags=bicubic+accurate_rnd,crop=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p",
        rate(info.frames_per_second)
    )
}

/// A frame rate as a fraction.
fn rate(frames_per_second: f64) -> String {
    let off = |(above, below): (u32, u32)| (f64::from(above) / f64::from(below) / frames_per_second - 1.0).abs();
    match RATES.into_iter().min_by(|one, other| off(*one).total_cmp(&off(*other))).filter(|rate| off(*rate) < NEAR) {
        Some((above, below)) => format!("{above}/{below}"),
        None => format!("{}/1000", (frames_per_second * 1000.0).round() as u32),
    }
}

fn damaged(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unexpected => Error::invalid("the video cannot be decoded to its end")
            .with_hint("copy or download it again")
            .with_source(error),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rates_are_what_they_mean() {
        for (rate, text) in [
            (29.97, "30000/1001"),
            (29.970_03, "30000/1001"),
            (30.0, "30/1"),
            (23.976, "24000/1001"),
            (24.0, "24/1"),
            (59.94, "60000/1001"),
            (29.87, "29870/1000"),
            (15.0, "15000/1000"),
        ] {
            assert_eq!(super::rate(rate), text, "{rate}");
        }
    }
}
