//! Content as the dashboard sees it, below `/api/v1/content`.

use super::super::bounds::{page, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use super::actions::{self, ApproveRequest, RegenerateRequest, RejectRequest};
use super::shown::{ActionResult, Shown, content, standing, status};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::Timestamp;
use orion_core::domain::{Content, Gate, LineRole, RunState, Script};
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, RepositoryExt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(script))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(regenerate))
}

/// One piece of content with links to what it shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Content)]
pub(super) struct ContentView {
    id: Uuid,
    title: String,
    status: &'static str,
    /// The hook.
    body: String,
    /// Hook, body and call to action, with empty lines between.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    /// Good for hours, not for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    /// Good for hours, not for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<String>,
    /// What the critic thinks of the script, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trend_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    niche: Option<String>,
    target_platform: &'static str,
    /// How often it was made anew.
    regeneration_count: u32,
    /// What people said of it.
    feedback_history: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
}

impl ContentView {
    fn of(content: Content, shown: Shown) -> Self {
        let part = |role| content.script.as_ref().map(|script: &Script| script.text_of(role));
        let parts = [part(LineRole::Hook), part(LineRole::Body), part(LineRole::CallToAction)];
        let script: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        Self {
            id: content.id.0,
            body: part(LineRole::Hook).unwrap_or_default(),
            script: (!script.is_empty()).then(|| script.join("\n\n")),
            thumbnail_url: shown.thumbnail_url,
            video_url: shown.video_url,
            confidence_score: content.critique.as_ref().map(|critique| critique.confidence()),
            trend_id: content.trend_id.map(|id| id.0),
            status: content.status.as_str(),
            target_platform: content.platform.as_str(),
            regeneration_count: content.regeneration_count,
            created_at: content.created_at,
            updated_at: content.updated_at,
            published_at: content.published_at,
            title: content.title,
            niche: content.niche,
            feedback_history: content.feedback,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// One status.
    status: Option<String>,
    /// `date` (else) or `score`.
    sort: Option<String>,
    /// From 1.
    page: Option<u64>,
    /// 1 to 200, else 12.
    limit: Option<u32>,
}

/// Content of one page.
#[derive(Debug, Serialize, ToSchema)]
struct ContentList {
    items: Vec<ContentView>,
    page: u64,
    limit: u32,
    total: u64,
}

/// The caller's content; everybody's for administrators.
#[utoipa::path(get, path = "/", tag = "content", params(ListQuery),
    responses((status = OK, body = ContentList), (status = BAD_REQUEST)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<ListQuery>,
) -> Answer<ContentList> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(12), 1..=200)?;
    let offset = page(query.page, limit)?;
    let order = match query.sort.as_deref() {
        None | Some("" | "date") => Order::Newest,
        Some("score") => Order::RankDown,
        Some(_) => return Err(ApiError::field(&["query", "sort"], "enum", "must be date or score")),
    };
    let states = status(query.status.as_deref())?;
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), states, ..Filter::default() };
    let production = platform.orion.production();
    let now = production.clock.now();
    let mut tx = production.store.read().await?;
    let total = tx.contents().count(&filter).await?;
    let mut items = Vec::with_capacity(limit as usize);
    for content in tx.contents().window(&filter, order, offset, limit).await? {
        let shown = Shown::of(&mut *tx, &platform.links, content.id, now).await?;
        items.push(ContentView::of(content, shown));
    }
    Ok(Json(ContentList { items, page: query.page.unwrap_or(1), limit, total }))
}

/// One piece of content.
#[utoipa::path(get, path = "/{id}", tag = "content", params(("id" = Uuid, Path)),
    responses((status = OK, body = ContentView), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn one(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ContentView> {
    let content = content(&platform, &caller, id).await?;
    let production = platform.orion.production();
    let mut tx = production.store.read().await?;
    let shown = Shown::of(&mut *tx, &platform.links, id, production.clock.now()).await?;
    Ok(Json(ContentView::of(content, shown)))
}

/// One line of a script in the time of the video.
#[derive(Debug, Serialize, ToSchema)]
struct Segment {
    id: String,
    content_id: Uuid,
    text: String,
    /// Seconds.
    start_time: f64,
    /// Seconds.
    end_time: f64,
    order: usize,
}

/// A script in the time of the video.
#[derive(Debug, Serialize, ToSchema)]
struct Segments {
    /// Whether the times are an estimate from the number of words, because no video is made yet.
    estimated: bool,
    segments: Vec<Segment>,
}

/// The script line by line, with the times of the video once there is one.
#[utoipa::path(get, path = "/{id}/script", tag = "content", params(("id" = Uuid, Path)),
    responses((status = OK, body = Segments), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn script(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<Segments> {
    let standing = standing(&platform, &caller, id).await?;
    let script = standing.content.script;
    let script = script.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no script yet"))?;
    let made =
        standing.run.filter(|run| matches!(run.state, RunState::Completed | RunState::Waiting { gate: Gate::Review }));
    let lengths: Option<Vec<f64>> = match made {
        Some(run) => {
            let orion = platform.orion.clone();
            let product = apart(move || async move { orion.product(run.id).await }).await?;
            Some(product.timeline.scenes.iter().map(|scene| scene.duration.seconds()).collect())
        }
        None => None,
    };
    // One scene a line; a script that was changed since has its own times only after the next render.
    let lengths = lengths.filter(|lengths| lengths.len() == script.lines.len());
    let estimated = lengths.is_none();
    let lengths = lengths.unwrap_or_else(|| script.lines.iter().map(|line| at_speaking_pace(&line.text)).collect());
    let mut start = 0.0;
    let segments = script.lines.into_iter().zip(lengths).enumerate().map(|(order, (line, length))| {
        let begun = start;
        start += length;
        Segment {
            id: format!("{id}/{order}"),
            content_id: id.0,
            text: line.text,
            start_time: begun,
            end_time: start,
            order,
        }
    });
    Ok(Json(Segments { segments: segments.collect(), estimated }))
}

/// Seconds for a text at 150 words a minute.
fn at_speaking_pace(text: &str) -> f64 {
    text.split_whitespace().count().max(1) as f64 / 2.5
}

/// Approves what content shows.
#[utoipa::path(post, path = "/{id}/approve", tag = "content", params(("id" = Uuid, Path)),
    request_body = Option<ApproveRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn approve(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<ApproveRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::approve(&platform, &caller, id, request).await?))
}

/// Refuses content, for good or for another version.
#[utoipa::path(post, path = "/{id}/reject", tag = "content", params(("id" = Uuid, Path)),
    request_body = Option<RejectRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn reject(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<RejectRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::reject(&platform, &caller, id, request).await?))
}

/// Has content made anew.
#[utoipa::path(post, path = "/{id}/regenerate", tag = "content", params(("id" = Uuid, Path)),
    request_body = Option<RegenerateRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn regenerate(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<RegenerateRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::regenerate(&platform, &caller, id, request).await?))
}
