//! Shows the event log to listeners at the Redis server, for as long as the platform runs.

use crate::http::Platform;
use orion_core::port::Wire;
use orion_core::service::relay::{Relay, Step};
use orion_core::{Cancellation, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often the log is looked at, where nothing wakes this process.
const LOOK: Duration = Duration::from_millis(250);
/// While another process shows the log, how often it is looked at whether it still does.
const THEIRS: Duration = Duration::from_secs(2);
/// The first pause after listeners could not be reached; it doubles up to [`LOOK`].
const AGAIN: Duration = Duration::from_millis(50);
/// Between two full batches, so that slow listeners are not flooded: 20,000 events a second.
const PACE: Duration = Duration::from_millis(10);

/// The relay at work, until it is stopped.
#[derive(Debug)]
pub(super) struct Relaying {
    stop: Cancellation,
    task: JoinHandle<()>,
}

impl Relaying {
    /// Starts it, if there is a Redis server.
    pub(super) async fn start(platform: &Platform) -> Result<Option<Self>> {
        let Some(redis) = platform.orion.redis() else { return Ok(None) };
        let production = platform.orion.production();
        let (store, clock, entropy) = (production.store.clone(), production.clock.clone(), production.entropy.clone());
        let relay = Relay::new(store, clock, entropy, Arc::new(redis.broadcast()));
        relay.begin().await?;
        let stop = Cancellation::new();
        let task = tokio::spawn(run(relay, production.wire.clone(), stop.clone()));
        Ok(Some(Self { stop, task }))
    }

    /// Stops it; another process goes on at once.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the relay ended by a panic");
        }
    }
}

async fn run(mut relay: Relay, wire: Arc<dyn Wire>, stop: Cancellation) {
    let (mut away, mut again) = (false, AGAIN);
    while !stop.is_cancelled() {
        // Asked for before the log is looked at, so that nothing falls between.
        let woken = wire.woken();
        let step = relay.step().await;
        if step.is_err() != away {
            away = step.is_err();
            match &step {
                Ok(_) => tracing::info!("listeners outside are shown events again"),
                Err(error) => tracing::warn!(error = ?error, "listeners outside cannot be shown events; they wait"),
            }
        }
        let wait = match step {
            Ok(Step::More) => PACE,
            Ok(Step::Theirs) => THEIRS,
            Ok(Step::Done) => LOOK,
            Err(_) => again,
        };
        again = if away { LOOK.min(again * 2) } else { AGAIN };
        let news = async {
            match step {
                // A wire that fails wakes nobody.
                Ok(Step::Done) if woken.await.is_ok() => {}
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = news => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    if let Err(error) = relay.leave().await {
        tracing::debug!(%error, "another process takes over in a while");
    }
}
