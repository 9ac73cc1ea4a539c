//! Media: the pictures of a scene plan, one journaled step per scene.

use crate::domain::timeline::Canvas;
use crate::domain::{BlobRef, Material, ScenePlan, Source, Stage, VisualPrompt};
use crate::port::{BlobStore, FetchLimits, Fetcher, GeneratedImage, ImageModel, ImageRequest, Submission};
use crate::service::journal::{Journal, Work};
use crate::{Error, ErrorKind, Operation, ProgressUpdate, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Scenes that are made at the same time (contract, section 2.3).
const AT_ONCE: usize = 3;
/// An article's picture is rarely larger; larger ones are left out.
const PICTURE_LIMITS: FetchLimits = FetchLimits { bytes: 20 * 1024 * 1024, time: Duration::from_secs(20) };

/// The use case: who makes pictures, who fetches those of articles, and where they are kept.
#[derive(Debug, Clone)]
pub struct Media {
    /// Makes pictures.
    pub images: Arc<dyn ImageModel>,
    /// Fetches the pictures of articles; `None` leaves them out.
    pub fetcher: Option<Arc<dyn Fetcher>>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
}

/// The picture of one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenePicture {
    /// Number of the scene, from one.
    pub scene_number: u32,
    /// Who made it.
    pub provider: String,
    /// Who must be named for what it shows.
    pub credit: Option<String>,
    /// Layers from back to front.
    pub layers: Vec<PictureLayer>,
}

/// One stored layer of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureLayer {
    /// The file.
    pub blob: BlobRef,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it may be moved and zoomed.
    pub moves: bool,
}

/// What became of an article's picture. A picture that could not be had is remembered too, so that the scene
/// looks the same when the run goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArticlePicture {
    pub(super) blob: Option<BlobRef>,
    pub(super) problem: Option<String>,
}

impl Media {
    /// Makes the picture of every scene, in the order of the plan. Reports `scenes` of [`Stage::Images`].
    ///
    /// An article's picture that cannot be had is left out of its scene; that is no error.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a plan without scenes; as [`ImageModel::submit`] and
    /// [`ImageModel::wait`], with the scene; the journal's own.
    pub async fn illustrate(
        &self,
        journal: &Journal,
        plan: &ScenePlan,
        material: &Material,
        canvas: Canvas,
        operation: &Operation,
    ) -> Result<Vec<ScenePicture>> {
        if plan.prompts.is_empty() {
            return Err(Error::invalid("a plan without scenes has no pictures"));
        }
        let mut requests = Vec::with_capacity(plan.prompts.len());
        for prompt in &plan.prompts {
            let source =
                prompt.picture_source.and_then(|number| material.sources.iter().find(|source| source.number == number));
            let picture = match source {
                Some(source) => self.article_picture(journal, source, operation).await?,
                None => None,
            };
            requests.push(request(plan, prompt, picture, canvas));
        }
        let total = requests.len() as u64;
        let done = AtomicU64::new(0);
        operation.report(ProgressUpdate::running(Stage::Images, 0, total, "scenes"));
        let scenes = requests.iter().map(|request| async {
            operation.cancellation.check()?;
            let (picture, reused) = self.scene(journal, request, operation).await?;
            let done = done.fetch_add(1, Ordering::SeqCst) + 1;
            let update = ProgressUpdate::running(Stage::Images, done, total, "scenes");
            operation.report(ProgressUpdate { reused, ..update });
            Ok(picture)
        });
        stream::iter(scenes).buffered(AT_ONCE).try_collect().await
    }

    async fn scene(
        &self,
        journal: &Journal,
        request: &ImageRequest,
        operation: &Operation,
    ) -> Result<(ScenePicture, bool)> {
        let key = format!("images/{}", request.scene_number);
        // Another model behind the same request draws anew.
        let input = (request, self.images.provider());
        let submit = || async {
            Ok(match self.images.submit(request, operation).await? {
                Submission::Done(image) => Submission::Done(self.keep(request, image).await?),
                Submission::Pending(handle) => Submission::Pending(handle),
            })
        };
        let wait = |handle: String| async move {
            let image = self.images.wait(&handle, operation).await?;
            self.keep(request, image).await
        };
        let done = journal.submitted(&key, &input, &self.images.provider().name, submit, wait).await;
        let done = done.map_err(|error| error.with_context("scene", request.scene_number))?;
        Ok((done.value, done.reused))
    }

