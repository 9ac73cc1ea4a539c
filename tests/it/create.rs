//! `orion create` from the sample feed to the finished folder, stopped and gone on with.

use crate::program::{Program, root, told};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const QUICK: &[&str] = &["create", "--silent", "--offline", "--quality", "draft", "--seconds", "12", "--out", "video"];

fn sample() -> String {
    root().join("samples/feed.xml").canonicalize().unwrap().display().to_string()
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap()
}

/// Attempts of each step by its key.
fn attempts(report: &Value) -> BTreeMap<String, u64> {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().map(|step| (step["key"].as_str().unwrap().to_owned(), step["attempts"].as_u64().unwrap())).collect()
}

#[test]
fn the_sample_feed_becomes_a_video_with_everything_beside_it() {
    let Some(program) = Program::find() else { return };
    let feed = sample();
    let output = program.command(QUICK.iter().copied().chain(["--feed", &feed])).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let folder = program.path("video");
    for name in ["video.mp4", "thumbnail.jpg", "captions.srt", "captions.vtt", "captions.ass", "script.md", "run.json"]
    {
        assert!(fs::metadata(folder.join(name)).unwrap().len() > 50, "{name}");
    }
    let report = report(&folder);
    // Both shapes that platforms show, several of each, the best first; that of the video's shape is its thumbnail.
    let covers = report["covers"].as_array().unwrap();
    assert_eq!(covers.len(), 2, "{covers:?}");
    for cover in covers {
        let (shape, candidates) = (cover["shape"].as_str().unwrap(), cover["candidates"].as_array().unwrap());
        assert!(candidates.len() > 1 && cover["platforms"].as_array().is_some_and(|shown| shown.len() > 2), "{cover}");
        for number in 1..=candidates.len() {
            let file = fs::read(folder.join(format!("thumbnails/{shape}-{number}.jpg"))).unwrap();
            assert!(file.starts_with(&[0xff, 0xd8]), "{shape} {number}");
        }
        let title = |candidate: &Value| candidate["marks"]["title"].as_f64().unwrap();
        assert!(candidates.iter().all(|candidate| title(candidate) > 0.5), "every title is read: {cover}");
    }
    let own = fs::read(folder.join("thumbnail.jpg")).unwrap();
    assert_eq!(own, fs::read(folder.join("thumbnails/tall-1.jpg")).unwrap());
    assert_eq!(report["video"]["video_codec"], "h264");
    assert_eq!((report["video"]["width"].as_u64(), report["video"]["height"].as_u64()), (Some(1080), Some(1920)));
    assert_eq!(report["video"]["audio_codec"], "aac");
    assert_eq!(report["video"]["fast_start"], true);
    assert!(attempts(&report).values().all(|count| *count == 1));
    let srt = fs::read_to_string(folder.join("captions.srt")).unwrap();
    assert!(srt.matches("-->").count() > 3);
    assert!(fs::read_to_string(folder.join("script.md")).unwrap().contains("\\[1\\]"));
}

#[test]
fn progress_streams_as_json() {
    let Some(program) = Program::find() else { return };
    let arguments = QUICK.iter().copied().chain(["--json", "--script", "One line to say.\n\nAnother line to say."]);
    let output = program.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let frames = |line: &&Value| line["unit"] == "frames" && line["done"].as_u64() > Some(0);
    assert!(lines.iter().find(frames).is_some(), "no frames were counted in {} lines", lines.len());
}

#[test]
fn a_killed_run_goes_on_without_redoing_a_finished_step() {
    let Some(program) = Program::find() else { return };
    let feed = sample();
    let voiced = ["create", "--silent", "--offline", "--seconds", "40", "--out", "video", "--json", "--feed", &feed];
    let mut child = program.command(voiced).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Killed in the middle of the render, when everything before it is done.
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for line in lines.map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["unit"] == "frames" && event["done"].as_u64() > Some(5) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!program.path("video/video.mp4").exists(), "nothing half-finished is left");
    let output = program.run(&["create", "--silent", "--offline", "--resume", "--out", "video"]);
    assert!(output.status.success(), "{}", told(&output));
    for (key, count) in attempts(&report(&program.path("video"))) {
        let expected = if key == "render" { 2 } else { 1 };
        assert_eq!(count, expected, "{key}");
    }
}

#[test]
fn an_interrupt_stops_cleanly_and_says_how_to_go_on() {
    let Some(program) = Program::find() else { return };
    let feed = sample();
    let long = ["create", "--silent", "--offline", "--seconds", "60", "--out", "video", "--feed", &feed];
    let child = program.command(long).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    // The shell's own `kill`: the program of that name is not on every machine.
    let sent = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", told(&output));
    assert!(told(&output).contains("--resume"), "{}", told(&output));
    assert!(!program.path("video/video.mp4").exists());
}

/// Nobody listens on this port.
const NO_OLLAMA: &str = "ollama.url=http://127.0.0.1:9";

#[test]
fn the_next_writer_serves_and_both_are_named() {
    let Some(program) = Program::find() else { return };
    let feed = sample();
    let chain = ["--writer", "ollama:llama3.2,extractive:", "--set", NO_OLLAMA, "--feed", &feed];
    let output = program.command(QUICK.iter().copied().chain(chain)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let note = "note: script: ollama/llama3.2 failed (Ollama does not answer";
    assert!(told(&output).contains(note) && told(&output).contains("extractive served"), "{}", told(&output));
    let report = report(&program.path("video"));
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["key"] == "script").unwrap().clone();
    assert_eq!(step["served_by"]["name"], "extractive");
    assert_eq!(step["after"][0]["provider"]["model"], "llama3.2");
}

#[test]
fn nobody_serves_who_is_not_named_or_whom_the_policy_forbids() {
    let Some(program) = Program::find() else { return };
    let feed = sample();
    let fails = |arguments: &[&str], expected: &[&str]| {
        let arguments = QUICK.iter().copied().chain(["--feed", &feed]).chain(arguments.iter().copied());
        let output = program.command(arguments).output().unwrap();
        assert!(!output.status.success());
        let told = told(&output);
        assert!(expected.iter().all(|part| told.contains(part)), "{told}");
        assert!(!program.path("video/video.mp4").exists());
    };
    fails(
        &["--writer", "ollama:llama3.2", "--set", NO_OLLAMA],
        &["Ollama does not answer", "ollama serve", "--resume"],
    );
    fails(&["--set", "policy=cloud"], &["the policy permits no provider", "`writer` names extractive (LOCAL)"]);
}

#[test]
fn a_video_has_the_shape_and_rate_that_were_asked_for() {
    let Some(program) = Program::find() else { return };
    let script = "This one is wide.\n\nIt runs like a film.";
    let shape = ["--format", "16:9", "--fps", "24", "--quality", "draft", "--out", "wide"];
    let output = program.run(&[&["create", "--silent", "--offline", "--script", script], &shape[..]].concat());
    assert!(output.status.success(), "{}", told(&output));
    let report = std::fs::read(program.path("wide/run.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let video = &report["video"];
    assert_eq!((video["width"].as_u64(), video["height"].as_u64()), (Some(1920), Some(1080)));
    assert_eq!(video["frames_per_second"].as_f64(), Some(24.0));
    let passed = |check: &serde_json::Value| check["passed"] == true;
    assert!(report["validation"]["checks"].as_array().unwrap().iter().all(passed), "{report}");
}
