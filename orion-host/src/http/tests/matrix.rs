//! Every route that the document knows, against everybody who may not: nothing is left out because nobody thought of it.

use super::super::access::{self, Access};
use super::bed::Bed;
use axum::http::Method;
use orion_core::domain::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every operation of the document: method, pattern, and a path with identifiers that nothing has.
fn operations(document: &Value) -> Vec<(Method, String, String)> {
    let mut operations = Vec::new();
    for (pattern, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let parts = pattern.split('/').map(|part| match part {
                "{provider}" => "github".to_owned(),
                "{service}" => "llm".to_owned(),
                part if part.starts_with('{') => uuid::Uuid::from_u128(0xdead).to_string(),
                part => part.to_owned(),
            });
            let path = parts.collect::<Vec<_>>().join("/");
            operations.push((method.to_uppercase().parse().unwrap(), pattern.clone(), path));
        }
    }
    operations
}

#[tokio::test]
async fn no_route_lets_anybody_in_who_may_not() {
    let bed = Bed::with(|config| config.env = "production".to_owned()).await;
    let people = [Role::Viewer, Role::Editor, Role::Admin];
    let mut tokens = Vec::new();
    for role in people {
        let user = bed.user(role.as_str(), role).await;
        tokens.push((role, bed.token(&user, 900), bed.token(&user, -1)));
    }
    let operations = operations(bed.platform.openapi());
    assert!(operations.len() >= 35, "the document knows hardly anything: {}", operations.len());
    let mut guarded = 0;
    for (method, pattern, path) in &operations {
        let about = format!("{method} {pattern}");
        let body = (*method != Method::GET).then(|| json!({}));
        let needed = match access::of(method, pattern) {
            Access::Open => continue,
            Access::Bearer(role) | Access::Cookie(role) => role,
        };
        guarded += 1;
        let call = |token: Option<String>| {
            let (bed, body) = (&bed, body.clone());
            async move { bed.call(method.clone(), path, token.as_deref(), body).await }
        };
        assert_eq!(call(None).await.status.as_u16(), 401, "{about} without a token");
        for forged in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(call(Some(forged.to_owned())).await.status.as_u16(), 401, "{about} with {forged:?}");
        }
        for (role, token, expired) in &tokens {
            assert_eq!(call(Some(expired.clone())).await.status.as_u16(), 401, "{about} with an expired token");
            if !role.includes(needed) {
                let answer = call(Some(token.clone())).await;
                assert_eq!(answer.status.as_u16(), 403, "{about} by a {role}: {}", answer.text);
            }
        }
        // Who may gets past the door; the handler then finds nothing, or something wrong with the empty body.
        let (_, token, _) = tokens.iter().find(|(role, ..)| *role == needed).unwrap();
        if path != "/api/v1/auth/logout" && path != "/api/v1/identity/users/me/sessions" {
            let answer = call(Some(token.clone())).await;
            assert!(!matches!(answer.status.as_u16(), 401 | 405 | 500), "{about} by a {needed}: {answer:?}");
        }
    }
    assert!(guarded >= 25, "hardly anything is guarded: {guarded}");
}

#[tokio::test]
async fn what_is_open_is_exactly_this() {
    let bed = Bed::new().await;
    let open: BTreeSet<String> = operations(bed.platform.openapi())
        .into_iter()
        .filter(|(method, pattern, _)| access::of(method, pattern) == Access::Open)
        .map(|(method, pattern, _)| format!("{method} {pattern}"))
        .collect();
    insta::assert_snapshot!(open.into_iter().collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn other_users_rows_are_out_of_reach() {
    let bed = Bed::new().await;
    let (ann, bob) = (bed.user("ann", Role::Editor).await, bed.user("bob", Role::Editor).await);
    let store = &bed.platform.orion.production().store;
    let clock = &bed.platform.orion.production().clock;
    let mut notification = orion_core::domain::Notification {
        id: orion_core::id::NotificationId::random(&*bed.platform.orion.production().entropy),
        user_id: ann.id,
        kind: orion_core::domain::NotificationKind::TrendDetected,
        title: "for ann".to_owned(),
        body: None,
        metadata: Value::Null,
        is_read: false,
        read_at: None,
        created_at: clock.now(),
        version: 0,
    };
    let mut tx = store.begin().await.unwrap();
    tx.notifications().insert(&mut notification).await.unwrap();
    tx.commit().await.unwrap();
    let path = format!("/api/v1/identity/notifications/{}/read", notification.id);
    let (ann, bob) = (bed.token(&ann, 900), bed.token(&bob, 900));
    assert_eq!(bed.call(Method::PATCH, &path, Some(&bob), None).await.status.as_u16(), 404);
    assert_eq!(bed.get("/api/v1/identity/notifications", Some(&bob)).await.json()["total"], 0);
    assert_eq!(bed.get("/api/v1/identity/notifications", Some(&ann)).await.json()["total"], 1);
    let read = bed.call(Method::PATCH, &path, Some(&ann), None).await.json();
    assert_eq!(read["is_read"], true);
}

#[tokio::test]
async fn the_document_is_as_it_was() {
    let bed = Bed::new().await;
    let document = bed.get("/openapi.json", None).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(names.insert(operation["operationId"].to_string()), "{method} {path}: its name is taken");
        }
    }
    let page = bed.get("/docs", None).await.text;
    assert!(page.contains("/api/v1/auth/login") && !page.contains("<script"), "the page is readable without scripts");
    insta::assert_json_snapshot!(document);
}
