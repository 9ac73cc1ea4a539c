//! Runs that fail, that hang, and for which the machine has no memory: what is told of them, and what a person can do.
//! The tool that encodes is a stand-in that fails, hangs or dies while a file says so, and is the real one otherwise.

use crate::platform::{Platform, trend};
use crate::program::{Program, told};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The stand-in for the encoder.
struct Stand {
    folder: PathBuf,
}

impl Stand {
    /// A platform that encodes by it; `None` where there is no program or no ffmpeg.
    fn start() -> Option<(Platform, Self)> {
        let program = Program::find()?;
        let stand = Self { folder: program.path("stand") };
        fs::create_dir_all(stand.folder.join("at-work")).unwrap();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let real = std::env::split_paths(&paths).map(|path| path.join("ffmpeg")).find(|path| path.is_file())?;
        let script = format!(
            "#!/bin/sh\nhere='{}'\ncase \"$*\" in *libx264*)\n\
             if [ -e \"$here/fails\" ]; then echo 'the encoder is broken' >&2; exit 1; fi\n\
             if [ -e \"$here/dies\" ]; then kill -9 $$; fi\n\
             if [ -e \"$here/hangs\" ]; then : >\"$here/at-work/$$\"; exec sleep 600; fi;;\nesac\n\
             exec '{}' \"$@\"\n",
            stand.folder.display(),
            real.display()
        );
        let tool = stand.folder.join("ffmpeg");
        fs::write(&tool, script).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let setting = format!("ffmpeg={}", tool.display());
        let platform = Platform::start_on(program, |_| vec!["--set".to_owned(), setting])?;
        Some((platform, stand))
    }

    fn hold_from_now_on(&self, what: &str) {
        fs::write(self.folder.join(what), "").unwrap();
    }

    fn no_more(&self, what: &str) {
        fs::remove_file(self.folder.join(what)).unwrap();
    }

    /// The processes that hang, and live.
    fn hanging(&self) -> Vec<String> {
        let begun = fs::read_dir(self.folder.join("at-work")).unwrap();
        let mut living: Vec<String> = begun
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|pid| fs::read_to_string(Path::new("/proc").join(pid).join("comm")).is_ok_and(|it| it == "sleep\n"))
            .collect();
        living.sort_unstable();
        living
    }
}

#[track_caller]
fn until(platform: &Platform, what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(240), "{what} never comes:\n{}", platform.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Begins a run, and gives its identifier and that of its content.
fn begin(platform: &Platform, trend: &str) -> (String, String) {
    let started = platform.json(&["pipeline", "run", trend]);
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    (text("pipeline_run_id"), text("content_id"))
}

fn inspect(platform: &Platform, run: &str) -> Value {
    platform.json(&["pipeline", "inspect", run])
}

/// What failed for good waits for a person with its stage, its reason and the next step, and goes on from there.
#[test]
fn a_run_that_failed_is_looked_into_and_taken_up_again() {
    let Some((platform, stand)) = Stand::start() else { return };
    stand.hold_from_now_on("fails");
    let (run, content) = begin(&platform, &trend(&platform));
    until(&platform, "the failure", || inspect(&platform, &run)["status"] == "failed");
    let seen = inspect(&platform, &run);
    assert_eq!((&seen["stage"], &seen["state"]), (&Value::from("render"), &Value::from("failed render")), "{seen}");
    assert!(seen["error_message"].as_str().unwrap().contains("the encoder is broken"), "{seen}");
    assert!(seen["next_step"].as_str().unwrap().contains(&format!("orion pipeline retry {run}")), "{seen}");
    let steps = |seen: &Value| -> Vec<(String, String, u64)> {
        let steps = seen["steps"].as_array().unwrap().iter();
        let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
        steps.map(|step| (text(step, "key"), text(step, "state"), step["attempts"].as_u64().unwrap())).collect()
    };
    let broken = steps(&seen).into_iter().filter(|(_, state, _)| state == "failed").collect::<Vec<_>>();
    assert!(broken.len() == 1 && broken[0].0.starts_with("render"), "{seen}");
    // For people, and in the list of what failed.
    let shown = platform.run(&["pipeline", "inspect", &run]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("next step") && shown.contains("the encoder is broken"), "{shown}");
    let failed = platform.json(&["pipeline", "status", "--status", "failed"]);
    assert_eq!(failed[0]["id"], run.as_str(), "{failed}");
    assert_eq!(platform.json(&["content", "view", &content])["status"], "draft");

    stand.no_more("fails");
    let again = platform.json(&["pipeline", "retry", &run]);
    assert_eq!(again["status"], "running", "{again}");
    platform.wait_for(&content, &["review"]);
    let done = inspect(&platform, &run);
    assert!(done["next_step"].as_str().unwrap().contains(&format!("orion content approve {content}")), "{done}");
    let twice: Vec<_> = steps(&done).into_iter().filter(|(_, _, attempts)| *attempts > 1).collect();
    assert!(twice.len() == 1 && twice[0].0 == broken[0].0, "only what failed is done again: {twice:?}");
    let refused = platform.run(&["pipeline", "retry", &run]);
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
}

/// Whoever stops a run stops its tools, and nobody else's.
#[test]
fn a_run_that_is_stopped_takes_its_own_tools_along_and_no_others() {
    let Some((platform, stand)) = Stand::start() else { return };
    stand.hold_from_now_on("hangs");
    let found = trend(&platform);
    let (one, _) = begin(&platform, &found);
    until(&platform, "the first encoder", || stand.hanging().len() == 1);
    let first = stand.hanging();
    let (other, content) = begin(&platform, &found);
    until(&platform, "the second encoder", || stand.hanging().len() == 2);
    let stopped = platform.json(&["pipeline", "cancel", &one]);
    assert_eq!(stopped["state"], "cancelled render", "{stopped}");
    until(&platform, "the end of the first encoder", || stand.hanging().len() == 1);
    assert_ne!(stand.hanging(), first, "the other one is still at work");
    let left = inspect(&platform, &other);
    assert_eq!(left["state"], "running render", "{left}");
    assert!(inspect(&platform, &one)["next_step"].as_str().unwrap().contains("orion pipeline retry"));
    stand.no_more("hangs");
    // Both go on from there: the one after it was stopped, too.
    platform.json(&["pipeline", "cancel", &other]);
    until(&platform, "the end of the second encoder", || stand.hanging().is_empty());
    for run in [&one, &other] {
        platform.json(&["pipeline", "retry", run]);
    }
    platform.wait_for(&content, &["review"]);
    until(&platform, "the first video", || inspect(&platform, &one)["state"] == "waiting review");
}

/// A tool that the system kills for want of memory fails no run: it waits, says so, and goes on by itself.
#[test]
fn a_run_whose_tool_has_no_memory_waits_for_some() {
    let Some((platform, stand)) = Stand::start() else { return };
    stand.hold_from_now_on("dies");
    let (run, content) = begin(&platform, &trend(&platform));
    until(&platform, "that it waits", || platform.log().contains("a run waits for room"));
    assert!(platform.log().contains("no memory left for the video tool"), "{}", platform.log());
    let seen = inspect(&platform, &run);
    assert_eq!((&seen["status"], &seen["stage"]), (&Value::from("running"), &Value::from("render")), "{seen}");
    stand.no_more("dies");
    platform.wait_for(&content, &["review"]);
}
