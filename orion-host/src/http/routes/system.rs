//! How the platform is: for load balancers, scrapers, people and the dashboard's system page (contract, sections 1.5,
//! 1.10 and 1.11).

use super::super::machine::{Gpus, SystemInfo, spoken};
use super::super::{Answer, ApiError, Platform, Query, Routes, Service};
use super::scout::SourceView;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use orion_core::domain::Run;
use orion_core::port::{Filter, Store, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(metrics))
        .routes(routes!(status))
        .routes(routes!(info))
        .routes(routes!(gpu))
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
    match record(&*platform.orion.production().store).await {
        true => (StatusCode::OK, gateway("ready")),
        false => (StatusCode::SERVICE_UNAVAILABLE, gateway("not_ready")),
    }
}

/// Whether the record can be read.
async fn record(store: &dyn Store) -> bool {
    match store.read().await {
        Ok(mut tx) => tx.last().await.is_ok(),
        Err(_) => false,
    }
}

/// Counts for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "system",
    responses((status = OK, body = String, content_type = "application/openmetrics-text")))]
async fn metrics(State(platform): State<Arc<Platform>>) -> Response {
    platform.measure().await;
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, platform.metrics.text()).into_response()
}

/// What a service depends on, under the names that clients know.
#[derive(Debug, Serialize, ToSchema)]
struct Checks {
    /// The live wire.
    redis: bool,
    /// The record.
    postgres: bool,
}

/// How one service is.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceStatus {
    service: &'static str,
    /// `ok` or `unhealthy`.
    status: &'static str,
    /// How long it has run: `2h 3m`.
    uptime: String,
    /// Work that waits or is being done.
    queue_size: u64,
    latency_ms: f64,
    checks: Checks,
}

/// How everything is.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    /// `ok` if every service is, else `degraded`.
    status: &'static str,
    services: Vec<ServiceStatus>,
    /// Other programs, by name: `{"status": "connected|disconnected|not_configured", "host": …}`.
    #[schema(value_type = Object)]
    infrastructure: Value,
    /// Where trends are seen, and how each place does. One that fails does not make a service unhealthy.
    sources: Vec<SourceView>,
}

/// The host of an address, without user and password.
fn host(address: &str) -> Option<String> {
    url::Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// How everything is: this process, and the services that run elsewhere by what they say themselves.
#[utoipa::path(get, path = "/status", tag = "system", responses((status = OK, body = Status)))]
async fn status(State(platform): State<Arc<Platform>>) -> Json<Status> {
    let begun = Instant::now();
    let waiting = waiting(&*platform.orion.production().store).await;
    let latency_ms = begun.elapsed().as_secs_f64() * 1000.0;
    let well = waiting.is_ok();
    let waiting = waiting.unwrap_or_default();
    let uptime = spoken(platform.machine.uptime());
    let mut services = Vec::new();
    for service in Service::ALL.into_iter().filter(|service| *service != Service::Gateway) {
        let asked = Instant::now();
        let (service_well, latency_ms) = match platform.roles.address(service) {
            Some(address) => (platform.proxy.is_ready(address).await, asked.elapsed().as_secs_f64() * 1000.0),
            None => (well && platform.roles.runs(service), latency_ms),
        };
        services.push(ServiceStatus {
            service: service.as_str(),
            status: if service_well { "ok" } else { "unhealthy" },
            uptime: uptime.clone(),
            // Stages of runs are one queue, which Director keeps.
            queue_size: if service == Service::Director { waiting } else { 0 },
            latency_ms,
            // The wire lies within this process.
            checks: Checks { redis: true, postgres: service_well },
        });
    }
    let sources = platform.orion.scout().sources().await.unwrap_or_default();
    let sources = sources.into_iter().map(SourceView::from).collect();
    let all_well = services.iter().all(|service| service.status == "ok");
    let store = &platform.orion.config().store;
    let kind = store.split(':').next().unwrap_or_default();
    let infrastructure = json!({
        "record": { "status": if well { "connected" } else { "disconnected" }, "host": kind },
        "postgres": if kind.starts_with("postgres") {
            json!({ "status": if well { "connected" } else { "disconnected" }, "host": host(store) })
        } else {
            json!({ "status": "not_configured" })
        },
        "redis": { "status": "not_configured" },
        "milvus": { "status": "not_configured" },
        "grafana": { "status": "not_configured" },
        "prometheus": { "status": "not_configured" },
        "pgadmin": { "status": "not_configured" },
    });
    Json(Status { status: if all_well { "ok" } else { "degraded" }, services, infrastructure, sources })
}

/// How many runs wait for a worker or are being worked on.
async fn waiting(store: &dyn Store) -> orion_core::Result<u64> {
    let filter = Filter { states: vec!["pending".to_owned(), "running".to_owned()], ..Filter::default() };
    let mut tx: Box<dyn Tx> = store.read().await?;
    orion_core::port::Repository::<Run>::count(tx.runs(), &filter).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InfoQuery {
    /// `true` or `1`: the Windows below, where there is one.
    #[serde(default)]
    host: String,
}

/// The machine.
#[utoipa::path(get, path = "/api/v1/system/info", tag = "system", params(InfoQuery),
    responses((status = OK, body = SystemInfo)))]
async fn info(State(platform): State<Arc<Platform>>, Query(query): Query<InfoQuery>) -> Result<Json<Value>, ApiError> {
    Ok(Json(platform.machine.info(matches!(query.host.as_str(), "true" | "1")).await?))
}

/// The graphics cards.
#[utoipa::path(get, path = "/api/v1/system/gpu", tag = "system", responses((status = OK, body = Gpus)))]
async fn gpu(State(platform): State<Arc<Platform>>) -> Answer<Gpus> {
    Ok(Json(platform.machine.gpus().await?))
}
