//! Against a real `redis-server`, with its bad days.

mod bad_days;
mod conformance;
mod entry;
mod process;
