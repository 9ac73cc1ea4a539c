//! What may be spent, and what a video is expected to cost: `/api/v1/pulse/budget`.

use super::super::bounds::within;
use super::super::caller::Signed;
use super::super::extract::Query;
use super::super::{Answer, Platform, Routes};
use axum::Json;
use axum::extract::State;
use orion_core::domain::Money;
use orion_core::service::budget;
use orion_core::service::production::CreateRequest;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(show))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BudgetQuery {
    /// Length of the video that is to be estimated, 5 to 180 seconds; else that of the configuration.
    seconds: Option<u32>,
}

/// What one stage is expected to cost at most.
#[derive(Debug, Serialize, ToSchema)]
struct StageEstimate {
    /// `script`, `images` or `video`.
    stage: &'static str,
    /// Who would be asked first.
    provider: String,
    /// Tokens, pictures, characters or clips.
    units: f64,
    usd: f64,
}

/// What may be spent, and what is spent of it.
#[derive(Debug, Serialize, ToSchema)]
struct BudgetView {
    /// The cap of one run; null without one.
    run_usd: Option<f64>,
    /// The cap of a day (UTC); null without one.
    day_usd: Option<f64>,
    /// What is spent today, or taken for calls under way.
    spent_today_usd: f64,
    /// What is left of today; null without a cap.
    left_today_usd: Option<f64>,
    /// What one video is expected to cost at most, in all.
    estimate_usd: f64,
    /// The same by stage.
    estimate: Vec<StageEstimate>,
}

/// What may be spent, what is spent of it, and what a video is expected to cost at most.
#[utoipa::path(get, path = "/budget", tag = "pulse", operation_id = "budget", params(BudgetQuery),
    responses((status = OK, body = BudgetView)))]
async fn show(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Query(query): Query<BudgetQuery>,
) -> Answer<BudgetView> {
    let seconds = query.seconds.unwrap_or(platform.orion.config().seconds);
    let seconds = within(&["query", "seconds"], seconds, CreateRequest::SECONDS)?;
    let production = platform.orion.production();
    let day = budget::today(&*production.store, &*production.clock, &production.budget).await?;
    let estimate = production.estimate(seconds);
    let dollars = |money: Option<Money>| money.map(Money::dollars);
    Ok(Json(BudgetView {
        run_usd: dollars(day.run),
        day_usd: dollars(day.day),
        spent_today_usd: day.spent.dollars(),
        left_today_usd: dollars(day.day.map(|cap| Money(cap.0.saturating_sub(day.spent.0).max(0)))),
        estimate_usd: estimate.iter().map(|stage| stage.amount).sum::<Money>().dollars(),
        estimate: estimate
            .into_iter()
            .map(|stage| StageEstimate {
                stage: stage.stage.as_str(),
                provider: stage.provider.to_string(),
                units: stage.units,
                usd: stage.amount.dollars(),
            })
            .collect(),
    }))
}
