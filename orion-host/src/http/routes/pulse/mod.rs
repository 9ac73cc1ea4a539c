//! Pulse's routes, below `/api/v1/pulse`: what happened and what it cost.

mod admin;
mod costs;

use super::director::runs;
use super::runrow::RunRow;
use super::shown::content;
use crate::http::bounds::{page, within};
use crate::http::caller::Signed;
use crate::http::extract::{Path, Query};
use crate::http::{Answer, Platform, Routes};
use axum::Json;
use axum::extract::State;
use orion_core::Timestamp;
use orion_core::domain::Money;
use orion_core::event::EventRecord;
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::pulse::{Pulse, content_of, service_of};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Events are kept and shown for as long as the contract keeps them.
const SHOWN_FOR: u32 = 90 * 24;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(events))
        .routes(routes!(metrics))
        .routes(routes!(trends))
        .routes(routes!(content_analytics))
        .routes(routes!(funnel))
        .routes(routes!(errors))
        .routes(routes!(history))
        .routes(routes!(run_rows))
        .merge(costs::routes())
        .merge(admin::routes())
}

pub(in crate::http) fn pulse(platform: &Platform) -> Pulse {
    let production = platform.orion.production();
    Pulse { store: production.store.clone(), clock: production.clock.clone() }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// From 1.
    page: Option<u64>,
    /// 1 to 200, else 50.
    limit: Option<u32>,
    /// One channel: `orion.trend.detected`.
    channel: Option<String>,
    /// One service: `scout`.
    service: Option<String>,
    /// Only those of the last hours.
    hours: Option<u32>,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
struct EventView {
    id: Uuid,
    channel: &'static str,
    #[schema(value_type = Object)]
    payload: serde_json::Value,
    service: &'static str,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

impl EventView {
    fn of(record: &EventRecord) -> orion_core::Result<Self> {
        let channel = record.event.channel();
        Ok(Self {
            id: record.id.0,
            channel,
            payload: record.to_wire()?,
            service: service_of(channel),
            timestamp: record.at,
        })
    }
}

/// Events of one page.
#[derive(Debug, Serialize, ToSchema)]
struct EventList {
    items: Vec<EventView>,
    total: usize,
    page: u64,
    limit: u32,
}

/// What happened, newest first: to the caller's content; everything for administrators.
#[utoipa::path(get, path = "/analytics/events", tag = "pulse", params(EventsQuery),
    responses((status = OK, body = EventList)))]
async fn events(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<EventsQuery>,
) -> Answer<EventList> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let offset = page(query.page, limit)?;
    let hours = within(&["query", "hours"], query.hours.unwrap_or(SHOWN_FOR), 1..=SHOWN_FOR)?;
    let mut found = pulse(&platform).recent(hours, caller.sees()).await?;
    let wanted = |filter: &Option<String>, name: &str| {
        filter.as_deref().is_none_or(|filter| filter.is_empty() || filter == name)
    };
    found.retain(|record| {
        let channel = record.event.channel();
        let theirs = caller.sees().is_none() || content_of(&record.event).is_some();
        theirs && wanted(&query.channel, channel) && wanted(&query.service, service_of(channel))
    });
    let shown = found.iter().rev().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit as usize);
    let items = shown.map(EventView::of).collect::<orion_core::Result<Vec<_>>>()?;
    Ok(Json(EventList { items, total: found.len(), page: query.page.unwrap_or(1), limit }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HoursQuery {
    /// How far to look back.
    hours: Option<u32>,
}

/// How well one stage does.
#[derive(Debug, Serialize, ToSchema)]
struct StageView {
    stage: &'static str,
    total_runs: u64,
    completed: u64,
    failed: u64,
    avg_latency_seconds: f64,
}

/// How well runs do.
#[derive(Debug, Serialize, ToSchema)]
struct MetricsView {
    /// Videos rendered an hour.
    throughput_per_hour: f64,
    /// Share of stages that failed, 0 to 1.
    error_rate: f64,
    stages: Vec<StageView>,
}

/// How well the caller's runs do; everybody's for administrators.
#[utoipa::path(get, path = "/analytics/metrics", tag = "pulse", params(HoursQuery),
    responses((status = OK, body = MetricsView)))]
async fn metrics(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<HoursQuery>,
) -> Answer<MetricsView> {
    let hours = within(&["query", "hours"], query.hours.unwrap_or(24), 1..=168)?;
    let metrics = pulse(&platform).metrics(hours, caller.sees()).await?;
    let stages = metrics.stages.into_iter().map(|stage| StageView {
        stage: stage.stage.as_str(),
        total_runs: stage.total_runs,
        completed: stage.completed,
        failed: stage.failed,
        avg_latency_seconds: stage.avg_latency_seconds,
    });
    let stages = stages.collect();
    Ok(Json(MetricsView { throughput_per_hour: metrics.throughput_per_hour, error_rate: metrics.error_rate, stages }))
}

