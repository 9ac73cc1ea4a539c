//! The suite of the port, and what only a disk can do.

use crate::FolderBlobs;
use crate::folder::moment;
use orion_core::ErrorKind;
use orion_core::domain::Sha256;
use orion_core::port::{BlobStore, Shelf};
use orion_core::testing::assert_fails;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

async fn folder_blobs() -> (TempDir, FolderBlobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path().join("blobs")).unwrap();
    (folder, blobs)
}

async fn make() -> (Arc<dyn BlobStore>, TempDir) {
    let (folder, blobs) = folder_blobs().await;
    (Arc::new(blobs), folder)
}

orion_core::blob_conformance!(make);

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn bytes_stand_under_their_digest_and_nothing_else_is_left() {
    let (folder, blobs) = folder_blobs().await;
    let blob = blobs.put("hello".into(), "text/plain").await.unwrap();
    let place = folder.path().join("blobs/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_eq!(blobs.place(blob.sha256), place);
    assert_eq!(files(folder.path()), [place]);
}

#[tokio::test]
async fn a_changed_file_is_never_given_out() {
    let (folder, blobs) = folder_blobs().await;
    let blob = blobs.put("hello".into(), "text/plain").await.unwrap();
    let target = folder.path().join("out");
    for damage in ["hellO", "hell", "", "hello hello"] {
        fs::write(blobs.place(blob.sha256), damage).unwrap();
        assert_fails(blobs.get(blob.sha256).await, ErrorKind::Corrupt);
        assert_fails(blobs.export(blob.sha256, &target).await, ErrorKind::Corrupt);
        assert!(!target.exists());
    }
    // Keeping the bytes again heals them, whichever way they come.
    blobs.put("hello".into(), "text/plain").await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap().unwrap(), "hello");
    fs::write(blobs.place(blob.sha256), "hellO").unwrap();
    fs::write(&target, "hello").unwrap();
    blobs.import(&target, "text/plain").await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap().unwrap(), "hello");
    assert_eq!(files(folder.path()).len(), 1);
}

#[tokio::test]
async fn an_import_moves_the_file_itself() {
    use std::os::unix::fs::MetadataExt;
    let (folder, blobs) = folder_blobs().await;
    let video = folder.path().join("video.mp4");
    fs::write(&video, "frames").unwrap();
    let before = fs::metadata(&video).unwrap().ino();
    let blob = blobs.import(&video, "video/mp4").await.unwrap();
    assert_eq!(fs::metadata(blobs.place(blob.sha256)).unwrap().ino(), before, "moved, not copied");
}

#[tokio::test]
async fn an_import_shares_no_bytes_with_a_second_name() {
    let (folder, blobs) = folder_blobs().await;
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fs::write(&first, "frames").unwrap();
    fs::hard_link(&first, &second).unwrap();
    let blob = blobs.import(&first, "video/mp4").await.unwrap();
    assert!(!first.exists());
    fs::write(&second, "vandal").unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap().unwrap(), "frames");

    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&second, &link).unwrap();
    assert_fails(blobs.import(&link, "video/mp4").await, ErrorKind::Invalid);
    assert!(link.exists() && second.exists());
    assert_fails(blobs.import(&blobs.place(blob.sha256), "video/mp4").await, ErrorKind::Invalid);
    assert!(blobs.contains(blob.sha256).await.unwrap(), "a stored file is not taken away");
}

/// `/dev/shm` is a file system of its own on Linux; where it is not, or may not be written, the import is a move, and
/// must do the same.
#[tokio::test]
async fn an_import_from_another_file_system_is_copied() {
    let (_folder, blobs) = folder_blobs().await;
    let elsewhere = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let video = elsewhere.path().join("video.mp4");
    fs::write(&video, "frames".repeat(100_000)).unwrap();
    let blob = blobs.import(&video, "video/mp4").await.unwrap();
    assert!(files(elsewhere.path()).is_empty());
    assert_eq!(blobs.get(blob.sha256).await.unwrap().unwrap(), "frames".repeat(100_000));
}

#[tokio::test]
async fn only_old_temporary_files_are_cleared_away() {
    let (folder, blobs) = folder_blobs().await;
    let parts = folder.path().join("blobs/parts");
    let (old, new) = (parts.join(".old.part"), parts.join(".new.part"));
    fs::write(&old, "half").unwrap();
    fs::write(&new, "half").unwrap();
    let two_days_ago = SystemTime::now() - Duration::from_hours(48);
    fs::File::options().append(true).open(&old).unwrap().set_modified(two_days_ago).unwrap();
    drop(blobs);
    FolderBlobs::open(folder.path().join("blobs")).unwrap();
    assert_eq!(files(folder.path()), [new]);
}

