//! Director's routes, below `/api/v1/director`: content from the request to the decision.

mod edit;
mod generate;
mod pipelines;

pub(super) use pipelines::runs;

use super::actions::{self, ApproveRequest, MOST_FEEDBACK, RegenerateRequest, RejectRequest};
use super::shown::{ActionResult, PromptsView, ScriptView, Shown, content, standing, status};
use crate::http::bounds::{optional, within};
use crate::http::caller::Signed;
use crate::http::extract::{Body, Path, Query};
use crate::http::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::Timestamp;
use orion_core::domain::{Gate, LineRole, Role, RunState, Verdict};
use orion_core::id::{ContentId, RunId};
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::production::Standing;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(resume))
        .routes(routes!(one))
        .routes(routes!(script))
        .routes(routes!(visual_prompts))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(regenerate))
        .merge(generate::routes())
        .merge(edit::routes())
        .merge(pipelines::routes())
}

/// Content with everything that was made for it so far; what is not there yet is null.
#[derive(Debug, Serialize, ToSchema)]
struct ContentDetail {
    content_id: Uuid,
    id: Uuid,
    trend_id: Option<Uuid>,
    title: String,
    status: &'static str,
    /// The run; a decision at a gate names it.
    thread_id: Option<Uuid>,
    pipeline_run_id: Option<Uuid>,
    /// Whether a gate waits for a person.
    interrupted: bool,
    /// The gate: `script`, `prompts` or `review`.
    stage: Option<&'static str>,
    /// What the gate shows; `subject` is the hash of exactly this.
    #[schema(value_type = Option<Object>)]
    review_payload: Option<serde_json::Value>,
    script: Option<ScriptView>,
    visual_prompts: Option<PromptsView>,
    /// What the critic thinks of the script, 0 to 1.
    confidence_score: Option<f64>,
    niche: Option<String>,
    target_platform: &'static str,
    regeneration_count: u32,
    feedback_history: Vec<String>,
    video_url: Option<String>,
    thumbnail_url: Option<String>,
    /// Why the run failed.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

async fn detail(platform: &Platform, standing: Standing) -> Result<ContentDetail, ApiError> {
    let Standing { content, run, question } = standing;
    let production = platform.orion.production();
    let mut tx = production.store.read().await?;
    let shown = Shown::of(&mut *tx, &platform.links, content.id, production.clock.now()).await?;
    let script = content.script.as_ref().map(ScriptView::from);
    let visual_prompts = content.scenes.as_ref().map(PromptsView::from);
    let payload = question.as_ref().map(|question| {
        let common = |instruction: &str| {
            serde_json::json!({
                "stage": question.gate, "instruction": instruction, "subject": question.subject,
                "expires_at": question.expires_at,
            })
        };
        let mut payload = match question.gate {
            Gate::Script => common("approve the script, edit it, or reject it with what to do better"),
            Gate::Prompts => common("approve the scenes, edit them, or reject them with what to do better"),
            Gate::Review => common("watch the video; approve it to publish it, or reject it"),
        };
        match question.gate {
            Gate::Script => {
                payload["script"] = serde_json::json!(script);
                let critique = content.critique.as_ref();
                payload["critique"] = serde_json::json!({
                    "score": critique.map(|critique| critique.confidence()),
                    "feedback": critique.map(|critique| &critique.feedback),
                });
            }
            Gate::Prompts => {
                payload["visual_prompts"] = serde_json::json!(visual_prompts);
                let part = |role| content.script.as_ref().map(|script| script.text_of(role));
                let (hook, cta) = (part(LineRole::Hook), part(LineRole::CallToAction));
                payload["script_summary"] = serde_json::json!({ "hook": hook, "cta": cta });
            }
            Gate::Review => {
                payload["video_url"] = serde_json::json!(shown.video_url);
                payload["thumbnail_url"] = serde_json::json!(shown.thumbnail_url);
            }
        }
        payload
    });
    let run_id = run.as_ref().map(|run| run.id.0);
    Ok(ContentDetail {
        content_id: content.id.0,
        id: content.id.0,
        trend_id: content.trend_id.map(|id| id.0),
        status: content.status.as_str(),
        thread_id: run_id,
        pipeline_run_id: run_id,
        interrupted: question.is_some(),
        stage: question.as_ref().map(|question| question.gate.as_str()),
        review_payload: payload,
        confidence_score: content.critique.as_ref().map(|critique| critique.confidence()),
        target_platform: content.platform.as_str(),
        regeneration_count: content.regeneration_count,
        video_url: shown.video_url,
        thumbnail_url: shown.thumbnail_url,
        error: run.and_then(|run| match run.state {
            RunState::Failed { reason, .. } => Some(reason),
            _ => None,
        }),
        created_at: content.created_at,
        updated_at: content.updated_at,
        title: content.title,
        niche: content.niche,
        feedback_history: content.feedback,
        script,
        visual_prompts,
    })
}

#[derive(Debug, Deserialize, ToSchema)]
struct ResumeRequest {
    thread_id: String,
    /// Else true at the gates of script and scenes, and false at the review.
    approved: Option<bool>,
    feedback: Option<String>,
}

/// Decides at the gate where a run waits; feedback with a refusal asks for another version.
#[utoipa::path(post, path = "/content/resume", tag = "director", request_body = ResumeRequest,
    responses((status = OK, body = ContentDetail), (status = NOT_FOUND), (status = CONFLICT)))]
