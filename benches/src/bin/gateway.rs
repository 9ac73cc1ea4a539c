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
use orion_benches::load::{Anything, load, quantile, resident};
use orion_benches::served::{self, Served};
use orion_core::domain::ContentStatus;
use orion_core::event::Event;
use orion_core::id::{ContentId, EventId};
use orion_host::http::Platform;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;
const EVENTS: usize = 200;

#[tokio::main]
async fn main() -> Anything<()> {
    let sockets: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let sockets = if sockets.is_empty() { vec![1, 100, 5000] } else { sockets };
    let Served { platform, address: gateway_at, token, folder: _folder, .. } = served::start().await?;
    let bare = TcpListener::bind("127.0.0.1:0").await?;
    let bare_at = bare.local_addr()?;
    let router = Router::new().route("/api/v1/identity/users/me", get(me)).with_state(platform.clone());
    tokio::spawn(async move { axum::serve(bare, router).await });
    requests(gateway_at, bare_at, &token).await?;
    for count in sockets {
        delivery(&platform, gateway_at, &token, count).await?;
    }
    Ok(())
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
            let (rate, mut took) = load(address, token, CONNECTIONS, ROUND).await?;
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

/// From the moment a commit has returned to the moment each of so many sockets has read the frame.
async fn delivery(platform: &Arc<Platform>, address: SocketAddr, token: &str, count: usize) -> Anything<()> {
    let memory = resident(std::process::id());
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
    let grown = resident(std::process::id()).saturating_sub(memory);
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
