//! Tells sockets how far a run is: about once a second, and only when the percentage is another one.

use orion_core::domain::{Run, Stage};
use orion_core::service::production::Production;
use orion_core::{Progress, ProgressUpdate, StageStatus};
use std::time::Duration;
use tokio::sync::watch;

/// Time between two reports of one run.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes the reports of a run; only the latest counts.
#[derive(Debug)]
pub(super) struct Latest(watch::Sender<Option<(Stage, u8)>>);

impl Progress for Latest {
    fn report(&self, update: ProgressUpdate) {
        let percent = match update.status {
            StageStatus::Running if update.total > 0 => Some((
                update.stage,
                u8::try_from(update.done.saturating_mul(100) / update.total).unwrap_or(100).min(100),
            )),
            // What begins or ends is told by the run itself.
            _ => None,
        };
        self.0.send_if_modified(|latest| std::mem::replace(latest, percent) != percent);
    }
}

/// A place for the reports of a run, and the work of passing them on, which never ends.
pub(super) fn of(production: Production, run: Run) -> (Latest, impl Future<Output = ()>) {
    let (sender, mut latest) = watch::channel(None);
    let pass_on = async move {
        loop {
            if latest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let told = *latest.borrow_and_update();
            if let Some((stage, percent)) = told {
                if let Err(error) = production.tell_progress(&run, stage, percent).await {
                    tracing::debug!(%error, run = %run.id, "progress could not be told");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    (Latest(sender), pass_on)
}
