//! What the event log tells: spans of it, how long stages took, how many failed.

use super::{HOUR, MOST_ROWS, Pulse};
use crate::domain::Stage;
use crate::event::{Event, EventRecord};
use crate::id::{ContentId, RunId, UserId};
use crate::port::Tx;
use crate::{Result, StageStatus, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// Events read at a time.
const CHUNK: u32 = 1000;

/// How well runs do.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Videos rendered an hour.
    pub throughput_per_hour: f64,
    /// Share of stages that ended with a failure, 0 to 1.
    pub error_rate: f64,
    /// By stage, in the order of a run.
    pub stages: Vec<StageMetrics>,
}

/// How well one stage does.
#[derive(Debug, Clone, PartialEq)]
pub struct StageMetrics {
    /// The stage.
    pub stage: Stage,
    /// How often it was begun.
    pub total_runs: u64,
    /// How often it was done.
    pub completed: u64,
    /// How often it failed.
    pub failed: u64,
    /// How long it took when it was done, on average.
    pub avg_latency_seconds: f64,
}

/// What failed within one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorHour {
    /// The hour's beginning.
    pub at: Timestamp,
    /// Failures.
    pub errors: u64,
    /// Events in all.
    pub total: u64,
}

impl ErrorHour {
    /// Share of failures, four decimals.
    pub fn rate(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.errors as f64 / self.total as f64 * 10_000.0).round() / 10_000.0 }
    }
}

/// The content that an event is about.
pub fn content_of(event: &Event) -> Option<ContentId> {
    match event {
        Event::ContentCreated { content_id, .. }
        | Event::ContentUpdated { content_id, .. }
        | Event::ContentRejected { content_id, .. }
        | Event::ContentPublished { content_id, .. }
        | Event::MediaGenerated { content_id, .. }
        | Event::MediaFailed { content_id, .. }
        | Event::StageChanged { content_id, .. } => Some(*content_id),
        _ => None,
    }
}

/// The service that a channel's events are put down to (contract, section 3).
pub fn service_of(channel: &str) -> &'static str {
    match channel {
        "orion.content.updated" => "editor",
        "orion.content.published" => "publisher",
        "orion.notification.created" => "identity",
        "orion.provider.switched" | "orion.alert.raised" => "gateway",
        other if other.starts_with("orion.trend.") => "scout",
        other if other.starts_with("orion.media.") => "media",
        _ => "director",
    }
}

impl Pulse {
    /// The events of a span, oldest first: those of one owner, or everybody's; of very many the newest.
    ///
    /// # Errors
    /// What the store says.
    pub async fn events(&self, since: Timestamp, owner: Option<UserId>) -> Result<Vec<EventRecord>> {
        let mut tx = self.store.read().await?;
        let head = tx.last().await?;
        let mut after = begin(&mut *tx, since, head).await?.max(head.saturating_sub(MOST_ROWS as u64));
        let mut found = Vec::new();
        loop {
            let records = tx.read(after, owner, CHUNK).await?;
            let Some(last) = records.last() else { return Ok(found) };
            after = last.sequence;
            // A reader sees what belongs to nobody too; the history of an owner is of what is theirs.
            found.extend(
                records.into_iter().filter(|record| record.at >= since && (owner.is_none() || record.owner == owner)),
            );
        }
    }

    /// The events of the last hours; see [`events`](Self::events).
    ///
    /// # Errors
    /// What the store says.
    pub async fn recent(&self, hours: u32, owner: Option<UserId>) -> Result<Vec<EventRecord>> {
        self.events(self.hours_ago(hours), owner).await
    }

