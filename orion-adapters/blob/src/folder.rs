//! The store itself.

use crate::disk::{Part, digest, failed, sync_folder_of};
use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::{BlobStore, Shelf, Stored};
use orion_core::{Error, ErrorKind, Result, Timestamp};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        // What cannot be removed now is removed another time.
        let _ = store.tidy_now(moment(SystemTime::now()).before(STALE));
        Ok(store)
    }

    /// Where temporary files are written: in the same file system as the blobs, so that they can be renamed.
    fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    /// Where the bytes of a digest stand.
    pub(crate) fn place(&self, sha256: Sha256) -> PathBuf {
        self.on(Shelf::Kept, sha256)
    }

    /// The folder of a shelf.
    fn shelf(&self, shelf: Shelf) -> PathBuf {
        match shelf {
            Shelf::Kept => self.root.to_path_buf(),
            Shelf::Aside => self.root.join("aside"),
        }
    }

    /// Where the bytes of a digest stand on a shelf.
    fn on(&self, shelf: Shelf, sha256: Sha256) -> PathBuf {
        let digest = sha256.to_string();
        let (folder, name) = digest.split_at(2);
        self.shelf(shelf).join(folder).join(name)
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
            // Whoever sweeps sees that it was kept again; where that cannot be said it is found by the row.
            let _ = file.set_modified(SystemTime::now());
            sync_folder_of(place)?;
        }
        // It may have been set aside meanwhile, and has to stand here for whoever keeps it now.
        Ok(there && place.exists())
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
            // As old as its place, whenever it was made.
            let _ = source.set_modified(SystemTime::now());
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

    /// The open file of a digest, if it is there: in its place, or aside, or in its place again if it was taken back
    /// between the two looks.
    fn open_blob(&self, sha256: Sha256) -> Result<Option<(File, PathBuf)>> {
        for shelf in [Shelf::Kept, Shelf::Aside, Shelf::Kept, Shelf::Aside] {
            let place = self.on(shelf, sha256);
            match File::open(&place) {
                Ok(file) => return Ok(Some((file, place))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error, "cannot read a stored file", &place)),
            }
        }
        Ok(None)
    }

    fn list_now(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        let root = self.shelf(shelf);
        let mut listed = Vec::new();
        for first in after.map_or(0, |after| after.0[0])..=u8::MAX {
            if listed.len() >= most {
                break;
            }
            let folder = root.join(format!("{first:02x}"));
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error, "cannot list stored files", &folder)),
            };
            let mut names = Vec::new();
            for entry in entries {
                let name = entry.map_err(|error| failed(error, "cannot list stored files", &folder))?.file_name();
                // Whatever else lies there is not ours.
                let digest = name.to_str().and_then(|name| format!("{first:02x}{name}").parse::<Sha256>().ok());
                names.extend(digest.filter(|digest| after.is_none_or(|after| *digest > after)));
            }
            names.sort_unstable();
            for sha256 in names {
                // What went meanwhile is not listed.
                let Ok(found) = fs::metadata(self.on(shelf, sha256)) else { continue };
                let since = moment(found.modified().unwrap_or_else(|_| SystemTime::now()));
                listed.push(Stored { sha256, length: found.len(), since });
            }
        }
        listed.truncate(most);
        Ok(listed)
    }

    /// Moves bytes from one shelf to the other, where they are as old as the move.
    fn move_now(&self, sha256: Sha256, from: Shelf, to: Shelf) -> Result<()> {
        let (from, to) = (self.on(from, sha256), self.on(to, sha256));
        let failed = |error: io::Error, place: &Path| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(failed(error, "cannot move a stored file", place)),
        };
        match File::open(&from).and_then(|file| file.set_modified(SystemTime::now())) {
            Ok(()) => {}
            Err(error) => return failed(error, &from),
        }
        self.prepare(&to)?;
        match fs::rename(&from, &to) {
            Ok(()) => sync_folder_of(&to).and_then(|()| sync_folder_of(&from)),
            Err(error) => failed(error, &from),
        }
    }

    fn remove_now(&self, sha256: Sha256, shelf: Shelf) -> Result<()> {
        let place = self.on(shelf, sha256);
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(error, "cannot remove a stored file", &place))
            }
            _ => Ok(()),
        }
    }

    /// Removes temporary files of processes that died.
    fn tidy_now(&self, before: Timestamp) -> Result<u64> {
        let parts = self.parts();
        let entries = fs::read_dir(&parts).map_err(|error| failed(error, "cannot list temporary files", &parts))?;
        let mut removed = 0;
        for entry in entries.flatten() {
            let modified = entry.metadata().and_then(|found| found.modified());
            if modified.is_ok_and(|modified| moment(modified) < before) && fs::remove_file(entry.path()).is_ok() {
                tracing::info!(file = %entry.path().display(), "removed what a dead process left half-written");
                removed += 1;
            }
        }
        Ok(removed)
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
            store.remove_now(sha256, Shelf::Kept)?;
            store.remove_now(sha256, Shelf::Aside)
        })
        .await
    }

    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        self.blocking(move |store| store.list_now(shelf, after, most)).await
    }

    async fn set_aside(&self, sha256: Sha256) -> Result<()> {
        self.blocking(move |store| store.move_now(sha256, Shelf::Kept, Shelf::Aside)).await
    }

    async fn take_back(&self, sha256: Sha256) -> Result<()> {
        self.blocking(move |store| store.move_now(sha256, Shelf::Aside, Shelf::Kept)).await
    }

    async fn discard(&self, sha256: Sha256) -> Result<()> {
        self.blocking(move |store| store.remove_now(sha256, Shelf::Aside)).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<u64> {
        self.blocking(move |store| store.tidy_now(before)).await
    }
}

/// A time of the file system.
pub(crate) fn moment(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
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
