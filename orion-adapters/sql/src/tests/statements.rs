//! Every statement is prepared on both databases: none is wrong in a way that only its first use would show.

use crate::dialect::{Sql, for_postgres};
use crate::repository::{counting, listing, sql};
use crate::{SqlStore, archive, claims, event_log, lease, postgres, transaction};
use orion_core::port::{Cursor, Filter, Order, Page};
use sqlx::{ConnectOptions, Connection, Executor, SqlSafeStr};
use uuid::Uuid;

/// The statements of repositories and log, for one database.
fn statements(pick: impl Fn(&Sql) -> &'static str) -> Vec<String> {
    let mut all: Vec<String> = event_log::STATEMENTS
        .iter()
        .chain(claims::STATEMENTS)
        .chain(lease::STATEMENTS)
        .map(|sql| pick(sql).to_owned())
        .collect();
    all.extend(archive::STATEMENTS.iter().map(|sql| (*sql).to_owned()));
    let filters = [
        Filter::default(),
        Filter {
            owner: Some(Uuid::nil()),
            parent: Some(Uuid::nil()),
            states: vec!["a".to_owned(), "b".to_owned()],
            since: Some(orion_core::testing::sample::time(1)),
            until: Some(orion_core::testing::sample::time(2)),
        },
    ];
    for table in transaction::TABLES {
        let all_of_rows = [sql::walk, sql::put_back, sql::clear];
        let one = [sql::get, sql::find, sql::insert, sql::update, sql::change, sql::version, sql::delete];
        for make in one.into_iter().chain(all_of_rows) {
            all.push(make(table));
        }
        for filter in &filters {
            all.push(counting(table, filter).0);
            for order in [Order::Newest, Order::Oldest, Order::RankDown, Order::RankUp] {
                for after in [None, Some(Cursor { key: 1.0, id: Uuid::nil() })] {
                    all.push(listing(table, filter, &Page { order, after, limit: 10 }).0);
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::open(&format!("sqlite:{}", folder.path().join("orion.db").display())).await.unwrap();
    let mut connection = store.writer().acquire().await.unwrap();
    for sql in statements(|sql| sql.sqlite) {
        let prepared = connection.prepare(sqlx::AssertSqlSafe(sql.clone()).into_sql_str()).await;
        assert!(prepared.is_ok(), "{sql}: {:?}", prepared.err());
    }
    let wrong = connection.prepare("select nothing from nowhere".into_sql_str()).await;
    assert!(wrong.is_err(), "preparing finds what is wrong");
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    let Some(uri) = super::postgres() else { return };
    SqlStore::open(&uri).await.unwrap();
    let mut connection = postgres::options(&uri).unwrap().connect().await.unwrap();
    let mut all = statements(|sql| sql.postgres);
    all.extend([event_log::LOCK_GROUPS, event_log::AWAIT_GROUP].map(str::to_owned));
    for sql in all {
        let prepared = connection.prepare(sqlx::AssertSqlSafe(sql.clone()).into_sql_str()).await;
        assert!(prepared.is_ok(), "{sql}: {:?}", prepared.err());
    }
    let wrong = connection.prepare("select nothing from nowhere".into_sql_str()).await;
    assert!(wrong.is_err(), "preparing finds what is wrong");
    connection.close().await.unwrap();
}

/// A plan is kept, so it must be right also for a table that was empty when it was made: rows are found by an index. Lists
/// are left out: whoever asks for one names what an index is there for.
#[tokio::test]
async fn no_plan_reads_a_whole_table() {
    let Some(uri) = super::postgres() else { return };
    let store = SqlStore::open(&uri).await.unwrap();
    let mut connection = store.pool().acquire().await.unwrap();
    sqlx::raw_sql("vacuum analyze").execute(&mut *connection).await.unwrap();
    sqlx::raw_sql("set plan_cache_mode = force_generic_plan").execute(&mut *connection).await.unwrap();
    let mut wrong = Vec::new();
    let every_row = |sql: &String| sql.starts_with("delete from ") && !sql.contains(" where ");
    let listed = |sql: &String| sql.contains(" where 1 = 1");
    for sql in statements(|sql| sql.postgres).into_iter().filter(|sql| !every_row(sql) && !listed(sql)) {
        let places = (1..).take_while(|place| sql.contains(&format!("${place}"))).map(|_| "null");
        let places = places.collect::<Vec<_>>().join(", ");
        let arguments = if places.is_empty() { places } else { format!("({places})") };
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("prepare plan as {sql}"))).execute(&mut *connection).await.unwrap();
        let explain = sqlx::AssertSqlSafe(format!("explain execute plan{arguments}"));
        let lines: Vec<(String,)> =
            sqlx::query_as(explain).persistent(false).fetch_all(&mut *connection).await.unwrap();
        sqlx::raw_sql("deallocate plan").execute(&mut *connection).await.unwrap();
        // The one has one row, the other one for each group.
        let small = |line: &str| ["log_head", "consumers"].iter().any(|table| line.contains(&format!(" on {table}")));
        let reads = |(line,): &&(String,)| line.contains("Seq Scan on") && !small(line);
        wrong.extend(lines.iter().find(reads).map(|(line,)| format!("{sql}: {line}")));
    }
    assert_eq!(wrong, [""; 0]);
}

/// Identifiers and keys are ordered and compared by their bytes, whatever the language of the database.
#[tokio::test]
async fn no_column_of_text_follows_a_language() {
    let Some(uri) = super::postgres() else { return };
    SqlStore::open(&uri).await.unwrap();
    let mut connection = postgres::options(&uri).unwrap().connect().await.unwrap();
    let wrong: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns \
         where table_schema = 'public' and (data_type = 'text' and collation_name is distinct from 'C' \
         or data_type = 'integer')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(wrong.iter().all(|(_, column)| column == "one"), "{wrong:?}");
    assert!(!for_postgres(" text").eq(" text"));
}

/// A table that somebody adds must be in every copy of the record.
#[tokio::test]
async fn every_table_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::open(&format!("sqlite:{}", folder.path().join("orion.db").display())).await.unwrap();
    let sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name";
    let tables: Vec<(String,)> = sqlx::query_as(sql).fetch_all(store.writer()).await.unwrap();
    // Leases are of those who are at work now, and nobody is in a copy.
    let log = ["consumers", "deliveries", "events", "leases", "log_head", "orion_schema"];
    let mut known: Vec<&str> = transaction::TABLES.iter().copied().chain(log).collect();
    known.sort_unstable();
    assert_eq!(tables.iter().map(|(name,)| name.as_str()).collect::<Vec<_>>(), known);
}
