//! Durable steps per second on SQLite and PostgreSQL, and the time from a commit to the wake-up of another process.
//!
//! `cargo run --release -p orion-record-benches --bin record -- [STEPS] [WORKERS] [sqlite|postgres]`
//!
//! A step is an event that a worker of a consumer group claims, whose effect (one row) it writes, and that it
//! acknowledges in the same transaction as the effect. `single` commits each step by itself; `batched` is a [`Consumer`],
//! which commits 32 at once if they are handled quickly. The raw loop does the same on the same server with hand-written
//! SQL: `select … for update skip locked`, one insert, one delete, commit. Every commit is synced to the disk. Rounds of
//! one and the other alternate; medians are printed with all rounds.

use async_trait::async_trait;
use orion_core::domain::{Notification, NotificationKind};
use orion_core::event::{Event, EventRecord};
use orion_core::id::{EventId, NotificationId, UserId};
use orion_core::memory::MemoryWire;
use orion_core::port::{Clock, Store, Tx, Wire};
use orion_core::service::consumer::{Consumer, Handler, LEASE};
use orion_core::{Result, Timestamp};
use orion_private_postgres::{Durability, Server};
use orion_sql::{PgWire, SqlStore};
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUNDS: usize = 3;
const BATCH: u32 = 32;
const GROUP: &str = "bench";
const WAKE_UPS: u32 = 500;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn main() -> std::result::Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [word, uri] = arguments.as_slice()
        && word == "listen"
    {
        return listen(uri).await;
    }
    let steps: u64 = arguments.first().map_or(Ok(6000), |steps| steps.parse())?;
    let workers: usize = arguments.get(1).map_or(Ok(8), |workers| workers.parse())?;
    let only = arguments.get(2).map(String::as_str);
    println!("steps per round {steps}, workers {workers}, rounds {ROUNDS}, every commit synced");
    if only != Some("postgres") {
        sqlite(steps, workers).await?;
    }
    if only != Some("sqlite") {
        postgres(steps, workers).await?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn sqlite(steps: u64, workers: usize) -> std::result::Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let store = SqlStore::open(&format!("sqlite:{}", folder.path().join("orion.db").display())).await?;
    let bench = Bench { store: Arc::new(store), steps, workers };
    let mut figures = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (together, rates) in [false, true].into_iter().zip(&mut figures) {
            rates.push(bench.orion(together).await?);
        }
    }
    println!("sqlite    single   {}", shown(&figures[0]));
    println!("sqlite    batched  {}", shown(&figures[1]));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn postgres(steps: u64, workers: usize) -> std::result::Result<(), Failure> {
    let Some(server) = Server::start(Durability::Full) else { return Ok(()) };
    let uri = server.database();
    let bench = Bench { store: Arc::new(SqlStore::open(&uri).await?), steps, workers };
    let raw = raw_pool(&server.database(), workers).await?;
    let mut figures = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        figures[0].push(bench.orion(false).await?);
        figures[1].push(raw_loop(&raw, steps, workers, 1).await?);
        figures[2].push(bench.orion(true).await?);
        figures[3].push(raw_loop(&raw, steps, workers, BATCH).await?);
    }
    for (name, rates) in
        ["postgres  single ", "raw loop  single ", "postgres  batched", "raw loop  batched"].iter().zip(&figures)
    {
        println!("{name}  {}", shown(rates));
    }
    for (name, ours, raw) in [("single", 0, 1), ("batched", 2, 3)] {
        println!("postgres / raw, {name}: {:.0} %", 100.0 * median(&figures[ours]) / median(&figures[raw]));
    }
    wake_ups(&uri, &bench.store).await
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn shown(rates: &[f64]) -> String {
    let all: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    format!("{:>7.0} steps/s   ({})", median(rates), all.join(", "))
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Never the same number twice in this process.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn id(n: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0b_0000_4000_8000_0000_0000_0000_0000 | u128::from(n))
}

fn event() -> Event {
    Event::TrendExpired { trend_id: orion_core::id::TrendId(id(number())), source: None }
}

/// The effect of a step: a row of about 400 bytes.
fn effect(record: &EventRecord) -> Notification {
    Notification {
        id: NotificationId(id(number())),
        user_id: UserId(id(1)),
        kind: NotificationKind::MediaFailed,
        title: "A step was done".to_owned(),
        body: Some("x".repeat(160)),
        metadata: serde_json::json!({ "sequence": record.sequence }),
        is_read: false,
        read_at: None,
        created_at: now(),
        version: 0,
    }
}

struct Bench {
    store: Arc<SqlStore>,
    steps: u64,
    workers: usize,
}

impl Bench {
    /// Appends events and lets the workers do them; gives steps per second.
    async fn orion(&self, together: bool) -> std::result::Result<f64, Failure> {
        let mut tx = self.store.begin().await?;
        for _ in 0..self.steps {
            tx.append(EventId(id(number())), now(), None, &event()).await?;
        }
        tx.commit().await?;
        let begin = Instant::now();
        let workers: Vec<_> = (0..self.workers)
            .map(|_| {
                let (store, wire) = (self.store.clone(), Arc::new(MemoryWire::new()));
                let consumer = Consumer { store, clock: Arc::new(SystemClock), wire, group: GROUP };
                tokio::spawn(async move {
                    match together {
                        true => work_together(&consumer).await,
                        false => work_singly(&*consumer.store).await,
                    }
                })
            })
            .collect();
        let mut done = 0;
        for worker in workers {
            done += worker.await??;
        }
        let elapsed = begin.elapsed().as_secs_f64();
        if done != self.steps {
            return Err(format!("{done} of {} steps were done", self.steps).into());
        }
        Ok(done as f64 / elapsed)
    }
}

