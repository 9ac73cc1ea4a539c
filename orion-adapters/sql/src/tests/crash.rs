//! Kill a process while it commits: what it was told is committed must be there, and all of it or nothing.

use crate::SqlStore;
use orion_core::id::EventId;
use orion_core::port::{Order, Page, Store};
use orion_core::testing::sample;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Names the store to the child; the parent has none.
const STORE: &str = "ORION_TEST_CRASH_STORE";

const KILLS: u64 = 12;

/// Commits a row and two events, says so, and goes on until it is killed.
async fn commit_for_ever(uri: &str) {
    let store = SqlStore::open(uri).await.unwrap();
    let first = rows(&store).await.len() as u64;
    for n in first.. {
        let mut tx = store.begin().await.unwrap();
        tx.notifications().insert(&mut sample::notification(n)).await.unwrap();
        for id in [2 * n, 2 * n + 1] {
            tx.append(EventId(sample::uuid(id)), sample::time(n), None, &sample::event(n)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut told = std::io::stdout();
        writeln!(told, "committed {n}").and_then(|()| told.flush()).unwrap();
    }
}

async fn rows(store: &SqlStore) -> Vec<uuid::Uuid> {
    let mut tx = store.read().await.unwrap();
    let (mut ids, mut page) = (Vec::new(), Page::first(Order::Oldest, 200));
    loop {
        let slice = tx.notifications().list(&Default::default(), &page).await.unwrap();
        ids.extend(slice.items.iter().map(|notification| notification.id.0));
        page.after = slice.next;
        if page.after.is_none() {
            return ids;
        }
    }
}

/// This test runs itself as the child that is killed.
#[tokio::test]
async fn acknowledged_commits_survive_a_kill() {
    if let Ok(uri) = std::env::var(STORE) {
        commit_for_ever(&uri).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
    let mut acknowledged = None;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::acknowledged_commits_survive_a_kill", "--nocapture"])
            .env(STORE, &uri)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Kills after a different number of commits each time, in the middle of the next one.
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut commits = 0;
        while commits < 1 + kill * 7 % 11 {
            let line = told.next().unwrap().unwrap();
            // The test harness writes its own words before the first line.
            if let Some((_, n)) = line.rsplit_once("committed ") {
                acknowledged = Some(n.parse::<u64>().unwrap());
                commits += 1;
            }
        }
        child.kill().unwrap();
        for line in told {
            if let Some((_, n)) = line.unwrap().rsplit_once("committed ") {
                acknowledged = Some(n.parse::<u64>().unwrap());
            }
        }
        let status = child.wait().unwrap();
        assert!(!status.success(), "the child was killed, it did not end");

        let store = SqlStore::open(&uri).await.unwrap();
        let rows = rows(&store).await;
        let expected: Vec<uuid::Uuid> = (0..rows.len() as u64).map(sample::uuid).collect();
        assert_eq!(rows, expected, "kill {kill}: rows without gaps");
        assert!(rows.len() as u64 > acknowledged.unwrap(), "kill {kill}: an acknowledged row is lost");
        assert!(rows.len() as u64 <= acknowledged.unwrap() + 2, "kill {kill}: only the last commit may be unsaid");
        let events = store.read().await.unwrap().read(0, None, u32::MAX).await.unwrap();
        assert_eq!(events.len(), 2 * rows.len(), "kill {kill}: rows and events stand or fall together");
        assert!(events.iter().zip(1..).all(|(record, sequence)| record.sequence == sequence));
        store.close().await;
    }
}
