//! What the log's events count up to: the numbers that dashboards and alerts ask for (contract, section 5.4). They count
//! what happened while this process ran; the record itself is asked through Pulse.

use orion_core::StageStatus;
use orion_core::Timestamp;
use orion_core::domain::{ContentStatus, Stage};
use orion_core::event::{Event, EventRecord};
use orion_core::id::ContentId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

/// Seconds that a stage takes.
const SECONDS: [f64; 7] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
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
struct By {
    provider: String,
}

/// Counts of events.
#[derive(Debug)]
pub(super) struct Observed {
    trends: Family<Source, Counter>,
    contents: Family<Status, Counter>,
    durations: Family<InStage, Histogram>,
    requests: Family<By, Counter>,
    failures: Counter,
    dollars: Family<By, Counter<f64, AtomicU64>>,
    begun: Mutex<HashMap<(ContentId, Stage), Timestamp>>,
}

impl Observed {
    /// Counts that a registry shows.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let observed = Self {
            trends: Family::default(),
            contents: Family::default(),
            durations: Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram),
            requests: Family::default(),
            failures: Counter::default(),
            dollars: Family::default(),
            begun: Mutex::default(),
        };
        registry.register("orion_trends_found", "Trends saved, by kind of source", observed.trends.clone());
        registry.register("orion_content", "Content that came into a state", observed.contents.clone());
        registry.register(
            "orion_content_generation_duration_seconds",
            "Time that a stage of a run took",
            observed.durations.clone(),
        );
        registry.register("orion_provider_requests", "Stages that a provider served", observed.requests.clone());
        registry.register(
            "orion_provider_errors",
            "Runs that failed in a stage that providers serve",
            observed.failures.clone(),
        );
        registry.register("orion_provider_cost_usd", "Dollars that providers were paid", observed.dollars.clone());
        observed
    }

    /// Counts an event of the log.
    pub(super) fn saw(&self, record: &EventRecord) {
        match &record.event {
            Event::TrendDetected { source, .. } => {
                // The rest of it is a feed's own title: there may be any number of those.
                let source = source.split([':', ',']).next().unwrap_or_default().to_owned();
                self.trends.get_or_create(&Source { source }).inc();
            }
            Event::ContentUpdated { status, .. } => {
                let status = match status {
                    ContentStatus::Draft => "failed",
                    other => other.as_str(),
                };
                self.contents.get_or_create(&Status { status }).inc();
            }
            Event::MediaFailed { .. } => {
                self.failures.inc();
            }
            Event::StageChanged { content_id, stage, status, provider, cost, .. } => {
                self.timed((*content_id, *stage), *status, record.at);
                if let Some(provider) = provider.clone().filter(|_| *status == StageStatus::Completed) {
                    let by = By { provider };
                    self.requests.get_or_create(&by).inc();
                    let paid = cost.as_ref().and_then(|cost| Some(cost.units * cost.rate?)).filter(|paid| *paid > 0.0);
                    self.dollars.get_or_create(&by).inc_by(paid.unwrap_or_default());
                }
            }
            _ => {}
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
            "orion_provider_requests_total{provider=\"graphics\"} 2",
            "orion_provider_errors_total 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
