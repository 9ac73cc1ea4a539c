//! Editing: a scene gets other pictures, another length, another place, or is kept as it is.
//!
//! Every operation checks the result and changes nothing if it would not do. What is spoken and captioned in a scene
//! goes with it; music stays where it is and runs to the new end if it ran to the old one.

use super::{AudioRole, AudioTrack, Canvas, Cue, Entrance, Layer, Scene, Timeline, Transition, TransitionKind};
use crate::{Error, MediaTime, Result};

/// A scene with what is heard and read in it; times count from the scene's start.
struct Part {
    scene: Scene,
    frames: u64,
    speech: Vec<AudioTrack>,
    cues: Vec<Cue>,
}

impl Timeline {
    /// Gives a scene other pictures. Their motion and entrance come with them; an entrance that is longer than the
    /// scene is shortened.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) without such a scene, [`Conflict`](crate::ErrorKind::Conflict) if it
    /// is locked, [`Invalid`](crate::ErrorKind::Invalid) as [`check`](Self::check).
    pub fn replace(&mut self, scene: u32, layers: Vec<Layer>) -> Result<()> {
        let index = self.unlocked(scene)?;
        self.edit(|parts| parts[index].scene.layers = layers)
    }

    /// Keeps a scene from being changed, or allows it again.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) without such a scene.
    pub fn lock(&mut self, scene: u32, locked: bool) -> Result<()> {
        let index = self.index_of(scene)?;
        self.scenes[index].locked = locked;
        Ok(())
    }

    /// Makes a scene longer or shorter, to the nearest frame; everything behind it moves. Transitions and entrances
    /// that no longer fit are shortened.
    ///
    /// # Errors
    /// As [`replace`](Self::replace); and [`Invalid`](crate::ErrorKind::Invalid) if the scene would end before what
    /// is spoken in it.
    pub fn retime(&mut self, scene: u32, duration: MediaTime) -> Result<()> {
        let index = self.unlocked(scene)?;
        let canvas = self.canvas;
        let frames = canvas.frame_at(duration);
        let spoken = self.take_apart().get(index).map_or(MediaTime::ZERO, |part| part.spoken_until());
        if canvas.time_of(frames) < spoken {
            return Err(Error::invalid("the scene would end before its last word")
                .with_context("scene", scene)
                .with_context("seconds", duration.seconds())
                .with_hint(format!("give it at least {:.2} s, or shorten its line", spoken.seconds())));
        }
        self.edit(|parts| parts[index].frames = frames)
    }

    /// Moves a scene to another place (from zero) with what is spoken in it. Transitions stay with their borders, so
    /// the first scene keeps its cut and none repeats. Where no picture moved like the one before it none does afterwards:
    /// one that would goes back the way it came, unless its scene is locked.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) without such a scene, [`Invalid`](crate::ErrorKind::Invalid) if there
    /// is no such place.
    pub fn reorder(&mut self, scene: u32, place: usize) -> Result<()> {
        let index = self.index_of(scene)?;
        if place >= self.scenes.len() {
            return Err(Error::invalid("there is no such place")
                .with_context("place", place)
                .with_context("scenes", self.scenes.len()));
        }
        let varied = self.scenes.windows(2).all(|pair| !alike(&pair[0], &pair[1]));
        self.edit(|parts| {
            let transitions: Vec<Transition> = parts.iter().map(|part| part.scene.transition).collect();
            let part = parts.remove(index);
            parts.insert(place, part);
            for (part, transition) in parts.iter_mut().zip(transitions) {
                part.scene.transition = transition;
            }
            if varied {
                vary(parts);
            }
        })
    }

