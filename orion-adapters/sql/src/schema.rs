//! Brings the schema of a database up to date, or refuses a database that is none of Orion's.

use crate::connection::{Connection, binds};
use crate::dialect::{INSPECT, LOCK_SCHEMA, MIGRATIONS, for_postgres};
use crate::error::translate;
use orion_core::{Error, ErrorKind, Result};
use sqlx::AssertSqlSafe;

/// Runs the migrations that are missing, in one transaction. Safe to run twice, and by many processes at once: each
/// waits for the other's transaction and then finds nothing to do.
pub(crate) async fn migrate(mut tx: Connection<'_>) -> Result<()> {
    if matches!(tx, Connection::Postgres(_)) {
        tx.run(LOCK_SCHEMA).await.map_err(translate)?;
    }
    let inspect = tx.pick(INSPECT);
    let (ours, others): (i64, i64) = tx.row(inspect, vec![]).await.map_err(translate)?.unwrap_or_default();
    if ours == 0 && others > 0 {
        return Err(Error::new(ErrorKind::Invalid, "this database belongs to another program")
            .with_hint("name another one, or on PostgreSQL another schema; this one was left as it is"));
    }
    if ours == 0 {
        tx.run("create table orion_schema (version bigint primary key)").await.map_err(translate)?;
    }
    let found: Option<(i64,)> =
        tx.row("select coalesce(max(version), 0) from orion_schema", vec![]).await.map_err(translate)?;
    let found = found.map_or(0, |(version,)| version);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Error::new(ErrorKind::Unsupported, "the store was written by a newer Orion")
            .with_context("schema", found)
            .with_context("known", known)
            .with_hint("upgrade Orion, or name another store"));
    }
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or_default()) {
        let done = match &tx {
            Connection::Sqlite(_) => tx.run(*migration).await,
            Connection::Postgres(_) | Connection::Over => tx.run(AssertSqlSafe(for_postgres(migration))).await,
        };
        done.map_err(translate)?;
        tx.execute("insert into orion_schema (version) values ($1)", binds![version]).await.map_err(translate)?;
        tracing::info!(version, "brought the store's schema up to date");
    }
    tx.commit().await.map_err(translate)
}
