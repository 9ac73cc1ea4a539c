//! Disks that are full, and disks that can only be read: what needs room is refused or waits, reading goes on, and all
//! goes on by itself. Each test has a small disk of its own (`tmpfs`), for which it must be root.

use crate::platform::{Platform, token, trend};
use crate::program::Program;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How often a disk is filled and freed.
const CYCLES: usize = 20;

/// A small disk at a folder, gone with the test.
struct Disk(PathBuf);

impl Disk {
    /// Makes it; `None`, said aloud, where this process may not.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    fn mount(folder: &Path, megabytes: usize) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "orion-test"]).arg(folder).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "mount"), "mounting is required and not allowed");
        eprintln!("SKIPPED: needs to mount a small disk, as root");
        None
    }

    fn remount(&self, mode: &str) -> bool {
        let options = format!("remount,{mode}");
        Command::new("mount").args(["-o", &options]).arg(&self.0).output().unwrap().status.success()
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.0.join("ballast")).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while ballast.write_all(&vec![7; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// A request of somebody who is signed in: status, headers and body.
fn ask(platform: &Platform, token: &str, method: &str, path: &str, body: &str) -> (u16, String, Value) {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let (head, body) = platform.http(&request);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head, serde_json::from_slice(&body).unwrap_or_default())
}

const ME: &str = "/api/v1/identity/users/me";

/// Writes a row of some length; whether it was acknowledged. A refusal must be one that says when to come back.
fn write(platform: &Platform, token: &str, text: &str) -> bool {
    let (status, head, answer) = ask(platform, token, "PUT", ME, &format!("{{\"bio\":\"{text}\"}}"));
    if status == 200 {
        return true;
    }
    assert!(status == 503 && head.contains("retry-after: "), "{head}\n{answer}\n{}", platform.log());
    false
}

/// Twenty times: nothing acknowledged is lost, nothing crashes, reads are served, and a run under way all the time ends
/// with its video.
#[test]
#[expect(clippy::print_stderr, reason = "the figures are for whoever reads")]
fn a_full_disk_refuses_what_needs_room_and_loses_nothing() {
    let Some(program) = Program::find() else { return };
    let Some(disk) = Disk::mount(&program.path("data"), 24) else { return };
    let settings = ["http.rate_factor=100000", "disk.reserve=2"];
    let more = settings.iter().flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]).collect();
    let Some(mut platform) = Platform::start_on(program, |_| more) else { return };
    let token = token(&platform);
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    let (mut acknowledged, mut refused, mut reads, mut last) = (0, 0, 0, String::new());
    let mut recovered = Vec::new();
    for cycle in 0..CYCLES {
        disk.fill();
        for number in 0..30 {
            let text = format!("{cycle}/{number} {}", "x".repeat(400));
            if write(&platform, &token, &text) {
                (acknowledged, last) = (acknowledged + 1, text);
            } else {
                refused += 1;
            }
            for path in [ME, &format!("/api/v1/content/{content}"), "/ready"] {
                let (status, head, _) = ask(&platform, &token, "GET", path, "");
                assert_eq!(status, 200, "{path}: {head}\n{}", platform.log());
                reads += 1;
            }
        }
        let (_, _, me) = ask(&platform, &token, "GET", ME, "");
        assert!(last.is_empty() || me["bio"] == last.as_str(), "what was acknowledged is there, and nothing else");
        disk.free();
        let freed = Instant::now();
        let text = format!("{cycle}/free");
        while !write(&platform, &token, &text) {
            assert!(freed.elapsed() < Duration::from_secs(60), "writing does not go on:\n{}", platform.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        (acknowledged, last) = (acknowledged + 1, text);
        recovered.push(freed.elapsed());
        // The run gets a little further before the next time.
        std::thread::sleep(Duration::from_millis(300));
    }
    platform.wait_for(&content, &["review"]);
    platform.kill();
    platform.restart();
    let (_, _, me) = ask(&platform, &token, "GET", ME, "");
    assert_eq!(me["bio"], last.as_str(), "and still is after a kill");
    // Every file that a row names is there and whole.
    let backup = platform.program.path("backup").display().to_string();
    let made = platform.json(&["backup", &backup]);
    assert_eq!(made["missing"], serde_json::json!([]), "{made}");
    assert!(refused > 0, "the disk was never full");
    recovered.sort_unstable();
    eprintln!(
        "{CYCLES} cycles: {acknowledged} writes acknowledged, 0 lost; {refused} refused with 503 and Retry-After; \
         {reads} reads, all served; writing again after {:?} (median) and {:?} (longest)",
        recovered[CYCLES / 2],
        recovered[CYCLES - 1]
    );
}

/// A run whose files cannot be stored waits, and goes on once they can.
#[test]
fn a_disk_that_can_only_be_read_has_runs_wait() {
    let Some(program) = Program::find() else { return };
    let files = program.path("files");
    let Some(disk) = Disk::mount(&files, 64) else { return };
    let setting = format!("blobs=file:{}", files.display());
    let Some(platform) = Platform::start_on(program, |_| vec!["--set".to_owned(), setting]) else { return };
    let trend = trend(&platform);
    let begun = Instant::now();
    // A file that is being written keeps the disk as it is for a moment.
    while !disk.remount("ro") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the disk is always written");
        std::thread::sleep(Duration::from_millis(50));
    }
    let started = platform.json(&["pipeline", "run", &trend]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    while !platform.log().contains("a run waits for room") {
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing is said:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let view = platform.json(&["content", "view", &content]);
    assert_eq!(view["status"], "generating", "{view}");
    assert!(disk.remount("rw"));
    platform.wait_for(&content, &["review"]);
}

/// A folder of exports without room pauses what is to go there, and only that; it goes on by itself.
#[test]
fn a_full_folder_of_exports_pauses_what_goes_there() {
    let Some(program) = Program::find() else { return };
    let exports = program.path("exports");
    let Some(disk) = Disk::mount(&exports, 16) else { return };
    let settings = [format!("publish.folder_root={}", exports.display()), "http.rate_factor=100".to_owned()];
    let more = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect();
    let Some(mut platform) = Platform::start_on(program, |_| more) else { return };
    platform.json(&["publish", "connect", "--platform", "folder", "--name", "Out", "--credential", "path=out"]);
    let started = platform.json(&["pipeline", "run", &trend(&platform)]);
    let content = started["content_id"].as_str().unwrap().to_owned();
    platform.wait_for(&content, &["review"]);
    platform.json(&["content", "approve", &content]);
    disk.fill();
    let sent = platform.json(&["publish", "send", &content, "--platform", "folder"]);
    let result = &sent["results"][0];
    let told = result["error"].as_str().unwrap_or_default();
    assert!(result["status"] == "pending" && told.contains("waits for room") && told.contains("free some"), "{sent}");
    // Reading goes on, the rest does too, and nothing of it fails for as long as it takes; also over a restart.
    std::thread::sleep(Duration::from_secs(5));
    platform.kill();
    platform.restart_with(&["--set".to_owned(), format!("publish.folder_root={}", exports.display())]);
    std::thread::sleep(Duration::from_secs(3));
    let history = platform.json(&["publish", "history", "--content", &content]);
    assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
    assert_eq!(history[0]["status"], "pending", "{history}");
    assert_eq!(platform.json(&["content", "view", &content])["status"], "approved");
    disk.free();
    platform.wait_for(&content, &["published"]);
    let history = platform.json(&["publish", "history", "--content", &content]);
    assert_eq!((&history[0]["status"], &history[0]["error_message"]), (&Value::from("published"), &Value::Null));
    let out: Vec<_> = fs::read_dir(exports.join("out")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(out.len(), 1, "once, and nothing is left of the attempts: {out:?}");
    assert!(out[0].path().join("video.mp4").is_file());
}
