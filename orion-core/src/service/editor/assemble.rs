//! From lines and pictures to a timeline: how long each scene is, how it moves, how it takes over.

use super::Narration;
use crate::domain::timeline::{
    AudioRole, AudioTrack, Canvas, CaptionPosition, CaptionStyle, Captions, Entrance, Layer, Loudness, Motion, Scene,
    TimedWord, Timeline, Transition, TransitionKind, View, caption,
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
/// How long type takes to come in.
const ENTRANCE: MediaTime = MediaTime::from_millis(330);
/// The same in the first scene.
const FIRST_ENTRANCE: MediaTime = MediaTime::from_millis(170);
/// How far type rises, as a share of the height.
const RISE: f64 = 0.018;
/// How much the zoom grows in a second; slower is not seen as motion, faster is restless.
const ZOOM_PER_SECOND: f64 = 0.028;
/// Most that a scene zooms in all.
const MOST_ZOOM: f64 = 0.20;

/// The move over a clip: it moves by itself, and this goes on when it ends before its scene.
const PLAYED: Motion = Motion { from: View::WHOLE, to: View { zoom: 1.06, ..View::WHOLE } };

/// Puts narration and pictures on one clock: scene `n` shows picture `n` while line `n` is spoken.
///
/// Scene lengths are whole frames. Captions follow the words of the voice. Pictures that may move do, and never
/// twice in a row the same way; type stands still after it has come in. No transition follows itself.
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
    assemble_at_least(narration, pictures, style, canvas, &[])
}

/// As [`assemble`], with scenes that are shown for some time at least, whatever is said in them.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_at_least(
    narration: &Narration,
    pictures: &[ScenePicture],
    style: &CaptionStyle,
    canvas: Canvas,
    least: &[MediaTime],
) -> Result<Timeline> {
    let count = narration.lines.len();
    if count == 0 || pictures.len() != count {
        return Err(Error::invalid("every line needs one picture")
            .with_context("lines", count)
            .with_context("pictures", pictures.len()));
    }
    let mut scenes: Vec<Scene> = Vec::with_capacity(count);
    let mut audio = Vec::with_capacity(count);
    let mut words: Vec<TimedWord> = Vec::new();
    let mut frame = 0_u64;
    for (index, (line, picture)) in narration.lines.iter().zip(pictures).enumerate() {
        let last = index + 1 == count;
        let start = canvas.time_of(frame);
        let speech = start + if index == 0 { LEAD_IN } else { LEAD };
        let spoken = speech + line.duration + if last { TAIL } else { PAUSE };
        let end = spoken.max(start + least.get(index).copied().unwrap_or(MediaTime::ZERO));
        // A scene has a frame at least, even for an empty sound.
        frame = frame_after(&canvas, end).max(frame + 1);
        let duration = canvas.time_of(frame) - start;
        let before = scenes.last();
        let transition = transition(index, duration, before);
        let layers = layers(index, picture, duration);
        scenes.push(Scene { id: index as u32 + 1, duration, layers, transition, locked: false });
        audio.extend(line.audio.clone().map(|source| AudioTrack {
            source,
            start: speech,
            duration: line.duration,
            role: AudioRole::Narration,
            gain_db: 0.0,
        }));
        words.extend(line.words.iter().map(|word| TimedWord {
            text: word.text.clone(),
            start: speech + word.start,
            end: speech + word.end,
        }));
    }
    let mut style = style.clone();
    if pictures.iter().any(|picture| picture.layers.iter().any(|layer| !layer.moves)) {
        // Cards carry their own type in the middle; captions must not stand on it.
        style.position = CaptionPosition::LowerThird;
    }
    let mut cues = caption::group(&words);
    let end = canvas.time_of(frame);
    cues.retain(|cue| cue.start < end);
    if let Some(last) = cues.last_mut() {
        last.end = last.end.min(end);
    }
    let captions = Captions { style, cues };
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

/// Pushes and crossfades in turn, because a push at every border is loud and a fade at every border is sleepy.
fn transition(index: usize, duration: MediaTime, before: Option<&Scene>) -> Transition {
    const CUT: Transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
    const TURN: [TransitionKind; 4] =
        [TransitionKind::PushUp, TransitionKind::Crossfade, TransitionKind::PushLeft, TransitionKind::Crossfade];
    let Some(before) = before else { return CUT };
    let kind = TURN[(index - 1) % TURN.len()];
    let wanted = match kind {
        TransitionKind::Crossfade => MediaTime::from_millis(400),
        _ => MediaTime::from_millis(330),
    };
    // A short scene keeps most of its time for itself.
    let shorter = duration.min(before.duration);
    let length = wanted.min(MediaTime(shorter.0 / 3));
    if length < MediaTime::from_millis(100) { CUT } else { Transition { kind, duration: length } }
}

fn layers(index: usize, picture: &ScenePicture, duration: MediaTime) -> Vec<Layer> {
    let entrance = |moves: bool, back: bool| match (moves || back, index) {
        (true, _) => Entrance::None,
        (false, 0) => Entrance::Rise { duration: FIRST_ENTRANCE.min(duration), distance: RISE },
        (false, _) => Entrance::Rise { duration: ENTRANCE.min(duration), distance: RISE },
    };
    picture
        .layers
        .iter()
        .enumerate()
        .map(|(number, layer)| Layer {
            picture: layer.blob.clone(),
            motion: match layer.moves {
                _ if layer.blob.media_type.starts_with("video/") => PLAYED,
                true => motion(index, (layer.width, layer.height), duration),
                false => Motion::STILL,
            },
            entrance: entrance(layer.moves, number == 0),
        })
        .collect()
}

/// A move for the picture's shape: one that is wide for its height is panned over, another zoomed; in and out, left
/// and right in turn.
fn motion(index: usize, (width, height): (u32, u32), duration: MediaTime) -> Motion {
    let reach = (ZOOM_PER_SECOND * duration.seconds()).clamp(0.04, MOST_ZOOM);
    let forth = index.is_multiple_of(2);
    let turned = |from: View, to: View| if forth { Motion { from, to } } else { Motion { from: to, to: from } };
    if width >= height {
        // Three times the zoom's speed, because there is more to see; centred, and within the picture.
        let half = (reach * 1.5).min(0.25);
        let view = |x| View { x, y: 0.5, zoom: 1.04 };
        return turned(view(0.5 - half), view(0.5 + half));
    }
    match index % 4 {
        // Straight in and out.
        0 | 1 => turned(View { zoom: 1.02, ..View::WHOLE }, View { zoom: 1.02 + reach, ..View::WHOLE }),
        // The same with a drift upward, respectively downward.
        _ => {
            let zoom = 1.06 + reach;
            let slack = 0.5 - 0.5 / zoom;
            turned(View { x: 0.5, y: 0.5 + slack, zoom: 1.06 }, View { x: 0.5, y: 0.5 - slack, zoom })
        }
    }
}
