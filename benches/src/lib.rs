//! What the benchmarks share.

pub mod identity;
