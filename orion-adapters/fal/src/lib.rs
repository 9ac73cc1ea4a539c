//! Fal.ai: pictures and clips by its queue.
//!
//! [`FalImages`] is an [`ImageModel`](orion_core::port::ImageModel), [`FalClips`] a
//! [`ClipModel`](orion_core::port::ClipModel). A request is sent once: Fal has no key by which a second one is known to be
//! the same, so one whose answer was lost is not sent again by itself. The handle is the path of the request at the
//! service; it is asked about there and nowhere else, whatever addresses an answer names. Files are fetched by a guarded
//! fetcher. Only what succeeded is paid for, and only that is counted.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod clips;
mod images;
mod options;
mod queue;
mod refusal;
#[cfg(test)]
mod tests;

pub use clips::FalClips;
pub use images::FalImages;
pub use options::FalOptions;
