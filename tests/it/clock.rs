//! A clock that is set forward and back while the platform works: sessions and runs bear it. Time is faked for
//! the platform's process by libfaketime; what waits by itself (timers) goes on as it does when a real clock is set.

use crate::platform::{Platform, trend};
use crate::program::{Program, told};
use orion_core::Timestamp;
use orion_private_postgres::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The library, if it is installed.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn library() -> Option<PathBuf> {
    let machine = format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
    let found = Some(PathBuf::from(machine)).filter(|library| library.is_file());
    if found.is_none() {
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "faketime"), "faketime is required and not there");
        eprintln!("SKIPPED: needs libfaketime (Debian: `apt-get install faketime`)");
    }
    found
}

fn set(file: &Path, offset: &str) {
    let aside = file.with_extension("new");
    fs::write(&aside, format!("{offset}\n")).unwrap();
    fs::rename(aside, file).unwrap();
}

#[test]
fn a_clock_that_jumps_ends_no_session_and_stops_no_run() {
    let Some(library) = library() else { return };
    let Some(mut program) = Program::find() else { return };
    let file = program.path("offset");
    set(&file, "+0");
    program.serving = vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let Some(mut platform) =
        Platform::start_on(program, |_| vec!["--set".to_owned(), "http.rate_factor=100".to_owned()])
    else {
        return;
    };
    let found = trend(&platform);
    let mut contents = Vec::new();
    for offset in ["+3h", "-6h", "+0", "+40h", "-40h", "+0"] {
        set(&file, offset);
        // The client renews its session by itself, as it would after hours.
        let me = platform.run(&["auth", "whoami"]);
        assert!(me.status.success(), "{offset}: {}\n{}", told(&me), platform.log());
        let started = platform.json(&["pipeline", "run", &found]);
        contents.push(started["content_id"].as_str().unwrap().to_owned());
    }
    for content in &contents {
        platform.wait_for(content, &["review"]);
    }
    // And over a restart at another time.
    platform.kill();
    set(&file, "+2d");
    platform.restart();
    for content in &contents {
        assert_eq!(platform.json(&["content", "view", content])["status"], "review");
    }
    let status = platform.json(&["system", "status"]);
    assert!(status["services"].as_array().is_some(), "{status}");
}

/// Machines on one database go by the clock of its server, whatever their own say: none takes the work of another for
/// abandoned.
#[test]
fn on_a_database_its_clock_counts() {
    let Some(library) = library() else { return };
    let Some(server) = Server::shared() else { return };
    let Some(mut program) = Program::find() else { return };
    program.store = Some(server.database());
    let file = program.path("offset");
    set(&file, "+3h");
    program.serving = vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let Some(platform) = Platform::start_on(program, |_| vec!["--set".to_owned(), "http.rate_factor=100".to_owned()])
    else {
        return;
    };
    let found = trend(&platform);
    let mut before = SystemTime::now();
    for offset in ["+3h", "-6h", "+40h"] {
        set(&file, offset);
        let started = platform.json(&["pipeline", "run", &found]);
        let content = started["content_id"].as_str().unwrap();
        let created = platform.json(&["content", "view", content])["created_at"].as_str().unwrap().to_owned();
        let created: Timestamp = created.parse().unwrap();
        let micros = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_micros() as i64;
        // The platform was given an answer by its own server not longer ago than this.
        const GIVE: i64 = 5_000_000;
        let within = micros(before) - GIVE..=micros(SystemTime::now()) + GIVE;
        assert!(within.contains(&created.as_micros()), "{offset}: {created} is not within {within:?}");
        before = SystemTime::now();
        platform.wait_for(content, &["review"]);
    }
}
