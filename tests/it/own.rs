//! `orion create` with pictures, clips, a voice and music of the user's own.

use crate::program::{Program, told};
use orion_core::domain::timeline::{AudioRole, Timeline};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Has ffmpeg make a file of a source of its own.
pub(crate) fn made(program: &Program, name: &str, source: &str, more: &[&str]) -> String {
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

/// What ffmpeg decodes of a file.
fn decoded(file: &Path, before: &[&str], after: &[&str]) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg");
    let output = ffmpeg.args(["-v", "error"]).args(before).arg("-i").arg(file).args(after).arg("-").output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    output.stdout
}

/// Red, green and blue of the upper part of the picture at a time, on average.
fn colour(file: &Path, seconds: f64) -> [u8; 3] {
    let at = format!("{seconds:.3}");
    let upper = ["-frames:v", "1", "-vf", "crop=iw/2:ih/8:iw/4:ih/8,scale=1:1,format=rgb24", "-f", "rawvideo"];
    decoded(file, &["-ss", &at], &upper).try_into().unwrap()
}

/// How loud a tone is in each fiftieth of a second, in decibels.
fn loudness_of(hertz: f64, sound: &[f64]) -> Vec<f64> {
    let turn = std::f64::consts::TAU * hertz / 48_000.0;
    let level = |samples: &[f64]| {
        let (cosine, sine) = samples.iter().enumerate().fold((0.0, 0.0), |(cosine, sine), (at, sample)| {
            let (sin, cos) = (turn * at as f64).sin_cos();
            (cosine + sample * cos, sine + sample * sin)
        });
        20.0 * (2.0 * f64::hypot(cosine, sine) / samples.len() as f64).max(1e-6).log10()
    };
    sound.chunks_exact(960).map(level).collect()
}

/// The timeline of a finished video.
fn timeline_of(program: &Program, video: &str) -> Timeline {
    let output = program.run(&["runs", "export", video, "--out", "project"]);
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&fs::read(program.path("project/timeline.json")).unwrap()).unwrap()
}

