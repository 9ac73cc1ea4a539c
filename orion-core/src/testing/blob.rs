//! Scenarios of [`BlobStore`](crate::port::BlobStore).
#![expect(
    clippy::disallowed_methods,
    reason = "the port hands files over by their paths; the suite brings and reads them"
)]

use super::assert_fails;
use crate::ErrorKind::NotFound;
use crate::Timestamp;
use crate::domain::Sha256;
use crate::port::{BlobStore, Shelf};
use bytes::Bytes;
use futures_util::future::join_all;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder for the files of a scenario, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("orion-suite-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Bytes of many kinds and sizes, the empty ones too.
fn samples() -> Vec<Bytes> {
    let noise = (0..5_000_000_u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8);
    vec![Bytes::new(), Bytes::from_static(b"\0"), Bytes::from_static("日本語".as_bytes()), noise.collect()]
}

/// Address, length and media type are true, and the bytes are the same.
pub async fn bytes_come_back_as_they_went_in(blobs: Arc<dyn BlobStore>) {
    for bytes in samples() {
        let blob = blobs.put(bytes.clone(), "image/png").await.unwrap();
        assert_eq!(blob.sha256, Sha256::of(&bytes));
        assert_eq!((blob.length, blob.media_type.as_str()), (bytes.len() as u64, "image/png"));
        assert!(blobs.contains(blob.sha256).await.unwrap());
        assert!(blobs.get(blob.sha256).await.unwrap() == Some(bytes));
    }
}

/// The second time is like the first.
pub async fn keeping_twice_changes_nothing(blobs: Arc<dyn BlobStore>) {
    let bytes = Bytes::from_static(b"twice");
    let first = blobs.put(bytes.clone(), "text/plain").await.unwrap();
    assert_eq!(blobs.put(bytes.clone(), "text/plain").await.unwrap(), first);
    assert_eq!(blobs.get(first.sha256).await.unwrap(), Some(bytes));
}

/// What was never kept is not there, and nothing is written for it.
pub async fn missing_bytes_are_missed(blobs: Arc<dyn BlobStore>) {
    let nothing = Sha256::of(b"never kept");
    assert_eq!(blobs.get(nothing).await.unwrap(), None);
    assert!(!blobs.contains(nothing).await.unwrap());
    let folder = Folder::new();
    assert_fails(blobs.export(nothing, &folder.0.join("out")).await, NotFound);
    let old = folder.file("old", b"old");
    assert_fails(blobs.export(nothing, &old).await, NotFound);
    assert_eq!(std::fs::read(old).unwrap(), b"old");
    assert_eq!(folder.names(), ["old"]);
}

/// Every part of what is kept, also behind its end.
pub async fn parts_are_parts_of_the_whole(blobs: Arc<dyn BlobStore>) {
    for bytes in samples() {
        let blob = blobs.put(bytes.clone(), "video/mp4").await.unwrap();
        assert_eq!(blobs.length(blob.sha256).await.unwrap(), Some(bytes.len() as u64));
        let ends = [0, 1, bytes.len() / 2, bytes.len(), bytes.len() + 10];
        for start in ends {
            for most in [0, 1, bytes.len() / 3, bytes.len() + 1] {
                let from = start.min(bytes.len());
                let part = bytes.slice(from..(from + most).min(bytes.len()));
                assert!(blobs.read(blob.sha256, start as u64, most).await.unwrap() == Some(part), "{start} {most}");
            }
        }
    }
    let nothing = Sha256::of(b"never kept either");
    assert_eq!(blobs.length(nothing).await.unwrap(), None);
    assert_eq!(blobs.read(nothing, 0, 9).await.unwrap(), None);
}

/// Forgotten, forgotten again, and kept again.
pub async fn forgetting_twice_succeeds(blobs: Arc<dyn BlobStore>) {
    let other = blobs.put(Bytes::from_static(b"other"), "text/plain").await.unwrap();
    let bytes = Bytes::from_static(b"gone");
    let blob = blobs.put(bytes.clone(), "text/plain").await.unwrap();
    blobs.delete(blob.sha256).await.unwrap();
    blobs.delete(blob.sha256).await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap(), None);
    assert!(!blobs.contains(blob.sha256).await.unwrap());
    assert!(blobs.contains(other.sha256).await.unwrap(), "nothing else is forgotten");
    blobs.put(bytes.clone(), "text/plain").await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap(), Some(bytes));
}

