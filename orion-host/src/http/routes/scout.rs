//! Scout's routes, below `/api/v1/scout`: what trends.

mod schedules;
mod sources;
mod trends;

pub(super) use sources::SourceView;

use super::super::bounds::{text, within};
use super::super::caller::Signed;
use super::super::extract::Body;
use super::super::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Niche, Role};
use orion_core::service::scout::{ScanRequest, built_in, niche_names};
use orion_core::{Cancellation, Operation, ProgressUpdate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// A scan answers within the time that clients wait.
const SCAN: Duration = Duration::from_secs(50);

pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(trends::routes())
        .merge(sources::routes())
        .merge(schedules::routes())
        .routes(routes!(config, choose))
        .routes(routes!(scan_now))
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
    built_in(niche)
        .map(drop)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()).hint(error.hint()))
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
