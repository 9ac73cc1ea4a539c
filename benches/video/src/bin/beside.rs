//! One video, made by Orion, by a bare encode of the same frames, by one ffmpeg call with zoompan, xfade and ass, and by
//! MoviePy: with the same pictures, sound, captions, transitions and encoder settings, one after the other. Then what the
//! default preset loses of the frames that were drawn.
//!
//! `cargo run --release -p orion-video-benches --bin beside -- [SECONDS] [WIDTH HEIGHT]`; MoviePy by the Python of
//! `TEST_PYTHON`, and left out aloud without it. The frames lie in the temporary folder, 93 MB a second of 1080x1920.
//! CPU figures need Linux. Orion's own figures are with its checks of the finished file, which the others do not make.

use orion_core::domain::timeline::{Canvas, Timeline, TransitionKind};
use orion_core::memory::MemoryBlobs;
use orion_core::port::{BlobStore, Encoder, RenderSettings, Renderer};
use orion_core::service::editor::CaptionFiles;
use orion_core::{MediaTime, Operation, Result};
use orion_draw::FontKit;
use orion_render::{FfmpegRenderer, Tools};
use orion_video_benches::drawn::{Drawn, SOUND, failed, run};
use orion_video_benches::made::{cpu, over_busy, timeline};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// How often each is measured; the one in the middle counts. Orion and the bare encode take turns.
const ROUNDS: usize = 3;
/// The zoom of a scene in the others, about what Orion's own comes to.
const ZOOM: f64 = 0.1;

/// What making a video took, in seconds.
#[derive(Debug, Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its output is the report")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(20.0);
    let mut sides = arguments.filter_map(|side| side.parse().ok());
    let (width, height) = (sides.next().unwrap_or(1080), sides.next().unwrap_or(1920));
    let canvas = Canvas { width, height, frames_per_second: 30 };
    let blobs = Arc::new(MemoryBlobs::new());
    let fonts = FontKit::shared().clone();
    let timeline = timeline(blobs.as_ref(), &fonts, seconds, canvas).await?;
    let folder = tempfile::tempdir().map_err(failed)?;
    let place = folder.path();
    let drawn = Drawn::new(place)?;
    let renderer = |tools| FfmpegRenderer::new(tools, blobs.clone(), fonts.clone(), place.join("work"));
    let (recording, plain) = (renderer(drawn.tools()), renderer(Tools::from_environment()));
    println!(
        "{width}x{height}, {:.1} s, {} frames, n = {ROUNDS} each, the middle",
        timeline.duration().seconds(),
        timeline.frames()
    );

    let settings = RenderSettings { encoder: Encoder::Standard, title: "Bench".to_owned() };
    let recorded = recording.render(&timeline, &settings, &Operation::detached()).await?;
    blobs.export(recorded.video.sha256, &place.join("orion.mp4")).await?;
    similar(place, "cards", &canvas)?;

    let (mut ours, mut barely) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (before, begun) = (used(), Instant::now());
        plain.render(&timeline, &settings, &Operation::detached()).await?;
        ours.push(since(before, begun));
        barely.push(timed(place, &mut drawn.encode()?)?);
    }
    let (orion, bare) = (middle(&mut ours), middle(&mut barely));
    report("orion", orion, &timeline, None);
    report("bare encode of the same frames", bare, &timeline, Some(orion));
    println!("  orion's wall is {:.3} times that of the bare encode", orion.wall / bare.wall);

    // The same material for the others: each scene as it is in its middle, the finished sound, the captions.
    let mut silent = timeline.clone();
    silent.captions.cues.clear();
    let (mut scenes, mut start) = (Vec::new(), MediaTime::ZERO);
    for (index, scene) in timeline.scenes.iter().enumerate() {
        let still = plain.frame(&silent, start + MediaTime(scene.duration.0 / 2)).await?;
        let name = format!("scene-{index}.png");
        blobs.export(still.sha256, &place.join(&name)).await?;
        scenes.push(json!({
            "picture": name, "seconds": scene.duration.seconds(), "kind": scene.transition.kind.as_str(),
            "fade": scene.transition.duration.seconds(),
        }));
        start = start + scene.duration;
    }
    std::fs::write(place.join("captions.ass"), CaptionFiles::of(&timeline.captions, &canvas).ass).map_err(failed)?;
    std::fs::write(place.join("plan.json"), plan(&timeline, &drawn, &scenes)?.to_string()).map_err(failed)?;

    let took = rounds(|| timed(place, &mut graph(&timeline, &drawn)?))?;
    report("one ffmpeg call: zoompan, xfade, ass", took, &timeline, Some(orion));

    match std::env::var_os("TEST_PYTHON") {
        Some(python) => {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/beside_moviepy.py");
            let make = || timed(place, Command::new(&python).args([script, "plan.json", "moviepy.mp4"]));
            let took = rounds(make)?;
            report("MoviePy", took, &timeline, Some(orion));
        }
        None => println!("SKIPPED: MoviePy: TEST_PYTHON names no Python"),
    }

    let timeline = over_busy(blobs.as_ref(), timeline).await?;
    let recorded = recording.render(&timeline, &settings, &Operation::detached()).await?;
    blobs.export(recorded.video.sha256, &place.join("orion.mp4")).await?;
    similar(place, "pictures full of detail", &canvas)
}

