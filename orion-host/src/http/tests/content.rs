//! The life of content over HTTP: from a feed to what is published, with workers behind the routes.

use super::bed::{Answered, Bed};
use crate::work::{Duties, Workers};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use orion_core::domain::Role;
use serde_json::{Value, json};
use std::time::Duration;

async fn bed() -> Bed {
    let feed = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/feed.xml");
    Bed::with(|config| {
        config.offline = true;
        config.feeds = vec![feed.to_owned()];
        config.quality = "draft".to_owned();
        config.fps = 24;
        config.seconds = 5;
    })
    .await
}

impl Bed {
    async fn post(&self, path: &str, token: &str, body: Value) -> Answered {
        self.call(Method::POST, path, Some(token), Some(body)).await
    }

    /// Waits until content has one of these statuses and gives it.
    async fn until(&self, id: &str, token: &str, statuses: &[&str]) -> Value {
        for _ in 0..2400 {
            let content = self.get(&format!("/api/v1/director/content/{id}"), Some(token)).await;
            assert_eq!(content.status, StatusCode::OK, "{content:?}");
            let content = content.json();
            if statuses.contains(&content["status"].as_str().unwrap()) {
                return content;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{id} never became {statuses:?}");
    }

    fn can_render(&self) -> bool {
        let tools = self.platform.orion.check_tools();
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default().contains("ffmpeg");
        assert!(tools.is_ok() || !required, "ffmpeg is required: {tools:?}");
        if tools.is_err() {
            println!("SKIPPED: ffmpeg is not installed");
        }
        tools.is_ok()
    }
}

/// Path and query of an absolute link.
fn below(link: &Value) -> String {
    link.as_str().unwrap().strip_prefix("http://localhost:8000").unwrap().to_owned()
}

#[tokio::test]
async fn from_a_feed_to_a_published_video() {
    let bed = bed().await;
    if !bed.can_render() {
        return;
    }
    let workers = Workers::start(&bed.platform.orion, Duties { runs: true, scout: false });
    let editor = bed.user("editor", Role::Editor).await;
    let token = bed.token(&editor, 3600);

    // What trends.
    let scan = bed.post("/api/v1/scout/trends/scan", &token, json!({ "limit": 10 })).await;
    assert_eq!(scan.status, StatusCode::OK, "{scan:?}");
    assert!(scan.json()["trends_saved"].as_u64() > Some(0));
    let again = bed.call(Method::POST, "/api/v1/scout/trends/scan", Some(&token), None).await.json();
    assert_eq!(again["trends_saved"], 0, "the same path, duplicates included");
    let trends = bed.get("/api/v1/scout/trends?page_size=3&status=NEW", Some(&token)).await.json();
    let trend = &trends["items"][0];
    assert!(trend["virality_score"].is_f64() && trend["created_at"].is_string(), "{trend}");
    assert_eq!((&trend["status"], &trend["state"]), (&json!("NEW"), &json!("active")));

    // Made in the background, up to the review.
    let body = json!({
        "trend_id": trend["id"], "trend_topic": trend["topic"], "niche": "technology",
        "target_platform": "youtube_shorts", "tone": "calm", "visual_style": "anime",
    });
    let begun = bed.post("/api/v1/director/content/generate", &token, body).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    let begun = begun.json();
    assert_eq!((&begun["status"], &begun["trend_id"]), (&json!("generating"), &trend["id"]));
    assert!(begun["title"].as_str().unwrap().starts_with("Content for: "));
    let id = begun["content_id"].as_str().unwrap().to_owned();
    let used = bed.get(&format!("/api/v1/scout/trends/{}", trend["id"].as_str().unwrap()), Some(&token)).await.json();
    assert_eq!(used["status"], "USED");
    let busy = bed.post(&format!("/api/v1/director/content/{id}/regenerate"), &token, json!({})).await;
    assert_eq!(busy.status, StatusCode::CONFLICT);
    let shown = bed.until(&id, &token, &["review"]).await;
    assert_eq!((&shown["interrupted"], &shown["stage"]), (&json!(true), &json!("review")));
    assert_eq!(shown["thread_id"], begun["thread_id"]);
    assert!(shown["visual_prompts"]["prompts"][0]["style"].as_str().unwrap().contains("anime"));

    // Seen by a link, whole and in part, with no token.
    let link = below(&shown["video_url"]);
    let whole = bed.get(&link, None).await;
    assert_eq!((whole.status, whole.header("content-type")), (StatusCode::OK, "video/mp4"));
    let length: u64 = whole.header("content-length").parse().unwrap();
    let range = Request::get(&link).header("range", "bytes=0-1023").body(Body::empty()).unwrap();
    let part = bed.send(range).await;
    assert_eq!((part.status, part.header("content-length")), (StatusCode::PARTIAL_CONTENT, "1024"));
    assert_eq!(part.header("content-range"), format!("bytes 0-1023/{length}"));
    assert_eq!(bed.get(&link.replace("signature=", "signature=0"), None).await.status, StatusCode::FORBIDDEN);

    // Refused with feedback, made again, approved by its hash.
    let first = shown["review_payload"]["subject"].clone();
    let path = format!("/api/v1/content/{id}/reject");
    let refused = bed.post(&path, &token, json!({ "reason": "a better opening", "regenerate": true })).await;
    assert_eq!((refused.status, &refused.json()["status"]), (StatusCode::OK, &json!("generating")), "{refused:?}");
    let shown = bed.until(&id, &token, &["review"]).await;
    assert_eq!((&shown["regeneration_count"], &shown["feedback_history"]), (&json!(1), &json!(["a better opening"])));
    let approve = format!("/api/v1/director/content/{id}/approve");
    if first != shown["review_payload"]["subject"] {
        let stale = bed.post(&approve, &token, json!({ "subject": first })).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "an approval of the first version is no approval of this one");
    }
    let publish = json!({ "content_id": id, "platform": "folder" });
    let early = bed.post("/api/v1/publisher/publish", &token, publish.clone()).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{early:?}");
    let approved = bed.post(&approve, &token, json!({ "subject": shown["review_payload"]["subject"] })).await;
    assert_eq!((approved.status, &approved.json()["status"]), (StatusCode::OK, &json!("approved")), "{approved:?}");

    // Out, into a folder.
    let account = json!({ "platform": "folder", "display_name": "Here", "credentials": { "path": "mine" } });
    let account = bed.post("/api/v1/publisher/accounts/", &token, account).await;
    assert_eq!(account.status, StatusCode::CREATED, "{account:?}");
    assert!(!account.text.contains("mine"), "credentials are shown to nobody");
    let other = bed.user("other", Role::Editor).await;
    let stranger = bed.token(&other, 3600);
    let foreign = bed.post("/api/v1/publisher/publish", &stranger, publish.clone()).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let out = bed.post("/api/v1/publisher/publish/", &token, publish).await;
    assert_eq!(out.status, StatusCode::OK, "{out:?}");
    assert_eq!(out.json()["results"][0]["status"], "published", "{out:?}");
    let history = bed.get(&format!("/api/v1/publisher/history?content_id={id}"), Some(&token)).await.json();
    assert_eq!((&history[0]["status"], &history[0]["platform"]), (&json!("published"), &json!("folder")));
    let kept = bed.until(&id, &token, &["published"]).await;
    assert_eq!(kept["interrupted"], false);

    // What pulse tells of it.
    let funnel = bed.get("/api/v1/pulse/pipeline/funnel", Some(&token)).await.json();
    assert_eq!((&funnel["generated"], &funnel["published"]), (&json!(1), &json!(1)));
    let metrics = bed.get("/api/v1/pulse/analytics/metrics", Some(&token)).await.json();
    assert_eq!(metrics["error_rate"], 0.0);
    assert!(metrics["stages"].as_array().unwrap().len() >= 6);
    let events = bed.get("/api/v1/pulse/analytics/events?channel=orion.content.rejected", Some(&token)).await.json();
    assert_eq!((&events["total"], &events["items"][0]["payload"]["feedback"]), (&json!(1), &json!("a better opening")));
    let events = bed.get("/api/v1/pulse/analytics/events", Some(&stranger)).await.json();
    assert_eq!(events["total"], 0);
    let about = bed.get(&format!("/api/v1/pulse/analytics/content/{id}"), Some(&token)).await.json();
    assert!(about["events"].as_array().unwrap().len() > 10);
    let jobs = bed.get("/api/v1/editor/renders", Some(&token)).await.json();
    assert_eq!((&jobs["total"], &jobs["items"][0]["status"]), (&json!(1), &json!("completed")));
    assert!(jobs["items"][0].get("error").is_some_and(Value::is_null), "nulls are there");
    let batches = bed.get("/api/v1/media/batches", Some(&token)).await.json();
    assert_eq!(batches[0]["completed_images"], batches[0]["total_images"]);
    let segments = bed.get(&format!("/api/v1/content/{id}/script"), Some(&token)).await.json();
    assert_eq!(segments["estimated"], false);
    assert_eq!(segments["segments"][0]["start_time"], 0.0);
    let list = bed.get("/api/v1/content?status=published&sort=score", Some(&token)).await.json();
    assert_eq!((&list["total"], &list["items"][0]["id"]), (&json!(1), &json!(id)));
    assert!(list["items"][0]["thumbnail_url"].is_string());
    workers.stop().await;
}

#[tokio::test]
async fn script_and_scenes_are_edited_at_their_gates() {
    let bed = bed().await;
    if !bed.can_render() {
        return;
    }
    let workers = Workers::start(&bed.platform.orion, Duties { runs: true, scout: false });
    let editor = bed.user("editor", Role::Editor).await;
    let token = bed.token(&editor, 3600);
    let text = "The old bridge closes for 14 months. Engineers found 40 cracks in its beams. A ferry runs meanwhile.";
    let body = json!({ "text": text, "gates": ["script", "prompts"] });
    let begun = bed.post("/api/v1/director/content/generate", &token, body).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let at_script = bed.until(&id, &token, &["review"]).await;
    assert_eq!(at_script["stage"], "script");
    assert!(at_script["review_payload"]["critique"]["score"].is_f64());

    let path = format!("/api/v1/director/content/{id}/script");
    let put = |body: Value| bed.call(Method::PUT, &path, Some(&token), Some(body));
    assert_eq!(put(json!({ "lines": [] })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(json!({ "lines": [{ "text": " " }] })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let edited = put(json!({ "lines": [{ "text": "A bridge closes." }, { "text": "Take the ferry." }] })).await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    let edited = edited.json();
    assert_ne!(edited["review_payload"]["subject"], at_script["review_payload"]["subject"]);
    assert_eq!(edited["script"]["cta"], "Take the ferry.");
    let scene = format!("/api/v1/director/content/{id}/visual-prompts/1");
    let early = bed.call(Method::PATCH, &scene, Some(&token), Some(json!({ "mood": "calm" }))).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let resume = json!({ "thread_id": edited["thread_id"], "approved": true });
    assert_eq!(bed.post("/api/v1/director/content/resume", &token, resume).await.status, StatusCode::OK);
    bed.until(&id, &token, &["generating", "review"]).await;
    let mut at_prompts = bed.until(&id, &token, &["review"]).await;
    while at_prompts["stage"] != "prompts" {
        tokio::time::sleep(Duration::from_millis(20)).await;
        at_prompts = bed.until(&id, &token, &["review"]).await;
    }
    let changed = bed.call(Method::PATCH, &scene, Some(&token), Some(json!({ "mood": "calm" }))).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.json()["visual_prompts"]["prompts"][0]["mood"], "calm");
    let nowhere = format!("/api/v1/director/content/{id}/visual-prompts/99");
    let nowhere = bed.call(Method::PATCH, &nowhere, Some(&token), Some(json!({}))).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let unknown = json!({ "thread_id": "nobody", "approved": true });
    assert_eq!(bed.post("/api/v1/director/content/resume", &token, unknown).await.status, StatusCode::NOT_FOUND);
    workers.stop().await;
}

#[tokio::test]
async fn who_may_see_and_do_what() {
    let bed = bed().await;
    let (owner, other) = (bed.user("owner", Role::Editor).await, bed.user("other", Role::Editor).await);
    let (viewer, admin) = (bed.user("viewer", Role::Viewer).await, bed.user("admin", Role::Admin).await);
    let [owner, other, viewer, admin] = [owner, other, viewer, admin].map(|user| bed.token(&user, 3600));
    if !bed.can_render() {
        return;
    }
    let begun = bed.post("/api/v1/director/content/generate", &owner, json!({ "text": "One story to tell." })).await;
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    for path in [
        "/api/v1/director/content/{}",
        "/api/v1/content/{}",
        "/api/v1/media/assets/{}",
        "/api/v1/editor/render/{}/status",
        "/api/v1/pulse/analytics/content/{}",
    ] {
        let path = path.replace("{}", &id);
        assert_eq!(bed.get(&path, Some(&owner)).await.status, StatusCode::OK, "{path}");
        assert_eq!(bed.get(&path, Some(&admin)).await.status, StatusCode::OK, "{path}");
        for token in [&other, &viewer] {
            assert_eq!(bed.get(&path, Some(token)).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(bed.get(&path, None).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for verb in ["approve", "reject", "regenerate"] {
        let path = format!("/api/v1/director/content/{id}/{verb}");
        for token in [&other, &viewer] {
            assert_eq!(bed.call(Method::POST, &path, Some(token), None).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    for (path, body) in [
        ("/api/v1/scout/trends/scan", json!({})),
        ("/api/v1/director/content/generate", json!({ "text": "A story." })),
        ("/api/v1/media/generate", json!({ "prompt": "a bridge" })),
        ("/api/v1/editor/tts", json!({ "text": "Hello." })),
        ("/api/v1/publisher/publish", json!({ "content_id": id, "platforms": ["folder"] })),
        ("/api/v1/publisher/accounts", json!({ "platform": "folder", "display_name": "x", "credentials": {} })),
    ] {
        assert_eq!(bed.post(path, &viewer, body).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(bed.get("/api/v1/director/content", Some(&other)).await.json(), json!([]));
    assert_eq!(bed.get("/api/v1/director/pipelines", Some(&owner)).await.json()[0]["status"], "pending");
    assert_eq!(bed.get("/api/v1/content", Some(&admin)).await.json()["total"], 1);
    let cleanup = bed.post("/api/v1/pulse/admin/cleanup", &owner, json!({ "days": 0 })).await;
    assert_eq!(cleanup.status, StatusCode::FORBIDDEN);
    let cleanup = bed.call(Method::POST, "/api/v1/pulse/admin/cleanup", Some(&admin), None).await;
    assert_eq!((cleanup.status, cleanup.json()), (StatusCode::OK, json!({ "events_deleted": 0, "costs_deleted": 0 })));
}

#[tokio::test]
async fn bad_input_is_refused_by_its_place_and_leaves_nothing() {
    let bed = bed().await;
    let editor = bed.user("editor", Role::Editor).await;
    let token = bed.token(&editor, 3600);
    let nobody = "00000000-0000-4000-8000-00000000000a";
    let long = "x".repeat(5001);
    let table: Vec<(Method, String, Option<Value>, u16)> = [
        ("GET", "/api/v1/scout/trends?page=0", None, 422),
        ("GET", "/api/v1/scout/trends?page_size=101", None, 422),
        ("GET", "/api/v1/scout/trends?page=x", None, 422),
        ("GET", "/api/v1/scout/trends?period=2d&status=odd", None, 200),
        ("GET", "/api/v1/scout/trends/nonsense", None, 422),
        ("GET", "/api/v1/scout/trends/NOBODY", None, 404),
        ("PATCH", "/api/v1/scout/trends/NOBODY/status", Some(json!({ "status": "used" })), 404),
        ("PATCH", "/api/v1/scout/trends/NOBODY/status", Some(json!({ "status": "odd" })), 400),
        ("PUT", "/api/v1/scout/trends/config", Some(json!({ "niche": "cooking" })), 400),
        ("PUT", "/api/v1/scout/trends/config", Some(json!({ "niche": "technology" })), 200),
        ("POST", "/api/v1/scout/trends/scan", Some(json!({ "limit": 0 })), 422),
        ("POST", "/api/v1/scout/trends/scan", Some(json!({ "niche": "cooking" })), 400),
        ("POST", "/api/v1/director/content/generate", Some(json!({})), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "trend_id": NOBODY, "text": "both" })), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "trend_id": "odd" })), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "text": "a", "seconds": 4 })), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "text": "a", "target_platform": "odd" })), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "text": "a", "gates": ["odd"] })), 422),
        ("POST", "/api/v1/director/content/generate", Some(json!({ "text": "  " })), 422),
        ("GET", "/api/v1/director/content?limit=0", None, 422),
        ("GET", "/api/v1/director/content?status=odd", None, 400),
        ("GET", "/api/v1/director/content/NOBODY", None, 404),
        ("GET", "/api/v1/director/pipelines?status=odd", None, 400),
        ("POST", "/api/v1/director/content/NOBODY/approve", None, 404),
        ("POST", "/api/v1/content/NOBODY/reject", Some(json!({ "regenerate": "yes" })), 422),
        ("GET", "/api/v1/content?sort=odd", None, 422),
        ("GET", "/api/v1/content?page=0", None, 422),
        ("GET", "/api/v1/content/NOBODY/script", None, 404),
        ("GET", "/api/v1/media/assets/NOBODY", None, 200),
        ("POST", "/api/v1/media/generate", Some(json!({ "prompt": "x", "width": 63 })), 422),
        ("POST", "/api/v1/media/generate", Some(json!({ "prompt": "x", "cfg_scale": 31.0 })), 422),
        ("POST", "/api/v1/media/generate", Some(json!({ "prompt": "x", "content_id": NOBODY })), 404),
        ("POST", "/api/v1/media/batch", Some(json!({ "content_id": NOBODY, "prompts": [] })), 422),
        ("POST", "/api/v1/editor/render", Some(json!({ "content_id": NOBODY })), 404),
        ("POST", "/api/v1/editor/render", Some(json!({ "content_id": NOBODY, "video_width": 7 })), 422),
        ("POST", "/api/v1/editor/tts", Some(json!({ "text": LONG })), 422),
        ("POST", "/api/v1/editor/tts", Some(json!({ "text": "x", "speed": 9.0 })), 422),
        ("POST", "/api/v1/editor/tts", Some(json!({ "text": "x", "output_format": "ogg" })), 422),
        ("POST", "/api/v1/editor/captions", Some(json!({ "audio_path": "/etc/passwd" })), 501),
        ("POST", "/api/v1/publisher/publish", Some(json!({ "content_id": NOBODY, "platforms": [] })), 422),
        ("POST", "/api/v1/publisher/publish", Some(json!({ "content_id": NOBODY, "platforms": ["folder"] })), 404),
        ("POST", "/api/v1/publisher/accounts", Some(json!({ "platform": "odd", "display_name": "x" })), 422),
        ("DELETE", "/api/v1/publisher/accounts/NOBODY", None, 404),
        ("GET", "/api/v1/publisher/history?limit=201", None, 422),
        ("GET", "/api/v1/pulse/analytics/events?hours=0", None, 422),
        ("GET", "/api/v1/pulse/analytics/metrics?hours=169", None, 422),
        ("GET", "/api/v1/pulse/costs?days=0", None, 422),
        ("GET", "/api/v1/pulse/analytics/content/NOBODY", None, 404),
        ("GET", "/api/v1/media/files/00/video.mp4?expires=1&signature=00", None, 404),
        ("GET", "/api/v1/media/files/SHA/video.mp4?expires=9999999999&signature=00", None, 403),
        ("GET", "/api/v1/media/files/SHA/video.mp4", None, 422),
    ]
    .map(|(method, path, body, status): (&str, &str, Option<Value>, u16)| {
        let path = path.replace("NOBODY", nobody).replace("SHA", &"0".repeat(64));
        let body = body.map(|body| body.to_string().replace("NOBODY", nobody).replace("LONG", &long).parse().unwrap());
        (method.parse().unwrap(), path, body, status)
    })
    .into();
    for (method, path, body, status) in table {
        let answer = bed.call(method.clone(), &path, Some(&token), body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body:?}: {}", answer.text);
        if status >= 400 {
            let told = answer.json();
            assert!(told["message"].is_string() && !told["detail"].is_null(), "{told}");
            assert!(status != 422 || told["detail"].is_array() || told["detail"].is_string(), "{told}");
        }
    }
    let mut tx = bed.platform.orion.production().store.read().await.unwrap();
    assert_eq!(tx.contents().count(&Default::default()).await.unwrap(), 0);
    assert_eq!(tx.runs().count(&Default::default()).await.unwrap(), 0);
}