/// The file is gone afterwards, also when its bytes were there already.
pub async fn an_imported_file_is_moved_in(blobs: Arc<dyn BlobStore>) {
    let folder = Folder::new();
    for bytes in samples() {
        for _ in 0..2 {
            let file = folder.file("video.mp4", &bytes);
            let blob = blobs.import(&file, "video/mp4").await.unwrap();
            assert_eq!(blob.sha256, Sha256::of(&bytes));
            assert_eq!((blob.length, blob.media_type.as_str()), (bytes.len() as u64, "video/mp4"));
            assert!(folder.names().is_empty());
            assert!(blobs.get(blob.sha256).await.unwrap() == Some(bytes.clone()));
        }
    }
}

/// What cannot be read is not taken.
pub async fn a_failed_import_leaves_the_file(blobs: Arc<dyn BlobStore>) {
    let folder = Folder::new();
    assert_fails(blobs.import(&folder.0.join("missing"), "video/mp4").await, NotFound);
    std::fs::create_dir(folder.0.join("inner")).unwrap();
    assert!(blobs.import(&folder.0.join("inner"), "video/mp4").await.is_err(), "a folder is not a file");
    assert_eq!(folder.names(), ["inner"]);
}

/// The file has the bytes, replaces what stood there, and nothing else is left behind.
pub async fn an_export_replaces_the_file_and_nothing_else(blobs: Arc<dyn BlobStore>) {
    let folder = Folder::new();
    let old = folder.file("out.mp4", b"a much longer file that stood there before");
    for bytes in samples() {
        let blob = blobs.put(bytes.clone(), "video/mp4").await.unwrap();
        blobs.export(blob.sha256, &old).await.unwrap();
        assert!(std::fs::read(&old).unwrap() == bytes);
        assert_eq!(folder.names(), ["out.mp4"]);
    }
    let blob = blobs.put(Bytes::from_static(b"bytes"), "video/mp4").await.unwrap();
    let nowhere = folder.0.join("no such folder").join("out.mp4");
    assert!(blobs.export(blob.sha256, &nowhere).await.is_err());
    assert!(!Path::new(&nowhere).exists());
}

/// A user may edit what was exported; what is stored stays as it was.
pub async fn an_exported_file_can_be_changed_without_harm(blobs: Arc<dyn BlobStore>) {
    let folder = Folder::new();
    let bytes = Bytes::from_static(b"the original");
    let blob = blobs.put(bytes.clone(), "text/plain").await.unwrap();
    let file = folder.0.join("copy.txt");
    blobs.export(blob.sha256, &file).await.unwrap();
    std::fs::write(&file, b"vandalised").unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap(), Some(bytes));
}

/// The same and different bytes from many sides at once.
pub async fn many_at_once_agree(blobs: Arc<dyn BlobStore>) {
    let payload = |n: u8| Bytes::from(vec![n % 4; 100_000]);
    let kept = join_all((0..16).map(|n| blobs.put(payload(n), "application/octet-stream"))).await;
    for (n, blob) in (0..).zip(kept) {
        assert!(blobs.get(blob.unwrap().sha256).await.unwrap() == Some(payload(n)));
    }
}

/// Every page, in order, on both shelves.
pub async fn lists_show_each_shelf_in_order(blobs: Arc<dyn BlobStore>) {
    assert_eq!(blobs.list(Shelf::Kept, None, 10).await.unwrap(), []);
    let mut kept = Vec::new();
    for n in 0..40_u8 {
        let blob = blobs.put(Bytes::from(vec![n; usize::from(n)]), "image/png").await.unwrap();
        kept.push((blob.sha256, blob.length));
    }
    kept.sort_unstable();
    let aside: Vec<_> = kept.iter().step_by(3).copied().collect();
    for (sha256, _) in &aside {
        blobs.set_aside(*sha256).await.unwrap();
    }
    kept.retain(|one| !aside.contains(one));
    for (shelf, expected) in [(Shelf::Kept, kept), (Shelf::Aside, aside)] {
        for most in [1, 7, 1000] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = blobs.list(shelf, after, most).await.unwrap();
                assert!(page.len() <= most);
                after = page.last().map(|stored| stored.sha256);
                found.extend(page.iter().map(|stored| (stored.sha256, stored.length)));
                if page.len() < most {
                    break;
                }
            }
            assert_eq!(found, expected, "{shelf:?} {most}");
        }
    }
}

