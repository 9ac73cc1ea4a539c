//! The platform's events as they happen, over its socket; a connection that breaks is opened again behind the last
//! event seen, so that none is missed.

use super::answer::event_of;
use super::http::Http;
use futures_util::{SinkExt, StreamExt};
use orion_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Connecting takes no longer.
const CONNECT: Duration = Duration::from_secs(20);
/// The server pings every 30 s; a line that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(75);
/// The longest wait for an event; who wants to wait longer asks again.
const LONGEST_WAIT: f64 = 60.0;
/// The pause before a broken connection is opened again.
const PAUSE: Duration = Duration::from_millis(500);

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// An open socket, and the place that it has come to.
pub(super) struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Instant,
    last: Option<String>,
    number: u64,
}

impl Live {
    /// Opens a socket, behind an event if one is named.
    pub(super) async fn open(http: &Http, last: Option<String>) -> Result<Self> {
        let socket = connect(http, last.as_deref()).await?;
        Ok(Self { socket, heard: Instant::now(), last, number: NUMBER.fetch_add(1, Ordering::Relaxed) })
    }

    /// What names the place that this socket has come to.
    pub(super) fn place(&self) -> String {
        self.last.clone().unwrap_or_else(|| format!("live-{}", self.number))
    }

    /// The next events: at least one if any comes within so many seconds, and what else is there already.
    pub(super) async fn next(&mut self, http: &Http, most: usize, wait: f64) -> Result<Vec<Value>> {
        let wait = Duration::try_from_secs_f64(wait.clamp(0.0, LONGEST_WAIT)).unwrap_or_default();
        let until = Instant::now() + wait;
        let mut events = Vec::new();
        while events.len() < most.max(1) {
            let until = if events.is_empty() { until } else { Instant::now() };
            let message = match tokio::time::timeout_at(until, self.socket.next()).await {
                Ok(message) => message,
                Err(_) if self.heard.elapsed() > SILENCE => None,
                Err(_) => break,
            };
            match message {
                Some(Ok(message)) => {
                    self.heard = Instant::now();
                    match message {
                        Message::Text(text) => {
                            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
                            // Frames without a name are not in the log.
                            let Ok(event) = event_of(&frame) else { continue };
                            self.last = frame["id"].as_str().map(str::to_owned);
                            events.push(event);
                        }
                        // A failed answer shows in the next read.
                        Message::Ping(data) => drop(self.socket.send(Message::Pong(data)).await),
                        _ => {}
                    }
                }
                _ if !events.is_empty() => break,
                None | Some(Err(_)) => {
                    tokio::time::sleep(PAUSE).await;
                    self.socket = connect(http, self.last.as_deref()).await?;
                    self.heard = Instant::now();
                }
            }
        }
        Ok(events)
    }
}

/// A socket takes a ticket that is good once: the token itself never stands in an address.
async fn connect(http: &Http, last: Option<&str>) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let ticket = http.post("/api/v1/ws/ticket", &json!({})).await?;
    let ticket = super::text(&ticket["ticket"])?;
    let mut url =
        http.base().join("ws").map_err(|error| Error::invalid("no address for a socket").with_source(error))?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // Fails only for schemes that a client is never made with.
    let _ = url.set_scheme(scheme);
    url.query_pairs_mut().append_pair("ticket", ticket);
    if let Some(last) = last {
        url.query_pairs_mut().append_pair("last_event_id", last);
    }
    match tokio::time::timeout(CONNECT, connect_async(url.as_str())).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(tokio_tungstenite::tungstenite::Error::Http(answer))) if answer.status() == 422 => {
            Err(Error::not_found("the platform knows no such event").with_context("after", last.unwrap_or_default()))
        }
        Ok(Err(error)) => Err(http.unreachable(error)),
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the platform's socket did not open in time")),
    }
}
