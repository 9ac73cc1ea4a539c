//! Writes a backup while everything goes on.

use super::{
    BATCH, FILES, FORMAT, LEFT_OUT, LIST, Listed, Listing, MANIFEST, Manifest, Progress, RECORD, Tally, Tell, blocking,
    left_out, place, secrets_inside,
};
use crate::delivery::{sync_folder, unwritable, write_file};
use orion_core::domain::{BlobRef, Sha256};
use orion_core::port::{BlobStore, Entry, Place, Shelf, Store};
use orion_core::service::sweep::each_digest;
use orion_core::{Error, ErrorKind, Result, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Stored files that are listed at once.
const LISTED: usize = 1000;

/// A folder on its way to its name. Dropped before, it is removed with all that is in it.
struct Aside {
    path: PathBuf,
    done: bool,
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be removed has no manifest, and so is no backup.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// What rows name.
#[derive(Default)]
struct Named {
    /// Stored files, by the words that make them one: hash, length, media type.
    files: BTreeMap<Sha256, BlobRef>,
    /// Every other digest; some are those of stored files.
    others: HashSet<Sha256>,
}

/// Copies a record and the files that its rows name into a new folder. The record is of one moment; the files are read
/// afterwards, checked by their hashes. Until all of it is on the disk the folder has another name.
///
/// # Errors
/// - [`AlreadyExists`](ErrorKind::AlreadyExists) if something is at `target` already.
/// - [`Exhausted`](ErrorKind::Exhausted), [`Forbidden`](ErrorKind::Forbidden): the folder cannot be written.
/// - Those of the record and the files. A file that is missing or damaged where it is stored ends nothing: it is named
///   by the manifest.
pub async fn back_up(
    store: &dyn Store,
    blobs: &dyn BlobStore,
    target: &Path,
    made_at: Timestamp,
    tell: Tell<'_>,
) -> Result<Manifest> {
    let target = std::path::absolute(target).map_err(|error| unwritable(target, error))?;
    let mut aside = begin(&target)?;
    let folder = aside.path.clone();
    let (record, entries, named) = record(store, &folder, tell).await?;
    let (files, missing) = files(blobs, &folder, named, tell).await?;
    let lines: Vec<String> = files.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    let list = blocking({
        let folder = folder.clone();
        move || {
            let mut writer = Lines::create(&folder.join(LIST))?;
            writer.write(&lines)?;
            writer.finish()
        }
    })
    .await?;
    let manifest = Manifest {
        format: FORMAT,
        orion: env!("CARGO_PKG_VERSION").to_owned(),
        made_at,
        record,
        entries,
        list,
        files: files.len() as u64,
        file_bytes: files.iter().map(|file| file.length).sum(),
        missing,
        secrets_inside: secrets_inside(),
        left_out: left_out(),
    };
    let mut json = serde_json::to_vec_pretty(&manifest)?;
    json.push(b'\n');
    blocking(move || {
        write_file(&folder.join(MANIFEST), &json)?;
        sync_folder(&folder.join(FILES))?;
        // A folder that was made there meanwhile is only replaced if it is empty.
        fs::rename(&folder, &target).map_err(|error| unwritable(&target, error))?;
        sync_folder(target.parent().unwrap_or(&target))
    })
    .await?;
    aside.done = true;
    Ok(manifest)
}

/// Makes the folder beside its place, for nobody else to read.
fn begin(target: &Path) -> Result<Aside> {
    let is_free = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(Error::new(ErrorKind::AlreadyExists, "there is something already")
            .with_context("path", target.display())
            .with_hint("name a new folder: a backup replaces nothing"));
    }
    let name = target
        .file_name()
        .ok_or_else(|| Error::invalid("this path names no folder").with_context("path", target.display()))?;
    let path = target.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&path).map_err(|error| unwritable(&path, error))?;
    let aside = Aside { path, done: false };
    fs::create_dir(aside.path.join(FILES)).map_err(|error| unwritable(&aside.path, error))?;
    Ok(aside)
}

/// Lines on their way into a file.
struct Lines {
    file: File,
    path: PathBuf,
    tally: Tally,
}

