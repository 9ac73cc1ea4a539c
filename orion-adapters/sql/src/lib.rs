//! The record: repositories, event log, step journal and outbox on SQLite.
