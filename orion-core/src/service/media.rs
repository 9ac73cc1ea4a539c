//! Media: the pictures of a scene plan, one journaled step per scene.

#[cfg(test)]
mod tests;

mod clips;
mod taken;

use crate::domain::timeline::Canvas;
use crate::domain::{
    BlobRef, CostCategory, Look, Material, Money, ScenePlan, Source, Stage, Step, StepState, VisualPrompt,
};
use crate::port::{
    BlobStore, ClipModel, FetchLimits, Fetched, Fetcher, GeneratedImage, ImageModel, ImageRequest, Submission, Usage,
};
use crate::service::budget::Rates;
use crate::service::editor::is_deep;
use crate::service::journal::{Done, Journal, Work};
use crate::strategy::{Strategy, Turn};
use crate::{Error, ErrorKind, Operation, ProgressUpdate, Result};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use taken::Taken;

/// Scenes that are made at the same time (contract, section 2.3).
const AT_ONCE: usize = 3;
/// Hosts that are asked for pictures at the same time; one host is asked for one picture after another.
const HOSTS_AT_ONCE: usize = 4;
/// What the key of a step begins with that makes a scene's picture.
const PICTURE: &str = "images/";
/// What the key of a step begins with that sets a scene's picture in motion.
const CLIP: &str = "clips/";
/// An article's picture is rarely larger; larger ones are left out.
const PICTURE_LIMITS: FetchLimits = FetchLimits { bytes: 20 * 1024 * 1024, time: Duration::from_secs(20) };

/// The use case: who makes pictures, who fetches those of articles, and where they are kept.
#[derive(Debug, Clone)]
pub struct Media {
    /// Makes pictures.
    pub images: Strategy<dyn ImageModel>,
    /// Sets them in motion; where nobody serves, the camera moves over the stills.
    pub clips: Strategy<dyn ClipModel>,
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

/// What became of an article's picture. A picture that cannot be had is remembered too, so that the scene looks the
/// same when the run goes on; a stop and a store without room are no faults of the picture, and are not remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArticlePicture {
    pub(super) blob: Option<BlobRef>,
    pub(super) problem: Option<String>,
}

impl Media {
    /// Makes the picture of every scene, in the order of the plan. Reports `scenes` of [`Stage::Images`].
    ///
    /// An article's picture that cannot be had is left out of its scene; that is no error. After an error no further
    /// scene is begun, but those at work are finished: they may have been paid for.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a plan without scenes; as [`ImageModel::submit`] and
    /// [`ImageModel::wait`], with the scene; as [`BlobStore::put`]; the journal's own.
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
        let sources: Vec<Option<&Source>> = plan.prompts.iter().map(|prompt| source_of(prompt, material)).collect();
        let pictures = self.article_pictures(journal, &sources, material, operation).await?;
        let requests = plan.prompts.iter().zip(sources).map(|(prompt, source)| {
            let shown = source.and_then(|source| source.picture.as_ref().map(|picture| (source, picture)));
            let shown = shown.and_then(|(source, picture)| {
                let credit = picture.credit.clone().or_else(|| source.publisher.clone());
                pictures.get(picture.url.as_str()).map(|blob| (blob.clone(), credit))
            });
            request(plan, prompt, shown, canvas)
        });
        let requests: Vec<ImageRequest> = requests.collect();
        let total = requests.len() as u64;
        let (done, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        operation.report(ProgressUpdate::running(Stage::Images, 0, total, "scenes"));
        let scenes = requests.iter().map(|request| async {
            operation.cancellation.check()?;
            if failed.load(Ordering::SeqCst) {
                // Scenes begin in order, so the error that is told stands before this one.
                return Err(Error::cancelled());
            }
            let made = self.scene(journal, request, operation).await;
            let (picture, reused) = made.inspect_err(|_| failed.store(true, Ordering::SeqCst))?;
            let done = done.fetch_add(1, Ordering::SeqCst) + 1;
            let update = ProgressUpdate::running(Stage::Images, done, total, "scenes");
            operation.report(ProgressUpdate { reused, ..update });
            Ok(picture)
        });
        let made: Vec<Result<ScenePicture>> = stream::iter(scenes).buffered(AT_ONCE).collect().await;
        made.into_iter().collect()
    }

