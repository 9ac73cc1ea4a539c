//! Editor: speech, captions, the timeline, the rendered file and what it really is.

mod assemble;
mod narrate;
mod staging;
#[cfg(test)]
mod tests;
mod validate;
mod wav;

pub use assemble::{Direction, assemble, assemble_directed};
pub use narrate::{Narration, SpokenLine};
pub(crate) use staging::is_deep;
pub use validate::{Captioned, Expectations, Repair, check_captioned, check_file, repairs, validate};
pub use wav::encode_wav;

use crate::domain::BlobRef;
use crate::domain::timeline::{Canvas, Captions, Timeline, caption};
use crate::port::{BlobStore, MediaProbe, RenderSettings, Rendered, Renderer, SpeechModel, ThumbnailRequest};
use crate::service::journal::{Done, Journal, Work};
use crate::strategy::Strategy;
use crate::{Operation, Result};
use std::sync::Arc;

/// The use case: a voice, a renderer and a probe, and where their files go.
#[derive(Debug, Clone)]
pub struct Editor {
    /// Speaks.
    pub speech: Strategy<dyn SpeechModel>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Draws, mixes and encodes.
    pub renderer: Arc<dyn Renderer>,
    /// Looks at files.
    pub probe: Arc<dyn MediaProbe>,
}

/// Captions as the files that stand beside a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptionFiles {
    /// SubRip.
    pub srt: String,
    /// WebVTT.
    pub vtt: String,
    /// Advanced SubStation Alpha, word by word.
    pub ass: String,
}

impl CaptionFiles {
    /// Writes the captions that a timeline shows.
    pub fn of(captions: &Captions, canvas: &Canvas) -> Self {
        Self {
            srt: caption::to_srt(&captions.cues),
            vtt: caption::to_vtt(&captions.cues),
            ass: caption::to_ass(captions, canvas),
        }
    }
}

impl Editor {
    /// Renders a timeline as the journaled step `render`: a file that is there for this timeline is not made again.
    ///
    /// # Errors
    /// As [`Renderer::render`]; the journal's own.
    pub async fn render(
        &self,
        journal: &Journal,
        timeline: &Timeline,
        settings: &RenderSettings,
        operation: &Operation,
    ) -> Result<Done<Rendered>> {
        timeline.check()?;
        let work = || async {
            let rendered = self.renderer.render(timeline, settings, operation).await?;
            let blobs = vec![rendered.video.clone()];
            Ok(Work { blobs, ..Work::plain(&rendered.encoder.clone(), rendered) })
        };
        journal.step("render", &(timeline, settings), work).await
    }

    /// Draws a thumbnail as the journaled step `thumbnail/{name}`.
    ///
    /// # Errors
    /// As [`Renderer::thumbnail`]; the journal's own.
    pub async fn thumbnail(&self, journal: &Journal, name: &str, request: &ThumbnailRequest) -> Result<Done<BlobRef>> {
        let work = || async {
            let blob = self.renderer.thumbnail(request).await?;
            Ok(Work { blobs: vec![blob.clone()], ..Work::plain("draw", blob) })
        };
        journal.step(&format!("thumbnail/{name}"), request, work).await
    }
}
