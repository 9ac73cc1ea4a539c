//! Media's routes, below `/api/v1/media`: pictures, files, and who makes them.

use super::super::bounds::{length, text, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::links::Ticket;
use super::super::{Answer, ApiError, Platform, Routes, file};
use super::shown::content;
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use orion_core::domain::timeline::Canvas;
use orion_core::domain::{
    Asset, AssetKind, BlobRef, Card, Content, Cost, Look, Money, Palette, Role, Run, RunState, Sha256, Stage, StepState,
};
use orion_core::id::{AssetId, ContentId, CostId};
use orion_core::port::{Filter, ImageRequest, Order, Page, RepositoryExt, Side, ThumbnailRequest, Tx, Usage};
use orion_core::service::identity::Caller;
use orion_core::service::media::ScenePicture;
use orion_core::{Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Pictures of a batch that are made at the same time (contract, section 2.3).
const AT_ONCE: usize = 3;
/// An answer is given within the time that clients wait.
const PATIENCE: Duration = Duration::from_secs(50);
/// Contents of a user whose files are listed.
const MOST_CONTENTS: usize = 500;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(generate))
        .routes(routes!(batch))
        .routes(routes!(all_assets))
        .routes(routes!(assets))
        .routes(routes!(providers))
        .routes(routes!(batches))
        .routes(routes!(stored))
}

/// A stored file by its signed link; ranges and conditions are heeded.
#[utoipa::path(get, path = "/files/{sha256}/{name}", tag = "media",
    params(("sha256" = String, Path), ("name" = String, Path), ("expires" = i64, Query), ("signature" = String, Query)),
    responses((status = OK), (status = PARTIAL_CONTENT), (status = NOT_MODIFIED), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = RANGE_NOT_SATISFIABLE)))]
async fn stored(
    State(platform): State<Arc<Platform>>,
    method: Method,
    Path((sha256, name)): Path<(String, String)>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let production = platform.orion.production();
    let unknown = |_| ApiError::new(StatusCode::NOT_FOUND, "there is no such file");
    let sha256: Sha256 = sha256.parse().map_err(unknown)?;
    platform.links.check(sha256, &name, &ticket, production.clock.now())?;
    file::answer(&production.blobs, sha256, &name, &method, &headers).await
}

/// A picture to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
struct PictureRequest {
    prompt: String,
    #[serde(default)]
    negative_prompt: String,
    /// 64 to 4096, else 1024.
    width: Option<u32>,
    /// 64 to 4096, else 1024.
    height: Option<u32>,
    /// 1 to 150; for providers that count steps.
    steps: Option<u32>,
    /// 0 to 30; for providers that have it.
    cfg_scale: Option<f64>,
    seed: Option<u64>,
}

impl PictureRequest {
    fn check(&self, place: &[&str]) -> Result<(), ApiError> {
        let at = |name| [place, &[name]].concat();
        text(&at("prompt"), &self.prompt, 4000)?;
        length(&at("negative_prompt"), &self.negative_prompt, 4000)?;
        within(&at("width"), self.width.unwrap_or(1024), 64..=4096)?;
        within(&at("height"), self.height.unwrap_or(1024), 64..=4096)?;
        within(&at("steps"), self.steps.unwrap_or(20), 1..=150)?;
        within(&at("cfg_scale"), self.cfg_scale.unwrap_or(7.0), 0.0..=30.0)?;
        Ok(())
    }

    fn request(&self) -> ImageRequest {
        ImageRequest {
            prompt: self.prompt.clone(),
            negative_prompt: self.negative_prompt.clone(),
            card: Card::Headline { label: String::new(), headline: self.prompt.chars().take(160).collect() },
            look: Look {
                palette: Palette {
                    name: "indigo".to_owned(),
                    background: 0x0B_10_2A,
                    glows: [0x5B_3F_D6, 0xC9_4F_8E, 0x1E_6F_D9],
                    accent: 0xFF_CF_5C,
                    text: 0xFF_FF_FF,
                },
                seed: self.seed.unwrap_or_default(),
            },
            picture: None,
            width: self.width.unwrap_or(1024),
            height: self.height.unwrap_or(1024),
            seed: self.seed.unwrap_or_default(),
            scene_number: 1,
        }
    }
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
struct GeneratePicture {
    #[serde(flatten)]
    picture: PictureRequest,
    /// The content that it is for; then it is kept with it.
    content_id: Option<Uuid>,
}

/// A picture that was made.
#[derive(Debug, Serialize, ToSchema)]
struct PictureAnswer {
    /// Its path below the gateway; only `url` can be followed.
    file_path: String,
    /// A signed link to it.
    url: String,
    provider: String,
    width: u32,
    height: u32,
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Value>,
    asset_id: Option<Uuid>,
}

/// Makes one picture.
#[utoipa::path(post, path = "/generate", tag = "media", request_body = GeneratePicture,
    responses((status = OK, body = PictureAnswer), (status = FORBIDDEN), (status = NOT_FOUND),
    (status = UNPROCESSABLE_ENTITY), (status = SERVICE_UNAVAILABLE)))]
