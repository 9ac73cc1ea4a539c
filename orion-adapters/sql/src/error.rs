//! Translates the driver's errors, once, at this crate's edge.

use orion_core::{Error, ErrorKind};
use sqlx::error::DatabaseError;

/// The error of a statement.
pub(crate) fn translate(source: sqlx::Error) -> Error {
    let error = match &source {
        sqlx::Error::Database(error) => from_database(error.as_ref()),
        sqlx::Error::PoolTimedOut => Error::new(ErrorKind::Timeout, "the store is busy")
            .with_hint("another transaction has been open for too long; try again"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Error::unavailable("the store is closed"),
        sqlx::Error::Io(_) => Error::unavailable("the store cannot be reached"),
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_) => Error::new(ErrorKind::Corrupt, "the store holds something unreadable"),
        _ => Error::unexpected("the store failed"),
    };
    error.with_source(source)
}

/// Whether a statement failed because a unique key is taken.
pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

/// Whether another connection holds a lock that this one has waited for.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error.as_database_error().map(primary_code), Some(5 | 6))
}

/// SQLite's result code without its extension (<https://sqlite.org/rescode.html>); zero if it has none.
fn primary_code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff
}

fn from_database(error: &dyn DatabaseError) -> Error {
    match primary_code(error) {
        5 | 6 => Error::new(ErrorKind::Timeout, "the store is busy")
            .with_hint("another process has been writing for too long; try again"),
        7 => Error::new(ErrorKind::Exhausted, "the store has run out of memory"),
        8 => Error::new(ErrorKind::Forbidden, "the store cannot be written")
            .with_hint("make the file and its folder writable, or name another file"),
        10 => Error::new(ErrorKind::Unavailable, "the disk of the store fails")
            .with_hint("check the disk; what was committed before is safe"),
        11 => Error::new(ErrorKind::Corrupt, "the file of the store is damaged")
            .with_hint("restore a backup, or rescue what is left with `sqlite3 FILE .recover`"),
        13 => Error::new(ErrorKind::Exhausted, "the disk of the store is full")
            .with_hint("free some space and try again; what was committed before is safe"),
        14 => Error::new(ErrorKind::Forbidden, "the file of the store cannot be opened")
            .with_hint("check that its folder exists and that you may write there"),
        18 => Error::invalid("too large for the store"),
        26 => Error::new(ErrorKind::Corrupt, "this file is not a database")
            .with_hint("name another file; this one was left as it is"),
        _ if error.is_unique_violation() => Error::new(ErrorKind::AlreadyExists, "a unique key is taken"),
        _ => Error::unexpected("the store failed"),
    }
}
