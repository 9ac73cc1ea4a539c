//! Content-addressed blobs in a local folder.
//!
//! A blob lies at `ab/cdef…`, the hex digits of its SHA-256. It is written under a temporary name in the same
//! folder, synced, renamed into place, and the folder is synced: what is there is whole, even after a power cut.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests fail by panicking"))]

mod file;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use bytes::Bytes;
use file::{Draft, fault, hash_file, sync_folder};
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::BlobStore;
use orion_core::{Error, ErrorKind, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Blobs in a folder. Cheap to clone; several processes may share the folder.
#[derive(Debug, Clone)]
pub struct FolderBlobs {
    folder: PathBuf,
}

impl FolderBlobs {
    /// Opens a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if the folder must not be written, [`Exhausted`](ErrorKind::Exhausted)
    /// if there is no room for it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(|error| fault("cannot make the folder of stored files", &folder, error))?;
        Ok(Self { folder })
    }

    fn path(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        let (shelf, rest) = name.split_at(2);
        self.folder.join(shelf).join(rest)
    }

    /// Puts a finished draft in its place.
    fn shelve(&self, draft: Draft, sha256: Sha256) -> Result<()> {
        let path = self.path(sha256);
        let shelf = path.parent().unwrap_or(&self.folder).to_owned();
        fs::create_dir_all(&shelf).map_err(|error| fault("cannot store a file", &shelf, error))?;
        draft.rename(&path)?;
        sync_folder(&shelf)
    }

    fn put_now(&self, bytes: &[u8], media_type: &str) -> Result<BlobRef> {
        let sha256 = Sha256::of(bytes);
        if !self.path(sha256).is_file() {
            let mut draft = Draft::in_folder(&self.folder)?;
            draft.file.write_all(bytes).map_err(|error| fault("cannot store a file", &draft.path, error))?;
            self.shelve(draft, sha256)?;
        }
        Ok(BlobRef { sha256, length: bytes.len() as u64, media_type: media_type.to_owned() })
    }

    fn import_now(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        let (sha256, length) = hash_file(file)?;
        let path = self.path(sha256);
        if !path.is_file() {
            match Draft::adopt(file, &self.folder)? {
                // The same file system: the file itself moves, nothing is copied.
                Some(draft) => self.shelve(draft, sha256)?,
                None => {
                    let draft = Draft::copy_of(file, &self.folder)?;
                    self.shelve(draft, sha256)?;
                }
            }
        }
        match fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(fault("cannot remove an imported file", file, error))
            }
            _ => Ok(BlobRef { sha256, length, media_type: media_type.to_owned() }),
        }
    }

    fn get_now(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        let path = self.path(sha256);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault("cannot read a stored file", &path, error)),
        };
        if Sha256::of(&bytes) != sha256 {
            return Err(Error::new(ErrorKind::Corrupt, "a stored file has changed").with_context("sha256", sha256));
        }
        Ok(Some(bytes.into()))
    }

    fn export_now(&self, sha256: Sha256, file: &Path) -> Result<()> {
        let path = self.path(sha256);
        if !path.is_file() {
            return Err(Error::not_found("stored file is missing").with_context("sha256", sha256));
        }
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A copy, not a link: whoever edits the exported file must not change the stored one.
        let draft = Draft::copy_of(&path, folder)?;
        draft.rename(file)?;
        sync_folder(folder)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let blobs = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&blobs)).await;
        done.map_err(|error| Error::unexpected("work on stored files was cut off").with_source(error))?
    }
}

#[async_trait]
impl BlobStore for FolderBlobs {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        let media_type = media_type.to_owned();
        self.blocking(move |blobs| blobs.put_now(&bytes, &media_type)).await
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        let (file, media_type) = (file.to_owned(), media_type.to_owned());
        self.blocking(move |blobs| blobs.import_now(&file, &media_type)).await
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        self.blocking(move |blobs| blobs.get_now(sha256)).await
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.blocking(move |blobs| blobs.export_now(sha256, &file)).await
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        self.blocking(move |blobs| Ok(blobs.path(sha256).is_file())).await
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        self.blocking(move |blobs| match fs::remove_file(blobs.path(sha256)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(fault("cannot remove a stored file", &blobs.path(sha256), error))
            }
            _ => Ok(()),
        })
        .await
    }
}
