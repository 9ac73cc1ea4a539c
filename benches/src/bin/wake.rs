//! How long after its commit an event is known to another process, with Redis and without; and what happens to listeners
//! outside while Redis is stopped, killed and emptied: how many events they miss, and how long after its return they
//! have heard all.
//!
//! `cargo run --release -p orion-benches --bin wake [seconds away]`, with `redis-server` installed

#![expect(clippy::print_stdout, reason = "figures are the output")]

use orion_core::domain::Secret;
use orion_core::event::Event;
use orion_core::id::{EventId, TrendId};
use orion_core::memory::MemoryWire;
use orion_core::port::{Clock, Entropy, Store, Wire};
use orion_core::service::relay::{Relay, Step};
use orion_host::system::{OsEntropy, SystemClock};
use orion_redis::Redis;
use orion_sql::SqlStore;
use std::collections::HashSet;
use std::error::Error;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Events whose way is timed.
const EVENTS: usize = 500;
/// How often a process looks by itself, as the gateway's sockets do.
const LOOK: Duration = Duration::from_millis(250);
/// Events a second while Redis is away.
const RATE: u64 = 100;

#[tokio::main]
async fn main() -> Anything<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, store, redis] = &arguments[..]
        && role == "listen"
    {
        return listen(store, &Secret::new(redis.as_str())).await;
    }
    let away = Duration::from_secs(arguments.first().map_or(Ok(10), |text| text.parse())?);
    let folder = tempfile::tempdir()?;
    let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&uri).await?);
    let mut server = Server::start(folder.path()).await?;
    for redis in ["", &server.address] {
        wake_ups(&store, &uri, redis).await?;
    }
    for fault in ["stopped", "killed", "emptied"] {
        outage(&store, &mut server, fault, away).await?;
    }
    Ok(())
}

async fn append(store: &dyn Store, number: u64) -> orion_core::Result<EventId> {
    let id = EventId::random(&OsEntropy::default());
    let trend_id = TrendId((&OsEntropy::default() as &dyn Entropy).uuid());
    let event = Event::TrendExpired { trend_id, source: Some(number.to_string()) };
    let mut tx = store.begin().await?;
    tx.append(id, SystemClock.now(), None, &event).await?;
    tx.commit().await?;
    Ok(id)
}

fn wire(redis: &str) -> orion_core::Result<Arc<dyn Wire>> {
    Ok(if redis.is_empty() { Arc::new(MemoryWire::new()) } else { Arc::new(Redis::open(redis)?.wire()) })
}

/// The other process: prints, for every event, when it knew of it.
async fn listen(store: &str, redis: &Secret) -> Anything<()> {
    let store = SqlStore::open(store).await?;
    let wire = wire(redis.expose())?;
    let mut place = store.read().await?.last().await?;
    println!("ready");
    loop {
        let woken = wire.woken();
        let records = store.read().await?.read(place, None, 200).await?;
        let now = SystemClock.now();
        for record in &records {
            println!("{} {}", record.id, now.as_micros());
            place = record.sequence;
        }
        let _ = tokio::time::timeout(LOOK, woken).await;
    }
}

async fn wake_ups(store: &Arc<dyn Store>, uri: &str, redis: &str) -> Anything<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["listen", uri, redis])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    while lines.next_line().await?.ok_or("it ended")? != "ready" {}
    let wire = wire(redis)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut took = Vec::new();
    for n in 0..EVENTS {
        let id = append(&**store, n as u64).await?;
        let committed = SystemClock.now();
        wire.wake().await?;
        let line = lines.next_line().await?.ok_or("it ended")?;
        let (known, at) = line.split_once(' ').ok_or("a line without time")?;
        if known != id.to_string() {
            return Err("an event was missed".into());
        }
        took.push(Duration::from_micros(
            at.parse::<i64>()?.saturating_sub(committed.as_micros()).max(0).unsigned_abs(),
        ));
        // Not in step with who looks every quarter of a second.
        tokio::time::sleep(Duration::from_millis((&OsEntropy::default() as &dyn Entropy).number() % 40)).await;
    }
    took.sort_unstable();
    let quantile = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize];
    let how = if redis.is_empty() { "by looking" } else { "Redis     " };
    println!("commit to another process, {how}: p50 {:?}, p99 {:?}, n = {EVENTS}", quantile(0.5), quantile(0.99));
    Ok(())
}

