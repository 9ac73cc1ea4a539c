//! Editor: speech, captions, the timeline, the rendered file and what it really is.

mod assemble;
mod cover;
mod narrate;
mod staging;
#[cfg(test)]
mod tests;
mod validate;
mod wav;

pub use assemble::{Direction, assemble, assemble_directed};
pub use cover::{Cover, CoverRequest, CoverSource};
pub use narrate::{Narration, SpokenLine};
pub(crate) use staging::{SceneOf, is_deep};
pub use validate::{Captioned, Expectations, check_captioned, check_file, repairs, validate};
pub use wav::encode_wav;

pub use crate::port::Repair;

use crate::domain::timeline::{Canvas, Captions, Timeline, caption};
use crate::port::{BlobStore, MediaProbe, RenderSettings, Rendered, Renderer, SpeechModel};
use crate::service::journal::{Done, Journal, Work};
use crate::strategy::Strategy;
use crate::{ErrorKind, Operation, Result};
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
    /// What its checks find and a second pass can set right is set right.
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
            let rendered = self.set_right(timeline, rendered, operation).await?;
            let blobs = vec![rendered.video.clone()];
            Ok(Work { blobs, ..Work::plain(&rendered.encoder.clone(), rendered) })
        };
        journal.step("render", &(timeline, settings), work).await
    }

    /// The second pass: what was rendered, or a copy in which fewer checks fail.
    async fn set_right(&self, timeline: &Timeline, rendered: Rendered, operation: &Operation) -> Result<Rendered> {
        let checked = |info| validate(info, timeline, &Expectations::default());
        let before = checked(&rendered.info);
        let wanted = repairs(&rendered.info, &before);
        if wanted.is_empty() {
            return Ok(rendered);
        }
        match self.renderer.repair(&rendered, &wanted, operation).await {
            Ok((video, info)) if checked(&info).score() > before.score() => {
                Ok(Rendered { video, info, repaired: wanted, ..rendered })
            }
            Err(error) if error.kind() == ErrorKind::Cancelled || error.is_starved() => Err(error),
            // There is a file, and its checks tell what is wrong with it.
            Ok(_) | Err(_) => Ok(rendered),
        }
    }
}
