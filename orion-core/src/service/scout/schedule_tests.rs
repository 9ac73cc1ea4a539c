//! Schedules under several workers on one record, with a clock that is moved by hand.

use super::tests::item;
use super::{ScanPlan, ScanTurn, ScheduleChange, Scout};
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, MemoryWire, SeededEntropy};
use crate::port::{Clock, Filter, Page, ScoredItem, SourceScan, TrendSource, TrendWitness};
use crate::service::lease::{Alone, LEASE, Worker};
use crate::testing::{Standstill, sample};
use crate::{Error, ErrorKind, Operation, Result, Retry, Timestamp};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A place that sees another topic each time it is asked, is down, or never answers.
#[derive(Debug, Default)]
struct Place {
    asked: AtomicU32,
    mood: Mutex<Mood>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Mood {
    #[default]
    Well,
    Down,
    Silent,
}

#[async_trait]
impl TrendSource for Place {
    fn name(&self) -> &str {
        "place"
    }

    async fn fetch(&self, region: &str, _limit: u32, _now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well => {}
            Mood::Down => {
                return Err(Error::unavailable("the place is closed").with_retry(Retry::Later(Some(5 * MINUTE))));
            }
            Mood::Silent => std::future::pending().await,
        }
        let words = ["amber", "birch", "cedar", "daisy", "elder", "fern", "grass", "holly", "iris", "jasmine"];
        let title = format!("{} {number} {} {region}", words[number as usize % 10], words[number as usize / 10 % 10]);
        Ok(SourceScan { items: vec![ScoredItem::new(item(&title, ""), 50.0, "place")], problems: Vec::new() })
    }
}

struct World {
    clock: Arc<ManualClock>,
    place: Arc<Place>,
    workers: [Scout; 2],
    processes: [Worker; 2],
}

impl World {
    fn new(plan: ScanPlan) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap()));
        let place = Arc::new(Place::default());
        let store = Arc::new(MemoryStore::new());
        let entropy = Arc::new(SeededEntropy::new(7));
        let worker = || Scout {
            wire: Arc::new(MemoryWire::new()),
            store: store.clone(),
            blobs: Arc::new(MemoryBlobs::new()),
            reader: Arc::new(super::tests::Script::default()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sources: vec![place.clone()],
            witnesses: Vec::new(),
            plan: plan.clone(),
        };
        let workers = [worker(), worker()];
        let processes = [1, 2].map(|n| Worker::new(Arc::new(Standstill), Arc::new(Alone(sample::uuid(n)))));
        Self { clock, place, workers, processes }
    }

    async fn take(&self, place: usize) -> Option<ScanTurn> {
        self.workers[place].take_turn(&self.processes[place]).await.unwrap()
    }

    /// Both workers look at once; gives the turns that were taken.
    async fn look(&self) -> Vec<ScanTurn> {
        let (one, two) = futures_util::future::join(self.take(0), self.take(1)).await;
        [one, two].into_iter().flatten().collect()
    }

    async fn saved(&self) -> usize {
        let mut tx = self.workers[0].store.read().await.unwrap();
        tx.trends().list(&Filter::default(), &Page::first(Default::default(), 200)).await.unwrap().items.len()
    }
}

#[tokio::test]
async fn two_workers_scan_once_an_interval() {
    let world = World::new(ScanPlan::default());
    let operation = Operation::detached();
    let start = world.clock.now();
    for interval in 0..100_u32 {
        let mut scans = 0;
        // Thirty looks of both workers within each interval.
        for _ in 0..30 {
            for turn in world.look().await {
                scans += 1;
                let report = world.workers[scans % 2].scan_in_turn(&turn, &operation).await.unwrap();
                assert_eq!(report.saved, 1);
            }
            world.clock.advance(MINUTE);
        }
        assert_eq!(scans, 1, "interval {interval}");
    }
    assert_eq!((world.place.asked.load(Ordering::SeqCst), world.saved().await), (100, 100));
    let (schedule, every) = world.workers[0].schedules().await.unwrap().remove(0);
    assert_eq!((schedule.next_at, every), (start.after(100 * 30 * MINUTE), Some(30 * MINUTE)));
    assert!(!schedule.running);
    assert_eq!(schedule.last.map(|last| (last.due_at, last.found)), Some((start.after(99 * 30 * MINUTE), 1)));
}

