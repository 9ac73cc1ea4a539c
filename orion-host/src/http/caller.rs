//! The caller of a handler. The authentication layer puts it into the request; a handler that takes [`Signed`] cannot
//! be reached without it.

use super::ApiError;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
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

/// Somebody, if they have shown who they are, on a route that asks nobody to.
impl<S: Sync> OptionalFromRequestParts<S> for Signed {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Caller>().cloned().map(Self))
    }
}
