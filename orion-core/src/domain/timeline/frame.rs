//! What is seen at one frame, worked out from the timeline alone.
//!
//! Time is cut into frames by rounding: a scene, cue or word that begins at time `t` begins at frame
//! `round(t * rate)`, so nothing is off by more than half a frame and nothing drifts.
//!
//! A transition of length `d` is centred on the border between its two scenes: it begins `d / 2` before the
//! border and ends `d / 2` after it, so the length of the whole stays the sum of the scenes. A scene moves over
//! the whole time in which it is seen, transitions included; its layers enter at the scene's own start.

use super::{Canvas, Captions, Entrance, Motion, Timeline, TransitionKind, View};
use crate::MediaTime;

/// What is seen at one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FramePlan {
    /// Number of the frame, from zero.
    pub number: u64,
    /// One scene, or two in a transition; back to front.
    pub scenes: Vec<PlannedScene>,
    /// The caption, if one is shown.
    pub caption: Option<PlannedCaption>,
}

/// A scene at one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedScene {
    /// Index of the scene.
    pub scene: usize,
    /// Frames since it is first seen.
    pub age: u64,
    /// How much of it shows, above 0 to 1.
    pub opacity: f64,
    /// Shift to the right in fractions of the canvas width.
    pub offset_x: f64,
    /// Shift down in fractions of the canvas height.
    pub offset_y: f64,
    /// How far it is uncovered, from the left, in fractions of the way that the soft edge goes; 1 is all of it.
    pub uncovered: f64,
    /// The layers from back to front; one that is not seen yet is left out.
    pub layers: Vec<PlannedLayer>,
}

/// A layer at one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedLayer {
    /// Index of the layer within its scene.
    pub layer: usize,
    /// The part of the picture that is seen.
    pub view: View,
    /// How much of it shows, above 0 to 1.
    pub opacity: f64,
    /// Shift down in fractions of the canvas height.
    pub offset_y: f64,
}

/// The caption at one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlannedCaption {
    /// Index of the cue.
    pub cue: usize,
    /// Index of the word being spoken: the last one that has begun.
    pub word: Option<usize>,
}

/// A rectangle of a picture in its own pixels, edges not on whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceRectangle {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// In which frames a scene is seen.
struct Span {
    /// First frame in which it is seen, the transition into it included.
    seen: u64,
    /// The border to the scene before.
    start: u64,
    /// First frame in which it is no longer seen.
    gone: u64,
}

impl Canvas {
    /// The frame that is shown at a time.
    pub fn frame_at(&self, time: MediaTime) -> u64 {
        let scaled = i128::from(time.0.max(0)) * i128::from(self.frames_per_second);
        u64::try_from((scaled + 500_000) / 1_000_000).unwrap_or(u64::MAX)
    }

    /// When a frame is shown.
    pub fn time_of(&self, frame: u64) -> MediaTime {
        MediaTime::from_units(frame, self.frames_per_second)
    }
}

impl Timeline {
    /// Number of frames of the whole.
    pub fn frames(&self) -> u64 {
        self.canvas.frame_at(self.duration())
    }

    /// What is seen at a frame; the last frame for a number beyond it. A timeline that passes
    /// [`check`](Self::check) always shows at least one scene.
    pub fn frame(&self, number: u64) -> FramePlan {
        let number = number.min(self.frames().saturating_sub(1));
        let spans = self.spans();
        let mut scenes: Vec<PlannedScene> = Vec::with_capacity(2);
        for (index, span) in spans.iter().enumerate() {
            if (span.seen..span.gone).contains(&number) {
                scenes.push(self.scene_at(index, span, number));
            }
        }
        // Rounding to frames can make two transitions touch; then the older scene has gone.
        scenes.drain(..scenes.len().saturating_sub(2));
        if let [back, front] = scenes.as_mut_slice() {
            self.overlap(back, front, &spans, number);
        }
        FramePlan { number, scenes, caption: self.caption_at(number) }
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::with_capacity(self.scenes.len());
        let mut time = MediaTime::ZERO;
        for (index, scene) in self.scenes.iter().enumerate() {
            let start = self.canvas.frame_at(time);
            time = time + scene.duration;
            let mut seen = start;
            if index > 0 && scene.transition.kind != TransitionKind::Cut {
                let length = self.canvas.frame_at(scene.transition.duration);
                seen = start.saturating_sub(length / 2);
                if let Some(before) = spans.last_mut() {
                    before.gone = start + length.div_ceil(2);
                }
            }
            spans.push(Span { seen, start, gone: self.canvas.frame_at(time) });
        }
        spans
    }

    fn scene_at(&self, index: usize, span: &Span, number: u64) -> PlannedScene {
        let steps = (span.gone - span.seen).saturating_sub(1).max(1);
        let progress = (number - span.seen) as f64 / steps as f64;
        let mut layers = Vec::new();
        for (layer, spec) in self.scenes[index].layers.iter().enumerate() {
            let (opacity, offset_y) = self.entered(spec.entrance, span.start, number);
            if opacity > 0.0 {
                layers.push(PlannedLayer { layer, view: spec.motion.at(progress), opacity, offset_y });
            }
        }
        PlannedScene {
            scene: index,
            age: number - span.seen,
            opacity: 1.0,
            offset_x: 0.0,
            offset_y: 0.0,
            uncovered: 1.0,
            layers,
        }
    }

