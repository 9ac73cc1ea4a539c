//! Scans against the in-memory store.

use super::{ScanReport, ScanRequest, Scout, built_in};
use crate::domain::{Content, ContentStatus, Feed, FeedItem, Platform, Trend, TrendStatus};
use crate::event::Event;
use crate::id::{ContentId, Id, TrendId, UserId};
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
use crate::port::{Clock, FeedReader, FeedReading, FeedVisit, Filter, Page, ScoredItem, SourceScan, TrendSource};
use crate::{Error, ErrorKind, Operation, Result, Retry, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An item with a headline and a text.
pub(super) fn item(title: &str, summary: &str) -> FeedItem {
    FeedItem {
        title: title.to_owned(),
        url: None,
        summary: summary.to_owned(),
        content: String::new(),
        author: None,
        published_at: None,
        picture: None,
        categories: Vec::new(),
        feed_title: "Feed".to_owned(),
        language: None,
        rank: 0,
    }
}

/// An active trend; its identity is made of its topic.
pub(super) fn trend(topic: &str, score: f64, items: Vec<FeedItem>) -> Trend {
    let seed = topic.bytes().fold(7_u128, |seed, byte| seed * 31 + u128::from(byte));
    Trend {
        id: TrendId::from_uuid(uuid::Uuid::from_u128(seed)),
        topic: topic.to_owned(),
        sources: vec!["rss:Feed".to_owned()],
        score,
        niche: None,
        keywords: Vec::new(),
        items,
        signals: Default::default(),
        detected_at: Timestamp::default(),
        expired_at: None,
        status: TrendStatus::Active,
        version: 0,
    }
}

/// A reader whose feeds are written down: one headline a line.
#[derive(Debug, Default)]
pub(super) struct Script {
    answers: Mutex<VecDeque<Result<FeedReading>>>,
    visits: Mutex<Vec<FeedVisit>>,
}

impl Script {
    fn then(&self, answer: Result<FeedReading>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    fn then_lines(&self, lines: &str, fresh_for: Option<Duration>) {
        self.then(Ok(FeedReading::Read {
            feed: self.parse(lines.as_bytes(), None).unwrap(),
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
            fresh_for,
            content_type: Some("text/plain".to_owned()),
            body: Bytes::copy_from_slice(lines.as_bytes()),
        }));
    }

    fn visits(&self) -> usize {
        self.visits.lock().unwrap().len()
    }
}

#[async_trait]
impl FeedReader for Script {
    async fn visit(&self, visit: &FeedVisit) -> Result<FeedReading> {
        self.visits.lock().unwrap().push(visit.clone());
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Err(Error::unavailable("nothing is written down")))
    }

    fn parse(&self, bytes: &[u8], _content_type: Option<&str>) -> Result<Feed> {
        let text = String::from_utf8_lossy(bytes);
        let items = text.lines().map(|line| item(line, "")).collect();
        Ok(Feed { title: "Feed".to_owned(), language: None, site_url: None, items })
    }
}

/// A source that always sees the same, or always fails.
#[derive(Debug)]
struct Fixed(&'static str, Result<Vec<(&'static str, f64)>, ErrorKind>);

#[async_trait]
impl TrendSource for Fixed {
    fn name(&self) -> &str {
        self.0
    }

    async fn fetch(&self, _region: &str, _limit: u32, _now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let seen = self.1.clone().map_err(|kind| Error::new(kind, "the source is down"))?;
        let scored = |(title, score)| ScoredItem::new(item(title, ""), score, self.0);
        Ok(SourceScan { items: seen.into_iter().map(scored).collect(), problems: Vec::new() })
    }
}

struct World {
    scout: Scout,
    clock: Arc<ManualClock>,
    reader: Arc<Script>,
}

impl World {
    fn new(sources: Vec<Fixed>) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap()));
        let reader = Arc::new(Script::default());
        let scout = Scout {
            wire: Arc::new(crate::memory::MemoryWire::new()),
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::new()),
            reader: Arc::clone(&reader) as Arc<dyn FeedReader>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(7)),
            sources: sources.into_iter().map(|source| Arc::new(source) as Arc<dyn TrendSource>).collect(),
            witnesses: Vec::new(),
            plan: super::ScanPlan::default(),
        };
        Self { scout, clock, reader }
    }

    async fn scan(&self) -> Result<ScanReport> {
        self.scout.scan(&ScanRequest::default(), &Operation::detached()).await
    }

    async fn scan_feed(&self) -> Result<ScanReport> {
        self.scout.scan(&ScanRequest::of_feed("https://a.example/feed"), &Operation::detached()).await
    }

    async fn saved(&self) -> Vec<Trend> {
        let mut tx = self.scout.store.read().await.unwrap();
        tx.trends().list(&Filter::default(), &Page::default()).await.unwrap().items
    }

    async fn events(&self) -> Vec<Event> {
        let mut tx = self.scout.store.read().await.unwrap();
        tx.read(0, None, 1000).await.unwrap().into_iter().map(|record| record.event).collect()
    }
}

