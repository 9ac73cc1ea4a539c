//! Workers over a record of their own, with the built-in parts and no network.

use super::automatic::begin;
use super::scan::scan_if_due;
use super::*;
use crate::engine::Orion;
use crate::system::TokioSleeper;
use crate::worklist;
use async_trait::async_trait;
use orion_core::Operation;
use orion_core::domain::{Gate, Run, RunState};
use orion_core::id::UserId;
use orion_core::memory::ManualClock;
use orion_core::port::{
    Clock, Encoder, Filter, GeneratedImage, ImageModel, ImageRequest, Page, Provider, RepositoryExt, Submission,
};
use orion_core::service::lease::{Alone, LEASE, Worker};
use orion_core::service::production::{CreateRequest, Subject};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

const OWNER: UserId = UserId(Uuid::from_u128(77));

async fn orion(folder: &Path) -> Orion {
    let feed = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/feed.xml");
    Orion::builder().data_dir(folder).offline().silent().feeds([feed]).build().await.unwrap()
}

/// A short and small video that waits behind its script: quick, and without ffmpeg.
fn to_script_gate() -> CreateRequest {
    let text = "The old bridge closes for 14 months. Engineers found 40 cracks in its beams.".to_owned();
    let mut request = CreateRequest::new(Subject::Text { text });
    request.gates = vec![Gate::Script];
    (request.seconds, request.encoder) = (5, Encoder::Draft);
    request
}

async fn waiting(orion: &Orion, run: &Run) -> bool {
    for _ in 0..600 {
        let state = orion.run(run.id).await.unwrap().state;
        if matches!(state, RunState::Waiting { .. }) {
            return true;
        }
        assert!(!state.is_finished(), "{state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn what_was_there_before_and_what_comes_later_is_worked_on() {
    let folder = tempfile::tempdir().unwrap();
    let orion = orion(folder.path()).await;
    let production = orion.production();
    let before = production.start(OWNER, &to_script_gate()).await.unwrap();
    let workers = Workers::start(&orion, Duties::ALL);
    assert!(waiting(&orion, &before).await);
    let after = production.start(OWNER, &to_script_gate()).await.unwrap();
    assert!(waiting(&orion, &after).await);
    workers.stop().await;
    let idle = production.start(OWNER, &to_script_gate()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(orion.run(idle.id).await.unwrap().state, RunState::Pending, "nobody works after the stop");
    let again = Workers::start(&orion, Duties { runs: true, scout: false });
    assert!(waiting(&orion, &idle).await);
    again.stop().await;
}

#[tokio::test]
async fn a_run_in_other_hands_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let orion = orion(folder.path()).await;
    let locked = orion.production().start(OWNER, &to_script_gate()).await.unwrap();
    let noted = orion.production().start(UserId::SYSTEM, &to_script_gate()).await.unwrap();
    // As another machine would.
    let production = orion.production();
    let worker = Worker::new(Arc::new(TokioSleeper), Arc::new(Alone(Uuid::from_u128(1))));
    let tenure = worker.take(&production.store, &production.clock, &format!("run/{}", locked.id)).await.unwrap();
    worklist::write(folder.path(), &worklist::Note::new(noted.id, None, orion.config())).unwrap();
    let workers = Workers::start(&orion, Duties::ALL);
    tokio::time::sleep(Duration::from_millis(500)).await;
    for run in [&locked, &noted] {
        assert_eq!(orion.run(run.id).await.unwrap().state, RunState::Pending);
    }
    tenure.end().await;
    assert!(waiting(&orion, &locked).await, "a free run is taken up");
    assert_eq!(orion.run(noted.id).await.unwrap().state, RunState::Pending, "the command line goes on with its own");
    workers.stop().await;
}

#[tokio::test]
async fn one_scan_an_interval_however_many_look_and_however_often_they_start() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap()));
    let feed = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/feed.xml");
    let replica = || async {
        let builder = Orion::builder().data_dir(folder.path()).offline().silent().feeds([feed]);
        builder.with_clock(clock.clone()).build().await.unwrap()
    };
    let (one, two) = (replica().await, replica().await);
    let operation = Operation::detached();
    let scans = || async {
        let looks = [&one, &two, &one, &two].map(|orion| scan_if_due(orion, &operation));
        let scans = futures_util::future::join_all(looks).await;
        scans.into_iter().filter_map(|scan| scan.unwrap()).collect::<Vec<_>>()
    };
    let first = scans().await;
    assert_eq!(first.len(), 1);
    assert!(first[0].saved > 0);
    let minute = Duration::from_secs(60);
    for interval in 1..=20 {
        for _ in 0..3 {
            assert!(scans().await.is_empty(), "interval {interval}");
            clock.advance(10 * minute);
        }
        assert_eq!(scans().await.len(), 1, "interval {interval}");
    }
    let restarted = replica().await;
    assert!(scan_if_due(&restarted, &operation).await.unwrap().is_none());

    // A worker that dies with the turn: another one has it once the lease has run out, and the interval stays.
    clock.advance(30 * minute);
    let turn = one.scout().take_turn(&one.production().worker).await.unwrap().unwrap();
    assert!(scans().await.is_empty());
    clock.advance(LEASE);
    assert_eq!(scans().await.len(), 1);
    let late = one.scout().scan_in_turn(&turn, &operation).await.unwrap_err();
    assert_eq!(late.kind(), orion_core::ErrorKind::Conflict);
    let (schedule, _) = restarted.scout().schedules().await.unwrap().remove(0);
    assert_eq!(schedule.next_at, "2026-11-23T23:00:00Z".parse().unwrap());
    assert!(schedule.next_at > clock.now() && !schedule.running);
    let mut tx = one.production().store.read().await.unwrap();
    let trends = tx.trends().list(&Filter::default(), &Page::default()).await.unwrap();
    assert_eq!(trends.items.len(), first[0].saved, "what is known is not saved again");

    assert_eq!(one.scout().choose_niche("Technology").await.unwrap(), "tech");
    assert_eq!(two.scout().active_niche().await.unwrap().as_deref(), Some("tech"));
    assert!(scan_if_due(&two, &operation).await.unwrap().is_some(), "another niche has its own turn");
}