    /// How far a layer has come in: opacity and shift. Complete with the last frame of the entrance, and never
    /// quite nothing from the scene's first frame on, so that the first frame of a video shows something.
    fn entered(&self, entrance: Entrance, start: u64, number: u64) -> (f64, f64) {
        let (delay, duration, distance) = match entrance {
            Entrance::None => return (1.0, 0.0),
            Entrance::Fade { duration } => (MediaTime::ZERO, duration, 0.0),
            Entrance::Rise { duration, distance } => (MediaTime::ZERO, duration, distance),
            Entrance::Later { delay, duration, distance } => (delay, duration, distance),
        };
        let Some(since) = number.checked_sub(start + self.canvas.frame_at(delay)) else { return (0.0, 0.0) };
        let length = self.canvas.frame_at(duration).max(1);
        let progress = ((since + 1) as f64 / length as f64).min(1.0);
        (ease_out(progress), distance * (1.0 - ease_out(progress)))
    }

    /// Lays two scenes over each other in a transition.
    fn overlap(&self, back: &mut PlannedScene, front: &mut PlannedScene, spans: &[Span], number: u64) {
        let from = spans[front.scene].seen;
        let length = spans[back.scene].gone - from;
        // Mid-frame, so that the first frame has begun and the last has not ended.
        let progress = ((number - from) as f64 + 0.5) / length as f64;
        match self.scenes[front.scene].transition.kind {
            TransitionKind::Cut => {}
            TransitionKind::Crossfade => front.opacity = progress,
            TransitionKind::PushLeft => {
                front.offset_x = 1.0 - ease_in_out(progress);
                back.offset_x = front.offset_x - 1.0;
            }
            TransitionKind::PushUp => {
                front.offset_y = 1.0 - ease_in_out(progress);
                back.offset_y = front.offset_y - 1.0;
            }
            TransitionKind::Wipe => front.uncovered = ease_in_out(progress),
        }
    }

    fn caption_at(&self, number: u64) -> Option<PlannedCaption> {
        let cues = &self.captions.cues;
        // The last cue that has begun is the only one that can still be shown.
        let index = cues.partition_point(|cue| self.canvas.frame_at(cue.start) <= number).checked_sub(1)?;
        let cue = &cues[index];
        if self.canvas.frame_at(cue.end) <= number {
            return None;
        }
        let begun = cue.words.partition_point(|word| self.canvas.frame_at(word.start) <= number);
        Some(PlannedCaption { cue: index, word: begun.checked_sub(1) })
    }
}

impl Captions {
    /// The caption at a time, for pictures that are not on a timeline's own frames.
    pub fn at(&self, time: MediaTime) -> Option<PlannedCaption> {
        // The last cue that has begun is the only one that can still be shown.
        let index = self.cues.partition_point(|cue| cue.start <= time).checked_sub(1)?;
        let cue = self.cues.get(index).filter(|cue| time < cue.end)?;
        let begun = cue.words.partition_point(|word| word.start <= time);
        Some(PlannedCaption { cue: index, word: begun.checked_sub(1) })
    }
}

impl Motion {
    /// The view at a progress of 0 to 1. The move is even: no ease, because a scene is cut or faded while it still
    /// moves; the zoom grows by equal factors, which the eye takes for an even speed.
    pub fn at(&self, progress: f64) -> View {
        let mix = |from: f64, to: f64| from + (to - from) * progress;
        View {
            x: mix(self.from.x, self.to.x),
            y: mix(self.from.y, self.to.y),
            zoom: self.from.zoom * (self.to.zoom / self.from.zoom).powf(progress),
        }
    }
}

impl View {
    /// The rectangle of a picture that this view shows on a canvas: it has the canvas's shape, and it is moved
    /// inside the picture where it would look past its edge.
    pub fn rectangle(&self, picture: (u32, u32), canvas: &Canvas) -> SourceRectangle {
        let (picture_width, picture_height) = (f64::from(picture.0), f64::from(picture.1));
        let (canvas_width, canvas_height) = (f64::from(canvas.width), f64::from(canvas.height));
        // Source pixels per canvas pixel.
        let scale = (picture_width / canvas_width).min(picture_height / canvas_height) / self.zoom.max(1.0);
        let (width, height) = (canvas_width * scale, canvas_height * scale);
        SourceRectangle {
            x: (self.x * picture_width - width / 2.0).clamp(0.0, (picture_width - width).max(0.0)),
            y: (self.y * picture_height - height / 2.0).clamp(0.0, (picture_height - height).max(0.0)),
            width,
            height,
        }
    }
}

/// Cubic, fast at first.
fn ease_out(progress: f64) -> f64 {
    1.0 - (1.0 - progress).powi(3)
}

/// Smoothstep.
fn ease_in_out(progress: f64) -> f64 {
    progress * progress * (3.0 - 2.0 * progress)
}
