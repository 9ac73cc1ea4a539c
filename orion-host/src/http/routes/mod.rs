//! The routes of every service, by their canonical paths. A service's routes know nothing of the gateway's layers.

mod content;
mod director;
mod editor;
mod media;
mod publisher;
mod pulse;
mod scout;
mod system;

use super::Routes;

/// All routes.
pub(super) fn all() -> Routes {
    Routes::new()
        .merge(system::routes())
        .nest("/api/v1/scout", scout::routes())
        .nest("/api/v1/director", director::routes())
        .nest("/api/v1/content", content::routes())
        .nest("/api/v1/media", media::routes())
        .nest("/api/v1/editor", editor::routes())
        .nest("/api/v1/publisher", publisher::routes())
        .nest("/api/v1/pulse", pulse::routes())
}
