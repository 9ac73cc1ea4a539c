//! `orion caption`: the words of a video over its own picture, and nothing else of it changed.

use crate::http::send;
use crate::program::{Program, told};
use orion_faithful::{Reply, Server, openai};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use tokio::runtime::Runtime;

/// Six seconds of moving picture at 30000/1001 frames a second, with bursts of a tone: a voice as far as pauses are
/// concerned. `None`, with a word about it, where there is no ffmpeg.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn made(program: &Program, name: &str, more: &[&str]) -> Option<String> {
    let file = program.path(name).display().to_string();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=360x640:rate=30000/1001"]);
    command.args(["-f", "lavfi", "-i", "aevalsrc=0.4*sin(1200*t)*gt(sin(3*t)\\,0):s=48000", "-t", "6"]);
    command.args(["-pix_fmt", "yuv420p", "-preset", "ultrafast", "-ac", "2"]);
    match command.args(more).arg(&file).output() {
        Ok(output) => assert!(output.status.success(), "{}", told(&output)),
        Err(_) => {
            eprintln!("SKIPPED: ffmpeg is not on this machine");
            return None;
        }
    }
    Some(file)
}

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg").args(["-nostdin", "-v", "error"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    output.stdout
}

/// The colours of a part of the picture at a time.
fn seen(file: &str, at: &str, part: &str) -> Vec<u8> {
    let filter = format!("crop={part},format=rgb24");
    ffmpeg(&["-ss", at, "-i", file, "-frames:v", "1", "-vf", &filter, "-f", "rawvideo", "-"])
}

fn far(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum as f64 / one.len() as f64
}

/// What the events of a run say of its end.
fn finished(output: &Output) -> Value {
    let events = String::from_utf8_lossy(&output.stdout);
    let last = events.lines().last().unwrap_or_default();
    let last: Option<Value> = serde_json::from_str(last).ok();
    assert!(last.is_some(), "{events}\n{}", told(output));
    last.unwrap_or_default()
}

const SCRIPT: &str = "The harbour was empty. Then the cranes began to move.";

#[test]
fn words_lie_over_the_picture_and_the_sound_is_the_same() {
    let Some(program) = Program::find() else { return };
    let Some(video) = made(&program, "mine.mp4", &[]) else { return };
    let before = std::fs::read(&video).unwrap();
    let arguments = ["caption", "mine.mp4", "--script", SCRIPT, "--style", "youtube", "--out", "made"];
    let output = program.run(&[&arguments[..], &["--format", "json"]].concat());
    assert!(output.status.success(), "{} {}", told(&output), String::from_utf8_lossy(&output.stdout));
    let end = finished(&output);
    assert_eq!((&end["event"], &end["validation_passed"]), (&"finished".into(), &true.into()), "{end}");
    assert_eq!(std::fs::read(&video).unwrap(), before, "the video itself is only read");
    let mut names: Vec<String> = std::fs::read_dir(program.path("made"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["captions.ass", "captions.srt", "captions.vtt", "video.mp4"]);
    let captioned = program.path("made/video.mp4").display().to_string();
    let sound = |file: &str| ffmpeg(&["-i", file, "-map", "0:a", "-c", "copy", "-f", "md5", "-"]);
    assert_eq!(sound(&video), sound(&captioned), "the sound is the same, bit by bit");
    let checked: Value = serde_json::from_slice(&program.run(&["check", "made/video.mp4", "--json"]).stdout).unwrap();
    let info = &checked["info"];
    assert_eq!((&info["width"], &info["height"]), (&360.into(), &640.into()));
    assert!((info["frames_per_second"].as_f64().unwrap() - 29.97).abs() < 0.001, "{info}");
    assert_eq!(info["frames"], 180);
    // Where the words are, and above them.
    let (words, above) = ("360:116:0:384", "360:360:0:0");
    for at in ["1", "4.6"] {
        let (there, other) = (seen(&video, at, words), seen(&captioned, at, words));
        assert!(far(&there, &other) > 3.0, "{at}: {}", far(&there, &other));
        assert!(far(&seen(&video, at, above), &seen(&captioned, at, above)) < 4.0, "{at}");
    }
    let srt = std::fs::read_to_string(program.path("made/captions.srt")).unwrap();
    let text: String = srt.lines().filter(|line| !line.contains("-->") && line.parse::<u32>().is_err()).collect();
    assert_eq!(text.replace(' ', ""), SCRIPT.replace(' ', ""), "{srt}");
    let ass = std::fs::read_to_string(program.path("made/captions.ass")).unwrap();
    assert!(ass.contains("PlayResX: 360") && ass.contains("{\\kf"), "{ass}");

    let quiet = program.run(&["caption", "mine.mp4", "--script", SCRIPT, "--out", "loud", "--loudness", "--json"]);
    let end = finished(&quiet);
    assert!(quiet.status.success(), "{end} {}", told(&quiet));
    let check = end["checks"].as_array().unwrap().iter().find(|check| check["name"] == "loudness").unwrap();
    assert!(check["expected"].as_str().unwrap().starts_with("-14.0") && check["passed"] == true, "{check}");
}

/// A transcription server, a runtime that it lives in, and what it will hear: a sound of as many tones as words.
fn listening(program: &Program, words: &str) -> (Server, Runtime, Vec<String>) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(openai::start(openai::Options::default()));
    let url = server.url();
    let port = url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let order = json!({"model": "tts-1", "voice": "alloy", "input": words, "response_format": "wav"});
    let spoken = send(port, "POST", "/v1/audio/speech", &[], order.to_string().as_bytes());
    assert_eq!(spoken.status, 200, "{spoken:?}");
    program.file("talk.wav", &spoken.body);
    let settings = ["transcriber=whisper:base".to_owned(), format!("whisper.url={url}/v1")];
    (server, runtime, settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect())
}

