//! Trends as clients see them.

use super::super::super::bounds::{page, within};
use super::super::super::caller::Signed;
use super::super::super::extract::{Body, Path, Query};
use super::super::super::{Answer, ApiError, Platform, Routes};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{ContentStatus, Role, Trend, TrendStatus};
use orion_core::id::TrendId;
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::{ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// A list that is filtered by more than the record can filter by looks at so many trends at most.
const MOST: usize = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(set_status))
}

/// A topic that many talk about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trend)]
struct TrendView {
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
