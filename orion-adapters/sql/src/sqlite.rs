//! Opens an SQLite file: one connection writes, a few others read and never wait for it.

use crate::connection::Connection;
use crate::error::{is_busy, translate};
use crate::schema;
use orion_core::{Error, ErrorKind, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// How long to wait for another process or transaction that writes.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many transactions can read at once; each has a thread of its own.
const READERS: u32 = 8;

/// The connections to one file.
#[derive(Debug, Clone)]
pub(crate) struct Pools {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Opens the file that a URI names.
pub(crate) async fn open(uri: &str) -> Result<Pools> {
    let path = path_of(uri)?;
    let opened = open_file(Path::new(path)).await;
    opened.map_err(|error| error.with_context("file", path))
}

async fn open_file(path: &Path) -> Result<Pools> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.exists()) {
        return Err(Error::not_found("the folder of the store does not exist")
            .with_hint("make the folder, or name another file"));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        // WAL with NORMAL loses acknowledged commits in a power cut; FULL loses none.
        .synchronous(SqliteSynchronous::Full)
        // On macOS fsync alone does not reach the disk; elsewhere this says nothing.
        .pragma("fullfsync", "on")
        .pragma("checkpoint_fullfsync", "on");
    let mut first = first_connection(&options).await?;
    let tx = first.begin_with(crate::dialect::BEGIN_WRITE.sqlite).await.map_err(translate)?;
    schema::migrate(Connection::Sqlite(tx)).await?;
    first.close().await.map_err(translate)?;

    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options.clone())
        .await
        .map_err(translate)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options.create_if_missing(false).pragma("query_only", "on"))
        .await
        .map_err(translate)?;
    Ok(Pools { writer, readers })
}

/// The path in a `sqlite:` URI: `sqlite:orion.db`, `sqlite:/var/lib/orion.db`, `sqlite:///var/lib/orion.db`.
pub(crate) fn path_of(uri: &str) -> Result<&str> {
    let wrong = |message: &'static str| {
        Error::invalid(message).with_context("uri", uri).with_hint("write `sqlite:` and the path of a file")
    };
    let (scheme, path) = uri.split_once(':').ok_or_else(|| wrong("not the URI of a store"))?;
    if !scheme.eq_ignore_ascii_case("sqlite") {
        return Err(wrong("not the URI of an SQLite store"));
    }
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        "" => Err(wrong("the URI names no file")),
        ":memory:" => Err(wrong("SQLite in memory loses its data with its last connection")
            .with_hint("use `memory:` for a store that lives as long as the program")),
        _ if path.contains(['?', '\0']) => Err(wrong("the URI of an SQLite store takes no options")),
        _ => Ok(path),
    }
}

/// Opens the first connection, sets the journal mode, which stays with the file, and checks that it holds.
async fn first_connection(options: &SqliteConnectOptions) -> Result<SqliteConnection> {
    let mut connection = options.connect().await.map_err(translate)?;
    let mut waited = Duration::ZERO;
    // Changing the journal mode needs the file alone and does not wait for it, so others who open it at the same
    // time are waited for here.
    let mode: String = loop {
        let statement = sqlx::query_scalar("pragma journal_mode = wal").fetch_one(&mut connection);
        match statement.await {
            Err(error) if is_busy(&error) && waited < PATIENCE => {
                const PAUSE: Duration = Duration::from_millis(20);
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            other => break other.map_err(translate)?,
        }
    };
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Error::new(ErrorKind::Unsupported, "the file system cannot keep a write-ahead log")
            .with_context("journal_mode", mode)
            .with_hint("put the store on a local disk"));
    }
    Ok(connection)
}

/// Whether a connection can be used again. When SQLite rolls back by itself, on a full disk for one, the driver still
/// counts a transaction and would refuse the next; such a connection is closed instead.
async fn is_clean(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}
