//! Background workers: runs go on, feeds are scanned, old trends expire. All of it is in the record; a worker that dies
//! loses nothing, and the next one goes on where it stood.

mod automatic;
mod progress;
mod runs;
pub mod scan;
#[cfg(test)]
mod tests;

use crate::engine::Orion;
use orion_core::Cancellation;
use tokio::task::JoinSet;

/// How often workers look by themselves, where nothing wakes them.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Which work a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// Works on runs, and begins those that nobody has to ask for.
    pub runs: bool,
    /// Scans feeds on schedule, and lets old trends expire.
    pub scout: bool,
}

impl Duties {
    /// All of it.
    pub const ALL: Self = Self { runs: true, scout: true };
}

/// Workers that run until they are stopped.
#[derive(Debug)]
pub struct Workers {
    stop: Cancellation,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts the workers of an engine.
    pub fn start(orion: &Orion, duties: Duties) -> Self {
        let stop = Cancellation::new();
        let mut tasks = JoinSet::new();
        if duties.runs {
            tasks.spawn(runs::work(orion.clone(), stop.clone()));
            tasks.spawn(automatic::generate(orion.clone(), stop.clone()));
        }
        if duties.scout {
            tasks.spawn(scan::schedule(orion.clone(), stop.clone()));
            tasks.spawn(scan::expire(orion.clone(), stop.clone()));
        }
        Self { stop, tasks }
    }

    /// Stops them and returns once they have ended. What they were at work on goes on at the next start.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended by a panic");
            }
        }
    }
}