fn topics(report: &ScanReport) -> Vec<(&str, f64)> {
    report.trends.iter().map(|trend| (trend.topic.as_str(), trend.score)).collect()
}

#[tokio::test]
async fn a_scan_saves_each_new_topic_with_its_event() {
    let world = World::new(vec![
        Fixed("google", Ok(vec![("AI startup raises money", 50.0), ("A quiet day", 10.0)])),
        Fixed("rss:B", Ok(vec![("AI startup raises the money", 66.5), ("New GPU", 3.5)])),
    ]);
    let request = ScanRequest { niche: built_in("tech").ok(), ..ScanRequest::default() };
    let report = world.scout.scan(&request, &Operation::detached()).await.unwrap();
    assert_eq!((report.found, report.saved, report.used), (2, 2, 0));
    assert_eq!(topics(&report), [("AI startup raises money", 96.5), ("New GPU", 18.5)]);
    let first = &report.trends[0];
    assert_eq!(
        (first.niche.as_deref(), first.sources.join(",").as_str(), first.status),
        (Some("tech"), "google,rss:B", TrendStatus::Active)
    );
    assert_eq!(first.items.len(), 2);
    let mut saved = world.saved().await;
    saved.sort_by(|a, b| b.score.total_cmp(&a.score));
    assert_eq!(saved, report.trends);
    let events = world.events().await;
    assert_eq!(events.len(), 2);
    let expected = Event::TrendDetected {
        trend_id: first.id,
        topic: "AI startup raises money".to_owned(),
        source: "google,rss:B".to_owned(),
        score: 96.5,
        detected_at: world.clock.now(),
        niche: Some("tech".to_owned()),
    };
    assert_eq!(events[0], expected);
}

#[tokio::test]
async fn a_topic_is_saved_once_in_24_hours() {
    let world = World::new(vec![Fixed("x", Ok(vec![("One Topic", 50.0)]))]);
    let first = world.scan().await.unwrap();
    world.clock.advance(Duration::from_secs(23 * 3600));
    let second = world.scan().await.unwrap();
    assert_eq!((second.found, second.saved), (1, 0));
    assert_eq!(second.trends, first.trends, "known, and still at hand");
    world.clock.advance(Duration::from_secs(2 * 3600));
    assert_eq!(world.scan().await.unwrap().saved, 1);
    assert_eq!((world.saved().await.len(), world.events().await.len()), (2, 2));
}

#[tokio::test]
async fn scans_at_the_same_time_save_a_topic_once() {
    let world = World::new(vec![Fixed("x", Ok(vec![("One", 50.0), ("Another thing", 40.0), ("Third of them", 30.0)]))]);
    let scans = futures_util::future::join_all((0..4).map(|_| world.scan())).await;
    let saved: usize = scans.iter().flatten().map(|report| report.saved).sum();
    assert_eq!((saved, world.saved().await.len(), world.events().await.len()), (3, 3, 3));
}

#[tokio::test]
async fn topics_of_recent_content_do_not_come_back() {
    let world =
        World::new(vec![Fixed("x", Ok(vec![("Apple unveils new iPhone", 50.0), ("A bridge is rebuilt", 40.0)]))]);
    let first = world.scan().await.unwrap();
    let now = world.clock.now();
    let mut content = Content {
        id: ContentId::from_uuid(uuid::Uuid::from_u128(1)),
        trend_id: Some(first.trends[0].id),
        owner: UserId::SYSTEM,
        title: "Another title".to_owned(),
        status: ContentStatus::Review,
        script: None,
        scenes: None,
        critique: None,
        niche: None,
        platform: Platform::YoutubeShorts,
        regeneration_count: 0,
        feedback: Vec::new(),
        created_at: now,
        updated_at: now,
        published_at: None,
        version: 0,
    };
    let mut tx = world.scout.store.begin().await.unwrap();
    tx.contents().insert(&mut content).await.unwrap();
    tx.commit().await.unwrap();
    let second = world.scan().await.unwrap();
    assert_eq!((topics(&second), second.used), (vec![("A bridge is rebuilt", 40.0)], 1));
    world.clock.advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(world.scan().await.unwrap().saved, 2);
}

#[tokio::test]
async fn a_failing_source_is_named_and_the_others_count() {
    let world = World::new(vec![Fixed("down", Err(ErrorKind::Timeout)), Fixed("up", Ok(vec![("One", 50.0)]))]);
    let report = world.scan().await.unwrap();
    assert_eq!((report.saved, report.problems.as_slice()), (1, ["down: the source is down".to_owned()].as_slice()));
    let all_down = World::new(vec![Fixed("a", Err(ErrorKind::Timeout)), Fixed("b", Err(ErrorKind::Unavailable))]);
    assert_eq!(all_down.scan().await.unwrap_err().kind(), ErrorKind::Timeout);
    let quiet = World::new(vec![Fixed("quiet", Ok(Vec::new()))]);
    assert_eq!(quiet.scan().await.unwrap().found, 0);
}

