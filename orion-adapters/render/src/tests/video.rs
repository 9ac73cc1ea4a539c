//! What a whole render gives, on the real file.

use super::*;
use crate::{FfprobeProbe, Look, probe_file};
use orion_core::domain::Platform;
use orion_core::domain::h264::Level;
use orion_core::service::editor::{Expectations, check_file, repairs, validate};
use orion_core::{Cancellation, ErrorKind, Operation, RecordedProgress};

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_video_is_what_the_timeline_says() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let progress = Arc::new(RecordedProgress::default());
    let operation = Operation::new(Cancellation::new(), progress.clone());
    let rendered = bench.renderer().render(&timeline, &settings(), &operation).await.unwrap();
    assert_eq!(bench.left_over(), 0);
    assert_eq!(rendered.frames, 90);

    let probe = FfprobeProbe::new(bench.tools.clone(), bench.blobs.clone(), bench.work.path());
    let info = probe.probe(&rendered.video, &Operation::detached()).await.unwrap();
    let mut known = rendered.info.clone();
    assert!(known.content.as_mut().unwrap().captions.take().is_some(), "only who draws them knows where captions are");
    assert_eq!(info, known);
    let validation = validate(&info, &timeline, &Expectations { loudness_tolerance: 0.5, ..Expectations::default() });
    assert!(validation.passed(), "{validation:#?}");
    assert_eq!(info.profile.as_deref(), Some("High"));
    assert_eq!(info.frames, Some(90));
    assert_eq!(bench.left_over(), 0);

    // Without ffprobe ffmpeg tells the same, but that it does not round lengths to milliseconds.
    let alone = bench.tools.clone().without_ffprobe();
    let probe = FfprobeProbe::new(alone, bench.blobs.clone(), bench.work.path());
    let told = probe.probe(&rendered.video, &Operation::detached()).await.unwrap();
    let near = |a: MediaTime, b: MediaTime| a.0.abs_diff(b.0) <= 2_000;
    assert!(near(told.duration, info.duration), "{told:?}");
    assert!(told.video_duration.zip(info.video_duration).is_some_and(|(a, b)| near(a, b)), "{told:?}");
    assert!(told.audio_duration.zip(info.audio_duration).is_some_and(|(a, b)| near(a, b)), "{told:?}");
    let (duration, video_duration, audio_duration) = (info.duration, info.video_duration, info.audio_duration);
    assert_eq!(MediaInfo { duration, video_duration, audio_duration, ..told }, info);

    let updates = progress.updates();
    assert!(updates.iter().all(|update| update.unit == "frames" && update.total == 90 && update.time_left.is_some()));
    assert_eq!(updates.last().map(|update| update.done), Some(90));

    // The title is a title: nothing of it became a chapter, a stream or another tag.
    let file = bench.work.path().join("video.mp4");
    bench.blobs.export(rendered.video.sha256, &file).await.unwrap();
    let ffprobe = std::process::Command::new(bench.tools.ffprobe().unwrap())
        .args(["-v", "error", "-print_format", "json", "-show_format", "-show_streams"])
        .arg(&file)
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&ffprobe.stdout).unwrap();
    assert_eq!(answer["format"]["tags"]["title"], "A=b;c#\\ '\" [STREAM] 新しい");
    let video = &answer["streams"][0];
    for tag in ["color_space", "color_transfer", "color_primaries"] {
        assert_eq!(video[tag], "bt709");
    }
    assert_eq!(video["color_range"], "tv");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_and_rate_has_its_profile_level_key_frames_and_tags() {
    let Some(bench) = Bench::new() else { return };
    let whole = bench.timeline().await;
    // Every shape and every rate; the level of all pairs of them is tested where it is found.
    let formats = Format::ALL.iter().flat_map(|format| [(*format, 24, 40), (*format, 60, 42)]);
    for (format, rate, level) in formats.chain([(Format::Vertical, 25, 40), (Format::Vertical, 30, 40)]) {
        let mut timeline = whole.clone();
        timeline.canvas = format.canvas(rate);
        timeline.scenes.truncate(1);
        timeline.scenes[0].duration = MediaTime::from_millis(2100);
        timeline.scenes[0].layers.truncate(1);
        timeline.captions.cues.clear();
        timeline.audio[0].duration = MediaTime::from_millis(1900);
        let info = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap().info;
        assert_eq!((info.profile.as_deref(), info.level), (Some("High"), Some(level)), "{format:?} {rate}");
        assert_eq!(info.key_frames, Some(MediaTime::from_millis(2000)), "{format:?} {rate}");
        assert_eq!(info.colour, Some(ColourTags::bt709()), "{format:?} {rate}");
        assert_eq!((info.width, info.height), (timeline.canvas.width, timeline.canvas.height));
        assert!((info.frames_per_second - f64::from(rate)).abs() < 0.01 && info.fast_start && !info.edited);
        let validation = validate(&info, &timeline, &Expectations::default());
        assert!(validation.passed(), "{format:?} {rate}: {validation:#?}");
        let checked = check_file(&info, Some(Platform::Youtube));
        for name in ["profile", "level", "key frames", "colours", "fps", "resolution"] {
            assert!(checked.checks.iter().any(|check| check.name == name && check.passed), "{name}: {checked:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_preset_of_the_encoder_keeps_to_its_level() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    for (encoder, profile) in
        [(Encoder::Draft, "Constrained Baseline"), (Encoder::Standard, "High"), (Encoder::Premium, "High")]
    {
        let settings = RenderSettings { encoder, ..settings() };
        let info = bench.renderer().render(&timeline, &settings, &Operation::detached()).await.unwrap().info;
        let found = (info.profile.as_deref(), info.level, info.key_frames.is_some_and(|apart| apart.seconds() <= 2.0));
        assert_eq!(found, (Some(profile), Some(Level::of(&timeline.canvas).number), true), "{encoder:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_the_same_every_time_and_captions_show() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    let renderer = bench.renderer();
    for millis in [0, 500, 1000, 1950] {
        let at = MediaTime::from_millis(millis);
        let (one, other) = (renderer.frame(&timeline, at).await.unwrap(), renderer.frame(&timeline, at).await.unwrap());
        assert_eq!(one, other);
    }
    let with = renderer.frame(&timeline, MediaTime::from_millis(100)).await.unwrap();
    timeline.captions.cues.clear();
    let without = renderer.frame(&timeline, MediaTime::from_millis(100)).await.unwrap();
    let read =
        async |blob: &BlobRef| image::load_from_memory(&bench.blobs.require(blob).await.unwrap()).unwrap().to_rgb8();
    let (with, without) = (read(&with).await, read(&without).await);
    let mut touched = (u32::MAX, 0, u32::MAX, 0);
    for ((x, y, one), other) in with.enumerate_pixels().zip(without.pixels()) {
        if one != other {
            touched = (touched.0.min(x), touched.1.max(x), touched.2.min(y), touched.3.max(y));
        }
    }
    // Inside the middle of the width, in the middle of the height, with something of its soft shadow beyond.
    assert!(touched.0 >= 20 && touched.1 <= 340 && touched.2 > 240 && touched.3 < 400, "{touched:?}");
    assert_eq!(bench.left_over(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_letters_without_a_space_are_no_word() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    for letter in ["x", "ก", "字", "ש", "क्ष", "🚀"] {
        let (start, end) = (MediaTime::ZERO, MediaTime::from_millis(900));
        let words = vec![TimedWord { text: letter.repeat(10_000), start, end }];
        timeline.captions.cues = vec![Cue { start, end, words }];
        let error = bench.renderer().frame(&timeline, MediaTime::from_millis(400)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{letter}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let nowhere = Tools::at("/nowhere/ffmpeg");
    let work = bench.work.path();
    let renderer = FfmpegRenderer::new(nowhere, bench.blobs.clone(), FontKit::shared().clone(), work);
    let error = renderer.render(&timeline, &settings(), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().unwrap().contains("apt install ffmpeg"));

    let renderer = bench.renderer();
    let mut newer = timeline.clone();
    newer.version += 1;
    let error = renderer.render(&newer, &settings(), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);

    let mut lost = timeline.clone();
    bench.blobs.delete(lost.scenes[2].layers[1].picture.sha256).await.unwrap();
    let error = renderer.render(&lost, &settings(), &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    lost.scenes.truncate(2);
    assert_eq!(bench.left_over(), 0);

    let text = bench.blobs.put("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".into(), "text/plain").await.unwrap();
    let probe = FfprobeProbe::new(bench.tools.clone(), bench.blobs.clone(), work);
    let error = probe.probe(&text, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rendered_file_is_set_right_in_a_second_pass() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let good = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    // The same picture with its index last, its sound half as loud and too short.
    let (whole, worse) = (bench.work.path().join("whole.mp4"), bench.work.path().join("worse.mp4"));
    bench.blobs.export(good.video.sha256, &whole).await.unwrap();
    let mut ffmpeg = std::process::Command::new(bench.tools.ffmpeg().unwrap());
    ffmpeg
        .args(["-v", "error", "-i"])
        .arg(&whole)
        .args(["-c:v", "copy", "-af", "volume=-9dB,atrim=end=2.2"])
        .arg(&worse);
    assert!(ffmpeg.status().unwrap().success());
    let video = bench.blobs.import(&worse, "video/mp4").await.unwrap();
    let probe = FfprobeProbe::new(bench.tools.clone(), bench.blobs.clone(), bench.work.path());
    let info = probe.probe(&video, &Operation::detached()).await.unwrap();
    let rendered = Rendered { video, info, ..good.clone() };
    let wanted = repairs(&rendered.info, &validate(&rendered.info, &timeline, &Expectations::default()));
    assert_eq!(wanted.iter().copied().collect::<Vec<_>>(), [Repair::Index, Repair::Loudness, Repair::Length]);
    let (again, info) = bench.renderer().repair(&rendered, &wanted, &Operation::detached()).await.unwrap();
    let validation = validate(&info, &timeline, &Expectations::default());
    assert!(validation.passed(), "{validation:#?}");
    let frames = async |blob: &BlobRef| {
        let file = bench.work.path().join("file.mp4");
        bench.blobs.export(blob.sha256, &file).await.unwrap();
        let mut ffmpeg = std::process::Command::new(bench.tools.ffmpeg().unwrap());
        ffmpeg.args(["-v", "error", "-i"]).arg(&file).args(["-map", "0:v", "-c", "copy", "-f", "md5", "-"]);
        ffmpeg.output().unwrap().stdout
    };
    assert_eq!(frames(&again).await, frames(&good.video).await, "the picture is the same, bit by bit");
    let left: Vec<_> = std::fs::read_dir(bench.work.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

/// Scenes whose ground is a clip: red for its first half second, then blue.
#[tokio::test(flavor = "multi_thread")]
async fn clips_play_are_cut_with_their_scene_and_held_behind_their_end() {
    let Some(bench) = Bench::new() else { return };
    let made = std::process::Command::new(bench.tools.ffmpeg().unwrap())
        .args(["-v", "error", "-f", "lavfi", "-i", "color=red:size=90x160:rate=10:duration=0.5"])
        .args(["-f", "lavfi", "-i", "color=blue:size=90x160:rate=10:duration=0.5"])
        .args(["-filter_complex", "concat=n=2", "-pix_fmt", "yuv420p", "-c:v", "libx264"])
        .args(["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let clip = bench.blobs.put(made.stdout.into(), "video/mp4").await.unwrap();
    let mut timeline = bench.timeline().await;
    for (scene, millis) in timeline.scenes.iter_mut().zip([400, 1000, 1600]) {
        scene.layers.truncate(1);
        scene.layers[0] = Layer { picture: clip.clone(), motion: Motion::STILL, entrance: Entrance::None };
        scene.transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        scene.duration = MediaTime::from_millis(millis);
    }
    timeline.captions.cues.clear();
    let is_red = async |at: i64| {
        let png = bench.renderer().frame(&timeline, MediaTime::from_millis(at)).await.unwrap();
        let image = image::load_from_memory(&bench.blobs.get(png.sha256).await.unwrap().unwrap()).unwrap().into_rgb8();
        let [red, _, blue] = image.get_pixel(180, 320).0;
        assert!(red.abs_diff(blue) > 100, "{red} {blue} at {at}");
        red > blue
    };
    // The first is cut within the red; the third holds the blue for longer than the clip lasts.
    for (at, expected) in
        [(0, true), (350, true), (450, true), (1300, false), (1450, true), (2100, false), (2950, false)]
    {
        assert_eq!(is_red(at).await, expected, "at {at}");
    }
    let rendered = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    assert_eq!((rendered.frames, bench.left_over()), (90, 0));
    // What is no clip is told, and leaves nothing behind.
    let none = bench.blobs.put("<html>".into(), "video/mp4").await.unwrap();
    timeline.scenes[1].layers[0].picture = none;
    let error = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap_err();
    assert_eq!((error.kind(), bench.left_over()), (ErrorKind::Invalid, 0), "{error:?}");
    // A stop ends every child.
    let operation = Operation::detached();
    operation.cancellation.cancel();
    assert!(bench.renderer().render(&timeline, &settings(), &operation).await.is_err());
    assert_eq!(children_in(bench.work.path()), 0);
}

/// Where captions are is measured on what was drawn, and is where a picture of the file shows them.
#[tokio::test(flavor = "multi_thread")]
async fn what_captions_leave_free_is_what_is_seen_in_the_file() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.scenes.truncate(1);
    timeline.scenes[0].layers.truncate(1);
    let black = bench.picture(&RgbaImage::from_pixel(90, 160, Rgba([0, 0, 0, 255]))).await;
    timeline.scenes[0].layers[0] = Layer { picture: black, motion: Motion::STILL, entrance: Entrance::None };
    let (start, end) = (MediaTime::ZERO, MediaTime::from_millis(900));
    let words = vec![TimedWord { text: "WIDELY MEASURED".to_owned(), start, end }];
    timeline.captions.cues = vec![Cue { start, end, words }];
    let rendered = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    let free = rendered.info.content.as_ref().unwrap().captions.unwrap();
    let file = bench.work.path().join("file.mp4");
    bench.blobs.export(rendered.video.sha256, &file).await.unwrap();
    let mut ffmpeg = std::process::Command::new(bench.tools.ffmpeg().unwrap());
    ffmpeg.args(["-v", "error", "-ss", "0.5", "-i"]).arg(&file);
    let shown = ffmpeg.args(["-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"]).output().unwrap().stdout;
    assert_eq!(shown.len(), 360 * 640);
    let (mut x, mut y) = ((360, 0), (640, 0));
    for at in (0..shown.len()).filter(|at| shown[*at] > 128) {
        (x, y) = ((x.0.min(at % 360), x.1.max(at % 360 + 1)), (y.0.min(at / 360), y.1.max(at / 360 + 1)));
    }
    // The outline is black on black: it is all that may lie between.
    let outline = timeline.captions.style.outline * 640.0 + 2.0;
    for (free, seen) in [
        (free.left * 360.0, x.0 as f64),
        (free.top * 640.0, y.0 as f64),
        (free.right * 360.0, 360.0 - x.1 as f64),
        (free.bottom * 640.0, 640.0 - y.1 as f64),
    ] {
        assert!(free <= seen + 1.0 && free >= seen - outline, "{free} {seen}: {x:?} {y:?}");
    }
    let checks = validate(&rendered.info, &timeline, &Expectations::default()).checks;
    assert!(checks.iter().any(|check| check.name == "safe area" && check.passed), "{checks:#?}");
    timeline.captions.cues.clear();
    let none = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    assert_eq!(none.info.content.unwrap().captions, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_or_made_otherwise_than_it_was_to_be_is_found() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let good = bench.renderer().render(&timeline, &settings(), &Operation::detached()).await.unwrap();
    let (whole, other) = (bench.work.path().join("whole.mp4"), bench.work.path().join("other.mp4"));
    bench.blobs.export(good.video.sha256, &whole).await.unwrap();
    for (arguments, wanted) in [
        (&["-t", "2", "-c:v", "copy"][..], &["duration", "frames", "captions"][..]),
        (&["-vf", "scale=180:320"], &["resolution"]),
        (&["-vf", "fps=25"], &["fps", "frames"]),
        (&["-c:v", "mpeg4"], &["codec"]),
        (&["-c:v", "copy", "-c:a", "mp3"], &["audio codec"]),
        (&["-c:v", "copy", "-ar", "44100"], &["sample rate"]),
        (&["-c:v", "copy", "-af", "volume=12dB"], &["loudness", "true peak"]),
    ] {
        let mut ffmpeg = std::process::Command::new(bench.tools.ffmpeg().unwrap());
        ffmpeg
            .args(["-v", "error", "-y", "-i"])
            .arg(&whole)
            .args(arguments)
            .args(["-movflags", "+faststart"])
            .arg(&other);
        assert!(ffmpeg.status().unwrap().success(), "{arguments:?}");
        let info = probe_file(&bench.tools, &other, Look::Sampled, &Operation::detached()).await.unwrap();
        let validation = validate(&info, &timeline, &Expectations::default());
        let failed: Vec<&str> =
            validation.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
        assert!(wanted.iter().all(|name| failed.contains(name)), "{arguments:?}: {failed:?}");
    }
}
