//! What adapters that speak share, whoever makes the sound.
//!
//! - [`normal`]: what is said for each word as shown: `2.1x` is said `two point one times`.
//! - [`timing`]: from spans of samples to the times of the words as shown, whatever is only seen.
//! - [`timed`]: the times of the words in a sound whose voice tells none: heard by a transcriber, or estimated from
//!   the pauses and the length of the words; the answer says which.
//! - [`heard`]: what a transcriber heard, as words with times.
//! - [`wav`]: sound files that servers send. [`audio`]: level and soft ends. [`pace`]: faster and slower at one pitch.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod align;
pub mod audio;
mod estimate;
mod heard;
pub mod normal;
pub mod pace;
mod timed;
pub mod timing;
pub mod wav;

pub use align::aligned;
pub use heard::heard;
pub use timed::{Sound, Timed, timed};
