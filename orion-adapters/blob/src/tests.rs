//! The folder against the suite of the port, and against what only a folder can suffer.

use crate::FolderBlobs;
use bytes::Bytes;
use orion_core::ErrorKind;
use orion_core::port::BlobStore;
use std::sync::Arc;
use tempfile::TempDir;

async fn folder() -> (Arc<dyn BlobStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(FolderBlobs::open(folder.path().join("blobs")).unwrap()), folder)
}

orion_core::blob_conformance!(folder);

#[tokio::test]
async fn a_changed_file_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    let blob = blobs.put(Bytes::from_static(b"as it was"), "text/plain").await.unwrap();
    std::fs::write(blobs.path(blob.sha256), b"as it is").unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn an_exported_file_is_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path().join("blobs")).unwrap();
    let blob = blobs.put(Bytes::from_static(b"mine"), "text/plain").await.unwrap();
    let file = folder.path().join("out.txt");
    blobs.export(blob.sha256, &file).await.unwrap();
    std::fs::write(&file, b"edited").unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap().as_deref(), Some(&b"mine"[..]));
}

#[tokio::test]
async fn nothing_but_blobs_is_left_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    blobs.put(Bytes::from_static(b"one"), "text/plain").await.unwrap();
    let missing = blobs.import(&folder.path().join("nowhere"), "text/plain").await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    let names =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| name.len() == 2));
}