#[tokio::test]
async fn a_scan_that_a_crash_cut_off_is_done_by_another_worker() {
    let world = World::new(ScanPlan::default());
    let operation = Operation::detached();
    // The row begins with the first scan that ends.
    let first = world.look().await.remove(0);
    world.workers[0].scan_in_turn(&first, &operation).await.unwrap();
    world.clock.advance(30 * MINUTE);
    for _ in 0..20 {
        let turn = world.look().await.remove(0);
        *world.place.mood.lock().unwrap() = Mood::Silent;
        // The worker dies where it stands.
        let crashed = futures_util::FutureExt::now_or_never(world.workers[0].scan_in_turn(&turn, &operation));
        assert!(crashed.is_none());
        *world.place.mood.lock().unwrap() = Mood::Well;
        world.clock.advance(LEASE - Duration::from_secs(1));
        assert!(world.look().await.is_empty(), "it might still be at work");
        assert!(world.workers[1].schedules().await.unwrap()[0].0.running);
        world.clock.advance(Duration::from_secs(1));
        let again = world.look().await;
        assert_eq!(again.len(), 1);
        assert_eq!(world.workers[1].scan_in_turn(&again[0], &operation).await.unwrap().saved, 1);
        assert!(world.look().await.is_empty());
        world.clock.advance(30 * MINUTE - LEASE);
    }
    assert_eq!(world.saved().await, 21);
}

#[tokio::test]
async fn a_worker_that_was_overtaken_saves_nothing() {
    let world = World::new(ScanPlan::default());
    let operation = Operation::detached();
    let slow = world.look().await.remove(0);
    world.clock.advance(LEASE);
    let quick = world.look().await.remove(0);
    let late = world.workers[0].scan_in_turn(&slow, &operation).await;
    assert_eq!((late.unwrap_err().kind(), world.saved().await), (ErrorKind::Conflict, 0));
    assert_eq!(world.workers[1].scan_in_turn(&quick, &operation).await.unwrap().saved, 1);
    let late = world.workers[0].scan_in_turn(&slow, &operation).await;
    assert_eq!((late.unwrap_err().kind(), world.saved().await), (ErrorKind::Conflict, 1));
}

#[tokio::test]
async fn a_scan_that_failed_says_so_and_the_next_one_comes_in_its_time() {
    let world = World::new(ScanPlan::default());
    let operation = Operation::detached();
    *world.place.mood.lock().unwrap() = Mood::Down;
    let turn = world.look().await.remove(0);
    assert_eq!(world.workers[0].scan_in_turn(&turn, &operation).await.unwrap_err().kind(), ErrorKind::Unavailable);
    world.clock.advance(29 * MINUTE);
    assert!(world.look().await.is_empty());
    let (schedule, _) = world.workers[1].schedules().await.unwrap().remove(0);
    assert_eq!(schedule.last.unwrap().problem.as_deref(), Some("the place is closed"));
    let standing = world.workers[1].sources().await.unwrap().remove(0);
    assert_eq!((standing.name.as_str(), standing.status()), ("place", "failing"));
    let health = standing.health.unwrap();
    assert_eq!((health.failures, health.problem.as_deref()), (1, Some("the place is closed")));
    assert_eq!(health.next_try, Some(health.asked_at.after(5 * MINUTE)));
    *world.place.mood.lock().unwrap() = Mood::Well;
    world.clock.advance(MINUTE);
    let turn = world.look().await.remove(0);
    world.workers[1].scan_in_turn(&turn, &operation).await.unwrap();
    let standing = world.workers[0].sources().await.unwrap().remove(0);
    assert_eq!((standing.status(), standing.health.unwrap().items), ("ok", 1));
}

#[tokio::test]
async fn missed_intervals_are_not_made_up_for() {
    let world = World::new(ScanPlan::default());
    let operation = Operation::detached();
    let start = world.clock.now();
    let turn = world.look().await.remove(0);
    world.workers[0].scan_in_turn(&turn, &operation).await.unwrap();
    world.clock.advance(305 * MINUTE);
    let turn = world.look().await.remove(0);
    world.workers[0].scan_in_turn(&turn, &operation).await.unwrap();
    assert!(world.look().await.is_empty());
    let (schedule, _) = world.workers[0].schedules().await.unwrap().remove(0);
    assert_eq!(schedule.next_at, start.after(330 * MINUTE), "the places stay where they were");
    // A clock that was wrong has written a time far off.
    world.clock.set(start);
    assert_eq!(world.look().await.len(), 1);
}

