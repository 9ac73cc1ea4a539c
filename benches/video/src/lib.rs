//! What the benchmarks of videos share.

pub mod drawn;
pub mod made;