    /// Puts a scene in which nothing is spoken at a place (from zero); everything behind it moves. A scene that is no
    /// longer the first takes over from it as `after` says.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) if there is no such place, or as [`check`](Self::check).
    pub fn insert(&mut self, place: usize, scene: Scene, after: Transition) -> Result<()> {
        if place > self.scenes.len() {
            return Err(Error::invalid("there is no such place")
                .with_context("place", place)
                .with_context("scenes", self.scenes.len()));
        }
        let frames = self.canvas.frame_at(scene.duration);
        self.edit(|parts| {
            if let Some(first) = parts.first_mut().filter(|_| place == 0) {
                first.scene.transition = after;
            }
            parts.insert(place, Part { scene, frames, speech: Vec::new(), cues: Vec::new() });
        })
    }

    fn index_of(&self, scene: u32) -> Result<usize> {
        let found = self.scenes.iter().position(|candidate| candidate.id == scene);
        found.ok_or_else(|| Error::not_found("no such scene").with_context("scene", scene))
    }

    fn unlocked(&self, scene: u32) -> Result<usize> {
        let index = self.index_of(scene)?;
        if self.scenes[index].locked {
            return Err(Error::conflict("the scene is locked")
                .with_context("scene", scene)
                .with_hint("unlock it first if it may change"));
        }
        Ok(index)
    }

    /// Changes the parts of a copy and takes it over if it passes the check.
    fn edit(&mut self, change: impl FnOnce(&mut Vec<Part>)) -> Result<()> {
        let mut edited = self.clone();
        let mut parts = edited.take_apart();
        change(&mut parts);
        edited.put_together(parts);
        edited.check()?;
        *self = edited;
        Ok(())
    }

    /// Every scene with its frames, its speech and its captions. What begins in a scene belongs to it.
    fn take_apart(&self) -> Vec<Part> {
        let mut border = MediaTime::ZERO;
        let mut parts: Vec<Part> = Vec::with_capacity(self.scenes.len());
        for scene in &self.scenes {
            let (start, end) = (border, border + scene.duration);
            border = end;
            let inside = |time: MediaTime| start <= time && time < end;
            let speech = self.audio.iter().filter(|track| track.role == AudioRole::Narration && inside(track.start));
            let cues = self.captions.cues.iter().filter(|cue| inside(cue.start));
            parts.push(Part {
                scene: scene.clone(),
                frames: self.canvas.frame_at(end) - self.canvas.frame_at(start),
                speech: speech.map(|track| AudioTrack { start: track.start - start, ..track.clone() }).collect(),
                cues: cues.cloned().map(|cue| cue.shifted(MediaTime::ZERO - start)).collect(),
            });
        }
        parts
    }

    /// The reverse of [`take_apart`](Self::take_apart): borders on whole frames, music to the end.
    fn put_together(&mut self, parts: Vec<Part>) {
        let old_end = self.duration();
        let mut audio: Vec<AudioTrack> =
            self.audio.iter().filter(|track| track.role != AudioRole::Narration).cloned().collect();
        self.scenes.clear();
        self.captions.cues.clear();
        let mut frame = 0;
        for Part { mut scene, frames, speech, cues } in parts {
            let start = self.canvas.time_of(frame);
            frame += frames;
            scene.duration = self.canvas.time_of(frame) - start;
            for layer in &mut scene.layers {
                layer.entrance = layer.entrance.within(scene.duration);
            }
            let before = self.scenes.last().map_or(MediaTime::ZERO, |before| before.duration);
            scene.transition = scene.transition.within(before.min(scene.duration), &self.canvas);
            audio.extend(speech.into_iter().map(|track| AudioTrack { start: start + track.start, ..track }));
            // A caption that stays after its last word goes with its scene.
            self.captions.cues.extend(cues.into_iter().map(|cue| {
                let spoken = cue.words.last().map_or(MediaTime::ZERO, |word| word.end);
                let end = cue.end.min(scene.duration).max(spoken);
                Cue { end, ..cue }.shifted(start)
            }));
            self.scenes.push(scene);
        }
        let end = self.duration();
        for track in audio.iter_mut().filter(|track| track.role == AudioRole::Music) {
            if track.start + track.duration >= old_end {
                track.duration = end - track.start;
            }
        }
        audio.sort_by_key(|track| track.start);
        self.audio = audio;
    }
}

