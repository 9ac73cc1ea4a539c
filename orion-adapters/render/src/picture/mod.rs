//! Pictures: decoding, planes, sampling, laying over each other, and whole frames.

mod blend;
mod compose;
mod decode;
mod pick;
mod plane;
mod reach;
mod resample;
mod salient;
#[cfg(test)]
mod tests;

pub(crate) use compose::{Composer, Overlay, lay_overlay};
pub(crate) use decode::{Limits, decode, for_canvas};
pub(crate) use plane::{Frame, Picture};
pub(crate) use reach::Reach;
pub(crate) use salient::framed;