#[tokio::test]
async fn what_is_listed_is_as_old_as_its_place() {
    let (folder, blobs) = folder_blobs().await;
    let video = folder.path().join("video.mp4");
    let set_old = |path: &Path| {
        let two_days_ago = SystemTime::now() - Duration::from_hours(48);
        fs::File::options().append(true).open(path).unwrap().set_modified(two_days_ago).unwrap();
    };
    let age = async |shelf| {
        let listed = blobs.list(shelf, None, 9).await.unwrap();
        assert_eq!(listed.len(), 1);
        moment(SystemTime::now()).since(listed[0].since) > Duration::from_hours(1)
    };
    fs::write(&video, "frames").unwrap();
    set_old(&video);
    let blob = blobs.import(&video, "video/mp4").await.unwrap();
    assert!(!age(Shelf::Kept).await, "made long ago, kept now");
    set_old(&blobs.place(blob.sha256));
    assert!(age(Shelf::Kept).await);
    blobs.put("frames".into(), "video/mp4").await.unwrap();
    assert!(!age(Shelf::Kept).await, "kept again");
    set_old(&blobs.place(blob.sha256));
    blobs.set_aside(blob.sha256).await.unwrap();
    assert!(!age(Shelf::Aside).await, "aside since now");
    // What is none of ours is neither listed nor touched.
    fs::write(folder.path().join("blobs/2c-notes"), "").unwrap();
    fs::create_dir_all(folder.path().join("blobs/2c")).unwrap();
    fs::write(folder.path().join("blobs/2c/notes"), "").unwrap();
    assert_eq!(blobs.list(Shelf::Kept, None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_with_the_next_step() {
    let (folder, _blobs) = folder_blobs().await;
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = FolderBlobs::open(file.join("blobs")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert!(error.hint().is_some());
}

/// A process that may write no file above 32 KiB meets the same errors as one on a full disk. This test runs itself
/// as that process.
#[test]
fn a_full_disk_is_said_and_leaves_nothing_behind() {
    const FOLDER: &str = "ORION_TEST_FULL_FOLDER";
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    if let Ok(folder) = std::env::var(FOLDER) {
        return runtime.block_on(keep_too_much(Path::new(&folder)));
    }
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let blobs = FolderBlobs::open(folder.path().join("blobs")).unwrap();
        blobs.put(large().into(), "video/mp4").await.unwrap();
        fs::write(folder.path().join("import.mp4"), [large(), vec![1]].concat()).unwrap();
        fs::hard_link(folder.path().join("import.mp4"), folder.path().join("second")).unwrap();
        fs::write(folder.path().join("export.mp4"), "as before").unwrap();
    });
    // The signal is ignored so that the write fails instead; the limit counts blocks of 512 bytes in a POSIX shell.
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "tests::a_full_disk_is_said_and_leaves_nothing_behind"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
}

fn large() -> Vec<u8> {
    (0..400_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn keep_too_much(folder: &Path) {
    let blobs = FolderBlobs::open(folder.join("blobs")).unwrap();
    let before = files(folder);
    let other = [&large()[..], b"more"].concat();
    let error = blobs.put(other.clone().into(), "video/mp4").await.unwrap_err();
    assert!(error.is_starved() && error.kind() == ErrorKind::Exhausted, "{error:?}");
    assert!(error.hint().is_some());
    assert!(!blobs.contains(Sha256::of(&other)).await.unwrap());
    // The file to import has a second name, so it would have to be copied.
    assert_fails(blobs.import(&folder.join("import.mp4"), "video/mp4").await, ErrorKind::Exhausted);
    let export = folder.join("export.mp4");
    assert_fails(blobs.export(Sha256::of(&large()), &export).await, ErrorKind::Exhausted);
    assert_eq!(fs::read(&export).unwrap(), b"as before");
    assert_eq!(files(folder), before, "nothing is left behind");
    assert!(blobs.get(Sha256::of(&large())).await.unwrap().is_some(), "reading goes on");
    blobs.put("small".into(), "text/plain").await.unwrap();
}
