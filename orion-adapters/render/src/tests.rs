//! Whole renders of small timelines. They need ffmpeg: without it they are skipped loudly, unless `ORION_REQUIRE`
//! names it.

use crate::{EncodedBy, FfmpegRenderer, FfprobeProbe, Hardware, Tools};
use image::{ImageFormat, Rgba, RgbaImage};
use orion_core::domain::h264::Level;
use orion_core::domain::timeline::*;
use orion_core::domain::{BlobRef, Platform, SafeArea};
use orion_core::memory::MemoryBlobs;
use orion_core::port::*;
use orion_core::service::editor::{Expectations, check_file, encode_wav, repairs, validate};
use orion_core::{Cancellation, ErrorKind, MediaTime, Operation, ProgressUpdate, RecordedProgress};
use orion_draw::FontKit;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Text that tries to leave its place: for filter graphs, ASS, FFMETADATA, shells and layout.
const HOSTILE: [&str; 8] = [
    "'\"\\:;[],%{}<>`$(x)",
    "drawtext=textfile=/etc/passwd",
    "\u{1F680}\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    "\u{202E}مرحبا",
    "新しい",
    "a\u{7}\u{1b}[31m\r\nb",
    "\u{2066}\u{202B}left\u{2069}\u{2069}\u{2067}open",
    "{\\an8\\p1}m 0 0 l 9 9{\\p0}\\N\\h",
];

pub(crate) struct Bench {
    pub(crate) tools: Tools,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) work: TempDir,
}

impl Bench {
    /// `None`, with a word about it, where there is no ffmpeg.
    #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
    pub(crate) fn new() -> Option<Self> {
        let tools = Tools::from_environment();
        if tools.ffmpeg().is_err() || tools.ffprobe().is_err() {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "ffmpeg"), "ffmpeg is required and not there");
            eprintln!("SKIPPED: ffmpeg is not on this machine");
            return None;
        }
        Some(Self { tools, blobs: Arc::new(MemoryBlobs::new()), work: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn renderer(&self) -> FfmpegRenderer {
        FfmpegRenderer::new(self.tools.clone(), self.blobs.clone(), FontKit::shared().clone(), self.work.path())
    }

    pub(crate) async fn picture(&self, image: &RgbaImage) -> BlobRef {
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).unwrap();
        self.blobs.put(png.into_inner().into(), "image/png").await.unwrap()
    }

    /// Three scenes of a second with type, motion, transitions, hostile captions and a voice.
    pub(crate) async fn timeline(&self) -> Timeline {
        let mut scenes = Vec::new();
        for id in 0..3_u32 {
            let ground =
                RgbaImage::from_fn(90, 160, |x, y| Rgba([(x * 2) as u8, (60 * id) as u8, (y + 40 * id) as u8, 255]));
            let type_layer = RgbaImage::from_fn(360, 640, |x, y| {
                let bar = (40..320).contains(&x) && (100..140).contains(&y);
                Rgba([255, 255, 255, if bar { 255 } else { 0 }])
            });
            let zoom = Motion { from: View::WHOLE, to: View { zoom: 1.2, ..View::WHOLE } };
            let rise = Entrance::Rise { duration: MediaTime::from_millis(200), distance: 0.02 };
            let kind = [TransitionKind::Cut, TransitionKind::Crossfade, TransitionKind::PushLeft][id as usize];
            let length = if id == 0 { 0 } else { 300 };
            scenes.push(Scene {
                id,
                duration: MediaTime::from_millis(1000),
                layers: vec![
                    Layer { picture: self.picture(&ground).await, motion: zoom, entrance: Entrance::None },
                    Layer { picture: self.picture(&type_layer).await, motion: Motion::STILL, entrance: rise },
                ],
                transition: Transition { kind, duration: MediaTime::from_millis(length) },
                locked: false,
            });
        }
        let cues = (0..).zip(HOSTILE).map(|(n, text)| {
            let (start, end) = (MediaTime::from_millis(n * 350), MediaTime::from_millis(n * 350 + 350));
            Cue { start, end, words: vec![TimedWord { text: text.to_owned(), start, end }] }
        });
        let voice: Vec<f32> = (0..60_000)
            .map(|n| {
                let time = n as f32 / 22_050.0;
                0.3 * (time * 1100.0).sin() * (time * 9.0).sin().powi(2)
            })
            .collect();
        let source = self.blobs.put(encode_wav(&voice, 22_050), "audio/wav").await.unwrap();
        let (start, duration) = (MediaTime::from_millis(150), MediaTime::from_units(60_000, 22_050));
        Timeline {
            version: Timeline::VERSION,
            canvas: Canvas { width: 360, height: 640, frames_per_second: 30 },
            scenes,
            captions: Captions { style: CaptionStyle::tiktok(), cues: cues.collect() },
            audio: vec![AudioTrack { source, start, duration, role: AudioRole::Narration, gain_db: 0.0 }],
            loudness: Loudness::PLATFORM,
        }
    }

    /// Files under the working folder.
    fn left_over(&self) -> usize {
        std::fs::read_dir(self.work.path()).unwrap().count()
    }
}

