//! One way to run a statement on either database. What differs between the drivers ends here.

use crate::dialect::Sql;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, FromRow, Postgres, SqlSafeStr, Sqlite, Transaction};

/// The connection of a transaction.
#[derive(Debug)]
pub(crate) enum Connection<'c> {
    Sqlite(Transaction<'c, Sqlite>),
    Postgres(Transaction<'c, Postgres>),
    /// It was committed or undone.
    Over,
}

/// Writes the same code once for each driver, each with its own types.
macro_rules! on {
    ($connection:expr, $driver:ident => $body:expr) => {
        match $connection {
            Connection::Sqlite(tx) => {
                let $driver = &mut **tx;
                $body
            }
            Connection::Postgres(tx) => {
                let $driver = &mut **tx;
                $body
            }
            Connection::Over => Err(sqlx::Error::PoolClosed),
        }
    };
}

/// A value for a place in a statement.
#[derive(Debug, Clone)]
pub(crate) enum Bind {
    Text(Option<String>),
    Bytes(Vec<u8>),
    MaybeBytes(Option<Vec<u8>>),
    Whole(i64),
    Real(f64),
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Bind {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for Bind {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

/// A count as the databases keep it; what is higher than any place is behind every place.
impl From<u64> for Bind {
    fn from(number: u64) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Bind {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

/// The values of a statement, in order.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { vec![$($crate::connection::Bind::from($value)),*] };
}
pub(crate) use binds;

macro_rules! bind_all {
    ($statement:expr, $binds:expr) => {{
        let mut statement = $statement;
        for bind in $binds {
            statement = match bind {
                Bind::Text(value) => statement.bind(value),
                Bind::Bytes(value) => statement.bind(value),
                Bind::MaybeBytes(value) => statement.bind(value),
                Bind::Whole(value) => statement.bind(value),
                Bind::Real(value) => statement.bind(value),
            };
        }
        statement
    }};
}

/// What a row of either database can be read as.
pub(crate) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

impl Connection<'_> {
    /// The text for this database.
    pub(crate) fn pick(&self, sql: Sql) -> &'static str {
        match self {
            Self::Sqlite(_) => sql.sqlite,
            Self::Postgres(_) | Self::Over => sql.postgres,
        }
    }

    /// Runs a statement and gives how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, binds: Vec<Bind>) -> sqlx::Result<u64> {
        on!(self, driver => Ok(bind_all!(sqlx::query(sql), binds).execute(driver).await?.rows_affected()))
    }

    /// All rows of a statement.
    pub(crate) async fn rows<T: Row>(&mut self, sql: impl SqlSafeStr, binds: Vec<Bind>) -> sqlx::Result<Vec<T>> {
        on!(self, driver => bind_all!(sqlx::query_as(sql), binds).fetch_all(driver).await)
    }

    /// The row of a statement that gives at most one.
    pub(crate) async fn row<T: Row>(&mut self, sql: impl SqlSafeStr, binds: Vec<Bind>) -> sqlx::Result<Option<T>> {
        on!(self, driver => bind_all!(sqlx::query_as(sql), binds).fetch_optional(driver).await)
    }

    /// Runs statements that bind nothing.
    pub(crate) async fn run(&mut self, statements: impl SqlSafeStr) -> sqlx::Result<()> {
        on!(self, driver => sqlx::raw_sql(statements).execute(driver).await.map(drop))
    }

    /// A part of the transaction that can fail alone.
    pub(crate) async fn savepoint(&mut self) -> sqlx::Result<Connection<'_>> {
        match self {
            Self::Sqlite(tx) => tx.begin().await.map(Connection::Sqlite),
            Self::Postgres(tx) => tx.begin().await.map(Connection::Postgres),
            Self::Over => Err(sqlx::Error::PoolClosed),
        }
    }

    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
            Self::Over => Err(sqlx::Error::PoolClosed),
        }
    }

    pub(crate) async fn rollback(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
            Self::Over => Ok(()),
        }
    }
}
