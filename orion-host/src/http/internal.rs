//! How the gateway tells a service of another process who asks (contract, section 1.2). These headers are believed only
//! beside the internal token, and what a client sends under their names goes no further than the gateway.

use super::ApiError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use orion_core::Timestamp;
use orion_core::domain::{Secret, Sha256};
use orion_core::id::{RevocationId, SessionId, UserId};
use orion_core::service::identity::Caller;
use std::str::FromStr;

const TOKEN: &str = "x-internal-token";
const USER: &str = "x-user-id";
const ROLE: &str = "x-user-role";
const EMAIL: &str = "x-user-email";
const NAME: &str = "x-user-name";
const SESSION: &str = "x-session-id";
const ACCESS: &str = "x-token-id";
const EXPIRES: &str = "x-token-expires";

/// The names that no client may use.
const OURS: [&str; 8] = [TOKEN, USER, ROLE, EMAIL, NAME, SESSION, ACCESS, EXPIRES];

/// Removes what only the gateway may say.
pub(super) fn strip(headers: &mut HeaderMap) {
    for name in OURS {
        headers.remove(name);
    }
}

/// Shows the internal token, and says who asks.
pub(super) fn vouch(headers: &mut HeaderMap, token: &Secret, caller: Option<&Caller>) {
    strip(headers);
    let mut say = |name: &'static str, text: &str| {
        // Percent-encoded text and a checked token are header values.
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    say(TOKEN, token.expose());
    if let Some(caller) = caller {
        say(USER, &caller.user_id.to_string());
        say(ROLE, caller.role.as_str());
        say(EMAIL, &encoded(&caller.email));
        say(NAME, &encoded(&caller.name));
        say(SESSION, &caller.session_id.to_string());
        say(ACCESS, &caller.token_id.to_string());
        say(EXPIRES, &caller.expires_at.to_string());
    }
}

/// Whether a shown token is this one. Hashes are compared, so that time tells nothing; no token is no token.
fn is_same(shown: &[u8], token: &Secret) -> bool {
    let (shown_hash, hash) = (Sha256::of(shown), Sha256::of(token.expose().as_bytes()));
    shown_hash == hash && !shown.is_empty()
}

/// Whether what watches the platform from outside sent this: it shows its own token in place of a person's.
pub(super) fn is_monitor(headers: &HeaderMap, token: &Secret) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    shown.is_some_and(|shown| is_same(shown, token))
}

/// Whether the gateway sent this.
///
/// # Errors
/// 403 without the internal token.
pub(super) fn check(headers: &HeaderMap, token: &Secret) -> Result<(), ApiError> {
    let shown = headers.get(TOKEN).map(HeaderValue::as_bytes).unwrap_or_default();
    if is_same(shown, token) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "Invalid or missing internal service token"))
}

/// Who asks, as the gateway says; none on routes that are open to everybody.
pub(super) fn caller(headers: &HeaderMap) -> Option<Caller> {
    fn read<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
        headers.get(name)?.to_str().ok()?.parse().ok()
    }
    let text = |name: &str| {
        let text = headers.get(name).and_then(|text| text.to_str().ok()).unwrap_or_default();
        percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
    };
    Some(Caller {
        user_id: read::<UserId>(headers, USER)?,
        role: read(headers, ROLE)?,
        email: text(EMAIL),
        name: text(NAME),
        session_id: read::<SessionId>(headers, SESSION)?,
        token_id: read::<RevocationId>(headers, ACCESS)?,
        expires_at: read::<Timestamp>(headers, EXPIRES)?,
    })
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::Role;
    use orion_core::testing::sample;

    #[test]
    fn who_asks_arrives_as_it_was_sent_and_only_with_the_token() {
        let caller_sent = Caller {
            user_id: UserId(sample::uuid(1)),
            role: Role::Editor,
            email: "ada@example.org".to_owned(),
            name: "Ada Lovelace\r\nX-User-Role: admin, Ünï".to_owned(),
            session_id: SessionId(sample::uuid(2)),
            token_id: RevocationId(sample::uuid(3)),
            expires_at: sample::time(900),
        };
        let token = Secret::new("0123456789abcdef0123456789abcdef");
        let mut headers = HeaderMap::new();
        headers.insert(ROLE, HeaderValue::from_static("admin"));
        vouch(&mut headers, &token, Some(&caller_sent));
        assert_eq!(caller(&headers), Some(caller_sent));
        assert!(check(&headers, &token).is_ok());
        assert_eq!(check(&headers, &Secret::new("another")).unwrap_err().status(), StatusCode::FORBIDDEN);
        assert!(check(&HeaderMap::new(), &Secret::new("")).is_err(), "no token is no token");
        strip(&mut headers);
        assert!(headers.is_empty());

        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer watch"));
        assert!(is_monitor(&headers, &Secret::new("watch")) && !is_monitor(&headers, &Secret::new("watcher")));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer "));
        assert!(!is_monitor(&headers, &Secret::new("")), "no token is no token");
    }

    #[test]
    fn nobody_is_somebody_only_in_part() {
        let mut headers = HeaderMap::new();
        vouch(&mut headers, &Secret::new("token"), None);
        assert_eq!(caller(&headers), None);
        headers.insert(USER, HeaderValue::from_static("00000000-0000-0000-0000-000000000001"));
        assert_eq!(caller(&headers), None);
    }
}
