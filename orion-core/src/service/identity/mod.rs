//! Identity: who uses Orion and what they are told.

mod caller;
mod notifier;

pub use caller::Caller;
pub use notifier::{NotificationPage, Notifier};
