//! The program as a process: how long `orion up` takes until it is ready, how much memory it takes when nobody asks, and
//! for each open socket; and what becomes of it when three times as much is asked of it as it can do.
//!
//! `cargo run --release -p orion-benches --bin start PROGRAM [sockets]`

#![expect(clippy::print_stdout, reason = "figures are the output")]

use futures_util::StreamExt;
use orion_benches::load::{Anything, Connection, load, quantile, request, resident};
use orion_benches::served::PASSWORD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

const FIRST_STARTS: usize = 10;
const STARTS: usize = 20;
/// Connections that overload it: more than it answers at once.
const MANY: usize = 1536;
const ROUND: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Anything<()> {
    let mut arguments = std::env::args_os().skip(1);
    let program = PathBuf::from(arguments.next().ok_or("name the program: start PROGRAM [sockets]")?);
    let sockets = arguments.next().map_or(Ok(5000), |text| text.to_string_lossy().parse::<usize>())?;
    let mut first = Vec::new();
    for _ in 0..FIRST_STARTS {
        let folder = tempfile::tempdir()?;
        let (mut child, _, took) = up(&program, folder.path()).await?;
        first.push(took);
        child.kill().await?;
    }
    tell("first start to ready", &mut first);
    let folder = tempfile::tempdir()?;
    let created = command(&program, folder.path())
        .args(["admin", "create", "--email", "ann@example.org"])
        .env("ORION_PASSWORD", PASSWORD)
        .status();
    if !created.await?.success() {
        return Err("no administrator could be made".into());
    }
    let mut later = Vec::new();
    for _ in 0..STARTS {
        let (mut child, _, took) = up(&program, folder.path()).await?;
        later.push(took);
        child.kill().await?;
    }
    tell("later start to ready", &mut later);
    let (mut child, address, _) = up(&program, folder.path()).await?;
    let process = child.id().ok_or("it has ended")?;
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("idle after 10 s: {:.1} MB", megabytes(resident(process)));
    let token = sign_in(address).await?;
    open_sockets(process, address, &token, sockets).await?;
    overload(process, address, &token).await?;
    child.kill().await?;
    Ok(())
}

fn megabytes(kib: usize) -> f64 {
    kib as f64 * 1024.0 / 1e6
}

fn tell(what: &str, times: &mut [Duration]) {
    let (p50, most) = (quantile(times, 0.5), quantile(times, 1.0));
    println!("{what}: p50 {p50:?}, longest {most:?}, n = {}", times.len());
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HOME", folder).env("ORION_DATA_DIR", folder.join("data")).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Starts the program on a free port; gives the time until it said it was ready.
async fn up(program: &Path, folder: &Path) -> Anything<(Child, SocketAddr, Duration)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = command(program, folder);
    command.args(["up", "--set", &format!("http.listen={address}"), "--set", "create.voice=silent:"]);
    command.args(["--set", "offline=true", "--set", "scout.sources=", "--set", "http.rate_factor=1000000"]);
    let begun = Instant::now();
    let child = command.spawn()?;
    let ask = request("GET", "/ready", "", "");
    while begun.elapsed() < Duration::from_secs(30) {
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok((200, _)) = connection.ask(&ask).await
        {
            return Ok((child, address, begun.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err("it does not become ready".into())
}

async fn sign_in(address: SocketAddr) -> Anything<String> {
    let body = serde_json::json!({ "email": "ann@example.org", "password": PASSWORD }).to_string();
    let mut connection = Connection::open(address).await?;
    let (status, head) = connection.ask(&request("POST", "/api/v1/auth/login", "", &body)).await?;
    if status != 200 {
        return Err(head.into());
    }
    let signed_in: Value = serde_json::from_slice(connection.body())?;
    Ok(signed_in["access_token"].as_str().unwrap_or_default().to_owned())
}

/// Memory of the program, before and with open sockets.
async fn open_sockets(process: u32, address: SocketAddr, token: &str, count: usize) -> Anything<()> {
    let before = resident(process);
    let mut open = Vec::new();
    for _ in 0..count {
        let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/ws?token={token}")).await?;
        open.push(socket);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let grown = resident(process).saturating_sub(before);
    println!("{count} sockets: {:.1} KiB of the program's memory each", grown as f64 / count as f64);
    for socket in &mut open {
        socket.close(None).await?;
        while let Some(Ok(_)) = socket.next().await {}
    }
    Ok(())
}

/// First as much as it can do, then three times as many requests a second, over more connections than it answers at
/// once.
async fn overload(process: u32, address: SocketAddr, token: &str) -> Anything<()> {
    load(address, token, 16, Duration::from_secs(2)).await?;
    let (capacity, mut times) = load(address, token, 16, ROUND).await?;
    println!("as much as it can: {capacity:.0} answers/s, p99 {:?}", quantile(&mut times, 0.99));
    let before = resident(process);
    let interval = Duration::from_secs_f64(MANY as f64 / (3.0 * capacity));
    let ask = request("GET", "/api/v1/identity/users/me", token, "");
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for place in 0..MANY {
        let ask = ask.clone();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            tokio::time::sleep(interval.mul_f64(place as f64 / MANY as f64)).await;
            let mut clock = tokio::time::interval(interval);
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
            let (mut statuses, mut took, mut bare) = (BTreeMap::<u16, usize>::new(), Vec::new(), 0_usize);
            while begun.elapsed() < ROUND {
                clock.tick().await;
                let asked = Instant::now();
                let (status, head) = connection.ask(&ask).await?;
                *statuses.entry(status).or_default() += 1;
                if status == 200 {
                    took.push(asked.elapsed());
                } else if !head.contains("\r\nretry-after: ") {
                    bare += 1;
                }
            }
            Anything::Ok((statuses, took, bare))
        }));
    }
    let (mut all, mut took, mut bare) = (BTreeMap::<u16, usize>::new(), Vec::new(), 0);
    for task in tasks {
        let (statuses, mut times, without) = task.await??;
        statuses.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
        took.append(&mut times);
        bare += without;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (good, asked) = (took.len() as f64 / seconds, all.values().sum::<usize>() as f64 / seconds);
    println!(
        "three times as much: {asked:.0} requests/s came through, {good:.0} good answers/s, which is {:.2} of what it can; p99 {:?}",
        good / capacity,
        quantile(&mut took, 0.99)
    );
    println!("  answers by status {all:?}; refusals without retry-after: {bare}");
    println!("  memory {:.1} MB before, {:.1} MB after", megabytes(before), megabytes(resident(process)));
    Ok(())
}
