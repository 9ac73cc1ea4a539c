//! Content-addressed blobs in a local folder, and vectors in another.
//!
//! [`FolderBlobs`] is a [`BlobStore`](orion_core::port::BlobStore): the bytes with the digest `abcdef…` stand in
//! `ab/cdef…`. They are written under a temporary name, synced, renamed, and the folder is synced, so a file under
//! its digest is always whole; what is read is compared with its digest.
//!
//! [`FolderVectors`] is a [`VectorIndex`](orion_core::port::VectorIndex): one log a collection, searched in memory.
//!
//! ```
//! # async fn example() -> orion_core::Result<()> {
//! use orion_core::port::BlobStore;
//! let blobs = orion_blob::FolderBlobs::open("blobs")?;
//! let blob = blobs.put("hello".into(), "text/plain").await?;
//! assert!(blobs.contains(blob.sha256).await?);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod disk;
mod folder;
#[cfg(test)]
mod tests;
mod vectors;

pub use folder::FolderBlobs;
pub use vectors::FolderVectors;
