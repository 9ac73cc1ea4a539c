//! Whether clients of live events miss any, see any twice, in the wrong order, or another's, while their connections are
//! cut at random and the gateway is killed.
//!
//! `cargo run --release -p orion-benches --bin resume [SECONDS] [SOCKETS]`
//!
//! The gateway is a process of its own on the record that this one writes events to. Clients come back with the last
//! event that they saw.

#![expect(clippy::print_stdout, reason = "figures are the output")]

use futures_util::StreamExt;
use orion_benches::load::Anything;
use orion_benches::served::{self, PASSWORD};
use orion_core::domain::{ContentStatus, Secret};
use orion_core::event::Event;
use orion_core::id::{ContentId, EventId, TrendId, UserId};
use orion_core::port::{Clock, Entropy, Store};
use orion_core::service::identity::Client;
use orion_host::system::{OsEntropy, SystemClock};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;

const USERS: usize = 8;
/// Events in one transaction, and the pause behind it.
const TOGETHER: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// How often the gateway is killed.
const KILL: Duration = Duration::from_secs(3);
/// How long after the last event clients may take to hear of everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What clients should have seen: who it is for and its identity, in the order of the log.
type Written = Arc<Mutex<Vec<(Option<UserId>, String)>>>;

#[tokio::main]
async fn main() -> Anything<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, folder] = &arguments[..]
        && role == "gateway"
    {
        return gateway(address.parse()?, Path::new(folder)).await;
    }
    let seconds: u64 = arguments.first().map_or(Ok(60), |text| text.parse())?;
    let sockets: usize = arguments.get(1).map_or(Ok(200), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let (platform, _) = served::open(folder.path()).await?;
    let password = Secret::new(PASSWORD);
    let mut users = Vec::new();
    for number in 0..USERS {
        let email = format!("user{number}@example.org");
        let user = platform.identity.register(&email, &password, "Ann").await?;
        let signed = platform.identity.login(&email, &password, &Client::default()).await?;
        users.push((user.id, signed.access_token.expose().to_owned()));
    }
    let store = platform.orion.production().store.clone();
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut child = start(address, folder.path())?;
    let written: Written = Arc::default();
    // The first event is the place from which everybody reads.
    let beginning = write(&store, &users, 1, &written).await?;
    let (over, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut clients = Vec::new();
    for number in 0..sockets {
        let (user, token) = users[number % USERS].clone();
        let reader = Reader { address, token, last: beginning.clone(), over: over.clone(), cuts: cuts.clone() };
        clients.push((user, tokio::spawn(reader.read())));
    }
    let (begun, mut killed, mut kills) = (Instant::now(), Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        write(&store, &users, TOGETHER, &written).await?;
        tokio::time::sleep(PAUSE).await;
        if killed.elapsed() > KILL {
            child.kill().await?;
            child = start(address, folder.path())?;
            (killed, kills) = (Instant::now(), kills + 1);
        }
    }
    // One more, by which clients know that it was the last.
    over.store(true, Ordering::SeqCst);
    write(&store, &users, 1, &written).await?;
    let written = written.lock().map_err(|_| "a writer broke")?.clone();
    let last = written.last().map(|(_, id)| id.clone()).unwrap_or_default();
    let places: HashMap<&str, usize> =
        written.iter().enumerate().map(|(place, (_, id))| (id.as_str(), place)).collect();
    let (mut deliveries, mut gaps, mut duplicates, mut reorders, mut wrong) = (0, 0, 0, 0, 0);
    for (user, client) in clients {
        let seen = client.await??;
        if seen.last() != Some(&last) {
            println!("a client did not hear the last event");
        }
        deliveries += seen.len();
        let mine: Vec<usize> = (1..written.len()).filter(|place| is_for(&written, *place, user)).collect();
        let heard: Vec<usize> = seen.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
        wrong += seen.len() - heard.len() + heard.iter().filter(|place| !is_for(&written, **place, user)).count();
        reorders += heard.windows(2).filter(|pair| pair[0] > pair[1]).count();
        let mut sorted = heard.clone();
        sorted.sort_unstable();
        sorted.dedup();
        duplicates += heard.len() - sorted.len();
        gaps += mine.iter().filter(|place| sorted.binary_search(place).is_err()).count();
    }
    child.kill().await?;
    println!(
        "{sockets} sockets of {USERS} users, {} events, {} cuts by clients, {kills} kills of the gateway: deliveries n = {deliveries}; \
         gaps {gaps}, duplicates {duplicates}, reorders {reorders}, another's {wrong}",
        written.len(),
        cuts.load(Ordering::SeqCst)
    );
    Ok(())
}

fn is_for(written: &[(Option<UserId>, String)], place: usize, user: UserId) -> bool {
    written.get(place).is_some_and(|(owner, _)| owner.is_none_or(|owner| owner == user))
}

fn start(address: SocketAddr, folder: &Path) -> Anything<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["gateway", &address.to_string()]).arg(folder).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn()?)
}

