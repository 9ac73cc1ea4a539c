//! Covers: the stills that listings show, in every shape that platforms ask for; of each several, the best first.

use super::Editor;
use crate::domain::timeline::{Canvas, Scene, Timeline, Transition, TransitionKind};
use crate::domain::{BlobRef, Platform, SafeArea};
use crate::port::{Thumbnail, ThumbnailRequest};
use crate::service::journal::{Done, Journal, Work};
use crate::{MediaTime, Operation, Result};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

/// How many candidates there are of a shape at most.
const MOST: usize = 3;
/// How many are drawn at once: each holds a few pictures of the size of a frame.
const AT_ONCE: usize = 2;

/// Thumbnails of one shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cover {
    /// `wide`, `tall`, or `video` for the shape of the video where it is neither.
    pub shape: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it has the shape of the video.
    pub own: bool,
    /// The platforms that show it.
    pub platforms: Vec<Platform>,
    /// The best first; there is at least one.
    pub candidates: Vec<Thumbnail>,
}

/// A picture that a cover may show: the ground of a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverSource {
    /// Number of the scene, from one.
    pub scene: u32,
    /// Its picture or clip.
    pub ground: BlobRef,
}

/// What covers show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverRequest {
    /// Words over the picture.
    pub title: String,
    /// Colour of the accent, `0xRRGGBB`.
    pub accent: u32,
    /// Size of the video.
    pub canvas: Canvas,
    /// What may be seen, in the order of the scenes.
    pub sources: Vec<CoverSource>,
}

impl CoverRequest {
    /// The sources that are tried: the opening scene, and others spread over the video, no picture twice.
    fn tried(&self) -> Vec<&CoverSource> {
        let mut distinct: Vec<&CoverSource> = Vec::new();
        for source in &self.sources {
            if distinct.iter().all(|known| known.ground.sha256 != source.ground.sha256) {
                distinct.push(source);
            }
        }
        let count = distinct.len().min(MOST);
        (0..count).map(|number| distinct[number * distinct.len() / count]).collect()
    }

    /// The shapes that platforms show, and the video's own if it is none of them.
    fn shapes(&self) -> Vec<Cover> {
        let mut shapes: Vec<Cover> = Vec::new();
        for platform in Platform::ALL {
            let (width, height) = platform.cover();
            match shapes.iter_mut().find(|shape| (shape.width, shape.height) == (width, height)) {
                Some(shape) => shape.platforms.push(*platform),
                None => shapes.push(Cover {
                    shape: if width > height { "wide" } else { "tall" }.to_owned(),
                    width,
                    height,
                    own: u64::from(width) * u64::from(self.canvas.height)
                        == u64::from(height) * u64::from(self.canvas.width),
                    platforms: vec![*platform],
                    candidates: Vec::new(),
                }),
            }
        }
        if shapes.iter().all(|shape| !shape.own) {
            let (platforms, candidates) = (Vec::new(), Vec::new());
            let Canvas { width, height, .. } = self.canvas;
            shapes.push(Cover { shape: "video".to_owned(), width, height, own: true, platforms, candidates });
        }
        shapes
    }
}

impl Editor {
    /// Draws the covers of a video as the journaled step `covers`. Of a scene that is a clip its middle is seen.
    ///
    /// # Errors
    /// As [`Renderer::thumbnail`](crate::port::Renderer::thumbnail); the journal's own.
    pub async fn covers(
        &self,
        journal: &Journal,
        timeline: &Timeline,
        request: &CoverRequest,
        operation: &Operation,
    ) -> Result<Done<Vec<Cover>>> {
        let work = || async {
            let mut grounds = Vec::new();
            for source in request.tried() {
                grounds.extend(self.ground(timeline, source).await?);
            }
            let mut covers = request.shapes();
            for cover in &mut covers {
                let tall = cover.height > cover.width;
                let one = |ground: Option<BlobRef>| {
                    let request = ThumbnailRequest {
                        layers: ground.into_iter().collect(),
                        title: request.title.clone(),
                        accent: request.accent,
                        canvas: Canvas { width: cover.width, height: cover.height, ..request.canvas },
                        covered: if tall { SafeArea::of_all() } else { SafeArea::WHOLE },
                    };
                    async move {
                        operation.cancellation.check()?;
                        self.renderer.thumbnail(&request).await
                    }
                };
                // Without any picture the title stands alone.
                let shown: Vec<Option<BlobRef>> = match grounds.is_empty() {
                    true => vec![None],
                    false => grounds.iter().cloned().map(Some).collect(),
                };
                let drawn = futures_util::stream::iter(shown.into_iter().map(one)).buffered(AT_ONCE);
                cover.candidates = drawn.try_collect().await?;
                cover.candidates.sort_by(|one, other| other.marks.score().total_cmp(&one.marks.score()));
            }
            let blobs = covers.iter().flat_map(|cover| &cover.candidates).map(|one| one.picture.clone()).collect();
            Ok(Work { blobs, ..Work::plain("draw", covers) })
        };
        journal.step("covers", request, work).await
    }

    /// The picture of a source; none for a clip of a scene that is no longer there.
    async fn ground(&self, timeline: &Timeline, source: &CoverSource) -> Result<Option<BlobRef>> {
        if source.ground.media_type.starts_with("image/") {
            return Ok(Some(source.ground.clone()));
        }
        let Some(scene) = timeline.scenes.iter().find(|scene| scene.id == source.scene) else { return Ok(None) };
        let mut alone = timeline.clone();
        alone.captions.cues.clear();
        alone.audio.clear();
        let cut = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        alone.scenes = vec![Scene { transition: cut, layers: scene.layers[..1].to_vec(), ..scene.clone() }];
        self.renderer.frame(&alone, MediaTime(scene.duration.0 / 2)).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    fn request(canvas: Canvas, grounds: &[u64]) -> CoverRequest {
        let source = |(scene, ground): (u32, &u64)| CoverSource { scene, ground: sample::blob(*ground) };
        let sources = (1..).zip(grounds).map(source).collect();
        CoverRequest { title: "Title".to_owned(), accent: 0xFF_CF_5C, canvas, sources }
    }

    #[test]
    fn pictures_are_spread_and_none_is_tried_twice() {
        let tried = |grounds: &[u64]| -> Vec<u32> {
            request(Canvas::VERTICAL, grounds).tried().into_iter().map(|source| source.scene).collect()
        };
        assert_eq!(tried(&[1, 2, 3, 4, 5, 6]), [1, 3, 5]);
        assert_eq!(tried(&[1, 1, 1, 2]), [1, 4]);
        assert!(tried(&[]).is_empty());
    }

    #[test]
    fn every_platform_has_a_shape_and_the_video_its_own() {
        let square = Canvas { width: 1080, height: 1080, ..Canvas::VERTICAL };
        for (canvas, own) in [(Canvas::VERTICAL, "tall"), (square, "video")] {
            let shapes = request(canvas, &[1]).shapes();
            let owned: Vec<&str> = shapes.iter().filter(|one| one.own).map(|one| one.shape.as_str()).collect();
            assert_eq!(owned, [own]);
            let shown: usize = shapes.iter().map(|shape| shape.platforms.len()).sum();
            assert_eq!(shown, Platform::ALL.len());
        }
    }
}