    /// Stores the layers of a picture.
    async fn keep(&self, request: &ImageRequest, image: GeneratedImage) -> Result<Work<ScenePicture>> {
        let mut layers = Vec::with_capacity(image.layers.len());
        for layer in image.layers {
            let blob = self.blobs.put(layer.bytes, &layer.media_type).await?;
            layers.push(PictureLayer { blob, width: layer.width, height: layer.height, moves: layer.moves });
        }
        if layers.is_empty() {
            return Err(Error::unexpected("the picture model gave no picture"));
        }
        let provider = self.images.provider().name.clone();
        Ok(Work {
            blobs: layers.iter().map(|layer| layer.blob.clone()).collect(),
            value: ScenePicture {
                scene_number: request.scene_number,
                provider: provider.clone(),
                credit: request.picture.as_ref().and_then(|(_, credit)| credit.clone()),
                layers,
            },
            provider,
            usage: Some(image.usage),
        })
    }

    /// The picture of a source with its credit, fetched once per run.
    async fn article_picture(
        &self,
        journal: &Journal,
        source: &Source,
        operation: &Operation,
    ) -> Result<Option<(BlobRef, Option<String>)>> {
        let (Some(fetcher), Some(picture)) = (&self.fetcher, &source.picture) else { return Ok(None) };
        operation.cancellation.check()?;
        let fetch = || async {
            let found = match self.fetch(fetcher, &picture.url).await {
                Ok(blob) => ArticlePicture { blob: Some(blob), problem: None },
                // No room to store it is the run's problem, not the picture's.
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => ArticlePicture { blob: None, problem: Some(error.to_string()) },
            };
            Ok(Work {
                blobs: found.blob.clone().into_iter().collect(),
                value: found,
                provider: "fetch".to_owned(),
                usage: None,
            })
        };
        let found = journal.step(&format!("pictures/{}", source.number), &picture.url, fetch).await?.value;
        let credit = picture.credit.clone().or_else(|| source.publisher.clone());
        Ok(found.blob.map(|blob| (blob, credit)))
    }

    async fn fetch(&self, fetcher: &Arc<dyn Fetcher>, url: &str) -> Result<BlobRef> {
        let fetched = fetcher.get(url, None, None, PICTURE_LIMITS).await?;
        let media_type = image_type(&fetched.body).ok_or_else(|| {
            let told = fetched.content_type.as_deref().unwrap_or("unknown").chars().take(80).collect::<String>();
            Error::invalid("this is not a picture that can be shown").with_context("type", told)
        })?;
        self.blobs.put(fetched.body, media_type).await
    }
}

/// What a file is by its first bytes; what a server says is not trusted.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

fn request(
    plan: &ScenePlan,
    prompt: &VisualPrompt,
    picture: Option<(BlobRef, Option<String>)>,
    canvas: Canvas,
) -> ImageRequest {
    let words = [&prompt.description, &prompt.style, &prompt.camera_angle, &prompt.mood, &plan.style_guide];
    let words = words.into_iter().filter(|words| !words.is_empty());
    ImageRequest {
        prompt: words.cloned().collect::<Vec<_>>().join(", "),
        negative_prompt: prompt.negative_prompt.clone(),
        card: prompt.card.clone(),
        look: plan.look.clone(),
        picture,
        width: canvas.width,
        height: canvas.height,
        seed: plan.look.seed.wrapping_add(u64::from(prompt.scene_number)),
        scene_number: prompt.scene_number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n"), Some("image/png"));
        assert_eq!(image_type(b"RIFF\0\0\0\0WEBPVP8"), Some("image/webp"));
        assert_eq!(image_type(b"<svg onload=alert(1)>"), None);
        assert_eq!(image_type(b""), None);
    }
}
