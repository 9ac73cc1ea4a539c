//! Workers that die or sleep in the middle of a step: how long until another finishes it, and whether any step is
//! recorded twice.
//!
//! `cargo run --release -p orion-record-benches --bin killed -- [ROUNDS] [LANES]`
//!
//! Each lane is a consumer group with two workers, which are real processes on one database. A round appends an event,
//! waits until a worker is in the middle of its step, between writing the effect and acknowledging the event, and
//! kills it with SIGKILL; or stops it with SIGSTOP, until the other has finished the step, and lets it go on with SIGCONT
//! to try its own commit. Both kinds alternate, on SQLite and on PostgreSQL.

use orion_core::domain::{Notification, NotificationKind};
use orion_core::event::Event;
use orion_core::id::{EventId, NotificationId, TrendId, UserId};
use orion_core::port::{Claim, Clock, Filter, Store};
use orion_core::service::consumer::LEASE;
use orion_core::{Result, Timestamp};
use orion_private_postgres::{Durability, Server};
use orion_sql::SqlStore;
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use uuid::Uuid;

/// How long a worker is in the middle of a step.
const MIDDLE: Duration = Duration::from_millis(300);
/// How often a worker that has nothing to do looks again, as those of the platform do.
const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn main() -> std::result::Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [word, uri, lane] = arguments.as_slice()
        && word == "work"
    {
        return work(uri, lane).await;
    }
    let rounds: u64 = arguments.first().map_or(Ok(2), |rounds| rounds.parse())?;
    let lanes: u64 = arguments.get(1).map_or(Ok(4), |lanes| lanes.parse())?;
    println!("rounds {rounds}, lanes {lanes}, two workers each");
    let folder = tempfile::tempdir()?;
    let mut twice =
        measure("sqlite", &format!("sqlite:{}", folder.path().join("orion.db").display()), rounds, lanes).await?;
    if let Some(server) = Server::start(Durability::Full) {
        twice += measure("postgres", &server.database(), rounds, lanes).await?;
    }
    if twice > 0 { Err(format!("{twice} steps were recorded twice").into()) } else { Ok(()) }
}

#[derive(Default)]
struct Figures {
    killed: Vec<Duration>,
    stopped: Vec<Duration>,
    twice: u64,
}

/// Prints the figures of one database and gives how many steps were recorded twice.
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn measure(name: &str, uri: &str, rounds: u64, lanes: u64) -> std::result::Result<u64, Failure> {
    SqlStore::open(uri).await?;
    let tasks: Vec<_> = (0..lanes)
        .map(|number| {
            let uri = uri.to_owned();
            tokio::spawn(async move { lane(&uri, number, rounds).await })
        })
        .collect();
    let mut all = Figures::default();
    for task in tasks {
        let figures = task.await??;
        all.killed.extend(figures.killed);
        all.stopped.extend(figures.stopped);
        all.twice += figures.twice;
    }
    for (kind, waits) in [("SIGKILL", &mut all.killed), ("SIGSTOP", &mut all.stopped)] {
        waits.sort_unstable();
        let part = |of: f64| waits.get((waits.len() as f64 * of) as usize).map_or(0.0, Duration::as_secs_f64);
        let most = waits.last().map_or(0.0, Duration::as_secs_f64);
        println!(
            "{name:<8} {kind} in mid-step until another finished it: p50 {:.1} s, p99 {:.1} s, most {most:.1} s, n = {}",
            part(0.5),
            part(0.99),
            waits.len()
        );
    }
    println!("{name:<8} steps recorded twice: {} of {}", all.twice, all.killed.len() + all.stopped.len());
    Ok(all.twice)
}

/// A worker process and what it says.
struct Worker {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(uri: &str, lane: u64) -> std::result::Result<Self, Failure> {
        let mut child = Command::new(env::current_exe()?)
            .args(["work", uri, &lane.to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self { child, said })
    }

    /// Waits until it says this.
    async fn says(&mut self, wanted: &str) -> std::result::Result<(), Failure> {
        while let Some(line) = self.said.next_line().await? {
            if line == wanted {
                return Ok(());
            }
        }
        Err("a worker ended by itself".into())
    }

    fn signal(&self, signal: Signal) -> std::result::Result<(), Failure> {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).ok_or("the worker has ended")?;
        Ok(kill_process(id, signal)?)
    }
}

