//! Who works on a record from this machine: one file a worker, locked for as long as its process lives, so that what a
//! killed process held is taken over at once and not only when its lease is over. The system frees a lock even after a
//! kill; a process that stands still keeps its own.

use async_trait::async_trait;
use orion_core::port::Roster;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A file that nobody has locked for so long is of no use to anybody: no lease is as old.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The workers of a data folder.
#[derive(Debug)]
pub(crate) struct FileRoster {
    folder: PathBuf,
    me: Uuid,
    /// Made when it is first needed; `None` if that failed, and nobody can tell when this worker has ended.
    own: OnceCell<Option<File>>,
}

impl FileRoster {
    /// A worker of a name that no other has.
    pub(crate) fn new(data_dir: &Path, me: Uuid) -> Self {
        Self { folder: data_dir.join("workers"), me, own: OnceCell::new() }
    }

    async fn enrol(&self) -> Option<File> {
        let (folder, me) = (self.folder.clone(), self.me);
        let enrolled = tokio::task::spawn_blocking(move || {
            tidy(&folder);
            enrol(&folder, me)
        });
        match enrolled.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::debug!(%error, "others will have to wait for what this process held, should it be killed");
                None
            }
        }
    }
}

#[async_trait]
impl Roster for FileRoster {
    async fn me(&self) -> Uuid {
        self.own.get_or_init(|| self.enrol()).await;
        self.me
    }

    async fn has_ended(&self, worker: Uuid) -> bool {
        let path = path(&self.folder, worker);
        worker != self.me && tokio::task::spawn_blocking(move || has_ended(&path)).await.unwrap_or(false)
    }
}

fn path(folder: &Path, worker: Uuid) -> PathBuf {
    folder.join(format!("{worker}.lock"))
}

/// Makes a worker's file. Nobody asks for it before it is locked: its name is known to nobody.
fn enrol(folder: &Path, me: Uuid) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = path(folder, me);
    let mut file = File::create_new(&path)?;
    let locked = file.lock().and_then(|()| file.write_all(this_start().as_bytes()));
    match locked {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = fs::remove_file(&path);
            Err(error)
        }
    }
}

/// Whether the process that made this file has certainly ended. On a folder that machines share, a lock of another
/// machine need not be seen here: only those of this very start of this machine count.
fn has_ended(path: &Path) -> bool {
    let Ok(made_by) = fs::read_to_string(path) else { return false };
    made_by == this_start() && !made_by.is_empty() && is_free(path)
}

fn is_free(path: &Path) -> bool {
    File::options().append(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Names the start of this machine; empty where the system does not say, and then no other worker counts as ended.
fn this_start() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// Removes files of workers that ended long ago.
fn tidy(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        if matches!(age, Ok(Ok(age)) if age > KEPT) && is_free(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_has_ended_once_its_lock_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, nobody] = [1, 2, 3].map(Uuid::from_u128);
        let (one, other) = (FileRoster::new(folder.path(), a), FileRoster::new(folder.path(), b));
        assert_eq!((one.me().await, one.me().await, other.me().await), (a, a, b));
        assert!(!other.has_ended(a).await && !one.has_ended(b).await, "both live");
        assert!(!one.has_ended(a).await && !one.has_ended(nobody).await);
        drop(one);
        assert!(other.has_ended(a).await);
        assert!(other.has_ended(a).await, "whoever asks changes nothing");
    }

    #[tokio::test]
    async fn a_worker_of_another_machine_is_not_known_to_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = [1, 2].map(Uuid::from_u128);
        let (one, other) = (FileRoster::new(folder.path(), a), FileRoster::new(folder.path(), b));
        one.me().await;
        drop(one);
        fs::write(path(&folder.path().join("workers"), a), "another start").unwrap();
        assert!(!other.has_ended(a).await);
    }

    #[tokio::test]
    async fn where_no_file_can_be_made_there_is_a_name_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("workers"), "in the way").unwrap();
        let one = FileRoster::new(folder.path(), Uuid::from_u128(1));
        assert_eq!(one.me().await, Uuid::from_u128(1));
        assert!(!FileRoster::new(folder.path(), Uuid::from_u128(2)).has_ended(one.me().await).await);
    }

    #[test]
    fn files_of_long_ago_go_and_those_in_use_stay() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * KEPT;
        let [held, old, new] = [1, 2, 3].map(|n| enrol(folder.path(), Uuid::from_u128(n)).unwrap());
        held.set_modified(long_ago).unwrap();
        old.set_modified(long_ago).unwrap();
        drop((old, new));
        tidy(folder.path());
        let left = [1, 2, 3].map(|n| path(folder.path(), Uuid::from_u128(n)).exists());
        assert_eq!(left, [true, false, true]);
    }
}
