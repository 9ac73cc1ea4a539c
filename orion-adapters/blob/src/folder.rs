//! The store itself.

use crate::disk::{Part, digest, failed, sync_folder_of};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::BlobStore;
use orion_core::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Temporary files of a process that died are removed once they are this old.
const STALE: Duration = Duration::from_hours(24);

/// Blobs in a local folder. Clones share it; so may other processes.
#[derive(Debug, Clone)]
pub struct FolderBlobs {
    root: Arc<Path>,
}

impl FolderBlobs {
    /// Opens a folder, makes it if it is not there, and clears away what a dead process left half-written a day ago.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) or [`Invalid`](ErrorKind::Invalid) if the folder cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let store = Self { root: root.into().into() };
        let parts = store.parts();
        fs::create_dir_all(&parts).map_err(|error| failed(error, "cannot make the blob folder", &parts))?;
        sync_folder_of(&parts)?;
        clear_stale(&parts);
        Ok(store)
    }

    /// Where temporary files are written: in the same file system as the blobs, so that they can be renamed.
    fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    /// Where the bytes of a digest stand.
    pub(crate) fn place(&self, sha256: Sha256) -> PathBuf {
        let digest = sha256.to_string();
        let (folder, name) = digest.split_at(2);
        self.root.join(folder).join(name)
    }

    /// Runs work on files where it holds up nobody.
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or_else(|error| Err(Error::unexpected("work on the blob folder broke off").with_source(error)))
    }

    /// Whether the bytes stand there already, undamaged; if so they are as durable as new ones.
    fn has(&self, place: &Path, sha256: Sha256) -> Result<bool> {
        let Ok(mut file) = File::open(place) else { return Ok(false) };
        let there = digest(&mut file, place, |_| Ok(())).is_ok_and(|(found, _)| found == sha256);
        if there {
            sync_folder_of(place)?;
        }
        Ok(there)
    }

    /// Makes the folder that a place lies in.
    fn prepare(&self, place: &Path) -> Result<()> {
        let Some(folder) = place.parent().filter(|folder| !folder.exists()) else { return Ok(()) };
        fs::create_dir_all(folder).map_err(|error| failed(error, "cannot make a folder", folder))?;
        sync_folder_of(folder)
    }

    fn put_now(&self, bytes: &[u8], media_type: String) -> Result<BlobRef> {
        let blob = BlobRef { sha256: Sha256::of(bytes), length: bytes.len() as u64, media_type };
        let place = self.place(blob.sha256);
        if !self.has(&place, blob.sha256)? {
            self.prepare(&place)?;
            let mut part = Part::create(&self.parts())?;
            part.write(bytes)?;
            part.put_at(&place)?;
        }
        Ok(blob)
    }

    fn import_now(&self, path: &Path, media_type: String) -> Result<BlobRef> {
        let unread = |error| failed(error, "cannot read the file to import", path);
        let found = fs::symlink_metadata(path).map_err(unread)?;
        if !found.is_file() {
            return Err(Error::invalid("only a regular file can be imported").with_context("path", path.display()));
        }
        let mut source = File::open(path).map_err(unread)?;
        let (sha256, length) = digest(&mut source, path, |_| Ok(()))?;
        let place = self.place(sha256);
        if self.has(&place, sha256)? {
            if fs::canonicalize(path).map_err(unread)? == fs::canonicalize(&place).map_err(unread)? {
                return Err(Error::invalid("the file to import is a stored one").with_context("path", path.display()));
            }
        } else {
            self.prepare(&place)?;
            source.sync_all().map_err(unread)?;
            // A file with a second name could be changed under that name, so it is copied.
            let moved = if has_one_name(&found) { fs::rename(path, &place) } else { Err(cannot_move()) };
            match moved {
                Ok(()) => sync_folder_of(&place)?,
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    self.copy_in(path, &place, sha256)?;
                }
                Err(error) => return Err(failed(error, "cannot move the file to import", path)),
            }
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(error, "cannot remove the imported file", path))
            }
            _ => Ok(BlobRef { sha256, length, media_type }),
        }
    }

    fn copy_in(&self, path: &Path, place: &Path, sha256: Sha256) -> Result<()> {
        let mut source = File::open(path).map_err(|error| failed(error, "cannot read the file to import", path))?;
        let mut part = Part::create(&self.parts())?;
        let (copied, _) = part.fill(&mut source, path)?;
        if copied != sha256 {
            return Err(Error::conflict("the file was changed while it was imported")
                .with_context("path", path.display())
                .with_hint("import a file only once it is finished"));
        }
        part.put_at(place)
    }

    /// The open file of a digest, if it is there.
    fn open_blob(&self, sha256: Sha256) -> Result<Option<(File, PathBuf)>> {
        let place = self.place(sha256);
        match File::open(&place) {
            Ok(file) => Ok(Some((file, place))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error, "cannot read a stored file", &place)),
        }
    }

    fn get_now(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        let Some((mut file, place)) = self.open_blob(sha256)? else { return Ok(None) };
        let length = file.metadata().map_or(0, |found| found.len());
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let (found, _) = digest(&mut file, &place, |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        if found == sha256 { Ok(Some(bytes.into())) } else { Err(damaged(&place)) }
    }

    fn length_now(&self, sha256: Sha256) -> Result<Option<u64>> {
        let Some((file, place)) = self.open_blob(sha256)? else { return Ok(None) };
        let found = file.metadata().map_err(|error| failed(error, "cannot read a stored file", &place))?;
        Ok(Some(found.len()))
    }

    fn read_now(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        let Some((mut file, place)) = self.open_blob(sha256)? else { return Ok(None) };
        let unread = |error| failed(error, "cannot read a stored file", &place);
        file.seek(SeekFrom::Start(offset)).map_err(unread)?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes).map_err(unread)?;
        Ok(Some(bytes.into()))
    }

    fn export_now(&self, sha256: Sha256, target: &Path) -> Result<()> {
        let (mut file, place) = self
            .open_blob(sha256)?
            .ok_or_else(|| Error::not_found("stored file is missing").with_context("sha256", sha256))?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // A copy and not a second name: whoever edits the export must not change what is stored.
        let mut part = Part::create(folder)?;
        let (found, _) = part.fill(&mut file, &place)?;
        if found == sha256 { part.put_at(target) } else { Err(damaged(&place)) }
    }
}

