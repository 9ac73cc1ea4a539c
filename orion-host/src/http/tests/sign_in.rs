//! From the first start to the last session, over HTTP.

use super::bed::{Answered, Bed};
use axum::body::Body;
use axum::http::{Method, Request, header};
use orion_core::domain::Role;
use serde_json::{Value, json};
use std::time::Instant;

const PASSWORD: &str = "correct horse battery";

async fn post(bed: &Bed, path: &str, body: Value) -> Answered {
    bed.call(Method::POST, path, None, Some(body)).await
}

#[tokio::test]
async fn the_first_start_leads_to_an_administrator_and_back_out() {
    let bed = Bed::new().await;
    let token = bed.platform.identity.first_admin("admin@example.org").await.unwrap().unwrap();
    let page = bed.get("/setup?token=x", None).await;
    assert!(page.text.contains("/api/v1/auth/set-up") && page.header("referrer-policy") == "no-referrer");
    let weak = post(&bed, "/api/v1/auth/set-up", json!({ "token": token, "password": "short" })).await;
    assert_eq!(weak.status.as_u16(), 422, "{weak:?}");
    let set_up = post(&bed, "/api/v1/auth/set-up", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(set_up.status.as_u16(), 200, "{set_up:?}");
    assert_eq!(set_up.json()["user"]["role"], "admin");
    let again = post(&bed, "/api/v1/auth/set-up", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(again.status.as_u16(), 400, "a link is good once");

    let wrong =
        post(&bed, "/api/v1/auth/login", json!({ "email": "admin@example.org", "password": "wrong horse" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["message"]), (401, &json!("invalid credentials")));
    let login = post(&bed, "/api/v1/auth/login", json!({ "email": "Admin@example.org", "password": PASSWORD })).await;
    assert_eq!(login.status.as_u16(), 200, "{login:?}");
    assert!(login.header("set-cookie").starts_with("orion_device=") && login.header("set-cookie").contains("HttpOnly"));
    let body = login.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert!(body["refresh_token"].as_str().unwrap().starts_with("ort_"));
    let access = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("/api/v1/identity/users/me", Some(&access)).await.json()["email"], "admin@example.org");

    let refreshed = bed
        .call(
            Method::POST,
            "/api/v1/auth/refresh",
            Some(&access),
            Some(json!({ "refresh_token": body["refresh_token"] })),
        )
        .await;
    assert_eq!(refreshed.status.as_u16(), 200, "{refreshed:?}");
    let fresh = refreshed.json();
    assert_eq!(fresh["user"], body["user"]);
    assert_eq!(bed.get("/api/v1/identity/users/me", Some(&access)).await.status.as_u16(), 401, "the old one is void");
    let access = fresh["access_token"].as_str().unwrap();
    let out = bed.call(Method::POST, "/api/v1/auth/logout", Some(access), None).await;
    assert_eq!((out.status.as_u16(), out.json()), (200, json!({ "message": "logged out" })));
    let begun = Instant::now();
    assert_eq!(bed.get("/api/v1/identity/users/me", Some(access)).await.status.as_u16(), 401);
    println!("refused {:?} after the answer to logout", begun.elapsed());
    let dead = post(&bed, "/api/v1/auth/refresh", json!({ "refresh_token": fresh["refresh_token"] })).await;
    assert_eq!(dead.status.as_u16(), 401, "{dead:?}");
}

#[tokio::test]
async fn mails_lead_to_pages_that_do_what_they_say() {
    let bed = Bed::new().await;
    let body = json!({ "email": "ann@example.org", "password": PASSWORD, "name": "Ann" });
    let made = post(&bed, "/api/v1/auth/register", body.clone()).await;
    assert_eq!(made.status.as_u16(), 201, "{made:?}");
    assert_eq!(post(&bed, "/api/v1/auth/register", body).await.status.as_u16(), 409);
    let known = post(&bed, "/api/v1/auth/forgot-password", json!({ "email": "ann@example.org" })).await;
    let unknown = post(&bed, "/api/v1/auth/forgot-password", json!({ "email": "nobody@example.org" })).await;
    assert_eq!((known.status.as_u16(), known.text), (200, unknown.text), "nobody learns who has an account");
    let admin = bed.token(&bed.user("root", Role::Admin).await, 900);
    let invited = json!({ "email": "eve@example.org" });
    let invited = bed.call(Method::POST, "/api/v1/identity/users/invite", Some(&admin), Some(invited)).await;
    assert_eq!((invited.status.as_u16(), &invited.json()["role"]), (201, &json!("editor")), "{invited:?}");

    for (page, body, who) in [
        ("verify-email", json!({}), "ann@example.org"),
        ("reset-password", json!({ "password": "another horse" }), "ann@example.org"),
        ("accept-invite", json!({ "password": "third horse", "name": "Eve" }), "eve@example.org"),
    ] {
        let link = link(&bed, page).await;
        let (address, token) = link.split_once("?token=").unwrap();
        let path = address.strip_prefix(&bed.platform.settings.gateway_url).unwrap();
        let shown = bed.get(path, None).await;
        let to = format!("/api/v1/auth/{page}");
        assert!(shown.status.is_success() && shown.text.contains(&to), "{link} leads to a page for it");
        let mut body = body;
        body["token"] = token.into();
        let done = post(&bed, &to, body.clone()).await;
        assert_eq!(done.status.as_u16(), 200, "{page}: {done:?}");
        assert_eq!(post(&bed, &to, body.clone()).await.status.as_u16(), 400, "{page}: once only");
        if let Some(password) = body["password"].as_str() {
            let login = post(&bed, "/api/v1/auth/login", json!({ "email": who, "password": password })).await;
            assert_eq!(login.status.as_u16(), 200, "{who}: {login:?}");
        }
    }
}

/// The address in a mail of the outbox that leads to a page.
async fn link(bed: &Bed, page: &str) -> String {
    for _ in 0..100 {
        bed.platform.identity.deliver_mails().await.unwrap();
        let outbox = std::fs::read_dir(bed.folder.path().join("outbox")).unwrap();
        for mail in outbox.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap()) {
            // Long lines of mails are folded.
            let mail = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
            if let Some(link) = mail.split_whitespace().find(|word| word.contains(&format!("/{page}?token="))) {
                return link.to_owned();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail leads to {page}");
}

#[tokio::test]
async fn a_cookie_opens_nothing_but_what_is_meant_for_it() {
    let bed = Bed::new().await;
    let token = bed.token(&bed.user("ann", Role::Admin).await, 900);
    let request = |path: &str| {
        let request = Request::builder().uri(path).header(header::COOKIE, format!("orion_token={token}"));
        request.body(Body::empty()).unwrap()
    };
    for path in ["/api/v1/identity/users/me", "/status", "/api/v1/identity/users"] {
        assert_eq!(bed.send(request(path)).await.status.as_u16(), 401, "{path}");
    }
}

#[tokio::test]
async fn disabling_somebody_ends_what_they_hold() {
    let bed = Bed::new().await;
    let admin = bed.token(&bed.user("root", Role::Admin).await, 900);
    let create = json!({ "email": "ann@example.org", "password": PASSWORD, "name": "Ann", "role": "editor" });
    let ann = bed.call(Method::POST, "/api/v1/identity/users", Some(&admin), Some(create)).await.json();
    let login =
        post(&bed, "/api/v1/auth/login", json!({ "email": "ann@example.org", "password": PASSWORD })).await.json();
    let access = login["access_token"].as_str().unwrap();
    assert_eq!(bed.get("/api/v1/identity/users/me", Some(access)).await.status.as_u16(), 200);
    let path = format!("/api/v1/identity/users/{}/status", ann["id"].as_str().unwrap());
    let off = bed.call(Method::PUT, &path, Some(&admin), Some(json!({ "is_active": false }))).await;
    assert_eq!((off.status.as_u16(), &off.json()["is_active"]), (200, &json!(false)));
    assert_eq!(bed.get("/api/v1/identity/users/me", Some(access)).await.status.as_u16(), 401);
    let refresh = post(&bed, "/api/v1/auth/refresh", json!({ "refresh_token": login["refresh_token"] })).await;
    assert_eq!(refresh.status.as_u16(), 401);
}
