//! The use cases of the seven services, as functions over ports.
//!
//! A use case exists only where there is a decision or more than one port; plain reads go to the repository.

pub mod budget;
pub mod consumer;
pub mod director;
pub mod editor;
pub mod identity;
pub mod journal;
pub mod lease;
pub mod media;
pub mod production;
pub mod publisher;
pub mod pulse;
pub mod relay;
pub mod scout;
pub mod sweep;
