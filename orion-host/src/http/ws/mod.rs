//! Live events over WebSockets (contract, section 1.12).

mod frame;
mod hub;
mod socket;

pub(super) use frame::Feed;
pub(super) use hub::{Closed, Hub};
pub(super) use socket::{Start, serve};
