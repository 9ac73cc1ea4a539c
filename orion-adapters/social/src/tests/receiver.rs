//! A server that receives webhooks as the specification asks, written apart from the sender; it verifies every
//! signature, knows what it has taken by its identity, and goes wrong on demand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with one call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Turn {
    Take,
    /// Takes it, and never answers.
    TakeAndStaySilent,
    /// Takes it, and hangs up.
    TakeAndHangUp,
    HangUp,
    Answer(u16),
    Wait(&'static str),
    Redirect,
}

#[derive(Debug, Default)]
struct State {
    turns: Vec<Turn>,
    taken: BTreeMap<String, Value>,
    calls: Vec<(String, u64)>,
}

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Does these turns in order, and then takes everything.
    pub(super) async fn start(key: &[u8], turns: &[Turn]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { turns: turns.to_vec(), ..State::default() }));
        let (shared, key) = (Arc::clone(&state), key.to_vec());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, key.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// What it has taken, by identity.
    pub(super) fn taken(&self) -> BTreeMap<String, Value> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Identity and time of every call.
    pub(super) fn calls(&self) -> Vec<(String, u64)> {
        self.state.lock().unwrap().calls.clone()
    }
}

async fn serve(mut stream: TcpStream, key: Vec<u8>, state: Arc<Mutex<State>>) -> Option<()> {
    loop {
        let (head, body) = read(&mut stream).await?;
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
            line.map(|line| line[name.len() + 1..].trim().to_owned()).unwrap_or_default()
        };
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let sent: u64 = timestamp.parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat());
        let genuine = header("webhook-signature").split(' ').any(|signature| {
            let bytes = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
            bytes.is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
        });
        let turn = {
            let mut state = state.lock().unwrap();
            state.calls.push((id.clone(), sent));
            let turn = if state.turns.is_empty() { Turn::Take } else { state.turns.remove(0) };
            let takes = matches!(turn, Turn::Take | Turn::TakeAndStaySilent | Turn::TakeAndHangUp);
            if genuine && takes && now.abs_diff(sent) < 300 {
                state.taken.insert(id, serde_json::from_slice(&body).unwrap());
            }
            turn
        };
        let answer = match turn {
            _ if !genuine => "HTTP/1.1 401 Unauthorized\r\n".to_owned(),
            Turn::Take => "HTTP/1.1 204 No Content\r\n".to_owned(),
            Turn::TakeAndStaySilent => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return None;
            }
            Turn::TakeAndHangUp | Turn::HangUp => return None,
            Turn::Answer(status) => format!("HTTP/1.1 {status} So\r\n"),
            Turn::Wait(time) => format!("HTTP/1.1 429 Slow\r\nretry-after: {time}\r\n"),
            Turn::Redirect => "HTTP/1.1 307 Away\r\nlocation: /elsewhere\r\n".to_owned(),
        };
        let length = if answer.contains(" 204 ") { "" } else { "content-length: 0\r\n" };
        stream.write_all(format!("{answer}{length}\r\n").as_bytes()).await.ok()?;
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|length| length.trim().parse::<usize>().unwrap())
            });
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap() {
                return Some((head, body.to_vec()));
            }
        }
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}
