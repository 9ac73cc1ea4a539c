//! A video as data: scenes, layers, motion, transitions, captions and sound on one clock.
//!
//! The timeline is pure and serialisable. A [`Renderer`](crate::port::Renderer) turns it into a file;
//! what is seen at any frame follows from the timeline alone, so it can be tested frame by frame.

pub mod caption;
mod check;
mod edit;
mod frame;
mod otio;
#[cfg(test)]
mod tests;

pub use frame::{FramePlan, PlannedCaption, PlannedLayer, PlannedScene, SourceRectangle};
pub use otio::{ProjectFile, to_otio};

use super::{BlobRef, named};
use crate::MediaTime;
use serde::{Deserialize, Serialize};

/// A whole video as data. Picture coordinates are fractions of the canvas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Version of this model; readers refuse one they do not know.
    pub version: u32,
    /// Size and rate. Another canvas makes another shape of the same video: pictures are cut to cover it, captions set anew
    /// for it, and all else is a share of it. Cards that Orion draws are laid out for one canvas, so
    /// [`assemble`](crate::service::editor::assemble) a timeline for each shape from the same narration where there are some.
    pub canvas: Canvas,
    /// Scenes in order, without gaps: each begins where the one before ends.
    pub scenes: Vec<Scene>,
    /// Captions drawn over everything.
    pub captions: Captions,
    /// Sound.
    pub audio: Vec<AudioTrack>,
    /// What the mix is brought to.
    pub loudness: Loudness,
}

impl Timeline {
    /// The version that this code writes.
    pub const VERSION: u32 = 1;

    /// Length of the whole.
    pub fn duration(&self) -> MediaTime {
        self.scenes.iter().map(|scene| scene.duration).sum()
    }
}

/// Size and rate of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Canvas {
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Frames per second.
    pub frames_per_second: u32,
}

impl Canvas {
    /// 1080 by 1920 at 30 frames a second.
    pub const VERTICAL: Self = Self { width: 1080, height: 1920, frames_per_second: 30 };

    /// Frame rates that the platforms play as they are.
    pub const RATES: [u32; 4] = [24, 25, 30, 60];

    /// Whether apps show it from edge to edge and lay their own texts and buttons over it; other shapes they show beside
    /// those.
    pub const fn is_tall(&self) -> bool {
        2 * self.height as u64 > 3 * self.width as u64
    }
}

named! {
    /// The shape of a video, at the size that platforms ask for.
    Format {
        /// 1080 by 1920: shorts, reels, stories.
        Vertical = "9:16",
        /// 1080 by 1350: feeds.
        Portrait = "4:5",
        /// 1080 by 1080: feeds.
        Square = "1:1",
        /// 1920 by 1080: players and television.
        Horizontal = "16:9",
    }
}

impl Format {
    /// The canvas of this shape.
    pub const fn canvas(self, frames_per_second: u32) -> Canvas {
        let (width, height) = match self {
            Self::Vertical => (1080, 1920),
            Self::Portrait => (1080, 1350),
            Self::Square => (1080, 1080),
            Self::Horizontal => (1920, 1080),
        };
        Canvas { width, height, frames_per_second }
    }
}

/// One scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Name within the timeline, stable over edits.
    pub id: u32,
    /// From its border with the scene before to its border with the next.
    pub duration: MediaTime,
    /// Pictures from back to front.
    pub layers: Vec<Layer>,
    /// How it takes over from the scene before; the two overlap around the border, half of the transition's length
    /// on each side. The first scene has a cut.
    pub transition: Transition,
    /// A locked scene is not touched by regeneration.
    #[serde(default)]
    pub locked: bool,
}

/// One picture of a scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The picture; transparent where the layers behind show through. A file of moving pictures (`video/…`) plays from
    /// when the scene is first seen; it is cut with the scene, and its last picture stays when it is shorter.
    pub picture: BlobRef,
    /// How it moves over the scene.
    pub motion: Motion,
    /// How it comes in.
    pub entrance: Entrance,
}

impl Scene {
    /// Where its rearmost moving layer goes; `None` where none moves.
    pub fn heading(&self) -> Option<Heading> {
        self.layers.iter().find(|layer| layer.motion != Motion::STILL).map(|layer| layer.motion.heading())
    }
}

impl Layer {
    /// Whether its picture is a file of moving ones.
    pub fn is_clip(&self) -> bool {
        self.picture.is_clip()
    }
}

/// A part of a picture: the centre in fractions of the picture, and how much larger than "covers the canvas".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Centre, 0 left to 1 right.
    pub x: f64,
    /// Centre, 0 top to 1 bottom.
    pub y: f64,
    /// 1 covers the canvas exactly; 1.1 shows a tenth less.
    pub zoom: f64,
}

impl View {
    /// The whole picture, as much of it as covers the canvas.
    pub const WHOLE: Self = Self { x: 0.5, y: 0.5, zoom: 1.0 };
}

