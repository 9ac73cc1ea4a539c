//! Whether the gateway is well, and what it counts.

use super::super::{Platform, Routes};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(health)).routes(routes!(ready)).routes(routes!(metrics))
}

/// How a service is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`, `ready` or `not_ready`.
    status: &'static str,
    /// Who answers.
    service: &'static str,
    /// Its version.
    version: &'static str,
}

fn gateway(status: &'static str) -> Json<Health> {
    Json(Health { status, service: "gateway", version: env!("CARGO_PKG_VERSION") })
}

/// Whether the program runs.
#[utoipa::path(get, path = "/health", tag = "system", responses((status = OK, body = Health)))]
async fn health() -> Json<Health> {
    gateway("ok")
}

/// Whether it can work: the record answers.
#[utoipa::path(get, path = "/ready", tag = "system",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = Health)))]
async fn ready(State(platform): State<Arc<Platform>>) -> (StatusCode, Json<Health>) {
    match platform.orion.production().store.read().await {
        Ok(_) => (StatusCode::OK, gateway("ready")),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, gateway("not_ready")),
    }
}

/// Counts for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "system", responses((status = OK, body = String)))]
async fn metrics(State(platform): State<Arc<Platform>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, platform.metrics.text()).into_response()
}
