//! [`FfmpegRenderer`]: frames drawn here, encoded by ffmpeg.

use crate::encode::{self, Found, Hardware, SOUND, VIDEO};
use crate::inspect::{Drawn, Look};
use crate::paint::{self, Painter};
use crate::picture::Frame;
use crate::play::Player;
use crate::probe::{probe_drawn, probe_file};
use crate::supervise::{Watched, supervise};
use crate::{Tools, fault, repair, sound, thumbnail};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::timeline::{Layer, Timeline};
use orion_core::domain::{BlobRef, Stage};
use orion_core::port::{
    BlobStore, BlobStoreExt, MediaInfo, RenderSettings, Rendered, Renderer, Repair, Thumbnail, ThumbnailRequest,
};
use orion_core::{Error, ErrorKind, MediaTime, Operation, ProgressUpdate, Result};
use orion_draw::FontKit;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

/// How often progress is reported at most.
const REPORT: Duration = Duration::from_millis(100);

/// Draws, mixes and encodes with rayon's threads and two children of ffmpeg, one for the picture and one for the sound.
#[derive(Debug, Clone)]
pub struct FfmpegRenderer {
    tools: Tools,
    blobs: Arc<dyn BlobStore>,
    fonts: FontKit,
    work: PathBuf,
    /// The hardware encoder, once it was looked for.
    found: Arc<OnceCell<Found>>,
}

impl FfmpegRenderer {
    /// A renderer that reads pictures and sound from `blobs`, stores its files there, and works in folders of its own
    /// under `work`, which it makes and removes. On the file system of the store no finished file is copied.
    pub fn new(tools: Tools, blobs: Arc<dyn BlobStore>, fonts: FontKit, work: impl Into<PathBuf>) -> Self {
        Self { tools, blobs, fonts, work: work.into(), found: Arc::default() }
    }

    /// A blob, from a thread that may block.
    fn fetch(&self, runtime: &Handle, blob: &BlobRef) -> Result<Bytes> {
        runtime.block_on(self.blobs.require(blob))
    }

    /// The fonts that captions are set in.
    fn caption_fonts(&self, timeline: &Timeline, fetch: &dyn Fn(&BlobRef) -> Result<Bytes>) -> Result<FontKit> {
        let fonts = &timeline.captions.style.fonts;
        if fonts.is_empty() {
            return Ok(self.fonts.clone());
        }
        let files: Vec<Bytes> = fonts.iter().map(fetch).collect::<Result<_>>()?;
        FontKit::with_files(&files)
    }

    /// Makes the file on the thread that calls; it lies in the folder that is given back, with what was seen in it.
    fn make(
        &self,
        timeline: &Timeline,
        how: (&RenderSettings, Option<Hardware>),
        operation: &Operation,
        runtime: &Handle,
        watched: &Watched,
    ) -> Result<(TempDir, Drawn)> {
        let ffmpeg = self.tools.ffmpeg()?;
        let folder = fault::folder(&self.work, "render-")?;
        let path = folder.path();
        let fetch = |blob: &BlobRef| self.fetch(runtime, blob);
        let player = Player { ffmpeg, folder: path, canvas: timeline.canvas, watched };
        let fonts = self.caption_fonts(timeline, &fetch)?;
        let mut drawn = Drawn::new(timeline.canvas, encode::keys(timeline));
        let mix = || sound::master(timeline, &fetch, &watched.abandoned, &path.join("mix.raw"), &path.join(SOUND));
        paint::ahead(timeline, &fetch, &player, |pictures| {
            let mut painter = Painter::new(timeline, &fonts, pictures);
            let total = timeline.frames();
            let (begun, mut reported) = (Instant::now(), None::<Instant>);
            encode::encode(ffmpeg, path, timeline, how, watched, mix, |number, frame| {
                watched.abandoned.check()?;
                painter.draw(number, frame)?;
                drawn.add(number, frame);
                let done = number + 1;
                if done == total || reported.is_none_or(|at| at.elapsed() >= REPORT) {
                    reported = Some(Instant::now());
                    let left = begun.elapsed().mul_f64((total - done) as f64 / done as f64);
                    let update = ProgressUpdate::running(Stage::Render, done, total, "frames");
                    operation.report(update.with_time_left(Some(left)));
                }
                Ok(())
            })?;
            drawn.captions = painter.free();
            Ok(())
        })?;
        Ok((folder, drawn))
    }
}

impl FfmpegRenderer {
    /// Makes the file with an encoder.
    async fn made(
        &self,
        timeline: &Timeline,
        settings: &RenderSettings,
        hardware: Option<Hardware>,
        operation: &Operation,
    ) -> Result<(TempDir, Drawn)> {
        let (this, runtime) = (self.clone(), Handle::current());
        let job = (timeline.clone(), settings.clone(), operation.clone());
        let make = move |watched: &Watched| this.make(&job.0, (&job.1, hardware), &job.2, &runtime, watched);
        supervise(operation, make).await
    }
}