#[test]
fn without_a_script_a_server_hears_what_is_said() {
    let Some(program) = Program::find() else { return };
    let (server, _runtime, settings) = listening(&program, SCRIPT);
    let talk = program.path("talk.wav").display().to_string();
    let picture = "testsrc2=size=360x640:rate=25";
    let arguments = ["-f", "lavfi", "-i", picture, "-i", &talk, "-shortest", "-pix_fmt", "yuv420p", "-y"];
    ffmpeg(&[&arguments[..], &[&program.path("talk.mp4").display().to_string()]].concat());
    let caption = |out: &str| {
        let mut command = program.command(["caption", "talk.mp4", "--quality", "draft", "--json", "--out", out]);
        command.args(&settings).output().unwrap()
    };
    // One that is busy is asked again.
    server.next(Reply::json(503, &json!({"error": {"message": "loading"}})));
    let output = caption("made");
    assert!(output.status.success(), "{} {}", told(&output), String::from_utf8_lossy(&output.stdout));
    let srt = std::fs::read_to_string(program.path("made/captions.srt")).unwrap();
    let text: String = srt.lines().filter(|line| !line.contains("-->") && line.parse::<u32>().is_err()).collect();
    assert_eq!(text.replace(' ', ""), SCRIPT.replace(' ', ""), "with capitals and marks: {srt}");
    let heard = server.seen().into_iter().filter(|request| request.path == "/v1/audio/transcriptions").count();
    assert_eq!(heard, 2);
    // Bad days: an answer that is none, one without the times of words, one in which nothing was said.
    for answer in [json!({"text": "a", "words": 7}), json!({"text": "All of it."}), json!({"text": "", "words": []})] {
        (0..4).for_each(|_| server.next(Reply::json(200, &answer)));
        let output = caption("refused");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains(r#""event":"error""#), "{answer}: {said} {}", told(&output));
        assert!(!program.path("refused").exists(), "{answer}");
    }
}

#[test]
fn a_recording_alone_becomes_a_video_that_follows_it() {
    let Some(program) = Program::find() else { return };
    let (_server, _runtime, settings) = listening(&program, SCRIPT);
    let quick = ["create", "--offline", "--quality", "draft", "--format", "1:1", "--fps", "25"];
    let output =
        program.command(quick).args(["--audio", "talk.wav", "--out", "heard"]).args(&settings).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let srt = std::fs::read_to_string(program.path("heard/captions.srt")).unwrap();
    assert!(srt.contains("harbour") && srt.contains("cranes"), "{srt}");
    let length = |file: &str| {
        let pcm = ffmpeg(&["-i", file, "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]);
        pcm.len() as f64 / 16_000.0
    };
    let (talk, made) = (program.path("talk.wav"), program.path("heard/video.mp4"));
    let apart = (length(&talk.display().to_string()) - length(&made.display().to_string())).abs();
    assert!(apart < 0.08, "nothing was put between: {apart}");
    // Nobody listens; nothing is said in it; a subject that is none; words that stand longer than they are said.
    for (more, word) in [
        (&["--audio", "talk.wav"][..], "whisper"),
        (&["--audio", "talk.wav", "--text", "Some text to write about."], "--script"),
        (&["--audio", "talk.wav", "--script", "@seconds 9\nOne line here."], "@seconds"),
        (&["--audio", "nowhere.wav", "--script", "Three words here."], "nowhere.wav"),
        (&[], "--audio"),
    ] {
        let output = program.command(quick).args(more).args(["--out", "refused"]).output().unwrap();
        let said = told(&output);
        assert!(!output.status.success() && said.contains(word) && said.contains("hint:"), "{more:?}: {said}");
        assert!(!program.path("refused").exists(), "{more:?}");
    }
    let silent = ["--silent", "--audio", "talk.wav", "--script", "Read this.\n\nThen that.", "--out", "read"];
    let output = program.command(quick).args(silent).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let report: Value = serde_json::from_slice(&std::fs::read(program.path("read/run.json")).unwrap()).unwrap();
    let failed: Vec<&Value> =
        report["validation"]["checks"].as_array().unwrap().iter().filter(|check| check["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn what_cannot_be_captioned_is_said_before_any_work() {
    let Some(program) = Program::find() else { return };
    if made(&program, "video.mp4", &[]).is_none() {
        return;
    }
    made(&program, "silent.mp4", &["-an"]);
    made(&program, "quiet.mp4", &["-af", "volume=0"]);
    let whole = made(&program, "whole.mp4", &["-movflags", "+faststart"]).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    program.file("cut.mp4", &bytes[..bytes.len() * 2 / 3]);
    program.file("list.mp4", b"#EXTM3U\n/etc/passwd\n");
    for (arguments, code, word) in [
        (&["caption", "video.mp4"][..], 1, "whisper"),
        (&["caption", "video.mp4", "--script", SCRIPT, "--out", "."], 2, "--out"),
        (&["caption", "video.mp4", "--script", " "], 2, "word by word"),
        (&["caption", "video.mp4", "--script", SCRIPT, "--style", "loud"], 2, "minimal"),
        (&["caption", "silent.mp4", "--script", SCRIPT], 2, "no sound"),
        (&["caption", "quiet.mp4", "--script", SCRIPT], 2, "nothing is heard"),
        (&["caption", "cut.mp4", "--script", SCRIPT], 2, "again"),
        (&["caption", "list.mp4", "--script", SCRIPT], 2, "media file"),
        (&["caption", "nowhere.mp4", "--script", SCRIPT], 1, "no such file"),
    ] {
        let output = program.run(arguments);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(word) && !said.contains("panicked"), "{arguments:?}: {said}");
        assert!(!program.path("orion-videos").exists(), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_stop_leaves_nothing_half() {
    let Some(program) = Program::find() else { return };
    if made(&program, "long.mp4", &["-t", "120"]).is_none() {
        return;
    }
    let arguments = ["caption", "long.mp4", "--script", SCRIPT, "--out", "made", "--quality", "premium", "--json"];
    let mut child = program.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let encoding = |line: &str| line.contains("\"render\"") && line.contains("frames");
    assert!(lines.by_ref().any(|line| encoding(&line.unwrap())), "it encodes");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(std::fs::read_dir(program.path("made")).map_or(0, |entries| entries.count()) == 0);
    assert_eq!(std::fs::read_dir(program.path("data/work")).map_or(0, |entries| entries.count()), 0);
}

#[test]
fn hostile_words_stay_words() {
    let Some(program) = Program::find() else { return };
    if made(&program, "v.mp4", &[]).is_none() {
        return;
    }
    let flood = "x".repeat(10_000);
    let hostile = "{\\an8\\p1} '\"\\:;[],%{} drawtext=textfile=/etc/passwd <b>--></b> \u{202E}abc $(id) `id` ";
    let script = program.file("script.txt", format!("{hostile} {flood}").as_bytes());
    let more = ["--script", &script, "--out", "made", "--quality", "draft", "--json"];
    let output = program.command(["caption", "v.mp4"].iter().copied().chain(more)).output().unwrap();
    assert!(output.status.success(), "{} {}", told(&output), String::from_utf8_lossy(&output.stdout));
    let ass = std::fs::read_to_string(program.path("made/captions.ass")).unwrap();
    let lines: Vec<&str> = ass.lines().filter(|line| line.starts_with("Dialogue: ")).collect();
    assert!(!lines.is_empty() && ass.lines().all(|line| line.len() < 2000));
    for line in lines {
        // Every open brace is one of ours or escaped.
        let ours = line.matches("{\\k").count();
        assert_eq!(line.matches('{').count() - line.matches("\\{").count(), ours, "{line}");
    }
    let srt = std::fs::read_to_string(program.path("made/captions.srt")).unwrap();
    assert!(!srt.contains("<b") && !srt.contains('\u{202E}'), "{srt}");
    assert!(srt.contains("textfile=/etc/passwd"), "it is shown: {srt}");
}
