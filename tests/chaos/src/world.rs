//! One world: the program, what is outside of it, people who have videos made, and what goes wrong.

use crate::book::Book;
use crate::chance::Chance;
use crate::lives::{Measured, Plan, live_and_die};
use crate::outside::Outside;
use crate::person::Person;
use crate::platform::{Platform, Setup};
use crate::record::{self, Memory};
use crate::trouble::{self, Troubles};
use crate::verdict::{Evidence, Figure, figures};
use orion_private_postgres::{Durability, Server};
use orion_private_redis::Listener;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How long what is left is waited for at the end. What was on its way out when a process died rests for a while.
const REST: Duration = Duration::from_secs(150);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Processes are killed.
    Kill,
    /// Processes stand still past their lease, and go on.
    Stop,
    /// Redis stands still, is killed, is emptied.
    Redis,
    /// PostgreSQL crashes.
    Postgres,
    /// The disk is full for a while.
    Disk,
}

/// Why a scenario cannot be played here.
pub(crate) const UNMOUNTED: &str = "needs to mount a small disk, as root";
/// Room for a few runs, in megabytes.
const SMALL: usize = 96;

/// How a world is made.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) scenario: Scenario,
    pub(crate) orion: PathBuf,
    /// Runs at once.
    pub(crate) lanes: usize,
    /// Processes; more than one share a PostgreSQL database and a Redis server.
    pub(crate) replicas: usize,
    /// Rounds of trouble other than kills.
    pub(crate) rounds: i64,
    /// How long Redis is away.
    pub(crate) away: Duration,
    /// Keeps the folder in any case.
    pub(crate) keep: bool,
}

/// What came of a world.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    pub(crate) ends: BTreeMap<String, u64>,
    pub(crate) kills: u64,
    pub(crate) runs: u64,
    pub(crate) calls: u64,
    pub(crate) restarts: Vec<Duration>,
    pub(crate) takeovers: Vec<Duration>,
    pub(crate) recoveries: Vec<Duration>,
    pub(crate) publications: Vec<Duration>,
    pub(crate) unseen: u64,
    pub(crate) fell: Vec<String>,
}

/// Lives through it, and judges.
pub(crate) async fn world(wanted: &Wanted, plan: &Plan, mut chance: Chance) -> Result<Outcome, &'static str> {
    let outside = Outside::start(chance.fork()).await;
    let many = wanted.replicas > 1;
    let server = match many {
        true => Some(Server::start(Durability::Full).ok_or("PostgreSQL is not installed")?),
        false => None,
    };
    let redis = match many {
        true => Some(orion_private_redis::Server::start(&[]).ok_or("redis-server is not installed")?),
        false => None,
    };
    let setup = Setup {
        binary: wanted.orion.clone(),
        replicas: wanted.replicas,
        store: server.as_ref().map(Server::database),
        redis: redis.as_ref().map(orion_private_redis::Server::address),
        concurrent: wanted.lanes,
        disk: (wanted.scenario == Scenario::Disk).then_some(SMALL),
    };
    let listener = redis.as_ref().map(Listener::start);
    let mut platform = Platform::start(setup, &outside).await.ok_or(UNMOUNTED)?;
    let (book, memory, measured) = (Book::default(), Memory::default(), Measured::default());
    let mut troubles = Troubles::default();
    let trends = trends(&platform).await;
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    {
        let person = Person { platform: &platform, book: &book, next: &next, trends: &trends, stop: &stop };
        let trouble = async {
            match (wanted.scenario, &server, &redis, &listener) {
                (Scenario::Stop, ..) => {
                    trouble::stop(&platform, &book, &memory, wanted.rounds, &mut chance, &mut troubles).await;
                }
                (Scenario::Redis, _, Some(redis), Some(listener)) => {
                    let (rounds, away) = (wanted.rounds, wanted.away);
                    trouble::redis(&platform, redis, listener, rounds, away, &mut chance, &mut troubles).await;
                }
                (Scenario::Postgres, Some(server), ..) => {
                    trouble::postgres(&platform, server, wanted.rounds, &mut chance, &mut troubles).await;
                }
                (Scenario::Disk, ..) => {
                    trouble::disk(&platform, wanted.rounds, &mut chance, &mut troubles).await;
                }
                _ => live_and_die(&platform, &outside, &book, &memory, &measured, plan, chance).await,
            }
            stop.store(true, Ordering::Relaxed);
        };
        let living = all_of((0..wanted.lanes).map(|_| person.live()));
        tokio::pin!(living);
        tokio::select! {
            () = trouble => drop(tokio::time::timeout(REST, &mut living).await),
            _ = &mut living => {}
        }
    }
    // Whoever is told of what happened is told within moments.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let log = platform.log();
    if (0..platform.replicas()).any(|replica| platform.has_ended(replica)) {
        measured.fell.lock().unwrap().push(log.clone());
    }
    for replica in 0..platform.replicas() {
        platform.kill(replica);
    }
    let Ok(all) = record::everything(&platform.store(), &memory).await else {
        return Err("the record cannot be read at the end");
    };
    let (wishes, kills, again) = (book.wishes(), book.kills(), memory.again());
    if let Some(listener) = &listener {
        let unheard = all.events.iter().filter(|event| listener.heard(&event.id.to_string()).is_none()).count();
        troubles.unheard = (unheard as u64, all.events.len() as u64);
    }
    let seen = outside.seen();
    let evidence = Evidence {
        wishes: &wishes,
        kills: &kills,
        calls: &seen.calls,
        deliveries: &seen.deliveries,
        all: &all,
        again: &again,
        data: &platform.data(),
        published: &platform.published(),
        manners: &platform.manners(),
    };
    let mut figures = figures(&evidence);
    figures.extend(troubles.figures());
    let mut ends = BTreeMap::new();
    for kill in &kills {
        *ends.entry(kill.how.clone()).or_default() += 1;
    }
    let mut takeovers = measured.takeovers.into_inner().unwrap();
    takeovers.append(&mut troubles.takeovers);
    let outcome = Outcome {
        ends,
        kills: kills.len() as u64,
        runs: wishes.iter().filter(|wish| wish.done).count() as u64,
        calls: seen.calls.len() as u64,
        restarts: measured.restarts.into_inner().unwrap(),
        takeovers,
        recoveries: troubles.recoveries,
        publications: memory.went_out(&all),
        unseen: measured.unseen.into_inner().unwrap(),
        fell: measured.fell.into_inner().unwrap(),
        figures,
    };
    drop(seen);
    let broken = outcome.figures.iter().any(|figure| figure.promised && figure.count > 0);
    if broken || wanted.keep {
        eprintln!("{log}\nkept: {}", platform.keep().display());
    }
    Ok(outcome)
}

/// The trends that the program has found, with their topics.
async fn trends(platform: &Platform) -> Vec<(String, String)> {
    let list = platform.ask("GET", "/api/v1/scout/trends?page_size=100", None).await.unwrap().1;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list["items"].as_array().into_iter().flatten().map(|item| (text(&item["id"]), text(&item["topic"]))).collect()
}

/// All at once, on this task.
pub(crate) async fn all_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
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