impl Lines {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path).map_err(|error| unwritable(path, error))?;
        Ok(Self { file, path: path.to_owned(), tally: Tally::default() })
    }

    fn write(&mut self, lines: &[String]) -> Result<()> {
        let mut text = lines.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        self.tally.add(text.as_bytes());
        self.file.write_all(text.as_bytes()).map_err(|error| unwritable(&self.path, error))
    }

    fn finish(self) -> Result<Listing> {
        self.file.sync_all().map_err(|error| unwritable(&self.path, error))?;
        Ok(self.tally.listing())
    }
}

async fn record(store: &dyn Store, folder: &Path, tell: Tell<'_>) -> Result<(Listing, BTreeMap<String, u64>, Named)> {
    let mut writer = Lines::create(&folder.join(RECORD))?;
    let (mut counts, mut named) = (BTreeMap::new(), Named::default());
    let mut tx = store.read().await?;
    let mut place = Some(Place::default());
    while let Some(from) = place {
        let (entries, next) = tx.walk(&from, BATCH).await?;
        let mut lines = Vec::with_capacity(entries.len());
        for entry in &entries {
            if let Entry::Row { table, doc } = entry {
                if LEFT_OUT.contains(&table.as_str()) {
                    continue;
                }
                named.read(doc)?;
            }
            *counts.entry(kind(entry).to_owned()).or_default() += 1;
            lines.push(serde_json::to_string(entry)?);
        }
        writer = blocking(move || writer.write(&lines).map(|()| writer)).await?;
        tell(Progress { unit: "entries", done: counts.values().sum(), total: 0 });
        place = next;
    }
    drop(tx);
    Ok((blocking(move || writer.finish()).await?, counts, named))
}

/// The name under which an entry is counted.
pub(super) fn kind(entry: &Entry) -> &str {
    match entry {
        Entry::Row { table, .. } => table,
        Entry::Event { .. } => "log.events",
        Entry::Group { .. } => "log.groups",
        Entry::Delivery { .. } => "log.deliveries",
        Entry::Last { .. } => "log.last",
    }
}

impl Named {
    fn read(&mut self, doc: &str) -> Result<()> {
        each_digest(doc, |digest| {
            self.others.insert(digest);
        });
        self.look(&serde_json::from_str(doc)?);
        Ok(())
    }

    fn look(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                if let Ok(blob) = serde_json::from_value::<BlobRef>(value.clone()) {
                    self.files.insert(blob.sha256, blob);
                }
                object.values().for_each(|value| self.look(value));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|value| self.look(value)),
            _ => {}
        }
    }
}

/// Copies the files, and gives their list, and those that could not be had.
async fn files(
    blobs: &dyn BlobStore,
    folder: &Path,
    named: Named,
    tell: Tell<'_>,
) -> Result<(Vec<Listed>, Vec<Sha256>)> {
    let mut wanted: BTreeSet<Sha256> = named.files.keys().copied().collect();
    for shelf in [Shelf::Kept, Shelf::Aside] {
        let mut after = None;
        loop {
            let listed = blobs.list(shelf, after, LISTED).await?;
            let Some(last) = listed.last() else { break };
            after = Some(last.sha256);
            wanted.extend(listed.iter().map(|stored| stored.sha256).filter(|sha256| named.others.contains(sha256)));
        }
    }
    let total = wanted.len() as u64;
    let (mut list, mut missing) = (Vec::new(), Vec::new());
    for (done, sha256) in (1..).zip(wanted) {
        let place = place(folder, sha256);
        let parent = place.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| unwritable(parent, error))?;
        match blobs.export(sha256, &place).await {
            Ok(()) => {
                let length = fs::metadata(&place).map_err(|error| unwritable(&place, error))?.len();
                let media_type = named.files.get(&sha256).map(|blob| blob.media_type.clone());
                let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
                list.push(Listed { sha256, length, media_type });
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => {
                tracing::warn!(%error, %sha256, "a stored file cannot be backed up");
                missing.push(sha256);
            }
            Err(error) => return Err(error),
        }
        tell(Progress { unit: "files", done, total });
    }
    Ok((list, missing))
}
