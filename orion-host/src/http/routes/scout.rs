//! Scout's routes, below `/api/v1/scout`: what trends.

use super::super::bounds::{page, text, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{ContentStatus, Niche, Role, Trend, TrendStatus};
use orion_core::id::TrendId;
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::scout::{ScanRequest, Schedule, ScheduleChange, SourceStanding, built_in, niche_names};
use orion_core::{Cancellation, ErrorKind, Operation, ProgressUpdate, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// A list that is filtered by more than the record can filter by looks at so many trends at most.
const MOST: usize = 10_000;
/// A scan answers within the time that clients wait.
const SCAN: Duration = Duration::from_secs(50);

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(config, choose))
        .routes(routes!(scan_now))
        .routes(routes!(one))
        .routes(routes!(set_status))
        .routes(routes!(sources))
        .routes(routes!(schedules, set_schedule))
}

/// A topic that many talk about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trend)]
pub(super) struct TrendView {
    id: Uuid,
    topic: String,
    /// Where it was seen, separated by commas.
    source: String,
    /// 0 to 100.
    score: f64,
    /// The score, 0 to 1.
    virality_score: f64,
    keywords: Vec<String>,
    niche: Option<String>,
    /// The items it was seen in, best first.
    #[schema(value_type = Option<Object>)]
    raw_data: Option<serde_json::Value>,
    #[schema(value_type = String, format = DateTime)]
    detected_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expired_at: Option<Timestamp>,
    /// `NEW`, `PROCESSING`, `USED`, `DISCARDED` or `EXPIRED`.
    status: &'static str,
    /// `active`, `used`, `discarded` or `expired`.
    state: &'static str,
}

impl TrendView {
    fn of(trend: Trend, at_work: bool) -> Self {
        let items: Vec<serde_json::Value> = trend
            .items
            .iter()
            .map(|item| {
                serde_json::json!({
                    "title": item.title, "url": item.url, "feed": item.feed_title, "rank": item.rank,
                    "published": item.published_at, "summary": item.summary.chars().take(500).collect::<String>(),
                })
            })
            .collect();
        Self {
            id: trend.id.0,
            source: trend.sources.join(","),
            score: trend.score,
            virality_score: trend.score / 100.0,
            raw_data: (!items.is_empty()).then(|| {
                let (keywords, sources) = (&trend.keywords, &trend.sources);
                let merged = (sources.len() > 1).then_some(sources);
                serde_json::json!({
                    "items": items, "keywords": keywords, "signals": trend.signals, "merged_sources": merged,
                })
            }),
            detected_at: trend.detected_at,
            created_at: trend.detected_at,
            expired_at: trend.expired_at,
            status: match trend.status {
                TrendStatus::Active if at_work => "PROCESSING",
                TrendStatus::Active => "NEW",
                TrendStatus::Used => "USED",
                TrendStatus::Discarded => "DISCARDED",
                TrendStatus::Expired => "EXPIRED",
            },
            state: trend.status.as_str(),
            niche: trend.niche,
            topic: trend.topic,
            keywords: trend.keywords,
        }
    }
}

