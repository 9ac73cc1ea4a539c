//! Files that appear whole or not at all, and what the system's errors mean.

use orion_core::domain::Sha256;
use orion_core::{Error, ErrorKind, Result};
use sha2::Digest;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file under a temporary name. Dropping it removes it, unless it was put in its place.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    path: PathBuf,
}

impl Part {
    /// A new file in a folder, with a name that nobody else takes.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".{:x}-{nanos:x}-{number:x}.part", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| failed(error, "cannot make a file", folder))?;
        Ok(Self { file, path })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| failed(error, "cannot write a file", &self.path))
    }

    /// Copies everything that a reader gives and tells its digest and length.
    pub(crate) fn fill(&mut self, source: &mut File, name: &Path) -> Result<(Sha256, u64)> {
        digest(source, name, |bytes| self.write(bytes))
    }

    /// Makes it whole on the disk and gives it its name, in the place of a file that stood there.
    pub(crate) fn put_at(self, place: &Path) -> Result<()> {
        self.file.sync_all().map_err(|error| failed(error, "cannot write a file", place))?;
        std::fs::rename(&self.path, place).map_err(|error| failed(error, "cannot name a file", place))?;
        sync_folder_of(place)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing under this name.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Reads to the end and tells digest and length; `each` gets the bytes.
pub(crate) fn digest(
    source: &mut File,
    name: &Path,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<(Sha256, u64)> {
    let mut hasher = sha2::Sha256::new();
    let mut length = 0;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = match source.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error, "cannot read a file", name)),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((Sha256(hasher.finalize().into()), length));
        }
        hasher.update(bytes);
        each(bytes)?;
        length += count as u64;
    }
}

/// Makes the names of a file's folder survive a power cut. Windows does it by itself and cannot open a folder.
pub(crate) fn sync_folder_of(file: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(error, "cannot sync a folder", folder))
}

/// Translates an error of the system, once, at this crate's edge.
pub(crate) fn failed(source: io::Error, message: &'static str, path: &Path) -> Error {
    use io::ErrorKind as Io;
    let starved = match source.kind() {
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => Some("the disk is full; free some space"),
        Io::ReadOnlyFilesystem => Some("the disk can only be read now; mount it to be written again"),
        _ => None,
    };
    if let Some(hint) = starved {
        let error = Error::starved(message).with_context("path", path.display());
        return error.with_hint(hint).with_source(source);
    }
    let (kind, hint) = match source.kind() {
        Io::PermissionDenied => (ErrorKind::Forbidden, "make the folder writable, or name another one"),
        Io::NotFound => (ErrorKind::NotFound, "check the path"),
        Io::NotADirectory | Io::IsADirectory | Io::InvalidFilename | Io::InvalidInput => {
            (ErrorKind::Invalid, "check the path")
        }
        _ => (ErrorKind::Unavailable, "check the disk"),
    };
    Error::new(kind, message).with_context("path", path.display()).with_hint(hint).with_source(source)
}
