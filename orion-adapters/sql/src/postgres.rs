//! Opens a PostgreSQL database and keeps connections to it.

use crate::connection::Connection;
use crate::dialect::{BEGIN_WRITE, SESSION};
use crate::error::{is_lost, translate};
use crate::schema;
use orion_core::{Error, ErrorKind, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, Postgres, Transaction};
use std::time::Duration;

/// How many transactions of a process can be open at once. A server takes 100 connections as it comes, so several
/// processes find room.
const CONNECTIONS: u32 = 16;

/// How long to wait for a connection, a new one or one that others use.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that was idle for longer is asked whether it still stands before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

/// Opens the database that a URI names.
pub(crate) async fn open(uri: &str) -> Result<PgPool> {
    let options = options(uri)?;
    let opened = async {
        let mut first = connect(&options).await?;
        let tx = first.begin_with(BEGIN_WRITE.postgres).await.map_err(translate)?;
        schema::migrate(Connection::Postgres(tx)).await?;
        first.close().await.map_err(translate)
    };
    opened.await.map_err(|error: Error| error.with_context("database", name(&options)))?;
    Ok(pool(options, CONNECTIONS))
}

/// What an address says. No error repeats it: it may hold a password.
pub(crate) fn options(uri: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = uri.parse().map_err(|_: sqlx::Error| {
        Error::invalid("the address of the PostgreSQL database is malformed").with_hint(
            "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, with `%40` for `@` in a password and so on",
        )
    })?;
    let named = options.get_application_name().is_some();
    let options = if named { options } else { options.application_name("orion") };
    Ok(options.disable_statement_logging())
}

/// A database as people may see it.
pub(crate) fn name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    format!("{}@{}:{}/{database}", options.get_username(), options.get_host(), options.get_port())
}

/// Connects once, without waiting for a server that is not there.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    match tokio::time::timeout(PATIENCE, options.connect()).await {
        Ok(Err(sqlx::Error::Io(error))) => Err(Error::unavailable("the PostgreSQL server cannot be reached")
            .with_hint("start it, and check host and port in the address of the store")
            .with_source(error)),
        Ok(connected) => connected.map_err(translate),
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the PostgreSQL server does not answer")
            .with_hint("check host and port in the address of the store, and what lies between")),
    }
}

/// A pool that opens connections when they are needed.
pub(crate) fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) })
        })
        .connect_lazy_with(options)
}

/// Begins a transaction. Connections that broke while they were idle, as all do when the server restarts, are thrown
/// away one after the other until one stands or a new one is made.
///
/// It goes on in a task of its own if the caller is dropped: the driver undoes only a transaction that it knows to have
/// begun, and a connection whose `begin` nobody waited for would be given to the next in the middle of one.
pub(crate) async fn begin(pool: &PgPool, statement: &'static str) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move {
        let mut broken = 0;
        loop {
            match pool.begin_with(statement).await {
                Err(error) if is_lost(&error) && broken <= CONNECTIONS => broken += 1,
                begun => return begun,
            }
        }
    });
    // Nobody stops the task but the end of the runtime.
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
