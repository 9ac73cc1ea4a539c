//! Bytes by the hash of what is in them.

use crate::domain::{BlobRef, Sha256};
use crate::{Error, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::path::Path;

/// Keeps bytes under their SHA-256.
#[async_trait]
pub trait BlobStore: Debug + Send + Sync {
    /// Keeps some bytes.
    ///
    /// # Behavior
    /// - Keeping the same bytes again succeeds and changes nothing.
    /// - Nothing half-written is ever visible, even after a power cut.
    /// - `Exhausted` when there is no room; nothing is left behind.
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef>;

    /// Takes a finished local file in without holding it in memory; the file is gone afterwards.
    ///
    /// # Behavior
    /// - As [`put`](Self::put); on an error the file is still there.
    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef>;

    /// Reads bytes.
    ///
    /// # Behavior
    /// - `None` if there are none.
    /// - `Corrupt` if what is stored no longer has this hash.
    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>>;

    /// How many bytes there are under this hash, without reading them.
    ///
    /// # Behavior
    /// - `None` if there are none.
    async fn length(&self, sha256: Sha256) -> Result<Option<u64>>;

    /// Reads a part, so that a large file can be passed on piece by piece.
    ///
    /// # Behavior
    /// - `None` if there are no such bytes.
    /// - From `offset` on at most `most` bytes, and fewer only at the end; behind the end there are none.
    /// - The hash is not checked: that would need the whole.
    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>>;

    /// Writes bytes to a new local file without holding them in memory.
    ///
    /// # Behavior
    /// - `NotFound` if there are none.
    /// - Replaces the file atomically if it exists; never leaves a half one.
    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()>;

    /// Whether there are such bytes.
    ///
    /// # Behavior
    /// - True exactly when [`get`](Self::get) would find them.
    async fn contains(&self, sha256: Sha256) -> Result<bool>;

    /// Forgets bytes.
    ///
    /// # Behavior
    /// - Forgetting what is not there succeeds.
    async fn delete(&self, sha256: Sha256) -> Result<()>;
}

/// Sugar over [`BlobStore`].
#[async_trait]
pub trait BlobStoreExt: BlobStore {
    /// The bytes, or a `NotFound` error that names them.
    async fn require(&self, blob: &BlobRef) -> Result<Bytes> {
        self.get(blob.sha256)
            .await?
            .ok_or_else(|| Error::not_found("stored file is missing").with_context("sha256", blob.sha256))
    }
}

#[async_trait]
impl<B: BlobStore + ?Sized> BlobStoreExt for B {}
