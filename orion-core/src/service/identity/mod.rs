//! Identity: who uses Orion and what they are told.

mod caller;

pub use caller::Caller;
