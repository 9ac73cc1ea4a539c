//! What SQLite and PostgreSQL say each in its own way. Everything else is one text for both.

/// A text of which a part differs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// A statement that locks rows until the end of its transaction. SQLite has one writer, so it has nothing to lock.
macro_rules! locking {
    ($before:literal, $clause:literal, $after:literal) => {
        $crate::dialect::Sql { sqlite: concat!($before, $after), postgres: concat!($before, $clause, $after) }
    };
}
pub(crate) use locking;

/// Begins a transaction that writes. SQLite takes the writer's place at once: a transaction that reads first and takes
/// it later can be refused, however long it waits. On PostgreSQL each statement sees what was committed before it, and
/// whoever changes a row that somebody else is changing waits, and then finds its version changed.
pub(crate) const BEGIN_WRITE: Sql = Sql { sqlite: "begin immediate", postgres: "begin isolation level read committed" };

/// Begins a transaction that reads from one moment. Both fix the moment at the first statement that reads, so on
/// PostgreSQL that is sent along.
pub(crate) const BEGIN_READ: Sql =
    Sql { sqlite: "begin", postgres: "begin isolation level repeatable read read only; select 1" };

/// Lets one process after the other bring the schema up to date. SQLite does so by [`BEGIN_WRITE`].
pub(crate) const LOCK_SCHEMA: &str = "set local lock_timeout = '60s'; select pg_advisory_xact_lock(hashtext('orion_schema'), hashtext(current_schema()))";

/// Whether the schema table exists, and how many others do: `(ours, others)`.
pub(crate) const INSPECT: Sql = Sql {
    sqlite: "select coalesce(sum(name = 'orion_schema'), 0), coalesce(sum(name <> 'orion_schema'), 0) \
        from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
    postgres: "select count(*) filter (where relname = 'orion_schema'), count(*) filter (where relname <> 'orion_schema') \
        from pg_class where relkind in ('r', 'p') \
        and relnamespace = (select oid from pg_namespace where nspname = current_schema())",
};

/// The versions of the schema, oldest first. Each is run once, in one transaction with its number.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_record.sql"),
    include_str!("migrations/0002_platform.sql"),
    include_str!("migrations/0003_queue.sql"),
    include_str!("migrations/0004_leases.sql"),
    include_str!("migrations/0005_deliveries.sql"),
];

/// A migration as PostgreSQL is to read it: its `integer` has 32 bits; its text is ordered by the language of the
/// database unless told otherwise, and holds no NUL, which the reason of a failure may.
pub(crate) fn for_postgres(migration: &str) -> String {
    migration
        .replace(" integer primary key", " bigint primary key")
        .replace(" reason text", " reason bytea")
        .replace(" text", " text collate \"C\"")
}

/// What each connection to PostgreSQL is told first. Nobody waits for ever: not for a statement, not for a lock, and
/// not for a process that stands still within a transaction, whose locks are gone before anybody gives up waiting for
/// them. A server whose commits are not durable by default is told that these are.
///
/// Every statement has its index, whose order it follows where it stops early, and each keeps the plan that it got first.
/// A table that was nearly empty then, as queues are, would be read from end to end ever after, however long it grew; so
/// that is no choice. What has no other, as the table of one row, looks expensive by that, and must not be compiled for
/// it.
pub(crate) const SESSION: &str = "set statement_timeout = '30s'; set lock_timeout = '15s'; \
    set idle_in_transaction_session_timeout = '10s'; \
    set enable_seqscan = off; set enable_bitmapscan = off; set jit = off; \
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
