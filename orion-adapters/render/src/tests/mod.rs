//! Whole renders of small timelines. They need ffmpeg: without it they are skipped loudly, unless `ORION_REQUIRE`
//! names it.

#[cfg(unix)]
mod chip;
#[cfg(target_os = "linux")]
mod hang;
mod stop;
mod thumbnail;
mod video;

use crate::{FfmpegRenderer, Tools};
use image::{ImageFormat, Rgba, RgbaImage};
use orion_core::MediaTime;
use orion_core::domain::BlobRef;
use orion_core::domain::timeline::*;
use orion_core::memory::MemoryBlobs;
use orion_core::port::*;
use orion_core::service::editor::encode_wav;
use orion_draw::FontKit;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
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

    /// How many files the store holds.
    async fn stored(&self) -> usize {
        self.blobs.list(Shelf::Kept, None, 1000).await.unwrap().len()
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
fn children_in(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .count()
}

/// A program in the place of ffmpeg (or of ffprobe), written in Bash. Another process writes the file: what this one has
/// open for writing, a child that another test starts meanwhile may hold open, and then it cannot be run.
#[cfg(unix)]
pub(crate) fn stand_in(place: &Path, script: &str) {
    use std::io::Write;
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "cat >\"$0\" && chmod +x \"$0\""]).arg(place).stdin(std::process::Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    write!(shell.stdin.take().unwrap(), "#!/bin/bash\n{script}").unwrap();
    assert!(shell.wait().unwrap().success());
}
