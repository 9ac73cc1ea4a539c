//! `orion create` from the sample feed to the finished folder, stopped and gone on with.

use crate::program::{Program, root, told};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
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

/// How good a thumbnail is, as its marks add up.
fn score(candidate: &Value) -> f64 {
    let mark = |name: &str| candidate["marks"][name].as_f64().unwrap();
    0.2 * mark("sharpness") + 0.3 * mark("contrast") + 0.2 * mark("brightness") + 0.3 * mark("title")
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
        let mut pictures = BTreeSet::new();
        for number in 1..=candidates.len() {
            let path = folder.join(format!("thumbnails/{shape}-{number}.jpg"));
            let file = fs::read(&path).unwrap();
            assert!(file.starts_with(&[0xff, 0xd8]) && file.len() < 2_000_000, "{shape} {number}: {}", file.len());
            let ffmpeg = ["-f", "rawvideo", "-pix_fmt", "gray", "-"];
            let seen = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&path).args(ffmpeg).output().unwrap();
            let side = |name: &str| cover[name].as_u64().unwrap() as usize;
            assert_eq!(seen.stdout.len(), side("width") * side("height"), "{shape} {number}");
            let (dark, light) = (seen.stdout.iter().min().unwrap(), seen.stdout.iter().max().unwrap());
            assert!(light - dark > 150, "{shape} {number} shows nothing: {dark} to {light}");
            pictures.insert(file);
        }
        assert_eq!(pictures.len(), candidates.len(), "no candidate is like another");
        let scores: Vec<f64> = candidates.iter().map(score).collect();
        assert!(scores.is_sorted_by(|one, other| one >= other) && scores[0] > 0.3, "{scores:?}");
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

/// Whatever it is at: reading, drawing, mixing, checking or its thumbnails.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_at_any_moment_leaves_nothing_half_and_nobody_at_work() {
    let Some(program) = Program::find() else { return };
    let script = "This line is the first.\n\nAnd this one is the second.";
    let quick = ["create", "--silent", "--offline", "--quality", "draft", "--format", "1:1", "--fps", "24", "--json"];
    let begin = |out: &str| {
        let told = ["--script", script, "--music", "calm", "--out", out];
        let mut command = program.command(quick.iter().chain(&told));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        (child, lines.map_while(Result::ok))
    };
    let (mut whole, lines) = begin("whole");
    let said = lines.count();
    assert!(whole.wait().unwrap().success() && said > 20, "{said}");
    // Spread over the whole, with the very first and the last ones.
    let mut at = 11_u64;
    let mut moments = vec![1, said - 3, said - 2];
    moments.extend((0..6).map(|_| {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (at >> 33) as usize % said
    }));
    moments.push(said / 2);
    let mut stopped = 0;
    for moment in moments {
        let out = format!("stopped-{moment}");
        let (mut child, mut lines) = begin(&out);
        lines.by_ref().take(moment).for_each(drop);
        let sent = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status().unwrap();
        lines.for_each(drop);
        let code = child.wait().unwrap().code();
        let folder = program.path(&out);
        let report = folder.join("run.json").exists();
        assert!(matches!((code, report), (Some(130), false) | (Some(0), true)), "{moment} of {said}: {code:?} {sent}");
        if code == Some(130) {
            stopped += 1;
            let files = fs::read_dir(&folder).into_iter().flatten().flatten();
            let half: Vec<_> = files.filter(|file| file.file_name().to_string_lossy().contains("partial")).collect();
            assert!(half.is_empty(), "{moment}: {half:?}");
        }
        let work = program.path("data/work");
        let left: Vec<_> = fs::read_dir(work).into_iter().flatten().flatten().map(|file| file.file_name()).collect();
        assert!(left.is_empty(), "{moment} of {said}: {left:?}");
        assert!(program.at_work().is_empty(), "{moment} of {said}: {:?}", program.at_work());
    }
    assert!(stopped > 5, "{stopped}");
    // And the last one goes on from there.
    let output = program.run(&["create", "--silent", "--offline", "--resume", "--out", "done"]);
    assert!(output.status.success() && program.path("done/run.json").exists(), "{}", told(&output));
}

#[test]
fn silent_videos_give_every_caption_the_time_to_be_read() {
    let Some(program) = Program::find() else { return };
    let script = "No. Never.\n\nA counterrevolutionary misunderstanding is what they called it, internationally.\n\nWhy? \
                  Because it is so!\n\nThe government announced a new budget for all schools of the country today.";
    let output = program.command(QUICK.iter().copied().chain(["--script", script])).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let srt = fs::read_to_string(program.path("video/captions.srt")).unwrap();
    let seconds = |time: &str| -> f64 {
        let numbers: Vec<f64> = time.trim().split([':', ',']).map(|number| number.parse().unwrap()).collect();
        numbers[0] * 3600.0 + numbers[1] * 60.0 + numbers[2] + numbers[3] / 1000.0
    };
    let mut shown = 0;
    for cue in srt.split("\n\n").filter(|cue| cue.contains("-->")) {
        let lines: Vec<&str> = cue.trim().lines().collect();
        let (from, to) = lines[1].split_once("-->").unwrap();
        let (stands, text) = (seconds(to) - seconds(from), lines[2..].join(" "));
        let rate = text.chars().count() as f64 / stands;
        assert!(stands >= 0.8 && rate <= 17.5, "{text:?} stands for {stands:.2} s: {rate:.1} characters a second");
        shown += 1;
    }
    assert!(shown > 8, "{srt}");
}
