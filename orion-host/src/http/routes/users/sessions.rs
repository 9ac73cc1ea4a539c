//! One's own sessions on all devices.

use super::super::super::{Answer, Path, Platform, Routes, Signed};
use axum::Json;
use axum::extract::State;
use orion_core::domain::Session;
use orion_core::id::SessionId;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(sessions, end_others)).routes(routes!(end_session))
}

/// One session.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    id: Uuid,
    /// The program that signed in, as it names itself.
    agent: String,
    /// The network address that signed in.
    address: String,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; when it was last refreshed.
    used_at: String,
    /// RFC 3339.
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            current: session.id == current,
            agent: session.agent,
            address: session.address,
            created_at: session.created_at.to_string(),
            used_at: session.used_at.to_string(),
            expires_at: session.expires_at.to_string(),
        }
    }
}

/// Sessions, last used first.
#[derive(Debug, Serialize, ToSchema)]
struct Sessions {
    sessions: Vec<SessionView>,
}

/// My sessions.
#[utoipa::path(get, path = "/users/me/sessions", tag = "identity", responses((status = OK, body = Sessions)))]
async fn sessions(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Sessions> {
    let sessions = platform.identity.sessions(&caller).await?.into_iter();
    Ok(Json(Sessions { sessions: sessions.map(|session| SessionView::of(session, caller.session_id)).collect() }))
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
struct Ended {
    ended: u64,
}

/// End all my sessions but this one.
#[utoipa::path(delete, path = "/users/me/sessions", tag = "identity", responses((status = OK, body = Ended)))]
async fn end_others(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Ended> {
    Ok(Json(Ended { ended: platform.identity.end_other_sessions(&caller).await? }))
}

/// End one of my sessions.
#[utoipa::path(delete, path = "/users/me/sessions/{id}", tag = "identity", params(("id" = Uuid, Path)),
    responses((status = OK, body = Ended)))]
async fn end_session(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<SessionId>,
) -> Answer<Ended> {
    platform.identity.end_session(&caller, id).await?;
    Ok(Json(Ended { ended: 1 }))
}
