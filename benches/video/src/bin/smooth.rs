//! How smooth a slow move is: a dot on a picture is looked for in a hundred frames, as they are drawn and as they are in
//! the finished file, and held against where it should be. Beside it stands ffmpeg's zoompan with the same move.
//!
//! A small dot lies in a few blocks of the encoder, which moves each by quarters of a pixel and leaves away what is left
//! where that is hardly seen: in the finished file it tells how exact one block is. A large one lies in many blocks, each
//! rounded by itself, and tells how the picture as a whole moves. Drawn, both tell the same.
//!
//! `cargo run --release -p orion-video-benches --bin smooth -- [WIDTH HEIGHT]`

use image::{GrayImage, ImageFormat, Luma};
use orion_core::domain::timeline::{
    Canvas, CaptionStyle, Captions, Entrance, Layer, Loudness, Motion, Scene, Timeline, Transition, TransitionKind,
    View,
};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, Encoder, RenderSettings, Renderer};
use orion_core::{Error, MediaTime, Operation, Result};
use orion_draw::FontKit;
use orion_render::FfmpegRenderer;
use orion_video_benches::drawn::{Drawn, failed, run};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Frames that are looked at.
const FRAMES: u32 = 100;
/// Widths of the dots in pixels: the distance from the middle at which a dot is down to 61 %.
const SIGMAS: [f64; 3] = [6.0, 20.0, 60.0];
/// How far from the middle is looked, in widths: from further away rounding adds more noise than the dot has light.
const REACH: f64 = 3.0;
/// Grey of the ground, and how much lighter the dot is.
const GROUND: f64 = 20.0;
const LIGHT: f64 = 215.0;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (width, height) = (arguments.next().unwrap_or(1080_u32), arguments.next().unwrap_or(1920_u32));
    for sigma in SIGMAS {
        measure(Canvas { width, height, frames_per_second: 30 }, sigma).await?;
    }
    Ok(())
}

/// Looks for a dot of a width.
async fn measure(canvas: Canvas, sigma: f64) -> Result<()> {
    let Canvas { width, height, .. } = canvas;
    let (x, y) = (f64::from(width) * 0.3, f64::from(height) * 0.35);
    let picture = GrayImage::from_fn(width, height, |column, row| {
        let (across, down) = (f64::from(column) + 0.5 - x, f64::from(row) + 0.5 - y);
        let value = (-(across * across + down * down) / (2.0 * sigma * sigma)).exp();
        Luma([(GROUND + LIGHT * value).round() as u8])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    let written = picture.write_to(&mut png, ImageFormat::Png);
    written.map_err(|error| Error::unexpected("the picture cannot be written").with_source(error))?;
    let blobs = Arc::new(MemoryBlobs::new());
    let folder = tempfile::tempdir().map_err(failed)?;
    let place = folder.path();
    std::fs::write(place.join("dot.png"), png.get_ref()).map_err(failed)?;
    let motion = Motion { from: View::WHOLE, to: View { x: 0.52, y: 0.51, zoom: 1.1 } };
    let layer =
        Layer { picture: blobs.put(png.into_inner().into(), "image/png").await?, motion, entrance: Entrance::None };
    let scene = Scene {
        id: 1,
        duration: MediaTime::from_units(u64::from(FRAMES), 30),
        layers: vec![layer],
        transition: Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO },
        locked: false,
    };
    let timeline = Timeline {
        version: Timeline::VERSION,
        canvas,
        scenes: vec![scene],
        captions: Captions { style: CaptionStyle::tiktok(), cues: Vec::new() },
        audio: Vec::new(),
        loudness: Loudness::PLATFORM,
    };
    let drawn = Drawn::new(place)?;
    let renderer = FfmpegRenderer::new(drawn.tools(), blobs.clone(), FontKit::embedded(), place.join("work"));
    let settings = RenderSettings { encoder: Encoder::Standard, title: "Bench".to_owned() };
    let rendered = renderer.render(&timeline, &settings, &Operation::detached()).await?;
    blobs.export(rendered.video.sha256, &place.join("orion.mp4")).await?;

    let view = |number: u32| timeline.frame(u64::from(number)).scenes[0].layers[0].view;
    let wanted: Vec<(f64, f64)> = (0..FRAMES)
        .map(|number| {
            let seen = view(number).rectangle((width, height), &canvas);
            let scale = f64::from(width) / seen.width;
            ((x - seen.x) * scale, (y - seen.y) * scale)
        })
        .collect();
    report("drawn", (&canvas, sigma), &std::fs::read(drawn.frames()).map_err(failed)?, &wanted);
    report("in the finished file", (&canvas, sigma), &decoded(place, "orion.mp4")?, &wanted);

    // The same move, frame by frame, as an expression of zoompan.
    let (from, to) = (view(0), view(FRAMES - 1));
    let part = format!("on/{}", FRAMES - 1);
    let between = |from: f64, to: f64| format!("({from}+{}*{part})", to - from);
    let (across, down) = (between(from.x, to.x), between(from.y, to.y));
    let zoom = format!("{}*pow({},{part})", from.zoom, to.zoom / from.zoom);
    let filter = format!(
        "zoompan=z='{zoom}':x='iw*{across}-iw/zoom/2':y='ih*{down}-ih/zoom/2':d={FRAMES}:s={width}x{height}:fps=30,\
         format=yuv420p"
    );
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error", "-i", "dot.png", "-vf", &filter, "-c:v", "ffv1", "zoompan.mkv"]);
    run(place, &mut command)?;
    report("by ffmpeg's zoompan", (&canvas, sigma), &decoded(place, "zoompan.mkv")?, &wanted);
    Ok(())
}

/// The frames of a file, as they are drawn: Y, Cb, Cr.
fn decoded(place: &Path, file: &str) -> Result<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error", "-i", file, "-pix_fmt", "yuv420p", "-f", "rawvideo", "decoded.yuv"]);
    run(place, &mut command)?;
    std::fs::read(place.join("decoded.yuv")).map_err(failed)
}

