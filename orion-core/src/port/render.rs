//! From timeline to file, and what a file really is.

use crate::domain::timeline::{Canvas, Timeline};
use crate::domain::{BlobRef, SafeArea, named};
use crate::{MediaTime, Operation, Result};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// How to encode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderSettings {
    /// Which encoder.
    pub encoder: Encoder,
    /// Title written into the file.
    pub title: String,
}

/// An encoder with its speed and quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoder {
    /// x264 for a look at the result: fastest, larger file.
    Draft,
    /// x264 tuned: the default.
    Standard,
    /// x264, slower and smaller.
    Premium,
}

/// What a file really is, by probing it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaInfo {
    /// `mp4`, `mov`, `webm`, `matroska`, `mpegts`, …
    pub container: String,
    /// Length of the whole.
    pub duration: MediaTime,
    /// Bytes.
    pub length: u64,
    /// Video codec: `h264`.
    pub video_codec: Option<String>,
    /// Codec profile: `High`.
    pub profile: Option<String>,
    /// Level of an H.264 picture in an MP4 file, times ten: 40 is level 4.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
    /// Longest time from one key frame of an MP4 file to the next, or to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_frames: Option<MediaTime>,
    /// Pixel format: `yuv420p`.
    pub pixel_format: Option<String>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames per second.
    pub frames_per_second: f64,
    /// Frames counted.
    pub frames: Option<u64>,
    /// Length of the picture.
    pub video_duration: Option<MediaTime>,
    /// Audio codec: `aac`.
    pub audio_codec: Option<String>,
    /// Samples per second.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Length of the sound.
    pub audio_duration: Option<MediaTime>,
    /// Whether the index comes before the data, so that playing starts at once.
    pub fast_start: bool,
    /// Whether an MP4 file has edit lists that change what is played.
    #[serde(default)]
    pub edited: bool,
    /// What the picture tells of its colours; `None` for what was probed before this was read, and without a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<ColourTags>,
    /// Integrated loudness in LUFS, when there is sound.
    pub loudness: Option<f64>,
    /// Highest true peak in dBTP, when there is sound.
    pub true_peak: Option<f64>,
    /// What is seen and heard; `None` for what was probed before this was measured.
    #[serde(default)]
    pub content: Option<MediaContent>,
}

/// What is seen and heard in a file, by decoding it. Each list holds its first hundred stretches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MediaContent {
    /// Where the picture is black, of 0.2 s and longer.
    pub black: Vec<Stretch>,
    /// Where nothing in the picture changes, of half a second and longer.
    pub frozen: Vec<Stretch>,
    /// Share of the pictures that repeat the one before amid movement, 0 to 1.
    pub repeated: f64,
    /// Where nothing is heard, of half a second and longer.
    pub silent: Vec<Stretch>,
    /// Share of the samples that stand at full scale or beyond, 0 to 1.
    pub clipped: f64,
    /// What the decoders complained of.
    pub complaint: Option<String>,
    /// What the captions that were drawn leave free at every edge; `None` where none was drawn, or where somebody else
    /// drew them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<SafeArea>,
}

/// What a picture tells of its colours, in ffmpeg's names (`bt709`, `smpte2084`); `None` for what is not told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColourTags {
    /// How they are written as brightness and differences.
    pub matrix: Option<String>,
    /// How numbers become light.
    pub transfer: Option<String>,
    /// What red, green and blue are.
    pub primaries: Option<String>,
}

impl ColourTags {
    /// Everything told to be that of ordinary high-definition video (ITU-R BT.709).
    pub fn bt709() -> Self {
        let told = || Some("bt709".to_owned());
        Self { matrix: told(), transfer: told(), primaries: told() }
    }

    /// Whether nothing is left to a player's guess.
    pub fn are_whole(&self) -> bool {
        self.matrix.is_some() && self.transfer.is_some() && self.primaries.is_some()
    }
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Where it begins.
    pub start: MediaTime,
    /// Where it ends.
    pub end: MediaTime,
}

impl Stretch {
    /// How long it is.
    pub fn length(&self) -> MediaTime {
        self.end - self.start
    }

    /// The part that it shares with another; `None` if they do not meet.
    pub fn shared(&self, other: &Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }
}

/// One check of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// What was checked: `resolution`, `loudness`.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How much it counts.
    pub weight: f64,
    /// What to do where it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All checks of a file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Validation {
    /// Every check.
    pub checks: Vec<CheckOutcome>,
}

