//! Taste: how scenes move, take over and come in, where nobody says otherwise. Nothing follows itself.

use crate::MediaTime;
use crate::domain::timeline::{Entrance, Layer, Motion, Scene, Transition, TransitionKind, View};
use crate::domain::{EntranceKind, MotionKind, Staging, VisualPrompt};
use crate::port::SpokenWord;
use crate::service::media::{PictureLayer, ScenePicture};
use crate::text::claim::split_words;

/// How long type takes to come in.
const ENTRANCE: MediaTime = MediaTime::from_millis(330);
/// The same in the first scene.
const FIRST_ENTRANCE: MediaTime = MediaTime::from_millis(170);
/// How far type rises, as a share of the height.
const RISE: f64 = 0.018;
/// How long before its word a part of a card begins to come in: it is there when the word is.
const AHEAD: MediaTime = MediaTime::from_millis(160);
/// How much the zoom grows in a second; slower is not seen as motion, faster is restless.
const ZOOM_PER_SECOND: f64 = 0.028;
/// Most that a scene zooms in all.
const MOST_ZOOM: f64 = 0.20;
/// How much more the nearer layer of two moves.
const DEPTH: f64 = 2.2;
/// Every so manieth scene has depth, where nobody says otherwise: it costs a layer, and is noticed best where it is rare.
const DEEP: u32 = 3;

/// The move over a clip: it moves by itself, and this goes on when it ends before its scene.
const PLAYED: Motion = Motion { from: View::WHOLE, to: View { zoom: 1.06, ..View::WHOLE } };

const CUT: Transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };

/// Whether the picture of a scene is to have layers that move by their depth.
pub(crate) fn is_deep(prompt: &VisualPrompt) -> bool {
    match prompt.staging.motion {
        Some(motion) => motion == MotionKind::Parallax,
        None => prompt.scene_number.is_multiple_of(DEEP),
    }
}

/// How a scene takes over: as the plan says, or a crossfade at every other border and pushes and wipes between, because a
/// push at every border is loud and a fade at every border is sleepy. A short scene keeps most of its time for itself.
pub(super) fn transition(
    index: usize,
    wanted: Option<Transition>,
    length: MediaTime,
    before: Option<&Scene>,
) -> Transition {
    use TransitionKind::{Crossfade, PushLeft, PushUp, Wipe};
    const TURN: [TransitionKind; 6] = [PushUp, Crossfade, Wipe, Crossfade, PushLeft, Crossfade];
    let Some(before) = before else { return CUT };
    let wanted = wanted.unwrap_or_else(|| {
        let kind = TURN[(index - 1) % TURN.len()];
        let millis = if matches!(kind, Crossfade | Wipe) { 400 } else { 330 };
        Transition { kind, duration: MediaTime::from_millis(millis) }
    });
    let duration = wanted.duration.min(MediaTime(length.min(before.duration).0 / 3));
    let seen = wanted.kind != TransitionKind::Cut && duration >= MediaTime::from_millis(100);
    if seen { Transition { duration, ..wanted } } else { CUT }
}

/// What the layers of a scene are put together from.
pub(super) struct SceneOf<'a> {
    /// From zero.
    pub(super) index: usize,
    /// The plan of it, if there is one.
    pub(super) prompt: Option<&'a VisualPrompt>,
    /// How long it lasts.
    pub(super) duration: MediaTime,
    /// When its words are spoken, from its start.
    pub(super) speech: MediaTime,
    /// Its words, from the start of the speech.
    pub(super) words: &'a [SpokenWord],
}

