//! Every request has an id: the client's own if it is harmless, else a new one.

use super::around::Step;
use crate::system::OsEntropy;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use orion_core::port::Entropy;

pub(super) const NAME: &str = "x-request-id";

/// The id of a request, for the log.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) HeaderValue);

pub(super) fn layer(_: &(), mut request: Request) -> Step<impl FnOnce(Response) -> Response + use<>> {
    let id = match request.headers().get(NAME) {
        Some(id) if is_harmless(id.as_bytes()) => id.clone(),
        _ => {
            let entropy = OsEntropy::default();
            let fresh = (&entropy as &dyn Entropy).uuid().to_string();
            // A UUID is a header value.
            HeaderValue::try_from(fresh).unwrap_or_else(|_| HeaderValue::from_static("none"))
        }
    };
    request.headers_mut().insert(NAME, id.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    Step::On(request, move |mut response: Response| {
        response.headers_mut().insert(NAME, id);
        response
    })
}

fn is_harmless(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}
