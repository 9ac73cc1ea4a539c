//! Stored files in S3 and in whatever speaks its protocol (MinIO, Garage, Ceph, R2).
//!
//! [`S3Blobs`] is a [`BlobStore`](orion_core::port::BlobStore): the bytes with the digest `abcdef…` are the object
//! `PREFIX/ab/cdef…`. An object appears whole or not at all, as S3 promises of every upload; large files go up in parts,
//! a few at a time, and an upload that does not come to its end is aborted. What is read is compared with its digest.
//!
//! A process that is killed during an upload leaves parts behind that nobody sees but that are paid for: give the
//! bucket a lifecycle rule that ends incomplete uploads after a day or so.
//!
//! ```no_run
//! # async fn example() -> orion_core::Result<()> {
//! use orion_core::port::BlobStore;
//! use orion_s3::{S3Blobs, S3Options};
//! let blobs = S3Blobs::open(S3Options::parse("videos/orion")?)?;
//! let blob = blobs.put("hello".into(), "text/plain").await?;
//! assert!(blobs.contains(blob.sha256).await?);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking"))]

mod error;
mod local;
mod options;
mod store;
#[cfg(test)]
mod tests;
mod upload;

pub use options::S3Options;
pub use store::S3Blobs;