/// Placeholders of the table above.
const NOBODY: &str = "NOBODY";
const LONG: &str = "LONG";

#[tokio::test]
async fn pages_of_an_empty_platform_show_nothing_and_fail_nowhere() {
    let bed = bed().await;
    let viewer = bed.user("viewer", Role::Viewer).await;
    let token = bed.token(&viewer, 3600);
    for (path, expected) in [
        ("/api/v1/scout/trends", json!({ "items": [], "total": 0, "page": 1, "page_size": 20, "sources": [] })),
        ("/api/v1/content", json!({ "items": [], "page": 1, "limit": 12, "total": 0 })),
        ("/api/v1/director/content", json!([])),
        ("/api/v1/director/pipelines", json!([])),
        ("/api/v1/media/assets", json!({ "items": [], "total": 0 })),
        ("/api/v1/media/batches", json!([])),
        ("/api/v1/editor/renders?limit=50", json!({ "items": [], "total": 0 })),
        ("/api/v1/publisher/publish/history?limit=100", json!([])),
        ("/api/v1/publisher/accounts", json!([])),
        ("/api/v1/pulse/costs", json!({ "total_cost": 0.0, "by_category": {}, "record_count": 0 })),
        ("/api/v1/pulse/costs/by-provider", json!([])),
        ("/api/v1/pulse/costs/summary", json!({ "total_cost_usd": 0.0, "by_provider": {} })),
        ("/api/v1/pulse/pipeline/errors?hours=168", json!([])),
        ("/api/v1/pulse/pipeline/providers", json!([])),
        ("/api/v1/pulse/pipeline/history", json!([])),
        (
            "/api/v1/pulse/pipeline/funnel",
            json!({ "generated": 0, "review": 0, "approved": 0, "published": 0, "rejected": 0 }),
        ),
    ] {
        let answer = bed.get(path, Some(&token)).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, expected), "{path}");
    }
    let providers = bed.get("/api/v1/media/providers", Some(&token)).await.json();
    assert_eq!(
        (&providers["providers"][0]["type"], &providers["providers"][0]["available"]),
        (&json!("LOCAL"), &json!(true))
    );
}

