//! Models, voices and ears on servers: whole runs of the program against faithful servers.

use crate::program::{Program, root, told};
use orion_faithful::{Reply, Server, elevenlabs, ollama, openai};
use serde_json::{Value, json};
use std::fs;
use tokio::runtime::Runtime;

const KEY: &str = "sk-secret-of-the-test";

/// A server, and the runtime that it lives in.
fn served() -> (Server, Runtime) {
    let runtime = Runtime::new().unwrap();
    let options = openai::Options { key: KEY.to_owned(), refuses: vec!["json_schema"] };
    (runtime.block_on(openai::start(options)), runtime)
}

fn settings(server: &Server) -> Vec<String> {
    let url = server.url();
    let feed = root().join("samples/feed.xml").canonicalize().unwrap();
    let mut arguments: Vec<String> =
        ["create", "--offline", "--quality", "draft", "--seconds", "12", "--out", "video", "--feed"]
            .map(str::to_owned)
            .to_vec();
    arguments.push(feed.display().to_string());
    for setting in [
        "policy=prefer-cloud".to_owned(),
        "writer=openai:gpt-4o-mini,extractive:".to_owned(),
        "create.voice=openai:tts-1/alloy".to_owned(),
        "transcriber=whisper:base".to_owned(),
        format!("openai.url={url}/v1"),
        format!("openai.key={KEY}"),
        format!("whisper.url={url}/v1"),
        format!("whisper.key={KEY}"),
    ] {
        arguments.extend(["--set".to_owned(), setting]);
    }
    arguments
}

fn report(program: &Program) -> Value {
    serde_json::from_slice(&fs::read(program.path("video/run.json")).unwrap()).unwrap()
}

fn step<'r>(report: &'r Value, key: &str) -> &'r Value {
    report["steps"].as_array().unwrap().iter().find(|step| step["key"] == key).unwrap()
}

