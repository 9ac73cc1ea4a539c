//! Running the platform: runs that are stopped and looked into, alerts, samples, clean-up, how everything stands.

use super::super::Platform;
use super::bed::Bed;
use crate::config::Config;
use crate::engine::Orion;
use crate::system::OsEntropy;
use crate::up::{self, Keys};
use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::Method;
use orion_core::domain::{CostCategory, Money, Role};
use orion_core::port::{Provider, SpokenWord, Transcriber, Transcript, Usage};
use orion_core::service::scout::ScanRequest;
use orion_core::{MediaTime, Operation, Result};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const RUNS: &str = "/api/v1/director/pipelines";

async fn offline() -> Bed {
    Bed::with(|config| config.offline = true).await
}

#[tokio::test]
async fn a_run_is_looked_into_stopped_and_taken_up_again_by_its_owner() {
    let bed = offline().await;
    if bed.platform.orion.check_tools().is_err() {
        println!("SKIPPED: ffmpeg is not installed");
        return;
    }
    let (ann, bob) = (bed.user("ann", Role::Editor).await, bed.user("bob", Role::Editor).await);
    let viewer = bed.user("viewer", Role::Viewer).await;
    let [ann, bob, viewer] = [ann, bob, viewer].map(|user| bed.token(&user, 3600));
    let order = json!({ "text": "The old bridge closes for 14 months." });
    let begun = bed.call(Method::POST, "/api/v1/director/content/generate", Some(&ann), Some(order)).await.json();
    let run = begun["pipeline_run_id"].as_str().unwrap().to_owned();
    let nobody = format!("{RUNS}/{}", uuid::Uuid::nil());
    for (method, suffix) in [(Method::GET, ""), (Method::POST, "/cancel"), (Method::POST, "/retry")] {
        let at = |token: &str, path: &str| {
            let (bed, token, path, method) = (&bed, token.to_owned(), format!("{path}{suffix}"), method.clone());
            async move { bed.call(method, &path, Some(&token), None).await.status.as_u16() }
        };
        assert_eq!(at(&bob, &format!("{RUNS}/{run}")).await, 403, "{method} {suffix}");
        assert_eq!(at(&ann, &nobody).await, 404, "{method} {suffix}");
        assert_eq!(at(&viewer, &format!("{RUNS}/{run}")).await, 403, "{method} {suffix}");
        assert_eq!(at(&ann, &format!("{RUNS}/nonsense")).await, 422, "{method} {suffix}");
    }
    let call = |what: &str| {
        let (bed, ann, path) = (&bed, ann.clone(), format!("{RUNS}/{run}/{what}"));
        async move { bed.call(Method::POST, &path, Some(&ann), None).await }
    };
    assert_eq!(call("retry").await.status.as_u16(), 409, "it has not ended");
    let stopped = call("cancel").await;
    assert_eq!((stopped.status.as_u16(), &stopped.json()["state"]), (200, &json!("cancelled research")), "{stopped:?}");
    assert_eq!(call("cancel").await.status.as_u16(), 409);
    let seen = bed.get(&format!("{RUNS}/{run}"), Some(&ann)).await.json();
    assert_eq!((&seen["id"], &seen["status"], &seen["steps"]), (&json!(run), &json!("failed"), &json!([])));
    let path = format!("/api/v1/director/content/{}", begun["id"].as_str().unwrap());
    assert_eq!(bed.get(&path, Some(&ann)).await.json()["status"], "draft");
    assert_eq!(call("retry").await.json()["status"], "running");
    assert_eq!(bed.get(&path, Some(&ann)).await.json()["status"], "generating");
}

#[tokio::test]
async fn samples_are_for_administrators_of_development_and_added_once() {
    let bed = offline().await;
    if bed.platform.orion.check_tools().is_err() {
        println!("SKIPPED: ffmpeg is not installed");
        return;
    }
    let (admin, editor) = (bed.user("admin", Role::Admin).await, bed.user("editor", Role::Editor).await);
    let [admin, editor] = [admin, editor].map(|user| bed.token(&user, 3600));
    let seed = |token: &str| {
        let (bed, token) = (&bed, token.to_owned());
        async move { bed.call(Method::POST, "/api/v1/pulse/admin/seed", Some(&token), None).await }
    };
    assert_eq!(seed(&editor).await.status.as_u16(), 403);
    let first = seed(&admin).await;
    assert_eq!(first.status.as_u16(), 200, "{first:?}");
    assert!(first.json()["trends"].as_u64() > Some(3) && first.json()["runs"].as_u64() > Some(0));
    let second = seed(&admin).await.json();
    assert_eq!((&second["trends"], &second["costs"], &second["runs"]), (&json!(0), &json!(0), &json!(0)));
    let trends = bed.get("/api/v1/scout/trends", Some(&editor)).await.json();
    assert!(trends["items"].as_array().unwrap().iter().all(|trend| trend["source"] == "sample"), "{trends}");

    let elsewhere = Bed::with(|config| config.env = "staging".to_owned()).await;
    let admin = elsewhere.user("admin", Role::Admin).await;
    let token = elsewhere.token(&admin, 3600);
    let refused = elsewhere.call(Method::POST, "/api/v1/pulse/admin/seed", Some(&token), None).await;
    assert_eq!(refused.status.as_u16(), 403);
}