    /// Makes one picture outside of a run, and tells what was used for it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a size out of bounds; as [`ImageModel::submit`] and [`ImageModel::wait`]; as
    /// [`BlobStore::put`].
    pub async fn draw(&self, request: &ImageRequest, operation: &Operation) -> Result<(ScenePicture, Option<Usage>)> {
        request.check()?;
        let draw = |turn: Turn<dyn ImageModel>| async move {
            let submit = |model: Arc<dyn ImageModel>| async move { model.submit(request, operation).await };
            let image = match turn.ask(&operation.cancellation, submit).await? {
                Submission::Done(image) => image,
                Submission::Pending(handle) => {
                    let handle = &handle;
                    let wait = |model: Arc<dyn ImageModel>| async move { model.wait(handle, operation).await };
                    turn.fetch(&operation.cancellation, wait).await?
                }
            };
            let work = self.keep(&turn, None, request, image, operation).await?;
            Ok((work.value, work.usage))
        };
        Ok(self.images.in_turn(None, draw).await?.value)
    }

    /// Tells the provider that has a step in hand to give it up, and whether it could be told.
    pub(super) async fn recall(&self, step: &Step) -> bool {
        let (Some(by), Some(handle)) = (&step.served_by, &step.handle) else { return false };
        match bought(step) {
            Some(CostCategory::ImageGeneration) => match self.images.find(by) {
                Some(images) => images.cancel(handle).await.is_ok(),
                None => false,
            },
            Some(CostCategory::VideoClips) => match self.clips.find(by) {
                Some(clips) => clips.cancel(handle).await.is_ok(),
                None => false,
            },
            _ => false,
        }
    }

    /// What providers are owed at most for the work that they have in hand.
    pub(super) fn owed(&self, steps: &[Step], rates: &Rates) -> Money {
        let in_hand = steps.iter().filter(|step| step.state == StepState::Submitted);
        in_hand.filter_map(|step| Some(rates.price(step.served_by.as_ref()?, bought(step)?, 1.0))).sum()
    }

    async fn scene(
        &self,
        journal: &Journal,
        request: &ImageRequest,
        operation: &Operation,
    ) -> Result<(ScenePicture, bool)> {
        let key = format!("{PICTURE}{}", request.scene_number);
        let draw = |turn| {
            let key = &key;
            async move { self.scene_in_turn(&turn, journal, key, request, operation).await }
        };
        if let Some(done) = journal.done(&key, |by| (request, by.clone())).await? {
            return Ok((done.value, true));
        }
        let drawn = async {
            let begun = journal.holder(&key, &self.images, |by| (request, by.clone())).await?;
            self.images.in_turn(begun, draw).await
        };
        let done = drawn.await.map_err(|error| error.with_context("scene", request.scene_number))?.value;
        Ok((done.value, done.reused))
    }

    async fn scene_in_turn(
        &self,
        turn: &Turn<dyn ImageModel>,
        journal: &Journal,
        key: &str,
        request: &ImageRequest,
        operation: &Operation,
    ) -> Result<Done<ScenePicture>> {
        if let Some((by, handle)) = journal.in_other_hands(key, turn.by()).await?
            && let Some(port) = self.images.find(&by)
        {
            // It failed to give what it was asked for and need not go on. If it cannot be told, nothing more can be
            // done about it.
            let _ = port.cancel(&handle).await;
        }
        let taken = &Taken::nothing(operation, turn.by(), CostCategory::ImageGeneration);
        let submit = || async {
            let submit = |model: Arc<dyn ImageModel>| async move {
                taken.take().await?;
                model.submit(request, operation).await
            };
            Ok(match turn.ask(&operation.cancellation, submit).await? {
                Submission::Done(image) => {
                    taken.settle(image.usage.cost).await;
                    Submission::Done(self.keep(turn, Some(journal), request, image, operation).await?)
                }
                Submission::Pending(handle) => Submission::Pending(handle),
            })
        };
        let wait = |handle: String| async move {
            let handle = &handle;
            let wait = |model: Arc<dyn ImageModel>| async move { model.wait(handle, operation).await };
            let image = turn.fetch(&operation.cancellation, wait).await?;
            taken.settle(image.usage.cost).await;
            self.keep(turn, Some(journal), request, image, operation).await
        };
        // Another model behind the same request draws anew.
        journal.submitted(key, &(request, turn.by()), (turn.by(), turn.after()), submit, wait).await
    }

