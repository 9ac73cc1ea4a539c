//! Files that become visible whole or not at all.

use orion_core::domain::Sha256;
use orion_core::{Error, ErrorKind, Result};
use sha2::Digest;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Distinguishes the drafts of one process; the process id distinguishes processes.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// A file under a temporary name. Dropping it removes it.
pub(crate) struct Draft {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    keep: bool,
}

impl Draft {
    fn name(folder: &Path) -> PathBuf {
        let number = DRAFTS.fetch_add(1, Ordering::SeqCst);
        folder.join(format!(".draft-{}-{number}", std::process::id()))
    }

    /// A new, empty draft.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self> {
        let path = Self::name(folder);
        let file = File::create(&path).map_err(|error| fault("cannot write a file", &path, error))?;
        Ok(Self { file, path, keep: false })
    }

    /// A draft with what a file holds.
    pub(crate) fn copy_of(source: &Path, folder: &Path) -> Result<Self> {
        let mut from = File::open(source).map_err(|error| fault("cannot read a file", source, error))?;
        let mut draft = Self::in_folder(folder)?;
        std::io::copy(&mut from, &mut draft.file).map_err(|error| fault("cannot write a file", &draft.path, error))?;
        Ok(draft)
    }

    /// A draft that shares the bytes of a file by a second name; `None` across file systems.
    pub(crate) fn adopt(source: &Path, folder: &Path) -> Result<Option<Self>> {
        let path = Self::name(folder);
        if fs::hard_link(source, &path).is_err() {
            return Ok(None);
        }
        let file = File::open(&path).map_err(|error| fault("cannot read a file", &path, error))?;
        Ok(Some(Self { file, path, keep: false }))
    }

    /// Syncs the draft and gives it its name.
    pub(crate) fn rename(mut self, to: &Path) -> Result<()> {
        self.file.sync_all().map_err(|error| fault("cannot write a file", to, error))?;
        fs::rename(&self.path, to).map_err(|error| fault("cannot write a file", to, error))?;
        self.keep = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes renames in a folder permanent.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| fault("cannot write a folder", folder, error))
}

/// Hash and length of a file, read in pieces.
pub(crate) fn hash_file(path: &Path) -> Result<(Sha256, u64)> {
    let failed = |error| fault("cannot read a file", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut digest = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return Ok((Sha256(digest.finalize().into()), length));
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        length += read as u64;
    }
}

/// What the operating system said, in Orion's words.
pub(crate) fn fault(what: &'static str, path: &Path, error: std::io::Error) -> Error {
    use std::io::ErrorKind as Os;
    let (kind, hint) = match error.kind() {
        Os::StorageFull | Os::QuotaExceeded | Os::FileTooLarge => {
            (ErrorKind::Exhausted, "free some space and try again")
        }
        Os::PermissionDenied | Os::ReadOnlyFilesystem => {
            (ErrorKind::Forbidden, "check who may write there, or name another folder")
        }
        Os::NotFound => (ErrorKind::NotFound, "check the path"),
        _ => (ErrorKind::Unavailable, "check the disk"),
    };
    Error::new(kind, what).with_context("path", path.display()).with_hint(hint).with_source(error)
}
