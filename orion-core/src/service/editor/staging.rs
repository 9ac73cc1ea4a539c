//! Taste: how scenes move, take over and come in, where nobody says otherwise. Nothing follows itself.

use crate::MediaTime;
use crate::domain::timeline::{Canvas, Entrance, Heading, Layer, Motion, Scene, Transition, TransitionKind, View};
use crate::domain::{EntranceKind, MotionKind, Staging, VisualPrompt};
use crate::port::SpokenWord;
use crate::service::media::PictureLayer;
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

/// The same over a clip: it moves by itself, and this goes on when it ends before its scene.
const PLAYED: f64 = 0.06;
/// From where on a picture counts as wide: how far the centre of what is seen may lie from its own.
const WIDE: f64 = 0.08;

const CUT: Transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };

/// Whether the picture of a scene is to have layers that move by their depth.
pub(crate) fn is_deep(prompt: &VisualPrompt) -> bool {
    match prompt.staging.motion {
        Some(motion) => motion == MotionKind::Parallax,
        None => prompt.scene_number.is_multiple_of(DEEP),
    }
}

/// How a scene takes over: as the plan says, or a crossfade at every other border and pushes and wipes between, because a
/// push at every border is loud and a fade at every border is sleepy. What nobody asked for is neither what the scene
/// before has nor what the plan says of the next one. A short scene keeps most of its time for itself.
pub(super) fn transition(
    index: usize,
    prompts: &[VisualPrompt],
    length: MediaTime,
    before: Option<&Scene>,
) -> Transition {
    use TransitionKind::{Crossfade, PushLeft, PushUp, Wipe};
    const TURN: [TransitionKind; 6] = [PushUp, Crossfade, Wipe, Crossfade, PushLeft, Crossfade];
    let Some(before) = before else { return CUT };
    let planned = |index: usize| prompts.get(index).and_then(|prompt| prompt.staging.transition);
    let wanted = planned(index).unwrap_or_else(|| {
        let taken = [Some(before.transition.kind), planned(index + 1).map(|next| next.kind)];
        let mut turn = TURN.iter().copied().cycle().skip(index - 1).take(TURN.len());
        let kind = turn.find(|kind| !taken.contains(&Some(*kind))).unwrap_or(Crossfade);
        let millis = if matches!(kind, Crossfade | Wipe) { 400 } else { 330 };
        Transition { kind, duration: MediaTime::from_millis(millis) }
    });
    let duration = wanted.duration.min(MediaTime(length.min(before.duration).0 / 3));
    let seen = wanted.kind != TransitionKind::Cut && duration >= MediaTime::from_millis(100);
    if seen { Transition { duration, ..wanted } } else { CUT }
}

/// What the layers of a scene are put together from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SceneOf<'a> {
    /// From zero.
    pub(crate) index: usize,
    /// What is seen of it.
    pub(crate) canvas: Canvas,
    /// The plan of it, if there is one.
    pub(crate) prompt: Option<&'a VisualPrompt>,
    /// How long it lasts.
    pub(crate) duration: MediaTime,
    /// When its words are spoken, from its start.
    pub(crate) speech: MediaTime,
    /// Its words, from the start of the speech.
    pub(crate) words: &'a [SpokenWord],
    /// The way of the scene before it.
    pub(crate) before: Option<Heading>,
    /// How the scene behind it is to move, if somebody says so.
    pub(crate) next: Option<MotionKind>,
}

