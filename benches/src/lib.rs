//! What the benchmarks share.

pub mod drawn;
pub mod identity;
pub mod load;
pub mod served;
pub mod video;
