//! Times the whole command, from feed to finished video, on embedded defaults.
//!
//! `cargo run --release -p orion-benches --bin create -- [RUNS] [SECONDS...]`
//!
//! Runs `orion create` on the sample feed in a fresh data folder each time and prints wall time, CPU time,
//! and peak memory of Orion, of ffmpeg and of both at the same moment. Build the binary first
//! (`./orion setup`); `ORION_BIN` names another one. Linux only: it reads `/proc`.

use std::collections::HashMap;
use std::error::Error;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Kernel clock ticks a second; fixed at 100 for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    wall: f64,
    cpu: f64,
    orion_peak_mib: f64,
    ffmpeg_peak_mib: f64,
    together_mib: f64,
    video_seconds: f64,
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let runs: usize = arguments.next().map_or(Ok(3), |runs| runs.parse())?;
    let mut lengths: Vec<u32> = arguments.map(|seconds| seconds.parse()).collect::<Result<_, _>>()?;
    if lengths.is_empty() {
        lengths = vec![30, 60];
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let binary = env::var_os("ORION_BIN").map_or_else(|| root.join("target/release/orion"), PathBuf::from);
    let feed = env::var_os("ORION_BENCH_FEED").map_or_else(|| root.join("samples/feed.xml"), PathBuf::from);
    println!("asked  video   wall    cpu     orion    ffmpeg   together   (seconds, MiB; best of {runs} by wall)");
    for seconds in lengths {
        let mut best: Option<Figures> = None;
        for _ in 0..runs {
            let figures = once(&binary, &feed, seconds)?;
            if best.is_none_or(|best| figures.wall < best.wall) {
                best = Some(figures);
            }
        }
        let best = best.ok_or("at least one run is needed")?;
        println!(
            "{seconds:>4} s {:>5.1} s {:>5.1} s {:>5.1} s {:>6.0} M {:>6.0} M {:>7.0} M",
            best.video_seconds, best.wall, best.cpu, best.orion_peak_mib, best.ffmpeg_peak_mib, best.together_mib
        );
    }
    Ok(())
}

fn once(binary: &Path, feed: &Path, seconds: u32) -> Result<Figures, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("video");
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    symlink(voices_dir(), data.join("voices"))?;
    let cpu_before = children_cpu()?;
    let begin = Instant::now();
    let mut child = Command::new(binary)
        .args(["create", "--offline", "--seconds", &seconds.to_string(), "--json", "--feed"])
        .arg(feed)
        .arg("--out")
        .arg(&out)
        .env("ORION_DATA_DIR", &data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut figures = watch(&mut child)?;
    let status = child.wait()?;
    figures.wall = begin.elapsed().as_secs_f64();
    figures.cpu = children_cpu()? - cpu_before;
    if !status.success() {
        return Err(format!("orion create failed: {status}").into());
    }
    let report: serde_json::Value = serde_json::from_slice(&fs::read(out.join("run.json"))?)?;
    let micros = report.pointer("/video/duration").and_then(serde_json::Value::as_i64).unwrap_or(0);
    figures.video_seconds = micros as f64 / 1e6;
    Ok(figures)
}

/// The voice is installed once, outside of what is measured.
fn voices_dir() -> PathBuf {
    env::var_os("ORION_VOICES")
        .map_or_else(|| env::home_dir().unwrap_or_default().join(".local/share/orion/voices"), PathBuf::from)
}

/// Samples memory until the child has ended.
fn watch(child: &mut Child) -> Result<Figures, Box<dyn Error>> {
    let mut figures = Figures::default();
    while child.try_wait()?.is_none() {
        let mut together = 0.0;
        for (name, now, peak) in family(child.id()) {
            together += now;
            let slot =
                if name.starts_with("ffmpeg") { &mut figures.ffmpeg_peak_mib } else { &mut figures.orion_peak_mib };
            *slot = slot.max(peak);
        }
        figures.together_mib = figures.together_mib.max(together);
        thread::sleep(Duration::from_millis(20));
    }
    Ok(figures)
}

/// The process and its descendants: name, resident memory now and at its peak, in MiB.
fn family(root: u32) -> Vec<(String, f64, f64)> {
    let mut parents: HashMap<u32, (u32, String, f64, f64)> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let field = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_whitespace().next().map(str::to_owned)
        };
        let mib = |key| field(key).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0;
        let Some(parent) = field("PPid:").and_then(|parent| parent.parse().ok()) else { continue };
        parents.insert(pid, (parent, field("Name:").unwrap_or_default(), mib("VmRSS:"), mib("VmHWM:")));
    }
    let descends = |mut pid: u32| {
        for _ in 0..8 {
            if pid == root {
                return true;
            }
            match parents.get(&pid) {
                Some((parent, ..)) => pid = *parent,
                None => return false,
            }
        }
        false
    };
    let members = parents.iter().filter(|(pid, _)| descends(**pid));
    members.map(|(_, (_, name, now, peak))| (name.clone(), *now, *peak)).collect()
}

/// CPU seconds of all children that have ended, their own children included.
fn children_cpu() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in field 2 may hold spaces; count behind its closing bracket. cutime and cstime are fields 16 and 17.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(13).take(2).map(|ticks| ticks.parse().unwrap_or(0.0)).sum();
    Ok(ticks / TICKS_PER_SECOND)
}
