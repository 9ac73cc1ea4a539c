//! Backups that are restored and gone on with, on both databases, and broken ones that are refused.

use super::*;
use crate::engine::Orion;
use orion_core::domain::{Gate, RunState, Verdict};
use orion_core::id::UserId;
use orion_core::memory::{MemoryBlobs, MemoryStore};
use orion_core::port::{BlobStore, Encoder, Entry, Place, Store};
use orion_core::service::production::{CreateRequest, Subject};
use orion_core::testing::{assert_fails, sample};
use orion_core::{Operation, Result};
use orion_private_postgres::Server;
use std::fs;

const QUIET: fn(Progress) = |_| ();

async fn orion(folder: &Path, store: &str) -> Orion {
    Orion::builder().data_dir(folder).store(store).offline().silent().build().await.unwrap()
}

async fn backed_up(orion: &Orion, target: &Path) -> Manifest {
    let production = orion.production();
    back_up(&*production.store, &*production.blobs, target, production.clock.now(), &QUIET).await.unwrap()
}

/// Everything in a record but what no backup has.
async fn entries(store: &dyn Store) -> Vec<Entry> {
    let mut tx = store.read().await.unwrap();
    let (mut all, mut place) = (Vec::new(), Some(Place::default()));
    while let Some(from) = place {
        let (page, next) = tx.walk(&from, 50).await.unwrap();
        all.extend(page);
        place = next;
    }
    all.retain(|entry| !matches!(entry, Entry::Row { table, .. } if LEFT_OUT.contains(&table.as_str())));
    all
}

/// A run that waits behind its script is backed up, restored somewhere else, decided about there and finished; and what
/// came of it is restored into the other database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_run_goes_on_from_a_backup_on_either_database() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let here = orion(&at("here"), "sqlite:orion.db").await;
    let text = "The old bridge closes for 14 months. Engineers found 40 cracks in its beams.".to_owned();
    let mut request = CreateRequest::new(Subject::Text { text });
    (request.gates, request.seconds, request.encoder) = (vec![Gate::Script], 5, Encoder::Draft);
    let operation = Operation::detached();
    let run = here.start(UserId::SYSTEM, request, &operation).await.unwrap();
    let run = here.production().advance(run.id, &operation).await.unwrap();
    assert_eq!(run.state, RunState::Waiting { gate: Gate::Script });
    here.blobs().put("an orphan".into(), "text/plain").await.unwrap();
    let made = backed_up(&here, &at("first")).await;
    assert!(made.missing.is_empty() && made.entries["runs"] == 1 && made.entries["log.last"] == 1, "{made:?}");

    let postgres = Server::shared().map(Server::database);
    for (name, store) in [("sqlite", Some("sqlite:orion.db".to_owned())), ("postgres", postgres)] {
        let Some(store) = store else { continue };
        let there = orion(&at(name), &store).await;
        let production = there.production();
        let restored =
            restore(&at("first"), &*production.store, &*production.blobs, &at(name), false, &QUIET).await.unwrap();
        assert_eq!(restored, made);
        assert_eq!(entries(&*production.store).await, entries(&*here.production().store).await, "{name}");
        let question = production.question(run.id).await.unwrap();
        let subject = question.subject;
        production.decide(run.id, Gate::Script, subject, Verdict::Approve, None, UserId::SYSTEM).await.unwrap();
        let done = production.advance(run.id, &operation).await.unwrap();
        assert_eq!(done.state, RunState::Completed, "{name}");
        let product = there.product(run.id).await.unwrap();
        assert!(there.blobs().get(product.video.sha256).await.unwrap().is_some());
        // From here into the other database, with the finished video.
        let second = backed_up(&there, &at(&format!("second-{name}"))).await;
        assert!(second.files > 2 && second.missing.is_empty(), "{second:?}");
        let back = orion(&at(&format!("back-{name}")), "sqlite:orion.db").await;
        let (back_store, back_blobs) = (&back.production().store, &back.production().blobs);
        let from = at(&format!("second-{name}"));
        restore(&from, &**back_store, &**back_blobs, &at("work"), false, &QUIET).await.unwrap();
        assert_eq!(entries(&**back_store).await, entries(&*production.store).await, "{name}");
        let video = back.product(run.id).await.unwrap().video;
        assert_eq!(back.blobs().get(video.sha256).await.unwrap(), there.blobs().get(video.sha256).await.unwrap());
        assert!(fs::read_dir(at("work")).unwrap().next().is_none(), "nothing is left on the way");
    }
}

/// A small installation in memory.
async fn small() -> (MemoryStore, MemoryBlobs) {
    let (store, blobs) = (MemoryStore::new(), MemoryBlobs::new());
    let mut tx = store.begin().await.unwrap();
    for n in 0..1200 {
        let mut asset = sample::asset(n);
        asset.blob = blobs.put(format!("picture {}", n % 3).into(), "image/png").await.unwrap();
        tx.assets().insert(&mut asset).await.unwrap();
    }
    tx.sessions().insert(&mut sample::session(1)).await.unwrap();
    tx.tickets().insert(&mut sample::ticket(1)).await.unwrap();
    tx.users().insert(&mut sample::user(1)).await.unwrap();
    tx.commit().await.unwrap();
    (store, blobs)
}

async fn into_memory(source: &Path, store: &MemoryStore, replace: bool) -> Result<Manifest> {
    let work = tempfile::tempdir().unwrap();
    restore(source, store, &MemoryBlobs::new(), work.path(), replace, &QUIET).await
}

