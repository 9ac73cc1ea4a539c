//! The wires between processes on one database.

use crate::{PgWire, SqlStore, SqliteWire};
use orion_core::event::EventRecord;
use orion_core::id::EventId;
use orion_core::port::{Store, Wire};
use orion_core::testing::sample;
use orion_private_postgres::{Durability, Server};
use std::sync::Arc;
use std::time::Duration;

mod file_conformance {
    use super::*;

    async fn make() -> (Arc<dyn Wire>, tempfile::TempDir) {
        let (folder, uri, _) = file().await;
        let wire = SqliteWire::open(&uri).unwrap();
        up(&wire).await;
        (Arc::new(wire), folder)
    }

    orion_core::wire_conformance!(make);
}

mod conformance {
    use super::*;

    async fn make() -> Option<(Arc<dyn Wire>, ())> {
        let wire = PgWire::open(&super::super::postgres()?).unwrap();
        up(&wire).await;
        Some((Arc::new(wire), ()))
    }

    orion_core::wire_conformance!(make);
}

/// Waits for its first word, which wakes everybody once it is up, so that it cannot be taken for news. Who asks late
/// has missed it.
async fn up(wire: &dyn Wire) {
    let _ = tokio::time::timeout(Duration::from_secs(3), wire.woken()).await;
}

/// A record of its own, its address, and one who writes to it.
async fn file() -> (tempfile::TempDir, String, SqlStore) {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
    let store = SqlStore::open(&uri).await.unwrap();
    (folder, uri, store)
}

/// What another process commits wakes this one, whether it says so or not; a transaction that is given up does not.
#[tokio::test]
async fn commits_of_others_wake_who_waits_on_a_file() {
    let (_folder, uri, store) = file().await;
    let wire = SqliteWire::open(&uri).unwrap();
    assert!(wire.hears_others());
    up(&wire).await;
    for n in 1..=3 {
        let woken = wire.woken();
        let mut tx = store.begin().await.unwrap();
        tx.append(EventId(sample::uuid(n)), sample::time(n), None, &sample::event(n)).await.unwrap();
        tx.commit().await.unwrap();
        tokio::time::timeout(Duration::from_secs(30), woken).await.expect("it never woke").unwrap();
    }
}

/// A file that is not there yet, or cannot be read, wakes again and again: everybody looks by themselves.
#[tokio::test]
async fn a_file_that_cannot_be_watched_leaves_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("sqlite:{}", folder.path().join("none.db").display());
    let wire = SqliteWire::open(&uri).unwrap();
    for _ in 0..2 {
        tokio::time::timeout(Duration::from_secs(30), wire.woken()).await.expect("it never woke").unwrap();
    }
    assert!(!folder.path().join("none.db").exists(), "and nothing is made");
    assert!(SqliteWire::open("sqlite:").is_err());
}

fn record() -> EventRecord {
    EventRecord { sequence: 1, id: EventId(sample::uuid(1)), at: sample::time(1), owner: None, event: sample::event(1) }
}

/// Announces on one wire until the other wakes.
async fn reaches(one: &PgWire, other: &PgWire) {
    let woken = other.woken();
    let announce = async {
        loop {
            one.announce(&record()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let wait = async {
        tokio::select! {
            woken = woken => woken.unwrap(),
            () = announce => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the other process never woke");
}

/// Two wires stand for two processes.
#[tokio::test]
async fn processes_wake_each_other_also_after_the_server_was_away() {
    let Some(server) = Server::start(Durability::None) else { return };
    let uri = server.database();
    let (one, other) = (PgWire::open(&uri).unwrap(), PgWire::open(&uri).unwrap());
    tokio::join!(up(&one), up(&other));
    reaches(&one, &other).await;
    reaches(&other, &one).await;

    server.crash();
    one.announce(&record()).await.unwrap();
    let back = other.woken();
    server.recover();
    // Nobody knows what was missed, so coming back is news.
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("it never came back").unwrap();
    reaches(&one, &other).await;
    reaches(&other, &one).await;
}

#[tokio::test]
async fn a_wire_tells_where_it_goes_and_no_password() {
    let wire = PgWire::open("postgres://ann:hunter2@127.0.0.1:1/orion").unwrap();
    assert_eq!(format!("{wire:?}"), "PgWire { postgres: \"ann@127.0.0.1:1/orion\" }");
    wire.announce(&record()).await.unwrap();
    assert!(
        PgWire::open("postgres://ann:hunter2@[::1/orion").is_err_and(|error| !format!("{error:?}").contains("hunter2"))
    );
}
