//! Renders half a minute of cards and says what it cost: frames per second, CPU seconds, memory.
//!
//! `cargo run --release -p orion-benches --bin render -- [draft|standard|premium] [FOLDER]`; with a folder,
//! the video and some stills are put there. Memory and CPU figures need Linux.

use orion_core::domain::BlobRef;
use orion_core::domain::timeline::{Canvas, CaptionStyle, Timeline};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{
    BlobStore, BlobStoreExt, Encoder, RenderSettings, Renderer, SpokenWord, ThumbnailRequest, WordTimes,
};
use orion_core::service::editor::{CaptionFiles, Expectations, Narration, SpokenLine, assemble, encode_wav, validate};
use orion_core::service::media::{PictureLayer, ScenePicture};
use orion_core::{Error, MediaTime, Operation, Result};
use orion_draw::{Align, FontKit, Pixmap, TextPaint, TextStyle, Weight, blur, picture, rgb, rgba, shape};
use orion_render::{FfmpegRenderer, Tools};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const LINES: [(&str, &str); 7] = [
    ("SQLite just got twice as fast.", "SQLite writes 2x faster"),
    ("The new storage engine replaces the old tree, after twenty-five years.", "A new engine"),
    ("Bulk inserts run 2.1 times faster on NVMe drives, the team said.", "2.1x"),
    ("But there is a catch: point reads were eight percent slower.", "-8 % reads"),
    ("The file format is new, so old tools cannot open it.", "New file format"),
    ("Version three will be supported until twenty fifty.", "Supported until 2050"),
    ("Would you switch? Tell me in the comments, and follow for more.", "Would you switch?"),
];
const ACCENTS: [u32; 4] = [0x21D4FD, 0xB721FF, 0xFFB300, 0x00E08A];

/// A soft ground of a quarter of the size, and a layer of type.
async fn card(blobs: &MemoryBlobs, fonts: &FontKit, number: usize, headline: &str) -> Result<ScenePicture> {
    let failed = || Error::unexpected("no pixels");
    let mut ground = Pixmap::new(270, 480).ok_or_else(failed)?;
    ground.fill(rgb(0x0B1020));
    for glow in 0..3 {
        let colour = ACCENTS[(number + glow) % ACCENTS.len()];
        let (x, y) = (40.0 + 95.0 * glow as f32, 60.0 + (170 * ((number + glow) % 3)) as f32);
        shape::circle(&mut ground, x, y, 75.0, rgba(colour, 0.75));
    }
    blur::blur_channels(ground.data_mut(), 270, 480, 4, 28.0);
    let mut words = Pixmap::new(1080, 1920).ok_or_else(failed)?;
    let panel = shape::rounded(shape::rect(90.0, 330.0, 900.0, 620.0), 48.0).ok_or_else(failed)?;
    shape::fill(&mut words, &panel, rgba(0xFFFFFF, 0.10));
    shape::stroke(&mut words, &panel, 3.0, None, rgba(0xFFFFFF, 0.25));
    let style = TextStyle::new(Weight::Black, 150.0).align(Align::Left);
    let layout = fonts.fit(headline, style, 60.0, (780.0, 480.0), 4);
    layout.draw(&mut words, 150, 400, &TextPaint::solid(rgb(0xFFFFFF)));
    let mut layers = Vec::new();
    for (pixmap, moves) in [(ground, true), (words, false)] {
        let (width, height) = (pixmap.width(), pixmap.height());
        let png = picture::encode_png(pixmap)?;
        layers.push(PictureLayer { blob: blobs.put(png.into(), "image/png").await?, width, height, moves });
    }
    Ok(ScenePicture { scene_number: number as u32 + 1, provider: "bench".to_owned(), credit: None, layers })
}

/// A buzz in the rhythm of the words: nothing to listen to, but with the level of speech.
async fn line(blobs: &MemoryBlobs, text: &str) -> Result<SpokenLine> {
    let rate = 22_050;
    let mut words = Vec::new();
    let mut time = 0.05;
    for word in text.split_whitespace() {
        let length = 0.12 + 0.055 * word.chars().count() as f64;
        let (start, end) = (MediaTime::from_seconds(time), MediaTime::from_seconds(time + length));
        words.push(SpokenWord { text: word.to_owned(), start, end });
        time += length + if word.ends_with(['.', ',', ':', '?']) { 0.22 } else { 0.03 };
    }
    let samples: Vec<f32> = (0..(time * f64::from(rate)) as usize)
        .map(|index| {
            let time = index as f64 / f64::from(rate);
            let at = MediaTime::from_seconds(time);
            let spoken = words.iter().find(|word| word.start <= at && at < word.end);
            let Some(word) = spoken else { return 0.0 };
            let share = (at - word.start).seconds() / (word.end - word.start).seconds();
            let tone: f64 =
                (1..12).map(|n| (f64::from(n) * 130.0 * std::f64::consts::TAU * time).sin() / f64::from(n)).sum();
            (0.35 * tone * (share * std::f64::consts::PI).sin()) as f32
        })
        .collect();
    let audio = blobs.put(encode_wav(&samples, rate), "audio/wav").await?;
    Ok(SpokenLine {
        audio: Some(audio),
        duration: MediaTime::from_units(samples.len() as u64, rate),
        words,
        times: WordTimes::Voice,
    })
}