async fn gateway(address: SocketAddr, folder: &Path) -> Anything<()> {
    let (platform, _) = served::open(folder).await?;
    served::serve(&platform, TcpListener::bind(address).await?);
    std::future::pending::<()>().await;
    Ok(())
}

/// Commits events: half of them everybody's, the others each one user's. Gives the last one's identity.
async fn write(
    store: &Arc<dyn Store>,
    users: &[(UserId, String)],
    count: usize,
    written: &Written,
) -> Anything<String> {
    let entropy = OsEntropy::default();
    let mut tx = store.begin().await?;
    let mut records = Vec::new();
    for _ in 0..count {
        let number = (&entropy as &dyn Entropy).number() as usize;
        let owner = users.get(number % (2 * users.len())).filter(|_| count > 1).map(|(user, _)| *user);
        let trend_id = TrendId::random(&entropy);
        let event = match owner {
            Some(_) => Event::ContentUpdated {
                content_id: ContentId::random(&entropy),
                status: ContentStatus::Review,
                stage: None,
                pipeline_run_id: None,
                validation_passed: None,
                validation_score: None,
            },
            None => Event::TrendExpired { trend_id, source: None },
        };
        let now = SystemClock.now();
        records.push((owner, tx.append(EventId::random(&entropy), now, owner, &event).await?.id.to_string()));
    }
    tx.commit().await?;
    let last = records.last().map(|(_, id)| id.clone()).unwrap_or_default();
    written.lock().map_err(|_| "a reader broke")?.append(&mut records);
    Ok(last)
}

/// One client, over as many connections as it takes.
struct Reader {
    address: SocketAddr,
    token: String,
    last: String,
    over: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
}

impl Reader {
    async fn read(mut self) -> Anything<Vec<String>> {
        let (entropy, mut seen) = (OsEntropy::default(), Vec::new());
        let mut quiet = Instant::now();
        loop {
            let url = format!("ws://{}/ws?token={}&last_event_id={}", self.address, self.token, self.last);
            let Ok((mut socket, _)) = tokio_tungstenite::connect_async(url).await else {
                if self.over.load(Ordering::SeqCst) && quiet.elapsed() > PATIENCE {
                    return Ok(seen);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Frames until this connection is cut, by letting go of it in the middle of whatever comes.
            let mut left = 1 + (&entropy as &dyn Entropy).number() % 2000;
            while left > 0 {
                let over = self.over.load(Ordering::SeqCst);
                match tokio::time::timeout(Duration::from_secs(2), socket.next()).await {
                    Ok(Some(Ok(Message::Text(text)))) => {
                        let frame: serde_json::Value = serde_json::from_str(&text)?;
                        let id = frame["id"].as_str().unwrap_or_default();
                        id.clone_into(&mut self.last);
                        seen.push(id.to_owned());
                        quiet = Instant::now();
                        left -= 1;
                    }
                    Ok(Some(Ok(_))) => {}
                    Ok(_) => break,
                    // Nothing more comes, and nothing more was to come.
                    Err(_) if over => return Ok(seen),
                    Err(_) => {}
                }
            }
            self.cuts.fetch_add(1, Ordering::Relaxed);
        }
    }
}
