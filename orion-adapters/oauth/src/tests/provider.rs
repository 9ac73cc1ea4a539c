//! A provider: it registers one application, asks nobody for consent, and checks all that RFC 6749 and RFC 7636 want
//! checked. As GitHub does, its GitHub kind answers errors with the status 200.

use super::BACK;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::Digest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Github,
    Google,
}

#[derive(Debug)]
struct Inside {
    kind: Kind,
    /// Codes that wait for their exchange, with challenge and way back.
    codes: BTreeMap<String, (String, String)>,
    made: u32,
    silent: bool,
    answers: BTreeMap<String, Value>,
}

type Shared = Arc<Mutex<Inside>>;
type Fields = BTreeMap<String, String>;

pub(super) struct Provider {
    pub(super) base: String,
    inside: Shared,
}

impl Provider {
    pub(super) async fn start(kind: Kind) -> Self {
        let inside = Inside { kind, codes: BTreeMap::new(), made: 0, silent: false, answers: BTreeMap::new() };
        let inside = Arc::new(Mutex::new(inside));
        let app = match kind {
            Kind::Github => Router::new()
                .route("/login/oauth/authorize", get(authorize))
                .route("/login/oauth/access_token", post(token))
                .route("/api/v3/user", get(user))
                .route("/api/v3/user/emails", get(emails)),
            Kind::Google => Router::new()
                .route("/authorize", get(authorize))
                .route("/token", post(token))
                .route("/userinfo", get(user)),
        };
        let app = app.with_state(inside.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, inside }
    }

    /// From now on this part says that.
    pub(super) fn answers(&self, part: &str, answer: Value) {
        self.inside.lock().unwrap().answers.insert(part.to_owned(), answer);
    }

    /// The exchange is never answered.
    pub(super) fn stays_silent(&self) {
        self.inside.lock().unwrap().silent = true;
    }
}

async fn authorize(State(inside): State<Shared>, Query(asked): Query<Fields>) -> Response {
    let of = |key: &str| asked.get(key).cloned().unwrap_or_default();
    let challenge = of("code_challenge");
    let fine = of("client_id") == "orion"
        && of("response_type") == "code"
        && of("redirect_uri") == BACK
        && of("code_challenge_method") == "S256"
        && challenge.len() == 43
        && !of("state").is_empty();
    if !fine {
        return (StatusCode::BAD_REQUEST, "not an authorization request").into_response();
    }
    let mut inside = inside.lock().unwrap();
    inside.made += 1;
    let code = format!("code-{}", inside.made);
    inside.codes.insert(code.clone(), (challenge, of("redirect_uri")));
    let state: String = url::form_urlencoded::byte_serialize(of("state").as_bytes()).collect();
    Redirect::to(&format!("{BACK}?code={code}&state={state}")).into_response()
}

async fn token(State(inside): State<Shared>, headers: HeaderMap, Form(sent): Form<Fields>) -> Response {
    if inside.lock().unwrap().silent {
        std::future::pending::<()>().await;
    }
    let mut inside = inside.lock().unwrap();
    let of = |key: &str| sent.get(key).cloned().unwrap_or_default();
    let refuse = |kind: Kind, github: &str, google: &str| match kind {
        Kind::Github => Json(json!({"error": github, "error_description": "no"})).into_response(),
        Kind::Google => (StatusCode::BAD_REQUEST, Json(json!({"error": google}))).into_response(),
    };
    assert_eq!(headers["accept"], "application/json");
    if of("grant_type") != "authorization_code" || of("client_id") != "orion" || of("client_secret") != "right" {
        return refuse(inside.kind, "incorrect_client_credentials", "invalid_client");
    }
    // Whatever comes of it, a code is used up.
    let Some((challenge, back)) = inside.codes.remove(&of("code")) else {
        return refuse(inside.kind, "bad_verification_code", "invalid_grant");
    };
    let digest = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(of("code_verifier").as_bytes()));
    if digest != challenge || of("redirect_uri") != back {
        return refuse(inside.kind, "bad_verification_code", "invalid_grant");
    }
    let scope = if inside.kind == Kind::Github { "read:user,user:email" } else { "openid email profile" };
    let token = json!({"access_token": format!("token-{}", of("code")), "token_type": "bearer", "scope": scope});
    Json(inside.answers.get("token").cloned().unwrap_or(token)).into_response()
}

fn bearer(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value.as_bytes().starts_with(b"Bearer token-code-"))
        && headers.contains_key("user-agent")
}

async fn user(State(inside): State<Shared>, headers: HeaderMap) -> Response {
    if !bearer(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let inside = inside.lock().unwrap();
    let by_default = match inside.kind {
        Kind::Github => json!({
            "id": 583_231, "login": "octo", "name": "Octo Cat", "email": null, "avatar_url": "https://pictures.example/1",
        }),
        Kind::Google => json!({
            "sub": "1098", "email": "g@example.org", "email_verified": true, "name": "G", "picture": "https://pictures.example/2",
        }),
    };
    Json(inside.answers.get("user").cloned().unwrap_or(by_default)).into_response()
}

async fn emails(State(inside): State<Shared>, headers: HeaderMap) -> Response {
    if !bearer(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let by_default = json!([
        {"email": "old@example.org", "primary": false, "verified": true},
        {"email": "octo@example.org", "primary": true, "verified": true},
    ]);
    match inside.lock().unwrap().answers.get("emails") {
        Some(Value::Null) => StatusCode::FORBIDDEN.into_response(),
        answer => Json(answer.cloned().unwrap_or(by_default)).into_response(),
    }
}
