//! A finished run as a project for editing programs, opened with OpenTimelineIO's own reader and held against what Orion
//! itself says of the video.

use crate::own::made;
use crate::program::{Program, told};
use orion_core::domain::timeline::{AudioRole, AudioTrack, Timeline, TransitionKind};
use orion_core::{MediaTime, domain};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Opens the project and prints what an editing program would see. A sound file tells by itself how long it is.
const READ: &str = "
import hashlib, json, pathlib, sys, wave
import opentimelineio as otio
path = pathlib.Path(sys.argv[1])
timeline = otio.adapters.read_from_file(str(path))
def seen(track, number, item):
    if isinstance(item, otio.schema.Transition):
        frames = item.in_offset + item.out_offset
        return {'is': 'transition', 'name': item.name, 'type': item.transition_type, 'frames': frames.value}
    place = track.range_of_child_at_index(number)
    told = {'is': type(item).__name__, 'name': item.name, 'start': place.start_time.value,
            'frames': place.duration.value, 'rate': place.duration.rate}
    if isinstance(item, otio.schema.Clip):
        media = path.parent / item.media_reference.target_url
        told['sha256'] = hashlib.sha256(media.read_bytes()).hexdigest()
        told['from'], told['there'] = item.source_range.start_time.value, item.available_range().duration.value
        if media.suffix == '.wav':
            with wave.open(str(media)) as sound:
                told['seconds'] = sound.getnframes() / sound.getframerate()
    return told
tracks = [{'kind': track.kind, 'name': track.name, 'items': [seen(track, *item) for item in enumerate(track)]}
          for track in timeline.tracks]
markers = [[m.name, m.marked_range.start_time.value, m.marked_range.duration.value] for m in timeline.tracks.markers]
again = otio.adapters.read_from_string(otio.adapters.write_to_string(timeline, 'otio_json'), 'otio_json')
print(json.dumps({'name': timeline.name, 'frames': timeline.duration().value, 'tracks': tracks, 'markers': markers,
                  'same': again.is_equivalent_to(timeline)}))
";

/// Frames, where a program tells them as fractions.
fn frames(item: &Value, key: &str) -> u64 {
    let told = item[key].as_f64();
    assert!(told.is_some_and(|told| told >= 0.0 && told.fract() == 0.0), "{key} of {item}");
    told.unwrap_or_default() as u64
}

