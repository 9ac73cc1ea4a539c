//! Speech with exact word times: Piper voices in pure Rust, espeak-ng as a fallback.
//!
//! - [`PiperSpeech`] runs a neural Piper voice. Its word times are the model's own durations, exact to the sample.
//! - [`EspeakSpeech`] runs the `espeak-ng` program.
//! - [`SilentSpeech`] says nothing at the pace of reading.
//! - [`VoiceLibrary`] is the folder of voices; it fetches one when it is told to.
//! - [`open`] chooses: the voice that is asked for, or the best that is there, never silence unasked.
//!
//! Every word as shown keeps its time: `2.1x` is spoken `two point one times` and timed as one word.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod child;
mod english;
mod espeak;
mod noise;
mod open;
mod piper;
mod silent;
#[cfg(test)]
mod tests;
mod voices;

pub use espeak::EspeakSpeech;
pub use open::open;
pub use piper::PiperSpeech;
pub use silent::SilentSpeech;
pub use voices::{VoiceFiles, VoiceLibrary};
