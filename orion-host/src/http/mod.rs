//! The platform over HTTP: the gateway's layers, the routes of every service, sockets, and their description.

mod access;
mod caller;
mod client;
mod error;
mod extract;
mod layer;
mod path;
mod routes;
mod serve;
mod settings;

pub use error::ApiError;
pub use layer::{Limiter, MemoryLimiter, Verdict};
pub use serve::serve;
pub use settings::Settings;

use crate::engine::Orion;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use caller::Signed;
use extract::{Body, Path, Query};
use layer::Metrics;
use orion_core::Result;
use std::sync::Arc;
use tower::util::MapRequest;
use utoipa_axum::router::OpenApiRouter;

/// What handlers work with.
#[derive(Debug)]
pub struct Platform {
    /// The engine.
    pub orion: Orion,
    /// How the gateway is set up; its addresses are for links.
    pub settings: Settings,
    limiter: Arc<dyn Limiter>,
    rate_factor: u32,
    metrics: Metrics,
    stopping: tokio::sync::watch::Sender<bool>,
}

impl Platform {
    /// A platform around an engine, set up by its configuration.
    ///
    /// # Errors
    /// As [`Settings::new`].
    pub fn new(orion: Orion) -> Result<Self> {
        Ok(Self {
            settings: Settings::new(orion.config())?,
            orion,
            limiter: Arc::new(MemoryLimiter::default()),
            rate_factor: 1,
            metrics: Metrics::new(),
            stopping: tokio::sync::watch::Sender::new(false),
        })
    }

    /// Tells what lives longer than a request that it must end.
    fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

/// What a handler gives.
type Answer<T> = Result<axum::Json<T>, ApiError>;

/// The routes of one service, without the gateway's layers.
type Routes = OpenApiRouter<Arc<Platform>>;

/// All routes with all layers.
pub fn app(platform: &Arc<Platform>) -> MapRequest<Router, fn(Request) -> Request> {
    let (router, _) = routes::all().split_for_parts();
    let router = router.fallback(nowhere).with_state(platform.clone());
    MapRequest::new(layer::around(router, platform), path::normalise as fn(Request) -> Request)
}

/// The answer of a path that is no route.
async fn nowhere() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}
