//! The pages that one-time links lead to: each asks for what is needed and posts it to the API. The token stays in the
//! browser: it is sent in a body, and is taken out of the address at once.

use super::super::{Query, Routes};
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
        .route("/login", get(login))
        .route(
            "/accept-invite",
            page("Welcome to Orion", "Choose a password.", "/api/v1/auth/accept-invite", true, true, "Begin"),
        )
}

#[derive(Debug, serde::Deserialize)]
struct LoginQuery {
    #[serde(default)]
    error: String,
}

/// Where a browser ends that could not sign in with an account elsewhere: it says why, and nothing can be done here.
async fn login(Query(query): Query<LoginQuery>) -> Response {
    let reason: String = query.error.chars().filter(|letter| !letter.is_control()).take(300).collect();
    let (title, lead) = match reason.trim() {
        "" => ("Sign in", "Sign in with the dashboard, or with `orion auth login`.".to_owned()),
        reason => ("You are not signed in", escaped(reason)),
    };
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title} · Orion</title>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p>{lead}</p>\n</main>\n</body>\n</html>\n"
    );
    guarded(
        Html(page).into_response(),
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
}

/// Text as text, whatever it says.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
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
    guarded(Html(page).into_response(), &policy)
}

/// A page that does only what its policy allows, and that nobody keeps.
fn guarded(mut response: Response, policy: &str) -> Response {
    let headers = response.headers_mut();
    // Made of text that any header may have.
    headers.extend(HeaderValue::try_from(policy).map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
