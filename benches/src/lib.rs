//! What the benchmarks share.

pub mod identity;
pub mod load;
pub mod served;
