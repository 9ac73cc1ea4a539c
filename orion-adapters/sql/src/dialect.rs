//! What SQLite says in its own way. Another database gets the same names with its own values.

/// Begins a transaction that writes. It takes the writer's place at once: a transaction that reads first and takes
/// it later can be refused, however long it waits. PostgreSQL: `begin`.
pub(crate) const BEGIN_WRITE: &str = "begin immediate";

/// Begins a transaction that reads. PostgreSQL: `begin isolation level repeatable read read only`.
pub(crate) const BEGIN_READ: &str = "begin";

/// Whether the schema table exists, and whether anything else does: `(ours, others)`.
pub(crate) const INSPECT: &str = "select coalesce(sum(name = 'orion_schema'), 0), coalesce(sum(name <> 'orion_schema'), 0) \
     from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'";

/// The versions of the schema, oldest first. Each is run once, in a transaction of its own with its number.
pub(crate) const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_record.sql"), include_str!("migrations/0002_platform.sql")];