#[async_trait]
impl Renderer for FfmpegRenderer {
    async fn render(&self, timeline: &Timeline, settings: &RenderSettings, operation: &Operation) -> Result<Rendered> {
        timeline.check()?;
        let Found { hardware, mut refused } =
            self.found.get_or_try_init(|| Found::on(&self.tools, &self.work, operation)).await?.clone();
        let made = match hardware {
            Some(hardware) => match self.made(timeline, settings, Some(hardware), operation).await {
                // It works here, but not for this one, or not any more.
                Err(error) if error.kind() == ErrorKind::Unexpected => {
                    refused.push(encode::reason(hardware, &error));
                    (self.made(timeline, settings, None, operation).await?, None)
                }
                made => (made?, Some(hardware)),
            },
            None => (self.made(timeline, settings, None, operation).await?, None),
        };
        let ((folder, drawn), hardware) = made;
        let (file, captions) = (folder.path().join(VIDEO), drawn.captions);
        let mut info = match hardware {
            // Where it has key frames is its own.
            Some(_) => probe_file(&self.tools, &file, Look::Sampled, operation).await?,
            None => probe_drawn(&self.tools, &file, drawn, operation).await?,
        };
        info.content.get_or_insert_default().captions = captions;
        let video = self.blobs.import(&file, "video/mp4").await?;
        let mut encoder = encode::describe(settings.encoder, hardware);
        if hardware.is_none() && !refused.is_empty() {
            encoder = format!("{encoder}, as no hardware encoder works here ({})", refused.join("; "));
        }
        Ok(Rendered { video, info, frames: timeline.frames(), encoder, repaired: BTreeSet::new() })
    }

    async fn frame(&self, timeline: &Timeline, at: MediaTime) -> Result<BlobRef> {
        timeline.check()?;
        let (this, timeline, runtime) = (self.clone(), timeline.clone(), Handle::current());
        let png = blocking(move || {
            let fetch = |blob: &BlobRef| this.fetch(&runtime, blob);
            let canvas = timeline.canvas;
            let (ffmpeg, folder, watched) =
                (this.tools.ffmpeg(), fault::folder(&this.work, "frame-")?, Watched::default());
            // Only clips need it.
            let ffmpeg = if timeline.scenes.iter().any(|scene| scene.layers.iter().any(Layer::is_clip)) {
                ffmpeg?
            } else {
                ffmpeg.unwrap_or(Path::new("ffmpeg"))
            };
            let player = Player { ffmpeg, folder: folder.path(), canvas, watched: &watched };
            let mut frame = Frame::black(canvas.width as usize, canvas.height as usize);
            let pictures = |scene| paint::pictures(&timeline, scene, &fetch, &player);
            let fonts = this.caption_fonts(&timeline, &fetch)?;
            Painter::new(&timeline, &fonts, pictures).draw(canvas.frame_at(at), &mut frame)?;
            let mut png = Cursor::new(Vec::new());
            let written = frame.to_rgb().write_to(&mut png, image::ImageFormat::Png);
            written.map_err(|error| Error::unexpected("the frame cannot be written as PNG").with_source(error))?;
            Ok(png.into_inner())
        });
        self.blobs.put(Bytes::from(png.await?), "image/png").await
    }

    async fn thumbnail(&self, request: &ThumbnailRequest) -> Result<Thumbnail> {
        let (this, request, runtime) = (self.clone(), request.clone(), Handle::current());
        let drawn = blocking(move || {
            let fetch = |blob: &BlobRef| this.fetch(&runtime, blob);
            thumbnail::draw(&request, &this.fonts, &fetch)
        });
        let (jpeg, marks) = drawn.await?;
        Ok(Thumbnail { picture: self.blobs.put(Bytes::from(jpeg), "image/jpeg").await?, marks })
    }

    async fn repair(
        &self,
        rendered: &Rendered,
        repairs: &BTreeSet<Repair>,
        operation: &Operation,
    ) -> Result<(BlobRef, MediaInfo)> {
        let work = self.work.clone();
        let folder = blocking(move || fault::folder(&work, "again-")).await?;
        let file = folder.path().join(VIDEO);
        self.blobs.export(rendered.video.sha256, &file).await?;
        let repaired = repair(&self.tools, (&file, &rendered.info), repairs, folder.path(), operation).await?;
        let mut info = probe_file(&self.tools, &repaired.file, Look::Sampled, operation).await?;
        // The same picture has the same captions.
        let captions = rendered.info.content.as_ref().and_then(|seen| seen.captions);
        info.content.get_or_insert_default().captions = captions;
        Ok((self.blobs.import(&repaired.file, "video/mp4").await?, info))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|error| Error::unexpected("drawing ended by a panic").with_source(error))?
}