/// Set aside, everything is read as before; discarded it is gone, unless it was kept again.
pub async fn what_is_set_aside_is_read_until_it_is_discarded(blobs: Arc<dyn BlobStore>) {
    let folder = Folder::new();
    let bytes = Bytes::from_static(b"in doubt");
    let blob = blobs.put(bytes.clone(), "text/plain").await.unwrap();
    let is_read = async |blobs: &dyn BlobStore| {
        assert!(blobs.contains(blob.sha256).await.unwrap());
        assert_eq!(blobs.get(blob.sha256).await.unwrap(), Some(bytes.clone()));
        assert_eq!(blobs.length(blob.sha256).await.unwrap(), Some(8));
        assert_eq!(blobs.read(blob.sha256, 3, 2).await.unwrap(), Some(bytes.slice(3..5)));
        let file = folder.0.join("out");
        blobs.export(blob.sha256, &file).await.unwrap();
        assert!(std::fs::read(&file).unwrap() == bytes);
    };
    for _ in 0..2 {
        blobs.set_aside(blob.sha256).await.unwrap();
        is_read(&*blobs).await;
    }
    for _ in 0..2 {
        blobs.take_back(blob.sha256).await.unwrap();
        is_read(&*blobs).await;
    }
    blobs.discard(blob.sha256).await.unwrap();
    is_read(&*blobs).await;
    // Kept again while it was aside, it does not go with what is discarded.
    blobs.set_aside(blob.sha256).await.unwrap();
    assert_eq!(blobs.put(bytes.clone(), "text/plain").await.unwrap(), blob);
    blobs.discard(blob.sha256).await.unwrap();
    is_read(&*blobs).await;
    blobs.set_aside(blob.sha256).await.unwrap();
    let file = folder.file("again", &bytes);
    blobs.import(&file, "text/plain").await.unwrap();
    blobs.discard(blob.sha256).await.unwrap();
    is_read(&*blobs).await;
    blobs.set_aside(blob.sha256).await.unwrap();
    for _ in 0..2 {
        blobs.discard(blob.sha256).await.unwrap();
        assert_eq!(blobs.get(blob.sha256).await.unwrap(), None);
        assert!(!blobs.contains(blob.sha256).await.unwrap());
    }
    // Forgetting forgets both, and what is nowhere can be moved about.
    blobs.put(bytes.clone(), "text/plain").await.unwrap();
    blobs.set_aside(blob.sha256).await.unwrap();
    blobs.delete(blob.sha256).await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap(), None);
    blobs.set_aside(blob.sha256).await.unwrap();
    blobs.take_back(blob.sha256).await.unwrap();
    assert_eq!(blobs.list(Shelf::Kept, None, 10).await.unwrap(), []);
    assert_eq!(blobs.list(Shelf::Aside, None, 10).await.unwrap(), []);
}

/// Readers that never pause find the bytes, however often they are moved.
pub async fn bytes_are_read_at_every_moment_of_a_move(blobs: Arc<dyn BlobStore>) {
    let bytes = Bytes::from_static(b"moved about");
    let blob = blobs.put(bytes.clone(), "text/plain").await.unwrap();
    let read = async |_: usize| {
        for _ in 0..40 {
            assert_eq!(blobs.get(blob.sha256).await.unwrap(), Some(bytes.clone()));
            assert!(blobs.contains(blob.sha256).await.unwrap());
        }
    };
    let shuffle = async || {
        for _ in 0..40 {
            blobs.set_aside(blob.sha256).await.unwrap();
            blobs.take_back(blob.sha256).await.unwrap();
        }
    };
    futures_util::future::join(join_all((0..3).map(read)), shuffle()).await;
}

/// What is whole is not tidied away, however old.
pub async fn tidying_leaves_what_is_whole(blobs: Arc<dyn BlobStore>) {
    let blob = blobs.put(Bytes::from_static(b"whole"), "text/plain").await.unwrap();
    let aside = blobs.put(Bytes::from_static(b"aside"), "text/plain").await.unwrap();
    blobs.set_aside(aside.sha256).await.unwrap();
    assert_eq!(blobs.tidy(Timestamp::MAX).await.unwrap(), 0);
    assert!(blobs.contains(blob.sha256).await.unwrap() && blobs.contains(aside.sha256).await.unwrap());
}
