//! Stills set in motion: one journaled step per scene whose picture a model has made.

use super::taken::Taken;
use super::{AT_ONCE, CLIP, Media, PictureLayer, ScenePicture};
use crate::domain::timeline::Canvas;
use crate::domain::{BlobRef, CostCategory, ScenePlan, Stage};
use crate::port::{ClipModel, ClipRequest, GeneratedClip, Submission};
use crate::service::editor::Narration;
use crate::service::journal::{Journal, Work};
use crate::service::production::OWN;
use crate::strategy::Turn;
use crate::{Error, Operation, ProgressUpdate, Result};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

impl Media {
    /// The pictures with clips in the place of those stills that a model has made, as long as their lines are spoken (1
    /// to 10 seconds). Cards keep to their own motion: type must be read. What the user gave is shown as it is. Reports `clips` of [`Stage::Video`]. Without
    /// anybody who makes clips the pictures stay as they are.
    ///
    /// # Errors
    /// As [`ClipModel::submit`] and [`ClipModel::wait`], with the scene; as
    /// [`BlobStore::put`](crate::port::BlobStore::put); the journal's own.
    pub async fn animate(
        &self,
        journal: &Journal,
        plan: &ScenePlan,
        pictures: Vec<ScenePicture>,
        narration: &Narration,
        canvas: Canvas,
        operation: &Operation,
    ) -> Result<Vec<ScenePicture>> {
        if !self.clips.serves() {
            return Ok(pictures);
        }
        let total = pictures.iter().filter(|picture| still(picture).is_some()).count() as u64;
        let (done, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        let (done, failed) = (&done, &failed);
        let scenes = pictures.into_iter().zip(&narration.lines).map(|(mut picture, line)| async move {
            let Some(layer) = still(&picture) else { return Ok(picture) };
            operation.cancellation.check()?;
            if failed.load(Ordering::SeqCst) {
                // Scenes begin in order, so the error that is told stands before this one.
                return Err(Error::cancelled());
            }
            let prompt = plan.prompts.iter().find(|prompt| prompt.scene_number == picture.scene_number);
            let request = ClipRequest {
                picture: layer.blob.clone(),
                prompt: prompt.map(|prompt| prompt.description.clone()).unwrap_or_default(),
                seconds: (line.duration.seconds().ceil() as u32).clamp(1, 10),
                width: canvas.width,
                height: canvas.height,
            };
            let made = self.clip(journal, picture.scene_number, &request, operation).await;
            let (blob, reused) = made.inspect_err(|_| failed.store(true, Ordering::SeqCst))?;
            let done = done.fetch_add(1, Ordering::SeqCst) + 1;
            let update = ProgressUpdate::running(Stage::Video, done, total, "clips");
            operation.report(ProgressUpdate { reused, ..update });
            if let Some(layer) = picture.layers.first_mut() {
                layer.blob = blob;
            }
            Ok(picture)
        });
        let made: Vec<Result<ScenePicture>> = stream::iter(scenes).buffered(AT_ONCE).collect().await;
        made.into_iter().collect()
    }

    async fn clip(
        &self,
        journal: &Journal,
        scene: u32,
        request: &ClipRequest,
        operation: &Operation,
    ) -> Result<(BlobRef, bool)> {
        let key = format!("{CLIP}{scene}");
        let make = |turn| {
            let key = &key;
            async move { self.clip_in_turn(&turn, journal, key, request, operation).await }
        };
        if let Some(done) = journal.done(&key, |by| (request, by.clone())).await? {
            return Ok((done.value, true));
        }
        let made = async {
            let begun = journal.holder(&key, &self.clips, |by| (request, by.clone())).await?;
            self.clips.in_turn(begun, make).await
        };
        Ok(made.await.map_err(|error| error.with_context("scene", scene))?.value)
    }

    async fn clip_in_turn(
        &self,
        turn: &Turn<dyn ClipModel>,
        journal: &Journal,
        key: &str,
        request: &ClipRequest,
        operation: &Operation,
    ) -> Result<(BlobRef, bool)> {
        if let Some((by, handle)) = journal.in_other_hands(key, turn.by()).await?
            && let Some(port) = self.clips.find(&by)
        {
            // It failed to give what it was asked for and need not go on. If it cannot be told, nothing more can be
            // done about it.
            let _ = port.cancel(&handle).await;
        }
        let taken = &Taken::nothing(operation, turn.by(), CostCategory::VideoClips);
        let submit = || async {
            let submit = |model: Arc<dyn ClipModel>| async move {
                taken.take().await?;
                model.submit(request, operation).await
            };
            Ok(match turn.ask(&operation.cancellation, submit).await? {
                Submission::Done(clip) => {
                    taken.settle(clip.usage.cost).await;
                    Submission::Done(keep_clip(turn, journal, clip, operation).await?)
                }
                Submission::Pending(handle) => Submission::Pending(handle),
            })
        };
        let wait = |handle: String| async move {
            let handle = &handle;
            let wait = |model: Arc<dyn ClipModel>| async move { model.wait(handle, operation).await };
            let clip = turn.fetch(&operation.cancellation, wait).await?;
            taken.settle(clip.usage.cost).await;
            keep_clip(turn, journal, clip, operation).await
        };
        let done = journal.submitted(key, &(request, turn.by()), (turn.by(), turn.after()), submit, wait).await?;
        Ok((done.value, done.reused))
    }
}

/// Stores a clip.
async fn keep_clip(
    turn: &Turn<dyn ClipModel>,
    journal: &Journal,
    clip: GeneratedClip,
    operation: &Operation,
) -> Result<Work<BlobRef>> {
    let blob = journal.keep(clip.bytes, &clip.media_type, clip.usage.cost, operation).await?;
    turn.paid(clip.usage.cost);
    Ok(Work { blobs: vec![blob.clone()], usage: Some(clip.usage), ..Work::of(turn, blob) })
}

/// The still of a scene that may be set in motion: a picture alone, without type over it.
fn still(picture: &ScenePicture) -> Option<&PictureLayer> {
    match picture.layers.as_slice() {
        [only] if picture.provider != OWN && only.moves && only.blob.media_type.starts_with("image/") => Some(only),
        _ => None,
    }
}
