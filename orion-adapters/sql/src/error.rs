//! Translates the drivers' errors, once, at this crate's edge. Their texts name no password; the addresses that do are
//! never made part of an error.

use orion_core::{Error, ErrorKind, Retry};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use std::time::Duration;

/// The error of a statement.
pub(crate) fn translate(source: sqlx::Error) -> Error {
    let error = match &source {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => from_postgres(error),
            None => from_sqlite(error.as_ref()),
        },
        sqlx::Error::PoolTimedOut => Error::new(ErrorKind::Timeout, "the store is busy")
            .with_hint("no connection to it came free in time; try again, and look whether its server runs"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Error::unavailable("the store is closed"),
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => Error::unavailable("the connection to the store is lost")
            .with_hint("what was not committed is undone; try again, and look whether its server runs"),
        sqlx::Error::Tls(_) => Error::unavailable("the store could not be reached over TLS")
            .with_retry(Retry::Never)
            .with_hint("see `sslmode` and `sslrootcert` in its address"),
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_) => Error::new(ErrorKind::Corrupt, "the store holds something unreadable"),
        _ => Error::unexpected("the store failed"),
    };
    error.of_the_record().with_source(source)
}

/// The error of a commit. When the connection is lost meanwhile, nobody can say what became of it.
pub(crate) fn translate_commit(source: sqlx::Error) -> Error {
    if is_lost(&source) {
        return Error::unavailable("the connection to the store was lost in a commit")
            .with_hint("whether it took effect is not known; read again before you repeat it")
            .of_the_record()
            .with_source(source);
    }
    translate(source)
}

/// Whether the connection is of no more use.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| {
            error.code().starts_with("08") || matches!(error.code(), "57P01" | "57P02" | "57P03" | "25P03" | "57P05")
        }),
        _ => false,
    }
}

/// Whether a statement failed because a unique key is taken.
pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

/// Whether another connection to the file holds a lock that this one has waited for.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error.as_database_error().map(primary_code), Some(5 | 6))
}

/// SQLite's result code without its extension (<https://sqlite.org/rescode.html>); zero if it has none.
fn primary_code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff
}

fn from_sqlite(error: &dyn DatabaseError) -> Error {
    match primary_code(error) {
        5 | 6 => Error::new(ErrorKind::Timeout, "the store is busy")
            .with_hint("another process has been writing for too long; try again"),
        7 => Error::starved("the store has run out of memory"),
        8 => Error::new(ErrorKind::Forbidden, "the store cannot be written")
            .with_hint("make the file and its folder writable, or name another file"),
        10 => Error::new(ErrorKind::Unavailable, "the disk of the store fails")
            .with_hint("check the disk; what was committed before is safe"),
        11 => Error::new(ErrorKind::Corrupt, "the file of the store is damaged")
            .with_hint("restore a backup, or rescue what is left with `sqlite3 FILE .recover`"),
        13 => Error::starved("the disk of the store is full")
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

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_postgres(error: &PgDatabaseError) -> Error {
    let known = match error.code() {
        "23505" => Error::new(ErrorKind::AlreadyExists, "a unique key is taken"),
        // Serialization failure, deadlock, and a row that went between two looks: nothing is wrong with any of those
        // who met, and the one that was sent away has its turn in a moment.
        "40001" | "40P01" | "23503" => Error::conflict("another transaction was in the way of this one")
            .with_retry(Retry::Later(Some(Duration::from_millis(50))))
            .with_hint("all of it is undone; try again"),
        "55P03" | "57014" => Error::new(ErrorKind::Timeout, "the store is busy")
            .with_hint("another transaction has been open for too long; try again"),
        "25P03" => Error::new(ErrorKind::Timeout, "the transaction stood still for too long and was undone"),
        "25P02" => Error::unexpected("the transaction has failed before and can only be dropped"),
        "57P01" | "57P02" | "57P03" | "57P05" => Error::unavailable("the server of the store stops or starts")
            .with_hint("what was not committed is undone; try again in a moment"),
        "53300" => Error::unavailable("the server of the store has no connection left")
            .with_hint("raise its `max_connections`, or run fewer processes"),
        "53100" => Error::starved("the disk of the store is full")
            .with_hint("free some space and try again; what was committed before is safe"),
        "53200" => Error::starved("the store has run out of memory"),
        "28P01" | "28000" => Error::new(ErrorKind::Unauthorized, "the store refused the user or the password")
            .with_hint("check both in its address, and `pg_hba.conf` on its server"),
        "3D000" => Error::not_found("the server has no such database")
            .with_hint("make it with `createdb`, or name another in the address of the store"),
        "3F000" => Error::not_found("the database has no such schema")
            .with_hint("make it with `create schema`, or name another in the address of the store"),
        "42501" => Error::new(ErrorKind::Forbidden, "the user of the store may not do this")
            .with_hint("let it own the schema: `alter schema public owner to USER`"),
        "25006" => Error::unavailable("the server of the store only reads: it is a standby")
            .with_hint("name the primary in the address of the store"),
        "22021" => Error::invalid("the store keeps no text with a NUL character"),
        "54000" | "22001" => Error::invalid("too large for the store"),
        "58030" => Error::unavailable("the disk of the store fails").with_hint("check the disk of its server"),
        "XX001" | "XX002" => {
            Error::new(ErrorKind::Corrupt, "the database of the store is damaged").with_hint("restore a backup")
        }
        code if code.starts_with("08") => Error::unavailable("the connection to the store is lost"),
        _ => Error::unexpected("the store failed"),
    };
    known.with_context("sqlstate", error.code())
}
