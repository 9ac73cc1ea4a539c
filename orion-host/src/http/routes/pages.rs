//! The pages that one-time links lead to: each asks for what is needed and posts it to the API. The token stays in the
//! browser: it is sent in a body, and is taken out of the address at once.

use super::super::Routes;
use crate::system::OsEntropy;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use orion_core::port::Entropy;

const PAGE: &str = include_str!("../pages.html");

const PASSWORD: &str = r#"<label for="password">Password, 8 to 128 characters</label>
<input id="password" name="password" type="password" minlength="8" maxlength="128" autocomplete="new-password" required autofocus>
<label for="again">The same again</label>
<input id="again" name="again" type="password" minlength="8" maxlength="128" autocomplete="new-password" required>
"#;

const NAME: &str = r#"<label for="name">Your name</label>
<input id="name" name="name" maxlength="256" autocomplete="name">
"#;

pub(super) fn routes() -> Routes {
    let page = |title, lead, to, name, password, action| {
        let fields = format!("{}{}", if name { NAME } else { "" }, if password { PASSWORD } else { "" });
        get(move || {
            let page = render(title, lead, to, &fields, action);
            async move { page }
        })
    };
    Routes::new()
        .route(
            "/setup",
            page("Set up Orion", "Choose the administrator's password.", "/api/v1/auth/set-up", false, true, "Set up"),
        )
        .route(
            "/reset-password",
            page(
                "A new password",
                "All your sessions end.",
                "/api/v1/auth/reset-password",
                false,
                true,
                "Set password",
            ),
        )
        .route(
            "/verify-email",
            page(
                "Confirm your address",
                "One click, and it is done.",
                "/api/v1/auth/verify-email",
                false,
                false,
                "Confirm",
            ),
        )
        .route(
            "/accept-invite",
            page("Welcome to Orion", "Choose a password.", "/api/v1/auth/accept-invite", true, true, "Begin"),
        )
}

fn render(title: &str, lead: &str, to: &str, fields: &str, action: &str) -> Response {
    let nonce = (&OsEntropy::default() as &dyn Entropy).uuid().simple().to_string();
    let page =
        [("title", title), ("lead", lead), ("to", to), ("fields", fields), ("action", action), ("nonce", &nonce)]
            .into_iter()
            .fold(PAGE.to_owned(), |page, (name, text)| page.replace(&format!("{{{name}}}"), text));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    // Made of text that any header may have.
    headers.extend(HeaderValue::try_from(policy).map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
