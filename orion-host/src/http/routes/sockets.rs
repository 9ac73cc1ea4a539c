//! Opening sockets (contract, section 1.12): by a ticket, by the dashboard's cookie, or, on one's own machine, by an
//! access token in the address.

use super::super::ws::{self, Feed, Start};
use super::super::{Answer, ApiError, Platform, Query, Routes, Signed, cookies};
use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orion_core::ErrorKind;
use orion_core::domain::Secret;
use orion_core::service::identity::Caller;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Clients have nothing to say.
const LONGEST_MESSAGE: usize = 512;
/// Frames are small, and there may be thousands of sockets.
const BUFFER: usize = 4 * 1024;
/// Seconds.
const TICKET_LIFE: u64 = 30;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(ticket)).routes(routes!(events)).routes(routes!(progress))
}

/// Opens one socket.
#[derive(Serialize, ToSchema)]
struct Ticket {
    /// Good once.
    #[schema(value_type = String, format = Uuid)]
    ticket: String,
    /// Seconds.
    expires_in: u64,
}

/// Get a ticket that opens one socket.
#[utoipa::path(post, path = "/api/v1/ws/ticket", tag = "live", responses((status = OK, body = Ticket)))]
async fn ticket(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Ticket> {
    let ticket = platform.identity.socket_ticket(&caller).await?;
    Ok(Json(Ticket { ticket: ticket.expose().to_owned(), expires_in: TICKET_LIFE }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SocketQuery {
    /// Of `POST /api/v1/ws/ticket`; good once.
    #[param(value_type = Option<String>)]
    ticket: Option<Secret>,
    /// An access token; only in development.
    #[param(value_type = Option<String>)]
    token: Option<Secret>,
    /// The `id` of the last frame that was seen: what came after it comes first, without a gap.
    last_event_id: Option<String>,
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Live events, as WebSocket frames: `{"type", "channel", "payload", "timestamp", "id"}`.
#[utoipa::path(get, path = "/ws", tag = "live", params(SocketQuery),
    responses((status = SWITCHING_PROTOCOLS, description = "A WebSocket")))]
async fn events(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    Query(query): Query<SocketQuery>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(platform, headers, query, upgrade, Feed::Events).await
}

/// As `/ws`, with the progress of runs as `pipeline.progress` and `pipeline.error`.
#[utoipa::path(get, path = "/ws/progress", tag = "live", params(SocketQuery),
    responses((status = SWITCHING_PROTOCOLS, description = "A WebSocket")))]
async fn progress(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    Query(query): Query<SocketQuery>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(platform, headers, query, upgrade, Feed::Progress).await
}

async fn open(
    platform: Arc<Platform>,
    headers: HeaderMap,
    query: SocketQuery,
    upgrade: Upgrade,
    feed: Feed,
) -> Result<Response, ApiError> {
    // Before the ticket is spent.
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_)
            if query.ticket.is_none()
                && query.token.is_none()
                && cookies::read(&headers, cookies::ACCESS).is_none() =>
        {
            return Err(ApiError::unauthorized("missing ticket"));
        }
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let caller = who(&platform, &headers, &query).await?;
    let seen =
        match &query.last_event_id {
            None => None,
            Some(id) => Some(platform.hub.place_of(id).await?.ok_or_else(|| {
                ApiError::field(&["query", "last_event_id"], "value_error", "there is no such event")
            })?),
        };
    let upgrade = upgrade
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE)
        .read_buffer_size(BUFFER)
        .write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| ws::serve(socket, Start { platform, caller, feed, seen })))
}

async fn who(platform: &Platform, headers: &HeaderMap, query: &SocketQuery) -> Result<Caller, ApiError> {
    if let Some(ticket) = &query.ticket {
        return platform.identity.redeem_socket_ticket(ticket).await.map_err(|error| match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Conflict => ApiError::unauthorized("invalid or expired ticket"),
            _ => error.into(),
        });
    }
    if let Some(token) = &query.token {
        if !platform.settings.token_query {
            return Err(ApiError::unauthorized("token query auth is disabled; get a ticket at /api/v1/ws/ticket"));
        }
        return platform.authenticate(token.expose());
    }
    let Some(token) = cookies::read(headers, cookies::ACCESS) else {
        return Err(ApiError::unauthorized("missing ticket"));
    };
    // Browsers send the cookie along for any page; a page that was not named must not read with it.
    let named = headers.get(header::ORIGIN).is_none_or(|origin| platform.settings.origins.names(origin));
    if !named {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "origin not allowed"));
    }
    platform.authenticate(token.expose())
}
