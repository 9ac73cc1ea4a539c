//! How far captions are from the spoken word: twenty sentences by the installed voice, made into one video. Shown is when
//! a word takes the colour of the spoken one in the frames that are drawn; spoken is when the voice says that it says it,
//! and, for the first word of each sentence, when it is heard in the finished file. Beside them stands how far times are
//! off that are estimated from the sound alone, as for voices that tell none.
//!
//! `cargo run --release -p orion-video-benches --bin words -- [FOLDER]`: the folder of voices, `~/.local/share/orion/voices`
//! unless it is named; `orion voices install` fetches one.

use orion_core::domain::timeline::{Canvas, CaptionStyle, Timeline};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, Encoder, RenderSettings, Renderer, Speech, SpeechRequest, Transcriber, WordTimes};
use orion_core::service::editor::{Narration, SpokenLine, assemble, encode_wav};
use orion_core::service::media::{PictureLayer, ScenePicture};
use orion_core::strategy::Strategy;
use orion_core::{Error, MediaTime, Operation, Result};
use orion_draw::{FontKit, Pixmap, picture, rgb};
use orion_render::FfmpegRenderer;
use orion_speech::VoiceLibrary;
use orion_video_benches::drawn::{Drawn, failed, run};
use orion_voice::{Sound, timed};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const SENTENCES: [&str; 20] = [
    "The harbour was empty that morning, and nobody knew why.",
    "Bulk inserts run 2.1 times faster on NVMe drives, the team said.",
    "Prices rose 8% in March, to $36 billion.",
    "Would you switch? Tell me in the comments.",
    "On 3 May 2024 the bridge opened again after eleven years.",
    "Dr. Smith measured 40 km of cable; it was 12 m too short.",
    "First came the wind, then the rain, and then the silence.",
    "A phone battery ages fastest when it is full and warm.",
    "The oldest tree in the park is older than the city itself.",
    "Nine out of ten people guess wrong.",
    "It costs less than a cup of coffee, but it saves an hour a day.",
    "The file format is new, so old tools cannot open it.",
    "Scientists in Lisbon grew coral twice as fast in cold water.",
    "Nobody had announced it, which made everybody look.",
    "There is a catch: point reads were slower.",
    "In 1969 a computer had less memory than this sentence.",
    "Version three will be supported until 2050.",
    "The city planted 10,000 trees, and half of them survived.",
    "Turn it off at night, they say, and it will last for years.",
    "That is all for today; thank you for listening.",
];
/// Small, because only the place of a colour is looked for.
const CANVAS: Canvas = Canvas { width: 270, height: 480, frames_per_second: 30 };
/// Samples a second of the finished sound.
const RATE: usize = 48_000;
/// A step in which the sound is loud or not: 2 ms.
const STEP: usize = RATE / 500;
/// Silence before a word that is looked for in the sound, in seconds and in steps.
const LEAST_PAUSE: f64 = 0.08;
const PAUSE: usize = 40;
/// A sound is there from this share of the loudest step: -45 dB, below the softest consonants.
const THERE: f64 = 0.0056;

#[derive(Default)]
struct Off(Vec<f64>);

