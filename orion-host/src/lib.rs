//! The thin shell: configuration, command line, and the engine with batteries.
//!
//! Without the feature `cli` this is [`Orion`], the engine that programs embed: every port filled by a built-in
//! part, unless one of your own is given. The builder is the only place that names adapters.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

pub mod backup;
pub mod captioned;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod delivery;
mod engine;
#[cfg(feature = "faults")]
pub mod fault;
#[cfg(feature = "http")]
pub mod http;
pub mod own;
pub mod picture;
pub mod project;
mod providers;
#[cfg(feature = "http")]
mod room;
mod roster;
mod sources;
pub mod style;
mod switch;
pub mod system;
mod track;
#[cfg(feature = "http")]
pub mod up;
#[cfg(feature = "http")]
pub mod work;
pub mod worklist;

pub use config::Config;
pub use delivery::Delivery;
pub use engine::{Orion, OrionBuilder};
/// Opens parts of an installation by their addresses, as its configuration names them.
///
/// # Errors
/// For settings that do not fit.
pub fn parts(config: &Config) -> Result<orion_adapters::Parts> {
    providers::parts(config)
}

pub use orion_core::service::production::{CreateRequest, Subject};
pub use orion_core::{Cancellation, Error, ErrorKind, Operation, Result};
pub use switch::{CapabilityStanding, Choice, NOBODY, Switchable};