/// The status that a client means, by either spelling.
fn status_named(name: &str) -> Option<TrendStatus> {
    match name.trim().to_ascii_lowercase().as_str() {
        "new" | "processing" | "active" => Some(TrendStatus::Active),
        other => other.parse().ok(),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// From 1.
    page: Option<u64>,
    /// 1 to 100, else 20.
    page_size: Option<u32>,
    /// In place of `page_size`.
    limit: Option<u32>,
    /// In place of `page`.
    offset: Option<u64>,
    /// Sources, separated by commas.
    source: Option<String>,
    /// Statuses in either spelling, separated by commas; unknown ones are left alone.
    status: Option<String>,
    /// `1d`, `7d` or `30d`; another one is left alone.
    period: Option<String>,
}

/// Trends of one page.
#[derive(Debug, Serialize, ToSchema)]
struct TrendList {
    items: Vec<TrendView>,
    total: u64,
    page: u64,
    page_size: u32,
    /// Every source that gave a trend lately.
    sources: Vec<String>,
}

/// Trends, those with the highest score first.
#[utoipa::path(get, path = "/trends", tag = "scout", params(ListQuery), responses((status = OK, body = TrendList)))]
async fn list(State(platform): State<Arc<Platform>>, _: Signed, Query(query): Query<ListQuery>) -> Answer<TrendList> {
    let size = within(&["query", "page_size"], query.limit.or(query.page_size).unwrap_or(20), 1..=100)?;
    let offset = match query.offset {
        Some(offset) => within(&["query", "offset"], offset, 0..=1_000_000)?,
        None => page(query.page, size)?,
    };
    let names = |list: &Option<String>| -> Vec<String> {
        let names = list.iter().flat_map(|list| list.split(','));
        names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let days = match query.period.as_deref() {
        Some("1d") => Some(1),
        Some("7d") => Some(7),
        Some("30d") => Some(30),
        _ => None,
    };
    let now = platform.orion.production().clock.now();
    let ago = |days: u64| now.before(Duration::from_secs(days * 24 * 3600));
    let states: BTreeSet<String> =
        names(&query.status).iter().filter_map(|name| status_named(name)).map(|status| status.to_string()).collect();
    let filter = Filter { states: states.into_iter().collect(), since: days.map(ago), ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let wanted = names(&query.source);
    let (trends, total) = if wanted.is_empty() {
        let total = tx.trends().count(&filter).await?;
        (tx.trends().window(&filter, Order::RankDown, offset, size).await?, total)
    } else {
        let mut all = tx.trends().every(&filter, Order::RankDown, MOST).await?;
        all.retain(|trend| {
            trend.sources.iter().any(|source| wanted.iter().any(|name| name.eq_ignore_ascii_case(source)))
        });
        let total = all.len() as u64;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        (all.into_iter().skip(start).take(size as usize).collect(), total)
    };
    let lately = Filter { since: Some(ago(30)), ..Filter::default() };
    let recent = tx.trends().every(&lately, Order::Newest, 1000).await?;
    let sources: BTreeSet<String> = recent.into_iter().flat_map(|trend| trend.sources).collect();
    let mut items = Vec::with_capacity(trends.len());
    for trend in trends {
        let working = Filter {
            parent: Some(trend.id.0),
            states: vec![ContentStatus::Generating.to_string()],
            ..Filter::default()
        };
        let at_work = trend.status == TrendStatus::Active && tx.contents().count(&working).await? > 0;
        items.push(TrendView::of(trend, at_work));
    }
    let page = offset / u64::from(size) + 1;
    Ok(Json(TrendList { items, total, page, page_size: size, sources: sources.into_iter().collect() }))
}

/// One trend.
#[utoipa::path(get, path = "/trends/{id}", tag = "scout", params(("id" = Uuid, Path)),
    responses((status = OK, body = TrendView), (status = NOT_FOUND)))]
async fn one(State(platform): State<Arc<Platform>>, _: Signed, Path(id): Path<TrendId>) -> Answer<TrendView> {
    let trend = platform.orion.production().store.read().await?.trends().get(id).await?;
    let trend = trend.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "Trend not found"))?;
    Ok(Json(TrendView::of(trend, false)))
}

#[derive(Debug, Deserialize, ToSchema)]
struct StatusChange {
    /// `active`, `used`, `discarded` or `expired`, in either spelling.
    status: String,
}

/// Moves a trend to another status; an illegal move is refused.
#[utoipa::path(patch, path = "/trends/{id}/status", tag = "scout", params(("id" = Uuid, Path)),
    request_body = StatusChange, responses((status = OK, body = TrendView), (status = BAD_REQUEST),
    (status = NOT_FOUND), (status = UNPROCESSABLE_ENTITY)))]
