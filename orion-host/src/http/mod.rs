//! The platform over HTTP: the gateway's layers, the routes of every service, sockets, and their description.

mod caller;
mod error;
mod routes;

pub use error::ApiError;

use crate::engine::Orion;
use caller::Signed;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// What handlers work with.
#[derive(Debug)]
pub struct Platform {
    /// The engine.
    pub orion: Orion,
}

/// What a handler gives.
type Answer<T> = Result<axum::Json<T>, ApiError>;

/// The routes of one service, without the gateway's layers.
type Routes = OpenApiRouter<Arc<Platform>>;
