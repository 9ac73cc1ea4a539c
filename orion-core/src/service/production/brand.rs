//! What a brand lays over a video: its colours and fonts, its mark on every scene, a lower third, an intro and an outro.
//!
//! All of it was drawn and stored before the run began; here it is only put in its place.

use crate::domain::timeline::{
    Canvas, CaptionPosition, Entrance, Heading, Layer, Motion, Scene, Timeline, Transition, TransitionKind,
};
use crate::domain::{BlobRef, Palette, ScenePlan};
use crate::service::editor::SceneOf;
use crate::service::media::PictureLayer;
use crate::{MediaTime, Result};
use serde::{Deserialize, Serialize};

/// How long the intro takes to give way, and the outro to come in.
const FADE: MediaTime = MediaTime::from_millis(350);
/// How long the lower third takes to come in.
const ENTRANCE: MediaTime = MediaTime::from_millis(350);
/// How far it rises, as a share of the height.
const RISE: f64 = 0.015;

/// A brand made ready for one canvas.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its colours, legible on one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<Palette>,
    /// Its fonts, OpenType files, heaviest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fonts: Vec<BlobRef>,
    /// Its mark, on a transparent layer that covers the canvas; it lies over every scene but intro and outro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<BlobRef>,
    /// Who or what is seen, on a transparent layer that covers the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_third: Option<LowerThird>,
    /// Before the first scene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<Bumper>,
    /// Behind the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outro: Option<Bumper>,
}

/// A name and what it stands for, over one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LowerThird {
    /// The layer.
    pub layer: BlobRef,
    /// Over which scene, from one; over the last for a number beyond it.
    pub scene: u32,
}

impl LowerThird {
    /// The index of its scene among so many.
    fn over(&self, scenes: usize) -> usize {
        (self.scene.saturating_sub(1) as usize).min(scenes.saturating_sub(1))
    }
}

/// A scene of the brand's own, in which nothing is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bumper {
    /// Layers from back to front.
    pub layers: Vec<PictureLayer>,
    /// How long.
    pub duration: MediaTime,
}

impl Brand {
    /// Puts colours and fonts in the place of those that the director chose, and asks for room where it lies over type.
    pub(super) fn colour(&self, plan: &mut ScenePlan) {
        if let Some(palette) = &self.palette {
            plan.look.palette.clone_from(palette);
        }
        plan.look.fonts.clone_from(&self.fonts);
        plan.look.mark = self.mark.is_some();
        plan.look.lower_third = self.lower_third.as_ref().map(|third| third.over(plan.prompts.len()) as u32 + 1);
    }

    /// Lays the brand over a timeline. What is spoken and captioned moves with its scene; music goes on through all of it.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) if the timeline is too long or too full with it.
    pub(super) fn dress(&self, timeline: &mut Timeline) -> Result<()> {
        timeline.captions.style.fonts.clone_from(&self.fonts);
        let over = |picture: &BlobRef, entrance| Layer { picture: picture.clone(), motion: Motion::STILL, entrance };
        if let Some(mark) = &self.mark {
            timeline.scenes.iter_mut().for_each(|scene| scene.layers.push(over(mark, Entrance::None)));
        }
        if let Some(third) = &self.lower_third {
            // It stands where captions in the middle of the picture would.
            timeline.captions.style.position = CaptionPosition::LowerThird;
            let index = third.over(timeline.scenes.len());
            if let Some(scene) = timeline.scenes.get_mut(index) {
                let duration = ENTRANCE.min(scene.duration);
                scene.layers.push(over(&third.layer, Entrance::Rise { duration, distance: RISE }));
            }
        }
        let count = timeline.scenes.len();
        let mut id = timeline.scenes.iter().map(|scene| scene.id).max().unwrap_or_default();
        if let (Some(outro), Some(last)) = (&self.outro, timeline.scenes.last()) {
            id += 1;
            let transition = fade(last.duration.min(outro.duration), last.transition.kind);
            let scene = outro.scene(id, count, timeline.canvas, last.heading(), transition);
            timeline.insert(count, scene, transition)?;
        }
        if let (Some(intro), Some(first)) = (&self.intro, timeline.scenes.first()) {
            let next = timeline.scenes.get(1).map_or(TransitionKind::Cut, |scene| scene.transition.kind);
            let after = fade(first.duration.min(intro.duration), next);
            let cut = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
            let scene = intro.scene(id + 1, 0, timeline.canvas, first.heading(), cut);
            timeline.insert(0, scene, after)?;
        }
        timeline.check()
    }
}

/// A soft transition beside a scene of this length, which keeps most of its time, and unlike that of the border next to it.
fn fade(shorter: MediaTime, beside: TransitionKind) -> Transition {
    let soft = [TransitionKind::Crossfade, TransitionKind::Wipe];
    let kind = if beside == soft[0] { soft[1] } else { soft[0] };
    Transition { kind, duration: FADE.min(MediaTime(shorter.0 / 3)) }
}