pub(crate) fn settings() -> RenderSettings {
    RenderSettings { encoder: Encoder::Standard, title: "A=b;c#\\ '\"\n[STREAM] 新しい".to_owned() }
}

/// Children of this process whose working folder or command line names a path.
fn children_in(folder: &std::path::Path) -> usize {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .count()
}

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
    assert_eq!(info, rendered.info);
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
async fn cancelling_leaves_no_file_and_no_child() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.scenes[2].duration = MediaTime::from_seconds(600.0);
    let stop = Cancellation::new();
    let (begun, stopper) = (Arc::new(Mutex::new(0)), stop.clone());
    let seen = begun.clone();
    let progress = move |update: ProgressUpdate| {
        *seen.lock().unwrap() = update.done;
        if update.done > 20 {
            stopper.cancel();
        }
    };
    let operation = Operation::new(stop, Arc::new(progress));
    let error = bench.renderer().render(&timeline, &settings(), &operation).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(*begun.lock().unwrap() > 20);
    assert_eq!(bench.left_over(), 0);
    assert_eq!(children_in(bench.work.path()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_at_any_moment_leaves_nothing_half() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let mut stopped = 0;
    // Spread over the whole: sound, the first frame, the last, and the look at what was made.
    for pause in (0..24).map(|step| Duration::from_millis(step * step * 4)) {
        let stop = Cancellation::new();
        let (renderer, settings) = (bench.renderer(), settings());
        let operation = Operation::new(stop.clone(), Arc::new(|_: ProgressUpdate| {}));
        let render = renderer.render(&timeline, &settings, &operation);
        let stopper = async {
            tokio::time::sleep(pause).await;
            stop.cancel();
        };
        match tokio::join!(render, stopper).0 {
            Ok(rendered) => assert_eq!(rendered.frames, 90),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "after {pause:?}: {error:?}");
                stopped += 1;
            }
        }
        assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0), "after {pause:?}");
    }
    assert!(stopped > 0);
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
async fn a_dropped_render_ends_too() {
    let Some(bench) = Bench::new() else { return };
    let mut timeline = bench.timeline().await;
    timeline.scenes[2].duration = MediaTime::from_seconds(600.0);
    let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let operation = Operation::new(
        Cancellation::new(),
        Arc::new(move |_: ProgressUpdate| {
            let _ = sender.send(());
        }),
    );
    let (renderer, settings) = (bench.renderer(), settings());
    tokio::select! {
        _ = renderer.render(&timeline, &settings, &operation) => panic!("ten minutes cannot be done yet"),
        _ = begun.recv() => {}
    }
    for _ in 0..500 {
        if bench.left_over() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((bench.left_over(), children_in(bench.work.path())), (0, 0));
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
async fn a_thumbnail_has_its_size_and_bears_any_title() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let layers: Vec<BlobRef> = timeline.scenes[1].layers.iter().map(|layer| layer.picture.clone()).collect();
    let long = "a_very_long_word_without_a_break ".repeat(30);
    for title in ["", "A title", &long, HOSTILE[3]] {
        let canvas = Canvas { width: 640, height: 360, frames_per_second: 1 };
        let (layers, title, accent) = (layers.clone(), title.to_owned(), 0x00FF88);
        let request = ThumbnailRequest { layers, title, accent, canvas, covered: SafeArea::WHOLE };
        let drawn = bench.renderer().thumbnail(&request).await.unwrap();
        let (blob, marks) = (drawn.picture, drawn.marks);
        assert!((0.0..=1.0).contains(&marks.score()) && (marks.title > 0.0) != request.title.is_empty(), "{marks:?}");
        let picture = image::load_from_memory(&bench.blobs.require(&blob).await.unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (640, 360));
        assert_eq!(blob.media_type, "image/jpeg");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_stays_where_no_app_covers_it() {
    let Some(bench) = Bench::new() else { return };
    let canvas = Canvas { width: 540, height: 960, frames_per_second: 1 };
    let title = "A title of several words that takes some lines".to_owned();
    let covered = SafeArea::of_all();
    let request = ThumbnailRequest { layers: Vec::new(), title, accent: 0x00FF88, canvas, covered };
    let drawn = bench.renderer().thumbnail(&request).await.unwrap();
    let picture = image::load_from_memory(&bench.blobs.require(&drawn.picture).await.unwrap()).unwrap().to_luma8();
    let (mut lights, inside) = (0, |share: f64, full: u32| (share * f64::from(full)) as u32);
    for (x, y, pixel) in picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 128) {
        lights += 1;
        let across = inside(covered.left, 540)..=540 - inside(covered.right, 540);
        assert!(across.contains(&x) && y <= 960 - inside(covered.bottom, 960), "{x} {y} {pixel:?}");
    }
    assert!(lights > 1000 && drawn.marks.title > 0.9, "{lights} {:?}", drawn.marks);
}

/// An ffmpeg that has an encoder of this name, which is x264 behind it; `after` frames of a render it breaks off.
#[cfg(unix)]
fn with_chip(bench: &Bench, folder: &std::path::Path, breaks: bool) -> Tools {
    use std::os::unix::fs::PermissionsExt;
    let script = format!(
        "#!/bin/bash\ncall=(); for word in \"$@\"; do case $word in h264_nvenc) word=libx264; chip=1;; esac; call+=(\"$word\"); done\n\
         [ -n \"$chip\" ] || exec {ffmpeg} \"$@\"\n\
         if {breaks} && [[ $* != *testsrc2* ]]; then echo 'No capable devices found' >&2; exit 1; fi\n\
         out=(); skip=; for word in \"${{call[@]}}\"; do [ -z \"$skip\" ] || {{ skip=; continue; }}\n\
         case $word in -preset|-tune|-rc|-cq|-b:v|-forced-idr) skip=1;; *) out+=(\"$word\");; esac; done\n\
         exec {ffmpeg} \"${{out[@]}}\"\n",
        ffmpeg = bench.tools.ffmpeg().unwrap().display(),
    );
    let place = folder.join("ffmpeg");
    std::fs::write(&place, script).unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tools::at(place)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_chip_encodes_where_it_works_and_x264_where_it_does_not() {
    let Some(bench) = Bench::new() else { return };
    let timeline = bench.timeline().await;
    let render = async |tools: Tools| {
        let work = bench.work.path();
        let renderer = FfmpegRenderer::new(tools, bench.blobs.clone(), FontKit::shared().clone(), work);
        renderer.render(&timeline, &settings(), &Operation::detached()).await.unwrap()
    };
    let expectations = Expectations::default();
    let folder = tempfile::tempdir().unwrap();
    let chip = with_chip(&bench, folder.path(), false);
    let made = render(chip.clone().with_encoder(EncodedBy::Auto)).await;
    assert_eq!(made.encoder, "h264_nvenc quality 23");
    assert!(validate(&made.info, &timeline, &expectations).passed(), "{:#?}", made.info);
    // Nobody who did not ask for it gets it.
    assert!(render(chip).await.encoder.starts_with("libx264 veryfast"));
    // One that is not there, as on most machines; `libx264` is what is left of its command otherwise.
    let nothing = render(bench.tools.clone().with_encoder(EncodedBy::Only(Hardware::Videotoolbox))).await;
    let told = &nothing.encoder;
    assert!(told.starts_with("libx264") && told.contains("h264_videotoolbox: "), "{told}");
    assert!(validate(&nothing.info, &timeline, &expectations).passed());
    // One that passes its test and breaks off later.
    let broken = with_chip(&bench, folder.path(), true).with_encoder(EncodedBy::Only(Hardware::Nvenc));
    let made = render(broken).await;
    let told = &made.encoder;
    assert!(told.starts_with("libx264") && told.contains("h264_nvenc: No capable devices found"), "{told}");
    assert_eq!((made.frames, bench.left_over()), (90, 0));
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
