//! Sums and spans over a record in memory.

use super::*;
use crate::StageStatus;
use crate::domain::{Cost, CostCategory, Money, Stage};
use crate::event::Event;
use crate::id::{ContentId, CostId, EventId, RunId};
use crate::memory::{ManualClock, MemoryStore};
use uuid::Uuid;

const START: i64 = 1_800_000_000_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(START + seconds * 1_000_000)
}

fn pulse(now: i64) -> Pulse {
    Pulse { store: Arc::new(MemoryStore::new()), clock: Arc::new(ManualClock::at(at(now))) }
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

async fn stage(pulse: &Pulse, seconds: i64, owner: UserId, stage: Stage, status: StageStatus) {
    let event = Event::StageChanged {
        failed_before: Vec::new(),
        content_id: ContentId(Uuid::from_u128(7)),
        stage,
        status,
        progress: None,
        pipeline_run_id: Some(RunId(owner.0)),
        cost: None,
        provider: None,
    };
    let mut tx = pulse.store.begin().await.unwrap();
    let id = EventId(Uuid::from_u128(u128::from(tx.read(0, None, 10_000).await.unwrap().len() as u64 + 1)));
    tx.append(id, at(seconds), Some(owner), &event).await.unwrap();
    tx.commit().await.unwrap();
}

async fn spend(pulse: &Pulse, n: u128, seconds: i64, provider: &str, dollars: f64) {
    let mut cost = Cost {
        id: CostId(Uuid::from_u128(n)),
        content_id: None,
        run_id: None,
        owner: user(1),
        provider: provider.to_owned(),
        category: CostCategory::ImageGeneration,
        units: 1.0,
        amount: Money::from_dollars(dollars),
        recorded_at: at(seconds),
        version: 0,
    };
    let mut tx = pulse.store.begin().await.unwrap();
    tx.costs().insert(&mut cost).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_span_of_the_log_begins_where_its_time_begins() {
    let pulse = pulse(7200);
    assert!(pulse.recent(1, None).await.unwrap().is_empty(), "an empty log has no span");
    for n in 0..37 {
        stage(&pulse, n * 200, user(1 + n as u128 % 2), Stage::Images, StageStatus::Running).await;
    }
    // The clock stands at 7200; events lie at 0, 200, ..., 7200.
    for since in [-5, 0, 1, 199, 200, 3600, 7199, 7200, 7201] {
        let found = pulse.events(at(since), None).await.unwrap();
        let expected = (0..37).filter(|n| n * 200 >= since).count();
        assert_eq!(found.len(), expected, "since {since}");
        assert!(found.iter().all(|record| record.at >= at(since)));
    }
    let mine = pulse.events(at(0), Some(user(1))).await.unwrap();
    assert_eq!(mine.len(), 19);
    assert!(mine.iter().all(|record| record.owner == Some(user(1))));
}

#[tokio::test]
async fn stages_are_timed_and_failures_counted() {
    let pulse = pulse(4000);
    let (one, two) = (user(1), user(2));
    stage(&pulse, 1000, one, Stage::Render, StageStatus::Running).await;
    stage(&pulse, 1010, two, Stage::Render, StageStatus::Running).await;
    stage(&pulse, 1030, one, Stage::Render, StageStatus::Completed).await;
    stage(&pulse, 1040, two, Stage::Render, StageStatus::Failed).await;
    let metrics = pulse.metrics(2, None).await.unwrap();
    assert_eq!((metrics.throughput_per_hour, metrics.error_rate), (0.5, 0.5));
    let render = &metrics.stages[0];
    assert_eq!((render.total_runs, render.completed, render.failed), (2, 1, 1));
    assert_eq!(render.avg_latency_seconds, 30.0);
    assert_eq!(pulse.metrics(2, Some(one)).await.unwrap().error_rate, 0.0);
    let hours = pulse.errors(2, None).await.unwrap();
    assert_eq!((hours.len(), hours[0].errors, hours[0].total, hours[0].rate()), (1, 1, 4, 0.25));
}

#[tokio::test]
async fn costs_are_summed_projected_and_forgotten() {
    let day = 24 * 3600;
    let pulse = pulse(10 * day);
    spend(&pulse, 1, day, "fal", 9.0).await;
    spend(&pulse, 2, 7 * day, "fal", 1.0).await;
    spend(&pulse, 3, 9 * day, "comfy", 2.0).await;
    spend(&pulse, 4, 9 * day + 60, "comfy", 1.0).await;
    let costs = pulse.costs(4).await.unwrap();
    assert_eq!((costs.total, costs.records), (Money::from_dollars(4.0), 3));
    assert_eq!(costs.by_category["image_generation"], costs.total);
    let days = pulse.daily_costs(4).await.unwrap();
    assert_eq!(days.iter().map(|day| day.spending.records).collect::<Vec<_>>(), [1, 2]);
    assert!(days[0].date < days[1].date);
    let providers = pulse.costs_by_provider(30).await.unwrap();
    assert_eq!((providers[0].provider.as_str(), providers[0].spending.total), ("fal", Money::from_dollars(10.0)));
    let projections = pulse.projections(4).await.unwrap();
    let told: Vec<_> = projections.iter().map(|p| (p.period, p.projected, p.change)).collect();
    let up = Change::Increasing;
    assert_eq!(told, [("daily", 1.0, up), ("weekly", 7.0, up), ("monthly", 30.0, up)]);
    assert_eq!(pulse.forget_costs(4).await.unwrap(), 1);
    assert_eq!(pulse.costs(30).await.unwrap().records, 3);
}

#[tokio::test]
async fn old_events_are_forgotten_and_spans_are_told_as_before() {
    let day = 24 * 3600;
    let pulse = pulse(10 * day);
    for n in 0..10 {
        stage(&pulse, n * day, user(1), Stage::Images, StageStatus::Running).await;
    }
    let before = pulse.events(at(7 * day), None).await.unwrap();
    let mut tx = pulse.store.begin().await.unwrap();
    let behind = tx.claim("behind", at(0), DAY, 9).await.unwrap();
    for claim in &behind[..5] {
        tx.acknowledge(claim).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(pulse.forget_events(3).await.unwrap(), 5, "what somebody has still to do stays");
    assert_eq!(pulse.events(at(0), None).await.unwrap().len(), 5);
    assert_eq!(pulse.events(at(7 * day), None).await.unwrap(), before);
    assert_eq!(pulse.forget_events(3).await.unwrap(), 0);
}
