//! Bytes by the hash of what is in them.

use crate::domain::{BlobRef, Sha256};
use crate::{Error, Result, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::path::Path;

/// Where stored bytes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// In their place.
    Kept,
    /// Set aside: still read by everybody, until they are discarded.
    Aside,
}

/// Bytes that a store lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Their hash.
    pub sha256: Sha256,
    /// Their length.
    pub length: u64,
    /// Since when they lie on this shelf, by the clock of where they lie. A store that does not know says 1970.
    pub since: Timestamp,
}

/// Keeps bytes under their SHA-256.
///
/// Bytes that nothing points at are removed in two moves, as nobody can look into the record and remove a file at the
/// same moment: first they are set aside, where everybody can still read them, and a good while later they are
/// discarded, or taken back if something points at them after all ([`Sweeper`](crate::service::sweep::Sweeper)).
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
    /// - Forgetting what is not there succeeds; what was set aside is forgotten too.
    async fn delete(&self, sha256: Sha256) -> Result<()>;

    /// Lists what lies on a shelf.
    ///
    /// # Behavior
    /// - Ascending by hash, behind `after`; at most `most`, and fewer only at the end.
    /// - Bytes that come or go meanwhile may be listed or not.
    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>>;

    /// Sets bytes aside.
    ///
    /// # Behavior
    /// - They are read as before, by everybody and at every moment.
    /// - Keeping the same bytes again keeps them in their place as well.
    /// - Setting aside what is not there succeeds.
    async fn set_aside(&self, sha256: Sha256) -> Result<()>;

    /// Takes bytes back that were set aside.
    ///
    /// # Behavior
    /// - They are read as before, at every moment.
    /// - Taking back what was not set aside succeeds.
    async fn take_back(&self, sha256: Sha256) -> Result<()>;

    /// Forgets bytes that were set aside.
    ///
    /// # Behavior
    /// - Bytes that were kept again since stay.
    /// - Discarding what was not set aside succeeds.
    async fn discard(&self, sha256: Sha256) -> Result<()>;

    /// Removes what work that broke off before a time has left half-written, and gives how many files that were.
    ///
    /// # Behavior
    /// - What is whole stays, and what is younger.
    async fn tidy(&self, before: Timestamp) -> Result<u64>;
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