async fn set_status(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<TrendId>,
    Body(change): Body<StatusChange>,
) -> Answer<TrendView> {
    caller.require(Role::Editor)?;
    let status = status_named(&change.status)
        .ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "status must be active, used, discarded or expired"))?;
    match platform.orion.scout().set_status(id, status).await {
        Ok(trend) => Ok(Json(TrendView::of(trend, false))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(ApiError::new(StatusCode::NOT_FOUND, "Trend not found"))
        }
        // The contract answers an illegal move with 422; a lost race stays a conflict.
        Err(error) if error.kind() == ErrorKind::Conflict && error.context().iter().any(|(key, _)| *key == "from") => {
            Err(ApiError::field(&["body", "status"], "illegal_transition", error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a niche filters by.
#[derive(Debug, Serialize, ToSchema)]
struct NicheConfig {
    keywords: Vec<String>,
    excluded_topics: Vec<String>,
    min_score: f64,
    categories: Vec<String>,
}

impl From<Niche> for NicheConfig {
    fn from(niche: Niche) -> Self {
        Self {
            keywords: niche.keywords,
            excluded_topics: niche.excluded,
            min_score: niche.min_score,
            categories: niche.categories,
        }
    }
}

/// The niche in force and those there are.
#[derive(Debug, Serialize, ToSchema)]
struct ScoutConfig {
    active_niche: Option<String>,
    available_niches: Vec<&'static str>,
    config: Option<NicheConfig>,
}

async fn config_of(platform: &Platform) -> Answer<ScoutConfig> {
    let active_niche = platform.orion.scout().active_niche().await?;
    let config = active_niche.as_deref().map(built_in).transpose()?.map(NicheConfig::from);
    Ok(Json(ScoutConfig { active_niche, available_niches: niche_names().collect(), config }))
}

/// The niche that scans filter by.
#[utoipa::path(get, path = "/trends/config", tag = "scout", responses((status = OK, body = ScoutConfig)))]
async fn config(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<ScoutConfig> {
    config_of(&platform).await
}

#[derive(Debug, Deserialize, ToSchema)]
struct NicheChoice {
    /// `tech`, `gaming`, `finance` or `health`.
    niche: String,
}

/// Chooses the niche that scans filter by from now on.
#[utoipa::path(put, path = "/trends/config", tag = "scout", request_body = NicheChoice,
    responses((status = OK, body = ScoutConfig), (status = BAD_REQUEST)))]
async fn choose(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(choice): Body<NicheChoice>,
) -> Answer<ScoutConfig> {
    caller.require(Role::Editor)?;
    known(&choice.niche)?;
    platform.orion.scout().choose_niche(&choice.niche).await?;
    config_of(&platform).await
}

/// Refuses a niche that there is not, as the contract does: with 400.
fn known(niche: &str) -> Result<(), ApiError> {
    built_in(niche).map(drop).map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ScanRequest)]
struct ScanBody {
    /// Country whose trends are asked for, where a source knows countries; else that of the settings.
    region: Option<String>,
    /// Items of each source, 1 to 100, else 20.
    limit: Option<u32>,
    /// The niche to filter by; none keeps everything.
    niche: Option<String>,
}

/// What a scan found.
#[derive(Debug, Serialize, ToSchema)]
struct ScanAnswer {
    message: String,
    trends_found: usize,
    trends_saved: usize,
    /// Sources that failed.
    problems: Vec<String>,
}

/// Scans now, by the same path as scheduled scans.
#[utoipa::path(post, path = "/trends/scan", tag = "scout", request_body = Option<ScanBody>,
    responses((status = OK, body = ScanAnswer), (status = BAD_REQUEST), (status = SERVICE_UNAVAILABLE)))]
async fn scan_now(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    request: Option<Body<ScanBody>>,
) -> Answer<ScanAnswer> {
    caller.require(Role::Editor)?;
    let request = request.map_or_else(ScanBody::default, |Body(request)| request);
    let limit = within(&["body", "limit"], request.limit.unwrap_or(20), 1..=100)?;
    let region = request.region.unwrap_or_else(|| platform.orion.scout().plan.region.clone());
    text(&["body", "region"], &region, 8)?;
    let niche = request.niche.filter(|niche| !niche.trim().is_empty());
    niche.as_deref().map_or(Ok(()), known)?;
    if platform.orion.scout().sources.is_empty() {
        let message = "there is nothing to scan: name `feeds` or `scout.sources` in the configuration";
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message));
    }
    let orion = platform.orion.clone();
    let cancellation = Cancellation::new();
    let late = cancellation.clone();
    let work = apart(move || async move {
        let operation = Operation::new(cancellation, Arc::new(|_: ProgressUpdate| {}));
        let niche = niche.as_deref().map(built_in).transpose()?;
        let request = ScanRequest { region, limit, niche, feeds: Vec::new() };
        orion.scout().scan(&request, &operation).await
    });
    let Ok(report) = tokio::time::timeout(SCAN, work).await else {
        late.cancel();
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the sources did not answer in time"));
    };
    let report = report?;
    Ok(Json(ScanAnswer {
        message: format!("found {} trends, {} of them new", report.found, report.saved),
        trends_found: report.found,
        trends_saved: report.saved,
        problems: report.problems,
    }))
}

/// A source of trends and how it does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceView {
    name: String,
    /// `ok`, `degraded` (some part failed), `failing`, or `unasked`.
    status: &'static str,
    /// What failed.
    problem: Option<String>,
    /// Items of the last answer.
    items: Option<u64>,
    /// How often in a row it gave nothing at all.
    failures: Option<u32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    asked_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    /// When it may be asked again, if it must be left alone until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try: Option<Timestamp>,
}

