//! The suite of the port and the ways in which S3 is unlike a disk, against moto's S3 server with signatures checked.
//! Without it these tests are skipped loudly, unless `ORION_REQUIRE` names `moto`. `TEST_PYTHON` names a Python that has
//! it.

use crate::{S3Blobs, S3Options};
use object_store::ObjectStoreExt;
use orion_core::ErrorKind;
use orion_core::domain::{Secret, Sha256};
use orion_core::port::BlobStore;
use orion_core::testing::assert_fails;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

const SERVER: &str = include_str!("tests/moto_server.py");

/// Address, access key and secret of the one server of these tests. It ends when its standard input does, which is
/// when this process ends.
static MOTO: LazyLock<Option<[String; 3]>> = LazyLock::new(start);

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn start() -> Option<[String; 3]> {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.args(["-c", SERVER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let Ok(place) = <[String; 3]>::try_from(words) else {
        let _ = (child.kill(), child.wait());
        let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "moto"), "moto is required and not there");
        eprintln!("SKIPPED: needs python3 with moto[server]");
        return None;
    };
    std::mem::forget(child.stdin.take());
    Some(place)
}

/// A prefix of its own in the bucket of the server, or `None` where there is no server.
fn options() -> Option<S3Options> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [endpoint, key, secret] = MOTO.as_ref()?;
    let prefix = format!("orion/test-{}", NEXT.fetch_add(1, Ordering::SeqCst));
    let options = S3Options::parse(&format!("videos/{prefix}")).unwrap().at(endpoint).unwrap();
    Some(options.with_key(key, Secret::new(secret)))
}

/// The store of a test. The suite cannot be skipped in its middle, so without a server it runs on the client's own
/// store in memory: all of this crate but signatures and the wire.
async fn make() -> (Arc<dyn BlobStore>, ()) {
    let blobs = options().map_or_else(S3Blobs::in_memory, |options| S3Blobs::open(options).unwrap());
    (Arc::new(blobs), ())
}

orion_core::blob_conformance!(make);

fn blobs() -> S3Blobs {
    options().map_or_else(S3Blobs::in_memory, |options| S3Blobs::open(options).unwrap())
}

