//! `orion sweep`, killed before and after every kind of thing that it does.

use crate::platform::{Platform, trend};
use crate::program::{Program, told};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

/// Whatever moment it dies at: what a row points at stays, and the next sweep does the rest.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn a_sweep_that_dies_takes_nothing_that_a_row_points_at() {
    let Some(platform) = Program::find().and_then(|program| Platform::start_on(program, |_| Vec::new())) else {
        return;
    };
    let points = platform.command(&["doctor"]).env("ORION_FAULT", "list").output().unwrap();
    if !told(&points).contains("sweep.before") {
        eprintln!("SKIPPED: needs a program built with the feature `faults`");
        return;
    }
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    platform.wait_for(started["content_id"].as_str().unwrap(), &["review"]);
    let kept = platform.program.path("data/blobs");
    let pointed_at = files(&kept);
    // Named as files are, by what their hash could be; no row knows them.
    let orphans: Vec<PathBuf> = (0..4)
        .map(|n| {
            let folder = kept.join(format!("0{n}"));
            fs::create_dir_all(&folder).unwrap();
            let orphan = folder.join(format!("{n}").repeat(62));
            fs::write(&orphan, "nobody's").unwrap();
            orphan
        })
        .collect();
    let age = || {
        for file in files(&kept) {
            let file = File::options().append(true).open(file).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(5 * 3600)).unwrap();
        }
    };
    let sweep = |fault: &str| {
        let mut command = platform.command(&["sweep", "--hours", "1", "--json"]);
        command.env("ORION_FAULT", fault).output().unwrap()
    };
    // First they are set aside, and an hour later deleted.
    for _ in 0..2 {
        age();
        for fault in ["sweep.before:1", "sweep.before:2", "sweep.after:1"] {
            let died = sweep(fault);
            assert!(!died.status.success(), "{fault}: {}", told(&died));
            assert!(pointed_at.iter().all(|file| file.exists()), "{fault}");
        }
        let swept = sweep("");
        assert!(swept.status.success(), "{}", told(&swept));
    }
    age();
    let swept: Value = serde_json::from_slice(&sweep("").stdout).unwrap();
    assert_eq!(swept["looked_at"]["files"], pointed_at.len(), "{swept}");
    assert!(orphans.iter().all(|orphan| !orphan.exists()) && pointed_at.iter().all(|file| file.exists()));
    let backup = platform.program.path("backup").display().to_string();
    let made = platform.json(&["backup", &backup]);
    assert_eq!(made["missing"], serde_json::json!([]), "{made}");
}
