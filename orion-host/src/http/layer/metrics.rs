//! Counts and times requests by the patterns of their routes, so that no client can make up labels.

use super::super::Platform;
use super::super::observed::{Observed, Providers};
use super::around::Step;
use super::pattern;
use crate::engine::Orion;
use axum::extract::Request;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Instant;

/// Seconds; the usual bounds of Prometheus clients.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: String,
    status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    path: String,
}

/// The gateway's metrics.
#[derive(Debug)]
pub(in crate::http) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram>,
    active: Gauge,
    /// Sockets that are open.
    pub(in crate::http) sockets: Gauge,
    /// Frames that were given to sockets.
    pub(in crate::http) frames: Counter,
    /// What the log's events count up to.
    pub(in crate::http) observed: Observed,
}

impl Metrics {
    pub(in crate::http) fn new(orion: &Orion) -> Self {
        let requests = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> Histogram);
        let (active, sockets, frames) = (Gauge::default(), Gauge::default(), Counter::default());
        let mut registry = Registry::default();
        registry.register("orion_gateway_requests", "Requests answered", Family::clone(&requests));
        registry.register("orion_gateway_request_duration_seconds", "Time to the answer's head", durations.clone());
        registry.register(
            "orion_gateway_active_connections",
            "Requests being answered and open sockets",
            active.clone(),
        );
        registry.register("orion_gateway_sockets", "Open sockets", sockets.clone());
        registry.register("orion_gateway_frames", "Frames given to sockets", frames.clone());
        let observed = Observed::new(&mut registry);
        registry.register_collector(Box::new(Providers(orion.clone())));
        Self { registry, requests, durations, active, sockets, frames, observed }
    }

    /// The text that Prometheus reads.
    pub(in crate::http) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

/// Counts a request when it is over, also if its handler panics.
struct Counted {
    platform: Arc<Platform>,
    asked: Asked,
    begun: Instant,
    status: u16,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Self { platform, asked, begun, status } = self;
        let metrics = &platform.metrics;
        let Asked { method, path } = asked.clone();
        metrics.durations.get_or_create(asked).observe(begun.elapsed().as_secs_f64());
        metrics.requests.get_or_create(&Answered { method, path, status_code: *status }).inc();
        metrics.active.dec();
    }
}

/// The methods that routes have, and one name for all others.
fn method(request: &Request) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

pub(super) fn layer(platform: &Arc<Platform>, request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    platform.metrics.active.inc();
    let asked = Asked { method: method(&request), path: pattern(&request) };
    let counted = Counted { platform: platform.clone(), asked, begun: Instant::now(), status: 500 };
    Step::On(request, move |response: Response| {
        // All of it, so that it is dropped, and counts, here.
        let mut counted = counted;
        counted.status = response.status().as_u16();
        response
    })
}
