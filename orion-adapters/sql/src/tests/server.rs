//! What only a server can do: refuse, restart, and serve many who write at once.

use crate::dialect::{BEGIN_READ, BEGIN_WRITE, MIGRATIONS};
use crate::{PgClock, SqlStore, postgres};
use orion_core::id::{EventId, UserId};
use orion_core::port::{Clock, Filter, Order, Page, RepositoryExt, Store};
use orion_core::testing::{assert_fails, sample};
use orion_core::{ErrorKind, Timestamp};
use orion_private_postgres::{Durability, Server};
use sqlx::{ConnectOptions, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

async fn store() -> Option<(Arc<SqlStore>, String)> {
    let uri = super::postgres()?;
    Some((Arc::new(SqlStore::open(&uri).await.unwrap()), uri))
}

async fn connect(uri: &str) -> PgConnection {
    postgres::options(uri).unwrap().connect().await.unwrap()
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
async fn nobody_waits_for_ever_and_commits_are_durable() {
    let Some((store, _)) = store().await else { return };
    let pool = store.pool();
    let setting = async |name: &str| {
        sqlx::query_scalar::<_, String>("select current_setting($1)")
            .bind(name.to_owned())
            .fetch_one(pool)
            .await
            .unwrap()
    };
    assert_eq!(setting("statement_timeout").await, "30s");
    assert_eq!(setting("lock_timeout").await, "15s");
    assert_eq!(setting("idle_in_transaction_session_timeout").await, "10s");
    assert_eq!(setting("synchronous_commit").await, "on", "the server of the tests has it off");
    assert_eq!(setting("application_name").await, "orion");
    let connections = (pool.options().get_max_connections(), pool.options().get_acquire_timeout());
    assert_eq!(connections, (16, Duration::from_secs(10)));
}

#[tokio::test]
async fn what_is_wrong_is_told_with_the_next_step_and_without_the_password() {
    let Some((_, uri)) = store().await else { return };
    let with_password = |uri: &str| uri.replace("orion@", "orion:hunter2@");
    let port = uri.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let cases = [
        (with_password(&uri.replace("orion_", "missing_")), ErrorKind::NotFound),
        (with_password(&uri.replace(&port, &nobody)), ErrorKind::Unavailable),
        (format!("{}?sslmode=require", with_password(&uri)), ErrorKind::Unavailable),
        (format!("{}?sslmode=sometimes", with_password(&uri)), ErrorKind::Invalid),
        (format!("{}?options=-csearch_path%3Dmissing", with_password(&uri)), ErrorKind::NotFound),
        ("postgres://orion:hunter2@[::1/orion".to_owned(), ErrorKind::Invalid),
        ("mysql://orion:hunter2@localhost/orion".to_owned(), ErrorKind::Invalid),
    ];
    for (uri, kind) in cases {
        let error = SqlStore::open(&uri).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{uri}: {error:?}");
        assert!(error.hint().is_some(), "{uri}: {error:?}");
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{error:?}");
    }
    let store = SqlStore::open(&with_password(&uri)).await.unwrap();
    assert!(!format!("{store:?}").contains("hunter2"), "{store:?}");
    assert!(format!("{store:?}").contains("orion@127.0.0.1"), "{store:?}");
}

#[tokio::test]
async fn databases_of_others_and_newer_ones_are_left_alone() {
    let Some(uri) = super::postgres() else { return };
    let mut other = connect(&uri).await;
    sqlx::raw_sql("create table bookmarks (url text); create schema own").execute(&mut other).await.unwrap();
    assert_fails(SqlStore::open(&uri).await.map(drop), ErrorKind::Invalid);
    // A schema of its own is not theirs.
    let own = format!("{uri}?options=-csearch_path%3Down");
    let store = SqlStore::open(&own).await.unwrap();
    insert_user(&store, 1).await.unwrap();
    let tables: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(tables, 1);
    let newer = MIGRATIONS.len() as i64 + 1;
    sqlx::query("insert into own.orion_schema (version) values ($1)").bind(newer).execute(&mut other).await.unwrap();
    let error = SqlStore::open(&own).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains(&format!("schema: {newer}")), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_can_open_a_new_database_at_once() {
    let Some(uri) = super::postgres() else { return };
    let openers = (0..8).map(|n| {
        let uri = uri.clone();
        tokio::spawn(async move { insert_user(&SqlStore::open(&uri).await?, n).await })
    });
    for opener in openers.collect::<Vec<_>>() {
        opener.await.unwrap().unwrap();
    }
    assert_eq!(users(&SqlStore::open(&uri).await.unwrap()).await, 8);
}

/// A key that another takes in the same moment refuses the change, and the rest of the transaction goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_taken_meanwhile_leaves_the_transaction_usable() {
    let Some((store, _)) = store().await else { return };
    insert_user(&store, 1).await.unwrap();
    let mut first = store.begin().await.unwrap();
    let mut taken = sample::user(2);
    taken.email = "contended@example.org".to_owned();
    first.users().insert(&mut taken).await.unwrap();

    let second = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let mut mine = tx.users().require(UserId(sample::uuid(1))).await.unwrap();
            mine.email = "contended@example.org".to_owned();
            // Waits for the other, whose commit then takes the key.
            let refused = tx.users().update(&mut mine).await;
            assert_fails(refused, ErrorKind::AlreadyExists);
            tx.users().insert(&mut sample::user(3)).await.unwrap();
            tx.commit().await.unwrap();
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.commit().await.unwrap();
    second.await.unwrap();
    assert_eq!(users(&store).await, 3);
}

/// What a dropped transaction had claimed is there for the next one, however busy the machine is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_dropped_is_undone_before_the_next_claim() {
    let Some((store, _)) = store().await else { return };
    insert_user(&store, 1).await.unwrap();
    for round in 0..300 {
        for dropped in [true, false] {
            let mut tx = store.begin().await.unwrap();
            let claims = tx.claim("group", sample::time(round), Duration::ZERO, 8).await.unwrap();
            assert_eq!(claims.len(), 1, "round {round}");
            if !dropped {
                tx.commit().await.unwrap();
            }
        }
    }
}

/// Two who wait for each other: one is sent away, told that it may come again, and the other goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_temporary() {
    let Some((store, _)) = store().await else { return };
    for n in [1, 2] {
        insert_user(&store, n).await.unwrap();
    }
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let cross = |first: u64, then: u64| {
        let (store, barrier) = (store.clone(), barrier.clone());
        tokio::spawn(async move {
            let mut tx = store.begin().await?;
            let mut row = tx.users().require(UserId(sample::uuid(first))).await?;
            tx.users().update(&mut row).await?;
            barrier.wait().await;
            let mut row = tx.users().require(UserId(sample::uuid(then))).await?;
            tx.users().update(&mut row).await?;
            tx.commit().await
        })
    };
    let (one, other) = (cross(1, 2), cross(2, 1));
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    let failed = one.as_ref().err().or(other.as_ref().err()).expect("one of them cannot");
    assert!(failed.is_temporary() && failed.hint().is_some(), "{failed:?}");
    // The other waited, and then found either the row as it was or changed; it was not sent away by the database.
    assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
}