/// A relay at work while Redis is away and events go on.
async fn outage(store: &Arc<dyn Store>, server: &mut Server, fault: &str, away: Duration) -> Anything<()> {
    let redis = Redis::open(&server.address)?;
    let wire = redis.wire();
    let broadcast = Arc::new(redis.broadcast());
    let mut relay = Relay::new(store.clone(), Arc::new(SystemClock), Arc::new(OsEntropy::default()), broadcast);
    relay.begin().await?;
    let news: Arc<dyn Wire> = Arc::new(wire);
    let waking = news.clone();
    let relaying = tokio::spawn(async move {
        loop {
            let woken = waking.woken();
            match relay.step().await {
                Ok(Step::More) => tokio::time::sleep(Duration::from_millis(10)).await,
                Ok(_) => drop(tokio::time::timeout(LOOK, woken).await),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    let heard = Arc::new(Mutex::new(HashSet::new()));
    let (into, address) = (heard.clone(), server.address.clone());
    let listening = tokio::spawn(async move {
        loop {
            // Comes back when the server does.
            let _ = subscribe(&address, &into).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    // A relay that was here before may have to run out first.
    tokio::time::sleep(Duration::from_secs(12)).await;
    server.fail(fault).await?;
    let begun = Instant::now();
    let mut appended = Vec::new();
    while begun.elapsed() < away {
        appended.push(append(&**store, 0).await?);
        news.wake().await?;
        tokio::time::sleep(Duration::from_millis(1000 / RATE)).await;
    }
    server.come_back(fault).await?;
    let back = Instant::now();
    let missing = || {
        let heard = heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        appended.iter().filter(|id| !heard.contains(&id.to_string())).count()
    };
    while missing() > 0 && back.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!(
        "Redis {fault} for {away:?}: {} events meanwhile, {} never heard outside, all heard {:?} after its return",
        appended.len(),
        missing(),
        back.elapsed()
    );
    relaying.abort();
    listening.abort();
    Ok(())
}

/// Subscribes to `orion.*` with the plain protocol, as a program that knows nothing of Orion.
async fn subscribe(address: &str, heard: &Mutex<HashSet<String>>) -> Anything<()> {
    use tokio::io::AsyncWriteExt;
    let mut stream = tokio::net::TcpStream::connect(address.trim_start_matches("redis://")).await?;
    stream.write_all(b"PSUBSCRIBE orion.*\r\n").await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with('{') {
            let event: serde_json::Value = serde_json::from_str(&line)?;
            let id = event["_event_id"].as_str().unwrap_or_default().to_owned();
            heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id);
        }
    }
    Ok(())
}

/// A `redis-server` of its own.
struct Server {
    address: String,
    port: String,
    folder: std::path::PathBuf,
    child: Child,
}

impl Server {
    async fn start(folder: &Path) -> Anything<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let child = spawn(folder, &port)?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Self { address: format!("redis://127.0.0.1:{port}"), port, folder: folder.to_owned(), child })
    }

    async fn signal(&self, name: &str) -> Anything<()> {
        let id = self.child.id().ok_or("it ended")?.to_string();
        Command::new("kill").args([name, &id]).status().await?;
        Ok(())
    }

    async fn fail(&mut self, fault: &str) -> Anything<()> {
        match fault {
            "stopped" => self.signal("-STOP").await,
            "killed" => Ok(self.child.kill().await?),
            _ => {
                Command::new("redis-cli").args(["-p", &self.port, "flushall"]).stdout(Stdio::null()).status().await?;
                Ok(())
            }
        }
    }

    async fn come_back(&mut self, fault: &str) -> Anything<()> {
        match fault {
            "stopped" => self.signal("-CONT").await,
            "killed" => {
                self.child = spawn(&self.folder, &self.port)?;
                while tokio::net::TcpStream::connect(format!("127.0.0.1:{}", self.port)).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn spawn(folder: &Path, port: &str) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}
