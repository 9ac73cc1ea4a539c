//! Signing in with an account elsewhere, over HTTP, against a provider that answers over HTTP.

use super::bed::{Answered, Bed};
use axum::body::Body;
use axum::http::{Method, Request, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use orion_core::domain::{Role, Secret};
use serde_json::json;
use std::collections::BTreeMap;
use url::Url;

/// A provider whose every code is Ann's.
async fn provider() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let token = || async { Json(json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 60 })) };
    let profile =
        || async { Json(json!({ "sub": "1", "email": "ann@example.org", "name": "Ann", "email_verified": true })) };
    let router = Router::new().route("/token", post(token)).route("/userinfo", get(profile));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn bed() -> Bed {
    let provider = provider().await;
    Bed::with(|config| {
        config.google_id = "id".to_owned();
        config.google_secret = Secret::new("secret");
        config.google_authorize_url = format!("{provider}/authorize");
        config.google_token_url = format!("{provider}/token");
        config.google_userinfo_url = format!("{provider}/userinfo");
        config.dashboard_url = "http://localhost:3001".to_owned();
    })
    .await
}

fn cookies(answer: &Answered) -> BTreeMap<String, String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    all.map(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        (name.to_owned(), rest.to_owned())
    })
    .collect()
}

/// The state of a begun sign-in, as the address and as the browser's cookie carry it.
async fn begin(bed: &Bed, redirect: &str) -> (String, String) {
    let begun = bed.get(&format!("/api/v1/auth/oauth/google?redirect={redirect}"), None).await;
    assert_eq!(begun.status.as_u16(), 307, "{begun:?}");
    let to = Url::parse(begun.header("location")).unwrap();
    let query: BTreeMap<_, _> = to.query_pairs().into_owned().collect();
    assert_eq!((query["code_challenge_method"].as_str(), query["response_type"].as_str()), ("S256", "code"));
    assert!(query["redirect_uri"].ends_with("/api/v1/auth/oauth/google/callback"), "{query:?}");
    let cookie = cookies(&begun).remove("orion_oauth_state").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    (query["state"].clone(), cookie.split(';').next().unwrap().to_owned())
}

async fn come_back(bed: &Bed, state: &str, cookie: Option<&str>) -> Answered {
    let request = Request::builder().uri(format!("/api/v1/auth/oauth/google/callback?state={state}&code=c"));
    let request = match cookie {
        Some(cookie) => request.header(header::COOKIE, format!("orion_oauth_state={cookie}")),
        None => request,
    };
    bed.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_browser_goes_there_and_comes_back_signed_in() {
    let bed = bed().await;
    let (state, cookie) = begin(&bed, "/profile").await;
    let back = come_back(&bed, &state, Some(&cookie)).await;
    assert_eq!(back.status.as_u16(), 307, "{back:?}");
    assert_eq!(back.header("location"), "http://localhost:3001/onboarding", "who is new chooses a password first");
    let set = cookies(&back);
    for name in ["access_token", "refresh_token", "orion_token", "orion_token_expiry", "orion_refresh_token"] {
        assert!(set[name].contains("HttpOnly") && set[name].contains("Path=/"), "{name}: {}", set[name]);
    }
    assert!(!set["orion_user"].contains("HttpOnly") && set["orion_user"].contains("ann%40example.org"), "{set:?}");
    assert!(set["orion_oauth_state"].contains("Max-Age=0"), "{set:?}");
    let token = set["orion_token"].split(';').next().unwrap();
    let me = bed.get("/api/v1/identity/users/me", Some(token)).await.json();
    assert_eq!((&me["email"], &me["role"]), (&json!("ann@example.org"), &json!("editor")));
    assert_eq!(me["oauth_providers"], json!(["google"]));
    let choose = json!({ "username": "ann", "password": "correct horse battery" });
    let chosen = bed.call(Method::PUT, "/api/v1/identity/users/me/onboarding", Some(token), Some(choose)).await;
    assert_eq!(chosen.status.as_u16(), 200, "{chosen:?}");
    let (state, cookie) = begin(&bed, "/profile").await;
    let back = come_back(&bed, &state, Some(&cookie)).await;
    assert_eq!(back.header("location"), "http://localhost:3001/profile?oauth=success");
}

#[tokio::test]
async fn what_another_browser_began_leads_nowhere() {
    let bed = bed().await;
    let (state, cookie) = begin(&bed, "/").await;
    assert_eq!(come_back(&bed, &state, None).await.status.as_u16(), 400, "no cookie");
    let (_, other) = begin(&bed, "/").await;
    assert_eq!(come_back(&bed, &state, Some(&other)).await.status.as_u16(), 400, "another browser's cookie");
    assert_eq!(come_back(&bed, "made-up", Some("made-up")).await.status.as_u16(), 400, "nobody's state");
    assert_eq!(come_back(&bed, &state, Some(&cookie)).await.status.as_u16(), 307);
    assert_eq!(come_back(&bed, &state, Some(&cookie)).await.status.as_u16(), 400, "once only");
    assert_eq!(bed.get("/api/v1/auth/oauth/google/callback", None).await.status.as_u16(), 400);
    for elsewhere in
        ["https://evil.example", "//evil.example", "/%5Cevil.example", "http://localhost:3001.evil.example"]
    {
        let begun = bed.get(&format!("/api/v1/auth/oauth/google?redirect={elsewhere}"), None).await;
        assert_eq!(begun.status.as_u16(), 400, "{elsewhere}");
    }
}

#[tokio::test]
async fn an_account_is_linked_only_by_who_is_signed_in() {
    let bed = bed().await;
    let token = bed.signed_in("bob", Role::Viewer).await;
    let path = "/api/v1/auth/oauth/google/link?redirect=/profile";
    assert_eq!(bed.call(Method::POST, path, None, None).await.status.as_u16(), 401);
    let way = bed.call(Method::POST, path, Some(&token), None).await;
    let cookie = cookies(&way).remove("orion_oauth_state").unwrap();
    let to = Url::parse(way.json()["url"].as_str().unwrap()).unwrap();
    let state = to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let back = come_back(&bed, &state, cookie.split(';').next()).await;
    assert_eq!(back.header("location"), "http://localhost:3001/profile?oauth=success", "{back:?}");
    let me = bed.get("/api/v1/identity/users/me", Some(&token)).await.json();
    assert_eq!((&me["email"], &me["oauth_providers"]), (&json!("bob@example.org"), &json!(["google"])));
    let gone = bed.call(Method::DELETE, "/api/v1/identity/users/me/oauth/google", Some(&token), None).await;
    assert_eq!(gone.status.as_u16(), 200, "{gone:?}");
}
