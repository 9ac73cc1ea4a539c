//! Renders cards and says what it cost: frames per second, CPU seconds, memory. Half a minute, three minutes and half an
//! hour tell whether memory is flat.
//!
//! `cargo run --release -p orion-video-benches --bin render -- [draft|standard|premium] [SECONDS…] [FOLDER]`; with a folder, the
//! last video and some stills are put there. Memory and CPU figures need Linux.

use orion_blob::FolderBlobs;
use orion_core::domain::timeline::{Canvas, Timeline};
use orion_core::domain::{BlobRef, SafeArea};
use orion_core::port::{BlobStore, BlobStoreExt, Encoder, RenderSettings, Rendered, Renderer, ThumbnailRequest};
use orion_core::service::editor::{CaptionFiles, Expectations, validate};
use orion_core::{MediaTime, Operation, Result};
use orion_draw::FontKit;
use orion_render::{FfmpegRenderer, Tools};
use orion_video_benches::drawn::failed;
use orion_video_benches::made::{ACCENTS, cpu, status, timeline, watch};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

async fn export(blobs: &FolderBlobs, blob: &BlobRef, file: PathBuf) -> Result<()> {
    blobs.require(blob).await?;
    blobs.export(blob.sha256, &file).await
}

async fn keep(folder: &Path, renderer: &FfmpegRenderer, blobs: &FolderBlobs, timeline: &Timeline) -> Result<()> {
    for number in 0..12 {
        let at = MediaTime::from_seconds(timeline.duration().seconds() * (f64::from(number) + 0.3) / 12.0);
        let frame = renderer.frame(timeline, at).await?;
        export(blobs, &frame, folder.join(format!("frame-{number:02}.png"))).await?;
    }
    let layers = vec![timeline.scenes[0].layers[0].picture.clone()];
    for (name, width, height) in [("tall", 1080, 1920), ("wide", 1280, 720)] {
        let canvas = Canvas { width, height, frames_per_second: 30 };
        let title = "SQLite just got twice as fast, and it breaks every old file".to_owned();
        let request =
            ThumbnailRequest { layers: layers.clone(), title, accent: ACCENTS[0], canvas, covered: SafeArea::WHOLE };
        let thumbnail = renderer.thumbnail(&request).await?.picture;
        export(blobs, &thumbnail, folder.join(format!("thumbnail-{name}.jpg"))).await?;
    }
    let files = CaptionFiles::of(&timeline.captions, &timeline.canvas);
    for (name, text) in [("captions.srt", files.srt), ("captions.vtt", files.vtt), ("captions.ass", files.ass)] {
        std::fs::write(folder.join(name), text).map_err(failed)?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let (mut encoder, mut lengths, mut folder) = (Encoder::Standard, Vec::new(), None);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "draft" => encoder = Encoder::Draft,
            "standard" => {}
            "premium" => encoder = Encoder::Premium,
            other => match other.parse::<f64>() {
                Ok(seconds) => lengths.push(seconds),
                Err(_) => folder = Some(PathBuf::from(other)),
            },
        }
    }
    if lengths.is_empty() {
        lengths = vec![30.0, 180.0, 1800.0];
    }
    let work = tempfile::tempdir().map_err(failed)?;
    let blobs = Arc::new(FolderBlobs::open(work.path().join("blobs"))?);
    let fonts = FontKit::shared().clone();
    let renderer = FfmpegRenderer::new(Tools::from_environment(), blobs.clone(), fonts.clone(), work.path());
    let settings = RenderSettings { encoder, title: "Bench".to_owned() };
    for seconds in lengths {
        let timeline = timeline(blobs.as_ref(), &fonts, seconds, Canvas::VERTICAL).await?;
        let rendered = measure(&renderer, &timeline, &settings).await?;
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).map_err(failed)?;
            export(&blobs, &rendered.video, folder.join("video.mp4")).await?;
            keep(folder, &renderer, &blobs, &timeline).await?;
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "its output is the report")]
async fn measure(renderer: &FfmpegRenderer, timeline: &Timeline, settings: &RenderSettings) -> Result<Rendered> {
    let (stop, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watcher = {
        let (stop, most) = (stop.clone(), most.clone());
        std::thread::spawn(move || watch(&stop, &most))
    };
    let (before, base, begun) = (cpu(), status("self", "VmRSS"), Instant::now());
    let rendered = renderer.render(timeline, settings, &Operation::detached()).await?;
    let (after, wall) = (cpu(), begun.elapsed().as_secs_f64());
    stop.store(true, Ordering::Relaxed);
    let _ = watcher.join();

    println!("{:.0} s: {} frames with {}", timeline.duration().seconds(), rendered.frames, rendered.encoder);
    println!("  wall {wall:.2} s, {:.0} fps", rendered.frames as f64 / wall);
    println!("  CPU: own {:.2} s, children {:.2} s", after.0 - before.0, after.1 - before.1);
    println!("  memory: own before {base} MB, most with children {} MB", most.load(Ordering::Relaxed));
    let (megabytes, info) = (rendered.video.length as f64 / 1e6, &rendered.info);
    println!("  {megabytes:.2} MB, {:?} LUFS, {:?} dBTP", info.loudness, info.true_peak);
    let validation = validate(info, timeline, &Expectations::default());
    for check in validation.checks.iter().filter(|check| !check.passed) {
        println!("  failed: {} should be {} and is {}", check.name, check.expected, check.found);
    }
    Ok(rendered)
}
