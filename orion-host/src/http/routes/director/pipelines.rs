//! Runs: beginning, listing, looking into, stopping and taking up again.

use super::super::runrow::{RunRow, states_of};
use super::generate::{GenerateRequest, begin};
use crate::http::bounds::within;
use crate::http::caller::Signed;
use crate::http::extract::{Body, Path, Query};
use crate::http::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::Timestamp;
use orion_core::domain::{Role, Run, Step};
use orion_core::id::RunId;
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::identity::Caller;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// More steps than a run has.
const MOST_STEPS: usize = 10_000;
/// How long a client waits until providers have been told to give work up; the worker tells them, too.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(pipelines, run_pipeline))
        .routes(routes!(inspect))
        .routes(routes!(cancel))
        .routes(routes!(retry))
}

#[derive(Debug, Deserialize, ToSchema)]
struct PipelineRequest {
    trend_id: Uuid,
    /// Where to wait for a person beside the review of the video: `script`, `prompts`.
    #[serde(default)]
    gates: Vec<String>,
}

/// The run that was begun.
#[derive(Debug, Serialize, ToSchema)]
struct PipelineStarted {
    content_id: Uuid,
    trend_id: Uuid,
    thread_id: Uuid,
    pipeline_run_id: Uuid,
    status: &'static str,
}

/// Has content made of a trend, with everything else as the configuration has it.
#[utoipa::path(post, path = "/pipelines", tag = "director", request_body = PipelineRequest,
    responses((status = CREATED, body = PipelineStarted), (status = NOT_FOUND), (status = CONFLICT)))]
async fn run_pipeline(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(PipelineRequest { trend_id, gates }): Body<PipelineRequest>,
) -> Result<(StatusCode, Json<PipelineStarted>), ApiError> {
    caller.require(Role::Editor)?;
    let request = GenerateRequest::of_trend(trend_id, gates);
    let run = begin(&platform, &caller, request.request(&platform)?).await?;
    let started = PipelineStarted {
        content_id: run.content_id.0,
        trend_id,
        thread_id: run.id.0,
        pipeline_run_id: run.id.0,
        status: "generating",
    };
    Ok((StatusCode::CREATED, Json(started)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunsQuery {
    /// 1 to 200, else 50.
    limit: Option<u32>,
    /// `pending`, `running`, `completed` or `failed`.
    status: Option<String>,
}

/// The caller's runs, newest first; everybody's for administrators.
#[utoipa::path(get, path = "/pipelines", tag = "director", params(RunsQuery),
    responses((status = OK, body = Vec<RunRow>)))]
async fn pipelines(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunRow>> {
    runs(&platform, &caller, query.limit, query.status.as_deref()).await
}

/// Rows of runs, for whoever lists them.
pub(in crate::http::routes) async fn runs(
    platform: &Platform,
    caller: &Caller,
    limit: Option<u32>,
    status: Option<&str>,
) -> Answer<Vec<RunRow>> {
    let limit = within(&["query", "limit"], limit.unwrap_or(50), 1..=200)?;
    let states = match status.filter(|status| !status.is_empty()) {
        None => Vec::new(),
        Some(status) => states_of(status).ok_or_else(|| {
            ApiError::new(StatusCode::BAD_REQUEST, "status must be pending, running, completed or failed")
        })?,
    };
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), states, ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let runs = tx.runs().window(&filter, Order::Newest, 0, limit).await?;
    Ok(Json(runs.iter().map(RunRow::of).collect()))
}

/// A run that the caller may see: 404 if it is not there, 403 if it is somebody else's.
async fn run_of(platform: &Platform, caller: &Caller, id: RunId) -> Result<Run, ApiError> {
    let run = platform.orion.production().store.read().await?.runs().get(id).await?;
    let run = run.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no such run"))?;
    caller.owns(run.owner)?;
    Ok(run)
}

/// One step of a run's journal.
#[derive(Debug, Serialize, ToSchema)]
struct StepView {
    /// `script`, `images/3`, `speech/0`, `render`.
    key: String,
    /// `prepared`, `submitted`, `finished` or `failed`.
    state: &'static str,
    /// Who did it, or has it in hand.
    provider: Option<String>,
    /// Who was asked before and failed.
    after: Vec<String>,
    /// How often it was sent.
    attempts: u32,
    /// The provider's own name for it.
    handle: Option<String>,
    error: Option<String>,
    /// Dollars.
    cost: f64,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            state: step.state.as_str(),
            provider: step.served_by.map(|by| by.to_string()).or(step.provider),
            after: step.after.iter().map(|attempt| format!("{}: {}", attempt.provider, attempt.error)).collect(),
            attempts: step.attempts,
            handle: step.handle,
            error: step.error,
            cost: step.cost.dollars(),
            started_at: step.started_at,
            finished_at: step.finished_at,
            key: step.key,
        }
    }
}

/// One run with its journal.
#[derive(Debug, Serialize, ToSchema)]
struct RunDetail {
    #[serde(flatten)]
    run: RunRow,
    /// What people asked to be done better.
    feedback: Vec<String>,
    /// Oldest first.
    steps: Vec<StepView>,
}

/// A run with everything that was done for it, and what went wrong.
#[utoipa::path(get, path = "/pipelines/{id}", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = RunDetail), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn inspect(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<RunId>,
) -> Answer<RunDetail> {
    let run = run_of(&platform, &caller, id).await?;
    let filter = Filter { parent: Some(run.id.0), ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let steps = tx.steps().every(&filter, Order::Oldest, MOST_STEPS).await?;
    Ok(Json(RunDetail {
        run: RunRow::of(&run),
        feedback: run.feedback,
        steps: steps.into_iter().map(StepView::from).collect(),
    }))
}

/// Stops a run, wherever it is worked on; providers are told to give up what they were sent.
#[utoipa::path(post, path = "/pipelines/{id}/cancel", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = RunRow), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn cancel(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<RunId>,
) -> Answer<RunRow> {
    caller.require(Role::Editor)?;
    run_of(&platform, &caller, id).await?;
    let orion = platform.orion.clone();
    let stopping = apart(move || async move { orion.production().cancel(id).await });
    match tokio::time::timeout(PATIENCE, stopping).await {
        Ok(run) => Ok(Json(RunRow::of(&run?))),
        // It is stopped in the record; a provider that is slow to hear of it changes nothing about that.
        Err(_) => Ok(Json(RunRow::of(&run_of(&platform, &caller, id).await?))),
    }
}

/// Takes up a run again that failed or was stopped, with the stage it was in.
#[utoipa::path(post, path = "/pipelines/{id}/retry", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = RunRow), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn retry(State(platform): State<Arc<Platform>>, Signed(caller): Signed, Path(id): Path<RunId>) -> Answer<RunRow> {
    caller.require(Role::Editor)?;
    run_of(&platform, &caller, id).await?;
    platform.orion.check_tools()?;
    let orion = platform.orion.clone();
    let run = apart(move || async move { orion.production().retry(id).await }).await?;
    Ok(Json(RunRow::of(&run)))
}
