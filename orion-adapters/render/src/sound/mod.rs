//! Sound: reading, resampling, mixing with ducking, and bringing the mix to a loudness.

mod clip;
mod limiter;
mod loudness;
mod mix;
mod relevel;
mod resample;
#[cfg(test)]
mod tests;

pub(crate) use loudness::{Meter, master};
pub(crate) use relevel::relevel;

use orion_core::Result;
use orion_core::domain::BlobRef;

/// Samples per second of everything that is mixed.
pub(crate) const RATE: u32 = 48_000;

/// Fetches a stored file.
pub(crate) type Fetch<'a> = dyn Fn(&BlobRef) -> Result<bytes::Bytes> + Sync + 'a;
