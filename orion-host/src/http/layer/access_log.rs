//! One line of the log for every request: the route's pattern, never the address itself, which may carry a token.

use super::around::Step;
use super::{pattern, request_id::RequestId};
use axum::extract::Request;
use axum::response::Response;
use std::time::Instant;

pub(super) fn layer(_: &(), request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    let begun = Instant::now();
    let line = tracing::enabled!(tracing::Level::INFO).then(|| {
        let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
        (request.method().clone(), pattern(&request), id)
    });
    Step::On(request, move |response: Response| {
        if let Some((method, path, id)) = line {
            let duration_ms = begun.elapsed().as_secs_f64() * 1000.0;
            let id = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
            tracing::info!(%method, path, status = response.status().as_u16(), duration_ms, request_id = id, "request");
        }
        response
    })
}
