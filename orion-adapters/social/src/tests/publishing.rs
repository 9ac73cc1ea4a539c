//! The whole use case on a real record, real files, real seals and both destinations, broken off anywhere.

use super::receiver::Receiver;
use crate::{FolderDestination, WebhookDestination};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use orion_blob::FolderBlobs;
use orion_core::Operation;
use orion_core::domain::{
    Approval, ApprovalState, Asset, AssetKind, Content, ContentStatus, Destination, PublicationState, Role,
};
use orion_core::event::Event;
use orion_core::id::{AssetId, ContentId, RevocationId, SessionId, UserId};
use orion_core::memory::{ManualClock, MemoryWire, SeededEntropy};
use orion_core::port::PlatformPublisher;
use orion_core::service::identity::Caller;
use orion_core::service::publisher::{AtWork, Publisher};
use orion_core::testing::sample;
use orion_fetch::HttpFetcher;
use orion_secure::{Key, KeyVault};
use orion_sql::SqlStore;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const KEY: [u8; 32] = [9; 32];

fn caller() -> Caller {
    Caller {
        user_id: UserId(sample::uuid(1)),
        role: Role::Editor,
        email: String::new(),
        name: String::new(),
        session_id: SessionId(sample::uuid(1)),
        token_id: RevocationId(sample::uuid(1)),
        expires_at: sample::time(1),
    }
}

/// No upload here takes so long that anybody had to wait.
#[derive(Debug)]
struct Never;

#[async_trait::async_trait]
impl orion_core::port::Sleeper for Never {
    async fn sleep(&self, _: std::time::Duration) {
        std::future::pending().await
    }
}

/// A publisher on everything real but time, with two accounts.
async fn publisher(folder: &Path, receiver: &Receiver) -> (Publisher, Arc<ManualClock>) {
    let blobs = Arc::new(FolderBlobs::open(folder.join("blobs")).unwrap());
    let fetcher = HttpFetcher::builder().allow_private(["127.0.0.1"]).build().unwrap();
    let destinations: Vec<Arc<dyn PlatformPublisher>> = vec![
        Arc::new(FolderDestination::new(folder.join("root"), blobs.clone()).unwrap()),
        Arc::new(WebhookDestination::new(Arc::new(fetcher))),
    ];
    let entropy = Arc::new(SeededEntropy::new(1));
    let clock = Arc::new(ManualClock::at(sample::time(10_000)));
    let store = SqlStore::open(&format!("sqlite:{}", folder.join("orion.db").display())).await.unwrap();
    let publisher = Publisher {
        store: Arc::new(store),
        blobs,
        clock: clock.clone(),
        vault: Arc::new(KeyVault::new(&[Key::from_bytes([7; 32])], entropy.clone()).unwrap()),
        entropy,
        sleeper: Arc::new(Never),
        wire: Arc::new(MemoryWire::new()),
        destinations,
        blocklist: Vec::new(),
        text_limit: None,
        links: None,
        at_work: AtWork::default(),
    };
    let place = json!({"path": "out"});
    publisher.connect(&caller(), Destination::Folder, "Ours", place.as_object().unwrap()).await.unwrap();
    let url = format!("http://{}/hook", receiver.address);
    let hook = json!({"url": url, "secret": format!("whsec_{}", STANDARD.encode(KEY))});
    publisher.connect(&caller(), Destination::Webhook, "Ours", hook.as_object().unwrap()).await.unwrap();
    (publisher, clock)
}

/// Approved content with a file of its own.
async fn approved(publisher: &Publisher, n: u64) -> ContentId {
    let video = publisher.blobs.put(Bytes::from(format!("video {n}")), "video/mp4").await.unwrap();
    let content_id = ContentId(sample::uuid(n));
    let owner = caller().user_id;
    let mut content = Content { owner, status: ContentStatus::Approved, trend_id: None, ..sample::content(n) };
    let mut approval = Approval { state: ApprovalState::Approved, subject: video.sha256, ..sample::approval(n) };
    let id = AssetId(sample::uuid(n));
    let mut asset = Asset { id, content_id, kind: AssetKind::Video, blob: video, ..sample::asset(0) };
    let mut tx = publisher.store.begin().await.unwrap();
    tx.contents().insert(&mut content).await.unwrap();
    tx.runs().insert(&mut sample::run(n)).await.unwrap();
    tx.approvals().insert(&mut approval).await.unwrap();
    tx.assets().insert(&mut asset).await.unwrap();
    tx.commit().await.unwrap();
    content_id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_off_anywhere_comes_out_once() {
    const ROUNDS: u64 = 150;
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(&KEY, &[]).await;
    let (publisher, clock) = publisher(folder.path(), &receiver).await;
    let mut broken_off = 0;
    for n in 1..=ROUNDS {
        let content = approved(&publisher, n).await;
        let (at_work, places) = (AtWork::default(), vec!["folder".to_owned(), "webhook".to_owned()]);
        let first = Publisher { at_work, ..publisher.clone() };
        let task = tokio::spawn(async move { first.publish(&caller(), content, places, &Operation::detached()).await });
        // From before the first row to after the last.
        tokio::time::sleep(Duration::from_micros(n * 200)).await;
        task.abort();
        broken_off += u64::from(task.await.is_err());
        // Another process takes over once the dead one's hold has ended.
        let second = Publisher { at_work: AtWork::default(), ..publisher.clone() };
        for _ in 0..4 {
            clock.advance(Duration::from_secs(21));
            second.resume(&Operation::detached()).await.unwrap();
        }
    }
    // A commit that was under way when its task ended may take effect a moment later, and is taken up then.
    clock.advance(Duration::from_secs(21));
    publisher.resume(&Operation::detached()).await.unwrap();
    let mut expected = 0;
    for n in 1..=ROUNDS {
        let written = publisher.history(&caller(), Some(ContentId(sample::uuid(n))), 10).await.unwrap();
        expected += usize::from(!written.is_empty());
        assert!(written.is_empty() || written.len() == 2, "round {n}: all that was asked for, or nothing: {written:?}");
        assert!(written.iter().all(|row| row.state == PublicationState::Published), "round {n}: {written:?}");
    }
    assert!(broken_off > 20 && expected > 20, "{broken_off} broken off, {expected} begun: this proves nothing");
    let out: Vec<_> = std::fs::read_dir(folder.path().join("root/out")).unwrap().map(|entry| entry.unwrap()).collect();
    let shown = out.iter().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).count();
    assert_eq!((shown, receiver.taken().len()), (expected, expected), "none lost, none twice");
    let log = publisher.store.read().await.unwrap().read(0, None, 100_000).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .filter_map(|record| match &record.event {
            Event::ContentPublished { content_id, platforms, .. } => Some((*content_id, platforms.len())),
            _ => None,
        })
        .collect();
    assert_eq!((told.len(), told.iter().all(|(_, platforms)| *platforms == 2)), (expected, true), "told once of both");
}
