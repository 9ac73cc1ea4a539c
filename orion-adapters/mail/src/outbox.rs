//! Mail for a machine without a mail server: files that a person, or a program, takes from a folder.

use crate::message::{build, random_name, sender};
use async_trait::async_trait;
use lettre::message::Mailbox;
use orion_core::port::{Mail, Mailer};
use orion_core::{Error, ErrorKind, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes messages as `.eml` files that only their owner can read.
#[derive(Debug, Clone)]
pub struct OutboxMailer {
    folder: PathBuf,
    from: Mailbox,
}

impl OutboxMailer {
    /// An outbox in a folder, which is made, for its owner only, if it is not there.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a sender that is no address; [`Forbidden`](ErrorKind::Forbidden) if the
    /// folder cannot be made.
    pub fn open(folder: impl Into<PathBuf>, from: &str) -> Result<Self> {
        let (folder, from) = (folder.into(), sender(from)?);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder).map_err(|error| failed(error, "cannot make the outbox", &folder))?;
        Ok(Self { folder, from })
    }

    /// Writes a file aside, whole and safe from a power cut, and only then gives it its name.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let (aside, place) = (self.folder.join(format!(".{name}.part")), self.folder.join(format!("{name}.eml")));
        let written = create(&aside)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&aside, &place))
            .and_then(|()| sync_folder(&self.folder));
        written.map_err(|error| {
            let _ = fs::remove_file(&aside);
            failed(error, "cannot write into the outbox", &self.folder)
        })?;
        Ok(place)
    }
}

#[async_trait]
impl Mailer for OutboxMailer {
    async fn send(&self, mail: &Mail) -> Result<()> {
        let bytes = build(&self.from, mail)?.formatted();
        // Names sort by time, so that the newest is found at once.
        let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
        let name = format!("{millis}-{}", random_name()?);
        let outbox = self.clone();
        let written = tokio::task::spawn_blocking(move || outbox.write(&name, &bytes)).await;
        let place = written.map_err(|error| Error::unexpected("writing mail broke off").with_source(error))??;
        tracing::info!(file = %place.display(), "mail waits in the outbox");
        Ok(())
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in a folder survive a power cut. Windows does it by itself and cannot open a folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

fn failed(source: io::Error, message: &'static str, path: &Path) -> Error {
    let (kind, hint) = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (ErrorKind::Exhausted, "free some space"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::Forbidden, "make the folder writable, or name another one")
        }
        _ => (ErrorKind::Unavailable, "check the folder"),
    };
    Error::new(kind, message).with_context("path", path.display()).with_hint(hint).with_source(source)
}