/// What the default preset loses, against the frames as they were drawn.
#[expect(clippy::print_stdout, reason = "its output is the report")]
fn similar(place: &Path, what: &str, canvas: &Canvas) -> Result<()> {
    let Canvas { width, height, frames_per_second: rate } = canvas;
    let (size, rate) = (format!("{width}x{height}"), rate.to_string());
    let filter = "[0:v]setpts=N/30/TB[drawn];[1:v]setpts=N/30/TB[made];[made][drawn]ssim=stats_file=ssim.txt";
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &rate]);
    command.args(["-i", "frames.yuv", "-i", "orion.mp4", "-lavfi", filter, "-f", "null", "-"]);
    run(place, &mut command)?;
    let stats = std::fs::read_to_string(place.join("ssim.txt")).map_err(failed)?;
    let all: Vec<f64> =
        stats.lines().filter_map(|line| line.split("All:").nth(1)?.split_whitespace().next()?.parse().ok()).collect();
    let (mean, least) = (all.iter().sum::<f64>() / all.len().max(1) as f64, all.iter().copied().fold(1.0, f64::min));
    let bits = std::fs::metadata(place.join("orion.mp4")).map_err(failed)?.len() as f64 * 8.0;
    let kilobits = bits / 1000.0 * 30.0 / all.len().max(1) as f64;
    println!("SSIM of the default preset, {what}: mean {mean:.4}, least {least:.4}, n = {}", all.len());
    println!("  at {kilobits:.0} kbit/s with sound");
    Ok(())
}

/// What the Python script makes a video of.
fn plan(timeline: &Timeline, drawn: &Drawn, scenes: &[Value]) -> Result<Value> {
    let Canvas { width, height, frames_per_second: rate } = timeline.canvas;
    let cues: Vec<Value> = timeline
        .captions
        .cues
        .iter()
        .map(|cue| {
            let words: Vec<&str> = cue.words.iter().map(|word| word.text.as_str()).collect();
            json!({ "text": words.join(" "), "start": cue.start.seconds(), "end": cue.end.seconds() })
        })
        .collect();
    Ok(json!({
        "width": width, "height": height, "rate": rate, "zoom": ZOOM, "scenes": scenes, "captions": cues,
        "font": concat!(env!("CARGO_MANIFEST_DIR"), "/../../orion-adapters/draw/fonts/inter-bold.ttf"),
        "size": timeline.captions.style.size * timeline.canvas.type_height(),
        "outline": timeline.captions.style.outline * timeline.canvas.type_height(),
        "preset": drawn.option("-preset")?, "crf": drawn.option("-crf")?, "x264": drawn.option("-x264-params")?,
        "threads": drawn.option("-threads")?, "group": drawn.option("-g")?,
    }))
}

/// One ffmpeg call that makes the same video.
fn graph(timeline: &Timeline, drawn: &Drawn) -> Result<Command> {
    let Canvas { width, height, frames_per_second: rate } = timeline.canvas;
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error"]);
    let frame = 1.0 / f64::from(rate);
    // A cut is the shortest of fades.
    let fade = |index: usize| timeline.scenes.get(index).map_or(0.0, |it| it.transition.duration.seconds().max(frame));
    let (mut filter, mut last, mut end) = (String::new(), "s0".to_owned(), 0.0);
    for (index, scene) in timeline.scenes.iter().enumerate() {
        // A scene is seen until the transition to the next one is over.
        let seconds = scene.duration.seconds();
        let frames = ((seconds + fade(index + 1)) * f64::from(rate)).round();
        command.args(["-i", &format!("scene-{index}.png")]);
        filter += &format!(
            "[{index}:v]zoompan=z='1+{ZOOM}*on/{frames}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d={frames}:\
             s={width}x{height}:fps={rate},format=yuv420p[s{index}];"
        );
        if index > 0 {
            let name = match scene.transition.kind {
                TransitionKind::PushLeft => "slideleft",
                TransitionKind::PushUp => "slideup",
                TransitionKind::Wipe => "smoothright",
                TransitionKind::Cut | TransitionKind::Crossfade => "fade",
            };
            let length = fade(index);
            filter += &format!("[{last}][s{index}]xfade=transition={name}:duration={length}:offset={end}[x{index}];");
            last = format!("x{index}");
        }
        end += seconds;
    }
    filter += &format!("[{last}]ass=captions.ass[v]");
    let sound = format!("{}:a", timeline.scenes.len());
    command.args(["-i", "sound.wav", "-filter_complex", &filter, "-map", "[v]", "-map", &sound]);
    for option in ["-c:v", "-preset", "-crf", "-x264-params", "-threads", "-g"] {
        let value = drawn.option(option)?;
        if !value.is_empty() {
            command.args([option, &value]);
        }
    }
    command.args(SOUND).args(["-shortest", "ffmpeg.mp4"]);
    Ok(command)
}

#[expect(clippy::print_stdout, reason = "its output is the report")]
fn report(name: &str, took: Took, timeline: &Timeline, orion: Option<Took>) {
    let Took { wall, cpu } = took;
    let fps = timeline.frames() as f64 / wall;
    print!("{name}: wall {wall:.2} s ({fps:.0} fps), CPU {cpu:.2} s");
    match orion {
        Some(orion) => println!("; {:.2} times Orion's wall, {:.2} times its CPU", wall / orion.wall, cpu / orion.cpu),
        None => println!(),
    }
}

fn rounds(make: impl Fn() -> Result<Took>) -> Result<Took> {
    let mut all = (0..ROUNDS).map(|_| make()).collect::<Result<Vec<_>>>()?;
    Ok(middle(&mut all))
}

fn middle(all: &mut [Took]) -> Took {
    all.sort_by(|one, other| one.wall.total_cmp(&other.wall));
    all[all.len() / 2]
}

fn used() -> f64 {
    let (own, children) = cpu();
    own + children
}

fn since(before: f64, begun: Instant) -> Took {
    Took { wall: begun.elapsed().as_secs_f64(), cpu: used() - before }
}

fn timed(place: &Path, command: &mut Command) -> Result<Took> {
    let (before, begun) = (used(), Instant::now());
    run(place, command)?;
    Ok(since(before, begun))
}