/// Whether two scenes move the same way.
fn alike(one: &Scene, other: &Scene) -> bool {
    one.heading().is_some_and(|heading| other.heading() == Some(heading))
}

/// Turns around what moves like the scene before it.
fn vary(parts: &mut [Part]) {
    for index in 1..parts.len() {
        let repeats = alike(&parts[index - 1].scene, &parts[index].scene);
        if repeats && !parts[index].scene.locked {
            for layer in &mut parts[index].scene.layers {
                layer.motion = layer.motion.reversed();
            }
        }
    }
}

impl Part {
    /// When the last word and the last sound end.
    fn spoken_until(&self) -> MediaTime {
        let sounds = self.speech.iter().map(|track| track.start + track.duration);
        let words = self.cues.iter().flat_map(|cue| cue.words.last()).map(|word| word.end);
        sounds.chain(words).max().unwrap_or(MediaTime::ZERO)
    }
}

impl Cue {
    /// The same, later by `by`, which may be negative.
    fn shifted(mut self, by: MediaTime) -> Self {
        (self.start, self.end) = (self.start + by, self.end + by);
        for word in &mut self.words {
            (word.start, word.end) = (word.start + by, word.end + by);
        }
        self
    }
}

impl Entrance {
    /// The same, no longer than a scene.
    fn within(self, scene: MediaTime) -> Self {
        match self {
            Self::None => Self::None,
            Self::Fade { duration } => Self::Fade { duration: duration.min(scene) },
            Self::Rise { duration, distance } => Self::Rise { duration: duration.min(scene), distance },
            Self::Later { delay, duration, distance } => {
                let duration = duration.min(scene);
                Self::Later { delay: delay.min(scene - duration), duration, distance }
            }
        }
    }
}

