//! What administrators do to the record: samples, clean-up, and events that no worker could handle.

use super::{EventView, pulse};
use crate::http::bounds::{text, within};
use crate::http::caller::Signed;
use crate::http::extract::{Body, Query};
use crate::http::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::Role;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(cleanup)).routes(routes!(seed)).routes(routes!(buried)).routes(routes!(exhume))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
struct CleanupRequest {
    /// What is older is deleted; else 90.
    days: Option<u32>,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
struct CleanupAnswer {
    /// Those that every consumer group is done with; others stay, however old.
    events_deleted: u64,
    costs_deleted: u64,
}

/// Deletes old events and old rows of the cost ledger.
#[utoipa::path(post, path = "/admin/cleanup", tag = "pulse", request_body = Option<CleanupRequest>,
    responses((status = OK, body = CleanupAnswer), (status = FORBIDDEN)))]
async fn cleanup(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    request: Option<Body<CleanupRequest>>,
) -> Answer<CleanupAnswer> {
    caller.require(Role::Admin)?;
    let days = request.and_then(|Body(request)| request.days).unwrap_or(90);
    let days = within(&["body", "days"], days, 0..=36_500)?;
    let pulse = pulse(&platform);
    let events_deleted = pulse.forget_events(days).await?;
    Ok(Json(CleanupAnswer { events_deleted, costs_deleted: pulse.forget_costs(days).await? }))
}

/// What was added; what was there already is not counted.
#[derive(Debug, Serialize, ToSchema)]
struct SeedAnswer {
    trends: u64,
    costs: u64,
    /// Videos that workers now make of sample scripts.
    runs: u64,
    message: &'static str,
}

/// Adds samples to an installation for development: trends, costs, and videos that are really made. All of it says that
/// it is a sample; a second call adds nothing.
#[utoipa::path(post, path = "/admin/seed", tag = "pulse",
    responses((status = OK, body = SeedAnswer), (status = FORBIDDEN), (status = SERVICE_UNAVAILABLE)))]
async fn seed(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<SeedAnswer> {
    caller.require(Role::Admin)?;
    if !platform.settings.development {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "samples are for development only"));
    }
    platform.orion.check_tools()?;
    let (orion, owner) = (platform.orion.clone(), caller.user_id);
    let seeded = apart(move || async move {
        let voice = orion.only_voice().await?;
        orion.production().seed(owner, |subject| orion.reviewed(subject, voice.clone())).await
    });
    let seeded = seeded.await?;
    let message = match seeded == Default::default() {
        true => "the samples were there already",
        false => "samples were added",
    };
    Ok(Json(SeedAnswer { trends: seeded.trends, costs: seeded.costs, runs: seeded.runs, message }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BuriedQuery {
    /// One consumer group; else all.
    group: Option<String>,
    /// 1 to 200, else 50; of each group.
    limit: Option<u32>,
    /// Only behind this sequence.
    after: Option<u64>,
}

/// An event that a consumer group put aside because it could not handle it.
#[derive(Debug, Serialize, ToSchema)]
struct BuriedView {
    group: String,
    sequence: u64,
    reason: String,
    event: EventView,
}

#[derive(Debug, Serialize, ToSchema)]
struct BuriedList {
    items: Vec<BuriedView>,
    /// Every consumer group.
    groups: Vec<String>,
}

/// Events that consumer groups put aside, with the reason.
#[utoipa::path(get, path = "/admin/buried", tag = "pulse", params(BuriedQuery),
    responses((status = OK, body = BuriedList), (status = FORBIDDEN)))]
async fn buried(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<BuriedQuery>,
) -> Answer<BuriedList> {
    caller.require(Role::Admin)?;
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let mut tx = platform.orion.production().store.read().await?;
    let groups = tx.groups().await?;
    let mut items = Vec::new();
    for group in groups.iter().filter(|group| query.group.as_ref().is_none_or(|wanted| wanted == *group)) {
        for (record, reason) in tx.buried(group, query.after.unwrap_or_default(), limit).await? {
            let event = EventView::of(&record)?;
            items.push(BuriedView { group: group.clone(), sequence: record.sequence, reason, event });
        }
    }
    Ok(Json(BuriedList { items, groups }))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ExhumeRequest {
    group: String,
    sequence: u64,
}

/// What is tried again.
#[derive(Debug, Serialize, ToSchema)]
struct ExhumeAnswer {
    group: String,
    sequence: u64,
    message: &'static str,
}

/// Has a consumer group try again what it put aside.
#[utoipa::path(post, path = "/admin/exhume", tag = "pulse", request_body = ExhumeRequest,
    responses((status = OK, body = ExhumeAnswer), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn exhume(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(ExhumeRequest { group, sequence }): Body<ExhumeRequest>,
) -> Answer<ExhumeAnswer> {
    caller.require(Role::Admin)?;
    text(&["body", "group"], &group, 128)?;
    let production = platform.orion.production();
    let mut tx = production.store.begin().await?;
    tx.exhume(&group, sequence, production.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(ExhumeAnswer { group, sequence, message: "it is tried again" }))
}
