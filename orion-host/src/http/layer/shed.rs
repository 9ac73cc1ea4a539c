//! How many requests are answered at the same time. One more than that is sent away at once, and told when to come back:
//! a queue that only grows serves nobody.

use super::super::ApiError;
use super::around::Step;
use super::pattern;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Requests in hand. A read takes about a millisecond, so they wait for a fraction of a second at most.
pub(super) const AT_ONCE: usize = 512;
/// When there is likely to be a place again.
const WAIT: Duration = Duration::from_secs(1);

pub(super) fn layer(places: &Arc<Semaphore>, request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    // Whoever watches over the platform must see that it is only busy.
    let watches = matches!(pattern(&request).as_str(), "/health" | "/ready" | "/metrics");
    let place = (!watches).then(|| places.clone().try_acquire_owned()).transpose();
    match place {
        Ok(place) => Step::On(request, move |response| {
            drop(place);
            response
        }),
        Err(_) => {
            let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests at the moment");
            Step::Back(busy.retry_after(WAIT).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::around::Around;
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    #[tokio::test]
    async fn one_too_many_is_sent_away_and_health_is_not() {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (begun.clone(), go.clone());
        let slow = move || async move {
            tell.notify_one();
            wait.notified().await;
        };
        let app = Router::new()
            .route("/slow", get(slow))
            .route("/health", get(|| async {}))
            .layer(Around::new(Arc::new(Semaphore::new(1)), layer));
        let ask = |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            app.clone().oneshot(request)
        };
        let first = tokio::spawn(ask("/slow"));
        begun.notified().await;
        let second = ask("/slow").await.unwrap();
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(second.headers()["retry-after"], "1");
        assert_eq!(ask("/health").await.unwrap().status(), StatusCode::OK);
        go.notify_one();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
        go.notify_one();
        assert_eq!(ask("/slow").await.unwrap().status(), StatusCode::OK, "the place is free again");
    }
}
