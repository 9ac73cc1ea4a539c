//! Places to publish.
//!
//! [`FolderDestination`] puts a video into a folder of this machine, whole or not at all. [`WebhookDestination`] tells
//! a server of one's own by a signed call, as [Standard Webhooks](https://www.standardwebhooks.com) describes it. With
//! both a second attempt is known for what it is, so that nothing is ever published twice.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod folder;
mod signature;
mod webhook;

#[cfg(test)]
mod tests;

pub use folder::FolderDestination;
pub use signature::WebhookSecret;
pub use webhook::{WebhookDestination, WebhookPatience};
