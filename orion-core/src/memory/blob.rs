//! Bytes in memory by their hash.
#![expect(
    clippy::disallowed_methods,
    reason = "the port hands files over by their paths; nothing else in the core touches one"
)]

use crate::domain::{BlobRef, Sha256};
use crate::port::BlobStore;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// A [`BlobStore`] that lives as long as the program. Clones share it.
///
/// `import` and `export` speak of local files, so they alone touch the file system, and block while they do.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs(Arc<RwLock<HashMap<Sha256, Bytes>>>);

impl MemoryBlobs {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn look(&self, sha256: Sha256) -> Option<Bytes> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&sha256).cloned()
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        let sha256 = Sha256::of(&bytes);
        let length = bytes.len() as u64;
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(sha256).or_insert(bytes);
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
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&sha256);
        Ok(())
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
