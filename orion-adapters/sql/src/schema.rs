//! Brings the schema of a file up to date, or refuses a file that is none of Orion's.

use crate::dialect::{BEGIN_WRITE, INSPECT, MIGRATIONS};
use crate::error::translate;
use orion_core::{Error, ErrorKind, Result};
use sqlx::{Connection, SqliteConnection};

/// Runs the migrations that are missing. Safe to run twice, and by many processes at once: each waits for the
/// other's transaction and then finds nothing to do.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    let mut tx = connection.begin_with(BEGIN_WRITE).await.map_err(translate)?;
    let (ours, others): (i64, i64) = sqlx::query_as(INSPECT).fetch_one(&mut *tx).await.map_err(translate)?;
    if ours == 0 && others > 0 {
        return Err(Error::new(ErrorKind::Invalid, "this database belongs to another program")
            .with_hint("name another file; this one was left as it is"));
    }
    if ours == 0 {
        run(&mut tx, "create table orion_schema (version bigint primary key)").await?;
    }
    let found: i64 = sqlx::query_scalar("select coalesce(max(version), 0) from orion_schema")
        .fetch_one(&mut *tx)
        .await
        .map_err(translate)?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Error::new(ErrorKind::Unsupported, "the store was written by a newer Orion")
            .with_context("schema", found)
            .with_context("known", known)
            .with_hint("upgrade Orion, or name another file"));
    }
    for (version, migration) in (1..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or_default()) {
        run(&mut tx, migration).await?;
        sqlx::query("insert into orion_schema (version) values ($1)")
            .bind(version)
            .execute(&mut *tx)
            .await
            .map_err(translate)?;
        tracing::info!(version, "brought the store's schema up to date");
    }
    tx.commit().await.map_err(translate)
}

/// Runs statements that bind nothing.
async fn run(connection: &mut SqliteConnection, statements: &'static str) -> Result<()> {
    sqlx::raw_sql(statements).execute(connection).await.map(drop).map_err(translate)
}