#[tokio::test]
async fn requests_are_checked_and_can_be_stopped() {
    let world = World::new(vec![Fixed("x", Ok(vec![("One", 50.0)]))]);
    for limit in [0, 101] {
        let request = ScanRequest { limit, ..ScanRequest::default() };
        assert_eq!(world.scout.scan(&request, &Operation::detached()).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(World::new(Vec::new()).scan().await.unwrap_err().kind(), ErrorKind::Invalid);
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let stopped = world.scout.scan(&ScanRequest::default(), &operation).await;
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(world.saved().await.len(), 0);
}

#[tokio::test]
async fn a_feed_is_read_from_memory_until_its_time_and_then_asked_with_its_validator() {
    let world = World::new(Vec::new());
    world.reader.then_lines("First\nSecond", Some(Duration::from_secs(600)));
    let first = world.scan_feed().await.unwrap();
    assert_eq!(topics(&first), [("First", 70.0), ("Second", 66.5)]);
    assert_eq!(first.trends[0].sources, ["rss:Feed"]);
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(topics(&world.scan_feed().await.unwrap()), topics(&first));
    assert_eq!(world.reader.visits(), 1, "it was fresh");
    world.clock.advance(Duration::from_secs(1));
    world.reader.then(Ok(FeedReading::NotModified { fresh_for: None }));
    assert_eq!(topics(&world.scan_feed().await.unwrap()), topics(&first));
    let state = world.reader.visits.lock().unwrap()[1].state.clone().unwrap();
    assert_eq!((state.etag.as_deref(), state.failures), (Some("\"1\""), 0));
    assert_eq!(world.reader.visits(), 2);
    world.clock.advance(Duration::from_secs(60));
    world.reader.then_lines("Third", None);
    assert_eq!(topics(&world.scan_feed().await.unwrap()), [("Third", 70.0)]);
}

#[tokio::test]
async fn a_failing_feed_is_left_alone_unless_a_person_asks() {
    let world = World::new(Vec::new());
    let slow_down =
        || Error::new(ErrorKind::RateLimited, "slow down").with_retry(Retry::Later(Some(Duration::from_secs(3600))));
    world.reader.then(Err(slow_down()));
    let scheduled = world.scout.feeds(vec!["https://a.example/feed".to_owned()]);
    let fetch = |now| {
        let scheduled = scheduled.clone();
        async move { scheduled.fetch("US", 20, now, &Operation::detached()).await }
    };
    assert_eq!(fetch(world.clock.now()).await.unwrap_err().kind(), ErrorKind::RateLimited);
    let error = fetch(world.clock.advance(Duration::from_secs(3599))).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Later(Some(Duration::from_secs(1)))));
    assert_eq!(world.reader.visits(), 1);
    world.reader.then_lines("First", None);
    assert_eq!(world.scan_feed().await.unwrap().saved, 1, "a person does not wait");
    let mut tx = world.scout.store.read().await.unwrap();
    let state = tx.feeds().find("https://a.example/feed").await.unwrap().unwrap();
    assert_eq!(state.failures, 0);
}

#[tokio::test]
async fn one_feed_of_many_may_fail_and_files_are_not_remembered() {
    let world = World::new(Vec::new());
    world.reader.then_lines("From a file", None);
    let request = ScanRequest {
        feeds: vec!["news.rss".to_owned(), "https://a.example/feed".to_owned()],
        ..ScanRequest::default()
    };
    let report = world.scout.scan(&request, &Operation::detached()).await.unwrap();
    assert_eq!((report.saved, report.problems.len()), (1, 1));
    assert!(report.problems[0].starts_with("https://a.example/feed: nothing is written down"), "{:?}", report.problems);
    let mut tx = world.scout.store.read().await.unwrap();
    assert_eq!(tx.feeds().find("news.rss").await.unwrap(), None);
    assert_eq!(tx.feeds().find("https://a.example/feed").await.unwrap().map(|state| state.failures), Some(1));
}

#[tokio::test]
async fn active_trends_expire_after_seven_days() {
    let world = World::new(Vec::new());
    let long_ago = world.clock.now();
    let mut tx = world.scout.store.begin().await.unwrap();
    for number in 0..250 {
        let mut old = trend(&format!("topic {number}"), 10.0, Vec::new());
        (old.detected_at, old.version) = (long_ago, 0);
        if number == 0 {
            old.status = TrendStatus::Used;
        }
        tx.trends().insert(&mut old).await.unwrap();
    }
    tx.commit().await.unwrap();
    let expire = || async { world.scout.expire(&Operation::detached()).await.unwrap() };
    world.clock.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(expire().await, 0, "not older than seven days");
    let now = world.clock.advance(Duration::from_secs(1));
    assert_eq!((expire().await, expire().await), (249, 0));
    let trends = world.saved().await;
    assert!(trends.iter().all(|trend| trend.status == TrendStatus::Used || trend.expired_at == Some(now)));
    let events = world.events().await;
    assert_eq!(events.iter().filter(|event| event.channel() == "orion.trend.expired").count(), 249);
}