async fn generate(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<GeneratePicture>,
) -> Answer<PictureAnswer> {
    caller.require(Role::Editor)?;
    request.picture.check(&["body"])?;
    let content = match request.content_id {
        Some(id) => Some(content(&platform, &caller, ContentId(id)).await?),
        None => None,
    };
    let made = draw(&platform, request.picture.request());
    let late = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the picture was not made in time");
    let made = tokio::time::timeout(PATIENCE, made).await.map_err(late)??;
    Ok(Json(keep(&platform, &caller, content.as_ref(), made).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
struct BatchRequest {
    content_id: Uuid,
    /// 1 to 50 pictures.
    prompts: Vec<PictureRequest>,
}

/// What came of a batch.
#[derive(Debug, Serialize, ToSchema)]
struct BatchAnswer {
    content_id: Uuid,
    succeeded: usize,
    failed_count: usize,
    results: Vec<PictureAnswer>,
    errors: Vec<String>,
}

/// Makes several pictures for content, three at a time.
#[utoipa::path(post, path = "/batch", tag = "media", request_body = BatchRequest,
    responses((status = OK, body = BatchAnswer), (status = FORBIDDEN), (status = NOT_FOUND),
    (status = UNPROCESSABLE_ENTITY)))]
async fn batch(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<BatchRequest>,
) -> Answer<BatchAnswer> {
    caller.require(Role::Editor)?;
    within(&["body", "prompts"], request.prompts.len(), 1..=50)?;
    for (index, prompt) in request.prompts.iter().enumerate() {
        prompt.check(&["body", "prompts", &index.to_string()])?;
    }
    let content = content(&platform, &caller, ContentId(request.content_id)).await?;
    let ends = tokio::time::Instant::now() + PATIENCE;
    let pictures = request.prompts.iter().map(|prompt| {
        let made = draw(&platform, prompt.request());
        async move {
            match tokio::time::timeout_at(ends, made).await {
                Ok(made) => made.map_err(|error| error.to_string()),
                Err(_) => Err("not made in time".to_owned()),
            }
        }
    });
    let made: Vec<Result<Drawn, String>> = stream::iter(pictures.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    let mut answer =
        BatchAnswer { content_id: content.id.0, succeeded: 0, failed_count: 0, results: vec![], errors: vec![] };
    for (index, made) in made.into_iter().enumerate() {
        match made {
            Ok(made) => answer.results.push(keep(&platform, &caller, Some(&content), made).await?),
            Err(error) => answer.errors.push(format!("Prompt {index}: {error}")),
        }
    }
    (answer.succeeded, answer.failed_count) = (answer.results.len(), answer.errors.len());
    Ok(Json(answer))
}

/// A picture as one file.
struct Drawn {
    blob: BlobRef,
    size: (u32, u32),
    picture: ScenePicture,
    usage: Option<Usage>,
}

/// Has a picture made and laid flat: what is drawn in layers is one file here.
fn draw(platform: &Platform, request: ImageRequest) -> impl Future<Output = Result<Drawn>> + use<> {
    let orion = platform.orion.clone();
    apart(move || async move {
        let production = orion.production();
        let (picture, usage) = production.media.draw(&request, &Operation::detached()).await?;
        let blob = match picture.layers.as_slice() {
            [only] => only.blob.clone(),
            layers => {
                let flat = ThumbnailRequest {
                    layers: layers.iter().map(|layer| layer.blob.clone()).collect(),
                    title: String::new(),
                    accent: request.look.palette.accent,
                    canvas: Canvas { width: request.width, height: request.height, frames_per_second: 30 },
                };
                production.editor.renderer.thumbnail(&flat).await?
            }
        };
        let size = match picture.layers.as_slice() {
            [only] => (only.width, only.height),
            _ => (request.width, request.height),
        };
        Ok(Drawn { blob, size, picture, usage })
    })
}

/// Writes a picture down with its content, and what it cost.
async fn keep(
    platform: &Platform,
    caller: &Caller,
    content: Option<&Content>,
    drawn: Drawn,
) -> Result<PictureAnswer, ApiError> {
    let production = platform.orion.production();
    let now = production.clock.now();
    let Drawn { blob, size: (width, height), picture, usage } = drawn;
    let mut tx = production.store.begin().await?;
    let mut asset_id = None;
    if let Some(content) = content {
        let filter =
            Filter { parent: Some(content.id.0), states: vec![AssetKind::Image.to_string()], ..Filter::default() };
        let position = tx.assets().count(&filter).await?;
        let mut asset = Asset {
            id: AssetId::random(&*production.entropy),
            content_id: content.id,
            kind: AssetKind::Image,
            provider: picture.provider.clone(),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            blob: blob.clone(),
            metadata: serde_json::json!({ "width": width, "height": height, "credit": picture.credit }),
            created_at: now,
            version: 0,
        };
        tx.assets().insert(&mut asset).await?;
        asset_id = Some(asset.id.0);
    }
    if let Some(usage) = usage.filter(|usage| usage.cost > Money::ZERO) {
        let mut cost = Cost {
            id: CostId::random(&*production.entropy),
            content_id: content.map(|content| content.id),
            run_id: None,
            owner: content.map_or(caller.user_id, |content| content.owner),
            provider: picture.provider.clone(),
            category: usage.category,
            units: usage.units,
            amount: usage.cost,
            recorded_at: now,
            version: 0,
        };
        tx.costs().insert(&mut cost).await?;
    }
    tx.commit().await?;
    let url = platform.links.to(&blob, "picture", now);
    Ok(PictureAnswer {
        file_path: path_of(&url),
        url,
        provider: picture.provider,
        width,
        height,
        metadata: Some(serde_json::json!({ "sha256": blob.sha256, "credit": picture.credit })),
        asset_id,
    })
}

/// The path of a link, without what makes it valid.
pub(super) fn path_of(link: &str) -> String {
    let path = link.split_once("://").map_or(link, |(_, rest)| rest);
    let path = path.find('/').map_or("", |at| path.split_at(at).1);
    path.split('?').next().unwrap_or_default().to_owned()
}

/// A file of content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Asset)]
struct AssetView {
    id: Uuid,
    content_id: Uuid,
    /// `image`, `video` or `audio`.
    asset_type: &'static str,
    /// The same.
    r#type: &'static str,
    provider: String,
    /// Its path below the gateway; only `url` can be followed.
    file_path: String,
    /// A signed link to it.
    url: String,
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    file_size: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl AssetView {
    fn of(platform: &Platform, asset: Asset, now: Timestamp) -> Self {
        let kind = match asset.kind {
            AssetKind::Image | AssetKind::Thumbnail => "image",
            AssetKind::Video => "video",
            AssetKind::Audio => "audio",
            AssetKind::Captions => "captions",
        };
        let mut metadata = asset.metadata;
        if let (AssetKind::Thumbnail, Some(keys)) = (asset.kind, metadata.as_object_mut()) {
            keys.insert("type".to_owned(), "thumbnail".into());
        }
        let url = platform.links.to(&asset.blob, asset.kind.as_str(), now);
        Self {
            id: asset.id.0,
            content_id: asset.content_id.0,
            asset_type: kind,
            r#type: kind,
            provider: asset.provider,
            file_path: path_of(&url),
            url,
            width: metadata.get("width").and_then(serde_json::Value::as_u64),
            height: metadata.get("height").and_then(serde_json::Value::as_u64),
            duration: metadata.get("duration_seconds").and_then(serde_json::Value::as_f64),
            file_size: asset.blob.length,
            created_at: asset.created_at,
            metadata: (!metadata.is_null()).then_some(metadata),
        }
    }
}

/// The files of one piece of content, newest first.
#[utoipa::path(get, path = "/assets/{content_id}", tag = "media", params(("content_id" = Uuid, Path)),
    responses((status = OK, body = Vec<AssetView>), (status = FORBIDDEN)))]
async fn assets(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<Vec<AssetView>> {
    let production = platform.orion.production();
    let mut tx = production.store.read().await?;
    match tx.contents().get(id).await? {
        // Content that is not there has no files.
        None => return Ok(Json(Vec::new())),
        Some(content) => caller.owns(content.owner)?,
    }
    let now = production.clock.now();
    let filter = Filter { parent: Some(id.0), ..Filter::default() };
    let assets = tx.assets().list(&filter, &Page::first(Order::Newest, Page::MOST)).await?.items;
    Ok(Json(assets.into_iter().map(|asset| AssetView::of(&platform, asset, now)).collect()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LimitQuery {
    /// 1 to 200, else 50.
    limit: Option<u32>,
}

/// Files of the caller's content.
#[derive(Debug, Serialize, ToSchema)]
struct AssetList {
    items: Vec<AssetView>,
    total: u64,
}

/// The files of the caller's newest content; everybody's for administrators.
#[utoipa::path(get, path = "/assets", tag = "media", params(LimitQuery), responses((status = OK, body = AssetList)))]
async fn all_assets(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<LimitQuery>,
) -> Answer<AssetList> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let production = platform.orion.production();
    let now = production.clock.now();
    let mut tx = production.store.read().await?;
    let (mut found, mut total) = (Vec::new(), 0);
    match caller.sees() {
        None => {
            total = tx.assets().count(&Filter::default()).await?;
            found = tx.assets().window(&Filter::default(), Order::Newest, 0, limit).await?;
        }
        Some(owner) => {
            let mine = Filter { owner: Some(owner.0), ..Filter::default() };
            for content in tx.contents().every(&mine, Order::Newest, MOST_CONTENTS).await? {
                let filter = Filter { parent: Some(content.id.0), ..Filter::default() };
                total += tx.assets().count(&filter).await?;
                if found.len() < limit as usize {
                    found.extend(tx.assets().window(&filter, Order::Newest, 0, limit).await?);
                }
            }
            found.truncate(limit as usize);
        }
    }
    let items = found.into_iter().map(|asset| AssetView::of(&platform, asset, now)).collect();
    Ok(Json(AssetList { items, total }))
}

/// Who makes pictures.
#[derive(Debug, Serialize, ToSchema)]
struct PictureProvider {
    name: String,
    /// `LOCAL` or `CLOUD`.
    r#type: &'static str,
    /// Whether the policy in force lets it serve.
    available: bool,
    models: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PictureProviders {
    providers: Vec<PictureProvider>,
}

/// Who makes pictures, and who may serve.
#[utoipa::path(get, path = "/providers", tag = "media", responses((status = OK, body = PictureProviders)))]
async fn providers(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<PictureProviders> {
    let images = &platform.orion.production().media.images;
    let serving = images.order();
    let mut named: BTreeMap<String, PictureProvider> = BTreeMap::new();
    for provider in images.providers() {
        let entry = named.entry(provider.name.clone()).or_insert_with(|| PictureProvider {
            name: provider.name.clone(),
            r#type: match provider.side {
                Side::Local => "LOCAL",
                Side::Cloud => "CLOUD",
            },
            available: false,
            models: Vec::new(),
        });
        entry.available |= serving.iter().any(|other| other.is(&provider));
        entry.models.push(provider.model.clone());
    }
    Ok(Json(PictureProviders { providers: named.into_values().collect() }))
}

/// The pictures of one run.
#[derive(Debug, Serialize, ToSchema)]
struct Batch {
    id: Uuid,
    content_id: Uuid,
    content_title: String,
    provider: String,
    total_images: usize,
    completed_images: usize,
    /// `queued`, `running`, `completed` or `failed`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The pictures of the caller's newest runs, batch by batch; everybody's for administrators.
#[utoipa::path(get, path = "/batches", tag = "media", params(LimitQuery), responses((status = OK, body = Vec<Batch>)))]
async fn batches(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<LimitQuery>,
) -> Answer<Vec<Batch>> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(20), 1..=200)?;
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let mut batches = Vec::new();
    for run in tx.runs().window(&filter, Order::Newest, 0, limit).await? {
        batches.extend(batch_of(&mut *tx, &run).await?);
    }
    Ok(Json(batches))
}

/// The pictures of a run, once its scenes are planned.
async fn batch_of(tx: &mut dyn Tx, run: &Run) -> Result<Option<Batch>> {
    let content = tx.contents().require(run.content_id).await?;
    let Some(plan) = content.scenes else { return Ok(None) };
    let filter = Filter { parent: Some(run.id.0), ..Filter::default() };
    let steps = tx.steps().every(&filter, Order::Oldest, 10_000).await?;
    let pictures: Vec<_> = steps.iter().filter(|step| step.key.starts_with("images/")).collect();
    let total = plan.prompts.len();
    let done = pictures.iter().filter(|step| step.state == StepState::Finished).count().min(total);
    let (status, error) = match &run.state {
        RunState::Failed { stage: Stage::Images, reason } => ("failed", Some(reason.clone())),
        _ if total > 0 && done == total => ("completed", None),
        RunState::Running { stage: Stage::Images } => ("running", None),
        RunState::Pending | RunState::Running { .. } | RunState::Waiting { .. } => ("queued", None),
        _ => ("failed", Some("the run was stopped".to_owned())),
    };
    let provider = pictures.iter().find_map(|step| step.served_by.as_ref().map(|by| by.name.clone()));
    Ok(Some(Batch {
        id: run.id.0,
        content_id: run.content_id.0,
        content_title: content.title,
        provider: provider.unwrap_or_default(),
        total_images: total,
        completed_images: done,
        status,
        started_at: pictures.iter().map(|step| step.started_at).min().unwrap_or(run.created_at),
        completed_at: (status == "completed")
            .then(|| pictures.iter().filter_map(|step| step.finished_at).max())
            .flatten(),
        error,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_link_opens_nothing() {
        let link = "https://orion.example:8000/api/v1/media/files/00/a.mp4?expires=1&signature=2";
        assert_eq!(path_of(link), "/api/v1/media/files/00/a.mp4");
        assert_eq!(path_of("https://orion.example"), "");
    }
}
