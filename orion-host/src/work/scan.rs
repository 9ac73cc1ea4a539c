//! Scans: by schedule, once an interval however many processes there are and however often they start, and by hand by
//! the same call.

use super::LOOK;
use crate::engine::Orion;
use orion_core::domain::Setting;
use orion_core::id::SettingId;
use orion_core::port::Store;
use orion_core::service::scout::{ScanReport, ScanRequest, built_in};
use orion_core::{Cancellation, ErrorKind, Operation, ProgressUpdate, Result, Timestamp};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
/// How often it is looked whether a scan is due.
const MINUTE: Duration = Duration::from_secs(60);
/// The setting that names the niche in force.
const NICHE: &str = "scout.niche";

/// The niche that scans filter by: the one that was chosen at run time, else that of the configuration, else none.
///
/// # Errors
/// What the store says.
pub async fn active_niche(orion: &Orion) -> Result<Option<String>> {
    let stored = orion.production().store.read().await?.settings().find(NICHE).await?;
    let chosen = stored.and_then(|setting| setting.value.as_str().map(str::to_owned));
    Ok(chosen.or_else(|| Some(orion.config().niche.clone())).filter(|niche| !niche.is_empty()))
}

/// Chooses the niche that scans filter by from now on, in every process.
///
/// # Errors
/// `Invalid` for an unknown niche; what the store says.
pub async fn choose_niche(orion: &Orion, name: &str) -> Result<String> {
    let name = built_in(name)?.name;
    put(orion, NICHE, name.clone().into(), |_| true).await?;
    Ok(name)
}

/// Scans once: the same path by hand and by schedule.
///
/// # Errors
/// As [`Scout::scan`](orion_core::service::scout::Scout::scan), and `Invalid` for an unknown niche.
pub async fn scan(
    orion: &Orion,
    niche: Option<&str>,
    region: &str,
    limit: u32,
    operation: &Operation,
) -> Result<ScanReport> {
    let niche = niche.map(built_in).transpose()?;
    let request = ScanRequest { region: region.to_owned(), limit, niche, feeds: Vec::new() };
    orion.scout().scan(&request, operation).await
}

/// Scans at every interval until it is told to stop. Without feeds, or with an interval of zero, there is nothing to do.
pub(super) async fn schedule(orion: Orion, stop: Cancellation) {
    let interval = MINUTE * orion.config().scan_interval;
    if interval.is_zero() || orion.scout().sources.is_empty() {
        return;
    }
    let operation = Operation::new(stop.clone(), Arc::new(|_: ProgressUpdate| {}));
    while !stop.is_cancelled() {
        let scanned = tokio::select! {
            scanned = scan_if_due(&orion, interval, &operation) => scanned,
            () = stop.cancelled() => return,
        };
        match scanned {
            Ok(Some(report)) => {
                tracing::info!(found = report.found, saved = report.saved, "scanned on schedule");
                report.problems.iter().for_each(|problem| tracing::warn!(problem, "a source failed"));
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Cancelled => return,
            Err(error) => tracing::warn!(%error, "a scheduled scan failed; the next one comes in its time"),
        }
        pause(&stop, MINUTE.min(interval)).await;
    }
}

/// Scans if nobody did within the interval. The turn is taken before the scan, in the record, so that of many processes
/// one has it.
pub(super) async fn scan_if_due(
    orion: &Orion,
    interval: Duration,
    operation: &Operation,
) -> Result<Option<ScanReport>> {
    let niche = active_niche(orion).await?;
    let now = orion.production().clock.now();
    let name = format!("scout.scanned/{}", niche.as_deref().unwrap_or_default());
    let due = |last: &serde_json::Value| {
        let last = serde_json::from_value::<Timestamp>(last.clone()).ok();
        // Who asked at the same time may have written a later time than this one's. One that lies further ahead was
        // written by a clock that was wrong.
        last.is_none_or(|last| last.since(now) > interval || now.since(last) >= interval)
    };
    if !put(orion, &name, serde_json::to_value(now)?, due).await? {
        return Ok(None);
    }
    scan(orion, niche.as_deref(), "US", 20, operation).await.map(Some)
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

/// Sets a setting if its present value allows it, and tells whether it did. Of two at once one does.
async fn put(
    orion: &Orion,
    name: &str,
    value: serde_json::Value,
    allows: impl Fn(&serde_json::Value) -> bool,
) -> Result<bool> {
    let production = orion.production();
    let store: &dyn Store = &*production.store;
    let mut tx = store.begin().await?;
    let now = production.clock.now();
    let written = match tx.settings().find(name).await? {
        Some(stored) if !allows(&stored.value) => return Ok(false),
        Some(mut stored) => {
            (stored.value, stored.updated_at) = (value, now);
            tx.settings().update(&mut stored).await
        }
        None => {
            let id = SettingId::random(&*production.entropy);
            let mut setting = Setting { id, name: name.to_owned(), value, updated_at: now, version: 0 };
            tx.settings().insert(&mut setting).await
        }
    };
    let written = match written {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    match written {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => Ok(false),
        Err(error) => Err(error),
    }
}
