//! Material of the user's own: what takes the place of what Orion would make.

use crate::MediaTime;
use crate::domain::{BlobRef, Card, Layout, ScenePlan};
use crate::service::director::statement;
use crate::service::editor::Narration;
use crate::service::media::{PictureLayer, ScenePicture};
use crate::text::claim::claims;
use crate::text::language::Language;
use serde::{Deserialize, Serialize};

/// Who made what is of the user's own, in the record.
pub const OWN: &str = "own";

/// Stored files of the user's own, looked at before the run began, and where they go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Own {
    /// What is asked of single scenes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<OwnScene>,
    /// Pictures and clips that are spread, in this order, over the scenes that none is named for. Of more files than
    /// scenes some are not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<PictureLayer>,
    /// The script as somebody has spoken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narration: Option<Narration>,
    /// Music under it all, a WAV file; it is looped and steps back for the voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub music: Option<BlobRef>,
    /// The finished sound of the video, a WAV file, in place of voice and music. `narration` has its lines and the times
    /// of their words, and no sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<BlobRef>,
}

/// What is asked of one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnScene {
    /// Its number, from one.
    pub scene_number: u32,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureLayer>,
    /// How long it is shown at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<MediaTime>,
    /// What its card says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Who speaks in it, of the voices of whoever speaks; otherwise the voice of the video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
}

impl Own {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn scene(&self, number: u32) -> Option<&OwnScene> {
        self.scenes.iter().find(|scene| scene.scene_number == number)
    }

    /// Puts the headings on the cards of a plan.
    pub(super) fn head(&self, plan: &mut ScenePlan) {
        let mut before = None;
        for prompt in &mut plan.prompts {
            if let Some(heading) = self.scene(prompt.scene_number).and_then(|scene| scene.heading.clone()) {
                prompt.card = if before == Some(Layout::Headline) {
                    statement(heading.clone(), &claims(&heading, Language::English), Language::English)
                } else {
                    Card::Headline { label: String::new(), headline: heading }
                };
            }
            before = Some(prompt.card.layout());
        }
    }

    /// How long each scene is shown at least.
    pub(super) fn least(&self, count: usize) -> Vec<MediaTime> {
        let least = |number| self.scene(number).and_then(|scene| scene.least).unwrap_or(MediaTime::ZERO);
        (1..=count as u32).map(least).collect()
    }

    /// The voice of each scene: its own, or that of the video.
    pub(super) fn voices(&self, count: usize, usual: Option<&str>) -> Vec<Option<String>> {
        let voice = |number| self.scene(number).and_then(|scene| scene.voice.as_deref()).or(usual);
        (1..=count as u32).map(|number| voice(number).map(str::to_owned)).collect()
    }

    /// The picture of each of these scenes, where it is the user's own.
    pub(super) fn shown(&self, scenes: &[u32]) -> Vec<Option<ScenePicture>> {
        let named = |number: u32| self.scene(number).and_then(|scene| scene.picture.as_ref());
        // A card that the user wrote stays.
        let taken = |number: u32| self.scene(number).is_some_and(|scene| scene.heading.is_some());
        let free = scenes.iter().filter(|number| named(**number).is_none() && !taken(**number)).count();
        let mut next = 0;
        let picture = |number: &u32| {
            let mut spread = || {
                let at = next * self.pictures.len() / free.max(1);
                next += 1;
                self.pictures.get(at)
            };
            let layer = match named(*number) {
                Some(layer) => Some(layer),
                None if taken(*number) => None,
                None => spread(),
            };
            layer.map(|layer| ScenePicture {
                scene_number: *number,
                provider: OWN.to_owned(),
                credit: None,
                layers: vec![layer.clone()],
            })
        };
        scenes.iter().map(picture).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    fn layer(width: u32) -> PictureLayer {
        PictureLayer { blob: sample::blob(u64::from(width)), width, height: 100, moves: true }
    }

    fn widths(own: &Own, count: u32) -> Vec<Option<u32>> {
        let scenes: Vec<u32> = (1..=count).collect();
        own.shown(&scenes).iter().map(|shown| shown.as_ref().map(|shown| shown.layers[0].width)).collect()
    }

    #[test]
    fn pictures_are_spread_over_the_scenes_that_have_none() {
        let scene = |scene_number, picture, heading: Option<&str>| OwnScene {
            scene_number,
            picture,
            least: None,
            heading: heading.map(str::to_owned),
            voice: None,
        };
        let scenes = vec![scene(2, Some(layer(9)), None), scene(4, None, Some("A card"))];
        let own = Own { scenes, pictures: vec![layer(1), layer(2)], ..Own::default() };
        assert_eq!(widths(&own, 6), [Some(1), Some(9), Some(1), None, Some(2), Some(2)]);
        let own = Own { pictures: vec![layer(1), layer(2), layer(3)], ..Own::default() };
        assert_eq!(widths(&own, 1), [Some(1)]);
        assert_eq!(widths(&Own::default(), 2), [None, None]);
    }

    #[test]
    fn a_scene_has_its_own_voice_or_that_of_the_video() {
        let voice = Some("ann".to_owned());
        let scene = OwnScene { scene_number: 2, picture: None, least: None, heading: None, voice: voice.clone() };
        let own = Own { scenes: vec![scene], ..Own::default() };
        assert_eq!(own.voices(3, None), [None, voice.clone(), None]);
        assert_eq!(own.voices(2, Some("bob")), [Some("bob".to_owned()), voice]);
    }
}
