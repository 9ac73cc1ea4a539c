//! Where content goes: a webhook that fails first, credentials whose key is changed, words that must not go out, and
//! links to files.

use crate::http::send;
use crate::platform::{Platform, token, trend};
use crate::program::{Program, told};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use orion_faithful::{Reply, Request, Server};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const SECRET: [u8; 24] = *b"0123456789abcdefghijklmn";

/// Whether a call is signed as Standard Webhooks says.
fn is_signed(call: &Request) -> bool {
    let part = |name| call.header(name).unwrap_or_default();
    let signed =
        format!("{}.{}.{}", part("webhook-id"), part("webhook-timestamp"), String::from_utf8_lossy(&call.body));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&SECRET).unwrap();
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    part("webhook-signature").split(' ').any(|signature| signature == expected)
}

fn keys(first: u8) -> String {
    STANDARD.encode([first; 32])
}

/// Approved content.
fn approved(platform: &Platform) -> String {
    let started = platform.json(&["pipeline", "run", &trend(platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    platform.wait_for(&content, &["review"]);
    platform.json(&["content", "approve", &content]);
    content
}

fn send_to(platform: &Platform, content: &str, place: &str) -> Value {
    platform.json(&["publish", "send", content, "--platform", place])["results"][0].clone()
}

#[test]
fn a_webhook_is_called_again_under_one_identity_and_credentials_outlive_their_key() {
    let Some(mut program) = Program::find() else { return };
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(|_: &Request| Reply::json(200, &json!({}))));
    program.serving = vec![("ORION_AUTH_ENCRYPTION_KEY", keys(1))];
    // The last setting of a name counts.
    let set = [
        "offline=false",
        "scout.sources=",
        "fetch.allow_private=127.0.0.1",
        "content.blocklist=casino",
        "http.rate_factor=100",
    ];
    let more: Vec<String> = set.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]).collect();
    let Some(mut platform) = Platform::start_on(program, |_| more.clone()) else { return };
    let secret = platform.program.file("secret", format!("whsec_{}\n", STANDARD.encode(SECRET)).as_bytes());
    let (url, secret) = (format!("url={}/hook", server.url()), format!("secret=@{secret}"));
    let inside = platform.run(&[
        "publish",
        "connect",
        "--platform",
        "webhook",
        "--name",
        "in",
        "--credential",
        "url=http://169.254.169.254/",
        "--credential",
        &secret,
    ]);
    assert_eq!(inside.status.code(), Some(1), "an address within is no place to publish: {}", told(&inside));
    let account = platform.json(&[
        "publish",
        "connect",
        "--platform",
        "webhook",
        "--name",
        "Ours",
        "--credential",
        &url,
        "--credential",
        &secret,
    ]);
    assert!(account.get("credentials").is_none(), "{account}");

    let content = approved(&platform);
    server.next(Reply::json(503, &json!({})).with("retry-after", "1"));
    server.next(Reply::nothing());
    let sent = send_to(&platform, &content, "webhook");
    assert_eq!(sent["status"], "published", "{sent}\n{}", platform.log());
    let calls = server.seen_at("/hook");
    assert_eq!(calls.len(), 3, "two that failed, and the one that did not");
    assert!(calls.iter().all(|call| call.method == "POST" && is_signed(call)), "{calls:?}");
    let identity = calls[0].header("webhook-id").unwrap();
    assert!(calls.iter().all(|call| call.header("webhook-id") == Some(identity)));
    assert_eq!(sent["platform_post_id"], identity);
    let message = calls[2].json();
    assert_eq!((&message["type"], &message["data"]["content_id"]), (&json!("content.published"), &json!(content)));

    // The file behind the message: no header is needed, and nothing of the link can be changed.
    let link = message["data"]["video"]["url"].as_str().unwrap();
    let path = link.split_once("//").unwrap().1.split_once('/').unwrap().1;
    let get = |path: &str, range: &str| send(platform.port(), "GET", &format!("/{path}"), &[("Range", range)], b"");
    let length = message["data"]["video"]["length"].as_u64().unwrap();
    let (first, last) = (get(path, "bytes=0-3"), get(path, "bytes=-4"));
    assert_eq!((first.status, first.body.len(), last.status, last.body.len()), (206, 4, 206, 4));
    assert_eq!(last.header("content-range"), format!("bytes {}-{}/{length}", length - 4, length - 1));
    let beyond = get(path, &format!("bytes={length}-"));
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{length}").as_str()));
    let several = get(path, "bytes=0-0,2-2");
    assert_eq!((several.status, several.body.len() as u64), (200, length), "several parts at once come as the whole");
    let (stem, signature) = path.split_once("&signature=").unwrap();
    let (file, expires) = stem.split_once("expires=").unwrap();
    let later = expires.parse::<u64>().unwrap() + 3600;
    for forged in [
        format!("{file}expires={later}&signature={signature}"),
        format!("{stem}&signature={}", "0".repeat(signature.len())),
        stem.to_owned(),
        path.replace(".mp4?", ".html?"),
    ] {
        let refused = get(&forged, "bytes=0-3");
        assert!(matches!(refused.status, 403 | 422), "{forged}: {refused:?}");
    }

    // A new key in front of the old one opens what the old one sealed; a new one alone opens nothing, and says so.
    for (keys, opens) in [(format!("{},{}", keys(2), keys(1)), true), (keys(3), false)] {
        platform.kill();
        platform.program.serving = vec![("ORION_AUTH_ENCRYPTION_KEY", keys)];
        platform.restart_with(&more);
        // Links are derived from the key, so the session stands and content is there.
        let content = approved(&platform);
        let before = server.seen_at("/hook").len();
        let sent = platform.run(&["publish", "send", &content, "--platform", "webhook", "--json"]);
        let said = String::from_utf8_lossy(&sent.stdout).into_owned() + &told(&sent);
        let calls = server.seen_at("/hook");
        assert_eq!(calls.len() - before, usize::from(opens), "{said}\n{}", platform.log());
        assert!(calls.iter().all(is_signed), "{calls:?}");
        assert!(!said.contains("whsec_"), "{said}");
        if !opens {
            assert!(!said.contains("\"published\""), "{said}");
        }
    }
}

#[test]
fn words_that_must_not_go_out_stop_a_publication_before_it_leaves() {
    let Some(platform) = Platform::start_with(&["http.rate_factor=100", "content.blocklist=zeppelin"]) else { return };
    platform.json(&["publish", "connect", "--platform", "folder", "--name", "Exports", "--credential", "path=out"]);
    let body = json!({ "script": "The zeppelin came back.\nNobody had expected it.\nWatch the sky." }).to_string();
    let bearer = format!("Bearer {}", token(&platform));
    let begun = send(
        platform.port(),
        "POST",
        "/api/v1/director/content/generate",
        &[("Authorization", &bearer)],
        body.as_bytes(),
    );
    assert_eq!(begun.status, 201, "{}", String::from_utf8_lossy(&begun.body));
    let content = begun.json()["id"].as_str().unwrap().to_owned();
    platform.wait_for(&content, &["review"]);
    platform.json(&["content", "approve", &content]);
    let refused = platform.run(&["publish", "send", &content, "--platform", "folder"]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    assert!(
        told(&refused).contains("Safety check failed") && told(&refused).contains("zeppelin"),
        "{}",
        told(&refused)
    );
    assert_eq!(platform.json(&["publish", "history"]), json!([]), "nothing was begun");
    assert_eq!(platform.json(&["content", "view", &content])["status"], "approved");
}
