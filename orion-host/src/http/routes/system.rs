//! How the platform is: for load balancers, scrapers, people and the dashboard's system page (contract, sections 1.5,
//! 1.10 and 1.11).

use super::super::machine::{Gpus, SystemInfo, spoken};
use super::super::probe::PATIENCE;
use super::super::{Answer, ApiError, Platform, Query, Routes, Service};
use super::scout::SourceView;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use orion_core::port::{Filter, Store};
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
    /// Who answers: `gateway`, or the services that this process runs for one.
    service: String,
    /// Its version.
    version: &'static str,
    checks: Checks,
    /// `2h 3m`
    uptime: String,
    /// What waits or is being done.
    queue_size: u64,
}

impl Health {
    async fn of(platform: &Platform, well: &'static str, ill: &'static str) -> Self {
        let queues = Queues::read(&*platform.orion.production().store).await;
        let roles = &platform.roles;
        let service = roles.name().to_owned();
        let here = Service::ALL.into_iter().filter(|service| roles.runs(*service));
        let queue_size = queues.as_ref().map_or(0, |queues| here.map(|service| queues.of(service)).sum());
        let postgres = queues.is_ok();
        Self {
            status: if postgres { well } else { ill },
            service,
            version: env!("CARGO_PKG_VERSION"),
            checks: Checks { redis: true, postgres },
            uptime: spoken(platform.machine.uptime()),
            queue_size,
        }
    }
}

/// Whether the program runs.
#[utoipa::path(get, path = "/health", tag = "system", responses((status = OK, body = Health)))]
async fn health(State(platform): State<Arc<Platform>>) -> Json<Health> {
    Json(Health::of(&platform, "ok", "ok").await)
}

// It works without Redis, so that is no reason not to be ready.
/// Whether it can work: the record answers.
#[utoipa::path(get, path = "/ready", tag = "system",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = Health)))]
async fn ready(State(platform): State<Arc<Platform>>) -> (StatusCode, Json<Health>) {
    let health = Health::of(&platform, "ready", "not_ready").await;
    let status = if health.checks.postgres { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

/// What waits for each service's workers, or is in their hands.
#[derive(Debug, Clone, Copy)]
struct Queues {
    runs: u64,
    publications: u64,
    mails: u64,
}

impl Queues {
    async fn read(store: &dyn Store) -> orion_core::Result<Self> {
        let states = |names: &[&str]| Filter {
            states: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Filter::default()
        };
        let mut tx = store.read().await?;
        Ok(Self {
            runs: tx.runs().count(&states(&["pending", "running"])).await?,
            publications: tx
                .publications()
                .count(&states(&["prepared", "uploading", "processing", "armed", "unknown"]))
                .await?,
            mails: tx.tickets().count(&states(&["unsent"])).await?,
        })
    }

    fn of(&self, service: Service) -> u64 {
        match service {
            // Stages of runs are one queue, which Director keeps.
            Service::Director => self.runs,
            Service::Publisher => self.publications,
            Service::Identity => self.mails,
            _ => 0,
        }
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
    /// Why it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    checks: Checks,
}

/// How everything is.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    // Also if Redis is away where there is to be one.
    /// `ok` if every service is, else `degraded`.
    status: &'static str,
    services: Vec<ServiceStatus>,
    /// Other programs, by name: `{"status": "connected|disconnected|not_configured", "host": …}`.
    #[schema(value_type = Object)]
    infrastructure: Value,
    /// Where trends are seen, and how each place does. One that fails does not make a service unhealthy.
    sources: Vec<SourceView>,
}

/// How everything is: this process, the services that run elsewhere by what they say themselves, and the servers around
/// them. All are asked at the same moment.
#[utoipa::path(get, path = "/status", tag = "system", responses((status = OK, body = Status)))]
async fn status(State(platform): State<Arc<Platform>>) -> Json<Status> {
    let begun = Instant::now();
    let queues = Queues::read(&*platform.orion.production().store).await;
    let record = Record { well: queues.is_ok(), queues: queues.ok(), latency_ms: millis(begun) };
    let services = Service::ALL.into_iter().filter(|service| *service != Service::Gateway);
    let services = join_all(services.map(|service| one(&platform, service, &record)));
    let (mut services, mut infrastructure) = tokio::join!(services, platform.probes.look());
    let redis = infrastructure["redis"]["status"] != "disconnected";
    services.iter_mut().for_each(|service| service.checks.redis &= redis);
    let all_well = services.iter().all(|service| service.status == "ok");
    let store = &platform.orion.config().store;
    let kind = store.split(':').next().unwrap_or_default();
    let connected = if record.well { "connected" } else { "disconnected" };
    infrastructure.insert("record".to_owned(), json!({ "status": connected, "host": kind }));
    let status = if all_well && redis { "ok" } else { "degraded" };
    let sources = platform.orion.scout().sources().await.unwrap_or_default();
    let sources = sources.into_iter().map(SourceView::from).collect();
    Json(Status { status, services, infrastructure: infrastructure.into(), sources })
}

/// What this process knows of the record.
struct Record {
    well: bool,
    queues: Option<Queues>,
    latency_ms: f64,
}

fn millis(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 100_000.0).round() / 100.0
}

async fn one(platform: &Platform, service: Service, record: &Record) -> ServiceStatus {
    let ill = |error: &str, latency_ms| ServiceStatus {
        service: service.as_str(),
        status: "unhealthy",
        error: Some(error.to_owned()),
        uptime: String::new(),
        queue_size: 0,
        latency_ms,
        checks: Checks { redis: true, postgres: false },
    };
    let addresses = platform.roles.addresses(service);
    if !addresses.is_empty() {
        let asked = Instant::now();
        let told = platform.proxy.readiness(addresses, PATIENCE).await;
        let latency_ms = millis(asked);
        let Some((ready, told)) = told else { return ill("it does not answer", latency_ms) };
        let checks = Checks { redis: told["checks"]["redis"] != false, postgres: told["checks"]["postgres"] == true };
        return ServiceStatus {
            service: service.as_str(),
            status: if ready { "ok" } else { "unhealthy" },
            error: (!ready).then(|| "it is not ready".to_owned()),
            uptime: told["uptime"].as_str().unwrap_or_default().to_owned(),
            queue_size: told["queue_size"].as_u64().unwrap_or_default(),
            latency_ms,
            checks,
        };
    }
    match (platform.roles.runs(service), &record.queues) {
        (false, _) => ill("no process runs it, as far as this one knows", record.latency_ms),
        (true, None) => ill("the record does not answer", record.latency_ms),
        (true, Some(queues)) => ServiceStatus {
            service: service.as_str(),
            status: "ok",
            error: None,
            uptime: spoken(platform.machine.uptime()),
            queue_size: queues.of(service),
            latency_ms: record.latency_ms,
            checks: Checks { redis: true, postgres: true },
        },
    }
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