/// Takes every picture and never gives one; it remembers what it was told to give up.
#[derive(Debug)]
struct Stuck {
    provider: Provider,
    given_up: Mutex<Vec<String>>,
}

#[async_trait]
impl ImageModel for Stuck {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, _: &Operation) -> orion_core::Result<Submission<GeneratedImage>> {
        Ok(Submission::Pending(format!("job-{}", request.scene_number)))
    }

    async fn wait(&self, _: &str, operation: &Operation) -> orion_core::Result<GeneratedImage> {
        operation.cancellation.unless_cancelled(std::future::pending()).await
    }

    async fn cancel(&self, handle: &str) -> orion_core::Result<()> {
        self.given_up.lock().unwrap().push(handle.to_owned());
        Ok(())
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(done().await, "never: {what}");
}

#[tokio::test]
async fn a_run_that_another_process_stops_ends_here_and_its_provider_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let stuck = Arc::new(Stuck { provider: Provider::local("stuck", ""), given_up: Mutex::default() });
    let build = Orion::builder().data_dir(folder.path()).offline().silent();
    let here = build.with_images(stuck.clone()).build().await.unwrap();
    let elsewhere = orion(folder.path()).await;
    let mut request = to_script_gate();
    request.gates.clear();
    let run = here.production().start(OWNER, &request).await.unwrap();
    let workers = Workers::start(&here, Duties { runs: true, scout: false });
    let submitted = async || {
        let filter = Filter { parent: Some(run.id.0), states: vec!["submitted".to_owned()], ..Filter::default() };
        let mut tx = elsewhere.production().store.read().await.unwrap();
        tx.steps().every(&filter, orion_core::port::Order::Oldest, 100).await.unwrap()
    };
    until("a picture was sent", async || !submitted().await.is_empty()).await;
    let id = run.id;
    let other = elsewhere.clone();
    let stopped = crate::system::apart(move || async move { other.production().cancel(id).await }).await.unwrap();
    assert!(matches!(stopped.state, RunState::Cancelled { .. }), "{}", stopped.state);
    assert!(stuck.given_up.lock().unwrap().is_empty(), "the other process does not know this provider");
    until("all were given up", async || submitted().await.is_empty()).await;
    assert!(!stuck.given_up.lock().unwrap().is_empty());
    until("the run is free", async || {
        let production = elsewhere.production();
        production.is_free(&mut *production.store.read().await.unwrap(), id).await.unwrap()
    })
    .await;
    assert_eq!(here.run(id).await.unwrap().state, stopped.state, "it stays stopped");
    workers.stop().await;
}

#[tokio::test]
async fn trends_that_score_enough_are_made_by_themselves_once_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let first = orion(folder.path()).await;
    if first.check_tools().is_err() {
        return;
    }
    scan_if_due(&first, &Operation::detached()).await.unwrap().unwrap();
    let most = first.config().concurrent as usize;
    let mut made = Vec::new();
    for _ in 0..5 {
        // Another process each time.
        let orion = orion(folder.path()).await;
        while let Some(run) = begin(&orion, 0.01).await.unwrap() {
            assert_eq!((run.owner, run.gates.as_slice()), (UserId::SYSTEM, [Gate::Review].as_slice()));
            made.push(run.content_id);
        }
    }
    assert_eq!(made.len(), most, "no more at a time than are worked on");
    let contents = first.production().store.read().await.unwrap().contents().all(&Filter::default()).await.unwrap();
    let mut trends: Vec<_> = contents.iter().filter_map(|content| content.trend_id).collect();
    trends.sort_unstable();
    trends.dedup();
    assert_eq!(trends.len(), most, "each of another trend");
    assert!(begin(&first, 100.0).await.unwrap().is_none());
}
