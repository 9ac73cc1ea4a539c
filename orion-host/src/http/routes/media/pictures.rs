//! Pictures made on demand: one, or a batch for content.

use super::super::super::bounds::{length, text, within};
use super::super::super::caller::Signed;
use super::super::super::extract::Body;
use super::super::super::{Answer, ApiError, Platform, Routes};
use super::super::shown::content;
use super::path_of;
use crate::picture::{Drawn, of_prompt};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use orion_core::domain::{Asset, AssetKind, Content, Cost, Money, Role};
use orion_core::id::{AssetId, ContentId, CostId};
use orion_core::port::{Filter, ImageRequest};
use orion_core::service::identity::Caller;
use orion_core::{Operation, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

/// Pictures of a batch that are made at the same time (contract, section 2.3).
const AT_ONCE: usize = 3;
/// An answer is given within the time that clients wait.
const PATIENCE: Duration = Duration::from_secs(50);

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(generate)).routes(routes!(batch))
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
        let size = (self.width.unwrap_or(1024), self.height.unwrap_or(1024));
        of_prompt(&self.prompt, &self.negative_prompt, size, self.seed.unwrap_or_default())
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

/// Has a picture made.
fn draw(platform: &Platform, request: ImageRequest) -> impl Future<Output = Result<Drawn>> + use<> {
    let orion = platform.orion.clone();
    async move { orion.draw(request, &Operation::detached()).await }
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