    /// Stores the layers of a picture.
    async fn keep(
        &self,
        turn: &Turn<dyn ImageModel>,
        journal: Option<&Journal>,
        request: &ImageRequest,
        image: GeneratedImage,
        operation: &Operation,
    ) -> Result<Work<ScenePicture>> {
        let mut layers = Vec::with_capacity(image.layers.len());
        for layer in image.layers {
            let blob = match journal {
                Some(journal) => journal.keep(layer.bytes, &layer.media_type, image.usage.cost, operation).await?,
                None => self.blobs.put(layer.bytes, &layer.media_type).await?,
            };
            layers.push(PictureLayer { blob, width: layer.width, height: layer.height, moves: layer.moves });
        }
        if layers.is_empty() {
            return Err(Error::unexpected("the picture model gave no picture"));
        }
        let blobs = layers.iter().map(|layer| layer.blob.clone()).collect();
        turn.paid(image.usage.cost);
        let picture = ScenePicture {
            scene_number: request.scene_number,
            provider: turn.by().name.clone(),
            credit: request.picture.as_ref().and_then(|(_, credit)| credit.clone()),
            layers,
        };
        Ok(Work { blobs, usage: Some(image.usage), ..Work::of(turn, picture) })
    }

    /// The pictures of these sources by their addresses, each fetched once per run; one that cannot be had is missing.
    async fn article_pictures<'a>(
        &self,
        journal: &Journal,
        sources: &[Option<&Source>],
        material: &'a Material,
        operation: &Operation,
    ) -> Result<HashMap<&'a str, BlobRef>> {
        let Some(fetcher) = &self.fetcher else { return Ok(HashMap::new()) };
        let wanted: HashSet<&str> = sources.iter().filter_map(|source| source.as_ref()?.address()).collect();
        // One step per address, named after the first source that has it.
        let mut seen = HashSet::new();
        let mut by_host: BTreeMap<String, Vec<(u32, &str)>> = BTreeMap::new();
        for source in &material.sources {
            if let Some(url) = source.address().filter(|url| wanted.contains(url) && seen.insert(*url)) {
                by_host.entry(host(url)).or_default().push((source.number, url));
            }
        }
        let hosts = by_host.into_values().map(|pictures| async move {
            let mut found = Vec::with_capacity(pictures.len());
            for (number, url) in pictures {
                operation.cancellation.check()?;
                let picture = self.article_picture(journal, number, url, fetcher, operation).await?;
                found.extend(picture.blob.map(|blob| (url, blob)));
            }
            Ok::<_, Error>(found)
        });
        let found: Vec<Vec<(&str, BlobRef)>> =
            stream::iter(hosts).buffer_unordered(HOSTS_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn article_picture(
        &self,
        journal: &Journal,
        number: u32,
        url: &str,
        fetcher: &Arc<dyn Fetcher>,
        operation: &Operation,
    ) -> Result<ArticlePicture> {
        let fetch = || async {
            let fetched = operation.cancellation.unless_cancelled(fetcher.get(url, None, None, PICTURE_LIMITS)).await;
            let found = match fetched.and_then(picture_in) {
                Ok((body, media_type)) => {
                    ArticlePicture { blob: Some(self.blobs.put(body, media_type).await?), problem: None }
                }
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => ArticlePicture { blob: None, problem: Some(error.to_string()) },
            };
            Ok(Work { blobs: found.blob.clone().into_iter().collect(), ..Work::plain("fetch", found) })
        };
        Ok(journal.step(&format!("pictures/{number}"), url, fetch).await?.value)
    }
}

/// What a step buys, by its key.
fn bought(step: &Step) -> Option<CostCategory> {
    match step.key.as_str() {
        key if key.starts_with(PICTURE) => Some(CostCategory::ImageGeneration),
        key if key.starts_with(CLIP) => Some(CostCategory::VideoClips),
        _ => None,
    }
}

impl Source {
    /// The address of its picture.
    fn address(&self) -> Option<&str> {
        self.picture.as_ref().map(|picture| picture.url.as_str())
    }
}

/// The source whose picture a scene may show.
fn source_of<'a>(prompt: &VisualPrompt, material: &'a Material) -> Option<&'a Source> {
    prompt.picture_source.and_then(|number| material.sources.iter().find(|source| source.number == number))
}

/// The host of an address with its port, to be polite to; the fetcher decides what is an address.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_lowercase()
}

/// The bytes of an answer that is a picture, with what they are.
fn picture_in(fetched: Fetched) -> Result<(Bytes, &'static str)> {
    match image_type(&fetched.body) {
        Some(media_type) => Ok((fetched.body, media_type)),
        None => {
            let told = fetched.content_type.as_deref().unwrap_or("unknown").chars().take(80).collect::<String>();
            Err(Error::invalid("this is not a picture that can be shown").with_context("type", told))
        }
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
        look: Look { depth: is_deep(prompt), ..plan.look.clone() },
        picture,
        width: canvas.width,
        height: canvas.height,
        seed: plan.look.seed.wrapping_add(u64::from(prompt.scene_number)),
        scene_number: prompt.scene_number,
    }
}
