//! The cookies of a browser that has signed in.

use super::routes::AuthUser;
use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use orion_core::Timestamp;
use orion_core::domain::Secret;
use orion_core::service::identity::SignedIn;

/// The access token, as the dashboard keeps it.
pub(super) const ACCESS: &str = "orion_token";
/// Marks a browser that has signed in before, so that the guesses of others do not keep its user out.
const DEVICE: &str = "orion_device";
/// Binds the way to a provider and back to one browser.
const STATE: &str = "orion_oauth_state";

/// The way to a provider and back takes no longer.
const STATE_LIFE: Duration = Duration::minutes(10);
const REFRESH_LIFE: Duration = Duration::days(30);
/// Under its other name the refresh token lives as long as earlier clients expect.
const EARLIER_REFRESH_LIFE: Duration = Duration::days(7);
/// Browsers forget by themselves what lives longer.
const DEVICE_LIFE: Duration = Duration::days(400);

/// Reads a cookie of a request.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<Secret> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| Secret::new(cookie.value()))
}

/// What marks this browser, if it has signed in before.
pub(super) fn device(headers: &HeaderMap) -> Option<Secret> {
    read(headers, DEVICE)
}

/// What this browser was given on its way to a provider.
pub(super) fn state(headers: &HeaderMap) -> Option<Secret> {
    read(headers, STATE)
}

/// Cookies to set. Outside development they travel over TLS only.
#[derive(Debug)]
pub(super) struct Setting {
    secure: bool,
    values: Vec<HeaderValue>,
}

impl Setting {
    pub(super) fn new(development: bool) -> Self {
        Self { secure: !development, values: Vec::new() }
    }

    fn set(mut self, name: &'static str, value: &str, path: &'static str, life: Duration, script: bool) -> Self {
        let cookie = Cookie::build((name, value.to_owned()))
            .path(path)
            .http_only(!script)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .max_age(life)
            .build();
        // A percent-encoded cookie is a header value.
        self.values.extend(HeaderValue::try_from(cookie.encoded().to_string()));
        self
    }

    /// Marks this browser.
    pub(super) fn device(self, device: &Secret) -> Self {
        self.set(DEVICE, device.expose(), "/api/v1/auth", DEVICE_LIFE, false)
    }

    /// Binds this browser to its way to a provider.
    pub(super) fn state(self, state: &Secret) -> Self {
        self.set(STATE, state.expose(), "/api/v1/auth/oauth", STATE_LIFE, false)
    }

    /// Forgets the way to the provider.
    pub(super) fn forget_state(self) -> Self {
        self.set(STATE, "", "/api/v1/auth/oauth", Duration::ZERO, false)
    }

    /// Everything that the dashboard reads of who has signed in.
    pub(super) fn session(self, signed: &SignedIn, now: Timestamp) -> Self {
        let (access, refresh) = (signed.access_token.expose(), signed.refresh_token.expose());
        let life = Duration::try_from(signed.expires_in).unwrap_or(Duration::MAX);
        let expiry = now.after(signed.expires_in).to_string();
        // Plain fields always become JSON.
        let user = serde_json::to_string(&AuthUser::of(&signed.user)).unwrap_or_default();
        self.set("access_token", access, "/", life, false)
            .set("refresh_token", refresh, "/", EARLIER_REFRESH_LIFE, false)
            .set(ACCESS, access, "/", life, false)
            .set("orion_token_expiry", &expiry, "/", life, false)
            .set("orion_refresh_token", refresh, "/", REFRESH_LIFE, false)
            .set("orion_user", &user, "/", life, true)
            .device(&signed.device)
    }

    /// Adds them to an answer.
    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        for value in self.values {
            headers.append(header::SET_COOKIE, value);
        }
    }
}
