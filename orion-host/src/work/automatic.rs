//! Makes content of trends by itself, if a score is set from which it does.

use super::LOOK;
use crate::engine::Orion;
use crate::worklist;
use orion_core::domain::Run;
use orion_core::service::production::Subject;
use orion_core::{Cancellation, Result};
use std::time::Duration;

/// How often it is looked at, where nothing wakes it.
const PAUSE: Duration = Duration::from_secs(10);

/// Begins runs for trends that score enough, until it is told to stop. No score set: there is nothing to do.
pub(super) async fn generate(orion: Orion, stop: Cancellation) {
    let threshold = orion.config().auto_score;
    if threshold <= 0.0 {
        return;
    }
    while !stop.is_cancelled() {
        // Asked for before the look at the record, so that nothing falls between.
        let wire = orion.production().wire.clone();
        let news = wire.woken();
        match begin(&orion, threshold).await {
            Ok(Some(run)) => {
                tracing::info!(run = %run.id, content = %run.content_id, "a run began by itself");
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "no run can begin by itself; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tokio::time::timeout(PAUSE, news) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Begins one run if there is a trend that scores enough, and a place free among those that are worked on.
pub(super) async fn begin(orion: &Orion, threshold: f64) -> Result<Option<Run>> {
    let config = orion.config();
    let counts = |run: &Run| !worklist::is_noted(&config.data_dir, run.id);
    orion.check_tools()?;
    let voice = orion.only_voice().await?;
    let request = |id| orion.reviewed(Subject::Trend { id }, voice.clone());
    orion.production().start_best(threshold, config.concurrent.max(1) as usize, counts, request).await
}