impl Bumper {
    /// The scene at this place; its ground moves otherwise than the scene beside it.
    fn scene(&self, id: u32, index: usize, canvas: Canvas, beside: Option<Heading>, transition: Transition) -> Scene {
        let (duration, speech) = (self.duration, MediaTime::ZERO);
        let scene = SceneOf { index, canvas, prompt: None, duration, speech, words: &[], before: beside, next: None };
        Scene { id, duration, layers: scene.layers(&self.layers), transition, locked: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::caption;
    use crate::domain::timeline::{AudioRole, AudioTrack, CaptionStyle, Captions, Loudness, TimedWord};
    use crate::testing::sample;

    fn timeline() -> Timeline {
        let layer = |picture| Layer { picture, motion: Motion::STILL, entrance: Entrance::None };
        let scene = |id: u32| Scene {
            id,
            duration: MediaTime::from_millis(2000),
            layers: vec![layer(sample::blob(u64::from(id)))],
            transition: Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO },
            locked: false,
        };
        let word = |text: &str, start: i64| TimedWord {
            text: text.to_owned(),
            start: MediaTime::from_millis(start),
            end: MediaTime::from_millis(start + 400),
        };
        let music = AudioTrack {
            source: sample::blob(9),
            start: MediaTime::ZERO,
            duration: MediaTime::from_millis(4000),
            role: AudioRole::Music,
            gain_db: 0.0,
        };
        Timeline {
            version: Timeline::VERSION,
            canvas: Canvas::VERTICAL,
            scenes: vec![scene(1), scene(2)],
            captions: Captions {
                style: CaptionStyle::tiktok(),
                cues: caption::group(&[word("One.", 100), word("Two.", 2100)]),
            },
            audio: vec![music],
            loudness: Loudness::PLATFORM,
        }
    }

    #[test]
    fn a_brand_frames_the_video_and_moves_what_is_spoken() {
        let bumper = |n, moves: [bool; 2]| Bumper {
            layers: moves.map(|moves| PictureLayer { blob: sample::blob(n), width: 540, height: 960, moves }).to_vec(),
            duration: MediaTime::from_millis(1500),
        };
        let brand = Brand {
            name: "Test".to_owned(),
            fonts: vec![sample::blob(30)],
            mark: Some(sample::blob(20)),
            lower_third: Some(LowerThird { layer: sample::blob(21), scene: 2 }),
            intro: Some(bumper(22, [true, false])),
            outro: Some(bumper(23, [true, false])),
            ..Brand::default()
        };
        let mut dressed = timeline();
        brand.dress(&mut dressed).unwrap();
        assert_eq!(dressed.scenes.iter().map(|scene| scene.id).collect::<Vec<_>>(), [4, 1, 2, 3]);
        assert_eq!(dressed.scenes.iter().map(|scene| scene.layers.len()).collect::<Vec<_>>(), [2, 2, 3, 2]);
        assert_eq!(dressed.captions.cues[0].start, MediaTime::from_millis(1600));
        assert_eq!(dressed.duration(), MediaTime::from_millis(7000));
        assert_eq!(dressed.audio[0].duration, MediaTime::from_millis(7000), "music goes on to the end");
        assert_eq!(dressed.captions.style.fonts, brand.fonts);
        let kinds: Vec<_> = dressed.scenes.iter().map(|scene| scene.transition.kind.as_str()).collect();
        assert_eq!(kinds, ["cut", "crossfade", "cut", "crossfade"]);
        let plain = Brand { name: "Plain".to_owned(), ..Brand::default() };
        let mut same = timeline();
        plain.dress(&mut same).unwrap();
        assert_eq!(same, timeline());
    }

    use crate::domain::timeline::Format;
    use crate::domain::{LineRole, MotionKind, SceneStyle, Staging, Template, VisualPrompt};
    use crate::port::{SpokenWord, WordTimes};
    use crate::service::editor::{Direction, Narration, SpokenLine, assemble_directed};
    use crate::service::media::ScenePicture;
    use proptest::prelude::*;

    /// A line of so many milliseconds.
    fn line(millis: i64) -> SpokenLine {
        let duration = MediaTime::from_millis(millis);
        let words = vec![SpokenWord { text: "Word.".to_owned(), start: MediaTime::ZERO, end: duration }];
        SpokenLine { audio: None, duration, words, times: WordTimes::Voice }
    }

    /// Cards, pictures of every shape, clips, and such with depth or without any move.
    fn pictures() -> impl Strategy<Value = ScenePicture> {
        let layer = |media_type: &str, width, height, moves| PictureLayer {
            blob: BlobRef { media_type: media_type.to_owned(), ..sample::blob(1) },
            width,
            height,
            moves,
        };
        let still = layer("image/png", 1080, 1920, false);
        let sizes =
            prop_oneof![Just((270, 480)), Just((480, 270)), Just((900, 900)), Just((4000, 600)), Just((600, 4000))];
        let picture = (sizes, 0_usize..5).prop_map(move |((width, height), kind)| match kind {
            0 => vec![layer("video/mp4", width, height, true)],
            1 => vec![layer("image/png", width, height, true)],
            2 => vec![layer("image/png", width, height, true), layer("image/png", width, height, true), still.clone()],
            3 => vec![layer("image/png", width, height, false), still.clone()],
            _ => vec![layer("image/png", width, height, true), still.clone()],
        });
        picture.prop_map(|layers| ScenePicture { scene_number: 1, provider: String::new(), credit: None, layers })
    }

    /// What a template may say of scenes of one kind.
    fn styles() -> impl Strategy<Value = SceneStyle> {
        let motion = prop::sample::subsequence(MotionKind::ALL.to_vec(), 0..4);
        let transition = prop::sample::subsequence(TransitionKind::ALL.to_vec(), 0..4);
        (motion.prop_shuffle(), transition.prop_shuffle()).prop_map(|(motion, transition)| SceneStyle {
            motion,
            transition,
            ..SceneStyle::default()
        })
    }

    fn bumpers() -> impl Strategy<Value = Option<Bumper>> {
        let bumper = (pictures(), 500_i64..4000)
            .prop_map(|(picture, millis)| Bumper { layers: picture.layers, duration: MediaTime::from_millis(millis) });
        prop::option::of(bumper)
    }

    /// Borders and moves that follow their like, by the number of the later scene. A cut is no transition.
    fn repeats(timeline: &Timeline) -> (Vec<usize>, Vec<usize>) {
        let pairs =
            || (1..timeline.scenes.len()).map(|index| (index, &timeline.scenes[index - 1], &timeline.scenes[index]));
        let borders = pairs().filter(|(_, before, scene)| {
            scene.transition.kind == before.transition.kind && scene.transition.kind != TransitionKind::Cut
        });
        let moves =
            pairs().filter(|(_, before, scene)| scene.heading().is_some() && scene.heading() == before.heading());
        (borders.map(|(index, ..)| index).collect(), moves.map(|(index, ..)| index).collect())
    }

    proptest! {
        #[test]
        fn no_move_and_no_transition_follows_itself_in_any_video(
            scenes in prop::collection::vec((50_i64..9000, pictures()), 1..14),
            format in prop::sample::select(Format::ALL.to_vec()),
            styles in prop::option::of([styles(), styles(), styles()]),
            (intro, outro) in (bumpers(), bumpers()),
            edits in prop::collection::vec((0_u8..3, 0_u32..16, 0_i64..9000), 0..12),
        ) {
            let canvas = format.canvas(30);
            let (lengths, pictures): (Vec<i64>, Vec<ScenePicture>) = scenes.into_iter().unzip();
            let narration =
                Narration { lines: lengths.iter().map(|millis| line(*millis)).collect(), provider: String::new(), reused: false };
            let template = styles.map(|[hook, body, closing]| Template { hook, body, closing, ..Template::default() });
            let mut prompts: Vec<VisualPrompt> = Vec::new();
            for index in 0..lengths.len() {
                let role = match index {
                    0 => LineRole::Hook,
                    index if index + 1 == lengths.len() => LineRole::CallToAction,
                    _ => LineRole::Body,
                };
                let before = prompts.last().map(|prompt| prompt.staging).unwrap_or_default();
                let staging = template.as_ref().map(|template| template.staging(role, index, before)).unwrap_or_default();
                prompts.push(VisualPrompt { staging, ..sample::scene_plan().prompts.remove(0) });
            }
            let direction = Direction { prompts: &prompts, ..Direction::default() };
            let mut timeline =
                assemble_directed(&narration, &pictures, &CaptionStyle::tiktok(), canvas, direction).unwrap();
            // Only what somebody asked for in both scenes repeats.
            let said = |index: usize, of: fn(&Staging) -> bool| of(&prompts[index].staging) && of(&prompts[index - 1].staging);
            let (borders, moves) = repeats(&timeline);
            prop_assert!(borders.iter().all(|index| said(*index, |staging| staging.transition.is_some())), "{borders:?}");
            prop_assert!(moves.iter().all(|index| said(*index, |staging| staging.motion.is_some())), "{moves:?}");
            for (index, scene) in timeline.scenes.iter().enumerate().skip(1) {
                let short = scene.duration.min(timeline.scenes[index - 1].duration) < MediaTime::from_millis(300);
                let cut = scene.transition.kind == TransitionKind::Cut;
                prop_assert!(!cut || short || prompts[index].staging.transition.is_some(), "a cut that nobody asked for");
            }
            let brand = Brand { name: "Test".to_owned(), intro, outro, ..Brand::default() };
            let plain = (borders.len(), moves.len());
            brand.dress(&mut timeline).unwrap();
            let (borders, moves) = repeats(&timeline);
            prop_assert_eq!((borders.len(), moves.len()), plain, "a brand repeats what is beside it");
            for (kind, scene, amount) in edits {
                // Refusals are part of the walk.
                let _ = match kind {
                    0 => timeline.reorder(scene, amount as usize % timeline.scenes.len()),
                    1 => timeline.retime(scene, MediaTime::from_millis(amount)),
                    _ => timeline.lock(scene, false),
                };
                let (borders, moves) = repeats(&timeline);
                prop_assert!(borders.len() <= plain.0, "an edit repeats a transition");
                prop_assert!(plain.1 > 0 || moves.is_empty(), "an edit repeats a move: {moves:?}");
            }
        }
    }
}