async fn timeline(blobs: &MemoryBlobs, fonts: &FontKit) -> Result<Timeline> {
    let (mut pictures, mut lines) = (Vec::new(), Vec::new());
    for (number, (text, headline)) in LINES.iter().enumerate() {
        pictures.push(card(blobs, fonts, number, headline).await?);
        lines.push(line(blobs, text).await?);
    }
    let narration = Narration { lines, provider: "bench".to_owned(), reused: false };
    assemble(&narration, &pictures, &CaptionStyle::tiktok(), Canvas::VERTICAL)
}

/// User and system time of this process and of its ended children, in seconds, apart.
fn cpu() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    let ticks = |from: usize| fields.get(from..from + 2).map_or(0.0, |pair| pair.iter().sum::<f64>() / 100.0);
    (ticks(11), ticks(13))
}

/// A field of `/proc/PID/status` in MB.
fn status(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The largest sum of memory of this process and its children, looked at often.
fn watch(stop: &AtomicBool, most: &AtomicU64) {
    let own = std::process::id().to_string();
    while !stop.load(Ordering::Relaxed) {
        let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let others: String =
            threads.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok()).collect();
        let mut ids: Vec<&str> = children.split_whitespace().chain(others.split_whitespace()).collect();
        ids.sort_unstable();
        ids.dedup();
        let sum = status("self", "VmRSS") + ids.iter().map(|id| status(id, "VmRSS")).sum::<u64>();
        most.fetch_max(sum, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn export(blobs: &MemoryBlobs, blob: &BlobRef, file: PathBuf) -> Result<()> {
    blobs.require(blob).await?;
    blobs.export(blob.sha256, &file).await
}

async fn keep(folder: &Path, renderer: &FfmpegRenderer, blobs: &MemoryBlobs, timeline: &Timeline) -> Result<()> {
    for number in 0..12 {
        let at = MediaTime::from_seconds(timeline.duration().seconds() * (f64::from(number) + 0.3) / 12.0);
        let frame = renderer.frame(timeline, at).await?;
        export(blobs, &frame, folder.join(format!("frame-{number:02}.png"))).await?;
    }
    let layers = vec![timeline.scenes[0].layers[0].picture.clone()];
    for (name, width, height) in [("tall", 1080, 1920), ("wide", 1280, 720)] {
        let canvas = Canvas { width, height, frames_per_second: 30 };
        let title = "SQLite just got twice as fast, and it breaks every old file".to_owned();
        let request = ThumbnailRequest { layers: layers.clone(), title, accent: ACCENTS[0], canvas };
        let thumbnail = renderer.thumbnail(&request).await?;
        export(blobs, &thumbnail, folder.join(format!("thumbnail-{name}.jpg"))).await?;
    }
    let files = CaptionFiles::of(&timeline.captions, &timeline.canvas);
    for (name, text) in [("captions.srt", files.srt), ("captions.vtt", files.vtt), ("captions.ass", files.ass)] {
        std::fs::write(folder.join(name), text)
            .map_err(|error| Error::unexpected("cannot write").with_source(error))?;
    }
    Ok(())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its output is the report")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let encoder = match arguments.next().as_deref() {
        Some("draft") => Encoder::Draft,
        Some("premium") => Encoder::Premium,
        _ => Encoder::Standard,
    };
    let folder = arguments.next().map(PathBuf::from);
    let blobs = Arc::new(MemoryBlobs::new());
    let fonts = FontKit::shared().clone();
    let timeline = timeline(&blobs, &fonts).await?;
    let work = std::env::temp_dir().join("orion-render-bench");
    let renderer = FfmpegRenderer::new(Tools::from_environment(), blobs.clone(), fonts, work);
    let settings = RenderSettings { encoder, title: "Bench".to_owned() };

    let (stop, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watcher = {
        let (stop, most) = (stop.clone(), most.clone());
        std::thread::spawn(move || watch(&stop, &most))
    };
    let (before, base, begun) = (cpu(), status("self", "VmRSS"), Instant::now());
    let rendered = renderer.render(&timeline, &settings, &Operation::detached()).await?;
    let (after, wall) = (cpu(), begun.elapsed().as_secs_f64());
    stop.store(true, Ordering::Relaxed);
    let _ = watcher.join();

    let validation = validate(&rendered.info, &timeline, &Expectations::default());
    println!("{} with {}", rendered.frames, rendered.encoder);
    println!("wall {wall:.2} s, {:.0} fps", rendered.frames as f64 / wall);
    println!("CPU: own {:.2} s, children {:.2} s", after.0 - before.0, after.1 - before.1);
    println!(
        "memory: own before {base} MB, most {} MB, with children {} MB",
        status("self", "VmHWM"),
        most.load(Ordering::Relaxed)
    );
    println!(
        "{:.2} MB, {:?} LUFS, {:?} dBTP",
        rendered.video.length as f64 / 1e6,
        rendered.info.loudness,
        rendered.info.true_peak
    );
    for check in validation.checks.iter().filter(|check| !check.passed) {
        println!("failed: {} should be {} and is {}", check.name, check.expected, check.found);
    }
    if let Some(folder) = folder {
        std::fs::create_dir_all(&folder).map_err(|error| Error::unexpected("cannot write").with_source(error))?;
        export(&blobs, &rendered.video, folder.join("video.mp4")).await?;
        keep(&folder, &renderer, &blobs, &timeline).await?;
    }
    Ok(())
}