#[tokio::test]
async fn pictures_and_speech_are_made_on_request() {
    let bed = bed().await;
    let editor = bed.user("editor", Role::Editor).await;
    let token = bed.token(&editor, 3600);
    let order = json!({ "prompt": "An old bridge over a harbour", "width": 320, "height": 240 });
    let made = bed.post("/api/v1/media/generate", &token, order).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let made = made.json();
    assert_eq!((&made["width"], &made["height"], &made["asset_id"]), (&json!(320), &json!(240), &Value::Null));
    let picture = bed.get(&below(&made["url"]), None).await;
    assert_eq!(picture.status, StatusCode::OK);
    assert!(picture.header("content-type").starts_with("image/"));
    assert_eq!(bed.get(made["file_path"].as_str().unwrap(), None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let spoken =
        bed.post("/api/v1/editor/tts", &token, json!({ "text": "Nobody speaks here.", "output_format": "wav" })).await;
    assert_eq!(spoken.status, StatusCode::OK, "{spoken:?}");
    let spoken = spoken.json();
    assert!(spoken["duration_seconds"].as_f64() > Some(0.2));
    let head = Request::head(below(&spoken["url"])).body(Body::empty()).unwrap();
    let head = bed.send(head).await;
    assert_eq!((head.status, head.header("content-type"), head.text.len()), (StatusCode::OK, "audio/wav", 0));
}

#[tokio::test]
async fn providers_are_told_and_chosen() {
    let bed = bed().await;
    let (editor, viewer) = (bed.user("editor", Role::Editor).await, bed.user("viewer", Role::Viewer).await);
    let (editor, viewer) = (bed.token(&editor, 3600), bed.token(&viewer, 3600));
    let told = bed.get("/api/v1/providers/llm/status", Some(&viewer)).await;
    assert_eq!(
        (told.status, &told.json()["provider"], &told.json()["status"]),
        (StatusCode::OK, &json!("LOCAL"), &json!("connected"))
    );
    assert_eq!(bed.get("/api/v1/providers/video/status", Some(&viewer)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bed.get("/api/v1/providers/odd/status", Some(&viewer)).await.status, StatusCode::NOT_FOUND);
    let put = |token: &str, body: Value| {
        let (token, bed) = (token.to_owned(), &bed);
        async move { bed.call(Method::PUT, "/api/v1/providers/image/config", Some(&token), Some(body)).await }
    };
    let name = bed.platform.orion.production().media.images.order()[0].to_string();
    let good = json!({ "provider": "LOCAL", "model": name });
    assert_eq!(put(&viewer, good.clone()).await.status, StatusCode::FORBIDDEN);
    for bad in
        [json!({ "provider": "HERE" }), json!({ "provider": "CLOUD" }), json!({ "provider": "LOCAL", "model": "odd" })]
    {
        assert_eq!(put(&editor, bad.clone()).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let chosen = put(&editor, good).await;
    assert_eq!((chosen.status, &chosen.json()["model"]), (StatusCode::OK, &json!(name)), "{chosen:?}");
    bed.platform.orion.follow_switches().await.unwrap();
    let told = bed.get("/api/v1/providers", Some(&viewer)).await.json();
    let services: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|item| &item["service"]).collect();
    assert_eq!(services, ["llm", "critic", "image", "video", "tts", "stt", "embeddings"]);
    let image = &told["items"][2];
    assert_eq!((&image["chosen"]["model"], &image["chosen"]["provider"]), (&json!(name), &json!("LOCAL")));
    let provider = &image["providers"][0];
    assert_eq!(
        (&provider["place"], &provider["available"], &provider["circuit"], &provider["why_not"]),
        (&json!(1), &json!(true), &json!("closed"), &Value::Null)
    );

    // What the operator has not named is for administrators to set up.
    let put = |token: &str, body: Value| {
        let (token, bed) = (token.to_owned(), &bed);
        async move { bed.call(Method::PUT, "/api/v1/providers/llm/config", Some(&token), Some(body)).await }
    };
    let new = json!({ "provider": "LOCAL", "name": "ollama", "model": "mistral", "fallback": true });
    assert_eq!(put(&editor, new.clone()).await.status, StatusCode::FORBIDDEN);
    let admin = bed.user("admin", Role::Admin).await;
    let admin = bed.token(&admin, 3600);
    let chosen = put(&admin, new).await;
    assert_eq!((chosen.status, &chosen.json()["model"]), (StatusCode::OK, &json!("ollama/mistral")), "{chosen:?}");
    let metrics = bed.get("/metrics", Some(&viewer)).await.text;
    let series = "orion_provider_requests_total{capability=\"llm\",provider=\"ollama\",model=\"mistral\"} 0";
    assert!(metrics.lines().any(|line| line == series), "{metrics}");
    let path = "/api/v1/providers/llm/config";
    assert_eq!(bed.call(Method::DELETE, path, Some(&viewer), None).await.status, StatusCode::FORBIDDEN);
    let reset = bed.call(Method::DELETE, path, Some(&editor), None).await;
    assert_eq!((reset.status, &reset.json()["model"]), (StatusCode::OK, &json!("extractive")), "{reset:?}");
}

/// Clips, ears and vectors are chosen as everything else, also where the configuration names nobody.
#[tokio::test]
async fn clips_ears_and_vectors_are_told_and_chosen() {
    let bed = Bed::with(|config| {
        config.images = "graphics:,comfyui:,fal:flux-schnell".to_owned();
        config.clips = "comfyui:,fal:kling".to_owned();
        config.fal_key = orion_core::domain::Secret::new("key-id:key-secret");
    })
    .await;
    let admin = bed.user("admin", Role::Admin).await;
    let admin = bed.token(&admin, 3600);
    let media = bed.get("/api/v1/media/providers", Some(&admin)).await.json();
    let provider = |name: &str, kind: &str, available: bool, models: &[&str]| json!({ "name": name, "type": kind, "available": available, "models": models });
    assert_eq!(
        media["providers"],
        json!([
            provider("comfyui", "LOCAL", true, &["sd_xl_base_1.0", "svd_xt_1_1"]),
            provider("fal_ai", "CLOUD", false, &["flux-schnell", "kling"]),
            provider("scene-graphics", "LOCAL", true, &["cards-4"]),
        ])
    );
    let status = async |service: &str| bed.get(&format!("/api/v1/providers/{service}/status"), Some(&admin)).await;
    assert_eq!(status("video").await.json()["model"], "comfyui/svd_xt_1_1");
    assert_eq!(status("embeddings").await.json()["model"], "built-in/hashed-ngrams");
    assert_eq!(status("stt").await.status, StatusCode::NOT_FOUND);
    let put = async |service: &str, body: Value| {
        let path = format!("/api/v1/providers/{service}/config");
        bed.call(Method::PUT, &path, Some(&admin), Some(body)).await
    };
    let cloud = put("video", json!({ "provider": "CLOUD" })).await;
    assert_eq!((cloud.status, &cloud.json()["model"]), (StatusCode::OK, &json!("fal_ai/kling")), "{cloud:?}");
    let media = bed.get("/api/v1/media/providers", Some(&admin)).await.json();
    assert_eq!(media["providers"][1]["available"], true, "one of its models serves now");
    let whisper = put("stt", json!({ "provider": "LOCAL", "name": "whisper", "model": "base" })).await;
    assert_eq!((whisper.status, &whisper.json()["model"]), (StatusCode::OK, &json!("whisper/base")), "{whisper:?}");
    let off = put("video", json!({ "provider": "LOCAL", "name": "none" })).await;
    assert_eq!((off.status, &off.json()["status"]), (StatusCode::OK, &json!("off")), "{off:?}");
    assert_eq!(status("video").await.status, StatusCode::NOT_FOUND, "nobody serves it");
    assert_eq!(
        put("llm", json!({ "provider": "LOCAL", "name": "none" })).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let nobody = put("stt", json!({ "provider": "CLOUD", "name": "whisper", "model": "base" })).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "{nobody:?}");
    let ollama = json!({ "provider": "LOCAL", "name": "ollama", "model": "nomic-embed-text", "fallback": true });
    assert_eq!(put("embeddings", ollama).await.status, StatusCode::OK);
    let reset = async |service: &str| {
        bed.call(Method::DELETE, &format!("/api/v1/providers/{service}/config"), Some(&admin), None).await
    };
    assert_eq!(reset("video").await.json()["model"], "comfyui/svd_xt_1_1");
    assert_eq!(reset("stt").await.status, StatusCode::NOT_FOUND, "as the configuration has it: nobody");
    let items = bed.get("/api/v1/providers", Some(&admin)).await.json();
    let chosen: Vec<&Value> = items["items"].as_array().unwrap().iter().map(|item| &item["chosen"]["name"]).collect();
    let nobody = Value::Null;
    assert_eq!(chosen, [&nobody, &nobody, &nobody, &nobody, &nobody, &nobody, &json!("ollama")]);
}

#[tokio::test]
async fn what_watches_from_outside_shows_its_own_token() {
    let bed = Bed::with(|config| {
        config.env = "production".to_owned();
        config.monitor_token = orion_core::domain::Secret::new("watch-0123456789-0123456789-01234");
    })
    .await;
    let admin = bed.user("admin", Role::Admin).await;
    let editor = bed.user("editor", Role::Editor).await;
    let group = json!({ "version": "4", "status": "firing", "alerts": [{
        "status": "firing", "labels": { "alertname": "OrionDown", "severity": "critical", "job": "orion" },
        "annotations": { "summary": "no gateway answers" }, "startsAt": "2026-01-01T00:00:00Z",
    }] });
    let path = "/api/v1/webhooks/alerts";
    let tell = |token: Option<String>, body: Value| {
        let bed = &bed;
        async move { bed.call(Method::POST, path, token.as_deref(), Some(body)).await }
    };
    let watch = || Some("watch-0123456789-0123456789-01234".to_owned());
    assert_eq!(tell(None, group.clone()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(tell(Some("watch-0".to_owned()), group.clone()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(tell(Some(bed.token(&editor, 900)), group.clone()).await.status, StatusCode::FORBIDDEN);
    let odd = json!({ "alerts": [{ "status": "odd" }] });
    assert_eq!(tell(watch(), odd).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(tell(watch(), group).await.status, StatusCode::NO_CONTENT);
    while bed.platform.notifier.handle_next().await.unwrap() > 0 {}
    let told = bed.platform.notifier.list(admin.id, false, 1, 10).await.unwrap();
    assert_eq!(told.items[0].title, "Alert: OrionDown");
    assert_eq!(bed.platform.notifier.list(editor.id, false, 1, 10).await.unwrap().total, 0);

    let watch = watch();
    assert_eq!(bed.get("/metrics", None).await.status, StatusCode::UNAUTHORIZED);
    let metrics = bed.get("/metrics", watch.as_deref()).await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert!(metrics.text.contains("orion_content_queue_size{status=\"review\"} 0"), "{}", metrics.text);
    assert_eq!(bed.get("/api/v1/scout/trends", watch.as_deref()).await.status, StatusCode::UNAUTHORIZED);
}
