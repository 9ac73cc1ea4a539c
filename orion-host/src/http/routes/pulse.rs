//! Pulse's routes, below `/api/v1/pulse`: what happened and what it cost.

use super::super::bounds::{page, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use super::director::runs;
use super::runrow::RunRow;
use super::shown::content;
use axum::Json;
use axum::extract::State;
use orion_core::Timestamp;
use orion_core::domain::{Money, Role};
use orion_core::event::EventRecord;
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::pulse::{Pulse, content_of, service_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
        .routes(routes!(costs))
        .routes(routes!(daily))
        .routes(routes!(timeline))
        .routes(routes!(by_provider))
        .routes(routes!(summary))
        .routes(routes!(funnel))
        .routes(routes!(provider_use))
        .routes(routes!(errors))
        .routes(routes!(projections))
        .routes(routes!(history))
        .routes(routes!(run_rows))
        .routes(routes!(cleanup))
}

fn pulse(platform: &Platform) -> Pulse {
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// How far to look back.
    days: Option<u32>,
}

impl DaysQuery {
    fn within(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        within(&["query", "days"], self.days.unwrap_or(default), 1..=most)
    }
}

fn dollars(by_category: BTreeMap<String, Money>) -> BTreeMap<String, f64> {
    by_category.into_iter().map(|(category, amount)| (category, amount.dollars())).collect()
}

/// What was spent.
#[derive(Debug, Serialize, ToSchema)]
struct Costs {
    /// Dollars.
    total_cost: f64,
    by_category: BTreeMap<String, f64>,
    record_count: u64,
}

/// What the last days cost.
#[utoipa::path(get, path = "/costs", tag = "pulse", params(DaysQuery), responses((status = OK, body = Costs)))]
async fn costs(State(platform): State<Arc<Platform>>, _: Signed, Query(query): Query<DaysQuery>) -> Answer<Costs> {
    let spending = pulse(&platform).costs(query.within(30, 365)?).await?;
    Ok(Json(Costs {
        total_cost: spending.total.dollars(),
        by_category: dollars(spending.by_category),
        record_count: spending.records,
    }))
}

/// What one day cost.
#[derive(Debug, Serialize, ToSchema)]
struct DayCosts {
    /// `2026-11-24`
    date: String,
    /// Dollars.
    total_cost: f64,
    by_category: BTreeMap<String, f64>,
}

async fn days(platform: &Platform, query: &DaysQuery) -> Answer<Vec<DayCosts>> {
    let days = pulse(platform).daily_costs(query.within(30, 90)?).await?;
    let days = days.into_iter().map(|day| DayCosts {
        date: day.date,
        total_cost: day.spending.total.dollars(),
        by_category: dollars(day.spending.by_category),
    });
    Ok(Json(days.collect()))
}

/// What each day cost, oldest first.
#[utoipa::path(get, path = "/costs/daily", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = Vec<DayCosts>)))]
async fn daily(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<DayCosts>> {
    days(&platform, &query).await
}

/// The same as `costs/daily`.
#[utoipa::path(get, path = "/costs/timeline", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = Vec<DayCosts>)))]
async fn timeline(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<DayCosts>> {
    days(&platform, &query).await
}

/// What one provider was paid.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderCosts {
    provider: String,
    /// Dollars.
    total_cost: f64,
    by_category: BTreeMap<String, f64>,
}

/// What each provider was paid, most first.
#[utoipa::path(get, path = "/costs/by-provider", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = Vec<ProviderCosts>)))]
async fn by_provider(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<ProviderCosts>> {
    let paid = pulse(&platform).costs_by_provider(query.within(30, 365)?).await?;
    let paid = paid.into_iter().map(|paid| ProviderCosts {
        provider: paid.provider,
        total_cost: paid.spending.total.dollars(),
        by_category: dollars(paid.spending.by_category),
    });
    Ok(Json(paid.collect()))
}

/// What one provider was asked and paid.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderSum {
    requests: u64,
    cost_usd: f64,
}

/// What was spent, provider by provider.
#[derive(Debug, Serialize, ToSchema)]
struct CostSummary {
    total_cost_usd: f64,
    by_provider: BTreeMap<String, ProviderSum>,
}

/// What the last days cost in all, and by provider.
#[utoipa::path(get, path = "/costs/summary", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = CostSummary)))]
async fn summary(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<CostSummary> {
    let paid = pulse(&platform).costs_by_provider(query.within(30, 365)?).await?;
    let total: Money = paid.iter().map(|paid| paid.spending.total).sum();
    let sums = paid.into_iter().map(|paid| {
        (paid.provider, ProviderSum { requests: paid.spending.records, cost_usd: paid.spending.total.dollars() })
    });
    Ok(Json(CostSummary { total_cost_usd: total.dollars(), by_provider: sums.collect() }))
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

/// How one provider did.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderUseView {
    provider: String,
    request_count: u64,
    /// Dollars.
    total_cost: f64,
    error_count: u64,
}

/// How providers did: how often they were asked, at what price, with how many failures.
#[utoipa::path(get, path = "/pipeline/providers", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = Vec<ProviderUseView>)))]
async fn provider_use(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<ProviderUseView>> {
    let used = pulse(&platform).providers(query.within(30, 365)?).await?;
    let used = used.into_iter().map(|used| ProviderUseView {
        provider: used.provider,
        request_count: used.requests,
        total_cost: used.cost.dollars(),
        error_count: used.errors,
    });
    Ok(Json(used.collect()))
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

/// What a period will cost.
#[derive(Debug, Serialize, ToSchema)]
struct ProjectionView {
    /// `daily`, `weekly` or `monthly`.
    period: &'static str,
    /// Dollars of the span that was looked at.
    current_cost: f64,
    /// Dollars.
    projected_cost: f64,
    /// `increasing`, `decreasing` or `stable`.
    trend: &'static str,
}

/// What days, weeks and months will cost if they go on like the last days.
#[utoipa::path(get, path = "/pipeline/costs", tag = "pulse", params(DaysQuery),
    responses((status = OK, body = Vec<ProjectionView>)))]
async fn projections(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<ProjectionView>> {
    let projections = pulse(&platform).projections(query.within(7, 30)?).await?;
    let projections = projections.into_iter().map(|projection| ProjectionView {
        period: projection.period,
        current_cost: projection.current.dollars(),
        projected_cost: projection.projected,
        trend: projection.change.as_str(),
    });
    Ok(Json(projections.collect()))
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

#[derive(Debug, Default, Deserialize, ToSchema)]
struct CleanupRequest {
    /// What is older is deleted; else 90.
    days: Option<u32>,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
struct CleanupAnswer {
    /// Always zero: the event log is the record that sockets and workers go on from, and is kept.
    events_deleted: u64,
    costs_deleted: u64,
}

/// Deletes old rows of the cost ledger.
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
    Ok(Json(CleanupAnswer { events_deleted: 0, costs_deleted: pulse(&platform).forget_costs(days).await? }))
}
