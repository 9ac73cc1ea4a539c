//! Real files with one fault each, made by ffmpeg. Without it they are skipped loudly, unless `ORION_REQUIRE` names it.

#[cfg(unix)]
use crate::tests::stand_in;
use crate::tests::{Bench, settings};
use crate::{FfmpegRenderer, Look, Tools, probe_file};
use image::{Rgba, RgbaImage};
use orion_core::domain::Platform;
use orion_core::domain::timeline::{Entrance, Motion, Transition, TransitionKind};
use orion_core::port::{BlobStore, Encoder, MediaInfo, RenderSettings, Renderer, Stretch, Validation};
use orion_core::service::editor::check_file;
use orion_core::{ErrorKind, MediaTime, Operation};
use orion_draw::FontKit;
use std::path::PathBuf;
use std::process::Command;

/// Four seconds that every platform takes: what ffmpeg is told of picture, sound and file.
#[derive(Clone, Copy)]
struct Recipe<'a> {
    picture: &'a str,
    sound: &'a str,
    video: &'a [&'a str],
    file: &'a [&'a str],
}

/// A moving test picture and a tone at -14 LUFS.
const GOOD: Recipe<'_> = Recipe {
    picture: "null",
    sound: "volume=2.45",
    video: &["-c:v", "libx264", "-preset", "ultrafast", "-ac", "2"],
    file: &["-movflags", "+faststart"],
};