impl SceneOf<'_> {
    /// The layers of its picture: what may move does, type stands still, and parts of a card come in with their words.
    pub(super) fn layers(&self, picture: &ScenePicture) -> Vec<Layer> {
        let delays = self.delays(picture);
        let mut depth = 0_u32;
        let mut stills = 0_usize;
        let layers = picture.layers.iter().enumerate().map(|(number, layer)| {
            let (motion, entrance) = if layer.moves {
                let motion = self.motion(layer, picture, depth);
                depth += 1;
                (motion, Entrance::None)
            } else if number == 0 {
                (Motion::STILL, Entrance::None)
            } else {
                let delay = stills.checked_sub(1).and_then(|part| delays.get(part).copied());
                stills += 1;
                (Motion::STILL, self.entrance(delay))
            };
            Layer { picture: layer.blob.clone(), motion, entrance }
        });
        layers.collect()
    }

    fn staging(&self) -> Staging {
        self.prompt.map(|prompt| prompt.staging).unwrap_or_default()
    }

    /// How type comes in: at once, or as a part of the card with a delay of its own.
    fn entrance(&self, delay: Option<MediaTime>) -> Entrance {
        let length = if self.index == 0 { FIRST_ENTRANCE } else { ENTRANCE }.min(self.duration);
        let kind = self.staging().entrance.unwrap_or(EntranceKind::Rise);
        let distance = if kind == EntranceKind::Rise { RISE } else { 0.0 };
        match (delay, kind) {
            (Some(delay), _) => {
                let duration = if kind == EntranceKind::None { MediaTime::ZERO } else { length };
                Entrance::Later { delay: delay.min(self.duration - duration), duration, distance }
            }
            (None, EntranceKind::None) => Entrance::None,
            (None, EntranceKind::Fade) => Entrance::Fade { duration: length },
            (None, EntranceKind::Rise) => Entrance::Rise { duration: length, distance },
        }
    }

    /// When each part of a card comes in, if its picture has a layer for each: with its word, where that is spoken after
    /// the one before, and else evenly spread over the speech.
    fn delays(&self, picture: &ScenePicture) -> Vec<MediaTime> {
        let steps = self.prompt.map(|prompt| prompt.card.steps()).unwrap_or_default();
        let stills = picture.layers.iter().filter(|layer| !layer.moves).count();
        if steps.is_empty() || stills != steps.len() + 1 {
            return Vec::new();
        }
        let spoken = self.words.last().map_or(MediaTime::ZERO, |word| word.end);
        let spread = |part: usize| self.speech + MediaTime(spoken.0 * part as i64 / steps.len() as i64);
        let mut next = 0;
        let found = steps.iter().enumerate().map(|(part, step)| {
            let at = first_word(step).and_then(|wanted| {
                let rest = self.words.get(next..)?;
                let found = rest.iter().position(|word| first_word(&word.text).as_deref() == Some(&wanted))?;
                next += found + 1;
                self.words.get(next - 1)
            });
            at.map_or_else(|| spread(part), |word| self.speech + word.start - AHEAD)
        });
        // Parts keep their order, whatever was found.
        let mut latest = MediaTime::ZERO;
        let mut delays: Vec<MediaTime> = found.collect();
        for delay in &mut delays {
            *delay = (*delay).max(latest);
            latest = *delay;
        }
        delays
    }

    /// The move of one layer; `depth` counts those that move, from the back.
    fn motion(&self, layer: &PictureLayer, picture: &ScenePicture, depth: u32) -> Motion {
        if layer.blob.media_type.starts_with("video/") {
            return PLAYED;
        }
        let deep = picture.layers.iter().filter(|layer| layer.moves).count() > 1;
        let wide = layer.width >= layer.height && !deep;
        let kind = self.staging().motion.unwrap_or_else(|| by_turns(self.index, wide, deep));
        let near = DEPTH.powi(depth as i32);
        let reach = (ZOOM_PER_SECOND * self.duration.seconds()).clamp(0.04, MOST_ZOOM) * near;
        motion(kind, reach, self.index.is_multiple_of(2))
    }
}

/// The move by the place of a scene: a picture that is wide for its height is panned over, another zoomed; in and out,
/// left and right in turn.
fn by_turns(index: usize, wide: bool, deep: bool) -> MotionKind {
    use MotionKind::{PanLeft, PanRight, Parallax, Rise, Sink, ZoomIn, ZoomOut};
    match (deep, wide) {
        (true, _) => Parallax,
        (_, true) => [PanRight, PanLeft][index % 2],
        _ => [ZoomIn, ZoomOut, Rise, Sink][index % 4],
    }
}

/// A move of a kind, so far.
fn motion(kind: MotionKind, reach: f64, forth: bool) -> Motion {
    let turned =
        |forth: bool, from: View, to: View| if forth { Motion { from, to } } else { Motion { from: to, to: from } };
    let zoom = |zoom: f64| View { zoom: zoom.min(2.0), ..View::WHOLE };
    match kind {
        MotionKind::Still => Motion::STILL,
        // Straight in and out.
        MotionKind::ZoomIn | MotionKind::ZoomOut => turned(kind == MotionKind::ZoomIn, zoom(1.02), zoom(1.02 + reach)),
        // The same with a drift upward, respectively downward.
        MotionKind::Rise | MotionKind::Sink => {
            let most = 1.06 + reach;
            let slack = 0.5 - 0.5 / most;
            let (low, high) =
                (View { x: 0.5, y: 0.5 + slack, zoom: 1.06 }, View { x: 0.5, y: 0.5 - slack, zoom: most });
            turned(kind == MotionKind::Rise, low, high)
        }
        // Three times the zoom's speed, because there is more to see; centred, and within the picture.
        MotionKind::PanRight | MotionKind::PanLeft => {
            let half = (reach * 1.5).min(0.25);
            let view = |x| View { x, y: 0.5, zoom: 1.04 };
            turned(kind == MotionKind::PanRight, view(0.5 - half), view(0.5 + half))
        }
        // Sideways and nearer, the nearer layer further.
        MotionKind::Parallax => {
            let most = 1.04 + reach;
            let slack = (0.5 - 0.5 / most) * 0.9;
            let (here, there) =
                (View { x: 0.5 - slack, y: 0.5, zoom: most }, View { x: 0.5 + slack, y: 0.5, zoom: most });
            turned(forth, here, there)
        }
    }
}

