//! How smooth a slow move is: dots on a picture are looked for in a hundred frames, as they are drawn and as they are in
//! the finished file, and held against where they should be. Beside them stands ffmpeg's zoompan with the same move.
//!
//! Each dot lies in a few blocks of the encoder, which moves them by quarters of a pixel and leaves away what is then
//! hardly seen, for each dot in another direction. So a dot by itself tells how exact drawing and encoder are in one place,
//! and the mean of all dots of a frame how evenly the picture as a whole moves.
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
/// Width of the dot: the distance from its middle at which it is down to 61 %.
const SIGMA: f64 = 6.0;
/// How far from the middle is looked: from further away rounding adds more noise than the dot has light.
const REACH: f64 = 3.0 * SIGMA;
/// Columns and rows of dots, so far from the edges that none leaves the picture.
const DOTS: (u32, u32) = (6, 10);
/// Grey of the ground, and how much lighter the dot is.
const GROUND: f64 = 20.0;
const LIGHT: f64 = 215.0;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (width, height) = (arguments.next().unwrap_or(1080_u32), arguments.next().unwrap_or(1920_u32));
    let canvas = Canvas { width, height, frames_per_second: 30 };
    let dots: Vec<(f64, f64)> = (0..DOTS.0 * DOTS.1)
        .map(|dot| {
            let place = |number: u32, count: u32, side: u32| f64::from(side * (number + 1)) / f64::from(count + 1);
            (place(dot % DOTS.0, DOTS.0, width), place(dot / DOTS.0, DOTS.1, height))
        })
        .collect();
    let picture = GrayImage::from_fn(width, height, |column, row| {
        let light = dots.iter().map(|(x, y)| {
            let (across, down) = (f64::from(column) + 0.5 - x, f64::from(row) + 0.5 - y);
            (-(across * across + down * down) / (2.0 * SIGMA * SIGMA)).exp()
        });
        Luma([(GROUND + LIGHT * light.sum::<f64>()).round() as u8])
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
    let wanted: Vec<Vec<(f64, f64)>> = (0..FRAMES)
        .map(|number| {
            let seen = view(number).rectangle((width, height), &canvas);
            let scale = f64::from(width) / seen.width;
            dots.iter().map(|(x, y)| ((x - seen.x) * scale, (y - seen.y) * scale)).collect()
        })
        .collect();
    report("drawn", &canvas, &std::fs::read(drawn.frames()).map_err(failed)?, &wanted);
    report("in the finished file", &canvas, &decoded(place, "orion.mp4")?, &wanted);

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
    report("by ffmpeg's zoompan", &canvas, &decoded(place, "zoompan.mkv")?, &wanted);
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
fn report(name: &str, canvas: &Canvas, frames: &[u8], wanted: &[Vec<(f64, f64)>]) {
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    // For each frame, how far each dot is from where it should be.
    let off: Vec<Vec<(f64, f64)>> = frames
        .chunks_exact(width * height * 3 / 2)
        .zip(wanted)
        .map(|(frame, wanted)| {
            let off = |wanted: &(f64, f64)| {
                let found = centre(&frame[..width * height], width, *wanted);
                (found.0 - wanted.0, found.1 - wanted.1)
            };
            wanted.iter().map(off).collect()
        })
        .collect();
    println!("{name}: {width}x{height}, n = {} frames of {} dots, a zoom of 1.1 and a pan", off.len(), DOTS.0 * DOTS.1);
    let each: Vec<Vec<f64>> = (0..(DOTS.0 * DOTS.1) as usize)
        .map(|dot| uneven(&off.iter().map(|dots| dots[dot]).collect::<Vec<_>>()))
        .collect();
    told("a dot by itself", &each.concat());
    told("all together", &uneven(&off.iter().map(|dots| mean(dots)).collect::<Vec<_>>()));
}

#[expect(clippy::print_stdout, reason = "its output is the report")]
fn told(what: &str, away: &[f64]) {
    let rms = (away.iter().map(|away| away * away).sum::<f64>() / away.len() as f64).sqrt();
    println!("  {what}: unevenness rms {rms:.4} px, most {:.4} px", away.iter().copied().fold(0.0, f64::max));
}

/// How far each is from the mean: a constant shift is no unevenness.
fn uneven(off: &[(f64, f64)]) -> Vec<f64> {
    let mean = mean(off);
    off.iter().map(|off| ((off.0 - mean.0).powi(2) + (off.1 - mean.1).powi(2)).sqrt()).collect()
}

fn mean(all: &[(f64, f64)]) -> (f64, f64) {
    let count = all.len() as f64;
    all.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0 / count, sum.1 + one.1 / count))
}

/// The middle of the light around a place, in pixels from the upper left corner. The edge of what is looked at is soft and
/// goes along with what is found, so that no pixel comes in or goes out at once.
fn centre(luma: &[u8], width: usize, near: (f64, f64)) -> (f64, f64) {
    let height = luma.len() / width;
    let ground = 16.0 + GROUND * 219.0 / 255.0;
    let mut middle = near;
    // The soft edge lets each step go a third of the way.
    for _ in 0..24 {
        let range = |middle: f64, side: usize| {
            ((middle - REACH).floor().max(0.0) as usize)..((middle + REACH).ceil().min(side as f64) as usize)
        };
        let mut sums = (0.0, 0.0, 0.0);
        for row in range(middle.1, height) {
            for column in range(middle.0, width) {
                let (across, down) = (column as f64 + 0.5 - middle.0, row as f64 + 0.5 - middle.1);
                let distance = (across * across + down * down).sqrt() / REACH;
                let share = if distance < 1.0 { (1.0 - distance * distance).powi(2) } else { 0.0 };
                let light = share * (f64::from(luma[row * width + column]) - ground);
                sums = (sums.0 + light, sums.1 + light * across, sums.2 + light * down);
            }
        }
        middle = (middle.0 + sums.1 / sums.0, middle.1 + sums.2 / sums.0);
    }
    middle
}
