//! `orion create` with pictures, clips, a voice and music of the user's own.

use crate::program::{Program, told};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Has ffmpeg make a file of a source of its own.
fn made(program: &Program, name: &str, source: &str, more: &[&str]) -> String {
    let file = program.path(name).display().to_string();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", source])
        .args(more)
        .arg(&file)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", told(&made));
    file
}

const QUICK: [&str; 6] = ["create", "--offline", "--quality", "draft", "--out", "video"];

#[test]
fn marks_say_what_scenes_show_and_music_lies_under_the_voice() {
    let Some(program) = Program::find() else { return };
    made(&program, "a.jpg", "mandelbrot=s=800x600", &["-frames:v", "1"]);
    made(&program, "c.mp4", "testsrc2=s=640x360:d=2", &["-c:v", "libx264", "-pix_fmt", "yuv420p"]);
    // Bursts of a tone with pauses: a voice as far as lengths are concerned.
    made(&program, "voice.wav", "aevalsrc=0.4*sin(1200*t)*gt(sin(3*t)\\,0):d=6:s=8000", &[]);
    let script = "@image a.jpg\n@seconds 4\nThe harbour was empty.\n@clip c.mp4\nThen the cranes moved.\n\n\
                  @heading What changed\nNobody had announced it.\n";
    let script = program.file("script.txt", script.as_bytes());
    let voice = program.path("voice.wav").display().to_string();
    let more = ["--script", &script, "--voice-file", &voice, "--music", "calm"];
    let output = program.command(QUICK.iter().copied().chain(more)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let report: Value = serde_json::from_slice(&fs::read(program.path("video/run.json")).unwrap()).unwrap();
    let keys: Vec<&str> =
        report["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap()).collect();
    let drawn: Vec<&&str> = keys.iter().filter(|key| key.starts_with("images/")).collect();
    assert_eq!(drawn, [&"images/3"], "only the card was drawn");
    assert!(!keys.iter().any(|key| key.starts_with("speech/")), "nobody else spoke");
    let checks = report["validation"]["checks"].as_array().unwrap();
    for name in ["loudness", "true_peak", "duration"] {
        let check = checks.iter().find(|check| check["name"] == name);
        assert!(check.is_none_or(|check| check["passed"] == true), "{name}: {check:?}");
    }
    let srt = fs::read_to_string(program.path("video/captions.srt")).unwrap();
    assert!(srt.contains("harbour") && srt.contains("announced") && !srt.contains('@'), "{srt}");
}

#[test]
fn a_clipped_and_broken_recording_becomes_sound_that_is_in_order() {
    let Some(program) = Program::find() else { return };
    let source = "aevalsrc=6*sin(1200*t)*gt(sin(3*t)\\,0):d=6:s=8000";
    let whole = made(&program, "clipped.mp3", source, &[]);
    let bytes = fs::read(whole).unwrap();
    let voice = program.file("broken.mp3", &bytes[..bytes.len() * 2 / 3]);
    let more = ["--script", "One line to say.\n\nAnother line to say.", "--voice-file", &voice];
    let output = program.command(QUICK.iter().copied().chain(more)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let report: Value = serde_json::from_slice(&fs::read(program.path("video/run.json")).unwrap()).unwrap();
    for check in report["validation"]["checks"].as_array().unwrap() {
        assert!(check["passed"] == true || check["name"] == "silence", "{check}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named_before_any_work() {
    let Some(program) = Program::find() else { return };
    let picture = made(&program, "whole.jpg", "mandelbrot=s=800x600", &["-frames:v", "1"]);
    let bytes = fs::read(&picture).unwrap();
    let cut = program.file("cut.jpg", &bytes[..bytes.len() / 2]);
    let list = program.file("list.mp4", b"#EXTM3U\n/etc/passwd\n");
    let text = program.file("text.wav", b"no sound");
    let silence = made(&program, "silence.wav", "anullsrc=r=8000:cl=mono", &["-t", "2"]);
    let missing = program.path("missing.png").display().to_string();
    let script = ["--script", "One line to say.\n\nAnother line to say."];
    for arguments in [
        ["--image", &cut],
        ["--image", &missing],
        ["--image", &list],
        ["--clip", &list],
        ["--clip", &picture],
        ["--voice-file", &text],
        ["--voice-file", &silence],
        ["--music", &text],
        ["--music", &silence],
        ["--audio", &silence],
    ] {
        let output = program.command(QUICK.iter().copied().chain(script).chain(arguments)).output().unwrap();
        let said = told(&output);
        // What is not there is no wrong input.
        let code = if arguments[1] == missing { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        let name = arguments[1].rsplit('/').next().unwrap();
        assert!(said.contains(name), "{arguments:?}: {said}");
        assert!(!program.path("video").exists());
    }
    let output = program.command(QUICK.iter().copied().chain(script).chain(["--music", "angry"])).output().unwrap();
    assert!(told(&output).contains("calm, bright, tense, playful"), "{}", told(&output));
}
