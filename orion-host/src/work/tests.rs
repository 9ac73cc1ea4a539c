//! Workers over a record of their own, with the built-in parts and no network.

use super::scan::scan_if_due;
use super::*;
use crate::engine::Orion;
use crate::worklist;
use orion_core::Operation;
use orion_core::domain::{Gate, Run, RunState};
use orion_core::id::UserId;
use orion_core::memory::ManualClock;
use orion_core::port::Encoder;
use orion_core::port::{Clock, Filter, Page};
use orion_core::service::production::{CreateRequest, Subject};
use orion_core::service::scout::LEASE;
use std::path::Path;
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
    let lock = worklist::lock(folder.path(), locked.id).unwrap();
    drop(worklist::write(folder.path(), &worklist::Note::new(noted.id, None, orion.config())).unwrap());
    let workers = Workers::start(&orion, Duties::ALL);
    tokio::time::sleep(Duration::from_millis(500)).await;
    for run in [&locked, &noted] {
        assert_eq!(orion.run(run.id).await.unwrap().state, RunState::Pending);
    }
    drop(lock);
    assert!(waiting(&orion, &locked).await, "a free run is taken up");
    assert_eq!(orion.run(noted.id).await.unwrap().state, RunState::Pending, "the command line goes on with its own");
    workers.stop().await;
}

#[tokio::test]
async fn one_scan_an_interval_however_many_look_and_however_often_they_start() {
    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap()));
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
    let turn = one.scout().take_turn().await.unwrap().unwrap();
    assert!(scans().await.is_empty());
    clock.advance(LEASE);
    assert_eq!(scans().await.len(), 1);
    let late = one.scout().scan_in_turn(&turn, &operation).await.unwrap_err();
    assert_eq!(late.kind(), orion_core::ErrorKind::Conflict);
    let (schedule, _) = restarted.scout().schedules().await.unwrap().remove(0);
    assert_eq!(schedule.next_at, "2026-11-23T23:00:00Z".parse().unwrap());
    assert!(schedule.next_at > clock.now() && schedule.taken_until.is_none());
    let mut tx = one.production().store.read().await.unwrap();
    let trends = tx.trends().list(&Filter::default(), &Page::default()).await.unwrap();
    assert_eq!(trends.items.len(), first[0].saved, "what is known is not saved again");

    assert_eq!(one.scout().choose_niche("Technology").await.unwrap(), "tech");
    assert_eq!(two.scout().active_niche().await.unwrap().as_deref(), Some("tech"));
    assert!(scan_if_due(&two, &operation).await.unwrap().is_some(), "another niche has its own turn");
}