impl Transition {
    /// The same, no longer than half of the shorter of its scenes; a cut where not even a frame is left.
    fn within(self, shorter: MediaTime, canvas: &Canvas) -> Self {
        let duration = self.duration.min(MediaTime(shorter.0 / 2));
        if self.kind == TransitionKind::Cut || canvas.frame_at(duration) == 0 {
            return Self { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        }
        Self { duration, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{blob, timeline};
    use super::*;
    use crate::ErrorKind;
    use crate::domain::timeline::{Motion, caption};
    use proptest::prelude::*;

    /// Three scenes of 2 s, a word and a sound in each, music under all of it.
    fn spoken() -> Timeline {
        let mut timeline = timeline();
        timeline.captions.cues.clear();
        for (number, text) in (0..3).zip(["one", "two", "three"]) {
            let start = MediaTime::from_millis(2000 * number + 100);
            let duration = MediaTime::from_millis(1500);
            let words = [super::super::TimedWord { text: text.to_owned(), start, end: start + duration }];
            timeline.captions.cues.extend(caption::group(&words));
            let source = blob(text);
            timeline.audio.push(AudioTrack { source, start, duration, role: AudioRole::Narration, gain_db: 0.0 });
        }
        let (start, duration) = (MediaTime::ZERO, MediaTime::from_millis(6000));
        timeline.audio.push(AudioTrack {
            source: blob("music"),
            start,
            duration,
            role: AudioRole::Music,
            gain_db: -6.0,
        });
        timeline.check().unwrap();
        timeline
    }

    fn words(timeline: &Timeline) -> Vec<(&str, i64)> {
        timeline.captions.cues.iter().map(|cue| (cue.words[0].text.as_str(), cue.start.millis())).collect()
    }

    #[test]
    fn a_scene_before_the_first_moves_everything_behind_it() {
        let mut timeline = spoken();
        let before = timeline.clone();
        let mut scene = timeline.scenes[0].clone();
        (scene.id, scene.duration) = (9, MediaTime::from_millis(1500));
        let fade = Transition { kind: TransitionKind::Crossfade, duration: MediaTime::from_millis(300) };
        timeline.insert(0, scene.clone(), fade).unwrap();
        assert_eq!(timeline.scenes.iter().map(|scene| scene.id).collect::<Vec<_>>(), [9, 1, 2, 3]);
        assert_eq!((timeline.scenes[0].transition.kind, timeline.scenes[1].transition), (TransitionKind::Cut, fade));
        let moved = MediaTime::from_millis(1500);
        for (cue, old) in timeline.captions.cues.iter().zip(&before.captions.cues) {
            assert_eq!(cue.start, old.start + moved);
        }
        assert_eq!(timeline.duration(), before.duration() + moved);
        assert_eq!(timeline.insert(7, scene, fade).unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_scene_moves_with_what_is_spoken_in_it() {
        let mut timeline = spoken();
        let kinds: Vec<_> = timeline.scenes.iter().map(|scene| scene.transition.kind).collect();
        timeline.reorder(3, 0).unwrap();
        assert_eq!(timeline.scenes.iter().map(|scene| scene.id).collect::<Vec<_>>(), [3, 1, 2]);
        assert_eq!(timeline.scenes.iter().map(|scene| scene.transition.kind).collect::<Vec<_>>(), kinds);
        assert_eq!(words(&timeline), [("three", 100), ("one", 2100), ("two", 4100)]);
        assert_eq!(timeline.audio.iter().filter(|track| track.role == AudioRole::Music).count(), 1);
        timeline.reorder(3, 2).unwrap();
        let mut original = spoken();
        original.audio.sort_by_key(|track| track.start);
        assert_eq!(timeline, original);
        assert_eq!(timeline.reorder(3, 3).unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_longer_scene_moves_what_is_behind_it() {
        let mut timeline = spoken();
        timeline.retime(1, MediaTime::from_millis(3000)).unwrap();
        assert_eq!(timeline.frames(), 210);
        assert_eq!(words(&timeline), [("one", 100), ("two", 3100), ("three", 5100)]);
        let music = timeline.audio.iter().find(|track| track.role == AudioRole::Music).unwrap();
        assert_eq!(music.duration.millis(), 7000);
        let before = timeline.clone();
        let error = timeline.retime(1, MediaTime::from_millis(1000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.hint().is_some_and(|hint| hint.contains("1.60 s")), "{error}");
        assert_eq!(timeline, before);
    }

    #[test]
    fn a_locked_scene_stays_as_it_is() {
        let mut timeline = spoken();
        timeline.lock(2, true).unwrap();
        let layers = vec![Layer { picture: blob("new"), motion: Motion::STILL, entrance: Entrance::None }];
        assert_eq!(timeline.replace(2, layers.clone()).unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(timeline.retime(2, MediaTime::from_millis(4000)).unwrap_err().kind(), ErrorKind::Conflict);
        timeline.lock(2, false).unwrap();
        timeline.replace(2, layers.clone()).unwrap();
        assert_eq!(timeline.scenes[1].layers, layers);
        assert_eq!(timeline.replace(9, layers).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(timeline.replace(2, Vec::new()).unwrap_err().kind(), ErrorKind::Invalid);
    }

    proptest! {
        #[test]
        fn edits_keep_a_timeline_whole(edits in prop::collection::vec((0_u8..3, 0_u32..5, 0_i64..5000), 0..20)) {
            let mut timeline = spoken();
            for (kind, scene, amount) in edits {
                // Refusals are part of the walk: they must leave the timeline as it was.
                let before = timeline.clone();
                let done = match kind {
                    0 => timeline.reorder(scene, amount as usize % 4),
                    1 => timeline.retime(scene, MediaTime::from_millis(amount)),
                    _ => timeline.lock(scene, amount % 2 == 0),
                };
                if done.is_err() {
                    prop_assert_eq!(&timeline, &before);
                }
                prop_assert!(timeline.check().is_ok());
                prop_assert_eq!(timeline.captions.cues.len(), 3);
                prop_assert_eq!(timeline.audio.len(), 4);
                for scene in &timeline.scenes {
                    prop_assert!(timeline.canvas.frame_at(scene.duration) > 0);
                }
            }
        }
    }
}
