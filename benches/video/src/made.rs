//! Timelines to be rendered, and what rendering them takes.

use orion_core::domain::timeline::{Canvas, CaptionStyle, Timeline};
use orion_core::port::{BlobStore, SpokenWord, WordTimes};
use orion_core::service::editor::{Narration, SpokenLine, assemble, encode_wav};
use orion_core::service::media::{PictureLayer, ScenePicture};
use orion_core::{Error, MediaTime, Result};
use orion_draw::{Align, FontKit, Pixmap, TextPaint, TextStyle, Weight, blur, picture, rgb, rgba, shape};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const LINES: [(&str, &str); 7] = [
    ("SQLite just got twice as fast.", "SQLite writes 2x faster"),
    ("The new storage engine replaces the old tree, after twenty-five years.", "A new engine"),
    ("Bulk inserts run 2.1 times faster on NVMe drives, the team said.", "2.1x"),
    ("But there is a catch: point reads were eight percent slower.", "-8 % reads"),
    ("The file format is new, so old tools cannot open it.", "New file format"),
    ("Version three will be supported until twenty fifty.", "Supported until 2050"),
    ("Would you switch? Tell me in the comments, and follow for more.", "Would you switch?"),
];
/// Colours that cards have in turn.
pub const ACCENTS: [u32; 4] = [0x21D4FD, 0xB721FF, 0xFFB300, 0x00E08A];

/// A soft ground of a quarter of the size, and a layer of type.
async fn card(blobs: &dyn BlobStore, fonts: &FontKit, number: usize, headline: &str) -> Result<ScenePicture> {
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
async fn line(blobs: &dyn BlobStore, text: &str) -> Result<SpokenLine> {
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

/// Cards with a buzz for a voice and captions over it, again and again until it is as long as asked.
///
/// # Errors
/// What the store says.
pub async fn timeline(blobs: &dyn BlobStore, fonts: &FontKit, seconds: f64, canvas: Canvas) -> Result<Timeline> {
    let mut scenes = Vec::new();
    for (number, (text, headline)) in LINES.iter().enumerate() {
        scenes.push((card(blobs, fonts, number, headline).await?, line(blobs, text).await?));
    }
    let (mut pictures, mut lines, mut length) = (Vec::new(), Vec::new(), 0.0);
    for (number, (picture, line)) in (1..).zip(scenes.iter().cycle()) {
        if length >= seconds {
            break;
        }
        pictures.push(ScenePicture { scene_number: number, ..picture.clone() });
        length += line.duration.seconds() + 0.32;
        lines.push(line.clone());
    }
    let narration = Narration { lines, provider: "bench".to_owned(), reused: false };
    assemble(&narration, &pictures, &CaptionStyle::tiktok(), canvas)
}

/// A picture with as much detail as a photo: noise of all sizes, brighter where it is coarse, and hard edges. It tells
/// what an encoder loses where cards give it little to lose.
///
/// # Errors
/// What the store says.
pub async fn busy(blobs: &dyn BlobStore, seed: u32, (width, height): (u32, u32)) -> Result<PictureLayer> {
    // A number for a point of a lattice: a hash of its place.
    let point = |x: u32, y: u32, octave: u32| {
        let mut hash = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ (octave * 31 + seed * 977);
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
        hash = (hash ^ (hash >> 12)).wrapping_mul(0x297A_2D39);
        f64::from(hash >> 8) / f64::from(1_u32 << 24)
    };
    let noise = |x: f64, y: f64, octave: u32| {
        let (left, top) = (x.floor() as u32, y.floor() as u32);
        let (right, down) = (x.fract(), y.fract());
        let row = |y: u32| point(left, y, octave) * (1.0 - right) + point(left + 1, y, octave) * right;
        row(top) * (1.0 - down) + row(top + 1) * down
    };
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        let mut channels = [0.0; 3];
        for octave in 0..8 {
            let size = 400.0 / f64::from(1_u32 << octave);
            let share = 0.5_f64.powi(octave + 1);
            for (channel, sum) in (0..).zip(&mut channels) {
                *sum += share * noise(f64::from(x) / size, f64::from(y) / size, octave as u32 * 3 + channel / 2);
            }
        }
        let edge = if (x / 90 + y / 130 + seed).is_multiple_of(5) { 0.25 } else { 0.0 };
        image::Rgb(channels.map(|value| ((value * 1.2 - 0.1 + edge).clamp(0.0, 1.0) * 255.0).round() as u8))
    });
    let mut png = std::io::Cursor::new(Vec::new());
    let failed = |error| Error::unexpected("the picture cannot be written").with_source(error);
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(failed)?;
    Ok(PictureLayer { blob: blobs.put(png.into_inner().into(), "image/png").await?, width, height, moves: true })
}

/// The same timeline over pictures full of detail in place of cards.
///
/// # Errors
/// What the store says.
pub async fn over_busy(blobs: &dyn BlobStore, mut timeline: Timeline) -> Result<Timeline> {
    let Canvas { width, height, .. } = timeline.canvas;
    for (number, scene) in (0..).zip(&mut timeline.scenes) {
        scene.layers.truncate(1);
        for layer in &mut scene.layers {
            layer.picture = busy(blobs, number % 3, (width, height)).await?.blob;
        }
    }
    Ok(timeline)
}

/// User and system time of this process and of its ended children, in seconds, apart.
pub fn cpu() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    let ticks = |from: usize| fields.get(from..from + 2).map_or(0.0, |pair| pair.iter().sum::<f64>() / 100.0);
    (ticks(11), ticks(13))
}

/// A field of `/proc/PID/status` in MB.
pub fn status(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// The largest sum of memory of this process and its children, looked at often.
pub fn watch(stop: &AtomicBool, most: &AtomicU64) {
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