impl From<SourceStanding> for SourceView {
    fn from(standing: SourceStanding) -> Self {
        let status = standing.status();
        let (name, health) = (standing.name, standing.health);
        Self {
            name,
            status,
            items: health.as_ref().map(|health| health.items),
            failures: health.as_ref().map(|health| health.failures),
            asked_at: health.as_ref().map(|health| health.asked_at),
            answered_at: health.as_ref().and_then(|health| health.answered_at),
            next_try: health.as_ref().and_then(|health| health.next_try),
            problem: health.and_then(|health| health.problem),
        }
    }
}

/// Sources of trends, in the order in which they are asked.
#[derive(Debug, Serialize, ToSchema)]
struct SourceList {
    sources: Vec<SourceView>,
}

/// How every source of trends does.
#[utoipa::path(get, path = "/sources", tag = "scout", responses((status = OK, body = SourceList)))]
async fn sources(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<SourceList> {
    let sources = platform.orion.scout().sources().await?;
    Ok(Json(SourceList { sources: sources.into_iter().map(SourceView::from).collect() }))
}

/// When is scanned for a niche.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
struct ScheduleView {
    /// The niche; `null` for everything.
    niche: Option<String>,
    /// Minutes between two scans; 0 for none.
    minutes: u64,
    /// Whether it follows the settings, while the niche is the one in force.
    follows_settings: bool,
    region: String,
    limit: u32,
    /// When the next scan is due; `null` for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Whether a scan is under way.
    running: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    trends_found: Option<u64>,
    trends_saved: Option<u64>,
    /// Why the last scan found nothing, or what part of it failed.
    problem: Option<String>,
}

impl ScheduleView {
    fn of(platform: &Platform, schedule: Schedule, every: Option<Duration>) -> Self {
        let (plan, now) = (&platform.orion.scout().plan, platform.orion.production().clock.now());
        let last = schedule.last;
        Self {
            niche: schedule.niche,
            minutes: every.map_or(0, |every| every.as_secs() / 60),
            follows_settings: schedule.minutes.is_none(),
            region: schedule.region.unwrap_or_else(|| plan.region.clone()),
            limit: schedule.limit.unwrap_or(plan.limit),
            next_at: every.map(|_| schedule.next_at),
            running: schedule.taken_until.is_some_and(|until| until > now),
            last_at: last.as_ref().map(|last| last.at),
            trends_found: last.as_ref().map(|last| last.found),
            trends_saved: last.as_ref().map(|last| last.saved),
            problem: last.and_then(|last| last.problem),
        }
    }
}

/// Every schedule.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleList {
    schedules: Vec<ScheduleView>,
}

/// When is scanned for which niche, and how the last scans ended.
#[utoipa::path(get, path = "/schedules", tag = "scout", responses((status = OK, body = ScheduleList)))]
async fn schedules(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<ScheduleList> {
    let schedules = platform.orion.scout().schedules().await?;
    let schedules = schedules.into_iter().map(|(schedule, every)| ScheduleView::of(&platform, schedule, every));
    Ok(Json(ScheduleList { schedules: schedules.collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ScheduleBody {
    /// The niche; none for everything.
    niche: Option<String>,
    /// Minutes between two scans, 0 to turn them off, at most a week.
    minutes: u32,
    /// Country whose trends are asked for; none follows the settings.
    region: Option<String>,
    /// Items of each source, 1 to 100; none follows the settings.
    limit: Option<u32>,
}

/// Sets when is scanned for a niche; the next scan is due at once.
#[utoipa::path(put, path = "/schedules", tag = "scout", request_body = ScheduleBody,
    responses((status = OK, body = ScheduleView), (status = BAD_REQUEST)))]
async fn set_schedule(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<ScheduleBody>,
) -> Answer<ScheduleView> {
    caller.require(Role::Editor)?;
    let minutes = within(&["body", "minutes"], body.minutes, 0..=7 * 24 * 60)?;
    let limit = body.limit.map(|limit| within(&["body", "limit"], limit, 1..=100)).transpose()?;
    if let Some(region) = &body.region {
        text(&["body", "region"], region, 8)?;
    }
    let niche = body.niche.filter(|niche| !niche.trim().is_empty());
    niche.as_deref().map_or(Ok(()), known)?;
    let change = ScheduleChange { minutes, region: body.region, limit };
    let schedule = platform.orion.scout().set_schedule(niche.as_deref(), change).await?;
    let every = (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60));
    Ok(Json(ScheduleView::of(&platform, schedule, every)))
}
