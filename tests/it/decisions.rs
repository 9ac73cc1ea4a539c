//! What a person decides on the way: early gates, another script, another scene, all by the command line.

use crate::http::send;
use crate::platform::{Platform, token, trend};
use crate::program::told;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Waits until content stands at a gate.
fn at(platform: &Platform, content: &str, gate: &str) -> Value {
    let begun = Instant::now();
    loop {
        let view = platform.json(&["content", "view", content]);
        if view["stage"] == gate && view["interrupted"] == true {
            return view;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "it never came to {gate}: {view}\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn script_and_scenes_are_edited_at_early_gates() {
    let Some(platform) = Platform::start_with(&["http.rate_factor=100"]) else { return };
    let found = trend(&platform);
    assert_eq!(platform.run(&["pipeline", "run", &found, "--gate", "nowhere"]).status.code(), Some(1));
    let started = platform.json(&["pipeline", "run", &found, "--gate", "script", "--gate", "prompts"]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    let first = at(&platform, &content, "script");

    // The script that is shown, and one of one's own in its place; what waits is asked about anew.
    let empty = platform.program.file("empty.txt", b"\n \n");
    let refused = platform.run(&["content", "script", &content, &empty]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    let missing = platform.run(&["content", "script", &content, "nowhere.txt"]);
    assert_eq!(missing.status.code(), Some(2), "{}", told(&missing));
    let early = platform.run(&["content", "scene", &content, "1", "--mood", "calm"]);
    assert_eq!(early.status.code(), Some(1), "there are no scenes yet: {}", told(&early));
    let mine = platform.program.file("mine.txt", b"A bridge closes.\n\nEngineers found cracks.\nTake the ferry.\n");
    let edited = platform.json(&["content", "script", &content, &mine, "--title", "The ferry"]);
    assert_eq!(
        (&edited["script"]["hook"], &edited["script"]["cta"]),
        (&json!("A bridge closes."), &json!("Take the ferry."))
    );
    assert_ne!(edited["review_payload"]["subject"], first["review_payload"]["subject"]);
    // An approval of what was shown before is none of this.
    let stale = json!({ "subject": first["review_payload"]["subject"] }).to_string();
    let bearer = format!("Bearer {}", token(&platform));
    let path = format!("/api/v1/director/content/{content}/approve");
    let stale = send(platform.port(), "POST", &path, &[("Authorization", &bearer)], stale.as_bytes());
    assert_eq!(stale.status, 409, "{}", String::from_utf8_lossy(&stale.body));
    platform.json(&["content", "approve", &content]);

    let planned = at(&platform, &content, "prompts");
    assert_eq!(planned["visual_prompts"]["prompts"].as_array().unwrap().len(), 3, "{planned}");
    assert_eq!(platform.run(&["content", "scene", &content, "99", "--mood", "calm"]).status.code(), Some(1));
    assert_eq!(platform.run(&["content", "scene", &content, "2"]).status.code(), Some(2), "nothing to change");
    let changed =
        platform.json(&["content", "scene", &content, "2", "--mood", "calm", "--description", "a ferry at dawn"]);
    let scene = &changed["visual_prompts"]["prompts"][1];
    assert_eq!((&scene["mood"], &scene["description"]), (&json!("calm"), &json!("a ferry at dawn")));
    platform.json(&["content", "approve", &content]);

    let view = platform.wait_for(&content, &["review"]);
    assert_eq!(view["script"]["hook"], "A bridge closes.");
    assert_eq!(view["visual_prompts"]["prompts"][1]["mood"], "calm");

    // Rejected with a reason and made again, which comes back to a gate.
    let again = platform.json(&["content", "reject", &content, "--feedback", "shorter", "--regenerate"]);
    assert_eq!(again["content_id"], content.as_str(), "{again}");
    let begun = Instant::now();
    while platform.json(&["content", "view", &content])["interrupted"] != true {
        assert!(begun.elapsed() < Duration::from_secs(300), "it is not made again:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    platform.json(&["content", "reject", &content]);
    assert_eq!(platform.json(&["content", "view", &content])["status"], "rejected");
}
