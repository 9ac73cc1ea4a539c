//! Signing in with an account elsewhere (contract, section 1.8).

use super::super::client::Asker;
use super::super::cookies::{self, Setting};
use super::super::{ApiError, Path, Platform, Query, Routes, Signed};
use super::users::provider_named;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use orion_core::ErrorKind;
use orion_core::domain::{LoginKind, Secret};
use orion_core::port::OauthProvider;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::Url;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Below `/api/v1/auth`.
pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(begin)).routes(routes!(callback)).routes(routes!(link))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BeginQuery {
    /// The page of the dashboard to come back to.
    #[serde(default)]
    redirect: String,
}

/// The provider of a path, if it is set up.
fn provider<'a>(platform: &'a Platform, name: &str) -> Result<&'a dyn OauthProvider, ApiError> {
    let kind = provider_named(name)?;
    let found = platform.oauth.iter().find(|provider| provider.kind() == kind);
    let called = if kind == LoginKind::Github { "GitHub" } else { "Google" };
    found
        .map(|provider| &**provider)
        .ok_or_else(|| ApiError::new(StatusCode::NOT_IMPLEMENTED, format!("{called} OAuth not configured")))
}

/// A redirect that is no page of the dashboard is a plain 400.
fn bad_page(error: orion_core::Error) -> ApiError {
    match error.kind() {
        ErrorKind::Invalid => ApiError::new(StatusCode::BAD_REQUEST, error.message()),
        _ => error.into(),
    }
}

/// Go to a provider to sign in.
#[utoipa::path(get, path = "/oauth/{provider}", tag = "auth",
    params(("provider" = String, Path, description = "`github` or `google`"), BeginQuery),
    responses((status = TEMPORARY_REDIRECT, description = "To the provider")))]
async fn begin(
    State(platform): State<Arc<Platform>>,
    Path(name): Path<String>,
    Query(query): Query<BeginQuery>,
) -> Result<Response, ApiError> {
    let provider = provider(&platform, &name)?;
    let (url, state) = platform.identity.oauth_begin(provider, &query.redirect, None).await.map_err(bad_page)?;
    let mut response = Redirect::temporary(&url).into_response();
    Setting::new(platform.settings.development).state(&state).add_to(response.headers_mut());
    Ok(response)
}

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
struct Way {
    /// The provider's page; the answer's cookie must go there with the browser.
    url: String,
}

/// Link an account elsewhere to mine: gives the address to send the browser to.
#[utoipa::path(post, path = "/oauth/{provider}/link", tag = "auth",
    params(("provider" = String, Path, description = "`github` or `google`"), BeginQuery),
    responses((status = OK, body = Way)))]
async fn link(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    Query(query): Query<BeginQuery>,
) -> Result<Response, ApiError> {
    let provider = provider(&platform, &name)?;
    let begun = platform.identity.oauth_begin(provider, &query.redirect, Some(&caller)).await;
    let (url, state) = begun.map_err(bad_page)?;
    let mut response = Json(Way { url }).into_response();
    Setting::new(platform.settings.development).state(&state).add_to(response.headers_mut());
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallbackQuery {
    #[param(value_type = Option<String>)]
    state: Option<Secret>,
    #[param(value_type = Option<String>)]
    code: Option<Secret>,
    /// What went wrong at the provider.
    error: Option<String>,
}

/// Come back from a provider.
#[utoipa::path(get, path = "/oauth/{provider}/callback", tag = "auth",
    params(("provider" = String, Path, description = "`github` or `google`"), CallbackQuery),
    responses((status = TEMPORARY_REDIRECT, description = "To the dashboard, with the cookies of a session")))]
async fn callback(
    State(platform): State<Arc<Platform>>,
    Asker(client): Asker,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, ApiError> {
    let provider = provider(&platform, &name)?;
    let bad = |text: &str| ApiError::new(StatusCode::BAD_REQUEST, text);
    if query.error.is_some() {
        return Ok(sent_back(&platform, "the provider did not sign you in"));
    }
    let (Some(state), Some(code)) = (query.state, query.code) else {
        return Err(bad("state and code required"));
    };
    let browser = cookies::state(&headers).ok_or_else(|| bad("the sign-in has expired or began elsewhere"))?;
    let (signed, page) = match platform.identity.oauth_finish(provider, &state, &browser, &code, &client).await {
        Ok(done) => done,
        Err(error) => {
            return match error.kind() {
                ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Unauthorized => Err(bad(error.message())),
                ErrorKind::Unavailable | ErrorKind::Timeout => {
                    tracing::warn!(error = ?error, provider = %provider.kind(), "a provider failed to sign somebody in");
                    Err(ApiError::new(StatusCode::BAD_GATEWAY, "the provider cannot be reached"))
                }
                ErrorKind::AlreadyExists | ErrorKind::Forbidden | ErrorKind::Conflict => {
                    Ok(sent_back(&platform, error.message()))
                }
                _ => Err(error.into()),
            };
        }
    };
    let mut page = Url::parse(&page).map_err(|_| bad("the page to come back to is none"))?;
    if signed.onboarding {
        page.set_path("/onboarding");
        page.set_query(None);
    } else {
        page.query_pairs_mut().append_pair("oauth", "success");
    }
    let now = platform.orion.production().clock.now();
    let mut response = Redirect::temporary(page.as_str()).into_response();
    let cookies = Setting::new(platform.settings.development).session(&signed, now).forget_state();
    cookies.add_to(response.headers_mut());
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// To the page for signing in, with what went wrong.
fn sent_back(platform: &Platform, error: &str) -> Response {
    let page = Url::parse_with_params(&format!("{}/login", platform.settings.dashboard_url), [("error", error)]);
    let page = page.map_or_else(|_| platform.settings.dashboard_url.clone(), String::from);
    let mut response = Redirect::temporary(&page).into_response();
    Setting::new(platform.settings.development).forget_state().add_to(response.headers_mut());
    response
}