impl Validation {
    /// Whether every check holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    /// Weight of what holds over the whole weight, three decimals (contract, section 5.6).
    pub fn score(&self) -> f64 {
        let total: f64 = self.checks.iter().map(|check| check.weight).sum();
        let held: f64 = self.checks.iter().filter(|check| check.passed).map(|check| check.weight).sum();
        if total > 0.0 { (held / total * 1000.0).round() / 1000.0 } else { 1.0 }
    }
}

/// A finished video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The file.
    pub video: BlobRef,
    /// What it really is.
    pub info: MediaInfo,
    /// Frames drawn.
    pub frames: u64,
    /// The encoder as used: `libx264 veryfast crf 23`.
    pub encoder: String,
    /// What was set right in a second pass.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub repaired: BTreeSet<Repair>,
}

named! {
    /// Something that is wrong with a file and can be set right without encoding its picture anew.
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

/// Turns timelines into files.
#[async_trait]
pub trait Renderer: Debug + Send + Sync {
    /// Renders a timeline in one pass.
    ///
    /// # Behavior
    /// - Reports `frames` of [`Stage::Render`](crate::domain::Stage::Render) with the time left.
    /// - Stops soon after the operation is cancelled, with `Cancelled`, and leaves no file and no child process.
    /// - `Unavailable` with a hint if the encoder is not installed; `Exhausted` if the disk is full.
    /// - `Invalid` for a timeline that is empty or of an unknown version.
    /// - Memory does not grow with the length of the video.
    /// - No text of the timeline is ever part of a command line or a filter graph.
    async fn render(&self, timeline: &Timeline, settings: &RenderSettings, operation: &Operation) -> Result<Rendered>;

    /// Draws one frame of a timeline as a picture (PNG).
    ///
    /// # Behavior
    /// - The same picture that [`render`](Self::render) would encode at that time, before encoding.
    async fn frame(&self, timeline: &Timeline, at: MediaTime) -> Result<BlobRef>;

    /// Draws a thumbnail (JPEG), and says how good it is.
    ///
    /// # Behavior
    /// - No word of the title is clipped or split, and none stands outside of what is left free.
    async fn thumbnail(&self, request: &ThumbnailRequest) -> Result<Thumbnail>;

    /// Makes another file of a rendered one in which this is set right.
    ///
    /// # Behavior
    /// - The picture is the same, bit by bit; the file itself stays as it is.
    /// - Stops soon after the operation is cancelled, with `Cancelled`, and leaves no file and no child process.
    async fn repair(
        &self,
        rendered: &Rendered,
        repairs: &BTreeSet<Repair>,
        operation: &Operation,
    ) -> Result<(BlobRef, MediaInfo)>;
}

/// What a thumbnail shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThumbnailRequest {
    /// Picture layers to show, back to front.
    pub layers: Vec<BlobRef>,
    /// Words over it.
    pub title: String,
    /// Colour of the accent, `0xRRGGBB`.
    pub accent: u32,
    /// Size.
    pub canvas: Canvas,
    /// What the apps that show it cover; the title stands within the rest.
    pub covered: SafeArea,
}

/// A thumbnail that was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// The file.
    pub picture: BlobRef,
    /// How good it is.
    pub marks: ThumbnailMarks,
}

/// How good a thumbnail is, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ThumbnailMarks {
    /// How many fine edges the picture has.
    pub sharpness: f64,
    /// How far its lights and shadows lie apart.
    pub contrast: f64,
    /// How near its light is to the middle.
    pub brightness: f64,
    /// How well the title is read: its contrast to what is behind it, and its size beside the size that it should have.
    pub title: f64,
}

impl ThumbnailMarks {
    /// All of it as one figure from 0 to 1. A title that is not read, and a picture of mud, count most.
    pub fn score(&self) -> f64 {
        let Self { sharpness, contrast, brightness, title } = self;
        let sum = 0.2 * sharpness + 0.3 * contrast + 0.2 * brightness + 0.3 * title;
        (sum * 1000.0).round() / 1000.0
    }
}

/// Looks at files.
#[async_trait]
pub trait MediaProbe: Debug + Send + Sync {
    /// Probes a stored file, measures its loudness and looks at what is seen and heard.
    ///
    /// # Behavior
    /// - `Invalid` for what is no media file; `Unavailable` with a hint if the tool is not installed.
    async fn probe(&self, blob: &BlobRef, operation: &Operation) -> Result<MediaInfo>;
}
