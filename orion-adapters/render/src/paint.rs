//! Drawing the frames of one timeline in order: pictures are read shortly before their scene begins and forgotten
//! when it ends.

use crate::caption::CaptionPainter;
use crate::picture::{Composer, Frame, Limits, Overlay, Picture, Reach, decode, for_canvas};
use crate::play::{Clip, Player};
use crate::sound::Fetch;
use orion_core::domain::SafeArea;
use orion_core::domain::timeline::{Layer, PlannedCaption, PlannedScene, Timeline};
use orion_core::{Error, Result};
use orion_draw::FontKit;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The pictures of a scene by layer, and the clips that write into some of them.
pub(crate) struct Pictures {
    layers: Vec<Picture>,
    clips: Vec<(usize, Clip)>,
}

/// Draws frames.
pub(crate) struct Painter<'a> {
    timeline: &'a Timeline,
    pictures: Box<dyn FnMut(usize) -> Result<Pictures> + 'a>,
    composer: Composer,
    captions: CaptionPainter<'a>,
    /// Pictures of the scenes that are seen, by index of the scene.
    scenes: BTreeMap<usize, Pictures>,
    /// The caption drawn last.
    caption: Option<(PlannedCaption, Option<Overlay>)>,
    reach: Reach,
}

impl<'a> Painter<'a> {
    /// A painter that gets the pictures of a scene from `pictures` when the scene is first seen.
    pub(crate) fn new(
        timeline: &'a Timeline,
        fonts: &FontKit,
        pictures: impl FnMut(usize) -> Result<Pictures> + 'a,
    ) -> Self {
        Self {
            timeline,
            pictures: Box::new(pictures),
            composer: Composer::new(timeline.canvas),
            captions: CaptionPainter::new(fonts, &timeline.captions, timeline.canvas),
            scenes: BTreeMap::new(),
            caption: None,
            reach: Reach::default(),
        }
    }

    /// Draws frame `number` of the timeline; every pixel is written.
    pub(crate) fn draw(&mut self, number: u64, frame: &mut Frame) -> Result<()> {
        let plan = self.timeline.frame(number);
        self.scenes.retain(|index, _| plan.scenes.iter().any(|scene| scene.scene == *index));
        for scene in &plan.scenes {
            if !self.scenes.contains_key(&scene.scene) {
                self.scenes.insert(scene.scene, (self.pictures)(scene.scene)?);
            }
            if let Some(Pictures { layers, clips }) = self.scenes.get_mut(&scene.scene) {
                for (layer, clip) in clips {
                    clip.show(scene.age, &mut layers[*layer])?;
                }
            }
        }
        if self.caption.as_ref().map(|(caption, _)| *caption) != plan.caption {
            let cues = &self.timeline.captions.cues;
            self.caption = plan.caption.map(|caption| {
                let drawn = self.captions.draw(&cues[caption.cue], caption.word);
                drawn.iter().for_each(|overlay| self.reach.add(overlay));
                (caption, drawn)
            });
        }
        let overlay = self.caption.as_ref().and_then(|(_, overlay)| overlay.as_ref());
        let scenes: Vec<(&PlannedScene, &[Picture])> =
            plan.scenes.iter().map(|scene| (scene, self.scenes[&scene.scene].layers.as_slice())).collect();
        self.composer.draw(&scenes, overlay, frame);
        Ok(())
    }

    /// What the captions that were drawn leave free at every edge.
    pub(crate) fn free(&self) -> Option<SafeArea> {
        self.reach.free(self.timeline.canvas)
    }
}

/// Reads the pictures of a scene.
pub(crate) fn pictures(timeline: &Timeline, scene: usize, fetch: &Fetch<'_>, player: &Player<'_>) -> Result<Pictures> {
    let read = |layer: &Layer| {
        if layer.is_clip() {
            return Ok(player.screen());
        }
        let image = decode(&fetch(&layer.picture)?, Limits::default())
            .map_err(|error| error.with_context("picture", layer.picture.sha256))?;
        Ok(Picture::from_rgba(&for_canvas(image, &timeline.canvas, &layer.motion)))
    };
    let specs = &timeline.scenes[scene].layers;
    let layers = specs.par_iter().map(read).collect::<Result<_>>()?;
    let clips = specs.iter().enumerate().filter(|(_, layer)| layer.is_clip());
    let play = |(number, layer): (usize, &Layer)| Ok((number, player.play((scene, number), &fetch(&layer.picture)?)?));
    Ok(Pictures { layers, clips: clips.map(play).collect::<Result<_>>()? })
}

/// Runs `draw` with a source of scenes' pictures that reads the next scene while this one is drawn. Scenes must be
/// asked for in order; one may be left out, as one that is too short for a frame is.
pub(crate) fn ahead<T>(
    timeline: &Timeline,
    fetch: &Fetch<'_>,
    player: &Player<'_>,
    draw: impl FnOnce(&mut dyn FnMut(usize) -> Result<Pictures>) -> Result<T>,
) -> Result<T> {
    std::thread::scope(|scope| {
        // Room for none: the reader has at most one scene in hand.
        let (read, scenes) = std::sync::mpsc::sync_channel(0);
        scope.spawn(move || {
            for scene in 0..timeline.scenes.len() {
                let pictures = pictures(timeline, scene, fetch, player);
                let failed = pictures.is_err();
                if read.send((scene, pictures)).is_err() || failed {
                    break;
                }
            }
        });
        draw(&mut move |wanted| {
            loop {
                match scenes.recv() {
                    Ok((scene, Ok(_))) if scene < wanted => {}
                    Ok((_, pictures)) => return pictures,
                    Err(_) => return Err(Error::unexpected("the reader of pictures has ended")),
                }
            }
        })
    })
}
