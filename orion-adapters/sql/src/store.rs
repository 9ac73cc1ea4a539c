//! Opens the record by its address and hands out transactions.

use crate::connection::Connection;
use crate::dialect::{BEGIN_READ, BEGIN_WRITE};
use crate::error::translate;
use crate::transaction::SqlTx;
use crate::undoing::Undoing;
use crate::{postgres, sqlite};
use async_trait::async_trait;
use orion_core::port::{Store, Tx};
use orion_core::{Error, Result};
use sqlx::PgPool;
use std::fmt;
use std::sync::Arc;

/// The record in an SQLite file or a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct SqlStore(Db);

#[derive(Clone)]
enum Db {
    Sqlite(sqlite::Pools),
    Postgres(PgPool, Arc<Undoing>),
}

impl SqlStore {
    /// Opens the file that `sqlite:PATH` names, and makes it if it is not there; or the database at
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, which must be there.
    ///
    /// The schema is brought up to date first, by one process after the other. Options of a PostgreSQL address:
    /// `sslmode` (`disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`; without it `prefer`),
    /// `sslrootcert`, `sslcert`, `sslkey`, and `options=-csearch_path=SCHEMA` for a schema of its own. What the address
    /// leaves out comes from `PGHOST`, `PGPASSWORD` and the other variables of PostgreSQL, and from `.pgpass`.
    ///
    /// # Errors
    /// - [`Invalid`](orion_core::ErrorKind::Invalid): the URI is none of these, or the database is another program's.
    /// - [`NotFound`](orion_core::ErrorKind::NotFound): the folder of the file, or the database, does not exist.
    /// - [`Forbidden`](orion_core::ErrorKind::Forbidden): file, folder or schema cannot be written.
    /// - [`Unauthorized`](orion_core::ErrorKind::Unauthorized): the server refused the user or the password.
    /// - [`Unavailable`](orion_core::ErrorKind::Unavailable): the server is not there.
    /// - [`Corrupt`](orion_core::ErrorKind::Corrupt): the file is not a database, or is damaged.
    /// - [`Unsupported`](orion_core::ErrorKind::Unsupported): a newer Orion wrote it, or the file system of the file
    ///   cannot share memory between processes.
    /// - [`Exhausted`](orion_core::ErrorKind::Exhausted): the disk is full.
    pub async fn open(uri: &str) -> Result<Self> {
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("sqlite") => Ok(Self(Db::Sqlite(sqlite::open(uri).await?))),
            Some("postgres" | "postgresql") => Ok(Self(Db::Postgres(postgres::open(uri).await?, Arc::default()))),
            // Whatever it is, it may hold a password, so only its scheme is told.
            scheme => Err(Error::invalid("not the URI of a store")
                .with_context("scheme", scheme.unwrap_or("none"))
                .with_hint("write `sqlite:` and the path of a file, or `postgres://USER:PASSWORD@HOST/DATABASE`")),
        }
    }

    /// Waits for open transactions and closes every connection; the write-ahead log of a file is merged into it.
    /// Not closing loses nothing.
    pub async fn close(&self) {
        match &self.0 {
            Db::Sqlite(pools) => {
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Db::Postgres(pool, _) => pool.close().await,
        }
    }

    #[cfg(test)]
    pub(crate) fn pool(&self) -> &PgPool {
        match &self.0 {
            Db::Postgres(pool, _) => pool,
            Db::Sqlite(_) => unreachable!("a server is asked for"),
        }
    }

    #[cfg(test)]
    pub(crate) fn writer(&self) -> &sqlx::SqlitePool {
        match &self.0 {
            Db::Sqlite(pools) => &pools.writer,
            Db::Postgres(..) => unreachable!("a file is asked for"),
        }
    }
}

/// Names the database, and never the password.
impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Db::Sqlite(pools) => {
                let file = pools.writer.connect_options().get_filename().to_owned();
                f.debug_struct("SqlStore").field("sqlite", &file).finish()
            }
            Db::Postgres(pool, _) => {
                f.debug_struct("SqlStore").field("postgres", &postgres::name(&pool.connect_options())).finish()
            }
        }
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        Ok(Box::new(match &self.0 {
            Db::Sqlite(pools) => {
                let tx = pools.writer.begin_with(BEGIN_WRITE.sqlite).await.map_err(translate)?;
                SqlTx::new(Connection::Sqlite(tx), true)
            }
            Db::Postgres(pool, undoing) => {
                let tx = postgres::begin(pool, BEGIN_WRITE.postgres).await.map_err(translate)?;
                SqlTx::new(Connection::Postgres(tx), true).undone_by(undoing)
            }
        }))
    }

    async fn read(&self) -> Result<Box<dyn Tx>> {
        let connection = match &self.0 {
            Db::Sqlite(pools) => {
                let mut tx = pools.readers.begin_with(BEGIN_READ.sqlite).await.map_err(translate)?;
                // SQLite fixes the moment at the first read, not at `begin`.
                sqlx::query("select sequence from log_head").execute(&mut *tx).await.map_err(translate)?;
                Ok(Connection::Sqlite(tx))
            }
            Db::Postgres(pool, _) => postgres::begin(pool, BEGIN_READ.postgres).await.map(Connection::Postgres),
        };
        Ok(Box::new(SqlTx::new(connection.map_err(translate)?, false)))
    }
}
