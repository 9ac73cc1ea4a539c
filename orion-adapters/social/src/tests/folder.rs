//! The folder, with files of a real blob folder.

use super::{credentials, request};
use crate::FolderDestination;
use bytes::Bytes;
use orion_blob::FolderBlobs;
use orion_core::domain::Sha256;
use orion_core::port::{BlobStore, PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{ErrorKind, Operation};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

async fn world(folder: &Path) -> (FolderDestination, PublishRequest) {
    let blobs = Arc::new(FolderBlobs::open(folder.join("blobs")).unwrap());
    let mut wanted = request(7, json!({"path": "out/shorts"}));
    wanted.video = blobs.put(Bytes::from_static(b"video"), "video/mp4").await.unwrap();
    wanted.thumbnail = Some(blobs.put(Bytes::from_static(b"still"), "image/jpeg").await.unwrap());
    (FolderDestination::new(folder.join("root"), blobs).unwrap(), wanted)
}

fn listed(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_cannot_be_prepared_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (destination, mut wanted) = world(folder.path()).await;
    // The still is gone when the video is there already.
    wanted.thumbnail.as_mut().unwrap().sha256 = Sha256::of(b"another");
    let refused = destination.prepare(&wanted, &Operation::detached()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(listed(&folder.path().join("root/out/shorts")), [""; 0]);
}

const NAME: &str = "bridge-opens-00000000-0000-0000-0000-000000000007";

#[tokio::test]
async fn a_video_appears_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let (destination, wanted) = world(folder.path()).await;
    let (operation, out) = (Operation::detached(), folder.path().join("root/out/shorts"));
    let handle = destination.prepare(&wanted, &operation).await.unwrap();
    assert_eq!(handle, NAME);
    assert!(listed(&out).iter().all(|name| name.starts_with('.')), "nothing is to be seen yet");
    assert_eq!(destination.reconcile(&wanted, &handle).await.unwrap(), PublishStatus::Absent);
    // A second preparation, as after a crash, changes nothing.
    assert_eq!(destination.prepare(&wanted, &operation).await.unwrap(), handle);

    let published = PublishStatus::Published(format!("out/shorts/{NAME}"));
    for _ in 0..3 {
        assert_eq!(destination.publish(&wanted, &handle, &operation).await.unwrap(), published);
        assert_eq!(destination.reconcile(&wanted, &handle).await.unwrap(), published);
    }
    assert_eq!(listed(&out), [NAME]);
    let post = out.join(NAME);
    assert_eq!(listed(&post), ["post.json", "thumbnail.jpg", "video.mp4"]);
    assert_eq!(fs::read(post.join("video.mp4")).unwrap(), b"video");
    let words: Value = serde_json::from_slice(&fs::read(post.join("post.json")).unwrap()).unwrap();
    assert_eq!((&words["title"], &words["video"]["file"]), (&json!("Bridge opens!"), &json!("video.mp4")));
    assert_eq!(words["video"]["sha256"], Sha256::of(b"video").to_string());
    // Another process that only now comes to the last call finds it done.
    destination.prepare(&wanted, &operation).await.unwrap();
    assert_eq!(destination.publish(&wanted, &handle, &operation).await.unwrap(), published);
}

#[tokio::test]
async fn files_that_are_gone_are_a_failure_without_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let (destination, mut wanted) = world(folder.path()).await;
    let operation = Operation::detached();
    let handle = destination.prepare(&wanted, &operation).await.unwrap();
    fs::remove_dir_all(folder.path().join("root/out")).unwrap();
    let status = destination.publish(&wanted, &handle, &operation).await.unwrap();
    assert!(matches!(status, PublishStatus::Failed(_)), "{status:?}");
    // What stands there under this name is not ours.
    destination.prepare(&wanted, &operation).await.unwrap();
    let theirs = folder.path().join("root/out/shorts").join(NAME);
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("theirs.txt"), "theirs").unwrap();
    let status = destination.publish(&wanted, &handle, &operation).await.unwrap();
    assert!(matches!(status, PublishStatus::Failed(_)), "{status:?}");
    assert_eq!(listed(&theirs), ["theirs.txt"]);

    wanted.video.sha256 = Sha256::of(b"no such video");
    assert_eq!(destination.prepare(&wanted, &operation).await.unwrap_err().kind(), ErrorKind::NotFound);
    operation.cancellation.cancel();
    assert_eq!(destination.prepare(&wanted, &operation).await.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn no_path_leads_out_of_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let (destination, _) = world(folder.path()).await;
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, folder.path().join("root/link")).unwrap();
    let (absolute, root) = (outside.display().to_string(), folder.path().join("root").canonicalize().unwrap());
    let sneaky = format!("{}/../outside", root.display());
    for path in ["..", "../outside", "a/../../outside", "/etc", &absolute, &sneaky, "link", "link/deeper"] {
        let refused = destination.check(&credentials(json!({"path": path}))).await;
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Forbidden), "{path}");
    }
    assert!(listed(&outside).is_empty());
    for path in [".".to_owned(), "a/b".to_owned(), root.join("c").display().to_string()] {
        destination.check(&credentials(json!({"path": path}))).await.unwrap();
    }
    assert!(root.join("a/b").is_dir() && root.join("c").is_dir());
    for wrong in [json!({"folder": "a"}), json!({"path": "a", "mode": "777"})] {
        let refused = destination.check(&credentials(wrong)).await;
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Invalid));
    }
}
