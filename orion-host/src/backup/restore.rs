//! Puts a backup in the place of an installation: an empty one, unless a full one is to be replaced.

use super::{BATCH, Manifest, Progress, RECORD, Tell, blocking, broken, place, verify};
use crate::delivery::unwritable;
use orion_core::port::{BlobStore, Entry, Place, Store};
use orion_core::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A file on its way into the store. Dropped, it is removed.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // The store has moved it in, if all went well.
        let _ = fs::remove_file(&self.0);
    }
}

/// Restores a backup into a record and a store of files. All of it is checked first; then the files are stored, which
/// changes nothing that was there, and then the record, in one transaction. `work` is a folder for files on their way.
///
/// # Errors
/// - Those of [`verify`](super::verify()); nothing was changed.
/// - [`Conflict`](ErrorKind::Conflict) if the record is not empty, unless it is to be replaced.
/// - [`Corrupt`](ErrorKind::Corrupt), [`Unsupported`](ErrorKind::Unsupported) for an entry that this program cannot
///   read; the record was not changed.
/// - Those of the record and of the files.
pub async fn restore(
    source: &Path,
    store: &dyn Store,
    blobs: &dyn BlobStore,
    work: &Path,
    replace: bool,
    tell: Tell<'_>,
) -> Result<Manifest> {
    let (manifest, list) = verify::checked(source, tell).await?;
    if !replace {
        check_empty(store).await?;
    }
    for (done, file) in (1..).zip(&list) {
        let (from, to) = (place(source, file.sha256), work.join(format!(".{}.restored", file.sha256)));
        let copy = blocking(move || {
            let parent = to.parent().unwrap_or(&to);
            fs::create_dir_all(parent).map_err(|error| unwritable(parent, error))?;
            let copy = Copy(to);
            fs::copy(&from, &copy.0).map_err(|error| unwritable(&copy.0, error))?;
            Ok(copy)
        })
        .await?;
        let stored = blobs.import(&copy.0, &file.media_type).await?;
        if stored.sha256 != file.sha256 {
            return Err(broken("a file of the backup was changed while it was read", &place(source, file.sha256)));
        }
        tell(Progress { unit: "files", done, total: manifest.files });
    }
    let mut tx = store.begin().await?;
    if replace {
        tx.clear().await?;
    }
    let path = source.join(RECORD);
    let mut reader = BufReader::new(File::open(&path).map_err(|error| broken_with(&path, error))?);
    let mut done = 0;
    loop {
        let entries;
        (reader, entries) = blocking({
            let path = path.clone();
            move || next(reader, &path)
        })
        .await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            tx.put_back(entry).await?;
        }
        done += entries.len() as u64;
        tell(Progress { unit: "entries", done, total: manifest.record.lines });
    }
    if done != manifest.record.lines {
        return Err(broken("the record of the backup was changed while it was read", &path));
    }
    tx.commit().await?;
    Ok(manifest)
}

fn broken_with(path: &Path, error: std::io::Error) -> Error {
    broken("the record of the backup cannot be read", path).with_source(error)
}

/// The next entries of a record.
fn next(mut reader: BufReader<File>, path: &Path) -> Result<(BufReader<File>, Vec<Entry>)> {
    let (mut entries, mut line) = (Vec::new(), String::new());
    while entries.len() < BATCH as usize {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| broken_with(path, error))? == 0 {
            break;
        }
        entries.push(serde_json::from_str(&line)?);
    }
    Ok((reader, entries))
}

async fn check_empty(store: &dyn Store) -> Result<()> {
    let mut tx = store.read().await?;
    let mut place = Some(Place::default());
    while let Some(from) = place {
        let (entries, next) = tx.walk(&from, 1).await?;
        if entries.iter().any(|entry| !matches!(entry, Entry::Last { sequence: 0 })) {
            return Err(Error::new(ErrorKind::Conflict, "the record is not empty").with_hint(
                "name an empty one by `store`, or replace all that is in it with --force; stop the platform before",
            ));
        }
        place = next;
    }
    Ok(())
}
