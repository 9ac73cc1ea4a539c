//! What the log's events count up to: the numbers that dashboards and alerts ask for (contract, section 5.4). They count
//! what happened while this process ran; the record itself is asked through Pulse.

mod providers;

pub(super) use providers::Providers;

use super::machine::Gpus;
use orion_core::domain::{ContentStatus, Stage};
use orion_core::event::{Event, EventRecord};
use orion_core::id::ContentId;
use orion_core::port::{Filter, Store};
use orion_core::{Result, StageStatus, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

/// Seconds that a stage takes.
const SECONDS: [f64; 7] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// What the critic thinks of a script.
const SCORES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Stages whose beginning is remembered; those of runs that never end are forgotten with the rest.
const MOST_BEGUN: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InStage {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Discarded {
    source: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Alert {
    severity: &'static str,
}

type Float = Gauge<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Card {
    gpu: String,
}

/// Counts of events.
#[derive(Debug)]
pub(super) struct Observed {
    trends: Family<Source, Counter>,
    contents: Family<Status, Counter>,
    durations: Family<InStage, Histogram>,
    used: Family<Source, Counter>,
    discarded: Family<Discarded, Counter>,
    scores: Histogram,
    alerts: Family<Alert, Counter>,
    queue: Family<Status, Gauge>,
    memory_used: Family<Card, Float>,
    memory_total: Family<Card, Float>,
    utilization: Family<Card, Float>,
    temperature: Family<Card, Float>,
    begun: Mutex<HashMap<(ContentId, Stage), Timestamp>>,
}

impl Observed {
    /// Counts that a registry shows.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let observed = Self {
            trends: Family::default(),
            contents: Family::default(),
            durations: Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram),
            used: Family::default(),
            discarded: Family::default(),
            scores: Histogram::new(SCORES),
            alerts: Family::default(),
            queue: Family::default(),
            memory_used: Family::default(),
            memory_total: Family::default(),
            utilization: Family::default(),
            temperature: Family::default(),
            begun: Mutex::default(),
        };
        registry.register("orion_trends_found", "Trends saved, by kind of source", observed.trends.clone());
        registry.register("orion_content", "Content that came into a state", observed.contents.clone());
        registry.register(
            "orion_content_generation_duration_seconds",
            "Time that a stage of a run took",
            observed.durations.clone(),
        );
        let mut register = |name: &str, help: &str, family: &Family<Card, Float>| {
            registry.register(name, help, family.clone());
        };
        register("orion_gpu_memory_used_bytes", "Memory of a graphics card in use", &observed.memory_used);
        register("orion_gpu_memory_total_bytes", "Memory of a graphics card", &observed.memory_total);
        register("orion_gpu_utilization_percent", "How busy a graphics card is", &observed.utilization);
        register("orion_gpu_temperature_celsius", "How warm a graphics card is", &observed.temperature);
        registry.register("orion_trends_used", "Trends that content was made of", observed.used.clone());
        registry.register("orion_trends_discarded", "Trends that were put aside", observed.discarded.clone());
        registry.register("orion_alerts", "Alerts that were told of", observed.alerts.clone());
        registry.register("orion_content_queue_size", "Contents by their state now", observed.queue.clone());
        registry.register(
            "orion_content_confidence_score",
            "What the critic thinks of scripts, 0 to 1",
            observed.scores.clone(),
        );
        observed
    }

    /// Counts an event of the log.
    pub(super) fn saw(&self, record: &EventRecord) {
        match &record.event {
            Event::TrendDetected { source, .. } => {
                self.trends.get_or_create(&kind(source)).inc();
            }
            Event::TrendExpired { source, .. } => {
                let Source { source } = kind(source.as_deref().unwrap_or("unknown"));
                self.discarded.get_or_create(&Discarded { source, reason: "expired" }).inc();
            }
            Event::ContentCreated { trend_id, source, confidence_score, .. } => {
                if trend_id.is_some() {
                    self.used.get_or_create(&kind(source.as_deref().unwrap_or("unknown"))).inc();
                }
                if let Some(score) = confidence_score {
                    self.scores.observe(*score);
                }
            }
            Event::AlertRaised { severity, firing: true, .. } => {
                let severity = ["critical", "warning"].into_iter().find(|known| known == severity).unwrap_or("other");
                self.alerts.get_or_create(&Alert { severity }).inc();
            }
            Event::ContentUpdated { status, .. } => {
                let status = match status {
                    ContentStatus::Draft => "failed",
                    other => other.as_str(),
                };
                self.contents.get_or_create(&Status { status }).inc();
            }
            Event::StageChanged { content_id, stage, status, .. } => {
                self.timed((*content_id, *stage), *status, record.at);
            }
            _ => {}
        }
    }

    /// Counts how many contents there are in each state.
    pub(super) async fn count_contents(&self, store: &dyn Store) -> Result<()> {
        let mut tx = store.read().await?;
        for status in ContentStatus::ALL {
            let filter = Filter { states: vec![status.as_str().to_owned()], ..Filter::default() };
            let count = tx.contents().count(&filter).await?;
            let gauge = self.queue.get_or_create_owned(&Status { status: status.as_str() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Takes down how the graphics cards are; a card is known by its place.
    pub(super) fn saw_gpus(&self, gpus: &Gpus) {
        const MIB: f64 = 1024.0 * 1024.0;
        for (place, gpu) in gpus.gpus.iter().enumerate() {
            let card = Card { gpu: place.to_string() };
            self.memory_used.get_or_create(&card).set(gpu.vram_used_mb * MIB);
            self.memory_total.get_or_create(&card).set(gpu.vram_total_mb * MIB);
            self.utilization.get_or_create(&card).set(gpu.utilization_percent);
            self.temperature.get_or_create(&card).set(gpu.temperature_c);
        }
    }

    fn timed(&self, which: (ContentId, Stage), status: StageStatus, at: Timestamp) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        match status {
            StageStatus::Running => {
                if begun.len() >= MOST_BEGUN {
                    begun.clear();
                }
                // Progress is told under the same name; the first counts.
                begun.entry(which).or_insert(at);
            }
            StageStatus::Completed => {
                if let Some(from) = begun.remove(&which) {
                    let took = at.since(from).as_secs_f64();
                    self.durations.get_or_create(&InStage { stage: which.1.as_str() }).observe(took);
                }
            }
            _ => {
                begun.remove(&which);
            }
        }
    }
}

/// The kind of a source: the rest of it is a feed's own title, and there may be any number of those.
fn kind(source: &str) -> Source {
    Source { source: source.split([':', ',']).next().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::id::EventId;
    use orion_core::testing::sample;
    use std::time::Duration;

    fn record(at: Timestamp, event: Event) -> EventRecord {
        EventRecord { sequence: 1, id: EventId(sample::uuid(1)), at, owner: None, event }
    }

    fn stage(status: StageStatus, provider: Option<&str>) -> Event {
        Event::StageChanged {
            content_id: ContentId(sample::uuid(1)),
            stage: Stage::Images,
            status,
            progress: None,
            pipeline_run_id: None,
            cost: None,
            provider: provider.map(str::to_owned),
            failed_before: Vec::new(),
        }
    }

    #[test]
    fn events_are_counted_under_bounded_names() {
        let mut registry = Registry::default();
        let observed = Observed::new(&mut registry);
        for event in sample::events() {
            observed.saw(&record(sample::time(1), event));
        }
        let begun = sample::time(100);
        observed.saw(&record(begun, stage(StageStatus::Completed, Some("graphics"))));
        observed.saw(&record(begun, stage(StageStatus::Running, None)));
        observed.saw(&record(begun.after(Duration::from_secs(3)), stage(StageStatus::Running, None)));
        observed.saw(&record(begun.after(Duration::from_secs(7)), stage(StageStatus::Completed, Some("graphics"))));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "orion_trends_found_total{source=\"rss\"} 1",
            "orion_content_total{status=\"review\"} 1",
            "orion_content_generation_duration_seconds_sum{stage=\"images\"} 7.0",
            "orion_content_generation_duration_seconds_count{stage=\"images\"} 1",
            "orion_trends_used_total{source=\"rss\"} 1",
            "orion_trends_discarded_total{source=\"rss\",reason=\"expired\"} 1",
            "orion_content_confidence_score_count 1",
            "orion_alerts_total{severity=\"critical\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
