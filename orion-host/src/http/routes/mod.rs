//! The routes of every service, by their canonical paths. A service's routes know nothing of the gateway's layers.

mod actions;
mod auth;
mod budget;
mod content;
mod director;
mod docs;
mod editor;
mod media;
mod notifications;
mod oauth;
mod pages;
mod providers;
mod publisher;
mod pulse;
mod runrow;
mod scout;
mod shown;
mod sockets;
mod system;
mod users;
mod webhooks;

pub(super) use auth::AuthUser;
pub(super) use docs::describe;
pub(super) use pulse::pulse;

use super::Routes;

/// All routes.
pub(super) fn all() -> Routes {
    Routes::new()
        .merge(system::routes())
        .merge(pages::routes())
        .merge(docs::routes())
        .merge(sockets::routes())
        .nest("/api/v1/auth", auth::routes().merge(oauth::routes()))
        .nest("/api/v1/identity", users::routes().merge(notifications::routes()))
        .nest("/api/v1/scout", scout::routes())
        .nest("/api/v1/director", director::routes())
        .nest("/api/v1/content", content::routes())
        .nest("/api/v1/media", media::routes())
        .nest("/api/v1/editor", editor::routes())
        .nest("/api/v1/publisher", publisher::routes())
        .nest("/api/v1/pulse", pulse::routes().merge(budget::routes()))
        .nest("/api/v1/providers", providers::routes())
        .nest("/api/v1/webhooks", webhooks::routes())
}
