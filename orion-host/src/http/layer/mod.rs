//! The gateway's layers, outermost first: request id, access log, panic guard, security headers, CORS, metrics, the one
//! shape of errors, the number of requests at a time, deadlines, body limit; then authentication, rate limit, and the way to services that
//! run elsewhere. They run behind the router, so each
//! knows the pattern of the route and none ever sees a raw path.

mod access_log;
mod around;
mod body;
mod cors;
mod guard;
mod headers;
mod metrics;
mod proxy;
mod rate;
mod request_id;
mod shape;
mod shed;

pub(super) use metrics::Metrics;
pub(super) use proxy::Proxy;
pub(super) use rate::Limits;

use super::Platform;
use super::roles::Service;
use around::Around;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// A handler answers before; what takes longer goes on in the background.
const ANSWER: Duration = Duration::from_secs(60);

/// Puts the layers around all routes.
pub(super) fn around(router: Router, platform: &Arc<Platform>) -> Router {
    let sends_on = !Service::ALL.into_iter().all(|service| platform.roles.runs(service));
    router.layer(
        ServiceBuilder::new()
            .layer(Around::new((), request_id::layer))
            .layer(Around::new((), access_log::layer))
            .layer(CatchPanicLayer::custom(shape::panicked))
            .layer(Around::new(platform.clone(), headers::layer))
            .layer(Around::new(platform.clone(), cors::layer))
            .layer(Around::new(platform.clone(), metrics::layer))
            .layer(Around::new((), shape::layer))
            .layer(Around::new(Arc::new(Semaphore::new(shed::AT_ONCE)), shed::layer))
            .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::GATEWAY_TIMEOUT, ANSWER))
            .layer(Around::new((), body::layer))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .layer(Around::new(platform.clone(), guard::layer))
            .layer(from_fn_with_state(platform.clone(), rate::layer))
            .layer(option_layer(sends_on.then(|| from_fn_with_state(platform.clone(), proxy::layer)))),
    )
}

/// The pattern of the route, or one name for everything that is no route.
fn pattern(request: &Request) -> String {
    request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned()
}
