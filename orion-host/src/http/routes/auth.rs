//! Getting in and out: passwords, tokens, mails (contract, section 1.6).

use super::super::client::Asker;
use super::super::cookies::Setting;
use super::super::extract::SmallBody;
use super::super::{Answer, ApiError, Body, Platform, Routes, Signed};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orion_core::ErrorKind;
use orion_core::domain::{Secret, User};
use orion_core::service::identity::SignedIn;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(login))
        .routes(routes!(register))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
        .routes(routes!(verify_email))
        .routes(routes!(resend_verification))
        .routes(routes!(accept_invite))
        .routes(routes!(set_up))
}

/// Who has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AuthUser {
    id: Uuid,
    email: String,
    name: String,
    /// `admin`, `editor` or `viewer`.
    role: String,
    #[schema(required)]
    avatar_url: Option<String>,
    email_verified: bool,
}

impl AuthUser {
    pub(in crate::http) fn of(user: &User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role.to_string(),
            avatar_url: user.avatar_url.clone(),
            email_verified: user.email_verified,
        }
    }
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
struct AuthResponse {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// For one call of `refresh`.
    refresh_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: u64,
    user: AuthUser,
}

/// Something in words.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Message {
    pub(in crate::http) message: &'static str,
}

fn told(message: &'static str) -> Json<Message> {
    Json(Message { message })
}

/// The answer to somebody who has signed in, with the cookie that marks the browser.
fn signed_in(platform: &Platform, signed: &SignedIn) -> Response {
    let body = AuthResponse {
        access_token: signed.access_token.expose().to_owned(),
        refresh_token: signed.refresh_token.expose().to_owned(),
        token_type: "Bearer",
        expires_in: signed.expires_in.as_secs(),
        user: AuthUser::of(&signed.user),
    };
    let mut response = Json(body).into_response();
    Setting::new(platform.settings.development).device(&signed.device).add_to(response.headers_mut());
    response
}

/// An email address, or a username, and a password.
#[derive(Debug, Deserialize, ToSchema)]
struct LoginRequest {
    /// The address, or a username.
    #[serde(default)]
    email: String,
    #[serde(default = "nothing")]
    #[schema(value_type = String)]
    password: Secret,
}

fn nothing() -> Secret {
    Secret::new("")
}

/// Sign in.
#[utoipa::path(post, path = "/login", tag = "auth", request_body = LoginRequest,
    responses((status = OK, body = AuthResponse)))]
async fn login(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    SmallBody(body): SmallBody<LoginRequest>,
) -> Result<Response, ApiError> {
    if body.email.trim().is_empty() || body.password.expose().is_empty() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "email and password required"));
    }
    let signed = platform.identity.login(body.email.trim(), &body.password, &client).await?;
    Ok(signed_in(&platform, &signed))
}

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
struct RegisterRequest {
    #[serde(default)]
    email: String,
    #[serde(default = "nothing")]
    #[schema(value_type = String)]
    password: Secret,
    #[serde(default)]
    name: String,
}

/// A new account.
#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    message: &'static str,
    user_id: Uuid,
}

/// Make an account. A mail asks to confirm the address.
#[utoipa::path(post, path = "/register", tag = "auth", request_body = RegisterRequest,
    responses((status = CREATED, body = Registered)))]
async fn register(
    State(platform): State<Arc<Platform>>,
    SmallBody(body): SmallBody<RegisterRequest>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    if body.email.trim().is_empty() || body.password.expose().is_empty() || body.name.trim().is_empty() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "email, password and name required"));
    }
    let user = platform.identity.register(body.email.trim(), &body.password, body.name.trim()).await?;
    Ok((StatusCode::CREATED, Json(Registered { message: "user created", user_id: user.id.0 })))
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
struct RefreshRequest {
    #[serde(default = "nothing")]
    #[schema(value_type = String)]
    refresh_token: Secret,
}

/// Exchange a refresh token for new tokens. A bearer token that is shown with it is void from then on.
#[utoipa::path(post, path = "/refresh", tag = "auth", request_body = RefreshRequest,
    responses((status = OK, body = AuthResponse)))]
async fn refresh(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    old: Option<Signed>,
    SmallBody(body): SmallBody<RefreshRequest>,
) -> Result<Response, ApiError> {
    if body.refresh_token.expose().is_empty() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "refresh_token required"));
    }
    let old = old.map(|Signed(caller)| caller);
    let signed = platform.identity.refresh(&body.refresh_token, old.as_ref(), &client).await?;
    Ok(signed_in(&platform, &signed))
}

/// End this session. The body may be empty.
#[utoipa::path(post, path = "/logout", tag = "auth", request_body = Option<RefreshRequest>,
    responses((status = OK, body = Message)))]