/// A move from one view to another over the whole time that the scene is seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    /// At the start.
    pub from: View,
    /// At the end.
    pub to: View,
}

impl Motion {
    /// No move.
    pub const STILL: Self = Self { from: View::WHOLE, to: View::WHOLE };

    /// Where it goes.
    pub fn heading(&self) -> Heading {
        let sign = |from: f64, to: f64| if (to - from).abs() < 1e-9 { 0 } else { (to - from).signum() as i8 };
        let (from, to) = (self.from, self.to);
        Heading { near: sign(from.zoom, to.zoom), right: sign(from.x, to.x), down: sign(from.y, to.y) }
    }

    /// The same way back.
    pub fn reversed(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// Where a move goes, by sign: nearer or away, to the right or left, down or up. Moves with the same heading look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Nearer, 1; away, -1.
    pub near: i8,
    /// Right, 1; left, -1.
    pub right: i8,
    /// Down, 1; up, -1.
    pub down: i8,
}

impl Heading {
    /// How much one move looks like another: 2 if they go the same way, 1 if one only drifts up or down beside the other,
    /// else 0.
    pub fn likeness(self, other: Self) -> u32 {
        let sideways = (self.near, self.right) == (other.near, other.right) && (self.near, self.right) != (0, 0);
        if self == other { 2 } else { u32::from(sideways) }
    }
}

/// How a layer comes in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entrance {
    /// It is there.
    None,
    /// It fades in.
    Fade {
        /// How long that takes.
        duration: MediaTime,
    },
    /// It fades in while it rises into place.
    Rise {
        /// How long that takes.
        duration: MediaTime,
        /// How far, in fractions of the canvas height.
        distance: f64,
    },
    /// It is not seen at first, then fades in while it rises into place.
    Later {
        /// How long after the start of its scene.
        delay: MediaTime,
        /// How long coming in takes.
        duration: MediaTime,
        /// How far, in fractions of the canvas height.
        distance: f64,
    },
}

named! {
    /// How one scene takes over from another.
    TransitionKind {
        /// At once.
        Cut = "cut",
        /// One fades into the other.
        Crossfade = "crossfade",
        /// The new one pushes the old one out to the left.
        PushLeft = "push_left",
        /// The new one pushes the old one out at the top.
        PushUp = "push_up",
        /// The new one is uncovered from the left, behind a soft edge.
        Wipe = "wipe",
    }
}

/// A transition and its length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Which.
    pub kind: TransitionKind,
    /// How long; zero for a cut.
    pub duration: MediaTime,
}

/// Captions of the whole video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Captions {
    /// How they look.
    pub style: CaptionStyle,
    /// What is shown when; in order, never overlapping.
    pub cues: Vec<Cue>,
}

/// Where captions stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptionPosition {
    /// In the middle of the picture.
    Centre,
    /// In the lower third, above the platform's own controls.
    LowerThird,
}

/// How captions look. Sizes are fractions of the height of a 9:16 canvas; see [`Canvas::type_height`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaptionStyle {
    /// Name: `tiktok`, `youtube`, `minimal`.
    pub name: String,
    /// Type size.
    pub size: f64,
    /// Colour of the words, `0xRRGGBB`.
    pub fill: u32,
    /// Colour of the word being spoken.
    pub highlight: u32,
    /// Width of the black outline.
    pub outline: f64,
    /// Where they stand.
    pub position: CaptionPosition,
    /// Whether words are set in capitals.
    pub uppercase: bool,
    /// Fonts, OpenType files, heaviest last; empty is the built-in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fonts: Vec<BlobRef>,
}

/// A few words that are shown together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// When it appears.
    pub start: MediaTime,
    /// When it goes.
    pub end: MediaTime,
    /// Its words with the time each is spoken.
    pub words: Vec<TimedWord>,
}

/// A word and when it is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimedWord {
    /// As shown, with its punctuation.
    pub text: String,
    /// When it begins.
    pub start: MediaTime,
    /// When it ends; always later.
    pub end: MediaTime,
}

/// Sound on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// The sound, a WAV file.
    pub source: BlobRef,
    /// When it begins.
    pub start: MediaTime,
    /// How long it is heard, from its beginning: speech no longer than the file lasts, music looped to fill it.
    pub duration: MediaTime,
    /// What it is.
    pub role: AudioRole,
    /// Louder or softer before the loudness step, in decibels.
    pub gain_db: f64,
}

/// What a sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioRole {
    /// Speech; everything else steps back for it.
    Narration,
    /// Music; ducked under speech, and looped.
    Music,
    /// A finished sound track of the user's own, played as it is.
    Track,
}

/// What a mix is brought to (EBU R128).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated loudness in LUFS.
    pub integrated: f64,
    /// Highest true peak in dBTP.
    pub true_peak: f64,
}

impl Loudness {
    /// What the platforms play at: -14 LUFS, -1 dBTP.
    pub const PLATFORM: Self = Self { integrated: -14.0, true_peak: -1.0 };
}
