//! How the sources of trends do.

use super::super::super::caller::Signed;
use super::super::super::{Answer, Platform, Routes};
use axum::Json;
use axum::extract::State;
use orion_core::Timestamp;
use orion_core::service::scout::SourceStanding;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(sources))
}

/// A source of trends and how it does.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SourceView {
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