async fn lane(uri: &str, number: u64, rounds: u64) -> std::result::Result<Figures, Failure> {
    let store = SqlStore::open(uri).await?;
    let mut workers = [Worker::start(uri, number)?, Worker::start(uri, number)?];
    for worker in &mut workers {
        worker.says("ready").await?;
    }
    let mut figures = Figures::default();
    for round in 0..rounds {
        let step = number * 1_000_000 + round;
        let mut tx = store.begin().await?;
        let event = Event::TrendExpired { trend_id: TrendId(id(step)), source: Some(number.to_string()) };
        tx.append(EventId(id(step)), SystemClock.now(), None, &event).await?;
        tx.commit().await?;
        let begun = format!("middle {step}");
        let [one, other] = &mut workers;
        let at_work = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                said = one.says(&begun) => said.map(|()| 0),
                said = other.says(&begun) => said.map(|()| 1),
            }
        });
        let at_work: usize = at_work.await??;
        let dies = round % 2 == 0;
        let Some(worker) = workers.get_mut(at_work) else { return Err("no such worker".into()) };
        worker.signal(if dies { Signal::KILL } else { Signal::STOP })?;
        let interrupted = Instant::now();
        let filter = Filter { owner: Some(id(step)), ..Filter::default() };
        while store.read().await?.notifications().count(&filter).await? == 0 {
            if interrupted.elapsed() > PATIENCE {
                return Err(format!("step {step} was never finished").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let waited = interrupted.elapsed();
        if dies {
            worker.child.wait().await?;
            *worker = Worker::start(uri, number)?;
            worker.says("ready").await?;
            figures.killed.push(waited);
        } else {
            worker.signal(Signal::CONT)?;
            // It goes on with its own attempt and comes to its end.
            tokio::time::timeout(PATIENCE, worker.says("looks again")).await??;
            figures.stopped.push(waited);
        }
        if store.read().await?.notifications().count(&filter).await? != 1 {
            figures.twice += 1;
        }
    }
    Ok(figures)
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

fn id(n: u64) -> Uuid {
    Uuid::from_u128(0x0c_0000_4000_8000_0000_0000_0000_0000 | u128::from(n))
}

/// A worker, until it is killed. Like those of the platform it holds no transaction while it works: the claim is one,
/// and the effect with its acknowledgement is another.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn work(uri: &str, lane: &str) -> std::result::Result<(), Failure> {
    let store = SqlStore::open(uri).await?;
    println!("ready");
    loop {
        match next(&store, lane).await {
            Ok(false) => tokio::time::sleep(LOOK).await,
            Ok(true) => println!("looks again"),
            // Overtaken, or the store is busy or away: what it had claimed comes back, to it or to another.
            Err(_) => {
                println!("looks again");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// Claims events and does those of its lane; `false` if there is nothing to do.
async fn next(store: &SqlStore, lane: &str) -> Result<bool> {
    let mut tx = store.begin().await?;
    let claims = tx.claim(&format!("lane-{lane}"), SystemClock.now(), LEASE, 32).await?;
    let is_mine = |event: &Event| matches!(event, Event::TrendExpired { source: Some(source), .. } if source == lane);
    let (mine, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| is_mine(&claim.record.event));
    tx.acknowledge_all(&others).await?;
    tx.commit().await?;
    for claim in &mine {
        step(store, claim).await?;
    }
    Ok(!mine.is_empty())
}

/// One step. Its row has an identity of its own for every attempt, so that a step recorded twice leaves two.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn step(store: &SqlStore, claim: &Claim) -> Result<()> {
    let event = claim.record.id.0;
    println!("middle {}", event.as_u128() as u64);
    tokio::time::sleep(MIDDLE).await;
    let mut row = Notification {
        id: NotificationId(id(RandomState::new().hash_one(std::process::id()))),
        user_id: UserId(event),
        kind: NotificationKind::MediaFailed,
        title: format!("Step {}", claim.record.sequence),
        body: None,
        metadata: serde_json::Value::Null,
        is_read: false,
        read_at: None,
        created_at: claim.record.at,
        version: 0,
    };
    let mut tx = store.begin().await?;
    tx.notifications().insert(&mut row).await?;
    tx.acknowledge(claim).await?;
    tx.commit().await
}