/// Writes the effect of a step.
#[derive(Debug)]
struct Steps;

#[async_trait]
impl Handler for Steps {
    fn wants(&self, _: &Event) -> bool {
        true
    }

    async fn handle(&self, tx: &mut dyn Tx, record: &EventRecord) -> Result<Vec<EventRecord>> {
        tx.notifications().insert(&mut effect(record)).await?;
        Ok(Vec::new())
    }
}

async fn work_together(consumer: &Consumer) -> Result<u64> {
    let mut done = 0;
    loop {
        match consumer.handle_next(&Steps).await? {
            0 => return Ok(done),
            handled => done += handled as u64,
        }
    }
}

async fn work_singly(store: &dyn Store) -> Result<u64> {
    let mut done = 0;
    loop {
        let mut tx = store.begin().await?;
        let claims = tx.claim(GROUP, now(), LEASE, BATCH).await?;
        tx.commit().await?;
        if claims.is_empty() {
            return Ok(done);
        }
        for claim in &claims {
            let mut tx = store.begin().await?;
            Steps.handle(&mut *tx, &claim.record).await?;
            tx.acknowledge(claim).await?;
            tx.commit().await?;
        }
        done += claims.len() as u64;
    }
}

async fn raw_pool(uri: &str, workers: usize) -> std::result::Result<PgPool, Failure> {
    let pool =
        PgPoolOptions::new().max_connections(u32::try_from(workers)?).test_before_acquire(false).connect(uri).await?;
    sqlx::raw_sql(
        "create table jobs (id bigint primary key, body text not null); \
         create table effects (id text primary key, owner text, at bigint not null, body text not null); \
         create index effects_by_owner_at on effects (owner, at, id)",
    )
    .execute(&pool)
    .await?;
    Ok(pool)
}

/// The same work by hand; gives steps per second.
async fn raw_loop(pool: &PgPool, steps: u64, workers: usize, batch: u32) -> std::result::Result<f64, Failure> {
    sqlx::query("insert into jobs select n, repeat('x', 80) from generate_series($1, $1 + $2 - 1) n")
        .bind(i64::try_from(number())? << 32)
        .bind(i64::try_from(steps)?)
        .execute(pool)
        .await?;
    let begin = Instant::now();
    let workers: Vec<_> = (0..workers)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { raw_work(&pool, batch).await })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await??;
    }
    Ok(done as f64 / begin.elapsed().as_secs_f64())
}

async fn raw_work(pool: &PgPool, batch: u32) -> std::result::Result<u64, Failure> {
    let mut done = 0;
    loop {
        let mut tx = pool.begin().await?;
        let jobs: Vec<(i64, String)> =
            sqlx::query_as("select id, body from jobs order by id limit $1 for update skip locked")
                .bind(i64::from(batch))
                .fetch_all(&mut *tx)
                .await?;
        if jobs.is_empty() {
            return Ok(done);
        }
        for (job, _) in &jobs {
            sqlx::query("insert into effects (id, owner, at, body) values ($1, $2, $3, $4)")
                .bind(id(number()).to_string())
                .bind(id(1).to_string())
                .bind(now().as_micros())
                .bind("x".repeat(400))
                .execute(&mut *tx)
                .await?;
            sqlx::query("delete from jobs where id = $1").bind(job).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        done += jobs.len() as u64;
    }
}

/// Waits until a wire is up, which it says to everybody who waits.
async fn up(wire: &PgWire) {
    let _ = tokio::time::timeout(Duration::from_secs(2), wire.woken()).await;
}

/// Commits events one by one and asks another process when it had read each.
#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn wake_ups(uri: &str, store: &SqlStore) -> std::result::Result<(), Failure> {
    let mut child = Command::new(env::current_exe()?).args(["listen", uri]).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut line = || lines.next().ok_or("the other process ended")?.map_err(Failure::from);
    line()?;
    let wire = PgWire::open(uri)?;
    up(&wire).await;
    let mut waits = Vec::new();
    for _ in 0..WAKE_UPS {
        let mut tx = store.begin().await?;
        let record = tx.append(EventId(id(number())), now(), None, &event()).await?;
        tx.commit().await?;
        let committed = now();
        wire.announce(&record).await?;
        // Blocks this task only; the wire has threads of its own.
        let (sequence, seen) = tokio::task::block_in_place(&mut line)?
            .split_once(' ')
            .and_then(|(sequence, at)| Some((sequence.parse::<u64>().ok()?, at.parse::<i64>().ok()?)))
            .ok_or("the other process says something else")?;
        if sequence != record.sequence {
            return Err(format!("event {} was read after {}", sequence, record.sequence).into());
        }
        waits.push(seen - committed.as_micros());
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    child.kill()?;
    child.wait()?;
    waits.sort_unstable();
    let part = |of: f64| waits.get((waits.len() as f64 * of) as usize).map_or(0.0, |micros| *micros as f64 / 1e3);
    println!(
        "commit to another process having read the event, by listen/notify: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms, n = {}",
        part(0.5),
        part(0.99),
        part(0.999),
        waits.len()
    );
    Ok(())
}

/// The other process: says when it has read what.
async fn listen(uri: &str) -> std::result::Result<(), Failure> {
    let store = SqlStore::open(uri).await?;
    let wire = PgWire::open(uri)?;
    up(&wire).await;
    let mut after = store.read().await?.last().await?;
    let mut told = std::io::stdout();
    writeln!(told, "ready")?;
    loop {
        let woken = wire.woken();
        for record in store.read().await?.read(after, None, 100).await? {
            after = record.sequence;
            writeln!(told, "{after} {}", now().as_micros())?;
        }
        told.flush()?;
        // Nothing here looks by itself: the figure is that of the wire alone.
        woken.await?;
    }
}