impl Off {
    #[expect(clippy::print_stdout, reason = "its output is the report")]
    fn report(&mut self, name: &str) {
        let early = self.0.iter().filter(|off| **off < 0.0).count();
        self.0.iter_mut().for_each(|off| *off = off.abs());
        self.0.sort_by(f64::total_cmp);
        let at = |share: f64| self.0.get(((self.0.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0);
        let mean = self.0.iter().sum::<f64>() / self.0.len().max(1) as f64;
        let (half, most, least, count) = (at(0.5), at(0.95), at(1.0), self.0.len());
        println!(
            "{name}: mean {mean:.1} ms, p50 {half:.1}, p95 {most:.1}, most {least:.1} ms, {early} early, n = {count}"
        );
    }
}

fn millis(later: f64, earlier: f64) -> f64 {
    (later - earlier) * 1000.0
}

#[tokio::main]
async fn main() -> Result<()> {
    let usual = || std::env::home_dir().unwrap_or_default().join(".local/share/orion/voices");
    let library = VoiceLibrary::new(std::env::args().nth(1).map_or_else(usual, PathBuf::from));
    let voice = orion_speech::open(None, &library)?;
    let operation = Operation::detached();
    let ear: Strategy<dyn Transcriber> = Strategy::nobody();
    let blobs = Arc::new(MemoryBlobs::new());
    let (mut lines, mut estimated) = (Vec::new(), Off::default());
    for sentence in SENTENCES {
        let request = SpeechRequest { text: sentence.to_owned(), voice: None, language: "en".to_owned(), speed: 1.0 };
        let Speech { samples, sample_rate, words, times, .. } = voice.speak(&request, &operation).await?;
        if times != WordTimes::Voice {
            return Err(Error::unavailable("the voice tells no word times").with_hint("orion voices install"));
        }
        let audio = Some(blobs.put(encode_wav(&samples, sample_rate), "audio/wav").await?);
        let duration = MediaTime::from_units(samples.len() as u64, sample_rate);
        let guessed = timed(&request, &mut Sound { samples, sample_rate }, &ear, &operation).await?;
        let pairs = words.iter().zip(&guessed.words);
        estimated.0.extend(pairs.map(|(word, guess)| millis(guess.start.seconds(), word.start.seconds())));
        lines.push(SpokenLine { audio, duration, words, times });
    }
    let timeline = assembled(&blobs, &lines).await?;
    // The scenes and their sounds are one to one.
    let spoken: Vec<f64> = timeline
        .audio
        .iter()
        .zip(&lines)
        .flat_map(|(track, line)| line.words.iter().map(|word| (track.start + word.start).seconds()))
        .collect();

    let folder = tempfile::tempdir().map_err(failed)?;
    let place = folder.path();
    let drawn = Drawn::new(place)?;
    let renderer = FfmpegRenderer::new(drawn.tools(), blobs.clone(), FontKit::shared().clone(), place.join("work"));
    let settings = RenderSettings { encoder: Encoder::Standard, title: "Bench".to_owned() };
    let rendered = renderer.render(&timeline, &settings, &operation).await?;
    blobs.export(rendered.video.sha256, &place.join("video.mp4")).await?;

    let shown = shown(&drawn, timeline.frames())?;
    if shown.len() != spoken.len() {
        return Err(Error::unexpected("not every word was seen as the spoken one")
            .with_context("spoken", spoken.len())
            .with_context("seen", shown.len()));
    }
    let mut told = Off(shown.iter().zip(&spoken).map(|(shown, spoken)| millis(*shown, *spoken)).collect());
    told.report("shown against the voice's own times");
    // The first word of each sentence: before it there is silence, so that the sound tells when it begins.
    let heard = heard(place)?;
    let mut first = 0;
    let mut begins = Off::default();
    for (track, line) in timeline.audio.iter().zip(&lines) {
        let start = track.start.seconds();
        let begun = heard.iter().copied().find(|heard| *heard > start - LEAST_PAUSE);
        begins.0.extend(begun.map(|begun| millis(shown[first], begun)));
        first += line.words.len();
    }
    begins.report("shown against the sound in the finished file, first words");
    estimated.report("estimated from the sound, against the voice's own times");
    Ok(())
}

/// One scene a sentence, over grey.
async fn assembled(blobs: &MemoryBlobs, lines: &[SpokenLine]) -> Result<Timeline> {
    let mut grey = Pixmap::new(CANVAS.width, CANVAS.height).ok_or_else(|| Error::unexpected("no pixels"))?;
    grey.fill(rgb(0x404040));
    let blob = blobs.put(picture::encode_png(grey)?.into(), "image/png").await?;
    let layer = PictureLayer { blob, width: CANVAS.width, height: CANVAS.height, moves: false };
    let pictures: Vec<ScenePicture> = (1..)
        .zip(lines)
        .map(|(scene_number, _)| ScenePicture {
            scene_number,
            provider: "bench".to_owned(),
            credit: None,
            layers: vec![layer.clone()],
        })
        .collect();
    let narration = Narration { lines: lines.to_vec(), provider: "bench".to_owned(), reused: false };
    assemble(&narration, &pictures, &CaptionStyle::tiktok(), CANVAS)
}

/// When a word becomes the spoken one: where the yellow is changes from one frame to the next.
fn shown(drawn: &Drawn, frames: u64) -> Result<Vec<f64>> {
    let (width, height) = (CANVAS.width as usize / 2, CANVAS.height as usize / 2);
    let (mut changes, mut last) = (Vec::new(), None::<(f64, f64, f64)>);
    for number in 0..frames {
        let Some(frame) = drawn.frame(&CANVAS, number)? else { break };
        let blue = &frame[4 * width * height..5 * width * height];
        // Yellow has no blue; weighted, so that thin strokes count by their share.
        let sums = blue.iter().enumerate().fold((0.0, 0.0, 0.0), |sums, (at, sample)| {
            let yellow = f64::from(120_u8.saturating_sub(*sample));
            (sums.0 + yellow, sums.1 + yellow * (at % width) as f64, sums.2 + yellow * (at / width) as f64)
        });
        let now = (sums.0 > 200.0).then(|| (sums.0, sums.1 / sums.0, sums.2 / sums.0));
        let differs = |now: &(f64, f64, f64)| {
            last.is_none_or(|last| {
                (now.0 / last.0 - 1.0).abs() > 0.02 || (now.1 - last.1).abs() > 0.3 || (now.2 - last.2).abs() > 0.3
            })
        };
        if now.as_ref().is_some_and(differs) {
            changes.push(CANVAS.time_of(number).seconds());
        }
        last = now;
    }
    Ok(changes)
}

/// When sounds begin in the finished file, behind a pause.
fn heard(place: &Path) -> Result<Vec<f64>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error", "-i", "video.mp4", "-map", "0:a", "-ac", "1", "-ar", "48000"]);
    run(place, command.args(["-f", "s16le", "heard.raw"]))?;
    let bytes = std::fs::read(place.join("heard.raw")).map_err(failed)?;
    let samples: Vec<f64> = bytes.chunks_exact(2).map(|two| f64::from(i16::from_le_bytes([two[0], two[1]]))).collect();
    let levels: Vec<f64> = samples
        .chunks(STEP)
        .map(|step| (step.iter().map(|it| it * it).sum::<f64>() / step.len() as f64).sqrt())
        .collect();
    let loudest = levels.iter().copied().fold(1.0, f64::max);
    let (mut begins, mut silent) = (Vec::new(), PAUSE);
    for (step, level) in levels.iter().enumerate() {
        if level / loudest < THERE {
            silent += 1;
        } else {
            if silent >= PAUSE {
                begins.push((step * STEP) as f64 / RATE as f64);
            }
            silent = 0;
        }
    }
    Ok(begins)
}
