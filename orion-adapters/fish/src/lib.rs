//! Fish Speech: a speech server on a machine of one's own.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod speech;
#[cfg(test)]
mod tests;

pub use speech::{FishOptions, FishSpeech};