#[test]
fn a_video_is_written_and_spoken_in_the_cloud_and_every_cost_is_known() {
    let Some(program) = Program::find() else { return };
    let (server, _runtime) = served();
    let output = program.command(settings(&server)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(!told(&output).contains(KEY));
    let text = fs::read_to_string(program.path("video/run.json")).unwrap();
    assert!(!text.contains(KEY), "no secret is in the report");
    let report = report(&program);
    for (key, model) in [("script", "gpt-4o-mini"), ("speech/0", "tts-1/alloy")] {
        let step = step(&report, key);
        assert_eq!(step["served_by"], json!({"name": "openai", "model": model, "side": "CLOUD"}));
        assert!(step["cost_usd"].as_f64().unwrap() > 0.0, "{step}");
    }
    let steps = report["steps"].as_array().unwrap();
    let sum: f64 = steps.iter().map(|step| step["cost_usd"].as_f64().unwrap()).sum();
    assert!((report["cost_usd"].as_f64().unwrap() - sum).abs() < 1e-9, "every cost is one of a step: {report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("a transcriber heard when each word is said"), "{notes}");
    let paths: Vec<String> = server.seen().into_iter().map(|request| request.path).collect();
    for path in ["/v1/chat/completions", "/v1/audio/speech", "/v1/audio/transcriptions"] {
        assert!(paths.iter().any(|seen| seen == path), "{path} of {paths:?}");
    }
}

#[test]
fn who_fails_is_named_and_the_next_serves() {
    let Some(program) = Program::find() else { return };
    let (server, _runtime) = served();
    for _ in 0..4 {
        server.next(Reply::json(500, &json!({"error": {"message": "the model is on fire"}})));
    }
    let output = program.command(settings(&server)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("note: script: openai/gpt-4o-mini failed"), "{}", told(&output));
    let report = report(&program);
    let script = step(&report, "script");
    assert_eq!(script["served_by"]["name"], "extractive");
    assert_eq!(script["after"][0]["provider"]["name"], "openai");
    assert!(script["after"][0]["error"].as_str().unwrap().contains("the model is on fire"));
}

#[test]
fn a_missing_key_is_said_before_any_work() {
    let Some(program) = Program::find() else { return };
    let (server, _runtime) = served();
    let arguments: Vec<String> = settings(&server)
        .into_iter()
        .map(|it| if it.starts_with("openai.key=") { "openai.key=".into() } else { it })
        .collect();
    let output = program.command(arguments).output().unwrap();
    assert!(!output.status.success());
    assert!(told(&output).contains("needs a key") && told(&output).contains("OPENAI_API_KEY"), "{}", told(&output));
    assert!(server.seen().is_empty() && !program.path("video").exists());
}

#[test]
fn models_are_listed_and_pulled() {
    let Some(program) = Program::find() else { return };
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(ollama::start());
    let url = format!("ollama.url={}", server.url());
    let listed = program.run(&["models", "list", "--set", &url]);
    let table = String::from_utf8_lossy(&listed.stdout);
    assert!(listed.status.success() && table.contains("2.0 GB"), "{table}{}", told(&listed));
    let pulled = program.run(&["models", "pull", "llama3.2", "--set", &url]);
    assert!(pulled.status.success() && told(&pulled).contains("40 %"), "{}", told(&pulled));
    let missing = program.run(&["models", "pull", "nobody/nothing", "--set", &url]);
    assert!(!missing.status.success() && told(&missing).contains("file does not exist"), "{}", told(&missing));
}

#[test]
fn voices_of_servers_are_listed_and_who_is_silent_is_named() {
    let Some(program) = Program::find() else { return };
    let (server, runtime) = served();
    let eleven = runtime.block_on(elevenlabs::start());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = [
        "policy=prefer-cloud".to_owned(),
        "create.voice=openai:tts-1/alloy".to_owned(),
        format!("openai.url={}/v1", server.url()),
        format!("openai.key={KEY}"),
        format!("elevenlabs.url={}", eleven.url()),
        format!("elevenlabs.key={}", elevenlabs::KEY),
        format!("fish.url=http://{free}"),
    ];
    let mut arguments = vec!["--json".to_owned(), "voices".to_owned(), "list".to_owned()];
    arguments.extend(settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]));
    let output = program.command(arguments.clone()).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let addresses: Vec<&str> =
        listed.as_array().unwrap().iter().map(|voice| voice["address"].as_str().unwrap()).collect();
    assert!(addresses.contains(&"openai:tts-1/nova"), "{addresses:?}");
    assert!(addresses.iter().any(|address| address.starts_with("elevenlabs:")), "{addresses:?}");
    assert!(listed.as_array().unwrap().iter().any(|voice| voice["provider"] == "piper"), "{listed}");
    let silent = String::from_utf8_lossy(&output.stderr);
    assert!(silent.contains("fish: does not list its voices") && silent.contains("fish.url"), "{silent}");
    // As a table it is the same, and the silent one is no failure.
    let table = program.command(arguments[1..].to_vec()).output().unwrap();
    let shown = String::from_utf8_lossy(&table.stdout);
    assert!(table.status.success() && shown.contains("on elevenlabs"), "{shown}");
}

#[test]
fn the_doctor_knocks_at_milvus_and_at_the_places_of_trends() {
    let Some(program) = Program::find() else { return };
    let (server, _runtime) = served();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = [
        format!("vectors=milvus://{free}"),
        format!("scout.sources=hackernews:{},google:http://{free}/rss,x:", server.url()),
        format!("x.url=http://{free}"),
        "x.token=secret-of-x".to_owned(),
        "embeddings=ollama:bge-m3".to_owned(),
        format!("ollama.url=http://{free}"),
    ];
    let mut arguments = vec!["--json".to_owned(), "doctor".to_owned()];
    arguments.extend(settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]));
    let output = program.command(arguments).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!told.to_string().contains("secret-of-x"));
    let checks = |part: &str| -> Vec<(String, String)> {
        let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        let all = told["checks"].as_array().unwrap().iter().filter(|check| check["part"] == part);
        all.map(|check| (text(check, "health"), text(check, "found"))).collect()
    };
    let [(health, found)] = checks("vectors").try_into().unwrap();
    assert!(health == "optional" && found.contains("Milvus"), "{found}");
    let [(health, found)] = checks("embeddings").try_into().unwrap();
    assert!(health == "optional" && found.contains("no server answers"), "{found}");
    let trends = checks("trends");
    assert_eq!(trends.iter().map(|(health, _)| health.as_str()).collect::<Vec<_>>(), ["ok", "optional", "optional"]);
    assert!(trends.iter().all(|(_, found)| found.contains("127.0.0.1:")), "{trends:?}");
}
