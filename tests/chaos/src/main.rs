//! Kills the real program over and over while it makes videos, lets it finish, and checks from outside that nothing was
//! lost, done twice, paid twice, or published twice or without approval.
//!
//! `chaos --kills 1000 --seed 7 --json` with the program at `ORION_BIN`; `chaos --points` lists where it can be killed.
//! Half of all kills come at random moments. The others come at moments that are seen outside (a provider has a call,
//! or has answered it) and, if the program was built with the feature `faults`, at the points that it names itself. The
//! seed decides what is drawn; how the program and the machine interleave is not in its hands.

#![expect(clippy::unwrap_used, reason = "a harness fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the program's output")]

mod book;
mod chance;
mod lives;
mod outside;
mod person;
mod platform;
mod record;
mod topics;
mod trap;
mod verdict;

use book::Book;
use chance::Chance;
use clap::Parser;
use lives::{Measured, Plan, live_and_die};
use outside::Outside;
use person::Person;
use platform::{Platform, Setup};
use record::Memory;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use trap::Moment;
use verdict::{Evidence, Figure, figures};

/// How long what is left is waited for at the end. What was on its way out when a process died rests for a while.
const REST: Duration = Duration::from_secs(150);

/// Kills Orion at work, and checks what is left.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often to kill.
    #[arg(long, default_value_t = 60)]
    kills: i64,
    /// Stop killing after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// What decides moments and points.
    #[arg(long)]
    seed: Option<u64>,
    /// Worlds beside each other, each with its own record.
    #[arg(long, default_value_t = 3)]
    worlds: usize,
    /// Runs at once in a world.
    #[arg(long, default_value_t = 2)]
    lanes: usize,
    /// The longest life of a process, in milliseconds.
    #[arg(long, default_value_t = 5000)]
    horizon: u64,
    /// Every kill at this point.
    #[arg(long)]
    point: Option<String>,
    /// Lists the points.
    #[arg(long)]
    points: bool,
    /// The figures as one JSON object.
    #[arg(long)]
    json: bool,
    /// Keeps the folders of the worlds.
    #[arg(long)]
    keep: bool,
    /// The program.
    #[arg(long, env = "ORION_BIN", default_value = "target/release/orion")]
    orion: PathBuf,
}

/// What came of a world.
#[derive(Debug, Default)]
struct Outcome {
    figures: Vec<Figure>,
    ends: BTreeMap<String, u64>,
    kills: u64,
    runs: u64,
    calls: u64,
    restarts: Vec<Duration>,
    takeovers: Vec<Duration>,
    unseen: u64,
    fell: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let points = points(&arguments.orion);
    if arguments.points {
        let outside = Moment::ALL.map(Moment::name);
        for point in points.iter().map(String::as_str).chain(outside) {
            println!("{point}");
        }
        return ExitCode::SUCCESS;
    }
    if points.is_empty() {
        eprintln!("{} has no points of its own: it was built without the feature `faults`", arguments.orion.display());
    }
    let seed = arguments.seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::from(now.subsec_nanos())
    });
    let begun = Instant::now();
    let plan = Plan {
        left: AtomicI64::new(arguments.kills),
        until: arguments.seconds.map(|seconds| begun + Duration::from_secs(seconds)),
        horizon: Duration::from_millis(arguments.horizon),
        points,
        only: arguments.point.clone(),
    };
    let mut chance = Chance::new(seed);
    let worlds: Vec<Chance> = (0..arguments.worlds.max(1)).map(|_| chance.fork()).collect();
    let mut outcome = Outcome::default();
    let mut made = all_of(worlds.into_iter().map(|chance| world(&arguments, &plan, chance))).await;
    for one in &mut made {
        join(&mut outcome, one);
    }
    report(&arguments, seed, begun.elapsed(), &outcome)
}

/// All at once, on this task.
async fn all_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in all.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(done) = future.as_mut().poll(context) {
                *output = Some(done);
            }
        }
        if all.iter().all(|(_, output)| output.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    all.into_iter().filter_map(|(_, output)| output).collect()
}

/// The points that the program names, if it was built with them.
fn points(orion: &std::path::Path) -> Vec<String> {
    let listed = Command::new(orion).arg("--version").env("ORION_FAULT", "list").output();
    let listed = listed.unwrap_or_else(|error| panic_about(orion, &error));
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    said.lines().filter_map(|line| line.strip_prefix("fault point ")).map(str::to_owned).collect()
}

#[expect(clippy::panic, reason = "without the program there is nothing to do")]
fn panic_about(orion: &std::path::Path, error: &std::io::Error) -> ! {
    panic!("cannot start {}: {error}; build it, and name it by ORION_BIN", orion.display())
}

