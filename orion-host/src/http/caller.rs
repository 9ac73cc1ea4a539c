//! The caller of a handler. The authentication layer puts it into the request; a handler that takes [`Signed`] cannot
//! be reached without it.

use super::ApiError;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use orion_core::service::identity::Caller;

/// A handler's argument: who asks.
#[derive(Debug, Clone)]
pub(super) struct Signed(pub(super) Caller);

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Self).ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "Missing user context"))
    }
}