impl SceneOf<'_> {
    /// The layers of its picture: what may move does, type stands still, and parts of a card come in with their words.
    pub(crate) fn layers(&self, picture: &[PictureLayer]) -> Vec<Layer> {
        let delays = self.delays(picture);
        let (kind, forth) = self.way(picture);
        let mut depth = 0_i32;
        let mut stills = 0_usize;
        let layers = picture.iter().enumerate().map(|(number, layer)| {
            let (motion, entrance) = if layer.moves {
                let reach = self.reach(layer) * DEPTH.powi(depth);
                depth += 1;
                (motion(kind, reach, forth, self.seen(layer)), Entrance::None)
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
    fn delays(&self, picture: &[PictureLayer]) -> Vec<MediaTime> {
        let steps = self.prompt.map(|prompt| prompt.card.steps()).unwrap_or_default();
        let stills = picture.iter().filter(|layer| !layer.moves).count();
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

    /// How far a layer goes in its time.
    fn reach(&self, layer: &PictureLayer) -> f64 {
        let most = if layer.blob.is_clip() { PLAYED } else { MOST_ZOOM };
        (ZOOM_PER_SECOND * self.duration.seconds()).clamp(0.04, most)
    }

    /// The shares of a picture's width and height that are seen of it without a zoom.
    fn seen(&self, layer: &PictureLayer) -> (f64, f64) {
        let size = (layer.width, layer.height);
        let seen = View::WHOLE.rectangle(size, &self.canvas);
        (seen.width / f64::from(size.0), seen.height / f64::from(size.1))
    }

    /// How it moves, and whether forth or back: as somebody says; else by its place and the shape of its picture, the way
    /// that is least like those of its neighbours. A picture that is wider than what is seen of it is panned over, another
    /// zoomed.
    fn way(&self, picture: &[PictureLayer]) -> (MotionKind, bool) {
        use MotionKind::{PanLeft, PanRight, Parallax, Rise, Sink, ZoomIn, ZoomOut};
        let moving: Vec<&PictureLayer> = picture.iter().filter(|layer| layer.moves).collect();
        let Some(first) = moving.first() else { return (MotionKind::Still, true) };
        let seen = self.seen(first);
        let turned = |mut kinds: Vec<MotionKind>, by: usize| {
            kinds.rotate_left(by);
            kinds
        };
        let zooms = turned(vec![ZoomIn, ZoomOut, Rise, Sink], self.index % 4);
        let pans = turned(vec![PanRight, PanLeft], self.index % 2);
        let kinds = match self.staging().motion {
            Some(wanted) => vec![wanted],
            None if first.blob.is_clip() => [zooms, pans].concat(),
            None if moving.len() > 1 => [vec![Parallax], zooms].concat(),
            None if slack(seen.0, 1.0) >= WIDE => [pans, zooms].concat(),
            None => zooms,
        };
        let forth = self.index.is_multiple_of(2);
        let heading = |kind, forth| motion(kind, self.reach(first), forth, seen).heading();
        let next = self.next.map(|next| heading(next, !forth));
        // What stands first is taken where nothing is less alike; the scene before weighs more.
        let likeness = |&(kind, forth): &(MotionKind, bool)| {
            let way = heading(kind, forth);
            3 * self.before.map_or(0, |before| way.likeness(before)) + next.map_or(0, |next| way.likeness(next))
        };
        let ways = kinds.into_iter().flat_map(|kind| [(kind, forth), (kind, !forth)]);
        ways.min_by_key(likeness).unwrap_or((MotionKind::Still, true))
    }
}

/// How far the centre of a view may lie from that of the picture, as a share of it, where such a share is seen of it
/// without a zoom.
fn slack(seen: f64, zoom: f64) -> f64 {
    0.5 - 0.5 * seen / zoom
}

/// A move of a kind, so far, within a picture of which such shares of its width and height are seen without a zoom. What
/// can go either way goes forth or back.
fn motion(kind: MotionKind, reach: f64, forth: bool, seen: (f64, f64)) -> Motion {
    let turned =
        |forth: bool, from: View, to: View| if forth { Motion { from, to } } else { Motion { from: to, to: from } };
    let zoom = |zoom: f64| View { zoom: zoom.min(2.0), ..View::WHOLE };
    let sideways = |forth: bool, half: f64, zoom: f64| {
        let view = |x| View { x, y: 0.5, zoom };
        turned(forth, view(0.5 - half), view(0.5 + half))
    };
    match kind {
        MotionKind::Still => Motion::STILL,
        // Straight in and out.
        MotionKind::ZoomIn | MotionKind::ZoomOut => turned(kind == MotionKind::ZoomIn, zoom(1.02), zoom(1.02 + reach)),
        // The same with a drift upward, respectively downward, as far as the picture goes there.
        MotionKind::Rise | MotionKind::Sink => {
            let (least, most) = (1.06, 1.06 + reach);
            let drift = |zoom| slack(seen.1, zoom).min(reach);
            let low = View { x: 0.5, y: 0.5 + drift(least), zoom: least };
            let high = View { x: 0.5, y: 0.5 - drift(most), zoom: most };
            turned(kind == MotionKind::Rise, low, high)
        }
        // Three times the zoom's speed, because there is more to see; centred, and within the picture: one that is hardly
        // wider than what is seen of it is looked at more closely, so that there is a way to go.
        MotionKind::PanRight | MotionKind::PanLeft => {
            let wanted = (reach * 1.5).min(0.25);
            let zoom = if slack(seen.0, 1.04) >= wanted.min(WIDE) { 1.04 } else { 1.04 + reach };
            sideways(kind == MotionKind::PanRight, wanted.min(slack(seen.0, zoom) * 0.95), zoom)
        }
        // Sideways and nearer, the nearer layer further.
        MotionKind::Parallax => {
            let most = 1.04 + reach;
            sideways(forth, slack(1.0, most) * 0.9, most)
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
    use crate::domain::timeline::Format;
    use crate::testing::sample;

    fn word(text: &str, start: i64) -> SpokenWord {
        let at = MediaTime::from_millis(start);
        SpokenWord { text: text.to_owned(), start: at, end: at + MediaTime::from_millis(250) }
    }

    fn picture(stills: usize) -> Vec<PictureLayer> {
        let layer = |moves| PictureLayer { blob: sample::blob(1), width: 1080, height: 1920, moves };
        std::iter::once(layer(true)).chain((0..stills).map(|_| layer(false))).collect()
    }

    const SCENE: SceneOf<'_> = SceneOf {
        index: 2,
        canvas: Canvas::VERTICAL,
        prompt: None,
        duration: MediaTime::from_millis(4000),
        speech: MediaTime::ZERO,
        words: &[],
        before: None,
        next: None,
    };

    fn delays(items: &[&str], words: &[SpokenWord]) -> Vec<i64> {
        let card = Card::List {
            label: String::new(),
            headline: String::new(),
            items: items.iter().map(|item| (*item).to_owned()).collect(),
        };
        let prompt = VisualPrompt { card, ..sample::scene_plan().prompts.remove(0) };
        let scene = SceneOf { index: 1, prompt: Some(&prompt), speech: MediaTime::from_millis(140), words, ..SCENE };
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
        picture.insert(1, picture[0].clone());
        let layers = SCENE.layers(&picture);
        let way = |layer: &Layer| (layer.motion.to.x - layer.motion.from.x).abs();
        assert!(way(&layers[1]) > 1.5 * way(&layers[0]) && way(&layers[0]) > 0.0);
        assert_eq!(layers[2].motion, Motion::STILL);
    }

    #[test]
    fn every_move_is_even_from_end_to_end_in_every_shape() {
        for (format, kind) in Format::ALL.iter().flat_map(|format| MotionKind::ALL.iter().map(|kind| (*format, *kind)))
        {
            let canvas = format.canvas(30);
            for (width, height) in
                [(canvas.width / 4, canvas.height / 4), (1920, 1080), (1080, 1920), (1200, 1200), (4000, 500)]
            {
                let scene = SceneOf { canvas, ..SCENE };
                let layer = PictureLayer { width, height, ..picture(0).remove(0) };
                for reach in [0.04, MOST_ZOOM, MOST_ZOOM * DEPTH] {
                    let moved = motion(kind, reach, true, scene.seen(&layer));
                    assert_eq!(moved == Motion::STILL, kind == MotionKind::Still);
                    // Where a view would look past an edge it is moved inside, which stops the camera on its way.
                    for step in 0..=60 {
                        let view = moved.at(f64::from(step) / 60.0);
                        let seen = view.rectangle((width, height), &canvas);
                        let centre = (
                            (seen.x + seen.width / 2.0) / f64::from(width),
                            (seen.y + seen.height / 2.0) / f64::from(height),
                        );
                        let off = (centre.0 - view.x).abs().max((centre.1 - view.y).abs());
                        assert!(off < 1e-9, "{format} {kind} {width}x{height} {reach}: {step} is {off} off");
                        assert!((1.0..=8.0).contains(&view.zoom), "{kind}");
                    }
                }
            }
        }
    }
}
