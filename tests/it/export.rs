//! A finished run as a project for editing programs, opened with OpenTimelineIO's own reader.

use crate::program::{Program, told};
use std::process::Command;

/// Opens the project and prints what a person would see: tracks with their length in frames, media that is missing,
/// and how many markers there are.
const READ: &str = "
import sys, pathlib, opentimelineio as otio
path = pathlib.Path(sys.argv[1])
timeline = otio.adapters.read_from_file(str(path))
for track in timeline.tracks:
    print(track.kind, track.name, int(track.duration().value))
clips = timeline.find_clips()
print('missing', sum(not (path.parent / clip.media_reference.target_url).is_file() for clip in clips))
print('clips', len(clips), 'transitions', len(timeline.find_children(descended_from_type=otio.schema.Transition)))
print('markers', len(timeline.tracks.markers) > 0, timeline.global_start_time is None)
";

#[test]
#[expect(clippy::print_stderr, reason = "a skipped check must be seen")]
fn a_run_becomes_a_project_that_opens() {
    let Some(program) = Program::find() else { return };
    let script = "A timeline has scenes.\n\nEach scene has its picture.\n\nFollow for more.";
    let create = ["create", "--silent", "--offline", "--quality", "draft", "--out", "video", "--script", script];
    let output = program.run(&create);
    assert!(output.status.success(), "{}", told(&output));
    let output = program.run(&["runs", "export", "video", "--out", "project", "--json"]);
    assert!(output.status.success(), "{}", told(&output));
    let files: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(files.iter().all(|file| program.path(file).is_file()), "{files:?}");

    let Some(python) = std::env::var_os("TEST_PYTHON") else {
        eprintln!("SKIPPED: TEST_PYTHON names no Python with opentimelineio");
        return;
    };
    let output = Command::new(python).arg("-c").arg(READ).arg(program.path("project/timeline.otio")).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(program.path("video/run.json")).unwrap()).unwrap();
    let frames = report["video"]["frames"].as_u64().unwrap();
    assert!(seen.contains(&format!("Video Pictures {frames}\n")), "{frames} frames: {seen}");
    assert!(seen.contains("missing 0\n") && seen.contains("markers True True"), "{seen}");
}
