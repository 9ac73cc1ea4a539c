//! ComfyUI: pictures and clips by workflows on a machine of one's own.
//!
//! [`ComfyImages`] is an [`ImageModel`](orion_core::port::ImageModel), [`ComfyClips`] a
//! [`ClipModel`](orion_core::port::ClipModel). Both send a [`Workflow`]: a graph as ComfyUI exports it with "Export (API)",
//! whose nodes say in their titles which of their inputs Orion sets. The two that come with this crate need no custom
//! node; see [`Workflow`] for how to write your own.
//!
//! A prompt is queued under a name of our own, with a socket open before, so that no message can be missed; the queue
//! and the history are asked beside it, because messages do get lost. Only they decide whether a prompt is done. The
//! handle is that name and the size that was asked for: any process can wait for it.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod client;
mod clips;
mod handle;
mod images;
mod options;

mod prompt;
mod refusal;
mod socket;
#[cfg(test)]
mod tests;
mod wait;
mod workflow;

pub use clips::ComfyClips;
pub use images::ComfyImages;
pub use options::ComfyOptions;
pub use workflow::{Input, Workflow};
