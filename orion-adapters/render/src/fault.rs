//! Working files, and their faults as Orion's errors.

use orion_core::{Error, Result};
use std::io::Read;
use std::path::Path;
use tempfile::TempDir;

/// A fault of reading or writing a file of our own.
pub(crate) fn io(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull
        | std::io::ErrorKind::QuotaExceeded
        | std::io::ErrorKind::FileTooLarge
        | std::io::ErrorKind::ReadOnlyFilesystem => full().with_source(error),
        _ => Error::unexpected("a working file cannot be written or read").with_source(error),
    }
}

/// There is no room.
pub(crate) fn full() -> Error {
    Error::starved("there is no room left for the video").with_hint("make room on the disk")
}

/// Whether a tool says that there was no room for what it wrote. It may say so and end well: what could not be written at
/// the very end is no failure to ffmpeg 5.
pub(crate) fn is_full(said: &str) -> bool {
    ["No space left on device", "Disk quota exceeded"].iter().any(|why| said.contains(why))
}

/// There is no memory for a tool.
pub(crate) fn no_memory() -> Error {
    Error::starved("the machine has no memory left for the video tool")
        .with_hint("end other programs, or give this machine or container more memory")
}

/// Whether a tool ended because the machine had no memory for it: the system has killed it, or it could not even be
/// loaded. What it says of itself counts only there: a file that is none makes it complain of memory, too.
pub(crate) fn ended_for_memory(status: std::process::ExitStatus, said: &str) -> bool {
    #[cfg(unix)]
    const KILL: i32 = 9;
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status) == Some(KILL) {
        return true;
    }
    let unloaded = status.code() == Some(127) && said.contains("error while loading shared libraries");
    unloaded && ["failed to map segment", "annot allocate memory"].iter().any(|why| said.contains(why))
}

/// A program that is there cannot be started: what the machine lacks for it, if that is why.
pub(crate) fn unstarted(error: std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    match error.kind() {
        Io::OutOfMemory | Io::WouldBlock => {
            Error::starved("the machine has no memory or process left for the video tool")
                .with_hint("end other programs, or raise the limits of this one")
                .with_source(error)
        }
        _ => Error::unexpected("the video tool cannot be started").with_source(error),
    }
}

/// A new folder under `work` that is removed with its files when it is dropped.
pub(crate) fn folder(work: &Path, prefix: &str) -> Result<TempDir> {
    std::fs::create_dir_all(work).map_err(io)?;
    tempfile::Builder::new().prefix(prefix).tempdir_in(work).map_err(io)
}

/// Reads until the buffer is full or the stream ends.
pub(crate) fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io(error)),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_lacks_is_told_from_what_is_broken() {
        // EAGAIN (no process left), ENOMEM, ENOSPC and EROFS, as the system gives them.
        for code in [11, 12] {
            let error = unstarted(std::io::Error::from_raw_os_error(code));
            assert!(error.is_starved() && error.hint().is_some(), "{code}: {error:?}");
        }
        for code in [28, 30] {
            assert!(io(std::io::Error::from_raw_os_error(code)).is_starved(), "{code}");
        }
        // ENOEXEC: the program is none.
        assert!(!unstarted(std::io::Error::from_raw_os_error(8)).is_starved());
    }
}
