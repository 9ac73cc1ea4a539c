//! Scans by schedule: once an interval however many processes there are and however often they start. When is due is
//! decided by the core, in the record ([`take_turn`](orion_core::service::scout::Scout::take_turn)); here somebody looks.

use super::LOOK;
use crate::engine::Orion;
use orion_core::service::scout::ScanReport;
use orion_core::{Cancellation, Error, ErrorKind, Operation, ProgressUpdate, Result};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
/// How often it is looked whether a scan is due; one whose worker died is followed this much after its lease.
const LOOKS: Duration = Duration::from_secs(4);
/// A scan that takes longer is given up.
const LONGEST: Duration = Duration::from_secs(150);

/// Scans whenever one is due, until it is told to stop. Without sources there is nothing to do.
pub(super) async fn schedule(orion: Orion, stop: Cancellation) {
    if orion.scout().sources.is_empty() {
        return;
    }
    while !stop.is_cancelled() {
        let operation = Operation::new(Cancellation::new(), Arc::new(|_: ProgressUpdate| {}));
        let scanned = tokio::select! {
            scanned = scan_if_due(&orion, &operation) => scanned,
            // Dropped where it stands, as by a crash; its turn is free again once its lease has run out.
            () = stop.cancelled() => return,
        };
        match scanned {
            Ok(Some(report)) => {
                tracing::info!(found = report.found, saved = report.saved, "scanned on schedule");
                report.problems.iter().for_each(|problem| tracing::warn!(problem, "a source failed"));
                // Another niche may be due as well.
                continue;
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Conflict => tracing::info!(%error, "a scan came to nothing"),
            Err(error) => tracing::warn!(%error, "a scheduled scan failed; the next one comes in its time"),
        }
        pause(&stop, LOOKS).await;
    }
}

/// Scans for the schedule that is due first, if one is.
pub(super) async fn scan_if_due(orion: &Orion, operation: &Operation) -> Result<Option<ScanReport>> {
    let Some(turn) = orion.scout().take_turn(&orion.production().worker).await? else { return Ok(None) };
    let scan = orion.scout().scan_in_turn(&turn, operation);
    match tokio::time::timeout(LONGEST, scan).await {
        Ok(scanned) => scanned.map(Some),
        Err(_) => {
            let error = Error::new(ErrorKind::Timeout, "the scan took too long");
            let error = error.with_context("seconds", LONGEST.as_secs());
            orion.scout().give_up(&turn, &error).await?;
            Err(error)
        }
    }
}

/// Lets old trends expire, every hour until it is told to stop.
pub(super) async fn expire(orion: Orion, stop: Cancellation) {
    let operation = Operation::new(stop.clone(), Arc::new(|_: ProgressUpdate| {}));
    while !stop.is_cancelled() {
        let wait = match orion.scout().expire(&operation).await {
            Ok(_) => HOUR,
            Err(error) => {
                tracing::debug!(%error, "trends could not expire");
                MINUTE
            }
        };
        pause(&stop, wait).await;
    }
}

async fn pause(stop: &Cancellation, time: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time.max(LOOK)) => {}
    }
}
