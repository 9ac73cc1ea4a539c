//! Bad input: a clear message with the next step, a non-zero exit code, no half file, no panic.

use crate::program::{Program, root, told};

/// Runs `create` with these arguments, which must be refused with words that contain `says`.
fn refused(program: &Program, arguments: &[&str], says: &str) {
    let common = ["create", "--silent", "--offline", "--out", "refused"];
    let output = program.command(common.iter().chain(arguments)).output().unwrap();
    let told = told(&output);
    assert!(!output.status.success(), "{arguments:?} was accepted");
    assert!(output.status.code().is_some_and(|code| code > 0 && code < 100), "{arguments:?}: {told}");
    assert!(told.contains("error:") && told.to_lowercase().contains(says), "{arguments:?}: {told}");
    assert!(!told.contains("panicked"), "{arguments:?}: {told}");
    let left = std::fs::read_dir(program.path("refused")).map_or(0, |entries| entries.count());
    assert_eq!(left, 0, "{arguments:?} left files behind");
}

#[test]
fn feeds_that_are_none() {
    let Some(program) = Program::find() else { return };
    let empty = program.file("empty.xml", b"");
    let html = program.file("page.html", b"<!doctype html><html><body><p>Hello</p></body></html>");
    let broken = program.file("broken.xml", b"<rss version=\"2.0\"><channel><title>News</title><item>");
    let bomb = program.file(
        "bomb.xml",
        b"<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
          <!ENTITY f SYSTEM \"file:///etc/passwd\">]><rss><channel><title>&b;</title></channel></rss>",
    );
    for feed in [&empty, &html, &broken, &bomb] {
        refused(&program, &["--feed", feed], "feed");
    }
    refused(&program, &["--feed", "/nowhere/feed.xml"], "feed.xml");
    let huge = program.file("huge.xml", &vec![b'<'; 17 << 20]);
    refused(&program, &["--feed", &huge], "too large");
    refused(&program, &["--feed", &program.folder.path().display().to_string()], "no file");
}

#[test]
fn a_feed_in_utf_16_is_read_like_any_other() {
    let Some(program) = Program::find() else { return };
    let sample = std::fs::read_to_string(root().join("samples/feed.xml")).unwrap().replace("utf-8", "utf-16");
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(sample.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let feed = program.file("wide.xml", &wide);
    let output = program.run(&["scout", "--json", "--feed", &feed]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("An octopus thinks with its arms"));
}

#[test]
fn a_voice_that_is_not_there_says_how_to_get_it() {
    let Some(program) = Program::find() else { return };
    let output =
        program.run(&["create", "--offline", "--voice", "joe", "--out", "refused", "--script", "Three words here."]);
    assert!(!output.status.success());
    assert!(told(&output).contains("voices install joe"), "{}", told(&output));
    assert!(!program.path("refused").exists());
}

#[test]
fn addresses_that_must_not_be_fetched() {
    let Some(program) = Program::find() else { return };
    for url in
        ["http://127.0.0.1:9/x", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest", "file:///etc/passwd"]
    {
        let output = program.run(&["create", "--silent", "--out", "refused", "--url", url]);
        assert!(!output.status.success(), "{url} was accepted");
        let told = told(&output);
        assert!(told.contains("error:") && !told.contains("panicked") && !told.contains("root:"), "{url}: {told}");
    }
}

#[test]
fn scripts_that_cannot_be_spoken() {
    let Some(program) = Program::find() else { return };
    refused(&program, &["--script", "Hm"], "script");
    let long = program.file("long.txt", "word ".repeat(10_000).as_bytes());
    refused(&program, &["--script", &long], "too long");
    refused(&program, &["--script", "   "], "nothing");
    // Ten thousand characters without a space, of every script; of some alone none is a word.
    for letter in ["x", "ש", "ab\u{301}", "क्ष", "{\\an8}", "\u{202E}x"] {
        let flood = program.file("flood.txt", format!("Three words here {} end.", letter.repeat(10_000)).as_bytes());
        refused(&program, &["--script", &flood], "80 characters");
    }
    refused(&program, &["--script", "Three words here", "--seconds", "4000"], "seconds");
    refused(&program, &["--script", "Three words here", "--voice-speed", "1"], "unexpected");
    refused(&program, &["--script", "Three words here", "--format", "3:2"], "unknown format");
    refused(&program, &["--script", "Three words here", "--fps", "23"], "frame rate");
}

#[test]
fn a_hostile_script_is_spoken_and_shown_as_it_is() {
    let Some(program) = Program::find() else { return };
    let hostile = program.file(
        "hostile.txt",
        "Quotes '\" and signs \\:;[],%{}<> stay harmless.\n\ntextfile=/etc/passwd is only text \u{7}\u{1b}[31m here.\n\n\
         Marks \u{202E}that turn \u{2067}and do \u{202B}not turn back.\n\nEmoji 🎉 and {\\b1}tags too."
            .as_bytes(),
    );
    let output =
        program.run(&["create", "--silent", "--offline", "--quality", "draft", "--out", "video", "--script", &hostile]);
    assert!(output.status.success(), "{}", told(&output));
    let ass = std::fs::read_to_string(program.path("video/captions.ass")).unwrap();
    assert!(!ass.contains("{\\b1}") && !ass.contains('\u{7}'));
    let srt = std::fs::read_to_string(program.path("video/captions.srt")).unwrap();
    assert!(!srt.contains("root:") && srt.contains("textfile=/etc/passwd"), "{srt}");
    for (name, text) in [("srt", &srt), ("ass", &ass)] {
        let turning = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(turning), "{name}: no mark reaches over its word");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\r'), "{name}");
    }
}

#[test]
fn without_the_encoder_it_says_what_to_install() {
    let Some(program) = Program::find() else { return };
    let mut command =
        program.command(["create", "--silent", "--offline", "--out", "refused", "--script", "Three words here."]);
    let output = command.env("PATH", program.folder.path()).output().unwrap();
    assert!(!output.status.success());
    let told = told(&output);
    assert!(told.contains("ffmpeg") && told.contains("hint:"), "{told}");
}
