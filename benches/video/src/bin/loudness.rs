//! How loud videos come out: twenty of them with voices of different level and pace, with and without music, each
//! measured by ffmpeg's own meter (EBU R 128) in the finished file.
//!
//! `cargo run --release -p orion-video-benches --bin loudness -- [VIDEOS]`

use orion_core::domain::timeline::{
    AudioRole, AudioTrack, Canvas, CaptionStyle, Captions, Entrance, Layer, Loudness, Motion, Scene, Timeline,
    Transition, TransitionKind,
};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, Encoder, RenderSettings, Renderer};
use orion_core::service::editor::encode_wav;
use orion_core::{Error, MediaTime, Operation, Result};
use orion_draw::FontKit;
use orion_render::{FfmpegRenderer, Tools, compose, moods};
use orion_video_benches::drawn::{failed, run};
use std::process::Command;
use std::sync::Arc;

/// Samples a second of the voices.
const RATE: u32 = 22_050;

/// A voice as far as its level is concerned: a hum of changing pitch in syllables, with pauses and a shout.
fn voice(number: u32, seconds: f64) -> Vec<f32> {
    let level = 10_f64.powf(-f64::from(number % 7) * 5.0 / 20.0);
    let pace = 2.5 + f64::from(number % 5) * 0.6;
    let shout = f64::from(number % 3) * 2.0 + 1.0;
    (0..(seconds * f64::from(RATE)) as u64)
        .map(|index| {
            let time = index as f64 / f64::from(RATE);
            let pitch = 110.0 + 25.0 * (time * 1.3 + f64::from(number)).sin();
            let hum: f64 =
                (1..10).map(|n| (f64::from(n) * pitch * std::f64::consts::TAU * time).sin() / f64::from(n)).sum();
            let syllable = (time * pace * std::f64::consts::PI).sin().powi(2);
            let pause = if time % 4.0 > 3.3 { 0.0 } else { 1.0 };
            let loud = if (time - shout).abs() < 0.2 { 3.0 } else { 1.0 };
            (0.25 * level * hum * syllable * pause * loud).clamp(-1.0, 1.0) as f32
        })
        .collect()
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its output is the report")]
async fn main() -> Result<()> {
    let count: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20);
    let blobs = Arc::new(MemoryBlobs::new());
    let folder = tempfile::tempdir().map_err(failed)?;
    let work = folder.path().join("work");
    let renderer = FfmpegRenderer::new(Tools::from_environment(), blobs.clone(), FontKit::embedded(), work);
    let picture = orion_draw::Pixmap::new(90, 160).ok_or_else(|| Error::unexpected("no pixels"))?;
    let picture = blobs.put(orion_draw::picture::encode_png(picture)?.into(), "image/png").await?;
    let moods: Vec<&str> = moods().collect();
    let (mut loud, mut peaks) = (Vec::new(), Vec::new());
    for number in 0..count {
        let seconds = 8.0 + f64::from(number % 4) * 3.0;
        let duration = MediaTime::from_seconds(seconds);
        let source = blobs.put(encode_wav(&voice(number, seconds - 0.5), RATE), "audio/wav").await?;
        let length = MediaTime::from_seconds(seconds - 0.5);
        let track =
            |source, duration, role| AudioTrack { source, start: MediaTime::ZERO, duration, role, gain_db: 0.0 };
        let mut audio = vec![track(source, length, AudioRole::Narration)];
        if number % 2 == 1 {
            let mood = moods[(number / 2) as usize % moods.len()];
            audio.push(track(blobs.put(compose(mood)?, "audio/wav").await?, duration, AudioRole::Music));
        }
        let layer = Layer { picture: picture.clone(), motion: Motion::STILL, entrance: Entrance::None };
        let transition = Transition { kind: TransitionKind::Cut, duration: MediaTime::ZERO };
        let timeline = Timeline {
            version: Timeline::VERSION,
            canvas: Canvas { width: 90, height: 160, frames_per_second: 24 },
            scenes: vec![Scene { id: 1, duration, layers: vec![layer], transition, locked: false }],
            captions: Captions { style: CaptionStyle::tiktok(), cues: Vec::new() },
            audio,
            loudness: Loudness::PLATFORM,
        };
        let settings = RenderSettings { encoder: Encoder::Draft, title: "Bench".to_owned() };
        let rendered = renderer.render(&timeline, &settings, &Operation::detached()).await?;
        let file = folder.path().join(format!("{number}.mp4"));
        blobs.export(rendered.video.sha256, &file).await?;
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-i"]).arg(&file);
        let said = run(folder.path(), command.args(["-af", "ebur128=peak=true", "-f", "null", "-"]))?;
        let summary = said.rsplit("Summary:").next().unwrap_or_default();
        let value = |name: &str| -> Option<f64> { summary.split(name).nth(1)?.split_whitespace().next()?.parse().ok() };
        let (Some(integrated), Some(peak)) = (value("I:"), value("Peak:")) else {
            return Err(Error::unexpected("ffmpeg did not tell the loudness").with_context("said", summary));
        };
        println!("{number:>3}  {seconds:>4.0} s  {integrated:>6.1} LUFS  {peak:>5.1} dBTP");
        loud.push(integrated);
        peaks.push(peak);
    }
    let (low, high) = loud.iter().fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(*it), high.max(*it)));
    let peak = peaks.iter().copied().fold(f64::MIN, f64::max);
    println!("{} videos: {low:.1} to {high:.1} LUFS, highest true peak {peak:.1} dBTP", loud.len());
    Ok(())
}
