//! Files that a Python object reads while it works: what it is asked about, laid down in a folder of its own.

use bytes::Bytes;
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::BlobStore;
use orion_core::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where such folders are made, and stored files come from.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) blobs: Arc<dyn BlobStore>,
    pub(super) work: PathBuf,
}

/// A folder that goes with who holds it.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the work folder, which is emptied by others too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Does what the file system may take a while for.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::unavailable("the work folder cannot be written").with_source(error)),
        Err(error) => Err(Error::unexpected("writing a file ended by a panic").with_source(error)),
    }
}

impl Desk {
    /// A new folder: `post-…`, `clip-…`, `sound-…`.
    pub(super) async fn folder(&self, kind: &str) -> Result<Folder> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Folder(self.work.join(format!("{kind}-{}-{number}", std::process::id())));
        let path = folder.0.clone();
        apart(move || std::fs::create_dir_all(path)).await?;
        Ok(folder)
    }

    /// Lays a stored file down.
    pub(super) async fn lay(&self, folder: &Folder, blob: &BlobRef, name: &str) -> Result<PathBuf> {
        self.lay_stored(folder, blob.sha256, name).await
    }

    async fn lay_stored(&self, folder: &Folder, file: Sha256, name: &str) -> Result<PathBuf> {
        let path = folder.path(name);
        self.blobs.export(file, &path).await?;
        Ok(path)
    }
}

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.0).join(name)
    }

    /// Lays bytes down.
    pub(super) async fn write(&self, name: &str, bytes: Bytes) -> Result<PathBuf> {
        let path = self.path(name);
        let place = path.clone();
        apart(move || std::fs::write(place, bytes)).await?;
        Ok(path)
    }
}
