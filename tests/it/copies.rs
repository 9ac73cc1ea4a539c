//! Backups as operators make them: while everything goes on, restored elsewhere and gone on with, and cut off at any
//! moment.

use crate::platform::{Platform, trend};
use crate::program::{Program, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A backup of a running platform, restored into a folder of its own, is a platform with the same content.
#[test]
fn a_platform_is_backed_up_while_it_runs_and_restored() {
    let Some(platform) = Program::find().and_then(|program| Platform::start_on(program, |_| Vec::new())) else {
        return;
    };
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    platform.wait_for(&content, &["review"]);
    let backup = platform.program.path("backup").display().to_string();
    let made = platform.json(&["backup", &backup]);
    assert!(made["files"].as_u64().unwrap() > 3 && made["entries"]["contents"] == 1, "{made}");
    let again = platform.run(&["backup", &backup]);
    assert!(!again.status.success() && told(&again).contains("hint: "), "{}", told(&again));

    let other = Program::find().unwrap();
    let restored = other.run(&["restore", &backup]);
    assert!(restored.status.success() && told(&restored).contains("not restored: the keys"), "{}", told(&restored));
    let full = other.run(&["restore", &backup]);
    assert!(!full.status.success() && told(&full).contains("--force"), "{}", told(&full));
    let swept = other.run(&["sweep", "--dry-run", "--json"]);
    let swept: Value = serde_json::from_slice(&swept.stdout).unwrap();
    assert_eq!((&swept["dry_run"], &swept["set_aside"]["files"]), (&Value::Bool(true), &Value::from(0)), "{swept}");
    // The same user signs in there, with the same password, and decides about what waited.
    let there = Platform::start_again(other, |_| Vec::new()).unwrap();
    let view = there.json(&["content", "view", &content]);
    assert_eq!(view["status"], "review", "{view}");
    there.json(&["content", "approve", &content]);
    assert_eq!(there.json(&["content", "view", &content])["status"], "approved");

    // A backup that lost a byte changes nothing.
    let victim = walk(Path::new(&backup).join("files").as_path());
    let mut bytes = fs::read(&victim).unwrap();
    bytes.pop();
    fs::write(&victim, bytes).unwrap();
    let refused = there.run(&["restore", "--force", &backup]);
    assert!(!refused.status.success() && told(&refused).contains("damaged"), "{}", told(&refused));
    assert_eq!(there.json(&["content", "view", &content])["status"], "approved");
}

/// Backups are made while runs are at work. Each is whole and of one moment; what was at work in it goes on where it is
/// restored.
#[test]
fn what_was_at_work_in_a_backup_goes_on_where_it_is_restored() {
    let Some(platform) = Program::find().and_then(|program| Platform::start_on(program, |_| Vec::new())) else {
        return;
    };
    let found = trend(&platform);
    let contents: Vec<String> = (0..3)
        .map(|_| platform.json(&["pipeline", "run", &found])["content_id"].as_str().unwrap().to_owned())
        .collect();
    let mut at_work = None;
    for number in 0..40 {
        let folder = platform.program.path(&format!("backup-{number}")).display().to_string();
        let made = platform.json(&["backup", &folder]);
        assert_eq!(made["missing"], serde_json::json!([]), "{made}");
        let whole = platform.run(&["restore", "--verify", &folder]);
        assert!(whole.status.success(), "{}", told(&whole));
        let record = fs::read_to_string(Path::new(&folder).join("record.jsonl")).unwrap();
        // As it is written within a line of the backup.
        if record.contains(r#"{\"state\":\"running\""#) && made["files"].as_u64() > Some(0) {
            at_work = Some(folder);
        }
        // Not in every round: reading has its limits.
        if number % 5 == 4 {
            let status = |content| platform.json(&["content", "view", content])["status"].clone();
            if contents.iter().all(|content| status(content) == "review") {
                break;
            }
        }
    }
    assert!(at_work.is_some(), "no backup was made while a run was at work");
    let at_work = at_work.unwrap();
    let other = Program::find().unwrap();
    let restored = other.run(&["restore", &at_work]);
    assert!(restored.status.success(), "{}", told(&restored));
    let there = Platform::start_again(other, |_| Vec::new()).unwrap();
    for content in &contents {
        there.wait_for(content, &["review"]);
    }
}

/// A backup or a restore that is killed at any moment leaves nothing that looks like a whole one.
#[test]
fn a_copy_that_is_cut_off_leaves_nothing_half() {
    let Some(platform) = Program::find().and_then(|program| Platform::start_on(program, |_| Vec::new())) else {
        return;
    };
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    platform.wait_for(&content, &["review"]);
    let (mut cut_off, mut whole) = (0, 0);
    let mut step = Duration::from_millis(4);
    for number in 0..24 {
        let folder = platform.program.path(&format!("backup-{number}"));
        let mut copying = platform.command(&["backup", &folder.display().to_string()]);
        let mut copying = copying.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(step * (number % 12));
        let _ = copying.kill();
        copying.wait().unwrap();
        match folder.exists() {
            true => {
                whole += 1;
                let verified = platform.run(&["restore", "--verify", &folder.display().to_string()]);
                assert!(verified.status.success(), "{}", told(&verified));
            }
            false => {
                cut_off += 1;
                // It takes longer here than it was given.
                step = if number % 12 == 11 { step * 4 } else { step };
            }
        }
    }
    assert!(cut_off > 0, "none of {whole} was cut off");
    let backup = platform.program.path("backup").display().to_string();
    platform.json(&["backup", &backup]);

    let other = Program::find().unwrap();
    let (mut nothing, mut everything) = (0, 0);
    for number in 0..24 {
        let mut copying = other.command(["restore", "--force", &backup]);
        let mut copying = copying.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(4) * (number % 12) * (1 + number / 12));
        let _ = copying.kill();
        copying.wait().unwrap();
        let runs = other.run(&["runs", "list", "--json"]);
        assert!(runs.status.success(), "{}", told(&runs));
        let runs: Value = serde_json::from_slice(&runs.stdout).unwrap();
        match runs.as_array().map(Vec::len) {
            Some(0) => nothing += 1,
            Some(1) => everything += 1,
            _ => assert!(runs.is_array(), "all or nothing: {runs}"),
        }
    }
    assert_eq!(nothing + everything, 24);
    let restored = other.run(&["restore", "--force", &backup]);
    assert!(restored.status.success(), "{}", told(&restored));
    let there = Platform::start_again(other, |_| Vec::new()).unwrap();
    assert_eq!(there.json(&["content", "view", &content])["status"], "review");
}

/// The first file below a folder.
fn walk(folder: &Path) -> PathBuf {
    let entry = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    if entry.file_type().unwrap().is_dir() { walk(&entry.path()) } else { entry.path() }
}
