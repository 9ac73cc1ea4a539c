//! The platform's events as they happen, over its socket; a connection that breaks is opened again behind the last
//! event seen.

use super::client::Client;
use crate::cli::output::Format;
use crate::cli::{failure::Failure, output};
use futures_util::{SinkExt, StreamExt};
use orion_core::{Error, ErrorKind, Result};
use reqwest::Method;
use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

/// Waits between attempts to connect again: doubling from the first to the last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// A server that has not opened the socket by then is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// The server pings every 30 s; a line that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(75);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket, and the last event it gave.
pub(super) struct Live {
    socket: Socket,
    last: Option<String>,
}

impl Live {
    /// Opens a socket, behind an event if one is named.
    pub(super) async fn open(client: &Client, last: Option<String>) -> Result<Self, Failure> {
        Ok(Self { socket: connect(client, last.as_deref()).await?, last })
    }

    /// Prints events until Ctrl-C; of one content if one is named. With `until_done`, until that content waits for a
    /// person or its run has ended.
    pub(super) async fn follow(
        mut self,
        client: &Client,
        content: Option<Uuid>,
        format: Format,
        until_done: bool,
    ) -> Result<ExitCode, Failure> {
        let mut wait = FIRST_WAIT;
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout(SILENCE, self.socket.next()) => message,
                _ = tokio::signal::ctrl_c() => {
                    let _ = self.socket.close(None).await;
                    return Ok(ExitCode::SUCCESS);
                }
            };
            match message {
                Ok(Some(Ok(Message::Text(text)))) => {
                    wait = FIRST_WAIT;
                    let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
                    if let Some(id) = frame["id"].as_str() {
                        self.last = Some(id.to_owned());
                    }
                    let payload = &frame["payload"];
                    if content.is_some_and(|id| payload["content_id"].as_str() != Some(id.to_string().as_str())) {
                        continue;
                    }
                    print(&frame, format)?;
                    if until_done && let Some(code) = end(&frame) {
                        let _ = self.socket.close(None).await;
                        return Ok(code);
                    }
                }
                Ok(Some(Ok(Message::Ping(data)))) => {
                    // A failed answer shows in the next read.
                    let _ = self.socket.send(Message::Pong(data)).await;
                }
                Ok(Some(Ok(_))) => {}
                Ok(None | Some(Err(_))) | Err(_) => {
                    output::say(&format!("the connection broke; trying again in {} s", wait.as_secs()));
                    self.socket = loop {
                        tokio::select! {
                            () = tokio::time::sleep(wait) => {}
                            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
                        }
                        match connect(client, self.last.as_deref()).await {
                            Ok(socket) => break socket,
                            Err(failure) if failure.is_unauthorized() => return Err(failure),
                            Err(_) => wait = (wait * 2).min(LAST_WAIT),
                        }
                    };
                }
            }
        }
    }
}

/// A socket takes a ticket that is good once: the token itself never stands in an address.
async fn connect(client: &Client, last: Option<&str>) -> Result<Socket, Failure> {
    let ticket = client.call(Method::POST, "/api/v1/ws/ticket", None).await?;
    let ticket = ticket["ticket"].as_str().ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "the platform's answer lacks a key").with_context("key", "ticket")
    })?;
    let mut url =
        client.base().join("ws").map_err(|error| Error::invalid("no address for a socket").with_source(error))?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // Fails only for schemes that a client is never made with.
    let _ = url.set_scheme(scheme);
    url.query_pairs_mut().append_pair("ticket", ticket);
    if let Some(last) = last {
        url.query_pairs_mut().append_pair("last_event_id", last);
    }
    let connected = tokio::time::timeout(CONNECT, connect_async(url.as_str())).await;
    let connected = connected.map_err(|late| client.unreachable(late))?;
    let (socket, _) = connected.map_err(|error| client.unreachable(error))?;
    Ok(socket)
}

fn print(frame: &Value, format: Format) -> Result<()> {
    let (kind, payload) = (frame["type"].as_str().unwrap_or_default(), &frame["payload"]);
    match format {
        Format::Json => output::print_line(&frame.to_string()),
        Format::Plain => output::print_line(&format!("{kind}\t{payload}")),
        Format::Table => {
            let time: String = frame["timestamp"].as_str().unwrap_or_default().chars().skip(11).take(8).collect();
            let words: Vec<String> = ["stage", "status", "progress", "title", "topic", "error", "content_id"]
                .iter()
                .filter_map(|key| match &payload[*key] {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    Value::Number(percent) if *key == "progress" => Some(format!("{percent} %")),
                    other => Some(other.to_string()),
                })
                .collect();
            output::print_line(&output::harmless(&format!("{time}  {kind:30}  {}", words.join("  "))))
        }
    }
}

/// The exit code, if this event is the last of a run that is watched.
fn end(frame: &Value) -> Option<ExitCode> {
    let payload = &frame["payload"];
    match (frame["type"].as_str()?, payload["status"].as_str()) {
        ("orion.content.updated", Some("review" | "approved" | "published")) => Some(ExitCode::SUCCESS),
        ("orion.content.updated", Some("draft" | "rejected")) | ("orion.media.failed", _) => Some(ExitCode::FAILURE),
        _ => None,
    }
}
