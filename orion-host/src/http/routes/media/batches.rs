//! The pictures of runs, batch by batch.

use super::super::super::bounds::within;
use super::super::super::caller::Signed;
use super::super::super::extract::Query;
use super::super::super::{Answer, Platform, Routes};
use super::LimitQuery;
use axum::Json;
use axum::extract::State;
use orion_core::domain::{Run, RunState, Stage, StepState};
use orion_core::port::{Filter, Order, RepositoryExt, Tx};
use orion_core::{Result, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(batches))
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
        RunState::Failed { stage: Stage::Images, reason, .. } => ("failed", Some(reason.clone())),
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
