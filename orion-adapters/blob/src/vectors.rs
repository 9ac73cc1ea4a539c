//! Vectors in a folder: one log a collection, read into memory and searched there exactly.
//!
//! A record is written once and stays; a later one of the same key counts. Writers of several processes take turns by a
//! lock on the file, and everybody reads what others have appended before it answers. A record that a crash has torn
//! is told by its checksum; the next writer cuts it off. A log whose records are mostly out of date is written anew.

use crate::disk::{Part, failed};
use async_trait::async_trait;
use orion_core::domain::Sha256;
use orion_core::memory::{ExactVectors, unit};
use orion_core::port::{VectorIndex, VectorMatch};
use orion_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Marks a log, and its form.
const MAGIC: &[u8; 8] = b"orionv1\n";
/// Before each record: its length and its checksum.
const HEAD: usize = 4 + 8;
/// Longest record: a vector of 32,768 numbers with a payload of a megabyte.
const LONGEST: usize = 2 << 20;
/// A log of fewer records is never written anew.
const FEW: usize = 1000;

/// A [`VectorIndex`] in a folder, for one machine. Clones share it, and so may processes.
#[derive(Debug, Clone)]
pub struct FolderVectors {
    folder: PathBuf,
    open: Arc<Mutex<HashMap<String, Log>>>,
}

/// A collection as far as it has been read.
#[derive(Debug, Default)]
struct Log {
    vectors: ExactVectors,
    /// Up to where the file has been read.
    read: u64,
    /// Records until there.
    records: usize,
    /// Which file it was: another one under the same name has been written anew.
    file: Option<(u64, u64)>,
}

/// What stands before the numbers of a record. Without numbers the key is forgotten.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    key: String,
    payload: serde_json::Value,
}

impl FolderVectors {
    /// An index in this folder, which is made when something is first kept in it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), open: Arc::default() }
    }

    /// The file of a collection: its name if that is plain, and a hash of it so that no two share one.
    fn path(&self, collection: &str) -> PathBuf {
        let plain: String = collection.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
        let hash = Sha256::of(collection.as_bytes()).to_string();
        self.folder.join(format!("{plain}-{}.vectors", hash.get(..8).unwrap_or_default()))
    }

    /// Does something with a collection that has been read to its end, away from async tasks.
    async fn with<T: Send + 'static>(
        &self,
        collection: &str,
        work: impl FnOnce(&mut Log, &Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (this, collection) = (self.clone(), collection.to_owned());
        let work = move || {
            let path = this.path(&collection);
            let mut open = this.open.lock().unwrap_or_else(PoisonError::into_inner);
            work(open.entry(collection).or_default(), &path)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::unexpected("the search of vectors stopped").with_source(error))?
    }
}