async fn logout(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    body: Option<SmallBody<RefreshRequest>>,
) -> Answer<Message> {
    let refresh = body.map(|SmallBody(body)| body.refresh_token).filter(|token| !token.expose().is_empty());
    platform.identity.logout(&caller, refresh.as_ref()).await?;
    Ok(told("logged out"))
}

/// An address.
#[derive(Debug, Deserialize, ToSchema)]
struct ForgotRequest {
    #[serde(default)]
    email: String,
}

/// Ask for a mail with a link to a new password. The answer is the same whether there is such an account or not.
#[utoipa::path(post, path = "/forgot-password", tag = "auth", request_body = ForgotRequest,
    responses((status = OK, body = Message)))]
async fn forgot_password(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    SmallBody(body): SmallBody<ForgotRequest>,
) -> Answer<Message> {
    platform.identity.forgot_password(body.email.trim(), &client).await?;
    Ok(told("if there is an account with this address, a mail with a link is on its way"))
}

/// A new password, by a token of a mail.
#[derive(Debug, Deserialize, ToSchema)]
struct ResetRequest {
    #[schema(value_type = String)]
    token: Secret,
    /// 8 to 128 characters.
    #[serde(alias = "new_password")]
    #[schema(value_type = String)]
    password: Secret,
}

/// A token that is unknown, used or expired is the client's fault, whatever the core calls it.
fn bad_token(error: orion_core::Error) -> ApiError {
    match error.kind() {
        ErrorKind::Unauthorized | ErrorKind::NotFound => ApiError::new(StatusCode::BAD_REQUEST, error.message()),
        _ => error.into(),
    }
}

/// Set a new password. All sessions end.
#[utoipa::path(post, path = "/reset-password", tag = "auth", request_body = ResetRequest,
    responses((status = OK, body = Message)))]
async fn reset_password(
    State(platform): State<Arc<Platform>>,
    Body(body): Body<ResetRequest>,
) -> Result<Response, ApiError> {
    let device = platform.identity.reset_password(&body.token, &body.password).await.map_err(bad_token)?;
    let mut response = told("the password is set; sign in with it").into_response();
    Setting::new(platform.settings.development).device(&device).add_to(response.headers_mut());
    Ok(response)
}

/// A token of a mail.
#[derive(Debug, Deserialize, ToSchema)]
struct VerifyRequest {
    #[schema(value_type = String)]
    token: Secret,
}

/// Confirm an address.
#[utoipa::path(post, path = "/verify-email", tag = "auth", request_body = VerifyRequest,
    responses((status = OK, body = Message)))]
async fn verify_email(State(platform): State<Arc<Platform>>, Body(body): Body<VerifyRequest>) -> Answer<Message> {
    platform.identity.verify_email(&body.token).await.map_err(bad_token)?;
    Ok(told("the address is confirmed"))
}

/// Ask for the mail that confirms an address once more. The answer is the same whether there is such an account, and
/// whether it has confirmed already.
#[utoipa::path(post, path = "/resend-verification", tag = "auth", request_body = ForgotRequest,
    responses((status = OK, body = Message)))]
async fn resend_verification(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    SmallBody(body): SmallBody<ForgotRequest>,
) -> Answer<Message> {
    platform.identity.resend_verification(body.email.trim(), &client).await?;
    Ok(told("if an account with this address waits for it, a mail with a link is on its way"))
}

/// Takes up an invitation.
#[derive(Debug, Deserialize, ToSchema)]
struct AcceptRequest {
    #[schema(value_type = String)]
    token: Secret,
    /// 8 to 128 characters.
    #[schema(value_type = String)]
    password: Secret,
    name: Option<String>,
}

/// Take up an invitation with a password of one's own.
#[utoipa::path(post, path = "/accept-invite", tag = "auth", request_body = AcceptRequest,
    responses((status = OK, body = Message)))]
async fn accept_invite(State(platform): State<Arc<Platform>>, Body(body): Body<AcceptRequest>) -> Answer<Message> {
    platform.identity.accept_invite(&body.token, &body.password, body.name.as_deref()).await.map_err(bad_token)?;
    Ok(told("the account is ready; sign in"))
}

/// Set the first administrator's password, by the link of the first start.
#[utoipa::path(post, path = "/set-up", tag = "auth", request_body = ResetRequest,
    responses((status = OK, body = AuthResponse)))]
async fn set_up(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    Body(body): Body<ResetRequest>,
) -> Result<Response, ApiError> {
    let signed = platform.identity.set_up(&body.token, &body.password, &client).await.map_err(bad_token)?;
    Ok(signed_in(&platform, &signed))
}