    /// Every event about one piece of content, oldest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn events_of(&self, id: ContentId, since: Timestamp, owner: UserId) -> Result<Vec<EventRecord>> {
        let mut events = self.events(since, Some(owner)).await?;
        events.retain(|record| content_of(&record.event) == Some(id));
        Ok(events)
    }

    /// Deletes events that are older than so many days and that every consumer group is done with, and gives their
    /// number.
    ///
    /// # Errors
    /// What the store says; what was deleted by then stays deleted.
    pub async fn forget_events(&self, days: u32) -> Result<u64> {
        let before = self.days_ago(days);
        let mut deleted = 0;
        loop {
            let mut tx = self.store.begin().await?;
            let gone = tx.forget(before, CHUNK).await?;
            tx.commit().await?;
            deleted += gone;
            if gone < u64::from(CHUNK) {
                return Ok(deleted);
            }
        }
    }

    /// How well the runs of the last hours did: those of one owner, or everybody's.
    ///
    /// # Errors
    /// What the store says.
    pub async fn metrics(&self, hours: u32, owner: Option<UserId>) -> Result<Metrics> {
        let mut begun: HashMap<(RunId, Stage), Timestamp> = HashMap::new();
        let mut stages: BTreeMap<Stage, (StageMetrics, f64)> = BTreeMap::new();
        for record in self.recent(hours, owner).await? {
            let Event::StageChanged { stage, status, progress: None, pipeline_run_id: Some(run), .. } = record.event
            else {
                continue;
            };
            let (metrics, seconds) = stages.entry(stage).or_insert_with(|| {
                let none = StageMetrics { stage, total_runs: 0, completed: 0, failed: 0, avg_latency_seconds: 0.0 };
                (none, 0.0)
            });
            match status {
                StageStatus::Pending => {}
                StageStatus::Running => {
                    metrics.total_runs += 1;
                    begun.insert((run, stage), record.at);
                }
                StageStatus::Completed => {
                    metrics.completed += 1;
                    // One that began before the span is counted, but its length is not known.
                    if let Some(at) = begun.remove(&(run, stage)) {
                        *seconds += record.at.since(at).as_secs_f64();
                    }
                }
                StageStatus::Failed => metrics.failed += 1,
            }
        }
        let stages: Vec<StageMetrics> = stages
            .into_values()
            .map(|(metrics, seconds)| StageMetrics {
                avg_latency_seconds: if metrics.completed == 0 { 0.0 } else { seconds / metrics.completed as f64 },
                ..metrics
            })
            .collect();
        let ended: u64 = stages.iter().map(|stage| stage.completed + stage.failed).sum();
        let failed: u64 = stages.iter().map(|stage| stage.failed).sum();
        let rendered = stages.iter().find(|stage| stage.stage == Stage::Render).map_or(0, |stage| stage.completed);
        Ok(Metrics {
            throughput_per_hour: rendered as f64 / f64::from(hours.max(1)),
            error_rate: if ended == 0 { 0.0 } else { failed as f64 / ended as f64 },
            stages,
        })
    }

    /// What failed in each of the last hours in which anything happened, oldest first: those of one owner, or
    /// everybody's.
    ///
    /// # Errors
    /// What the store says.
    pub async fn errors(&self, hours: u32, owner: Option<UserId>) -> Result<Vec<ErrorHour>> {
        let hour = i64::try_from(HOUR.as_micros()).unwrap_or(i64::MAX);
        let mut buckets: BTreeMap<i64, ErrorHour> = BTreeMap::new();
        for record in self.recent(hours, owner).await? {
            let start = record.at.as_micros().div_euclid(hour) * hour;
            let empty = ErrorHour { at: Timestamp::from_micros(start), errors: 0, total: 0 };
            let bucket = buckets.entry(start).or_insert(empty);
            bucket.total += 1;
            bucket.errors += u64::from(is_failure(&record.event));
        }
        Ok(buckets.into_values().collect())
    }
}

fn is_failure(event: &Event) -> bool {
    match event {
        Event::StageChanged { status, .. } => *status == StageStatus::Failed,
        event => event.channel().contains("failed"),
    }
}

/// A place in the log behind which everything since a moment lies, as near to it as the clock's order allows.
async fn begin(tx: &mut dyn Tx, since: Timestamp, head: u64) -> Result<u64> {
    let (mut low, mut high) = (0_u64, head);
    while high > low {
        let middle = low + (high - low) / 2;
        match tx.read(middle, None, 1).await?.first() {
            Some(record) if record.at < since => low = record.sequence,
            _ => high = middle,
        }
    }
    Ok(low)
}
