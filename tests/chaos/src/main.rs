//! Kills the real program over and over while it makes videos, lets it finish, and checks from outside that nothing was
//! lost, done twice, paid twice, or published twice or without approval.
//!
//! `chaos --kills 1000 --seed 7 --json` with the program at `ORION_BIN`; `chaos --points` lists where it can be killed.
//! Half of all kills come at random moments. The others come at moments that are seen outside (a provider has a call,
//! or has answered it; a file is half written) and, if the program was built with the feature `faults`, at the points
//! that it names itself. The seed decides what is drawn; how the program and the machine interleave is not in its hands.

#![expect(clippy::unwrap_used, reason = "a harness fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the program's output")]

mod book;
mod chance;
mod disk;
mod half;
mod lives;
mod outside;
mod person;
mod platform;
mod record;
mod topics;
mod trap;
mod trouble;
mod verdict;
mod world;

use chance::Chance;
use clap::Parser;
use half::Half;
use lives::Plan;
use serde_json::json;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};
use trap::Moment;
use verdict::Figure;
use world::{Outcome, Scenario, Wanted, all_of, world};

/// Kills Orion at work, and checks what is left.
#[derive(Debug, Parser)]
struct Arguments {
    /// What goes wrong.
    #[arg(long, value_enum, default_value_t = Scenario::Kill)]
    scenario: Scenario,
    /// How often it does.
    #[arg(long, default_value_t = 60)]
    kills: i64,
    /// Processes of a world. More than one share a PostgreSQL database and a Redis server; what goes wrong with these,
    /// and standing still, needs two.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// For how many seconds Redis is away.
    #[arg(long, default_value_t = 10)]
    away: u64,
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
    /// The longest life of a process, in milliseconds; three times as long if it is to die at a point.
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

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let points = points(&arguments.orion);
    if arguments.points {
        let outside = Moment::ALL.map(Moment::name);
        for point in points.iter().map(String::as_str).chain(outside).chain(Half::ALL.map(Half::name)) {
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
    let least = if matches!(arguments.scenario, Scenario::Kill | Scenario::Disk) { 1 } else { 2 };
    let wanted = Wanted {
        scenario: arguments.scenario,
        orion: arguments.orion.canonicalize().unwrap(),
        lanes: arguments.lanes,
        replicas: arguments.replicas.max(least),
        rounds: arguments.kills,
        away: Duration::from_secs(arguments.away),
        keep: arguments.keep,
    };
    let mut outcome = Outcome::default();
    for one in all_of(worlds.into_iter().map(|chance| world(&wanted, &plan, chance))).await {
        match one {
            Ok(mut one) => join(&mut outcome, &mut one),
            Err(why) if why == world::UNMOUNTED => {
                eprintln!("SKIPPED: {why}");
                return ExitCode::SUCCESS;
            }
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        }
    }
    report(&arguments, seed, begun.elapsed(), &outcome)
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
    all.recoveries.append(&mut one.recoveries);
    all.publications.append(&mut one.publications);
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
    let mut recoveries = outcome.recoveries.clone();
    recoveries.sort_unstable();
    let mut publications = outcome.publications.clone();
    publications.sort_unstable();
    let broken: Vec<&Figure> = outcome.figures.iter().filter(|figure| figure.promised && figure.count > 0).collect();
    let times = |times: &[Duration]| json!({"n": times.len(), "p50": part(times, 0.5), "p99": part(times, 0.99), "most": part(times, 1.0)});
    if arguments.json {
        let report = json!({
            "seed": seed, "seconds": took.as_secs_f64(), "kills": outcome.kills, "runs_finished": outcome.runs,
            "paid_calls": outcome.calls, "ends": outcome.ends,
            "figures": outcome.figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
            "restart_to_work_seconds": times(&restarts), "death_to_takeover_seconds": times(&takeovers),
            "death_to_publication_seconds": times(&publications), "return_to_recovered_seconds": times(&recoveries),
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
        for (name, times) in [
            ("restart to work", &restarts),
            ("death to a publication being out that was on its way", &publications),
            ("death or standstill of a process to all its work elsewhere", &takeovers),
            ("return of a server to everything as before", &recoveries),
        ] {
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
    let fine = broken.is_empty() && outcome.fell.is_empty() && outcome.runs > 0;
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
