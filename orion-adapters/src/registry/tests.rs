//! Addresses open what they name, and unknown ones list what is known.

use super::*;

#[tokio::test]
async fn unknown_schemes_list_the_known_ones() {
    let parts = Parts::new("/nonexistent");
    let store = parts.store("sqlite3:orion.db").await.unwrap_err();
    assert_eq!(store.kind(), orion_core::ErrorKind::Invalid);
    assert!(store.hint().unwrap().contains("memory:"), "{store:?}");
    let blobs = parts.blobs("s4:x").unwrap_err();
    assert!(blobs.hint().unwrap().contains("memory:"), "{blobs:?}");
    #[cfg(feature = "s3")]
    assert!(parts.blobs("s3:videos/orion").is_ok() && parts.blobs("s3:").is_err() && parts.blobs("s3:A").is_err());
    let writer = parts.writer("scribe:").unwrap_err();
    assert!(writer.hint().unwrap().contains("extractive:"), "{writer:?}");
}

#[cfg(all(unix, feature = "sql"))]
#[tokio::test]
async fn a_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Parts::new(folder.path()).store("sqlite:new/orion.db").await.unwrap();
    store.begin().await.unwrap().commit().await.unwrap();
    let files = std::fs::read_dir(folder.path().join("new")).unwrap().map(|entry| entry.unwrap());
    let modes: Vec<_> = files.map(|file| (file.file_name(), file.metadata().unwrap().permissions().mode())).collect();
    assert!(!modes.is_empty() && modes.iter().all(|(_, mode)| mode & 0o077 == 0), "{modes:?}");
}

#[cfg(feature = "mail")]
#[test]
fn mail_goes_to_a_server_or_an_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::new(folder.path());
    let from = "noreply@orion.example";
    assert!(parts.mailer("outbox:mail", from).is_ok() && folder.path().join("mail").is_dir());
    assert!(parts.mailer("smtps://user:pw@mail.example.org", from).is_ok());
    let unknown = parts.mailer("pigeon:post", from).unwrap_err();
    assert!(unknown.hint().unwrap().contains("outbox:FOLDER"), "{unknown:?}");
    assert!(parts.mailer("outbox:", from).is_err());
}

#[cfg(feature = "social")]
#[test]
fn destinations_are_opened_by_their_address() {
    use orion_core::domain::Destination;
    let folder = tempfile::tempdir().unwrap();
    let open = |address| Parts::new(folder.path()).destination(address, Arc::new(MemoryBlobs::new()), &[]);
    assert_eq!(open("folder:published").unwrap().destination(), Destination::Folder);
    assert!(folder.path().join("published").is_dir());
    assert_eq!(open("webhook:").unwrap().destination(), Destination::Webhook);
    let unknown = open("myspace:").unwrap_err();
    assert!(unknown.hint().unwrap().contains("folder:ROOT"), "{unknown:?}");
}

#[cfg(feature = "oauth")]
#[test]
fn oauth_providers_are_opened_by_their_address() {
    use orion_core::domain::{LoginKind, Secret};
    let open = |address| Parts::new("/nonexistent").oauth(address, "id", Secret::new("secret"));
    assert_eq!(open("github:").unwrap().kind(), LoginKind::Github);
    let own = open("github:https://git.example.org/").unwrap();
    let start = own.begin("https://orion.example/back", &Secret::new("state")).unwrap();
    assert!(start.url.starts_with("https://git.example.org/login/oauth/authorize?"), "{}", start.url);
    assert_eq!(open("google:").unwrap().kind(), LoginKind::Google);
    let unknown = open("myspace:").unwrap_err();
    assert!(unknown.hint().unwrap().contains("google:"), "{unknown:?}");
    assert!(Parts::new("/nonexistent").oauth("google:", "", Secret::new("secret")).is_err());
}

#[cfg(all(feature = "comfyui", feature = "fal"))]
#[test]
fn pictures_and_clips_come_from_servers_that_are_named() {
    use orion_core::ErrorKind;
    let folder = tempfile::tempdir().unwrap();
    let blobs = || Arc::new(MemoryBlobs::new());
    let key = Some(orion_core::domain::Secret::new("key"));
    let parts = Parts::new(folder.path()).with_fal(FalAccess { key, ..FalAccess::default() });
    let image = |address: &str| parts.images(address, blobs()).map(|model| model.provider().to_string());
    let clip = |address: &str| parts.clips(address, blobs()).map(|model| model.provider().to_string());
    assert_eq!(image("comfyui:").unwrap(), "comfyui/sd_xl_base_1.0");
    assert_eq!(image("fal:flux-schnell").unwrap(), "fal_ai/flux-schnell");
    assert_eq!(
        (clip("comfyui:").unwrap(), clip("fal:kling").unwrap()),
        ("comfyui/svd_xt_1_1".into(), "fal_ai/kling".into())
    );
    std::fs::write(folder.path().join("mine.json"), r#"{"1": {"class_type": "A", "inputs": {"text": "%prompt%"}}}"#)
        .unwrap();
    let error = image("comfyui:mine.json").unwrap_err();
    let told = format!("{error:?}");
    assert!(told.contains("missing: width, height, seed") || told.contains("missing: seed, width, height"), "{told}");
    assert_eq!(image("comfyui:other.json").unwrap_err().kind(), ErrorKind::NotFound);
    let without = Parts::new(folder.path()).images("fal:flux-schnell", blobs()).unwrap_err();
    assert!(without.hint().unwrap().contains("fal.key"), "{without:?}");
    assert!(image("midjourney:").unwrap_err().hint().unwrap().contains("fal:MODEL"));
    assert!(clip("graphics:").unwrap_err().hint().unwrap().contains("comfyui:"));
}

#[cfg(feature = "sql")]
#[tokio::test]
async fn the_wire_follows_the_store_unless_told_otherwise() {
    let open = |address, store| Parts::new("/nonexistent").wire(address, store);
    let server = "postgres://ann:hunter2@127.0.0.1:1/orion";
    for (address, store, kind) in [
        ("", "memory:", "MemoryWire"),
        ("memory:", "sqlite:orion.db", "MemoryWire"),
        ("", "sqlite:orion.db", "SqliteWire"),
        ("", server, "PgWire"),
        ("postgres:", server, "PgWire"),
        (server, "sqlite:orion.db", "PgWire"),
        ("memory:", server, "MemoryWire"),
    ] {
        let wire = format!("{:?}", open(address, store).unwrap());
        assert!(wire.starts_with(kind) && !wire.contains("hunter2"), "{address} {store}: {wire}");
    }
    assert!(open("postgres:", "sqlite:orion.db").unwrap_err().hint().is_some());
    assert!(open("pigeon:", server).unwrap_err().hint().unwrap().contains("memory:"));
}

#[tokio::test]
async fn memory_needs_nothing() {
    let parts = Parts::new("/nonexistent");
    assert!(parts.store("memory:").await.is_ok());
    assert!(parts.blobs("memory:").is_ok());
}