#[test]
fn what_is_given_is_what_is_seen_and_heard() {
    let Some(program) = Program::find() else { return };
    made(&program, "red.jpg", "color=red:s=800x600", &["-frames:v", "1"]);
    made(&program, "blue.png", "color=blue:s=90x160", &["-frames:v", "1"]);
    // Shorter than its scene, and with a sound that nobody is to hear.
    let sound = ["-f", "lavfi", "-i", "sine=frequency=7000", "-t", "1", "-pix_fmt", "yuv420p"];
    made(&program, "green.mp4", "color=0x00C000:s=640x360:r=10", &sound);
    // A tone of 200 Hz is the voice, one of 3000 Hz the music, which is far too short and ends amid a wave.
    made(&program, "voice.wav", "aevalsrc=0.4*sin(400*PI*t)*gt(sin(3*t)\\,0):d=6:s=8000", &[]);
    made(&program, "music.wav", "sine=frequency=3000:r=48000:d=1.33504", &[]);
    let script = "@clip green.mp4\n@seconds 5\nThe harbour was empty.\n\n@seconds 5\nThen the cranes moved.\n\n\
                  @seconds 5\nNobody had announced it.\n";
    let script = program.file("script.txt", script.as_bytes());
    let more = ["--script", &script, "--voice-file", "voice.wav", "--music", "./music.wav"];
    let own = ["--image", "red.jpg", "blue.png", "--format", "1:1", "--fps", "25"];
    let output = program.command(QUICK.iter().copied().chain(more).chain(own)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let (timeline, file) = (timeline_of(&program, "video"), program.path("video/video.mp4"));

    // Every scene shows its own in its middle; a clip that has ended stays.
    let mut start = 0.0;
    assert_eq!(timeline.scenes.len(), 3);
    for (scene, shown) in timeline.scenes.iter().zip([1, 0, 2]) {
        let seconds = scene.duration.seconds();
        assert!(seconds >= 4.99, "{seconds}");
        for share in [0.3, 0.5, 0.7] {
            let seen = colour(&file, start + share * seconds);
            let others = seen.iter().enumerate().filter(|(place, _)| *place != shown);
            assert!(seen[shown] > 90 && others.clone().all(|(_, value)| *value < 60), "{seen:?} in scene {}", scene.id);
        }
        start += seconds;
    }

    // The voice is heard where its lines are and nowhere else; the music steps back for it and comes back, without a
    // jump there or where it begins anew.
    let samples = decoded(&file, &[], &["-ac", "1", "-ar", "48000", "-f", "s16le"]);
    let samples: Vec<f64> =
        samples.chunks_exact(2).map(|two| f64::from(i16::from_le_bytes([two[0], two[1]])) / 32_768.0).collect();
    let (voice, music) = (loudness_of(200.0, &samples), loudness_of(3000.0, &samples));
    let clip = loudness_of(7000.0, &samples);
    assert!(clip.iter().all(|level| *level < -50.0), "the sound of a clip is not heard");
    let lines: Vec<(f64, f64)> = timeline
        .audio
        .iter()
        .filter(|track| track.role == AudioRole::Narration)
        .map(|track| (track.start.seconds(), (track.start + track.duration).seconds()))
        .collect();
    assert_eq!(lines.len(), 3);
    let part = |levels: &[f64], from: f64, to: f64| levels[(from * 50.0) as usize..(to * 50.0) as usize].to_vec();
    let loudest = |levels: Vec<f64>| levels.into_iter().fold(f64::MIN, f64::max);
    let middle = |mut levels: Vec<f64>| {
        levels.sort_by(f64::total_cmp);
        levels[levels.len() / 2]
    };
    for (number, (from, to)) in lines.iter().enumerate() {
        let next = lines.get(number + 1).map_or(timeline.duration().seconds() - 1.1, |next| next.0 - 0.3);
        assert!(loudest(part(&voice, *from, *to)) > -24.0, "line {number} is heard");
        assert!(loudest(part(&voice, to + 0.05, next)) < -45.0, "nobody speaks behind line {number}");
        let (under, alone) = (middle(part(&music, from + 0.1, to - 0.1)), middle(part(&music, to + 0.6, next)));
        assert!((alone - under - 13.0).abs() < 1.5, "line {number}: {under} dB under it, {alone} dB behind it");
    }
    let within = part(&music, 0.6, timeline.duration().seconds() - 1.1);
    let jump = within.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(jump < 3.0, "the music jumps by {jump} dB");
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn several_voices_speak_in_one_video() {
    let Some(program) = Program::find() else { return };
    if Command::new("espeak-ng").arg("--version").output().is_err() {
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "espeak"), "espeak-ng is required and not there");
        eprintln!("SKIPPED: espeak-ng is not on this machine");
        return;
    }
    let script = "@voice f3\nThe harbour was empty.\n\nThe harbour was empty.\n\n@voice f3\nThe harbour was empty.\n";
    let script = program.file("script.txt", script.as_bytes());
    let spoken = ["--script", &script, "--voice", "espeak:", "--speed", "1.5"];
    let output = program.command(QUICK.iter().copied().chain(spoken)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let timeline = timeline_of(&program, "video");
    let lines: Vec<String> = timeline
        .audio
        .iter()
        .filter(|track| track.role == AudioRole::Narration)
        .map(|track| track.source.sha256.to_string())
        .collect();
    assert!(lines.len() == 3 && lines[0] == lines[2] && lines[0] != lines[1], "two of one voice, one of another");
    let srt = fs::read_to_string(program.path("video/captions.srt")).unwrap();
    assert!(!srt.contains('@'), "{srt}");
    // Who is not there is told before any work, with those who are.
    let script = program.file("nobody.txt", b"@voice nobody\nThe harbour was empty.\n");
    let wrong = ["create", "--offline", "--out", "refused", "--script", &script];
    let output = program.command(wrong.iter().chain(&["--voice", "espeak:"])).output().unwrap();
    assert!(output.status.code() == Some(2) && told(&output).contains("nobody"), "{}", told(&output));
    assert!(told(&output).contains("f3") && !program.path("refused").exists(), "{}", told(&output));
    // A recording has its own.
    made(&program, "voice.wav", "sine=r=8000:d=3", &[]);
    let output = program.command(wrong.iter().chain(&["--voice-file", "voice.wav"])).output().unwrap();
    assert!(output.status.code() == Some(2) && told(&output).contains("@voice"), "{}", told(&output));
    // Who is silent is silent.
    let output = program.command(wrong.iter().chain(&["--silent", "--quality", "draft"])).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn an_hour_of_sound_is_refused_before_any_work() {
    let Some(program) = Program::find() else { return };
    made(&program, "hour.wav", "sine=r=8000:d=3605", &["-ac", "1"]);
    let script = ["--script", "One line to say.\n\nAnother line to say."];
    for flag in ["--voice-file", "--audio", "--music"] {
        let file = program.path("hour.wav").display().to_string();
        let output = program.command(QUICK.iter().copied().chain(script).chain([flag, &file])).output().unwrap();
        let said = told(&output);
        assert_eq!(output.status.code(), Some(2), "{flag}: {said}");
        assert!(
            said.contains("too long") && said.contains("600 seconds") && said.contains("hour.wav"),
            "{flag}: {said}"
        );
        assert!(!program.path("video").exists());
    }
    let video = ["-f", "lavfi", "-i", "sine=r=8000", "-t", "5", "-pix_fmt", "yuv420p"];
    made(&program, "short.mp4", "color=s=64x64:r=5", &video);
    let looped = ["-v", "error", "-stream_loop", "720", "-i", "short.mp4", "-c", "copy", "hour.mp4"];
    assert!(Command::new("ffmpeg").args(looped).current_dir(program.folder.path()).status().unwrap().success());
    let output = program.run(&["caption", "hour.mp4", "--script", "Three words here.", "--out", "video"]);
    let said = told(&output);
    assert!(
        output.status.code() == Some(1) && said.contains("longer than an hour") && said.contains("hint:"),
        "{said}"
    );
    assert!(!program.path("video").exists());
    assert_eq!(fs::read_dir(program.path("data/work")).map_or(0, |entries| entries.count()), 0);
}
