//! One socket from its opening to its end.

use super::frame::Feed;
use super::hub::{Closed, Membership};
use crate::http::Platform;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use orion_core::service::identity::Caller;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How often a client is asked whether it is there.
const PING: Duration = Duration::from_secs(30);
/// A client that says nothing for so long, not even that it is there, is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// A frame is written by then, or the client is gone.
const WRITE: Duration = Duration::from_secs(5);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How a socket begins.
#[derive(Debug)]
pub(in crate::http) struct Start {
    pub(in crate::http) platform: Arc<Platform>,
    pub(in crate::http) caller: Caller,
    pub(in crate::http) feed: Feed,
    /// The place in the log that the client has seen.
    pub(in crate::http) seen: Option<u64>,
}

/// Why a socket ends.
enum End {
    /// Nobody is there any more.
    Gone,
    /// It is told why.
    Told(u16, &'static str),
}

impl From<Closed> for End {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Slow => Self::Told(close_code::AGAIN, "too slow; come back with last_event_id"),
            Closed::Revoked => Self::Told(close_code::POLICY, "the session has ended"),
            Closed::Unsure => {
                Self::Told(close_code::AGAIN, "it cannot be read who was signed out; come back with last_event_id")
            }
        }
    }
}

/// Counts a socket while it is open.
struct Open(Arc<Platform>);

impl Open {
    fn new(platform: &Arc<Platform>) -> Self {
        platform.metrics.sockets.inc();
        Self(platform.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.sockets.dec();
    }
}

/// Serves a socket until it ends.
pub(in crate::http) async fn serve(mut socket: WebSocket, start: Start) {
    let _open = Open::new(&start.platform);
    let Err(end) = live(&mut socket, &start).await;
    if let End::Told(code, reason) = end {
        let goodbye = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // Whether it arrives or not, this is the end.
        let _ = tokio::time::timeout(GOODBYE, socket.send(goodbye)).await;
    }
}

/// First what was missed, then what happens.
async fn live(socket: &mut WebSocket, start: &Start) -> Result<std::convert::Infallible, End> {
    let mut member = catch_up(socket, start).await?;
    let mut stopping = start.platform.stopping.subscribe();
    let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            biased;
            why = &mut member.closed => return Err(why.map_or(End::Gone, End::from)),
            () = stopped(&mut stopping) => return Err(End::Told(close_code::AWAY, "the server stops")),
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return Err(End::Gone),
                // What clients say is not listened to; that they say something is.
                Some(Ok(_)) => {
                    heard = Instant::now();
                    continue;
                }
            },
            () = tokio::time::sleep_until(heard + SILENCE) => return Err(End::Gone),
            _ = ping.tick() => Message::Ping(Default::default()),
            text = member.queue.recv() => match text {
                Some(text) => {
                    start.platform.metrics.frames.inc();
                    Message::Text(text)
                }
                // The hub has let it go, and says why.
                None => return Err((&mut member.closed).await.map_or(End::Gone, End::from)),
            },
        };
        // A revoked session gets nothing more, not even what is being written.
        tokio::select! {
            biased;
            why = &mut member.closed => return Err(why.map_or(End::Gone, End::from)),
            written = write(socket, message) => written?,
        }
    }
}

/// Completes when the server stops.
async fn stopped(stopping: &mut tokio::sync::watch::Receiver<bool>) {
    // A platform that is gone has stopped.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Gives a client that comes back what it missed, from the log, and then its place among the others.
async fn catch_up(socket: &mut WebSocket, start: &Start) -> Result<Membership, End> {
    let Start { platform, caller, feed, seen } = start;
    let mut seen = *seen;
    let unreadable = || End::Told(close_code::ERROR, "the log cannot be read; come back");
    platform.hub.begin().await.map_err(|_| unreadable())?;
    loop {
        let place = match platform.hub.join(caller, *feed, seen) {
            Ok(member) => return Ok(member),
            Err(place) => place,
        };
        let missed = platform.hub.missed(caller, seen.unwrap_or(place), place).await;
        let (frames, reached) = missed.map_err(|_| unreadable())?;
        for frame in frames {
            platform.metrics.frames.inc();
            write(socket, Message::Text(frame.text(*feed))).await?;
        }
        seen = Some(reached);
        if let Some(why) = platform.unwelcome(caller) {
            return Err(why.into());
        }
    }
}

async fn write(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match tokio::time::timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
