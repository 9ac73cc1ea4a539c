//! What a brand lays over a video: its colours and fonts, its mark on every scene, a lower third, an intro and an outro.
//!
//! All of it was drawn and stored before the run began; here it is only put in its place.

use crate::domain::timeline::{Entrance, Layer, Motion, Scene, Timeline, Transition, TransitionKind, View};
use crate::domain::{BlobRef, Palette, ScenePlan};
use crate::service::media::PictureLayer;
use crate::{MediaTime, Result};
use serde::{Deserialize, Serialize};

/// How the intro gives way, and the outro comes in.
const FADE: Transition = Transition { kind: TransitionKind::Crossfade, duration: MediaTime::from_millis(350) };
/// How long the lower third takes to come in.
const ENTRANCE: MediaTime = MediaTime::from_millis(350);
/// How far it rises, as a share of the height.
const RISE: f64 = 0.015;
/// How far the ground of an intro or outro comes nearer.
const NEARER: Motion = Motion { from: View::WHOLE, to: View { zoom: 1.08, ..View::WHOLE } };

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

/// A scene of the brand's own, in which nothing is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bumper {
    /// Layers from back to front.
    pub layers: Vec<PictureLayer>,
    /// How long.
    pub duration: MediaTime,
}

impl Brand {
    /// Puts colours and fonts in the place of those that the director chose.
    pub(super) fn colour(&self, plan: &mut ScenePlan) {
        if let Some(palette) = &self.palette {
            plan.look.palette.clone_from(palette);
        }
        plan.look.fonts.clone_from(&self.fonts);
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
            let last = timeline.scenes.len().saturating_sub(1);
            let index = (third.scene.saturating_sub(1) as usize).min(last);
            if let Some(scene) = timeline.scenes.get_mut(index) {
                let duration = ENTRANCE.min(scene.duration);
                scene.layers.push(over(&third.layer, Entrance::Rise { duration, distance: RISE }));
            }
        }
        let count = timeline.scenes.len();
        let mut id = timeline.scenes.iter().map(|scene| scene.id).max().unwrap_or_default();
        if let Some(outro) = &self.outro {
            id += 1;
            let last = timeline.scenes.last().map_or(MediaTime::ZERO, |scene| scene.duration);
            let transition = fade(last.min(outro.duration));
            timeline.insert(count, outro.scene(id, transition), FADE)?;
        }
        if let Some(intro) = &self.intro {
            let first = timeline.scenes.first().map_or(MediaTime::ZERO, |scene| scene.duration);
            let cut = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
            timeline.insert(0, intro.scene(id + 1, cut), fade(first.min(intro.duration)))?;
        }
        timeline.check()
    }
}

/// The fade beside a scene of this length, which keeps most of its time.
fn fade(shorter: MediaTime) -> Transition {
    Transition { duration: FADE.duration.min(MediaTime(shorter.0 / 3)), ..FADE }
}

impl Bumper {
    fn scene(&self, id: u32, transition: Transition) -> Scene {
        let layer = |(number, layer): (usize, &PictureLayer)| {
            let duration = ENTRANCE.min(self.duration);
            let type_layer = number > 0 && !layer.moves;
            Layer {
                picture: layer.blob.clone(),
                motion: if layer.moves { NEARER } else { Motion::STILL },
                entrance: if type_layer { Entrance::Rise { duration, distance: RISE } } else { Entrance::None },
            }
        };
        let layers = self.layers.iter().enumerate().map(layer).collect();
        Scene { id, duration: self.duration, layers, transition, locked: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::{AudioRole, AudioTrack, CaptionStyle, Captions, Loudness, TimedWord};
    use crate::domain::timeline::{Canvas, caption};
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
}
