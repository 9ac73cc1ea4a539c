//! Hands every committed event to the sockets that may see it. One task reads the log for all of them; a socket that
//! comes back reads what it missed itself and is then put among the others at exactly the place it has reached.
//!
//! Nothing here waits for a socket: each has a bounded queue, and one whose queue is full is closed. It comes back and
//! reads from the log what it missed.

use super::frame::{Feed, Frame};
use crate::system::unless_told;
use axum::extract::ws::Utf8Bytes;
use orion_core::Result;
use orion_core::event::EventRecord;
use orion_core::id::EventId;
use orion_core::port::{Store, Wire};
use orion_core::service::identity::Caller;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Frames that wait for one socket.
pub(super) const QUEUE: usize = 256;
/// Events read at once.
const BATCH: u32 = 200;
/// How often the log is looked at without being told, where a wire does not tell of other processes.
const POLL: Duration = Duration::from_millis(250);

/// Why a socket is closed by the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Closed {
    /// It did not keep up.
    Slow,
    /// Its session ended.
    Revoked,
    /// It cannot be read whether its session still stands.
    Unsure,
}

/// The sockets of this process.
#[derive(Debug)]
pub(in crate::http) struct Hub {
    store: Arc<dyn Store>,
    wire: Arc<dyn Wire>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Up to where the log was handed out; none before the hub has begun.
    place: Option<u64>,
    next: u64,
    sockets: HashMap<u64, Socket>,
}

#[derive(Debug)]
struct Socket {
    caller: Caller,
    feed: Feed,
    /// It has seen everything up to here, which may be further than the hub has come.
    seen: u64,
    queue: mpsc::Sender<Utf8Bytes>,
    close: Option<oneshot::Sender<Closed>>,
}

impl Socket {
    fn close(mut self, why: Closed) {
        if let Some(close) = self.close.take() {
            // A socket that is gone needs no closing.
            let _ = close.send(why);
        }
    }
}

/// One socket's place among the others; dropping it leaves the hub.
#[derive(Debug)]
pub(super) struct Membership {
    hub: Arc<Hub>,
    number: u64,
    /// Frames, in the order of the log.
    pub(super) queue: mpsc::Receiver<Utf8Bytes>,
    /// Completes when the hub closes the socket.
    pub(super) closed: oneshot::Receiver<Closed>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.state().sockets.remove(&self.number);
    }
}

impl Hub {
    pub(in crate::http) fn new(store: Arc<dyn Store>, wire: Arc<dyn Wire>) -> Self {
        Self { store, wire, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the log for all sockets, for ever, and shows every event that is new to `saw`.
    pub(in crate::http) async fn run(&self, saw: impl Fn(&EventRecord)) {
        loop {
            // Asked for before the log is looked at, so that nothing falls between.
            let woken = self.wire.woken();
            let wait = match self.hand_out(&saw).await {
                Ok(true) => continue,
                Ok(false) => unless_told(&*self.wire, POLL),
                Err(error) => {
                    tracing::warn!(error = ?error, "the log cannot be read for sockets; trying again");
                    POLL
                }
            };
            let _ = tokio::time::timeout(wait, woken).await;
        }
    }

    /// Hands out one batch; whether there may be more.
    async fn hand_out(&self, saw: impl Fn(&EventRecord)) -> Result<bool> {
        let place = self.begin().await?;
        let records = self.store.read().await?.read(place, None, BATCH).await?;
        let mut state = self.state();
        for record in &records {
            let frame = Frame::new(record)?;
            saw(record);
            let mut slow = Vec::new();
            for (number, socket) in &state.sockets {
                let fresh = frame.sequence > socket.seen;
                if fresh && frame.is_for(&socket.caller) && socket.queue.try_send(frame.text(socket.feed)).is_err() {
                    slow.push(*number);
                }
            }
            for number in slow {
                if let Some(socket) = state.sockets.remove(&number) {
                    socket.close(Closed::Slow);
                }
            }
            state.place = Some(record.sequence);
        }
        Ok(records.len() == BATCH as usize)
    }

    /// The place up to which the log was handed out: at first its end, at the moment when somebody asks.
    pub(super) async fn begin(&self) -> Result<u64> {
        let place = self.state().place;
        if let Some(place) = place {
            return Ok(place);
        }
        let last = self.store.read().await?.last().await?;
        Ok(*self.state().place.get_or_insert(last))
    }

    /// The place in the log that a client names as the last it has seen: an event's identity or sequence.
    pub(in crate::http) async fn place_of(&self, text: &str) -> Result<Option<u64>> {
        let mut tx = self.store.read().await?;
        if let Ok(id) = text.parse::<EventId>() {
            return tx.sequence_of(id).await;
        }
        let last = tx.last().await?;
        Ok(text.parse().ok().filter(|sequence| *sequence <= last))
    }

    /// What somebody may see behind a place, up to and including another, at most one batch; and how far that reaches.
    pub(super) async fn missed(&self, caller: &Caller, after: u64, until: u64) -> Result<(Vec<Frame>, u64)> {
        let records = self.store.read().await?.read(after, caller.sees(), BATCH).await?;
        let full = records.len() == BATCH as usize;
        let reached = records.last().filter(|_| full).map_or(until, |record| record.sequence.min(until));
        let mut frames = Vec::new();
        for record in records.iter().filter(|record| record.sequence <= until) {
            let frame = Frame::new(record)?;
            if frame.is_for(caller) {
                frames.push(frame);
            }
        }
        Ok((frames, reached))
    }

    /// Puts a socket among the others if it has seen everything up to `seen`; else gives the place it must reach first.
    pub(super) fn join(
        self: &Arc<Self>,
        caller: &Caller,
        feed: Feed,
        seen: Option<u64>,
    ) -> std::result::Result<Membership, u64> {
        let mut state = self.state();
        match (seen, state.place) {
            (Some(seen), Some(place)) if seen < place => return Err(place),
            _ => {}
        }
        let number = state.next;
        state.next += 1;
        let (queue, frames) = mpsc::channel(QUEUE);
        let (close, closed) = oneshot::channel();
        let (caller, seen) = (caller.clone(), seen.unwrap_or_default());
        state.sockets.insert(number, Socket { caller, feed, seen, queue, close: Some(close) });
        Ok(Membership { hub: self.clone(), number, queue: frames, closed })
    }

    /// Closes the sockets of callers for whom there is a reason to.
    pub(in crate::http) fn close_where(&self, reason: impl Fn(&Caller) -> Option<Closed>) {
        let mut state = self.state();
        let gone: Vec<(u64, Closed)> =
            state.sockets.iter().filter_map(|(number, socket)| Some((*number, reason(&socket.caller)?))).collect();
        for (number, why) in gone {
            if let Some(socket) = state.sockets.remove(&number) {
                socket.close(why);
            }
        }
    }
}
