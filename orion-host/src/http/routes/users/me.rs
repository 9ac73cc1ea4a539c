//! Oneself: profile, settings, password, and the ways in.

use super::super::super::{Answer, ApiError, Body, Path, Platform, Query, Routes, Signed};
use super::super::auth::Message;
use super::UserProfile;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::ErrorKind;
use orion_core::domain::{LoginKind, Secret};
use orion_core::service::identity::ProfileChange;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(me, replace_me, change_me))
        .routes(routes!(onboard))
        .routes(routes!(settings, merge_settings))
        .routes(routes!(change_password))
        .routes(routes!(unlink))
        .routes(routes!(check_username))
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
pub(in super::super) fn provider_named(name: &str) -> Result<LoginKind, ApiError> {
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
