//! Media's routes, below `/api/v1/media`: pictures, files, and who makes them.

mod assets;
mod batches;
mod pictures;

use super::super::caller::Signed;
use super::super::extract::{Path, Query};
use super::super::links::Ticket;
use super::super::{Answer, ApiError, Platform, Routes, file};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use orion_core::domain::Sha256;
use orion_core::port::Side;
use orion_core::strategy::CircuitState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(pictures::routes())
        .merge(assets::routes())
        .merge(batches::routes())
        .routes(routes!(providers))
        .routes(routes!(stored))
}

/// A stored file by its signed link; ranges and conditions are heeded.
#[utoipa::path(get, path = "/files/{sha256}/{name}", tag = "media",
    params(("sha256" = String, Path), ("name" = String, Path), ("expires" = i64, Query), ("signature" = String, Query)),
    responses((status = OK), (status = PARTIAL_CONTENT), (status = NOT_MODIFIED), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = RANGE_NOT_SATISFIABLE)))]
async fn stored(
    State(platform): State<Arc<Platform>>,
    method: Method,
    Path((sha256, name)): Path<(String, String)>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let production = platform.orion.production();
    let unknown = |_| ApiError::new(StatusCode::NOT_FOUND, "there is no such file");
    let sha256: Sha256 = sha256.parse().map_err(unknown)?;
    platform.links.check(sha256, &name, &ticket, production.clock.now())?;
    file::answer(&production.blobs, sha256, &name, &method, &headers).await
}

/// The path of a link, without what makes it valid.
pub(super) fn path_of(link: &str) -> String {
    let path = link.split_once("://").map_or(link, |(_, rest)| rest);
    let path = path.find('/').map_or("", |at| path.split_at(at).1);
    path.split('?').next().unwrap_or_default().to_owned()
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LimitQuery {
    /// 1 to 200, else 50.
    limit: Option<u32>,
}

/// Who makes pictures or sets them in motion.
#[derive(Debug, Serialize, ToSchema)]
struct PictureProvider {
    name: String,
    /// `LOCAL` or `CLOUD`.
    r#type: &'static str,
    /// Whether one of its models would be asked now: the policy lets it serve, and it is not left alone for failing.
    available: bool,
    models: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PictureProviders {
    providers: Vec<PictureProvider>,
}

/// Who makes pictures and sets them in motion, and who may serve.
#[utoipa::path(get, path = "/providers", tag = "media", responses((status = OK, body = PictureProviders)))]
async fn providers(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<PictureProviders> {
    let media = &platform.orion.production().media;
    let mut named: BTreeMap<String, PictureProvider> = BTreeMap::new();
    for standing in media.images.standings().into_iter().chain(media.clips.standings()) {
        let provider = standing.provider;
        let entry = named.entry(provider.name.clone()).or_insert_with(|| PictureProvider {
            name: provider.name.clone(),
            r#type: match provider.side {
                Side::Local => "LOCAL",
                Side::Cloud => "CLOUD",
            },
            available: false,
            models: Vec::new(),
        });
        entry.available |= standing.place.is_some() && !matches!(standing.circuit, CircuitState::Open { .. });
        entry.models.push(provider.model.clone());
    }
    Ok(Json(PictureProviders { providers: named.into_values().collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_link_opens_nothing() {
        let link = "https://orion.example:8000/api/v1/media/files/00/a.mp4?expires=1&signature=2";
        assert_eq!(path_of(link), "/api/v1/media/files/00/a.mp4");
        assert_eq!(path_of("https://orion.example"), "");
    }
}