impl Log {
    /// Reads what was appended since. A torn record at the end is left alone.
    fn catch_up(&mut self, file: &mut File, path: &Path) -> Result<()> {
        let failed = |error| failed(error, "cannot read vectors", path);
        let metadata = file.metadata().map_err(failed)?;
        let length = metadata.len();
        let identity = identity(&metadata);
        if self.file != Some(identity) || length < self.read {
            *self = Self { file: Some(identity), ..Self::default() };
        }
        if length <= self.read {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.read)).map_err(failed)?;
        let mut bytes = Vec::new();
        Read::by_ref(file).take(length - self.read).read_to_end(&mut bytes).map_err(failed)?;
        let mut rest = bytes.as_slice();
        if self.read == 0 {
            let Some(after) = rest.strip_prefix(MAGIC.as_slice()) else {
                // Torn at its very beginning, it holds nothing yet.
                if MAGIC.starts_with(rest) {
                    return Ok(());
                }
                return Err(Error::new(ErrorKind::Corrupt, "this file holds no vectors")
                    .with_context("path", path.display())
                    .with_hint("move it away; it will be made anew"));
            };
            rest = after;
            self.read = MAGIC.len() as u64;
        }
        while let Some((record, after)) = whole(rest) {
            self.apply(record)?;
            self.read += (rest.len() - after.len()) as u64;
            self.records += 1;
            rest = after;
        }
        Ok(())
    }

    fn apply(&mut self, record: &[u8]) -> Result<()> {
        let corrupt = || Error::new(ErrorKind::Corrupt, "a record of vectors does not make sense");
        let (size, rest) = record.split_at_checked(4).ok_or_else(corrupt)?;
        let size = u32::from_le_bytes(size.try_into().map_err(|_| corrupt())?) as usize;
        let (entry, numbers) = rest.split_at_checked(size).ok_or_else(corrupt)?;
        let entry: Entry = serde_json::from_slice(entry)?;
        match (entry.payload, numbers) {
            (_, []) => drop(self.vectors.remove(&entry.key)),
            (payload, numbers) => {
                let numbers =
                    numbers.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
                self.vectors.insert(&entry.key, &numbers.collect::<Vec<_>>(), payload)?;
            }
        }
        Ok(())
    }

    /// Appends a record, after what others have appended; `allowed` looks at the collection first.
    fn append(
        &mut self,
        path: &Path,
        record: &[u8],
        allowed: impl FnOnce(&ExactVectors) -> Result<bool>,
    ) -> Result<()> {
        let failed = |error| failed(error, "cannot write vectors", path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = loop {
            let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
            file.lock().map_err(failed)?;
            // Somebody may have put another file in its place while this one was waited for.
            let (ours, there) = (file.metadata().map_err(failed)?, std::fs::metadata(path));
            if there.is_ok_and(|there| identity(&there) == identity(&ours)) {
                break file;
            }
        };
        self.catch_up(&mut file, path)?;
        if !allowed(&self.vectors)? {
            return Ok(());
        }
        if file.metadata().map_err(failed)?.len() > self.read {
            file.set_len(self.read).map_err(failed)?;
        }
        let mut bytes = Vec::with_capacity(MAGIC.len() + record.len());
        if self.read == 0 {
            bytes.extend_from_slice(MAGIC);
        }
        bytes.extend_from_slice(record);
        file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(failed)?;
        self.catch_up(&mut file, path)?;
        if self.records > FEW && self.records > 2 * self.vectors.len() {
            self.write_anew(path)?;
        }
        Ok(())
    }

    /// Writes what counts into a new file, which takes the place of the old one while that is locked.
    fn write_anew(&mut self, path: &Path) -> Result<()> {
        let mut part = Part::create(path.parent().unwrap_or(path))?;
        part.write(MAGIC)?;
        for (key, numbers, payload) in self.vectors.iter() {
            part.write(&record(key, numbers, payload.clone())?)?;
        }
        part.put_at(path)?;
        *self = Self::default();
        Ok(())
    }
}

/// The first record of some bytes if it is whole, and what follows it.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    let (record, after) = rest.split_at_checked(length)?;
    (checksum(record) == head[4..]).then_some((record, after))
}

fn record(key: &str, numbers: &[f32], payload: serde_json::Value) -> Result<Vec<u8>> {
    let entry = serde_json::to_vec(&Entry { key: key.to_owned(), payload })?;
    let mut body = Vec::with_capacity(4 + entry.len() + 4 * numbers.len());
    body.extend_from_slice(&(entry.len() as u32).to_le_bytes());
    body.extend_from_slice(&entry);
    numbers.iter().for_each(|number| body.extend_from_slice(&number.to_le_bytes()));
    if body.len() > LONGEST {
        return Err(Error::new(ErrorKind::Exhausted, "a vector with its payload is too large")
            .with_context("bytes", body.len())
            .with_context("limit", LONGEST));
    }
    let mut record = Vec::with_capacity(HEAD + body.len());
    record.extend_from_slice(&(body.len() as u32).to_le_bytes());
    record.extend_from_slice(&checksum(&body));
    record.extend_from_slice(&body);
    Ok(record)
}

/// The first eight bytes of the SHA-256.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

/// What tells two files apart.
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[async_trait]
impl VectorIndex for FolderVectors {
    async fn upsert(&self, collection: &str, key: &str, vector: &[f32], payload: serde_json::Value) -> Result<()> {
        let unit = unit(vector)?;
        let record = record(key, &unit, payload)?;
        let work =
            move |log: &mut Log, path: &Path| log.append(path, &record, |vectors| vectors.check(&unit).map(|()| true));
        self.with(collection, work).await
    }