#[tokio::test]
async fn every_niche_has_a_schedule_of_its_own_that_can_be_changed() {
    let world = World::new(ScanPlan { minutes: 0, ..ScanPlan::default() });
    let [one, two] = &world.workers;
    let operation = Operation::detached();
    assert!(world.look().await.is_empty(), "the plan scans nothing");
    let hourly = |minutes| ScheduleChange { minutes, ..ScheduleChange::default() };
    one.set_schedule(Some("technology"), hourly(60)).await.unwrap();
    let change = ScheduleChange { minutes: 90, region: Some("DE".to_owned()), limit: Some(5) };
    one.set_schedule(Some("gaming"), change).await.unwrap();
    for _ in 0..2 {
        let turn = world.take(1).await.unwrap();
        let niche = turn.request.niche.as_ref().unwrap().name.clone();
        let expected = if niche == "tech" { ("US", 20) } else { ("DE", 5) };
        assert_eq!((turn.request.region.as_str(), turn.request.limit), expected);
        two.scan_in_turn(&turn, &operation).await.unwrap();
    }
    assert!(world.take(0).await.is_none());
    let names = |list: &[(super::Schedule, Option<Duration>)]| {
        list.iter()
            .map(|(schedule, every)| (schedule.niche.clone(), every.map(|e| e.as_secs() / 60)))
            .collect::<Vec<_>>()
    };
    let some = |name: &str| Some(name.to_owned());
    let all = one.schedules().await.unwrap();
    assert_eq!(names(&all), [(None, None), (some("gaming"), Some(90)), (some("tech"), Some(60))]);
    one.set_schedule(Some("gaming"), hourly(0)).await.unwrap();
    world.clock.advance(120 * MINUTE);
    assert_eq!(world.take(0).await.unwrap().request.niche.unwrap().name, "tech");
    for wrong in [one.set_schedule(Some("cooking"), hourly(1)).await, one.set_schedule(None, hourly(99_999)).await] {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid);
    }
    // The niche in force follows the plan, and so does the next one that is chosen.
    let world = World::new(ScanPlan::default());
    let [one, two] = &world.workers;
    assert_eq!(one.choose_niche("Health").await.unwrap(), "health");
    assert_eq!(two.active_niche().await.unwrap().as_deref(), Some("health"));
    assert!(one.choose_niche("cooking").await.is_err());
    let turn = world.take(1).await.unwrap();
    assert_eq!(turn.request.niche.as_ref().unwrap().name, "health");
    two.choose_niche("tech").await.unwrap();
    assert_eq!(world.take(0).await.unwrap().request.niche.unwrap().name, "tech");
}

/// Has heard of everything that it is asked about, or of nothing.
#[derive(Debug)]
struct Crowd(Mutex<Vec<String>>, bool);

#[async_trait]
impl TrendWitness for Crowd {
    fn name(&self) -> &str {
        "crowd"
    }

    async fn verify(&self, topics: &[String], _now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        self.0.lock().unwrap().extend(topics.iter().cloned());
        if self.1 {
            return Err(Error::new(ErrorKind::Unauthorized, "the crowd does not know you"));
        }
        let said = topics.iter().map(|topic| ScoredItem::new(item(topic, ""), 88.0, "crowd"));
        Ok(SourceScan { items: said.collect(), problems: Vec::new() })
    }
}

#[tokio::test]
async fn a_witness_is_asked_about_what_the_sources_saw() {
    for refuses in [false, true] {
        let mut world = World::new(ScanPlan::default());
        let crowd = Arc::new(Crowd(Mutex::default(), refuses));
        let scout = &mut world.workers[0];
        scout.witnesses.push(crowd.clone());
        let report = scout.scan(&super::ScanRequest::default(), &Operation::detached()).await.unwrap();
        assert_eq!(*crowd.0.lock().unwrap(), ["amber 0 amber US"]);
        let trend = &report.trends[0];
        let standing = scout.sources().await.unwrap().remove(1);
        assert_eq!(standing.name, "crowd");
        if refuses {
            assert_eq!((trend.score, trend.sources.join(",").as_str()), (50.0, "place"));
            assert_eq!(report.problems, ["crowd: the crowd does not know you"]);
            assert_eq!(standing.status(), "failing");
        } else {
            assert_eq!((trend.score, trend.sources.join(",").as_str()), (88.0, "crowd,place"));
            assert_eq!(standing.status(), "ok");
        }
    }
}