#[expect(clippy::print_stdout, reason = "its output is the report")]
fn report(name: &str, (canvas, sigma): (&Canvas, f64), frames: &[u8], wanted: &[(f64, f64)]) {
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let frames = frames.chunks_exact(width * height * 3 / 2);
    let off: Vec<(f64, f64)> = frames
        .zip(wanted)
        .map(|(frame, wanted)| {
            let found = centre(&frame[..width * height], width, *wanted, sigma);
            (found.0 - wanted.0, found.1 - wanted.1)
        })
        .collect();
    // A constant shift is no unevenness.
    let count = off.len() as f64;
    let mean = off.iter().fold((0.0, 0.0), |sum, off| (sum.0 + off.0 / count, sum.1 + off.1 / count));
    let away = |off: &(f64, f64)| ((off.0 - mean.0).powi(2) + (off.1 - mean.1).powi(2)).sqrt();
    let rms = (off.iter().map(|off| away(off).powi(2)).sum::<f64>() / count).sqrt();
    let most = off.iter().map(away).fold(0.0, f64::max);
    println!(
        "dot of {sigma} px, {name}: {width}x{height}, n = {count} frames, a zoom of 1.1 and a pan: unevenness rms {rms:.4} px, most \
         {most:.4} px; shift {:.4} {:.4} px",
        mean.0, mean.1
    );
}

/// The middle of the light around a place, in pixels from the upper left corner. The edge of what is looked at is soft and
/// goes along with what is found, so that no pixel comes in or goes out at once.
fn centre(luma: &[u8], width: usize, near: (f64, f64), sigma: f64) -> (f64, f64) {
    let reach = REACH * sigma;
    let height = luma.len() / width;
    let ground = 16.0 + GROUND * 219.0 / 255.0;
    let mut middle = near;
    // The soft edge lets each step go a third of the way.
    for _ in 0..24 {
        let range = |middle: f64, side: usize| {
            ((middle - reach).floor().max(0.0) as usize)..((middle + reach).ceil().min(side as f64) as usize)
        };
        let mut sums = (0.0, 0.0, 0.0);
        for row in range(middle.1, height) {
            for column in range(middle.0, width) {
                let (across, down) = (column as f64 + 0.5 - middle.0, row as f64 + 0.5 - middle.1);
                let distance = (across * across + down * down).sqrt() / reach;
                let share = if distance < 1.0 { (1.0 - distance * distance).powi(2) } else { 0.0 };
                let light = share * (f64::from(luma[row * width + column]) - ground);
                sums = (sums.0 + light, sums.1 + light * across, sums.2 + light * down);
            }
        }
        middle = (middle.0 + sums.1 / sums.0, middle.1 + sums.2 / sums.0);
    }
    middle
}