#[async_trait]
impl BlobStore for FolderBlobs {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        let media_type = media_type.to_owned();
        self.blocking(move |store| store.put_now(&bytes, media_type)).await
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        let (file, media_type) = (file.to_owned(), media_type.to_owned());
        self.blocking(move |store| store.import_now(&file, media_type)).await
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        self.blocking(move |store| store.get_now(sha256)).await
    }

    async fn length(&self, sha256: Sha256) -> Result<Option<u64>> {
        self.blocking(move |store| store.length_now(sha256)).await
    }

    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        self.blocking(move |store| store.read_now(sha256, offset, most)).await
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.blocking(move |store| store.export_now(sha256, &file)).await
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        self.blocking(move |store| Ok(store.open_blob(sha256)?.is_some())).await
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        self.blocking(move |store| {
            let place = store.place(sha256);
            match fs::remove_file(&place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(failed(error, "cannot remove a stored file", &place))
                }
                _ => Ok(()),
            }
        })
        .await
    }
}

fn damaged(place: &Path) -> Error {
    Error::new(ErrorKind::Corrupt, "a stored file has changed since it was written")
        .with_context("path", place.display())
        .with_hint("remove it, and make it again by resuming the run")
}

fn cannot_move() -> io::Error {
    io::Error::from(io::ErrorKind::CrossesDevices)
}

#[cfg(unix)]
fn has_one_name(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) == 1
}

#[cfg(not(unix))]
fn has_one_name(_found: &fs::Metadata) -> bool {
    false
}

/// Removes old temporary files. What cannot be removed now is removed another time.
fn clear_stale(parts: &Path) {
    for entry in fs::read_dir(parts).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            tracing::info!(file = %entry.path().display(), "removing what a dead process left half-written");
            let _ = fs::remove_file(entry.path());
        }
    }
}
