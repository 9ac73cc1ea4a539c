//! `orion check`: good files pass, faults are named with the next step, hostile files open nothing else.

use crate::program::{Program, told};
use serde_json::Value;
use std::process::{Command, Output};

/// Two seconds of moving picture with a tone at -14 LUFS, written by ffmpeg with these arguments; `None`, with a word
/// about it, where there is no ffmpeg.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn made(program: &Program, name: &str, arguments: &[&str]) -> Option<String> {
    let file = program.path(name).display().to_string();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=540x960:rate=30:duration=4"]);
    command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"]);
    command.args(["-pix_fmt", "yuv420p", "-preset", "ultrafast", "-af", "volume=2.45", "-ac", "2"]);
    command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
    match command.args(arguments).arg(&file).output() {
        Ok(output) => assert!(output.status.success(), "{}", told(&output)),
        Err(_) => {
            eprintln!("SKIPPED: ffmpeg is not on this machine");
            return None;
        }
    }
    Some(file)
}

fn failed(output: &Output) -> Vec<String> {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    assert_eq!(answer["passed"], checks.iter().all(|check| check["passed"] == true));
    let bad = checks.iter().filter(|check| check["passed"] == false);
    assert!(bad.clone().all(|check| check["advice"].is_string()), "{answer}");
    bad.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_is_held_against_a_platform() {
    let Some(program) = Program::find() else { return };
    let Some(good) = made(&program, "good.mp4", &["-movflags", "+faststart"]) else { return };
    for platform in ["youtube_shorts", "tiktok", "instagram_reels", "x", "mastodon"] {
        let output = program.run(&["check", &good, "--platform", platform, "--json"]);
        assert!(output.status.success(), "{platform}: {:?} {}", failed(&output), told(&output));
    }
    let output = program.run(&["check", &good]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(said.contains("h264") && said.contains("540x960") && said.contains("LUFS") && !said.contains("BAD"));

    let last = made(&program, "last.mp4", &[]).unwrap();
    let output = program.run(&["check", &last, "--json"]);
    assert_eq!((output.status.code(), failed(&output)), (Some(1), vec!["fast start".to_owned()]));
    let wide = made(&program, "wide.mp4", &["-movflags", "+faststart", "-vf", "scale=1920:1080,fps=25"]).unwrap();
    assert_eq!(failed(&program.run(&["check", &wide, "--platform", "youtube_shorts", "--json"])), ["aspect"]);
    let output = program.run(&["check", &wide, "--platform", "x"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("BAD  resolution") && said.contains("-> scale it"), "{said}");

    // Too long for some, too short for others.
    let looped = program.path("long.mp4").display().to_string();
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-stream_loop", "36", "-i", &good, "-c", "copy", "-movflags", "+faststart", &looped]);
    assert!(ffmpeg.status().unwrap().success());
    let short = made(&program, "short.mp4", &["-movflags", "+faststart", "-t", "2"]).unwrap();
    for (file, platform, fine) in [
        (&looped, "x", false),
        (&looped, "youtube_shorts", true),
        (&short, "instagram_reels", false),
        (&short, "tiktok", true),
    ] {
        let output = program.run(&["check", file, "--platform", platform, "--json"]);
        assert_eq!(!failed(&output).contains(&"duration".to_owned()), fine, "{platform}: {:?}", failed(&output));
    }
    // Codecs that telephones do not play, and peaks beyond what loudness tells.
    for (name, arguments, wanted) in [
        ("old.mp4", &["-c:v", "mpeg4"][..], "video codec"),
        ("dolby.mp4", &["-c:a", "ac3"], "audio codec"),
        ("rough.mp4", &["-af", "volume=2.45,aeval=val(0)+0.9*lt(mod(t\\,0.5)\\,0.001):c=same"], "true peak"),
    ] {
        let file = made(&program, name, &[arguments, &["-movflags", "+faststart"]].concat()).unwrap();
        let found = failed(&program.run(&["check", &file, "--platform", "instagram_reels", "--json"]));
        assert!(found.contains(&wanted.to_owned()), "{name}: {found:?}");
    }

    let output = program.run(&["check", &good, "--platform", "myspace"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("instagram_reels"), "{}", told(&output));
}

#[test]
fn what_can_be_set_right_is_in_a_copy() {
    let Some(program) = Program::find() else { return };
    // Index last, too quiet, colours untold, and sound that goes on for two seconds after the picture.
    let untold = ["-colorspace", "unknown", "-color_primaries", "unknown", "-color_trc", "unknown"];
    let more = [&untold[..], &["-af", "volume=0.2,apad=pad_dur=2", "-t", "6"]].concat();
    let Some(bad) = made(&program, "bad.mp4", &more) else { return };
    let before = std::fs::read(&bad).unwrap();
    let output = program.run(&["check", "bad.mp4", "--fix", "--json"]);
    assert!(output.status.success(), "{} {}", String::from_utf8_lossy(&output.stdout), told(&output));
    assert_eq!(failed(&output), ["colours", "synchrony", "loudness", "fast start"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fixed = &answer["fixed"];
    assert_eq!((&fixed["passed"], &fixed["file"]), (&true.into(), &"bad.fixed.mp4".into()), "{fixed}");
    assert_eq!(fixed["repairs"], serde_json::json!(["index", "colour", "loudness", "length"]));
    assert_eq!(std::fs::read(&bad).unwrap(), before, "the file itself is only read");
    assert_eq!(fixed["info"]["frames"], answer["info"]["frames"], "the picture is copied");
    assert!(program.run(&["check", "bad.fixed.mp4"]).status.success());
    assert_eq!(std::fs::read_dir(program.path("data/work")).map_or(0, |entries| entries.count()), 0);

    let again = program.run(&["check", "bad.mp4", "--fix"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(told(&again).contains("--out"), "{}", told(&again));
    // What needs another picture is left alone.
    made(&program, "small.mp4", &["-movflags", "+faststart", "-vf", "scale=180:320"]);
    let left = program.run(&["check", "small.mp4", "--fix"]);
    assert_eq!(left.status.code(), Some(1));
    assert!(!program.path("small.fixed.mp4").exists());
}

#[test]
fn a_file_of_another_kind_becomes_one_that_platforms_take() {
    let Some(program) = Program::find() else { return };
    // Matroska with the sound of a telephone, not compressed, and with peaks at full scale.
    let telephone = ["-c:a", "pcm_s16le", "-ar", "8000", "-ac", "1", "-af", "volume=30dB"];
    let Some(bad) = made(&program, "bad.mkv", &telephone) else { return };
    let output = program.run(&["check", &bad, "--fix", "--json"]);
    let found = failed(&output);
    for name in ["container", "audio codec", "sample rate", "loudness", "true peak"] {
        assert!(found.contains(&name.to_owned()), "{name}: {found:?}");
    }
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fixed = &answer["fixed"];
    assert_eq!(fixed["repairs"], serde_json::json!(["index", "loudness", "sound"]), "{fixed}");
    let (info, checks) = (&fixed["info"], fixed["checks"].as_array().unwrap());
    assert_eq!(
        (&info["container"], &info["audio_codec"], &info["sample_rate"]),
        (&"mp4".into(), &"aac".into(), &48_000.into())
    );
    // What was clipped when it was recorded stays so.
    let left: Vec<&Value> = checks.iter().filter(|check| check["passed"] != true).collect();
    assert!(left.iter().all(|check| check["name"] == "clipping"), "{left:?}");
    let picture = |file: &str| {
        let copy = ["-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "md5", "-"];
        Command::new("ffmpeg").args(["-v", "error", "-i", file]).args(copy).output().unwrap().stdout
    };
    let fixed = program.path("bad.fixed.mp4").display().to_string();
    assert_eq!(picture(&bad), picture(&fixed), "the picture is the same, bit by bit");
}

#[test]
fn what_is_no_video_is_refused_and_names_no_other_file() {
    let Some(program) = Program::find() else { return };
    if made(&program, "good.mp4", &[]).is_none() {
        return;
    }
    let good = std::fs::read(program.path("good.mp4")).unwrap();
    let files = [
        program.file("text.mp4", b"Hello.\n"),
        program.file("empty.mp4", b""),
        program.file("cut.mp4", &good[..good.len() / 2]),
        program.file("list.mp4", b"ffconcat version 1.0\nfile good.mp4\n"),
        program.file("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ngood.mp4\n#EXT-X-ENDLIST\n"),
        program.path("nowhere.mp4").display().to_string(),
        program.folder.path().display().to_string(),
        "http://127.0.0.1:9/video.mp4".to_owned(),
    ];
    for file in &files {
        let output = program.run(&["check", file]);
        let told = told(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{file}: {told}");
        assert!(told.contains("error:") && !told.contains("panicked") && output.stdout.is_empty(), "{file}: {told}");
    }
}

#[test]
fn a_video_of_our_own_is_taken_everywhere_it_fits() {
    let Some(program) = Program::find() else { return };
    let script = "A check looks at the file.\n\nIt listens to it as well.\n\nFollow for more.";
    let create = ["create", "--silent", "--offline", "--quality", "draft", "--out", "video", "--script", script];
    let output = program.run(&create);
    assert!(output.status.success(), "{}", told(&output));
    let report: Value = serde_json::from_slice(&std::fs::read(program.path("video/run.json")).unwrap()).unwrap();
    let checks = report["validation"]["checks"].as_array().unwrap();
    for name in ["black", "frozen", "repeated frames", "decoding", "safe area"] {
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert_eq!(check["passed"], true, "{check}");
    }
    // Nobody speaks in it, which is all that is wrong with it.
    let output = program.run(&["check", "video/video.mp4", "--platform", "instagram_reels", "--json"]);
    assert_eq!(failed(&output), ["loudness", "silence"]);
}
