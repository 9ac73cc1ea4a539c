//! Every statement is prepared on both databases: none is wrong in a way that only its first use would show.

use crate::dialect::{Sql, for_postgres};
use crate::repository::{counting, listing, sql};
use crate::{SqlStore, archive, event_log, lease, postgres, transaction};
use orion_core::port::{Cursor, Filter, Order, Page};
use sqlx::{ConnectOptions, Connection, Executor, SqlSafeStr};
use uuid::Uuid;

/// The statements of repositories and log, for one database.
fn statements(pick: impl Fn(&Sql) -> &'static str) -> Vec<String> {
    let mut all: Vec<String> =
        event_log::STATEMENTS.iter().chain(lease::STATEMENTS).map(|sql| pick(sql).to_owned()).collect();
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
