//! Oneself, one's sessions, and, for administrators, everybody (contract, section 2.7.1).

use super::super::{Answer, ApiError, Body, Path, Platform, Query, Routes, Signed};
use super::auth::Message;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::ErrorKind;
use orion_core::domain::{LoginKind, Role, Secret, Session};
use orion_core::id::{SessionId, UserId};
use orion_core::service::identity::{Profile, ProfileChange};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Below `/api/v1/identity`.
pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(me, replace_me, change_me))
        .routes(routes!(onboard))
        .routes(routes!(settings, merge_settings))
        .routes(routes!(change_password))
        .routes(routes!(unlink))
        .routes(routes!(check_username))
        .routes(routes!(list, create))
        .routes(routes!(invite))
        .routes(routes!(set_role))
        .routes(routes!(set_status))
        .routes(routes!(sessions, end_others))
        .routes(routes!(end_session))
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

/// Who I am.
#[utoipa::path(get, path = "/users/me", tag = "identity", responses((status = OK, body = UserProfile)))]
async fn me(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<UserProfile> {
    Ok(Json(platform.identity.profile(caller.user_id).await?.into()))
}

/// What to change; `null` clears what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
struct ProfileRequest {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    bio: Option<Option<String>>,
    #[serde(default)]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    avatar_url: Option<Option<String>>,
}

/// Tells `null` from absence.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn change(platform: &Platform, Signed(caller): Signed, body: ProfileRequest) -> Answer<UserProfile> {
    let ProfileRequest { name, first_name, last_name, bio, timezone, avatar_url } = body;
    let change = ProfileChange { name, first_name, last_name, bio, timezone, avatar_url };
    if change == ProfileChange::default() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "no fields to update"));
    }
    Ok(Json(platform.identity.update_profile(&caller, change).await?.into()))
}

/// Change my profile.
#[utoipa::path(put, path = "/users/me", tag = "identity", request_body = ProfileRequest,
    responses((status = OK, body = UserProfile)))]
async fn replace_me(
    State(platform): State<Arc<Platform>>,
    caller: Signed,
    Body(body): Body<ProfileRequest>,
) -> Answer<UserProfile> {
    change(&platform, caller, body).await
}

/// Change my profile.
#[utoipa::path(patch, path = "/users/me", tag = "identity", request_body = ProfileRequest,
    responses((status = OK, body = UserProfile)))]
async fn change_me(
    State(platform): State<Arc<Platform>>,
    caller: Signed,
    Body(body): Body<ProfileRequest>,
) -> Answer<UserProfile> {
    change(&platform, caller, body).await
}

/// What somebody chooses who came by an account elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
struct OnboardRequest {
    /// 3 to 30 of a-z, 0-9 and _.
    username: String,
    /// 8 to 128 characters.
    #[schema(value_type = String)]
    password: Secret,
    first_name: Option<String>,
    last_name: Option<String>,
    timezone: Option<String>,
}

/// Who they are now.
#[derive(Debug, Serialize, ToSchema)]
struct Onboarded {
    user_id: Uuid,
    #[schema(required)]
    username: Option<String>,
    email: String,
    name: String,
    role: String,
    #[schema(required)]
    avatar_url: Option<String>,
}

/// Choose a username and a password, once.
#[utoipa::path(put, path = "/users/me/onboarding", tag = "identity", request_body = OnboardRequest,
    responses((status = OK, body = Onboarded)))]
async fn onboard(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<OnboardRequest>,
) -> Answer<Onboarded> {
    let OnboardRequest { username, password, first_name, last_name, timezone } = body;
    let (first, last) = (first_name.as_deref(), last_name.as_deref());
    let user = platform.identity.onboard(&caller, &username, &password, first, last, timezone.as_deref()).await?;
    Ok(Json(Onboarded {
        user_id: user.id.0,
        username: user.username,
        email: user.email,
        name: user.name,
        role: user.role.to_string(),
        avatar_url: user.avatar_url,
    }))
}

/// Settings by top-level key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Settings {
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

/// My settings.
#[utoipa::path(get, path = "/users/me/settings", tag = "identity", responses((status = OK, body = Settings)))]
async fn settings(State(platform): State<Arc<Platform>>, Signed(caller): Signed) -> Answer<Settings> {
    Ok(Json(Settings { settings: platform.identity.settings(&caller).await? }))
}

/// Change some of my settings; each key that is named is replaced.
#[utoipa::path(put, path = "/users/me/settings", tag = "identity", request_body = Settings,
    responses((status = OK, body = Settings)))]
async fn merge_settings(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<Settings>,
) -> Answer<Settings> {
    Ok(Json(Settings { settings: platform.identity.merge_settings(&caller, body.settings).await? }))
}

/// The old and the new.
#[derive(Debug, Deserialize, ToSchema)]
struct PasswordRequest {
    #[schema(value_type = String)]
    current_password: Secret,
    /// 8 to 128 characters.
    #[schema(value_type = String)]
    new_password: Secret,
}

/// Change my password. All my other sessions end.
#[utoipa::path(put, path = "/users/me/password", tag = "identity", request_body = PasswordRequest,
    responses((status = NO_CONTENT)))]
async fn change_password(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<PasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let changed = platform.identity.change_password(&caller, &body.current_password, &body.new_password).await;
    changed.map_err(|error| match error.kind() {
        // The token is good; what is wrong is in the body.
        ErrorKind::Unauthorized => ApiError::new(StatusCode::BAD_REQUEST, error.message()),
        _ => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove an account elsewhere as a way in.
#[utoipa::path(delete, path = "/users/me/oauth/{provider}", tag = "identity",
    params(("provider" = String, Path, description = "`github` or `google`")), responses((status = OK, body = Message)))]
async fn unlink(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
) -> Answer<Message> {
    platform.identity.unlink(&caller, provider_named(&provider)?).await?;
    Ok(Json(Message { message: "the account is not linked any more" }))
}

/// The provider of a path.
pub(super) fn provider_named(name: &str) -> Result<LoginKind, ApiError> {
    match name {
        "github" => Ok(LoginKind::Github),
        "google" => Ok(LoginKind::Google),
        _ => Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such provider")),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsernameQuery {
    /// 3 to 30 of a-z, 0-9 and _.
    username: String,
}

/// Whether a username can be taken.
#[derive(Debug, Serialize, ToSchema)]
struct UsernameFree {
    available: bool,
    username: String,
}

/// Whether a username can be taken.
#[utoipa::path(get, path = "/users/check-username", tag = "identity", params(UsernameQuery),
    responses((status = OK, body = UsernameFree)))]
async fn check_username(
    State(platform): State<Arc<Platform>>,
    Query(query): Query<UsernameQuery>,
) -> Answer<UsernameFree> {
    let available = platform.identity.username_free(&query.username).await?;
    Ok(Json(UsernameFree { available, username: query.username }))
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