/// The items of a track.
fn items<'s>(seen: &'s Value, kind: &str, name: &str) -> &'s [Value] {
    let tracks = seen["tracks"].as_array().unwrap();
    let track = tracks.iter().find(|track| track["kind"] == kind && track["name"] == name);
    assert!(track.is_some(), "{kind} {name} of {seen}");
    track.and_then(|track| track["items"].as_array()).map(Vec::as_slice).unwrap_or_default()
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped check must be seen")]
fn a_run_becomes_a_project_that_opens_with_everything_in_its_place() {
    let Some(program) = Program::find() else { return };
    for (name, colour) in [("a.png", "red"), ("b.png", "blue"), ("c.png", "green")] {
        made(&program, name, &format!("color={colour}:s=108x192"), &["-frames:v", "1"]);
    }
    // A voice that pauses, and music that is far shorter than the video and not a whole number of frames.
    made(&program, "voice.wav", "aevalsrc=0.4*sin(1200*t)*gt(sin(3*t)\\,0):d=9:s=8000", &[]);
    made(&program, "music.wav", "sine=r=48000:d=2.345", &[]);
    let script =
        program.file("script.txt", b"A timeline has scenes.\n\nEach scene has its picture.\n\nFollow for more.");
    let create = ["create", "--offline", "--quality", "draft", "--out", "video", "--script", &script];
    let own = ["--image", "a.png", "b.png", "c.png", "--voice-file", "voice.wav", "--music", "./music.wav"];
    let output = program.run(&[&create[..], &own].concat());
    assert!(output.status.success(), "{}", told(&output));
    let output = program.run(&["runs", "export", "video", "--out", "project", "--json"]);
    assert!(output.status.success(), "{}", told(&output));
    let files: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(files.iter().all(|file| program.path(file).is_file()), "{files:?}");
    let timeline: Timeline = serde_json::from_slice(&fs::read(program.path("project/timeline.json")).unwrap()).unwrap();
    let report: Value = serde_json::from_slice(&fs::read(program.path("video/run.json")).unwrap()).unwrap();
    assert_eq!(report["video"]["frames"].as_u64(), Some(timeline.frames()));

    let Some(python) = std::env::var_os("TEST_PYTHON") else {
        eprintln!("SKIPPED: TEST_PYTHON names no Python with opentimelineio");
        return;
    };
    let output = Command::new(python).arg("-c").arg(READ).arg(program.path("project/timeline.otio")).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&seen["name"], &seen["same"]), (&report["title"], &true.into()));
    assert_eq!(frames(&seen, "frames"), timeline.frames());
    let canvas = &timeline.canvas;

    // Scenes: each for as long as it is seen, with its picture; transitions where they are, as long as they are.
    let (mut border, mut expected) = (MediaTime::ZERO, Vec::new());
    for scene in &timeline.scenes {
        let kind = scene.transition.kind;
        if kind != TransitionKind::Cut {
            expected.push((kind.as_str().to_owned(), canvas.frame_at(scene.transition.duration), None));
        }
        let start = canvas.frame_at(border);
        border = border + scene.duration;
        let file = scene.layers[0].picture.sha256.to_string();
        expected.push((format!("Scene {}", scene.id), canvas.frame_at(border) - start, Some((start, file))));
    }
    assert!(timeline.scenes.len() >= 3 && expected.iter().any(|item| item.2.is_none()), "{expected:?}");
    let shown: Vec<_> = items(&seen, "Video", "Pictures")
        .iter()
        .map(|item| {
            let place = (item["is"] == "Clip").then(|| {
                assert_eq!(item["rate"].as_f64(), Some(f64::from(canvas.frames_per_second)));
                (frames(item, "start"), item["sha256"].as_str().unwrap().to_owned())
            });
            (item["name"].as_str().unwrap().to_owned(), frames(item, "frames"), place)
        })
        .collect();
    assert_eq!(shown, expected);

    // Sound: the lines where they are said, and the music again and again, never beyond the end of its file.
    let of = |role| -> Vec<&AudioTrack> { timeline.audio.iter().filter(|track| track.role == role).collect() };
    let spoken: Vec<&Value> = items(&seen, "Audio", "Narration").iter().filter(|item| item["is"] == "Clip").collect();
    let lines = of(AudioRole::Narration);
    assert_eq!(spoken.len(), lines.len());
    for (clip, line) in spoken.iter().zip(&lines) {
        assert_eq!(frames(clip, "start"), canvas.frame_at(line.start), "{clip}");
        assert!(frames(clip, "frames").abs_diff(canvas.frame_at(line.duration)) <= 1, "{clip} {line:?}");
        assert_eq!(clip["sha256"], line.source.sha256.to_string());
    }
    let music = items(&seen, "Audio", "Music");
    let tracks = of(AudioRole::Music);
    assert_eq!(tracks.len(), 1);
    let track = tracks[0];
    let rate = f64::from(canvas.frames_per_second);
    let mut end = 0;
    for clip in music {
        assert_eq!((clip["is"].as_str(), frames(clip, "start")), (Some("Clip"), end), "{clip}");
        assert_eq!((frames(clip, "from"), &clip["sha256"]), (0, &track.source.sha256.to_string().into()));
        let length = clip["seconds"].as_f64().unwrap();
        assert!((length - 2.345).abs() < 0.01 && frames(clip, "there") as f64 <= length * rate + 0.5, "{clip}");
        assert!(frames(clip, "frames") <= frames(clip, "there"), "{clip}");
        end += frames(clip, "frames");
    }
    assert!(music.len() > 3 && end == timeline.frames(), "{music:?}");

    // Captions, as marks with their words.
    let cues: Vec<(String, u64)> = timeline
        .captions
        .cues
        .iter()
        .map(|cue| (domain::timeline::caption::joined(&cue.words), canvas.frame_at(cue.start)))
        .collect();
    let marks = seen["markers"].as_array().unwrap().iter();
    let marks: Vec<(String, u64)> =
        marks.map(|mark| (mark[0].as_str().unwrap().to_owned(), mark[1].as_f64().unwrap() as u64)).collect();
    assert_eq!(marks, cues);
}
