//! Opening, refusing, sharing and filling a file.

use crate::SqlStore;
use crate::dialect::MIGRATIONS;
use orion_core::ErrorKind;
use orion_core::id::EventId;
use orion_core::port::{Filter, Store};
use orion_core::testing::{assert_fails, sample};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orion.db");
    (folder, file)
}

async fn open(file: &Path) -> orion_core::Result<SqlStore> {
    SqlStore::open(&format!("sqlite:{}", file.display())).await
}

async fn connect(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap()
}

async fn insert_user(store: &SqlStore, n: u64) -> orion_core::Result<()> {
    let mut tx = store.begin().await?;
    tx.users().insert(&mut sample::user(n)).await?;
    tx.append(EventId(sample::uuid(n)), sample::time(n), None, &sample::event(n)).await?;
    tx.commit().await
}

async fn users(store: &SqlStore) -> u64 {
    store.read().await.unwrap().users().count(&Filter::default()).await.unwrap()
}

#[tokio::test]
async fn commits_are_synchronous_on_every_connection() {
    let (_folder, file) = folder();
    let store = open(&file).await.unwrap();
    let pragma = async |connection: &mut SqliteConnection, sql: &'static str| {
        sqlx::query_scalar::<_, i64>(sql).fetch_one(connection).await.unwrap()
    };
    let mut writer = store.writer().acquire().await.unwrap();
    assert_eq!(pragma(&mut writer, "pragma synchronous").await, 2, "FULL");
    assert_eq!(pragma(&mut writer, "pragma foreign_keys").await, 1);
    assert_eq!(pragma(&mut writer, "pragma busy_timeout").await, 30_000);
    let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut *writer).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_opening() {
    let (folder, file) = folder();
    let store = open(&file).await.unwrap();
    insert_user(&store, 1).await.unwrap();
    store.close().await;
    assert_fails(store.begin().await.map(drop), ErrorKind::Unavailable);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["orion.db"], "closing merges the write-ahead log");
    let store = open(&file).await.unwrap();
    assert_eq!(users(&store).await, 1);
}

#[tokio::test]
async fn uris_name_files_and_nothing_else() {
    let (_folder, file) = folder();
    for uri in [format!("sqlite:{}", file.display()), format!("SQLite://{}", file.display())] {
        SqlStore::open(&uri).await.unwrap();
    }
    for uri in ["orion.db", "mysql://localhost/orion", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a.db?mode=ro"]
    {
        let refused = SqlStore::open(uri).await;
        assert!(refused.as_ref().is_err_and(|error| error.hint().is_some()), "{uri}");
        assert_fails(refused, ErrorKind::Invalid);
    }
    assert_fails(open(&file.join("no/such/folder.db")).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_with_the_next_step() {
    let (folder, file) = folder();
    let as_folder = open(folder.path()).await;
    assert!(as_folder.as_ref().is_err_and(|error| error.hint().is_some()), "{as_folder:?}");
    assert_fails(as_folder, ErrorKind::Forbidden);

    let text =
        b"# Shopping list\n\nEnough bytes to be taken for the header of a database, which this is not.\n".repeat(9);
    std::fs::write(&file, &text).unwrap();
    let error = open(&file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.hint().is_some() && error.to_string().contains("orion.db"), "{error:?}");
    assert_eq!(std::fs::read(&file).unwrap(), text, "the file is left as it is");
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let (_folder, file) = folder();
    let mut other = connect(&file).await;
    sqlx::query("create table bookmarks (url text)").execute(&mut other).await.unwrap();
    assert_fails(open(&file).await, ErrorKind::Invalid);
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_schema").fetch_one(&mut other).await.unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_kept() {
    let (_folder, file) = folder();
    open(&file).await.unwrap().close().await;
    let newer = MIGRATIONS.len() as i64 + 1;
    let mut connection = connect(&file).await;
    sqlx::query("insert into orion_schema (version) values ($1)").bind(newer).execute(&mut connection).await.unwrap();
    let error = open(&file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains(&format!("schema: {newer}")), "{error}");
    assert_eq!(error.hint(), Some("upgrade Orion, or name another store"));
}

/// A file that the system does not let anybody write, as a read-only disk would not.
#[tokio::test]
async fn a_read_only_store_is_told_with_the_next_step() {
    let (_folder, file) = folder();
    let store = open(&file).await.unwrap();
    insert_user(&store, 1).await.unwrap();
    let mut writer = store.writer().acquire().await.unwrap();
    sqlx::query("pragma query_only = on").execute(&mut *writer).await.unwrap();
    drop(writer);
    let error = insert_user(&store, 2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
    assert!(error.hint().is_some());
    assert_eq!(users(&store).await, 1);
}

/// A full disk ends the transaction, not the store: reads go on, and writes too once there is room.
#[tokio::test]
async fn a_full_disk_loses_nothing_and_passes() {
    let (_folder, file) = folder();
    let store = open(&file).await.unwrap();
    let limit = async |pages: i64| {
        let mut writer = store.writer().acquire().await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("pragma max_page_count = {pages}"));
        sqlx::query(sql).execute(&mut *writer).await.unwrap();
    };
    let mut written = 0;
    for round in 1..=3 {
        limit(1).await; // SQLite raises it to what the file has now.
        let full = loop {
            match insert_user(&store, written + 1).await {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
            assert!(written < 10_000, "the disk never fills");
        };
        assert_eq!(full.kind(), ErrorKind::Exhausted, "round {round}: {full:?}");
        assert!(full.hint().is_some());
        assert_eq!(users(&store).await, written, "round {round}: reads go on");
        limit(1 << 30).await;
        insert_user(&store, written + 1).await.unwrap();
        written += 1;
    }
    let events = store.read().await.unwrap().read(0, None, 1 << 20).await.unwrap();
    assert_eq!((users(&store).await, events.len() as u64), (written, written));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_can_open_a_new_file_at_once() {
    let (_folder, file) = folder();
    let openers = (0..8).map(|n| {
        let file = file.clone();
        tokio::spawn(async move {
            let store = open(&file).await?;
            insert_user(&store, n).await
        })
    });
    for opener in openers.collect::<Vec<_>>() {
        opener.await.unwrap().unwrap();
    }
    assert_eq!(users(&open(&file).await.unwrap()).await, 8);
}

/// Two stores on one file stand for two processes.
#[tokio::test]
async fn two_stores_share_a_file_without_doubling_a_claim() {
    let (_folder, file) = folder();
    let (one, two) = (open(&file).await.unwrap(), open(&file).await.unwrap());
    for n in 0..20 {
        insert_user(if n % 2 == 0 { &one } else { &two }, n).await.unwrap();
    }
    let worker = async |store: &SqlStore| {
        let mut mine = Vec::new();
        loop {
            let mut tx = store.begin().await.unwrap();
            let claims = tx.claim("group", sample::time(0), std::time::Duration::from_secs(60), 3).await.unwrap();
            tx.commit().await.unwrap();
            if claims.is_empty() {
                return mine;
            }
            mine.extend(claims.into_iter().map(|claim| claim.record.sequence));
        }
    };
    let (mut all, others) = tokio::join!(worker(&one), worker(&two));
    all.extend(others);
    all.sort_unstable();
    assert_eq!(all, (1..=20).collect::<Vec<u64>>());
}