/// While many append, each in transactions of other lengths and some rolled back, nobody who reads on from the last
/// place it saw steps over an event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_appears_behind_a_place_that_was_read() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 40;
    let Some((store, uri)) = store().await else { return };
    let other = Arc::new(SqlStore::open(&uri).await.unwrap());
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = [store.clone(), other.clone()]
        .into_iter()
        .map(|store| {
            let done = done.clone();
            tokio::spawn(async move {
                let mut seen: Vec<(u64, EventId)> = Vec::new();
                loop {
                    let finished = done.load(Ordering::SeqCst);
                    let after = seen.last().map_or(0, |(sequence, _)| *sequence);
                    let news = store.read().await.unwrap().read(after, None, 5).await.unwrap();
                    if finished && news.is_empty() {
                        return seen;
                    }
                    seen.extend(news.into_iter().map(|record| (record.sequence, record.id)));
                }
            })
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|w| {
            let store = if w % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move {
                for n in 0..EACH {
                    let mut tx = store.begin().await.unwrap();
                    for part in 0..1 + n % 3 {
                        let n = 1_000_000 * part + 1000 * w + n;
                        tx.append(EventId(sample::uuid(n)), sample::time(n), None, &sample::event(n)).await.unwrap();
                        tokio::time::sleep(Duration::from_micros(50 * (w + n) % 700)).await;
                    }
                    if n % 4 != 3 {
                        tx.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let all = store.read().await.unwrap().read(0, None, 1_000_000).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|record| (record.sequence, record.id)).collect();
    assert!(all.len() as u64 > WRITERS * EACH);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), all);
    }
}

/// The server is killed under load and comes back, again and again: whatever was said to be committed is there, errors
/// are temporary ones, and everybody goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_nothing_that_was_acknowledged() {
    // A crash of the server, not of the machine, so it needs no disk that syncs.
    let Some(server) = Server::start(Durability::None) else { return };
    let store = Arc::new(SqlStore::open(&server.database()).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4_u64)
        .map(|w| {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let n = w * 1_000_000 + n;
                    match insert_user(&store, n).await {
                        Ok(()) => acknowledged.push(n),
                        Err(error) => {
                            assert!(error.is_temporary() && error.hint().is_some(), "{error:?}");
                        }
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let before = users(&store).await;
        tokio::task::block_in_place(|| server.crash());
        tokio::task::block_in_place(|| server.recover());
        // It recovers: more is written than before.
        while users(&store).await <= before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(!acknowledged.is_empty());
    let mut tx = store.read().await.unwrap();
    for n in &acknowledged {
        let user = tx.users().get(UserId(sample::uuid(*n))).await.unwrap();
        assert!(user.is_some(), "user {n} was acknowledged and is lost, of {}", acknowledged.len());
    }
    let events = tx.read(0, None, 1_000_000).await.unwrap().len() as u64;
    assert_eq!(events, tx.users().count(&Filter::default()).await.unwrap(), "rows and events stand or fall together");
}

/// Losing the connection within a transaction is told as what it is, and the next transaction works.
#[tokio::test]
async fn a_connection_cut_in_mid_transaction_is_temporary() {
    let Some((store, uri)) = store().await else { return };
    let mut tx = store.begin().await.unwrap();
    tx.users().insert(&mut sample::user(1)).await.unwrap();
    let mut other = connect(&uri).await;
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        .execute(&mut other)
        .await
        .unwrap();
    let lost = tx.users().list(&Filter::default(), &Page::first(Order::Newest, 1)).await.unwrap_err();
    assert!(lost.kind() == ErrorKind::Unavailable && lost.is_temporary() && lost.hint().is_some(), "{lost:?}");
    drop(tx);
    insert_user(&store, 2).await.unwrap();
    assert_eq!(users(&store).await, 1, "what was not committed is undone");
}

/// Whoever gives up while a transaction begins leaves nothing open for the next who gets the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_nobody_waits_for_is_undone() {
    let Some(uri) = super::postgres() else { return };
    let pool = postgres::pool(postgres::options(&uri).unwrap(), 1);
    for n in 0..300 {
        let reading = postgres::begin(&pool, BEGIN_READ.postgres);
        let _ = tokio::time::timeout(Duration::from_micros(n * 3), reading).await;
        let mut writing = postgres::begin(&pool, BEGIN_WRITE.postgres).await.unwrap();
        let level = sqlx::query_scalar::<_, String>("show transaction_isolation").fetch_one(&mut *writing).await;
        assert_eq!(level.unwrap(), "read committed", "after {n} attempts");
        writing.commit().await.unwrap();
    }
}

/// Everybody on a database goes by the server's clock, which goes on while the server is away.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_clock_is_that_of_all() {
    let Some(server) = Server::start(Durability::None) else { return };
    let uri = server.database();
    let (one, other) = (PgClock::open(&uri).await.unwrap(), PgClock::open(&uri).await.unwrap());
    let mut connection = connect(&uri).await;
    let mut apart = async || {
        let (before, between) = (one.now(), other.now());
        let (told,): (i64,) = sqlx::query_as("select (extract(epoch from clock_timestamp()) * 1000000)::bigint")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let (told, after) = (Timestamp::from_micros(told), one.now());
        (before, between, told, after)
    };
    for _ in 0..20 {
        let (before, between, told, after) = apart().await;
        // A server of this machine answers within far less than this, and its clock is the machine's.
        const GIVE: Duration = Duration::from_secs(2);
        assert!(before.before(GIVE) < told && told < after.after(GIVE), "{before} {told} {after}");
        assert!(before.before(GIVE) < between && between < after.after(GIVE), "{before} {between} {after}");
        assert!(before <= after, "it does not go back");
    }
    server.crash();
    let away = one.now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(one.now() > away, "it goes on by itself");
    server.recover();
    let error = PgClock::open("postgres://orion@127.0.0.1:1/none").await.unwrap_err();
    assert!(error.is_temporary() && error.hint().is_some(), "{error:?}");
    assert!(PgClock::open("postgres://%zz").await.is_err());
}
