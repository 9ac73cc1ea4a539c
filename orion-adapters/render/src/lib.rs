//! The render engine: a timeline in, one validated video out.
//!
//! [`FfmpegRenderer`] draws every frame itself (planar YUV, sub-pixel motion, captions), mixes the sound itself, and
//! lets an ffmpeg child each encode them at the same time. [`FfprobeProbe`] tells what a file really is. ffmpeg is a
//! program of the system: [`Tools`] says where it is.
//!
//! No text of a timeline is ever part of a command line or a filter graph: words are drawn here, and the title goes
//! into a file that is read as data.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod bands;
mod burn;
mod caption;
mod encode;
mod fault;
mod inspect;
#[cfg(test)]
mod legible;
mod listing;
mod mp4;
mod music;
mod own;
mod paint;
mod picture;
mod play;
mod probe;
mod renderer;
mod repair;
mod sound;
mod supervise;
#[cfg(test)]
mod tests;
mod thumbnail;
mod tools;
mod transcode;
mod y4m;

pub use burn::{Burn, Burnt, KeptSound, burn, burnable};
pub use encode::{EncodedBy, Hardware};
pub use inspect::Look;
pub use music::{compose, moods};
pub use own::{Still, clip, still};
pub use probe::{FfprobeProbe, probe_file};
pub use renderer::FfmpegRenderer;
pub use repair::{Repaired, repair};
pub use tools::Tools;
pub use transcode::Transcoder;
