//! Whether a timeline can be rendered at all.

use super::{Captions, Cue, Entrance, Scene, Timeline, TransitionKind, View};
use crate::{Error, MediaTime, Result};

/// Most scenes of a video.
const MOST_SCENES: usize = 500;
/// Most layers of a scene.
const MOST_LAYERS: usize = 12;
/// Most pieces of sound.
const MOST_TRACKS: usize = 1000;
/// Most cues.
const MOST_CUES: usize = 20_000;
/// Most words of a cue.
const MOST_WORDS: usize = 50;
/// Most characters of a word.
const MOST_CHARACTERS: usize = 200;
/// Longest video: an hour.
const LONGEST: MediaTime = MediaTime(3_600_000_000);

impl Timeline {
    /// Checks that the timeline makes sense: a known version, an even canvas, scenes with a length that leave room
    /// for their transitions, cues in order and inside, and every number within bounds.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with what is wrong and where.
    pub fn check(&self) -> Result<()> {
        demand(self.version == Self::VERSION, "unknown timeline version", "version", self.version)?;
        let canvas = &self.canvas;
        for (side, pixels) in [("width", canvas.width), ("height", canvas.height)] {
            demand(
                (64..=4096).contains(&pixels) && pixels % 2 == 0,
                "canvas must have even sides of 64 to 4096 pixels",
                side,
                pixels,
            )?;
        }
        let rate = canvas.frames_per_second;
        demand((1..=120).contains(&rate), "frame rate must be 1 to 120", "frames_per_second", rate)?;
        let count = self.scenes.len();
        demand((1..=MOST_SCENES).contains(&count), "a timeline has 1 to 500 scenes", "scenes", count)?;
        for (index, scene) in self.scenes.iter().enumerate() {
            self.check_scene(index, scene).map_err(|error| error.with_context("scene", index))?;
        }
        let duration = self.duration();
        demand(duration <= LONGEST, "a timeline lasts an hour at most", "duration", duration.seconds())?;
        self.captions.check(duration)?;
        self.check_sound(duration)
    }

    fn check_scene(&self, index: usize, scene: &Scene) -> Result<()> {
        let duration = scene.duration;
        demand(duration > MediaTime::ZERO, "a scene must have a length", "duration", duration.seconds())?;
        demand(duration <= LONGEST, "a scene lasts an hour at most", "duration", duration.seconds())?;
        demand(self.canvas.frame_at(duration) > 0, "a scene is shorter than a frame", "duration", duration.seconds())?;
        let layers = scene.layers.len();
        demand((1..=MOST_LAYERS).contains(&layers), "a scene has 1 to 12 layers", "layers", layers)?;
        for (number, layer) in scene.layers.iter().enumerate() {
            let fine = valid_view(layer.motion.from) && valid_view(layer.motion.to);
            demand(fine, "a view must lie within its picture", "layer", number)?;
            let entrance = match layer.entrance {
                Entrance::None => true,
                Entrance::Fade { duration } => within(duration, scene.duration),
                Entrance::Rise { duration, distance } => {
                    within(duration, scene.duration) && (-1.0..=1.0).contains(&distance)
                }
                Entrance::Later { delay, duration, distance } => {
                    within(delay, scene.duration)
                        && within(duration, scene.duration - delay)
                        && (-1.0..=1.0).contains(&distance)
                }
            };
            demand(entrance, "an entrance must fit into its scene", "layer", number)?;
        }
        let transition = scene.transition;
        let cut = transition.kind == TransitionKind::Cut;
        demand(index > 0 || cut, "the first scene takes over from nothing", "transition", transition.kind)?;
        demand(
            cut == (transition.duration == MediaTime::ZERO) && transition.duration >= MediaTime::ZERO,
            "a transition must have a length, and a cut none",
            "transition",
            transition.kind,
        )?;
        // Half a transition lies in each of its scenes, and the two of one scene must not meet.
        let next = self.scenes.get(index + 1).map_or(MediaTime::ZERO, |next| next.transition.duration);
        let halves = MediaTime((transition.duration.0.saturating_add(next.0)) / 2);
        demand(halves <= duration, "a scene is too short for its transitions", "transitions", halves.seconds())
    }

    fn check_sound(&self, duration: MediaTime) -> Result<()> {
        let count = self.audio.len();
        demand(count <= MOST_TRACKS, "a timeline has at most 1000 pieces of sound", "audio", count)?;
        for (index, track) in self.audio.iter().enumerate() {
            let inside = track.start >= MediaTime::ZERO && track.start < duration;
            demand(inside, "sound must begin within the video", "audio", index)?;
            let heard = track.duration >= MediaTime::ZERO && track.duration <= LONGEST;
            demand(heard, "sound is heard for an hour at most", "audio", index)?;
            let gain = (-60.0..=40.0).contains(&track.gain_db);
            demand(gain, "gain must be -60 to 40 dB", "gain_db", track.gain_db)?;
        }
        let loudness = &self.loudness;
        let fine = (-40.0..=-5.0).contains(&loudness.integrated) && (-20.0..=0.0).contains(&loudness.true_peak);
        demand(fine, "loudness must be -40 to -5 LUFS under -20 to 0 dBTP", "integrated", loudness.integrated)
    }
}

impl Captions {
    /// Checks that cues have a length, are in order, do not overlap and lie within `duration`.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) with the cue that is wrong.
    pub fn check(&self, duration: MediaTime) -> Result<()> {
        let style = &self.style;
        let fine = (0.005..=0.3).contains(&style.size) && (0.0..=0.1).contains(&style.outline);
        demand(fine, "caption type must be 0.005 to 0.3 of the height", "size", style.size)?;
        demand(self.cues.len() <= MOST_CUES, "too many captions", "cues", self.cues.len())?;
        let mut before = MediaTime::ZERO;
        for (index, cue) in self.cues.iter().enumerate() {
            demand(cue.start >= before, "captions overlap or are out of order", "cue", index)?;
            demand(cue.end <= duration, "a caption lasts longer than the video", "cue", index)?;
            cue.check().map_err(|error| error.with_context("cue", index))?;
            before = cue.end;
        }
        Ok(())
    }
}

impl Cue {
    fn check(&self) -> Result<()> {
        demand(self.end > self.start, "a caption must have a length", "start", self.start.seconds())?;
        let count = self.words.len();
        demand((1..=MOST_WORDS).contains(&count), "a caption has 1 to 50 words", "words", count)?;
        let mut before = self.start;
        for word in &self.words {
            let fine = word.start >= before && word.end > word.start && word.end <= self.end;
            demand(fine, "words of a caption must be in order, with a length, and within it", "word", &word.text)?;
            let characters = word.text.chars().count();
            demand(
                (1..=MOST_CHARACTERS).contains(&characters),
                "a word is empty or too long",
                "characters",
                characters,
            )?;
            before = word.end;
        }
        Ok(())
    }
}

fn valid_view(view: View) -> bool {
    (0.0..=1.0).contains(&view.x) && (0.0..=1.0).contains(&view.y) && (1.0..=8.0).contains(&view.zoom)
}

fn within(duration: MediaTime, scene: MediaTime) -> bool {
    duration >= MediaTime::ZERO && duration <= scene
}

fn demand(holds: bool, message: &'static str, key: &'static str, value: impl std::fmt::Display) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::invalid(message).with_context(key, value)) }
}
