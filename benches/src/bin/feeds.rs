//! Feeds read and scored per second, beside Python's feedparser in the same run.
//!
//! `cargo run --release -p orion-benches --bin feeds -- [ROUNDS] [SECONDS] [FILE...]`
//!
//! Each round reads the files over and over for that many seconds, first with Orion (parse to plain text, score,
//! merge, niche filter, sort), then with feedparser (parse only), each in one thread and with the bytes already in
//! memory. What is counted is the thread's CPU time (from `/proc`, so Linux only): a busy machine slows both sides
//! down at different moments. Prints the best round of each and their ratio. Without files it takes the feeds that
//! stand beside the project, or else those that ship with it. Needs `python3` with `feedparser`.

use orion_core::port::ScoredItem;
use orion_core::service::scout::{built_in, rank, score_at};
use orion_feeds::{FeedLimits, parse_feed};
use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PYTHON: &str = "
import sys, time, feedparser
seconds = float(sys.argv[1])
feeds = [open(path, 'rb').read() for path in sys.argv[2:]]
items, begin = 0, time.process_time()
while time.process_time() - begin < seconds:
    for feed in feeds:
        items += len(feedparser.parse(feed).entries)
print(items, time.process_time() - begin, feedparser.__version__)
";

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
fn main() -> Outcome<()> {
    let mut arguments = env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(8), |rounds| rounds.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(1.0), |seconds| seconds.parse())?;
    let mut files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    if files.is_empty() {
        files = default_files()?;
    }
    let feeds: Vec<Vec<u8>> = files.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let bytes: usize = feeds.iter().map(Vec::len).sum();
    println!("{} feeds, {bytes} bytes, {} items", feeds.len(), once(&feeds)?);
    let (mut ours, mut theirs) = (0.0_f64, 0.0_f64);
    for _ in 0..rounds {
        ours = ours.max(orion(&feeds, seconds)?);
        theirs = theirs.max(feedparser(&files, seconds)?);
    }
    println!("Orion       {ours:>10.0} items per CPU second, parsed and scored");
    println!("feedparser  {theirs:>10.0} items per CPU second, parsed");
    println!("ratio       {:>10.1}  (best of {rounds} rounds of {seconds} s)", ours / theirs);
    Ok(())
}

fn default_files() -> Outcome<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = root.join("../shared/data/feeds");
    let folder = if shared.is_dir() { shared } else { root.join("samples") };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| {
        file.extension().is_some_and(|ending| matches!(ending.to_str(), Some("rss" | "atom" | "xml" | "json")))
    });
    files.sort();
    Ok(files)
}

fn orion(feeds: &[Vec<u8>], seconds: f64) -> Outcome<f64> {
    let (mut items, begin) = (0, cpu_seconds()?);
    loop {
        items += once(feeds)?;
        let spent = cpu_seconds()? - begin;
        if spent >= seconds {
            return Ok(items as f64 / spent);
        }
    }
}

/// Time that this thread has spent on a processor.
fn cpu_seconds() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().ok_or("no schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Reads and ranks every feed; gives how many items were read.
fn once(feeds: &[Vec<u8>]) -> Outcome<usize> {
    let niche = built_in("tech").map_err(|error| error.to_string())?;
    let mut read = 0;
    let mut scored = Vec::new();
    for bytes in feeds {
        let feed = parse_feed(bytes, None, &FeedLimits::default()).map_err(|error| error.to_string())?;
        read += feed.items.len();
        let (source, limit) = (format!("rss:{}", feed.title), feed.items.len() as u32);
        scored.extend(
            feed.items
                .into_iter()
                .zip(0..)
                .map(|(item, place)| ScoredItem::new(item, score_at(place, limit), source.clone())),
        );
    }
    std::hint::black_box(rank(scored, Some(&niche)));
    Ok(read)
}

fn feedparser(files: &[PathBuf], seconds: f64) -> Outcome<f64> {
    let output = Command::new("python3").arg("-c").arg(PYTHON).arg(seconds.to_string()).args(files).output()?;
    if !output.status.success() {
        return Err(format!("feedparser failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace().map(str::parse::<f64>);
    match (words.next(), words.next()) {
        (Some(items), Some(time)) => Ok(items? / time?),
        _ => Err("feedparser printed nothing".into()),
    }
}
