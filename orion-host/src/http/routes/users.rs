//! Oneself, one's sessions, and, for administrators, everybody (contract, section 2.7.1).

mod me;
mod sessions;

pub(super) use me::provider_named;

use super::super::bounds::within;
use super::super::{Answer, ApiError, Body, Path, Platform, Query, Routes, Signed};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Role, Secret};
use orion_core::id::UserId;
use orion_core::service::identity::Profile;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Below `/api/v1/identity`.
pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(me::routes())
        .merge(sessions::routes())
        .routes(routes!(list, create))
        .routes(routes!(invite))
        .routes(routes!(set_role))
        .routes(routes!(set_status))
}

/// A user as they and administrators see them.
#[derive(Debug, Serialize, ToSchema)]
struct UserProfile {
    id: Uuid,
    email: String,
    name: String,
    #[schema(required)]
    username: Option<String>,
    #[schema(required)]
    first_name: Option<String>,
    #[schema(required)]
    last_name: Option<String>,
    #[schema(required)]
    avatar_url: Option<String>,
    #[schema(required)]
    bio: Option<String>,
    timezone: String,
    /// `admin`, `editor` or `viewer`.
    role: String,
    email_verified: bool,
    is_active: bool,
    /// RFC 3339.
    created_at: String,
    /// Accounts elsewhere that are linked: `github`, `google`.
    oauth_providers: Vec<String>,
}

impl From<Profile> for UserProfile {
    fn from(Profile { user, oauth_providers }: Profile) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            name: user.name,
            username: user.username,
            first_name: user.first_name,
            last_name: user.last_name,
            avatar_url: user.avatar_url,
            bio: user.bio,
            timezone: user.timezone,
            role: user.role.to_string(),
            email_verified: user.email_verified,
            is_active: user.active,
            created_at: user.created_at.to_string(),
            oauth_providers,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsersQuery {
    /// From 1.
    #[serde(default = "first")]
    #[param(minimum = 1)]
    page: u32,
    /// 1 to 100.
    #[serde(default = "twenty")]
    #[param(minimum = 1, maximum = 100)]
    page_size: u32,
    /// `admin`, `editor` or `viewer`.
    role: Option<String>,
    active: Option<bool>,
}

fn first() -> u32 {
    1
}

fn twenty() -> u32 {
    20
}

/// A page of users, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct Users {
    users: Vec<UserProfile>,
    total: u64,
    page: u32,
    page_size: u32,
}

fn role_named(name: &str) -> Result<Role, ApiError> {
    name.parse().map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "role must be admin, editor or viewer"))
}

/// Everybody, for administrators.
#[utoipa::path(get, path = "/users", tag = "identity", params(UsersQuery), responses((status = OK, body = Users)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<UsersQuery>,
) -> Answer<Users> {
    let UsersQuery { page, page_size, role, active } = query;
    within(&["query", "page"], page, 1..=1_000_000)?;
    within(&["query", "page_size"], page_size, 1..=100)?;
    let role = role.as_deref().map(role_named).transpose()?;
    let (users, total) = platform.identity.users(&caller, role, active, page, page_size).await?;
    Ok(Json(Users { users: users.into_iter().map(UserProfile::from).collect(), total, page, page_size }))
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateRequest {
    email: String,
    /// 8 to 128 characters.
    #[schema(value_type = String)]
    password: Secret,
    name: String,
    /// `admin`, `editor` or `viewer`.
    #[serde(default = "viewer")]
    role: String,
}

fn viewer() -> String {
    Role::Viewer.to_string()
}

fn editor() -> String {
    Role::Editor.to_string()
}

/// Make an account for somebody, for administrators.
#[utoipa::path(post, path = "/users", tag = "identity", request_body = CreateRequest,
    responses((status = CREATED, body = UserProfile)))]
async fn create(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<CreateRequest>,
) -> Result<(StatusCode, Json<UserProfile>), ApiError> {
    let role = role_named(&body.role)?;
    let user = platform.identity.create_user(&caller, &body.email, &body.password, &body.name, role).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
struct InviteRequest {
    email: String,
    name: Option<String>,
    /// `admin`, `editor` or `viewer`.
    #[serde(default = "editor")]
    role: String,
}

/// Invite somebody by mail, for administrators.
#[utoipa::path(post, path = "/users/invite", tag = "identity", request_body = InviteRequest,
    responses((status = CREATED, body = UserProfile)))]
async fn invite(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<InviteRequest>,
) -> Result<(StatusCode, Json<UserProfile>), ApiError> {
    let role = role_named(&body.role)?;
    let user = platform.identity.invite(&caller, &body.email, body.name.as_deref(), role).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// What they may do.
#[derive(Debug, Deserialize, ToSchema)]
struct RoleRequest {
    /// `admin`, `editor` or `viewer`.
    role: String,
}

/// Change what somebody may do, for administrators. Their sessions end.
#[utoipa::path(put, path = "/users/{id}/role", tag = "identity", params(("id" = Uuid, Path)),
    request_body = RoleRequest, responses((status = OK, body = UserProfile)))]
async fn set_role(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<UserId>,
    Body(body): Body<RoleRequest>,
) -> Answer<UserProfile> {
    let role = role_named(&body.role)?;
    Ok(Json(platform.identity.set_role(&caller, id, role).await?.into()))
}

/// Whether they may come in.
#[derive(Debug, Deserialize, ToSchema)]
struct StatusRequest {
    is_active: bool,
}

/// Disable somebody, or let them in again, for administrators. Disabling ends their sessions.
#[utoipa::path(put, path = "/users/{id}/status", tag = "identity", params(("id" = Uuid, Path)),
    request_body = StatusRequest, responses((status = OK, body = UserProfile)))]
async fn set_status(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<UserId>,
    Body(body): Body<StatusRequest>,
) -> Answer<UserProfile> {
    Ok(Json(platform.identity.set_active(&caller, id, body.is_active).await?.into()))
}