async fn resume(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<ResumeRequest>,
) -> Answer<ContentDetail> {
    caller.require(Role::Editor)?;
    let unknown = || ApiError::new(StatusCode::NOT_FOUND, "there is no such thread");
    let run: RunId = request.thread_id.parse().map_err(|_| unknown())?;
    let content = platform.orion.production().content_of(run).await.map_err(|_| unknown())?;
    let standing = standing(&platform, &caller, content).await?;
    let question = standing
        .question
        .filter(|question| question.run_id == run)
        .ok_or_else(|| ApiError::new(StatusCode::CONFLICT, "this thread does not wait for a decision"))?;
    let feedback = optional(&["body", "feedback"], request.feedback, MOST_FEEDBACK)?;
    let approved = request.approved.unwrap_or(question.gate != Gate::Review);
    let (orion, by) = (platform.orion.clone(), caller.user_id);
    let decided = apart(move || async move {
        let production = orion.production();
        if approved {
            production.decide(run, question.gate, question.subject, Verdict::Approve, feedback, by).await?;
        } else {
            let again = feedback.is_some();
            let rejection = orion_core::service::production::Rejection { feedback, again };
            production.reject(content, rejection, by).await?;
        }
        production.standing(content).await
    });
    Ok(Json(detail(&platform, decided.await?).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// One status.
    status: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<u32>,
    /// Rows to leave out first.
    offset: Option<u64>,
}

/// One row of a list of content.
#[derive(Debug, Serialize, ToSchema)]
struct ContentItem {
    id: Uuid,
    trend_id: Option<Uuid>,
    title: String,
    hook: Option<String>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The caller's content, newest first; everybody's for administrators.
#[utoipa::path(get, path = "/content", tag = "director", params(ListQuery),
    responses((status = OK, body = Vec<ContentItem>), (status = BAD_REQUEST)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<ListQuery>,
) -> Answer<Vec<ContentItem>> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let offset = within(&["query", "offset"], query.offset.unwrap_or(0), 0..=1_000_000)?;
    let states = status(query.status.as_deref())?;
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), states, ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let found = tx.contents().window(&filter, Order::Newest, offset, limit).await?;
    let items = found.into_iter().map(|content| ContentItem {
        id: content.id.0,
        trend_id: content.trend_id.map(|id| id.0),
        hook: content.script.as_ref().map(|script| script.text_of(LineRole::Hook)),
        status: content.status.as_str(),
        created_at: content.created_at,
        updated_at: content.updated_at,
        title: content.title,
    });
    Ok(Json(items.collect()))
}

/// One piece of content.
#[utoipa::path(get, path = "/content/{id}", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = ContentDetail), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn one(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ContentDetail> {
    let standing = standing(&platform, &caller, id).await?;
    Ok(Json(detail(&platform, standing).await?))
}

/// The script, line by line.
#[utoipa::path(get, path = "/content/{id}/script", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = ScriptView), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn script(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ScriptView> {
    let content = content(&platform, &caller, id).await?;
    let script = content.script.as_ref().map(ScriptView::from);
    script.map(Json).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no script yet"))
}

/// What the scenes show.
#[utoipa::path(get, path = "/content/{id}/visual-prompts", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = PromptsView), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn visual_prompts(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<PromptsView> {
    let content = content(&platform, &caller, id).await?;
    let prompts = content.scenes.as_ref().map(PromptsView::from);
    prompts.map(Json).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there are no scenes yet"))
}

/// Approves what content shows: at a gate the run goes on, and a finished video may be published.
#[utoipa::path(post, path = "/content/{id}/approve", tag = "director", params(("id" = Uuid, Path)),
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
#[utoipa::path(post, path = "/content/{id}/reject", tag = "director", params(("id" = Uuid, Path)),
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

/// Has content made anew, heeding the feedback; three times at most.
#[utoipa::path(post, path = "/content/{id}/regenerate", tag = "director", params(("id" = Uuid, Path)),
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