async fn world(arguments: &Arguments, plan: &Plan, mut chance: Chance) -> Outcome {
    let outside = Outside::start(chance.fork()).await;
    let setup = Setup {
        binary: arguments.orion.canonicalize().unwrap(),
        replicas: 1,
        store: None,
        redis: None,
        concurrent: arguments.lanes,
        folder: None,
    };
    let mut platform = Platform::start(setup, &outside).await;
    let (book, memory, measured) = (Book::default(), Memory::default(), Measured::default());
    let trends = trends(&platform).await;
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    {
        let person = Person { platform: &platform, book: &book, next: &next, trends: &trends, stop: &stop };
        let killing = async {
            live_and_die(&platform, &outside, &book, &memory, &measured, plan, chance).await;
            stop.store(true, Ordering::Relaxed);
        };
        let living = all_of((0..arguments.lanes).map(|_| person.live()));
        tokio::pin!(living);
        tokio::select! {
            () = killing => drop(tokio::time::timeout(REST, &mut living).await),
            _ = &mut living => {}
        }
    }
    // Whoever is told of what happened is told within moments.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let log = platform.log();
    for replica in 0..platform.replicas() {
        platform.kill(replica);
    }
    let all = record::everything(&platform.store(), &memory).await.unwrap();
    let (wishes, kills, again) = (book.wishes(), book.kills(), memory.again());
    let seen = outside.seen();
    let evidence = Evidence {
        wishes: &wishes,
        kills: &kills,
        calls: &seen.calls,
        deliveries: &seen.deliveries,
        all: &all,
        again: &again,
        folder: platform.folder(),
    };
    let figures = figures(&evidence);
    let mut ends = BTreeMap::new();
    for kill in &kills {
        *ends.entry(kill.how.clone()).or_default() += 1;
    }
    let outcome = Outcome {
        ends,
        kills: kills.len() as u64,
        runs: wishes.iter().filter(|wish| wish.done).count() as u64,
        calls: seen.calls.len() as u64,
        restarts: measured.restarts.into_inner().unwrap(),
        takeovers: measured.takeovers.into_inner().unwrap(),
        unseen: measured.unseen.into_inner().unwrap(),
        fell: measured.fell.into_inner().unwrap(),
        figures,
    };
    drop(seen);
    let broken = outcome.figures.iter().any(|figure| figure.promised && figure.count > 0);
    if broken || arguments.keep {
        eprintln!("{log}\nkept: {}", platform.keep().display());
    }
    outcome
}

/// The trends that the program has found, with their topics.
async fn trends(platform: &Platform) -> Vec<(String, String)> {
    let list = platform.ask("GET", "/api/v1/scout/trends?page_size=100", None).await.unwrap().1;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list["items"].as_array().into_iter().flatten().map(|item| (text(&item["id"]), text(&item["topic"]))).collect()
}

fn join(all: &mut Outcome, one: &mut Outcome) {
    if all.figures.is_empty() {
        all.figures.clone_from(&one.figures);
    } else {
        for (sum, figure) in all.figures.iter_mut().zip(&one.figures) {
            sum.add(figure);
        }
    }
    for (how, count) in &one.ends {
        *all.ends.entry(how.clone()).or_default() += count;
    }
    all.kills += one.kills;
    all.runs += one.runs;
    all.calls += one.calls;
    all.unseen += one.unseen;
    all.restarts.append(&mut one.restarts);
    all.takeovers.append(&mut one.takeovers);
    all.fell.append(&mut one.fell);
}

/// A share of sorted times.
fn part(times: &[Duration], share: f64) -> f64 {
    let last = times.len().saturating_sub(1);
    let place = (times.len() as f64 * share) as usize;
    times.get(place.min(last)).map_or(0.0, Duration::as_secs_f64)
}

fn report(arguments: &Arguments, seed: u64, took: Duration, outcome: &Outcome) -> ExitCode {
    let mut restarts = outcome.restarts.clone();
    restarts.sort_unstable();
    let mut takeovers = outcome.takeovers.clone();
    takeovers.sort_unstable();
    let broken: Vec<&Figure> = outcome.figures.iter().filter(|figure| figure.promised && figure.count > 0).collect();
    let times = |times: &[Duration]| json!({"n": times.len(), "p50": part(times, 0.5), "p99": part(times, 0.99), "most": part(times, 1.0)});
    if arguments.json {
        let report = json!({
            "seed": seed, "seconds": took.as_secs_f64(), "kills": outcome.kills, "runs_finished": outcome.runs,
            "paid_calls": outcome.calls, "ends": outcome.ends,
            "figures": outcome.figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
            "restart_to_work_seconds": times(&restarts), "death_to_takeover_seconds": times(&takeovers),
            "killed_again_before_work": outcome.unseen, "fell_by_themselves": outcome.fell.len(),
        });
        println!("{report}");
    } else {
        println!(
            "{} kills, {} runs finished, {} paid calls in {:.0} s; seed {seed}",
            outcome.kills,
            outcome.runs,
            outcome.calls,
            took.as_secs_f64()
        );
        for (how, count) in &outcome.ends {
            println!("  killed at {how}: {count}");
        }
        for figure in &outcome.figures {
            let bound = match (figure.count, figure.of) {
                (0, of) if of > 0 => format!("; a rate below {:.1e} of them (3/n)", 3.0 / of as f64),
                _ => String::new(),
            };
            println!("{}: {} of {} {}{bound}", figure.name, figure.count, figure.of, figure.unit);
            for example in &figure.examples {
                println!("    {example}");
            }
        }
        for (name, times) in [("restart to work", &restarts), ("death of a peer to work", &takeovers)] {
            if !times.is_empty() {
                println!(
                    "{name}: p50 {:.2} s, p99 {:.2} s, most {:.2} s, n = {}",
                    part(times, 0.5),
                    part(times, 0.99),
                    part(times, 1.0),
                    times.len()
                );
            }
        }
        println!("killed again before they showed work: {} runs", outcome.unseen);
    }
    for log in &outcome.fell {
        eprintln!("a process ended by itself:\n{log}");
    }
    let fine = broken.is_empty() && outcome.fell.is_empty() && outcome.kills > 0;
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
