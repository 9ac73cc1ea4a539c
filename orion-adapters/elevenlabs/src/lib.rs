//! ElevenLabs: voices in the cloud that tell the time of every character.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod speech;
#[cfg(test)]
mod tests;

pub use speech::{ElevenLabsOptions, ElevenLabsSpeech};
