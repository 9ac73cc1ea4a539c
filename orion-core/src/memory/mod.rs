//! In-memory storage ports: product code for programs that need no record beyond their own life, and the first
//! to pass the suites of `orion_core::testing`. With them stand a clock that is set by hand and seeded entropy.

mod blob;
mod lease;
mod limit;
mod log;
mod store;
mod system;
mod table;
mod vector;
mod wire;

pub use blob::MemoryBlobs;
pub use limit::MemoryLimiter;
pub use store::MemoryStore;
#[cfg(test)]
pub(crate) use store::TABLES;
pub use system::{ManualClock, SeededEntropy};
pub use vector::{ExactVectors, MemoryVectors, unit};
pub use wire::MemoryWire;

use crate::{Error, ErrorKind, Result};

/// Refuses writing through a transaction that only reads.
fn writable(yes: bool) -> Result<()> {
    if yes { Ok(()) } else { Err(Error::new(ErrorKind::Unsupported, "this transaction only reads")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::{BlobStore, RateLimiter, Store, VectorIndex, Wire};
    use std::sync::Arc;

    async fn store() -> (Arc<dyn Store>, ()) {
        (Arc::new(MemoryStore::new()), ())
    }
    crate::store_conformance!(store);

    async fn blobs() -> (Arc<dyn BlobStore>, ()) {
        (Arc::new(MemoryBlobs::new()), ())
    }
    crate::blob_conformance!(blobs);

    async fn wire() -> (Arc<dyn Wire>, ()) {
        (Arc::new(MemoryWire::new()), ())
    }
    crate::wire_conformance!(wire);

    async fn limiter() -> (Arc<dyn RateLimiter>, ()) {
        (Arc::new(MemoryLimiter::new()), ())
    }
    crate::limiter_conformance!(limiter);

    async fn vectors() -> (Arc<dyn VectorIndex>, ()) {
        (Arc::new(MemoryVectors::new()), ())
    }
    crate::vector_conformance!(vectors);
}
