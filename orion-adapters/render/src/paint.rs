//! Drawing the frames of one timeline in order: pictures are read when their scene begins and forgotten when it ends.

use crate::caption::CaptionPainter;
use crate::picture::{Composer, Frame, Limits, Overlay, Picture, decode, for_canvas};
use crate::sound::Fetch;
use orion_core::Result;
use orion_core::domain::timeline::{PlannedCaption, PlannedScene, Timeline};
use orion_draw::FontKit;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Draws frames.
pub(crate) struct Painter<'a> {
    timeline: &'a Timeline,
    fetch: &'a Fetch<'a>,
    composer: Composer,
    captions: CaptionPainter<'a>,
    /// Pictures of the scenes that are seen, by index of the scene.
    scenes: BTreeMap<usize, Vec<Picture>>,
    /// The caption drawn last.
    caption: Option<(PlannedCaption, Option<Overlay>)>,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(timeline: &'a Timeline, fonts: &'a FontKit, fetch: &'a Fetch<'a>) -> Self {
        Self {
            timeline,
            fetch,
            composer: Composer::new(timeline.canvas),
            captions: CaptionPainter::new(fonts, &timeline.captions.style, timeline.canvas),
            scenes: BTreeMap::new(),
            caption: None,
        }
    }

    /// Draws frame `number` of the timeline; every pixel is written.
    pub(crate) fn draw(&mut self, number: u64, frame: &mut Frame) -> Result<()> {
        let plan = self.timeline.frame(number);
        self.scenes.retain(|index, _| plan.scenes.iter().any(|scene| scene.scene == *index));
        for scene in &plan.scenes {
            if !self.scenes.contains_key(&scene.scene) {
                self.scenes.insert(scene.scene, self.pictures(scene.scene)?);
            }
        }
        if self.caption.as_ref().map(|(caption, _)| *caption) != plan.caption {
            let cues = &self.timeline.captions.cues;
            self.caption = plan.caption.map(|caption| (caption, self.captions.draw(&cues[caption.cue], caption.word)));
        }
        let overlay = self.caption.as_ref().and_then(|(_, overlay)| overlay.as_ref());
        let scenes: Vec<(&PlannedScene, &[Picture])> =
            plan.scenes.iter().map(|scene| (scene, self.scenes[&scene.scene].as_slice())).collect();
        self.composer.draw(&scenes, overlay, frame);
        Ok(())
    }

    /// Reads the pictures of a scene.
    pub(crate) fn pictures(&self, scene: usize) -> Result<Vec<Picture>> {
        let read = |layer: &orion_core::domain::timeline::Layer| {
            let image = decode(&(self.fetch)(&layer.picture)?, Limits::default())
                .map_err(|error| error.with_context("picture", layer.picture.sha256))?;
            Ok(Picture::from_rgba(&for_canvas(image, &self.timeline.canvas, &layer.motion)))
        };
        self.timeline.scenes[scene].layers.par_iter().map(read).collect()
    }
}
