//! The whole, from outside: the real program as a person runs it, and the tree itself.
//!
//! The program is `target/release/orion` or what `ORION_BIN` names; without it these tests are skipped loudly,
//! unless `ORION_REQUIRE` names `release`.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bad_input;
mod caption;
mod check;
mod clock;
mod copies;
mod create;
mod decisions;
mod deliveries;
mod export;
mod hostile;
mod http;
mod own;
mod people;
mod pictures;
mod platform;
mod program;
mod redis_days;
mod room;
mod set;
mod shell;
mod stuck;
mod style;
mod swept;
mod tidy;
mod words;