    async fn search(&self, collection: &str, vector: &[f32], limit: usize) -> Result<Vec<VectorMatch>> {
        let unit = unit(vector)?;
        let work = move |log: &mut Log, path: &Path| match File::open(path) {
            Ok(mut file) => {
                log.catch_up(&mut file, path)?;
                log.vectors.nearest(&unit, limit)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error, "cannot read vectors", path)),
        };
        self.with(collection, work).await
    }

    async fn delete(&self, collection: &str, key: &str) -> Result<()> {
        let record = record(key, &[], serde_json::Value::Null)?;
        let key = key.to_owned();
        let work = move |log: &mut Log, path: &Path| {
            if !path.exists() {
                return Ok(());
            }
            log.append(path, &record, |vectors| Ok(vectors.contains(&key)))
        };
        self.with(collection, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    async fn make() -> (Arc<dyn VectorIndex>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Arc::new(FolderVectors::new(folder.path().join("vectors"))), folder)
    }
    orion_core::vector_conformance!(make);

    async fn keys(index: &FolderVectors) -> Vec<String> {
        index.search("c", &[1.0, 0.1], 999).await.unwrap().into_iter().map(|found| found.key).collect()
    }

    #[tokio::test]
    async fn what_one_process_keeps_another_finds_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (FolderVectors::new(folder.path()), FolderVectors::new(folder.path()));
        one.upsert("c", "a", &[1.0, 0.0], json!(1)).await.unwrap();
        two.upsert("c", "b", &[0.0, 1.0], json!(2)).await.unwrap();
        assert_eq!(keys(&one).await, ["a", "b"]);
        one.delete("c", "a").await.unwrap();
        assert_eq!(keys(&two).await, ["b"]);
        assert_eq!(keys(&FolderVectors::new(folder.path())).await, ["b"]);
        let writers = (0..4_u32).map(|n| {
            let index = FolderVectors::new(folder.path());
            tokio::spawn(async move {
                for m in 0..25_u32 {
                    index.upsert("c", &format!("{n}/{m}"), &[1.0, (n * 25 + m) as f32], json!(m)).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(keys(&one).await.len(), 101);
    }

    #[tokio::test]
    async fn a_record_that_a_crash_has_torn_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let index = FolderVectors::new(folder.path());
        index.upsert("c", "a", &[1.0, 0.0], json!(1)).await.unwrap();
        let path = index.path("c");
        let whole = std::fs::read(&path).unwrap();
        index.upsert("c", "b", &[0.0, 1.0], json!(2)).await.unwrap();
        let both = std::fs::read(&path).unwrap();
        for length in 0..both.len() {
            std::fs::write(&path, &both[..length]).unwrap();
            let index = FolderVectors::new(folder.path());
            let expected: &[&str] = if length >= whole.len() { &["a"] } else { &[] };
            assert_eq!(keys(&index).await, expected, "{length}");
            index.upsert("c", "d", &[0.5, 0.5], json!(4)).await.unwrap();
            assert_eq!(keys(&FolderVectors::new(folder.path())).await.len(), expected.len() + 1, "{length}");
        }
        std::fs::write(&path, "something else entirely").unwrap();
        let other = FolderVectors::new(folder.path()).search("c", &[1.0, 0.0], 1).await;
        assert_eq!(other.unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[tokio::test]
    async fn a_log_is_written_anew_when_most_of_it_is_out_of_date() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (FolderVectors::new(folder.path()), FolderVectors::new(folder.path()));
        for n in 0..=FEW as u32 {
            one.upsert("c", &format!("{}", n % 3), &[1.0, n as f32], json!(n)).await.unwrap();
            if n == 500 {
                assert_eq!(keys(&two).await.len(), 3);
            }
        }
        assert!(std::fs::metadata(one.path("c")).unwrap().len() < 500);
        for index in [&one, &two] {
            let found = index.search("c", &[1.0, 1000.0], 9).await.unwrap();
            let mut last: Vec<u64> = found.iter().map(|found| found.payload.as_u64().unwrap()).collect();
            last.sort_unstable();
            assert_eq!(last, [998, 999, 1000]);
        }
    }
}
