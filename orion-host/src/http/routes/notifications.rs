//! What the caller is told (contract, section 2.7.3).

use super::super::{Answer, Body, Path, Platform, Query, Routes, Signed};
use axum::Json;
use axum::extract::State;
use orion_core::domain::Notification;
use orion_core::id::NotificationId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Below `/api/v1/identity`.
pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(mark_read))
        .routes(routes!(read_all))
        .routes(routes!(unread_count))
        .routes(routes!(preferences, set_preferences))
}

/// Something the caller is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct NotificationView {
    id: Uuid,
    user_id: Uuid,
    /// `trend_detected`, `content_published`, `content_rejected`, `media_failed`, `pipeline_stage_changed` or
    /// `content_created`.
    r#type: String,
    title: String,
    #[schema(required)]
    body: Option<String>,
    /// Identifiers to follow.
    metadata: Value,
    is_read: bool,
    /// RFC 3339.
    #[schema(required)]
    read_at: Option<String>,
    /// RFC 3339.
    created_at: String,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id.0,
            user_id: notification.user_id.0,
            r#type: notification.kind.to_string(),
            title: notification.title,
            body: notification.body,
            metadata: notification.metadata,
            is_read: notification.is_read,
            read_at: notification.read_at.map(|at| at.to_string()),
            created_at: notification.created_at.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those that are not read.
    #[serde(default)]
    unread: bool,
    /// From 1.
    #[serde(default = "first")]
    #[param(minimum = 1)]
    page: u32,
    /// 1 to 100.
    #[serde(default = "twenty")]
    #[param(minimum = 1, maximum = 100)]
    page_size: u32,
}

fn first() -> u32 {
    1
}

fn twenty() -> u32 {
    20
}

/// A page of notifications, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationList {
    notifications: Vec<NotificationView>,
    /// The same, under the name that lists have elsewhere.
    items: Vec<NotificationView>,
    total: u64,
    page: u32,
    page_size: u32,
    unread_count: u64,
}

/// What I was told.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(ListQuery),
    responses((status = OK, body = NotificationList)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<ListQuery>,
) -> Answer<NotificationList> {
    let ListQuery { unread, page, page_size } = query;
    let found = platform.notifier.list(caller.user_id, unread, page, page_size).await?;
    let items: Vec<NotificationView> = found.items.into_iter().map(NotificationView::from).collect();
    let (total, unread_count) = (found.total, found.unread);
    Ok(Json(NotificationList { notifications: items.clone(), items, total, page, page_size, unread_count }))
}

/// Mark one as read.
#[utoipa::path(patch, path = "/notifications/{id}/read", tag = "notifications", params(("id" = Uuid, Path)),
    responses((status = OK, body = NotificationView)))]
async fn mark_read(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<NotificationId>,
) -> Answer<NotificationView> {
    Ok(Json(platform.notifier.mark_read(caller.user_id, id).await?.into()))
}

/// How many changed.
#[derive(Debug, Serialize, ToSchema)]
struct Updated {
    updated: u64,
}

/// Mark all as read.
#[utoipa::path(post, path = "/notifications/read-all", tag = "notifications",
    responses((status = OK, body = Updated)))]
async fn read_all(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Updated> {
    Ok(Json(Updated { updated: platform.notifier.read_all(caller.user_id).await? }))
}

/// How many are not read.
#[derive(Debug, Serialize, ToSchema)]
struct Unread {
    count: u64,
    unread_count: u64,
}

/// How many are not read.
#[utoipa::path(get, path = "/notifications/unread-count", tag = "notifications",
    responses((status = OK, body = Unread)))]
async fn unread_count(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Unread> {
    let count = platform.notifier.unread_count(caller.user_id).await?;
    Ok(Json(Unread { count, unread_count: count }))
}

/// What one wants to be told of: `{type: {"enabled": bool, "push": bool}}`.
#[derive(Debug, Serialize, ToSchema)]
struct PreferencesView {
    #[schema(value_type = Object)]
    preferences: Value,
}

/// What I want to be told of.
#[utoipa::path(get, path = "/notifications/preferences", tag = "notifications",
    responses((status = OK, body = PreferencesView)))]
async fn preferences(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<PreferencesView> {
    let preferences = platform.notifier.preferences(caller.user_id).await?;
    Ok(Json(PreferencesView { preferences: serde_json::to_value(&preferences).map_err(orion_core::Error::from)? }))
}

/// Change some of what I want to be told of: the object that this path gives, or the map in it, or a part of either.
#[utoipa::path(put, path = "/notifications/preferences", tag = "notifications", request_body = Object,
    responses((status = OK, body = PreferencesView)))]
async fn set_preferences(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<Value>,
) -> Answer<PreferencesView> {
    let change = body.get("preferences").unwrap_or(&body);
    let preferences = platform.notifier.set_preferences(caller.user_id, change).await?;
    Ok(Json(PreferencesView { preferences: serde_json::to_value(&preferences).map_err(orion_core::Error::from)? }))
}
