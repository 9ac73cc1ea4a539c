//! Blocking work with a child process, watched from the outside.

use crate::encode::Child;
use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The child is given up when nothing has moved for this long.
const STALLED: Duration = Duration::from_secs(120);
/// How often that is looked at.
const WATCH: Duration = Duration::from_secs(2);

/// What the work gets: the child to start and one that may run beside it, a switch that is on when nobody waits any
/// more, and a counter that the work moves while it gets on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) child: Child,
    pub(crate) aside: Child,
    pub(crate) abandoned: Cancellation,
    pub(crate) moved: Arc<AtomicU64>,
    /// Those that play clips.
    players: Arc<Mutex<Vec<Child>>>,
}

impl Watched {
    /// One more child, for a clip of the timeline.
    pub(crate) fn player(&self) -> Child {
        let child = Child::default();
        self.players.lock().unwrap_or_else(PoisonError::into_inner).push(child.clone());
        if self.abandoned.is_cancelled() {
            child.kill();
        }
        child
    }

    /// Ends all children, and what is done beside them.
    pub(crate) fn end(&self) {
        self.abandoned.cancel();
        self.child.kill();
        self.aside.kill();
        self.players.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Child::kill);
    }
}

/// Ends the work when the future that waits for it is dropped.
struct Abandon(Watched);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Runs blocking work on a thread of its own. It ends, with its children, when the operation is cancelled, when this
/// future is dropped, or when nothing moves for two minutes; only in the second case does it end later than this
/// returns.
pub(crate) async fn supervise<T: Send + 'static>(
    operation: &Operation,
    work: impl FnOnce(&Watched) -> Result<T> + Send + 'static,
) -> Result<T> {
    operation.cancellation.check()?;
    let watched = Watched::default();
    let abandon = Abandon(watched.clone());
    let mut work = tokio::task::spawn_blocking(move || work(&watched));
    let watched = &abandon.0;
    let mut last = (u64::MAX, Instant::now());
    let reason = loop {
        tokio::select! {
            outcome = &mut work => {
                return outcome.map_err(|error| Error::unexpected("the work ended by a panic").with_source(error))?;
            }
            () = operation.cancellation.cancelled() => break Error::cancelled(),
            () = tokio::time::sleep(WATCH) => {
                let now = watched.moved.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                } else if last.1.elapsed() > STALLED {
                    break Error::new(ErrorKind::Timeout, "the video tool has stopped working");
                }
            }
        }
    };
    watched.end();
    // Its files are gone once it has ended.
    let _ = work.await;
    Err(reason)
}