/// The first word of a text in a form that can be compared.
fn first_word(text: &str) -> Option<String> {
    let words = split_words(text);
    let word = words.first().map_or_else(|| text.trim(), |word| word.core);
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    (!word.is_empty()).then(|| word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Card;
    use crate::testing::sample;

    fn word(text: &str, start: i64) -> SpokenWord {
        let at = MediaTime::from_millis(start);
        SpokenWord { text: text.to_owned(), start: at, end: at + MediaTime::from_millis(250) }
    }

    fn picture(stills: usize) -> ScenePicture {
        let layer = |moves| PictureLayer { blob: sample::blob(1), width: 1080, height: 1920, moves };
        let layers = std::iter::once(layer(true)).chain((0..stills).map(|_| layer(false))).collect();
        ScenePicture { scene_number: 2, provider: "test".to_owned(), credit: None, layers }
    }

    fn delays(items: &[&str], words: &[SpokenWord]) -> Vec<i64> {
        let card = Card::List {
            label: String::new(),
            headline: String::new(),
            items: items.iter().map(|item| (*item).to_owned()).collect(),
        };
        let prompt = VisualPrompt { card, ..sample::scene_plan().prompts.remove(0) };
        let scene = SceneOf {
            index: 1,
            prompt: Some(&prompt),
            duration: MediaTime::from_millis(4000),
            speech: MediaTime::from_millis(140),
            words,
        };
        let layers = scene.layers(&picture(items.len() + 1));
        assert!(matches!(layers[1].entrance, Entrance::Rise { .. }), "what is not built up is there at once");
        let later = layers[2..].iter().map(|layer| match layer.entrance {
            Entrance::Later { delay, .. } => delay.millis(),
            other => unreachable!("{other:?}"),
        });
        later.collect()
    }

    #[test]
    fn points_come_in_with_their_words() {
        let words = ["We", "saw", "bridges,", "old", "houses", "and", "power", "lines."];
        let words: Vec<SpokenWord> = (0..).zip(words).map(|(n, text)| word(text, n * 300)).collect();
        assert_eq!(delays(&["Bridges", "Old houses", "Power lines"], &words), [580, 880, 1780]);
    }

    #[test]
    fn points_that_are_not_spoken_are_spread_in_order() {
        let words = [word("One", 0), word("two", 1000), word("three.", 1750)];
        assert_eq!(delays(&["Apples", "Pears"], &words), [140, 1140]);
        assert_eq!(delays(&["Three", "One"], &words), [1730, 1730]);
        assert_eq!(delays(&["Apples", "Pears"], &[]), [140, 140]);
    }

    #[test]
    fn a_nearer_layer_moves_more() {
        let mut picture = picture(1);
        picture.layers.insert(1, picture.layers[0].clone());
        let scene = SceneOf {
            index: 2,
            prompt: None,
            duration: MediaTime::from_millis(4000),
            speech: MediaTime::ZERO,
            words: &[],
        };
        let layers = scene.layers(&picture);
        let way = |layer: &Layer| (layer.motion.to.x - layer.motion.from.x).abs();
        assert!(way(&layers[1]) > 1.5 * way(&layers[0]) && way(&layers[0]) > 0.0);
        assert_eq!(layers[2].motion, Motion::STILL);
    }

    #[test]
    fn every_kind_of_move_stays_within_its_picture() {
        for kind in MotionKind::ALL {
            for reach in [0.04, MOST_ZOOM, MOST_ZOOM * DEPTH * DEPTH] {
                let moved = motion(*kind, reach, true);
                for view in [moved.from, moved.to] {
                    assert!((0.0..=1.0).contains(&view.x) && (0.0..=1.0).contains(&view.y), "{kind}");
                    assert!((1.0..=8.0).contains(&view.zoom), "{kind}");
                }
                assert_eq!(moved == Motion::STILL, *kind == MotionKind::Still);
            }
        }
    }
}
