//! From lines and pictures to a timeline: how long each scene is, how it moves, how it takes over.

use super::Narration;
use super::staging::{SceneOf, transition};
use crate::domain::VisualPrompt;
use crate::domain::timeline::{
    AudioRole, AudioTrack, Canvas, CaptionPosition, CaptionStyle, Captions, Loudness, Scene, TimedWord, Timeline,
    caption,
};
use crate::service::media::ScenePicture;
use crate::{Error, MediaTime, Result};

/// Silence before the first word: none to speak of, because the first second decides who stays.
const LEAD_IN: MediaTime = MediaTime::from_millis(100);
/// Silence before the first word of every other scene: the picture comes first.
const LEAD: MediaTime = MediaTime::from_millis(140);
/// Silence after the last word of a scene.
const PAUSE: MediaTime = MediaTime::from_millis(180);
/// Silence after the very last word, to read the closing card.
const TAIL: MediaTime = MediaTime::from_millis(900);
/// Puts narration and pictures on one clock: scene `n` shows picture `n` while line `n` is spoken.
///
/// Scene lengths are whole frames. Captions follow the words of the voice. Pictures that may move do, and never
/// twice in a row the same way; type stands still after it has come in, built up as its words are spoken. No transition
/// follows itself.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid) unless there are as many pictures as spoken lines, at least one, and each
/// has a layer.
pub fn assemble(
    narration: &Narration,
    pictures: &[ScenePicture],
    style: &CaptionStyle,
    canvas: Canvas,
) -> Result<Timeline> {
    assemble_directed(narration, pictures, style, canvas, Direction::default())
}

/// What is known of scenes beside their words and pictures; lists may be shorter than there are scenes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direction<'a> {
    /// The plan of each scene: how it moves and takes over, and which parts of its card come in with which words.
    pub prompts: &'a [VisualPrompt],
    /// How long each scene is shown at least, whatever is said in it.
    pub least: &'a [MediaTime],
    /// Whether the lines are parts of one sound that plays from the beginning without a pause of ours: then each scene
    /// is as long as its line, to the frame, and what is said does not wait for it.
    pub unbroken: bool,
}

/// As [`assemble`], as somebody directs it.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_directed(
    narration: &Narration,
    pictures: &[ScenePicture],
    style: &CaptionStyle,
    canvas: Canvas,
    direction: Direction<'_>,
) -> Result<Timeline> {
    let count = narration.lines.len();
    if count == 0 || pictures.len() != count {
        return Err(Error::invalid("every line needs one picture")
            .with_context("lines", count)
            .with_context("pictures", pictures.len()));
    }
    let mut scenes: Vec<Scene> = Vec::with_capacity(count);
    let mut audio = Vec::with_capacity(count);
    let mut words: Vec<Vec<TimedWord>> = Vec::with_capacity(count);
    let (mut frame, mut said) = (0_u64, MediaTime::ZERO);
    for (index, (line, picture)) in narration.lines.iter().zip(pictures).enumerate() {
        let last = index + 1 == count;
        let start = canvas.time_of(frame);
        let (before, after) = match direction.unbroken {
            // Frames are counted from the end of what was said, so that no rounding adds up.
            true => (said - start, MediaTime::ZERO),
            false => (if index == 0 { LEAD_IN } else { LEAD }, if last { TAIL } else { PAUSE }),
        };
        let speech = start + before;
        said = speech + line.duration;
        let end = (said + after).max(start + direction.least.get(index).copied().unwrap_or(MediaTime::ZERO));
        // A scene has a frame at least, even for an empty sound.
        frame = frame_after(&canvas, end).max(frame + 1);
        let duration = canvas.time_of(frame) - start;
        let prompts = direction.prompts;
        let transition = transition(index, prompts, duration, scenes.last());
        let scene = SceneOf {
            index,
            canvas,
            prompt: prompts.get(index),
            duration,
            speech: before.max(MediaTime::ZERO),
            words: &line.words,
            before: scenes.last().and_then(Scene::heading),
            next: prompts.get(index + 1).and_then(|next| next.staging.motion),
        };
        let layers = scene.layers(&picture.layers);
        scenes.push(Scene { id: index as u32 + 1, duration, layers, transition, locked: false });
        audio.extend(line.audio.clone().map(|source| AudioTrack {
            source,
            start: speech,
            duration: line.duration,
            role: AudioRole::Narration,
            gain_db: 0.0,
        }));
        let timed = line.words.iter().map(|word| TimedWord {
            text: word.text.clone(),
            start: speech + word.start,
            end: speech + word.end,
        });
        words.push(timed.collect());
    }
    let mut style = style.clone();
    if pictures.iter().any(|picture| picture.layers.iter().any(|layer| !layer.moves)) {
        // Cards carry their own type in the middle; captions must not stand on it.
        style.position = CaptionPosition::LowerThird;
    }
    let captions = Captions { style, cues: caption::within(&words, canvas.time_of(frame)) };
    let timeline =
        Timeline { version: Timeline::VERSION, canvas, scenes, captions, audio, loudness: Loudness::PLATFORM };
    timeline.check()?;
    Ok(timeline)
}

/// The first frame that begins at or after a time.
fn frame_after(canvas: &Canvas, time: MediaTime) -> u64 {
    let frame = canvas.frame_at(time);
    if canvas.time_of(frame) < time { frame + 1 } else { frame }
}