#[tokio::test]
async fn what_was_put_aside_is_shown_and_tried_again_and_what_is_done_is_cleaned_up() {
    let bed = offline().await;
    let admin = bed.user("admin", Role::Admin).await;
    let token = bed.token(&admin, 3600);
    let production = bed.platform.orion.production();
    for n in 0..3 {
        let mut tx = production.store.begin().await.unwrap();
        let id = orion_core::id::EventId::random(&*production.entropy);
        let event = orion_core::testing::sample::event(n);
        tx.append(id, production.clock.now().before(Duration::from_secs(60)), None, &event).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = production.store.begin().await.unwrap();
    let claims = tx.claim("sorters", production.clock.now(), Duration::from_secs(60), 9).await.unwrap();
    tx.bury(&claims[0], "poison").await.unwrap();
    tx.acknowledge(&claims[1]).await.unwrap();
    tx.acknowledge(&claims[2]).await.unwrap();
    tx.commit().await.unwrap();
    let clean = async || {
        let body = Some(json!({ "days": 0 }));
        bed.call(Method::POST, "/api/v1/pulse/admin/cleanup", Some(&token), body).await.json()["events_deleted"].clone()
    };
    assert_eq!(clean().await, 2, "what was put aside stays");
    let buried = bed.get("/api/v1/pulse/admin/buried?group=sorters", Some(&token)).await.json();
    let item = &buried["items"][0];
    assert_eq!((&item["group"], &item["reason"]), (&json!("sorters"), &json!("poison")), "{buried}");
    let body = json!({ "group": "sorters", "sequence": item["sequence"] });
    let exhume = async || bed.call(Method::POST, "/api/v1/pulse/admin/exhume", Some(&token), Some(body.clone())).await;
    assert_eq!(exhume().await.status.as_u16(), 200);
    assert_eq!(exhume().await.status.as_u16(), 404);
    let mut tx = production.store.begin().await.unwrap();
    let again = tx.claim("sorters", production.clock.now(), Duration::from_secs(60), 9).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 1));
    tx.acknowledge(&again[0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(clean().await, 1);
}

#[tokio::test]
async fn the_status_tells_of_services_queues_and_servers() {
    let bed = offline().await;
    let user = bed.user("viewer", Role::Viewer).await;
    let status = bed.get("/status", Some(&bed.token(&user, 900))).await.json();
    assert_eq!(status["status"], "ok", "{status}");
    let services = status["services"].as_array().unwrap();
    assert_eq!(services.len(), 7);
    for service in services {
        assert!(service["uptime"].is_string() && service["queue_size"].is_u64() && service["latency_ms"].is_f64());
        assert_eq!(service["checks"], json!({ "redis": true, "postgres": true }), "{service}");
    }
    for name in ["postgres", "redis", "milvus", "grafana", "prometheus", "pgadmin"] {
        assert_eq!(status["infrastructure"][name]["status"], "not_configured", "{name}");
    }
    assert_eq!(status["infrastructure"]["record"]["status"], "connected");
    let ready = bed.get("/ready", None).await.json();
    assert_eq!((&ready["service"], &ready["queue_size"]), (&json!("gateway"), &json!(0)));
}

#[tokio::test]
async fn a_source_that_breaks_degrades_a_scan_is_shown_and_stops_nothing() {
    let feed = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/feed.xml");
    let bed = Bed::with(|config| {
        config.offline = true;
        // Offline nobody can ask for the second one.
        config.feeds = vec![feed.to_owned(), "https://feeds.example.org/rss".to_owned()];
    })
    .await;
    let user = bed.user("viewer", Role::Viewer).await;
    let token = bed.token(&user, 900);
    let status = async || bed.get("/status", Some(&token)).await.json();
    assert_eq!(status().await["sources"][0]["status"], "unasked");
    let report = bed.platform.orion.scout().scan(&ScanRequest::default(), &Operation::detached()).await.unwrap();
    assert!(report.saved > 0 && report.problems.len() == 1, "{report:?}");
    let shown = status().await;
    let source = &shown["sources"][0];
    assert_eq!((&shown["status"], &source["status"]), (&json!("ok"), &json!("degraded")), "{source}");
    assert!(source["problem"].as_str().unwrap().contains("feeds.example.org"), "{source}");
}

#[tokio::test]
async fn a_mail_of_confirmation_comes_again_and_a_failed_sign_in_is_told_on_a_page() {
    let bed = offline().await;
    let register = json!({ "email": "ada@example.org", "password": "correct horse", "name": "Ada" });
    bed.call(Method::POST, "/api/v1/auth/register", None, Some(register)).await;
    let mut told = Vec::new();
    for email in ["ada@example.org", "nobody@example.org", "nonsense"] {
        let path = "/api/v1/auth/resend-verification";
        let answer = bed.call(Method::POST, path, None, Some(json!({ "email": email }))).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        told.push(answer.text);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(bed.platform.identity.deliver_mails().await.unwrap(), 1);

    let page = bed.get("/login?error=%3Cscript%3Ealert(1)%3C%2Fscript%3E%0D%0Aaccount%20is%20disabled", None).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("account is disabled") && page.text.contains("&lt;script&gt;"), "{}", page.text);
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
}

/// Hears two sentences in whatever it is given, and remembers what that was.
#[derive(Debug)]
struct Hears(Provider, std::sync::Mutex<Vec<Bytes>>);

#[async_trait]
impl Transcriber for Hears {
    fn provider(&self) -> &Provider {
        &self.0
    }

    async fn transcribe(&self, wav: Bytes, language: Option<&str>, _: &Operation) -> Result<Transcript> {
        assert_eq!(language, Some("de"));
        self.1.lock().unwrap().push(wav);
        let at = |millis: i64| MediaTime::from_seconds(millis as f64 / 1000.0);
        let word =
            |text: &str, start: i64| SpokenWord { text: text.to_owned(), start: at(start), end: at(start + 200) };
        let words = vec![word("Guten", 0), word("Tag.", 250), word("Wie", 500), word("geht's?", 750)];
        let usage = Usage { category: CostCategory::TtsCharacters, units: 1.0, cost: Money::ZERO };
        Ok(Transcript { words, language: "de".to_owned(), usage })
    }
}

#[tokio::test]
async fn stored_sound_gets_captions_where_somebody_transcribes() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: folder.path().to_owned(),
        voice: "silent:".to_owned(),
        offline: true,
        rate_factor: 1000,
        ..Config::default()
    };
    let keys = Keys::load(&config, &OsEntropy::default()).unwrap();
    let hears = Arc::new(Hears(Provider::local("hears", ""), Default::default()));
    let orion = Orion::builder().config(config).with_transcriber(hears.clone()).build().await.unwrap();
    if orion.check_tools().is_err() {
        println!("SKIPPED: ffmpeg is not installed");
        return;
    }
    let identity = up::identity(&orion, &keys).unwrap();
    let platform = Platform::new(orion, identity, Vec::new(), Vec::new(), keys.internal.clone()).unwrap();
    platform.follow_revocations().await.unwrap();
    let bed = Bed { platform: Arc::new(platform), folder };
    let editor = bed.user("editor", Role::Editor).await;
    let token = bed.token(&editor, 3600);
    let post = |path: &str, body: Value| {
        let (bed, token, path) = (&bed, token.clone(), path.to_owned());
        async move { bed.call(Method::POST, &path, Some(&token), Some(body)).await }
    };
    let spoken = post("/api/v1/editor/tts", json!({ "text": "Guten Tag. Wie geht's?" })).await;
    assert_eq!(spoken.status.as_u16(), 200, "{spoken:?}");
    let spoken = spoken.json();
    assert!(spoken["file_path"].as_str().unwrap().ends_with(".mp3"), "{spoken}");
    for path in [&spoken["file_path"], &spoken["url"]] {
        let told = post("/api/v1/editor/captions", json!({ "audio_path": path, "language": "de" })).await;
        assert_eq!(told.status.as_u16(), 200, "{told:?}");
        let told = told.json();
        assert_eq!(told["full_text"], "Guten Tag. Wie geht's?");
        assert_eq!(told["segments"][1], json!({ "start": 0.5, "end": 0.95, "text": "Wie geht's?" }));
        assert!(told["srt"].as_str().unwrap().contains("00:00:00,500 --> 00:00:00,950"), "{told}");
    }
    assert!(hears.1.lock().unwrap().iter().all(|wav| wav.starts_with(b"RIFF")));
    let gone = format!("/api/v1/media/files/{}/a.mp3", orion_core::domain::Sha256::of(b"gone"));
    for (path, status) in [("/etc/passwd", 422), ("file:///etc/passwd", 422), (gone.as_str(), 404)] {
        let refused = post("/api/v1/editor/captions", json!({ "audio_path": path, "language": "de" })).await;
        assert_eq!(refused.status.as_u16(), status, "{refused:?}");
    }
}