fn make(bench: &Bench, recipe: Recipe<'_>) -> PathBuf {
    let file = bench.work.path().join("made.mp4");
    let mut command = Command::new(bench.tools.ffmpeg().unwrap());
    command.args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=360x640:rate=30:duration=4"]);
    command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"]);
    command.args(["-vf", &format!("{},format=yuv420p", recipe.picture), "-af", recipe.sound]);
    command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
    let output = command.args(["-c:a", "aac"]).args(recipe.video).args(recipe.file).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

async fn info(bench: &Bench, recipe: Recipe<'_>) -> MediaInfo {
    let file = make(bench, recipe);
    probe_file(&bench.tools, &file, Look::Whole, &Operation::detached()).await.unwrap()
}

fn failed(validation: &Validation) -> Vec<String> {
    validation.checks.iter().filter(|check| !check.passed).map(|check| check.name.clone()).collect()
}

/// Which checks fail for what a recipe gives.
async fn fails(bench: &Bench, recipe: Recipe<'_>) -> Vec<String> {
    failed(&check_file(&info(bench, recipe).await, None))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_file_passes() {
    let Some(bench) = Bench::new() else { return };
    let info = info(&bench, GOOD).await;
    let validation = check_file(&info, None);
    assert!(validation.passed(), "{validation:#?}");
    assert_eq!((info.container.as_str(), info.frames, info.edited), ("mp4", Some(120), false));
    for platform in [Platform::Tiktok, Platform::YoutubeShorts, Platform::InstagramReels] {
        assert_eq!(failed(&check_file(&info, Some(platform))), [""; 0], "{platform}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_picture_is_caught() {
    let Some(bench) = Bench::new() else { return };
    let black = "drawbox=color=black:t=fill:enable='between(t,1,2)'";
    assert_eq!(fails(&bench, Recipe { picture: black, ..GOOD }).await, ["black"]);
    let frozen = "trim=duration=1,tpad=stop_mode=clone:stop_duration=3";
    assert_eq!(fails(&bench, Recipe { picture: frozen, ..GOOD }).await, ["frozen"]);
    assert_eq!(
        fails(&bench, Recipe { picture: "scroll=horizontal=0.01:vertical=0.01,fps=15,fps=30", ..GOOD }).await,
        ["repeated frames"]
    );
    assert_eq!(
        fails(&bench, Recipe { picture: "scroll=horizontal=0.01:vertical=0.01,fps=24,fps=30", ..GOOD }).await,
        ["repeated frames"]
    );
    assert_eq!(fails(&bench, Recipe { picture: "fps=12", ..GOOD }).await, ["fps"]);
    // 25 frames a second are a fault only of what was to have 30.
    let slower = info(&bench, Recipe { picture: "fps=25", ..GOOD }).await;
    assert!(check_file(&slower, None).passed());
    assert_eq!(slower.frames_per_second, 25.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_of_smooth_movement_are_no_repeats() {
    let Some(bench) = Bench::new() else { return };
    // Two of three frames are predicted from others and by none, as in what Orion encodes.
    let thirds = ["-c:v", "libx264", "-preset", "veryfast", "-x264-params", "bframes=2:b-adapt=0:b-pyramid=none"];
    for picture in ["scroll=horizontal=0.01:vertical=0.01,fps=24", "scroll=horizontal=0.01:vertical=0.01"] {
        let file = make(&bench, Recipe { picture, video: &thirds, ..GOOD });
        let seen = probe_file(&bench.tools, &file, Look::Sampled, &Operation::detached()).await.unwrap();
        let content = seen.content.unwrap();
        assert!(content.repeated < 0.1 && content.frozen.is_empty() && content.black.is_empty(), "{content:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_sound_is_caught() {
    let Some(bench) = Bench::new() else { return };
    let hole = "volume=2.45,volume=0:enable='between(t,1,3.5)'";
    assert_eq!(fails(&bench, Recipe { sound: hole, ..GOOD }).await, ["silence"]);
    let clipped = Recipe { sound: "volume=30dB", ..GOOD };
    assert_eq!(fails(&bench, clipped).await, ["loudness", "true peak", "clipping"]);
    assert_eq!(fails(&bench, Recipe { sound: "volume=0.3", ..GOOD }).await, ["loudness"]);
    let telephone = ["-c:v", "libx264", "-preset", "ultrafast", "-ac", "1", "-ar", "8000"];
    let mono = Recipe { video: &telephone, ..GOOD };
    assert_eq!(fails(&bench, mono).await, ["sample rate"]);
    assert_eq!(fails(&bench, Recipe { file: &["-movflags", "+faststart", "-an"], ..GOOD }).await, ["audio codec"]);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a skipped check must be seen")]
async fn each_fault_of_the_file_is_caught() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(fails(&bench, Recipe { file: &[], ..GOOD }).await, ["fast start"]);
    let encoders = Command::new(bench.tools.ffmpeg().unwrap()).args(["-v", "error", "-encoders"]).output().unwrap();
    if String::from_utf8_lossy(&encoders.stdout).contains("libx265") {
        let video = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-ac", "2"];
        let hevc = info(&bench, Recipe { video: &video, ..GOOD }).await;
        assert!(check_file(&hevc, Some(Platform::InstagramReels)).passed());
        assert_eq!(failed(&check_file(&hevc, Some(Platform::X))), ["video codec"]);
    } else {
        eprintln!("SKIPPED: this ffmpeg has no libx265");
    }
    // The index promises 120 frames, the data ends before.
    let file = make(&bench, GOOD);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() * 6 / 10]).unwrap();
    let cut = probe_file(&bench.tools, &file, Look::Whole, &Operation::detached()).await.unwrap();
    assert!(failed(&check_file(&cut, None)).contains(&"complete".to_owned()));
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 30_000].fill(0xFF);
    std::fs::write(&file, &damaged).unwrap();
    let damaged = probe_file(&bench.tools, &file, Look::Whole, &Operation::detached()).await.unwrap();
    assert!(failed(&check_file(&damaged, None)).contains(&"decoding".to_owned()));
    assert!(!damaged.content.unwrap().complaint.unwrap().contains("0x"));
}

/// What refuses a file with these bytes.
async fn refused(bench: &Bench, name: &str, bytes: &[u8]) -> orion_core::Error {
    let file = bench.work.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    probe_file(&bench.tools, &file, Look::Whole, &Operation::detached()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused() {
    let Some(bench) = Bench::new() else { return };
    let good = make(&bench, Recipe { file: &[], ..GOOD });
    let whole = std::fs::read(&good).unwrap();
    let lists = [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nmade.mp4\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile made.mp4\n"),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
        ("text.mp4", "This is only a text.\n"),
        ("empty.mp4", ""),
    ];
    for (name, text) in lists {
        assert_eq!(refused(&bench, name, text.as_bytes()).await.kind(), ErrorKind::Invalid, "{name}");
    }
    // Without its index, which comes last.
    assert_eq!(refused(&bench, "cut.mp4", &whole[..whole.len() / 2]).await.kind(), ErrorKind::Invalid);

    let folder = probe_file(&bench.tools, bench.work.path(), Look::Whole, &Operation::detached()).await.unwrap_err();
    assert_eq!(folder.kind(), ErrorKind::Invalid);
    let nowhere = bench.work.path().join("nowhere.mp4");
    let nowhere = probe_file(&bench.tools, &nowhere, Look::Whole, &Operation::detached()).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    let tools = Tools::at("/nowhere/ffmpeg");
    let missing = probe_file(&tools, &good, Look::Whole, &Operation::detached()).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn enormous_pictures_are_not_decoded() {
    let Some(bench) = Bench::new() else { return };
    let file = bench.work.path().join("small.avi");
    let small = Command::new(bench.tools.ffmpeg().unwrap())
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=size=16x16:duration=0.2", "-c:v", "rawvideo"])
        .args(["-pix_fmt", "bgr24"])
        .arg(&file)
        .status()
        .unwrap();
    assert!(small.success());
    // Width and height follow the size of the bitmap header, which is 40.
    let mut bytes = std::fs::read(&file).unwrap();
    let header = bytes.windows(4).position(|four| four == b"strf").unwrap() + 8;
    for side in [10_000_u32, 60_000] {
        for at in [header + 4, header + 8] {
            bytes[at..at + 4].copy_from_slice(&side.to_le_bytes());
        }
        let error = refused(&bench, "enormous.avi", &bytes).await;
        assert_eq!((error.kind(), error.context().len()), (ErrorKind::Invalid, 2), "{error:?}");
    }
}

/// Tools whose calls are written down; with `turned` what they encode is not what they are given.
#[cfg(unix)]
fn written_down(bench: &Bench, folder: &std::path::Path, turned: bool) -> Tools {
    let script = format!(
        "echo \"$*\" >> {calls}\ncall=()\nfor word in \"$@\"; do\n\
         if {turned} && [[ $word = -c:v && $* = *pipe:0* ]]; then call+=(-vf negate); fi; call+=(\"$word\"); done\n\
         exec {ffmpeg} \"${{call[@]}}\"\n",
        calls = folder.join("calls").display(),
        ffmpeg = bench.tools.ffmpeg().unwrap().display(),
    );
    let place = folder.join("ffmpeg");
    stand_in(&place, &script);
    Tools::at(place)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_shows_what_was_drawn_is_not_decoded_whole() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.captions.cues.clear();
    // A still picture, a black one, and more than two seconds of movement, with a cut between all.
    let black = bench.picture(&RgbaImage::from_pixel(36, 64, Rgba([0, 0, 0, 255]))).await;
    for (scene, millis) in timeline.scenes.iter_mut().zip([1500, 700, 2500]) {
        scene.duration = MediaTime::from_millis(millis);
        scene.transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        scene.layers.iter_mut().for_each(|layer| layer.entrance = Entrance::None);
    }
    timeline.scenes[0].layers[0].motion = Motion::STILL;
    timeline.scenes[1].layers.truncate(1);
    timeline.scenes[1].layers[0].picture = black;
    let folder = tempfile::tempdir().unwrap();
    let render = async |encoder, turned| {
        let (tools, work) = (written_down(&bench, folder.path(), turned), bench.work.path().join("work"));
        let renderer = FfmpegRenderer::new(tools, bench.blobs.clone(), FontKit::shared().clone(), work);
        let settings = RenderSettings { encoder, ..settings() };
        let rendered = renderer.render(&timeline, &settings, &Operation::detached()).await.unwrap();
        let calls = folder.path().join("calls");
        let said = std::fs::read_to_string(&calls).unwrap();
        std::fs::remove_file(calls).unwrap();
        (rendered, ["nokey", "noref"].map(|frames| said.contains(frames)))
    };
    for encoder in [Encoder::Standard, Encoder::Draft] {
        let (rendered, decoded) = render(encoder, false).await;
        assert_eq!(decoded, [true, false], "{encoder:?}");
        let file = bench.work.path().join("file.mp4");
        bench.blobs.export(rendered.video.sha256, &file).await.unwrap();
        let decoded = probe_file(&bench.tools, &file, Look::Sampled, &Operation::detached()).await.unwrap();
        // The third moves so slowly that the noise of an encoder decides how long each of its pictures is still.
        let still = |info: &MediaInfo| {
            let content = info.content.clone().unwrap();
            (content.black, content.frozen[..2].to_vec(), content.repeated, content.complaint)
        };
        assert_eq!(still(&rendered.info), still(&decoded), "frames look like the file that was made of them");
        let stretch = |start, end| Stretch { start: MediaTime::from_millis(start), end: MediaTime::from_millis(end) };
        let (picture, black) = (stretch(0, 1500), stretch(1500, 2200));
        assert_eq!(still(&decoded), (vec![black], vec![picture, black], 0.0, None));
    }
    let (rendered, decoded) = render(Encoder::Standard, true).await;
    assert_eq!(decoded, [true, true], "it shows something else");
    assert!(rendered.info.content.unwrap().black.is_empty(), "and counts as what it shows");
}
