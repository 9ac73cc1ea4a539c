//! What things cost, and who was paid.

use super::pulse;
use crate::http::bounds::within;
use crate::http::caller::Signed;
use crate::http::extract::Query;
use crate::http::{Answer, ApiError, Platform, Routes};
use axum::Json;
use axum::extract::State;
use orion_core::domain::Money;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(costs))
        .routes(routes!(daily))
        .routes(routes!(timeline))
        .routes(routes!(by_provider))
        .routes(routes!(summary))
        .routes(routes!(provider_use))
        .routes(routes!(projections))
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
