//! Bytes in memory by their hash.
#![expect(
    clippy::disallowed_methods,
    reason = "the port hands files over by their paths; nothing else in the core touches one"
)]

use crate::domain::{BlobRef, Sha256};
use crate::port::{BlobStore, Shelf, Stored};
use crate::{Error, ErrorKind, Result, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// A [`BlobStore`] that lives as long as the program. Clones share it.
///
/// `import` and `export` speak of local files, so they alone touch the file system, and block while they do. It knows no
/// time, so whatever it lists is from 1970.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs(Arc<RwLock<Shelves>>);

#[derive(Debug, Default)]
struct Shelves {
    kept: BTreeMap<Sha256, Bytes>,
    aside: BTreeMap<Sha256, Bytes>,
}

impl MemoryBlobs {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn look(&self, sha256: Sha256) -> Option<Bytes> {
        let shelves = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shelves.kept.get(&sha256).or_else(|| shelves.aside.get(&sha256)).cloned()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelves> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        let sha256 = Sha256::of(&bytes);
        let length = bytes.len() as u64;
        self.write().kept.entry(sha256).or_insert(bytes);
        Ok(BlobRef { sha256, length, media_type: media_type.to_owned() })
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        let bytes = std::fs::read(file).map_err(|error| failed(error, "cannot read the file to import", file))?;
        let blob = self.put(bytes.into(), media_type).await?;
        std::fs::remove_file(file).map_err(|error| failed(error, "cannot remove the imported file", file))?;
        Ok(blob)
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        Ok(self.look(sha256))
    }

    async fn length(&self, sha256: Sha256) -> Result<Option<u64>> {
        Ok(self.look(sha256).map(|bytes| bytes.len() as u64))
    }

    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        Ok(self.look(sha256).map(|bytes| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            bytes.slice(start..start.saturating_add(most).min(bytes.len()))
        }))
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        let bytes = self
            .look(sha256)
            .ok_or_else(|| Error::not_found("stored file is missing").with_context("sha256", sha256))?;
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = file.with_file_name(name);
        std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, file)).map_err(|error| {
            let _ = std::fs::remove_file(&part);
            failed(error, "cannot write the exported file", file)
        })
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        Ok(self.look(sha256).is_some())
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        let mut shelves = self.write();
        shelves.kept.remove(&sha256);
        shelves.aside.remove(&sha256);
        Ok(())
    }

    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        let shelves = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let shelf = match shelf {
            Shelf::Kept => &shelves.kept,
            Shelf::Aside => &shelves.aside,
        };
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let listed = shelf.range((behind, Bound::Unbounded)).take(most);
        let since = Timestamp::default();
        Ok(listed.map(|(sha256, bytes)| Stored { sha256: *sha256, length: bytes.len() as u64, since }).collect())
    }

    async fn set_aside(&self, sha256: Sha256) -> Result<()> {
        let mut shelves = self.write();
        if let Some(bytes) = shelves.kept.remove(&sha256) {
            shelves.aside.insert(sha256, bytes);
        }
        Ok(())
    }

    async fn take_back(&self, sha256: Sha256) -> Result<()> {
        let mut shelves = self.write();
        if let Some(bytes) = shelves.aside.remove(&sha256) {
            shelves.kept.insert(sha256, bytes);
        }
        Ok(())
    }

    async fn discard(&self, sha256: Sha256) -> Result<()> {
        self.write().aside.remove(&sha256);
        Ok(())
    }

    async fn tidy(&self, _before: Timestamp) -> Result<u64> {
        Ok(0)
    }
}

fn failed(source: std::io::Error, message: &'static str, file: &Path) -> Error {
    let kind = match source.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied => ErrorKind::Forbidden,
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Exhausted,
        _ => ErrorKind::Unexpected,
    };
    Error::new(kind, message).with_context("file", file.display()).with_source(source)
}
