//! Local files on their way in and out.

use orion_core::domain::Sha256;
use orion_core::{Error, ErrorKind, Result};
use sha2::Digest;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Runs work on files where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::unexpected("work on a file broke off").with_source(error)))
}

/// Digest and length of a regular file.
pub(crate) fn digest(path: &Path) -> Result<(Sha256, u64)> {
    let unread = |error| failed(error, "cannot read the file to import", path);
    if !std::fs::symlink_metadata(path).map_err(unread)?.is_file() {
        return Err(Error::invalid("only a regular file can be imported").with_context("path", path.display()));
    }
    let mut file = File::open(path).map_err(unread)?;
    let mut hasher = sha2::Sha256::new();
    let (mut buffer, mut length) = (vec![0; 1 << 18], 0);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((Sha256(hasher.finalize().into()), length)),
            Ok(count) => {
                hasher.update(buffer.get(..count).unwrap_or_default());
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unread(error)),
        }
    }
}

/// The next bytes of a file: as many as asked for, and fewer only at its end.
pub(crate) fn next(file: &mut File, most: usize, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(most as u64).read_to_end(&mut bytes);
    read.map_err(|error| failed(error, "cannot read the file to import", path))?;
    Ok(bytes)
}

/// A file under a temporary name beside the one that it will be. Dropping it removes it.
pub(crate) struct Part {
    file: tempfile::NamedTempFile,
    target: PathBuf,
    hasher: sha2::Sha256,
}

impl Part {
    pub(crate) fn beside(target: &Path) -> Result<Self> {
        let folder = folder_of(target);
        let file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
        let file = file.map_err(|error| failed(error, "cannot make a file", folder))?;
        Ok(Self { file, target: target.to_owned(), hasher: sha2::Sha256::new() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(|error| failed(error, "cannot write a file", &self.target))
    }

    /// Gives it its name if it has this digest, in the place of a file that stood there; tells whether it has.
    pub(crate) fn finish(self, sha256: Sha256) -> Result<bool> {
        if Sha256(self.hasher.finalize().into()) != sha256 {
            return Ok(false);
        }
        let unwritten = |error| failed(error, "cannot write a file", &self.target);
        readable(self.file.as_file()).and_then(|()| self.file.as_file().sync_all()).map_err(unwritten)?;
        self.file.persist(&self.target).map_err(|error| unwritten(error.error))?;
        if cfg!(unix) {
            File::open(folder_of(&self.target)).and_then(|folder| folder.sync_all()).map_err(unwritten)?;
        }
        Ok(true)
    }
}

/// A temporary file may be read by its owner only; an exported one is as any other.
fn readable(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Translates an error of the system.
pub(crate) fn failed(source: io::Error, message: &'static str, path: &Path) -> Error {
    use io::ErrorKind as Io;
    let kind = match source.kind() {
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge | Io::ReadOnlyFilesystem => {
            return Error::starved(message).with_context("path", path.display()).with_source(source);
        }
        Io::PermissionDenied => ErrorKind::Forbidden,
        Io::NotFound => ErrorKind::NotFound,
        Io::NotADirectory | Io::IsADirectory | Io::InvalidFilename | Io::InvalidInput => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, message).with_context("path", path.display()).with_source(source)
}