#[tokio::test]
async fn a_backup_is_private_replaces_nothing_and_lets_nobody_in() {
    let (folder, (store, blobs)) = (tempfile::tempdir().unwrap(), small().await);
    let target = folder.path().join("backup");
    let made = back_up(&store, &blobs, &target, sample::time(1), &QUIET).await.unwrap();
    assert_eq!((made.files, made.entries["assets"], made.entries.get("sessions")), (3, 1200, None));
    assert_eq!(verify(&target, &QUIET).await.unwrap(), made);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let again = back_up(&store, &blobs, &target, sample::time(1), &QUIET).await;
    assert_fails(again, ErrorKind::AlreadyExists);
    let there = MemoryStore::new();
    into_memory(&target, &there, false).await.unwrap();
    let mut tx = there.read().await.unwrap();
    assert_eq!(tx.sessions().count(&Default::default()).await.unwrap(), 0);
    assert_eq!(tx.tickets().count(&Default::default()).await.unwrap(), 0);
    assert_eq!(tx.users().count(&Default::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_full_place_is_replaced_only_on_request() {
    let (folder, (store, blobs)) = (tempfile::tempdir().unwrap(), small().await);
    let target = folder.path().join("backup");
    back_up(&store, &blobs, &target, sample::time(1), &QUIET).await.unwrap();
    let there = MemoryStore::new();
    let mut tx = there.begin().await.unwrap();
    tx.users().insert(&mut sample::user(7)).await.unwrap();
    tx.commit().await.unwrap();
    let before = entries(&there).await;
    assert_fails(into_memory(&target, &there, false).await, ErrorKind::Conflict);
    assert_eq!(entries(&there).await, before);
    into_memory(&target, &there, true).await.unwrap();
    assert_eq!(entries(&there).await, entries(&store).await);
}

#[tokio::test]
async fn a_broken_backup_is_refused_and_changes_nothing() {
    let (folder, (store, blobs)) = (tempfile::tempdir().unwrap(), small().await);
    let good = folder.path().join("good");
    back_up(&store, &blobs, &good, sample::time(1), &QUIET).await.unwrap();
    let picture = place(Path::new(""), Sha256::of(b"picture 1"));
    type Damage<'d> = (&'static str, ErrorKind, Box<dyn Fn(&Path) + 'd>);
    let edit = |name: PathBuf, change: fn(&mut Vec<u8>)| -> Box<dyn Fn(&Path)> {
        Box::new(move |folder| {
            let path = folder.join(&name);
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
        })
    };
    let cut: fn(&mut Vec<u8>) = |bytes| bytes.truncate(bytes.len() / 2);
    let flip: fn(&mut Vec<u8>) = |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let last_line: fn(&mut Vec<u8>) = |bytes| {
        bytes.pop();
        let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap();
        bytes.truncate(end + 1);
    };
    let newer: fn(&mut Vec<u8>) = |bytes| {
        *bytes = String::from_utf8_lossy(bytes).replace("\"format\": 1", "\"format\": 2").into_bytes();
    };
    let damages: Vec<Damage<'_>> = vec![
        ("no manifest", ErrorKind::NotFound, Box::new(|at| fs::remove_file(at.join(MANIFEST)).unwrap())),
        ("cut manifest", ErrorKind::Corrupt, edit(MANIFEST.into(), cut)),
        ("newer form", ErrorKind::Unsupported, edit(MANIFEST.into(), newer)),
        ("cut record", ErrorKind::Corrupt, edit(RECORD.into(), cut)),
        ("record without its last line", ErrorKind::Corrupt, edit(RECORD.into(), last_line)),
        ("changed record", ErrorKind::Corrupt, edit(RECORD.into(), flip)),
        ("no record", ErrorKind::Corrupt, Box::new(|at| fs::remove_file(at.join(RECORD)).unwrap())),
        ("cut list", ErrorKind::Corrupt, edit(LIST.into(), last_line)),
        ("cut file", ErrorKind::Corrupt, edit(picture.clone(), cut)),
        ("changed file", ErrorKind::Corrupt, edit(picture.clone(), flip)),
        ("no file", ErrorKind::Corrupt, Box::new(|at| fs::remove_file(at.join(&picture)).unwrap())),
    ];
    for (number, (what, kind, damage)) in damages.iter().enumerate() {
        let bad = folder.path().join(format!("bad-{number}"));
        copy_folder(&good, &bad);
        damage(&bad);
        let there = MemoryStore::new();
        let refused = into_memory(&bad, &there, true).await.unwrap_err();
        assert_eq!(refused.kind(), *kind, "{what}: {refused:?}");
        assert!(refused.hint().is_some(), "{what}");
        assert_eq!(entries(&there).await, [Entry::Last { sequence: 0 }], "{what}");
        assert!(verify(&bad, &QUIET).await.is_err(), "{what}");
    }
    into_memory(&good, &MemoryStore::new(), false).await.unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[tokio::test]
async fn files_that_are_missing_are_named_and_nothing_half_done_is_left() {
    let (folder, (store, blobs)) = (tempfile::tempdir().unwrap(), small().await);
    let gone = Sha256::of(b"picture 2");
    blobs.delete(gone).await.unwrap();
    // One that was set aside meanwhile is still had.
    blobs.set_aside(Sha256::of(b"picture 0")).await.unwrap();
    let target = folder.path().join("backup");
    let made = back_up(&store, &blobs, &target, sample::time(1), &QUIET).await.unwrap();
    assert_eq!((made.files, made.missing), (2, vec![gone]));
    verify(&target, &QUIET).await.unwrap();
    // A row that this program cannot read ends a backup; nothing of it stays.
    let nowhere = folder.path().join("no/such/folder/backup");
    assert!(back_up(&store, &blobs, &nowhere, sample::time(1), &QUIET).await.is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
