//! A gateway whose Scout runs in another process: here, in another platform on the same record and keys.

use super::bed::Bed;
use crate::config::Config;
use crate::http::{Platform, serve};
use crate::up::{self, Keys};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use orion_core::domain::Role;
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service of its own, at an address.
struct Apart {
    address: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Starts Scout and a gateway that finds it there, both on one record.
async fn apart() -> (Bed, Apart) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let services = vec![format!("scout=http://{address}")];
    let bed = Bed::with(|config| config.services = services).await;
    let config = Config {
        data_dir: bed.folder.path().to_owned(),
        voice: "silent:".to_owned(),
        roles: vec!["scout".to_owned()],
        ..Config::default()
    };
    let keys = Keys::load(&config, &crate::system::OsEntropy::default()).unwrap();
    let scout: Arc<Platform> = Arc::new(up::platform(config, &keys).await.unwrap());
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve(scout, listener, async move { drop(stopped.await) }));
    (bed, Apart { address, stop, serving })
}

#[tokio::test]
async fn the_gateway_asks_the_service_where_it_runs() {
    let (bed, scout) = apart().await;
    let (viewer, editor) = (bed.user("vera", Role::Viewer).await, bed.user("edda", Role::Editor).await);
    let (viewer, editor) = (bed.token(&viewer, 600), bed.token(&editor, 600));
    let trends = bed.get("/api/v1/scout/trends?page_size=3", Some(&viewer)).await;
    assert_eq!(trends.status, StatusCode::OK, "{trends:?}");
    assert_eq!(trends.json()["page_size"], 3);
    assert!(trends.headers.contains_key("x-ratelimit-remaining"));
    assert_eq!(trends.headers.get_all("x-request-id").iter().count(), 1, "{trends:?}");

    // Bodies and roles go with it; refusals come back as they are.
    let niche = json!({"niche": "gaming"});
    let set = bed.call(Method::PUT, "/api/v1/scout/trends/config", Some(&editor), Some(niche.clone())).await;
    assert_eq!((set.status, set.json()["active_niche"].as_str()), (StatusCode::OK, Some("gaming")), "{set:?}");
    let refused = bed.call(Method::PUT, "/api/v1/scout/trends/config", Some(&viewer), Some(niche)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let missing = bed.get("/api/v1/scout/trends/00000000-0000-4000-8000-000000000000", Some(&viewer)).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");

    // The service itself believes nobody but the gateway.
    let client = reqwest::Client::new();
    let direct = |path: &str| client.get(format!("http://{}{path}", scout.address));
    assert_eq!(direct("/health").send().await.unwrap().status(), 200);
    let forged = direct("/api/v1/scout/trends").header("x-user-id", "1").header("x-user-role", "admin");
    let forged = forged.bearer_auth(&editor).send().await.unwrap();
    assert_eq!(forged.status(), 403);
    let body: serde_json::Value = forged.json().await.unwrap();
    assert_eq!(body["detail"], "Invalid or missing internal service token");

    // Nor does the gateway believe its clients.
    let request = Request::builder().method(Method::PUT).uri("/api/v1/scout/trends/config");
    let request = request.header("authorization", format!("Bearer {viewer}")).header("x-user-role", "admin");
    let request = request.header("content-type", "application/json").body(Body::from(r#"{"niche":"tech"}"#)).unwrap();
    assert_eq!(bed.send(request).await.status, StatusCode::FORBIDDEN);

    let status = bed.get("/status", Some(&viewer)).await.json();
    assert_eq!((status["status"].as_str(), status["services"][0]["status"].as_str()), (Some("ok"), Some("ok")));
}

#[tokio::test]
async fn a_service_that_is_gone_is_left_alone_for_a_while() {
    let (bed, scout) = apart().await;
    let token = bed.token(&bed.user("vera", Role::Viewer).await, 600);
    scout.stop.send(()).unwrap();
    scout.serving.await.unwrap();
    for _ in 0..5 {
        let answer = bed.get("/api/v1/scout/trends", Some(&token)).await;
        assert_eq!(
            (answer.status, answer.json()["message"].as_str()),
            (StatusCode::BAD_GATEWAY, Some("service unavailable"))
        );
    }
    let answer = bed.get("/api/v1/scout/trends", Some(&token)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.json()["message"], "service scout is temporarily unavailable");
    assert!((1..=30).contains(&answer.header("retry-after").parse::<u32>().unwrap()), "{answer:?}");
    assert_eq!(bed.get("/api/v1/director/content", Some(&token)).await.status, StatusCode::OK, "others go on");
    assert_eq!(bed.get("/status", Some(&token)).await.json()["status"], "degraded");
}

#[tokio::test]
async fn of_a_service_that_runs_twice_whoever_is_there_is_asked() {
    let (bed, scout) = apart().await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut config = bed.platform.orion.config().clone();
    config.services = vec![format!("scout=http://{gone}"), format!("scout=http://{}", scout.address)];
    let keys = Keys::load(&config, &crate::system::OsEntropy::default()).unwrap();
    let gateway = Arc::new(up::platform(config, &keys).await.unwrap());
    gateway.follow_revocations().await.unwrap();
    let bed = Bed { platform: gateway, folder: bed.folder };
    let token = bed.token(&bed.user("edda", Role::Editor).await, 600);
    for n in 0..20 {
        let answer = bed.get("/api/v1/scout/trends", Some(&token)).await;
        assert_eq!(answer.status, StatusCode::OK, "call {n}: {answer:?}");
    }
    // What reached nobody was not done: it may be asked of the other.
    let niche = json!({"niche": "gaming"});
    let set = bed.call(Method::PUT, "/api/v1/scout/trends/config", Some(&token), Some(niche)).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    assert_eq!(bed.get("/status", Some(&token)).await.json()["status"], "ok", "one of two is enough");
    let told = reqwest::get(format!("http://{}/health", scout.address)).await.unwrap().text().await.unwrap();
    assert!(told.contains("\"service\":\"scout\""), "{told}");
    let counted = reqwest::get(format!("http://{}/metrics", scout.address)).await.unwrap();
    assert!(counted.text().await.unwrap().contains("orion_gateway_requests_total"));
}

#[tokio::test]
async fn without_its_redis_a_gateway_goes_on_and_says_so() {
    let bed = Bed::limited(1, |config| config.redis = "redis://:hunter2@127.0.0.1:1/2".to_owned()).await;
    let token = bed.token(&bed.user("vera", Role::Viewer).await, 600);
    let me = "/api/v1/identity/users/me";
    let mut statuses = Vec::new();
    for _ in 0..130 {
        statuses.push(bed.get(me, Some(&token)).await.status.as_u16());
    }
    assert!(statuses.contains(&200) && statuses.contains(&429), "calls are counted here: {statuses:?}");
    assert_eq!(bed.get("/ready", None).await.status, StatusCode::OK);
    let status = bed.get("/status", Some(&token)).await.json();
    assert_eq!(status["status"], "degraded");
    assert_eq!(status["infrastructure"]["redis"], json!({ "status": "disconnected", "host": "127.0.0.1:1" }));
    assert_eq!(status["services"][0]["checks"]["redis"], false);
    assert!(!status.to_string().contains("hunter2"));
}