#[derive(Debug, Serialize, ToSchema)]
struct SourceCount {
    source: String,
    count: u64,
}

/// What became of trends.
#[derive(Debug, Serialize, ToSchema)]
struct TrendAnalytics {
    total_found: u64,
    total_used: u64,
    total_discarded: u64,
    /// Share of trends that were made into content, 0 to 1.
    conversion_rate: f64,
    by_source: Vec<SourceCount>,
}

/// What became of the trends of the last hours.
#[utoipa::path(get, path = "/analytics/trends", tag = "pulse", params(HoursQuery),
    responses((status = OK, body = TrendAnalytics)))]
async fn trends(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<HoursQuery>,
) -> Answer<TrendAnalytics> {
    let hours = within(&["query", "hours"], query.hours.unwrap_or(168), 1..=720)?;
    let counts = pulse(&platform).trends(hours).await?;
    Ok(Json(TrendAnalytics {
        total_found: counts.found,
        total_used: counts.used,
        total_discarded: counts.discarded,
        conversion_rate: if counts.found == 0 { 0.0 } else { counts.used as f64 / counts.found as f64 },
        by_source: counts.by_source.into_iter().map(|(source, count)| SourceCount { source, count }).collect(),
    }))
}

/// What is known of one piece of content.
#[derive(Debug, Serialize, ToSchema)]
struct ContentAnalytics {
    content_id: Uuid,
    /// Nobody counts views yet.
    views: u64,
    /// Nobody counts reactions yet.
    engagement: u64,
    events: Vec<EventView>,
    /// Dollars.
    cost: f64,
}

/// What happened to one piece of content, and what it cost.
#[utoipa::path(get, path = "/analytics/content/{id}", tag = "pulse", params(("id" = Uuid, Path)),
    responses((status = OK, body = ContentAnalytics), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn content_analytics(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ContentAnalytics> {
    let content = content(&platform, &caller, id).await?;
    let begun = content.created_at.before(Duration::from_secs(1));
    let events = pulse(&platform).events_of(id, begun, content.owner).await?;
    let filter = Filter { parent: Some(id.0), ..Filter::default() };
    let costs = platform.orion.production().store.read().await?.costs().every(&filter, Order::Newest, 10_000).await?;
    let cost: Money = costs.iter().map(|cost| cost.amount).sum();
    Ok(Json(ContentAnalytics {
        content_id: id.0,
        views: 0,
        engagement: 0,
        events: events.iter().map(EventView::of).collect::<orion_core::Result<_>>()?,
        cost: cost.dollars(),
    }))
}

/// How far content came.
#[derive(Debug, Serialize, ToSchema)]
struct FunnelView {
    generated: u64,
    review: u64,
    approved: u64,
    published: u64,
    rejected: u64,
}

/// How far the caller's content came; everybody's for administrators.
#[utoipa::path(get, path = "/pipeline/funnel", tag = "pulse", responses((status = OK, body = FunnelView)))]
async fn funnel(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<FunnelView> {
    let funnel = pulse(&platform).funnel(caller.sees()).await?;
    Ok(Json(FunnelView {
        generated: funnel.generated,
        review: funnel.review,
        approved: funnel.approved,
        published: funnel.published,
        rejected: funnel.rejected,
    }))
}

/// What failed within one hour.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorPoint {
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    error_count: u64,
    total_count: u64,
    error_rate: f64,
}

/// What failed of the caller's, hour by hour; of everybody's for administrators.
#[utoipa::path(get, path = "/pipeline/errors", tag = "pulse", params(HoursQuery),
    responses((status = OK, body = Vec<ErrorPoint>)))]
async fn errors(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<HoursQuery>,
) -> Answer<Vec<ErrorPoint>> {
    let hours = within(&["query", "hours"], query.hours.unwrap_or(24), 1..=168)?;
    let found = pulse(&platform).errors(hours, caller.sees()).await?;
    let points = found.into_iter().map(|hour| ErrorPoint {
        timestamp: hour.at,
        error_count: hour.errors,
        total_count: hour.total,
        error_rate: hour.rate(),
    });
    Ok(Json(points.collect()))
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
#[utoipa::path(get, path = "/pipeline/history", tag = "pulse", params(RunsQuery),
    responses((status = OK, body = Vec<RunRow>)))]
async fn history(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunRow>> {
    runs(&platform, &caller, query.limit, query.status.as_deref()).await
}

/// The same as `pipeline/history`.
#[utoipa::path(get, path = "/pipeline/runs", tag = "pulse", params(RunsQuery),
    responses((status = OK, body = Vec<RunRow>)))]
async fn run_rows(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunRow>> {
    runs(&platform, &caller, query.limit, query.status.as_deref()).await
}