/// More than one part, with no two parts alike.
fn large() -> Vec<u8> {
    (0..20_000_003_u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

#[tokio::test]
async fn a_large_file_goes_up_and_down_in_parts() {
    let blobs = blobs();
    let folder = tempfile::tempdir().unwrap();
    let (file, target) = (folder.path().join("video.mp4"), folder.path().join("out.mp4"));
    std::fs::write(&file, large()).unwrap();
    let blob = blobs.import(&file, "video/mp4").await.unwrap();
    assert_eq!((blob.sha256, blob.length), (Sha256::of(&large()), 20_000_003));
    assert!(!file.exists());
    blobs.export(blob.sha256, &target).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == large());
    assert!(blobs.get(blob.sha256).await.unwrap().unwrap() == large());
    assert!(blobs.read(blob.sha256, 8_388_600, 100).await.unwrap().unwrap() == large()[8_388_600..8_388_700]);
}

#[tokio::test]
async fn a_changed_object_is_never_given_out() {
    let blobs = blobs();
    let folder = tempfile::tempdir().unwrap();
    let blob = blobs.put("hello".into(), "text/plain").await.unwrap();
    let target = folder.path().join("out");
    std::fs::write(&target, "as before").unwrap();
    for damage in ["hellO", "hell", "", "hello hello"] {
        blobs.store.put(&blobs.key(blob.sha256), damage.into()).await.unwrap();
        assert_fails(blobs.get(blob.sha256).await, ErrorKind::Corrupt);
        assert_fails(blobs.export(blob.sha256, &target).await, ErrorKind::Corrupt);
        assert_eq!(std::fs::read(&target).unwrap(), b"as before");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    // One of another length is seen and written anew.
    blobs.put("hello".into(), "text/plain").await.unwrap();
    assert_eq!(blobs.get(blob.sha256).await.unwrap().unwrap(), "hello");
}

#[tokio::test]
async fn a_file_that_changes_on_its_way_is_not_stored_under_its_old_name() {
    let Some(options) = options() else { return };
    let blobs = S3Blobs::open(options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("video.mp4");
    std::fs::write(&file, large()).unwrap();
    let (sha256, length) = crate::local::digest(&file).unwrap();
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"more").unwrap();
    let upload = blobs.store.put_multipart(&blobs.key(sha256)).await.unwrap();
    let sent = crate::upload::send(upload, &file, (sha256, length), |error| panic!("{error}")).await;
    assert_fails(sent, ErrorKind::Conflict);
    assert!(!blobs.contains(sha256).await.unwrap());
    // The same for one that is stopped half-way: nothing is seen, and the upload is aborted.
    let upload = blobs.store.put_multipart(&blobs.key(sha256)).await.unwrap();
    let stopped = crate::upload::send(upload, &file, (sha256, length), |error| panic!("{error}"));
    let _ = tokio::time::timeout(std::time::Duration::from_millis(20), stopped).await;
    assert!(!blobs.contains(sha256).await.unwrap());
}

#[tokio::test]
async fn whoever_comes_second_changes_nothing() {
    let blobs = blobs();
    let blob = blobs.put("hello".into(), "text/plain").await.unwrap();
    let before = blobs.store.head(&blobs.key(blob.sha256)).await.unwrap();
    // As if nothing had been there when it looked.
    blobs.write(&blob, "hello".into(), None).await.unwrap();
    let after = blobs.store.head(&blobs.key(blob.sha256)).await.unwrap();
    assert_eq!((before.last_modified, before.e_tag), (after.last_modified, after.e_tag));
}

#[tokio::test]
async fn wrong_keys_and_missing_buckets_say_what_to_do() {
    let Some(good) = options() else { return };
    S3Blobs::open(good.clone()).unwrap().check().await.unwrap();
    let wrong = S3Blobs::open(good.clone().with_key(&good.access_key, Secret::new("wrong-secret"))).unwrap();
    for error in [wrong.check().await.unwrap_err(), wrong.put("a".into(), "text/plain").await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
        assert!(error.hint().unwrap().contains("s3.secret_key"), "{error:?}");
        assert!(!format!("{error:?} {wrong:?}").contains("wrong-secret"));
    }
    let nowhere = S3Blobs::open(S3Options { bucket: "no-such-bucket".to_owned(), ..good }).unwrap();
    let error = nowhere.put("a".into(), "text/plain").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(error.hint().unwrap().contains("bucket"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // A port that was free a moment ago: nobody listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = S3Options::parse("videos").unwrap().at(&format!("http://{free}")).unwrap();
    let blobs = S3Blobs::open(options.with_key("key", Secret::new("secret"))).unwrap();
    let error = blobs.contains(Sha256::of(b"a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.is_temporary());
}

#[test]
fn addresses_are_checked_at_once() {
    let parsed = S3Options::parse("videos/a/b/").unwrap();
    assert_eq!((parsed.bucket.as_str(), parsed.prefix.as_str()), ("videos", "a/b"));
    assert_eq!(S3Options::parse("//videos").unwrap().name(), "s3:videos");
    for wrong in
        ["", "ab", "Videos", "videos/a//b", "videos/../x", "videos/a b", "videos?x", "-videos", &"v".repeat(64)]
    {
        assert_fails(S3Options::parse(wrong), ErrorKind::Invalid);
    }
    for wrong in ["ftp://a", "127.0.0.1:9000", "http://user:pw@a", "http://a/?b", "file:///etc"] {
        assert_fails(S3Options::parse("videos").unwrap().at(wrong), ErrorKind::Invalid);
    }
    let half = S3Options::parse("videos").unwrap().with_key("key", Secret::new(""));
    assert_fails(S3Blobs::open(half).map(drop), ErrorKind::Invalid);
    let options = S3Options::parse("videos").unwrap().with_key("key", Secret::new("hidden"));
    assert!(!format!("{options:?} {:?}", S3Blobs::open(options.clone()).unwrap()).contains("hidden"));
}
