//! What the gateway costs: requests a second and their slowest hundredth, beside a bare handler with the same check of
//! the same token and the same read; and how long after its commit an event is at sockets.
//!
//! `cargo run --release -p orion-benches --bin gateway [sockets …]`

#![expect(clippy::print_stdout, reason = "figures are the output")]

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::StreamExt;
use orion_core::domain::{ContentStatus, Secret};
use orion_core::event::Event;
use orion_core::id::{ContentId, EventId};
use orion_host::Config;
use orion_host::http::{self, Platform};
use orion_host::system::OsEntropy;
use orion_host::up::{self, Keys};
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;
const EVENTS: usize = 200;

#[tokio::main]
async fn main() -> Anything<()> {
    let sockets: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let sockets = if sockets.is_empty() { vec![1, 100, 5000] } else { sockets };
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data_dir = folder.path().to_owned();
    config.voice = "silent:".to_owned();
    config.rate_factor = 1_000_000;
    let keys = Keys::load(&config, &OsEntropy::default())?;
    let platform = Arc::new(up::platform(config, &keys).await?);
    platform.follow_revocations().await?;
    let following = platform.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            // What is known holds; without any reading for a while nobody is let in.
            let _ = following.follow_revocations().await;
        }
    });
    let password = Secret::new("correct horse battery");
    let user = platform.identity.create_admin("ann@example.org", "Ann", &password).await?;
    let signed = platform.identity.login(&user.email, &password, &Default::default()).await?;
    let token = signed.access_token.expose().to_owned();
    let (gateway, bare) = (listen().await?, listen().await?);
    let (gateway_at, bare_at) = (gateway.local_addr()?, bare.local_addr()?);
    tokio::spawn(http::serve(platform.clone(), gateway, std::future::pending()));
    let router = Router::new().route("/api/v1/identity/users/me", get(me)).with_state(platform.clone());
    tokio::spawn(async move { axum::serve(bare, router).await });
    requests(gateway_at, bare_at, &token).await?;
    let hub = platform.clone();
    tokio::spawn(async move { hub.run_sockets().await });
    for count in sockets {
        delivery(&platform, gateway_at, &token, count).await?;
    }
    Ok(())
}

async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").await
}

/// The bare handler: the same token checked the same way, the same row read, the same JSON.
async fn me(State(platform): State<Arc<Platform>>, headers: HeaderMap) -> Result<Json<Value>, axum::http::StatusCode> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let refused = |_| axum::http::StatusCode::UNAUTHORIZED;
    let caller = platform.identity.authenticate(token.unwrap_or_default()).map_err(refused)?;
    let profile = platform.identity.profile(caller.user_id).await.map_err(refused)?;
    let user = profile.user;
    Ok(Json(json!({
        "id": user.id, "email": user.email, "name": user.name, "username": user.username,
        "first_name": user.first_name, "last_name": user.last_name, "avatar_url": user.avatar_url, "bio": user.bio,
        "timezone": user.timezone, "role": user.role, "email_verified": user.email_verified, "is_active": user.active,
        "created_at": user.created_at, "oauth_providers": profile.oauth_providers,
    })))
}

/// Both in turn, so that what else the machine does meets both.
async fn requests(gateway: SocketAddr, bare: SocketAddr, token: &str) -> Anything<()> {
    let mut rates = [Vec::new(), Vec::new()];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (which, address) in [gateway, bare].into_iter().enumerate() {
            let (rate, mut took) = load(address, token).await?;
            // The first round warms up.
            if round > 0 {
                rates[which].push(rate);
                times[which].append(&mut took);
            }
        }
    }
    for (name, which) in [("gateway", 0), ("bare", 1)] {
        let (p50, p99) = (quantile(&mut times[which], 0.5), quantile(&mut times[which], 0.99));
        rates[which].sort_by(f64::total_cmp);
        println!(
            "{name:8} {:8.0} requests/s (median of {ROUNDS} rounds), p50 {p50:?}, p99 {p99:?}, n = {}",
            rates[which][ROUNDS / 2],
            times[which].len()
        );
    }
    println!("ratio    {:8.3}", rates[0][ROUNDS / 2] / rates[1][ROUNDS / 2]);
    Ok(())
}

async fn load(address: SocketAddr, token: &str) -> Anything<(f64, Vec<Duration>)> {
    let request =
        format!("GET /api/v1/identity/users/me HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    let until = Instant::now() + ROUND;
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let request = request.clone();
        tasks.push(tokio::spawn(async move { ask(address, request.as_bytes(), until).await }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.append(&mut task.await??);
    }
    Ok((all.len() as f64 / begun.elapsed().as_secs_f64(), all))
}

async fn ask(address: SocketAddr, request: &[u8], until: Instant) -> Anything<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(8192));
    while Instant::now() < until {
        let begun = Instant::now();
        stream.write_all(request).await?;
        buffer.clear();
        loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the server hung up".into());
            }
            if whole(&buffer)? {
                break;
            }
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Whether an answer is here with all of its body.
fn whole(buffer: &[u8]) -> Anything<bool> {
    let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&buffer[..end])?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(head.to_owned().into());
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
    Ok(buffer.len() >= end + 4 + length.parse::<usize>()?)
}

fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times.get(((times.len() as f64 - 1.0) * part) as usize).copied().unwrap_or_default()
}

/// From the moment a commit has returned to the moment each of so many sockets has read the frame.
async fn delivery(platform: &Arc<Platform>, address: SocketAddr, token: &str, count: usize) -> Anything<()> {
    let memory = resident();
    let times: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let committed: Arc<Mutex<Option<Instant>>> = Arc::default();
    let mut tasks = Vec::new();
    for _ in 0..count {
        let url = format!("ws://{address}/ws?token={token}");
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
        let (times, committed) = (times.clone(), committed.clone());
        tasks.push(tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let (Message::Text(_), Ok(committed), Ok(mut times)) = (message, committed.lock(), times.lock()) {
                    times.extend(committed.map(|committed| committed.elapsed()));
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let grown = resident().saturating_sub(memory);
    let production = platform.orion.production();
    let events = if count > 1000 { EVENTS / 10 } else { EVENTS };
    for number in 0..events {
        let event = Event::ContentUpdated {
            content_id: ContentId(Default::default()),
            status: ContentStatus::Review,
            stage: None,
            pipeline_run_id: None,
            validation_passed: None,
            validation_score: None,
        };
        let mut tx = production.store.begin().await?;
        let id = EventId::random(&*production.entropy);
        let record = tx.append(id, production.clock.now(), None, &event).await?;
        tx.commit().await?;
        *committed.lock().map_err(|_| "a reader broke")? = Some(Instant::now());
        production.wire.announce(&record).await?;
        let wanted = (number + 1) * count;
        let begun = Instant::now();
        while times.lock().map_err(|_| "a reader broke")?.len() < wanted {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err(format!("{count} sockets: a frame is missing").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let mut times = std::mem::take(&mut *times.lock().map_err(|_| "a reader broke")?);
    let (p50, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    println!(
        "{count:5} sockets: commit to frame p50 {p50:?}, p99 {p99:?}, n = {}; both ends of a socket take {:.1} KiB",
        times.len(),
        grown as f64 / count as f64
    );
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}

/// KiB of memory of this process.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
