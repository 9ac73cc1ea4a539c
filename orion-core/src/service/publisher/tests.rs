//! Publishing against a destination that remembers what was put on it, and goes wrong on demand.

mod accounts;
mod crash;
mod doubt;
mod room;

use super::*;
use crate::domain::{ApprovalState, Asset, AssetKind, BlobRef, Credentials, Secret, Sha256, SocialAccount, User};
use crate::event::Event;
use crate::id::{AssetId, RevocationId, SessionId, UserId};
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, MemoryWire, SeededEntropy};
use crate::port::{PublishRequest, PublishStatus};
use crate::testing::{assert_fails, sample};
use async_trait::async_trait;
use futures_util::future::{Either, pending, select};
use serde_json::json;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Seals by saying what a seal is for; a wrong purpose does not open it.
#[derive(Debug)]
struct PlainVault;

impl Vault for PlainVault {
    fn seal(&self, text: &Secret, purpose: &str) -> Result<Secret> {
        Ok(Secret::new(format!("{purpose}|{}", text.expose())))
    }
    fn open(&self, sealed: &Secret, purpose: &str) -> Result<Secret> {
        let text = sealed.expose().strip_prefix(purpose).and_then(|rest| rest.strip_prefix('|'));
        text.map(Secret::new).ok_or_else(|| Error::new(ErrorKind::Corrupt, "another purpose"))
    }
    fn derive(&self, _: &str, _: &[u8]) -> Result<[u8; 32]> {
        Err(Error::unexpected("nothing here is derived"))
    }
}

#[derive(Debug)]
struct PlainLinks;

impl FileLinks for PlainLinks {
    fn link(&self, file: &BlobRef, until: Timestamp) -> Result<Secret> {
        Ok(Secret::new(format!("https://orion.test/{}?until={until}", file.sha256)))
    }
}

/// Sleeps by setting the clock forward, to a time of its own.
#[derive(Debug)]
struct Jumps(Arc<ManualClock>, Duration);

#[async_trait]
impl Sleeper for Jumps {
    async fn sleep(&self, _: Duration) {
        self.0.advance(self.1);
        // Others see the time that has passed before the sleeper does.
        tokio::task::yield_now().await;
    }
}

/// Lets so many calls through and none after; the calls that meet it never return.
#[derive(Debug)]
struct Fuse(AtomicI64);

impl Fuse {
    async fn pass(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) <= 0 {
            pending().await
        }
    }
    async fn blown(&self) {
        while self.0.load(Ordering::SeqCst) >= 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// A store that a power cut can stop before any transaction.
#[derive(Debug)]
struct Fused(Arc<dyn Store>, Arc<Fuse>);

#[async_trait]
impl Store for Fused {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        self.1.pass().await;
        self.0.begin().await
    }
    async fn read(&self) -> Result<Box<dyn Tx>> {
        self.1.pass().await;
        self.0.read().await
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    RefusePreparing,
    Refuse,
    Gone,
    /// The post lands, the answer does not come back.
    LoseAnswer,
    /// The call is lost on its way.
    LoseCall,
    /// It cannot even be read.
    Blind,
    Busy,
    /// Preparing takes its time.
    Slow,
    /// The machine has no room to prepare anything.
    Full,
    /// It has none for the last call.
    FullAtLast,
}

/// A destination of the kind that knows no idempotency: every call that lands makes a post.
#[derive(Debug)]
struct Place {
    destination: Destination,
    mood: Mutex<Mood>,
    posts: Mutex<Vec<PublishRequest>>,
    fuse: Arc<Fuse>,
}

impl Place {
    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }
    fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
    fn posts(&self) -> Vec<PublishRequest> {
        self.posts.lock().unwrap().clone()
    }
}

#[async_trait]
impl PlatformPublisher for Place {
    fn destination(&self) -> Destination {
        self.destination
    }
    fn text_limit(&self) -> Option<usize> {
        None
    }
    async fn check(&self, credentials: &Credentials) -> Result<()> {
        credentials.only(&["token"])?;
        credentials.require("token").map(drop)
    }
    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String> {
        operation.cancellation.check()?;
        self.fuse.pass().await;
        match self.mood() {
            Mood::RefusePreparing => Err(Error::invalid("the file is too long")),
            Mood::Full => Err(Error::starved("the disk is full").with_hint("free some space")),
            Mood::Slow => {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                Ok(format!("upload-{}", request.id))
            }
            _ => Ok(format!("upload-{}", request.id)),
        }
    }
    async fn publish(&self, request: &PublishRequest, handle: &str, _: &Operation) -> Result<PublishStatus> {
        assert_eq!(handle, format!("upload-{}", request.id));
        self.fuse.pass().await;
        let mood = self.mood();
        if matches!(mood, Mood::Fine | Mood::LoseAnswer | Mood::Busy | Mood::Slow) {
            self.posts.lock().unwrap().push(request.clone());
        }
        self.fuse.pass().await;
        match mood {
            Mood::Fine | Mood::Slow => Ok(PublishStatus::Published(format!("post-{}", request.id))),
            Mood::Refuse => Ok(PublishStatus::Failed("not in this country".to_owned())),
            Mood::Gone => Ok(PublishStatus::Gone("the account was closed".to_owned())),
            Mood::Busy => Ok(PublishStatus::Processing),
            Mood::LoseAnswer | Mood::LoseCall => Err(Error::new(ErrorKind::Timeout, "no answer")),
            Mood::FullAtLast => Err(Error::starved("the disk is full")),
            Mood::Blind | Mood::RefusePreparing | Mood::Full => Ok(PublishStatus::Unknown("no answer".to_owned())),
        }
    }
    async fn reconcile(&self, request: &PublishRequest, _: &str) -> Result<PublishStatus> {
        self.fuse.pass().await;
        match self.mood() {
            Mood::Blind => Err(Error::unavailable("no connection")),
            Mood::Busy => Ok(PublishStatus::Processing),
            _ if self.posts().iter().any(|post| post.id == request.id) => {
                Ok(PublishStatus::Published(format!("post-{}", request.id)))
            }
            _ => Ok(PublishStatus::Absent),
        }
    }
}

/// Content 1 of user 1, approved with its file, with accounts at two places.
struct World {
    publisher: Publisher,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    fuse: Arc<Fuse>,
    tiktok: Arc<Place>,
    webhook: Arc<Place>,
    caller: Caller,
    content: ContentId,
}

fn caller(n: u64, role: Role) -> Caller {
    Caller {
        user_id: UserId(sample::uuid(n)),
        role,
        email: String::new(),
        name: String::new(),
        session_id: SessionId(sample::uuid(1)),
        token_id: RevocationId(sample::uuid(1)),
        expires_at: sample::time(1),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn token() -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([("token".to_owned(), json!("s3cret"))])
}

impl World {
    async fn new() -> Self {
        let world = Self::bare().await;
        world.connect(Destination::Tiktok).await;
        world.connect(Destination::Webhook).await;
        world
    }

    async fn bare() -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(sample::time(10_000))));
        let fuse = Arc::new(Fuse(AtomicI64::new(i64::MAX)));
        let place = |destination| {
            let (mood, posts) = (Mutex::new(Mood::Fine), Mutex::default());
            Arc::new(Place { destination, mood, posts, fuse: fuse.clone() })
        };
        let (tiktok, webhook) = (place(Destination::Tiktok), place(Destination::Webhook));
        let blobs = MemoryBlobs::new();
        let video = blobs.put(bytes::Bytes::from_static(b"video"), "video/mp4").await.unwrap();
        let publisher = Publisher {
            store: Arc::new(Fused(store.clone(), fuse.clone())),
            blobs: Arc::new(blobs),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(5)),
            sleeper: Arc::new(crate::testing::Standstill),
            wire: Arc::new(MemoryWire::new()),
            vault: Arc::new(PlainVault),
            destinations: vec![tiktok.clone(), webhook.clone()],
            blocklist: vec!["casino".to_owned()],
            text_limit: None,
            links: Some(Arc::new(PlainLinks)),
            at_work: AtWork::default(),
        };
        let caller = caller(1, Role::Editor);
        let world =
            Self { publisher, store, clock, fuse, tiktok, webhook, caller, content: ContentId(sample::uuid(1)) };
        let mut tx = world.store.begin().await.unwrap();
        let (mut content, mut run, mut approval) = (sample::content(1), sample::run(1), sample::approval(1));
        (content.owner, content.status) = (world.caller.user_id, ContentStatus::Approved);
        (approval.state, approval.subject) = (ApprovalState::Approved, video.sha256);
        tx.contents().insert(&mut content).await.unwrap();
        tx.trends().insert(&mut sample::trend(1)).await.unwrap();
        tx.runs().insert(&mut run).await.unwrap();
        tx.approvals().insert(&mut approval).await.unwrap();
        tx.assets().insert(&mut asset(1, video)).await.unwrap();
        tx.users().insert(&mut User { id: world.caller.user_id, ..sample::user(1) }).await.unwrap();
        tx.commit().await.unwrap();
        world
    }

    async fn connect(&self, destination: Destination) -> SocialAccount {
        self.clock.advance(Duration::from_secs(1));
        self.publisher.connect(&self.caller, destination, "Ours", &token()).await.unwrap()
    }

    async fn publish(&self, places: &[&str]) -> Result<PublishOutcome> {
        self.publisher.publish(&self.caller, self.content, names(places), &Operation::detached()).await
    }

    /// As another process would after this one died: nothing is remembered, and what was held is free.
    fn restarted(&self) -> Publisher {
        self.fuse.0.store(i64::MAX, Ordering::SeqCst);
        Publisher { at_work: AtWork::default(), ..self.publisher.clone() }
    }

    async fn resume_after(&self, seconds: u64) -> usize {
        self.clock.advance(Duration::from_secs(seconds));
        self.publisher.resume(&Operation::detached()).await.unwrap()
    }

    async fn content(&self) -> Content {
        self.store.read().await.unwrap().contents().require(self.content).await.unwrap()
    }

    async fn history(&self) -> Vec<Publication> {
        self.publisher.history(&self.caller, Some(self.content), 200).await.unwrap()
    }

    async fn change<T: Send>(&self, change: impl AsyncFnOnce(&mut dyn Tx) -> T) -> T {
        let mut tx = self.store.begin().await.unwrap();
        let out = change(&mut *tx).await;
        tx.commit().await.unwrap();
        out
    }

    /// What the world was told of: who owns the news, and the results in it.
    async fn told(&self) -> Vec<(Option<UserId>, Vec<String>, BTreeMap<String, PostStatus>)> {
        let log = self.store.read().await.unwrap().read(0, None, 1000).await.unwrap();
        log.into_iter()
            .filter_map(|record| match record.event {
                Event::ContentPublished { platforms, results, .. } => {
                    let results = results.into_iter().map(|result| (result.platform, result.status)).collect();
                    Some((record.owner, platforms, results))
                }
                _ => None,
            })
            .collect()
    }
}

fn asset(n: u64, blob: BlobRef) -> Asset {
    let (id, content_id) = (AssetId(sample::uuid(n)), ContentId(sample::uuid(1)));
    Asset { id, content_id, kind: AssetKind::Video, blob, created_at: sample::time(n), ..sample::asset(0) }
}

#[tokio::test]
async fn an_approved_file_goes_out_and_everybody_is_told_once() {
    let world = World::new().await;
    let outcome = world.publish(&["TikTok", "hook", "webhook", "myspace", "youtube", "x"]).await.unwrap();
    let told: Vec<_> = outcome.results.iter().map(|result| (result.platform.as_str(), result.status)).collect();
    use PostStatus::{Failed, Published};
    let expected = [
        ("tiktok", Published),
        ("hook", Failed),
        ("webhook", Published),
        ("myspace", Failed),
        ("youtube", Failed),
        ("twitter", Failed),
    ];
    assert_eq!(told, expected);
    assert!(outcome.results[4].error.as_ref().unwrap().contains("cannot publish to youtube"));
    assert_eq!(outcome.published_at, Some(world.clock.now()));

    let posts = world.tiktok.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!((posts[0].title.as_str(), posts[0].credentials.get("token")), ("Content 1", Some("s3cret")));
    assert_eq!(posts[0].description, "Did you see this? Follow for more.\n\n#topic #1");
    assert_eq!(posts[0].video.sha256, Sha256::of(b"video"));
    assert_eq!(outcome.results[0].platform_post_id, Some(format!("post-{}", posts[0].id)));
    assert!(!format!("{:?}", posts[0]).contains("s3cret"), "credentials and links are not shown");
    assert!(!format!("{:?}", posts[0]).contains("orion.test"));

    let content = world.content().await;
    assert_eq!((content.status, content.published_at), (ContentStatus::Published, Some(world.clock.now())));
    let told = world.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, &told[0].1), (Some(world.caller.user_id), &names(&["tiktok", "webhook"])));
    assert_eq!(told[0].2["youtube"], Failed, "what failed is told with it");
    assert_eq!(world.history().await.len(), 4, "known places are on record, also the unconnected ones");

    assert_fails(world.publish(&["tiktok", "webhook"]).await, ErrorKind::Conflict);
    let again = world.publish(&["myspace", "tiktok"]).await.unwrap();
    let told: Vec<_> = again.results.iter().map(|result| (result.platform.as_str(), result.status)).collect();
    assert_eq!(
        told,
        [("myspace", Failed), ("tiktok", Published)],
        "what is unknown has failed, wherever else it is out"
    );
    assert_eq!((world.tiktok.posts().len(), world.told().await.len()), (1, 1));
}

#[tokio::test]
async fn a_destination_that_fetches_is_given_a_link_that_ends() {
    let world = World::new().await;
    world.publish(&["tiktok"]).await.unwrap();
    let url = world.tiktok.posts()[0].video_url.clone().unwrap();
    let until = world.clock.now().after(Duration::from_secs(24 * 3600));
    assert_eq!(url.expose(), format!("https://orion.test/{}?until={until}", Sha256::of(b"video")));
}

#[tokio::test]
async fn only_what_a_person_approved_goes_out() {
    let world = World::new().await;
    let refused = async |kind| {
        assert_fails(world.publish(&["tiktok"]).await, kind);
        assert!(world.history().await.is_empty() && world.tiktok.posts().is_empty());
    };
    let with_status = async |status| {
        world
            .change(async |tx| {
                let mut content = tx.contents().require(world.content).await.unwrap();
                content.status = status;
                tx.contents().update(&mut content).await.unwrap();
            })
            .await;
    };
    for status in [ContentStatus::Draft, ContentStatus::Generating, ContentStatus::Review, ContentStatus::Rejected] {
        with_status(status).await;
        refused(ErrorKind::Conflict).await;
    }
    with_status(ContentStatus::Approved).await;
    let id = sample::approval(1).id;
    for spoil in [
        |approval: &mut crate::domain::Approval| approval.void(),
        |approval: &mut crate::domain::Approval| approval.state = ApprovalState::Open,
        |approval: &mut crate::domain::Approval| approval.subject = Sha256::of(b"an older video"),
        |approval: &mut crate::domain::Approval| approval.gate = crate::domain::Gate::Script,
    ] {
        let before = world
            .change(async |tx| {
                let mut approval = tx.approvals().require(id).await.unwrap();
                let before = approval.clone();
                spoil(&mut approval);
                tx.approvals().update(&mut approval).await.unwrap();
                before
            })
            .await;
        refused(ErrorKind::Conflict).await;
        let error = world.publish(&["tiktok"]).await.unwrap_err();
        assert!(error.hint().unwrap().contains("approve it"), "{error:?}");
        world
            .change(async |tx| {
                let version = tx.approvals().require(id).await.unwrap().version;
                tx.approvals().update(&mut crate::domain::Approval { version, ..before }).await.unwrap();
            })
            .await;
    }
    // A newer video than the one that was approved.
    let newer = world.publisher.blobs.put(bytes::Bytes::from_static(b"edited"), "video/mp4").await.unwrap();
    world.change(async |tx| tx.assets().insert(&mut asset(7, newer)).await.unwrap()).await;
    refused(ErrorKind::Conflict).await;
}

#[tokio::test]
async fn foreign_content_is_not_there_and_viewers_only_look() {
    let world = World::new().await;
    let publisher = &world.publisher;
    let as_who = async |caller: &Caller| {
        publisher.publish(caller, world.content, names(&["tiktok"]), &Operation::detached()).await
    };
    assert_fails(as_who(&caller(2, Role::Editor)).await, ErrorKind::NotFound);
    assert_fails(as_who(&caller(1, Role::Viewer)).await, ErrorKind::Forbidden);
    let missing = ContentId(sample::uuid(99));
    let none = publisher.publish(&world.caller, missing, names(&["x"]), &Operation::detached()).await;
    assert_fails(none, ErrorKind::NotFound);
    for wrong in [Vec::new(), vec!["x".to_owned(); 21]] {
        let outcome = publisher.publish(&world.caller, world.content, wrong, &Operation::detached()).await;
        assert_fails(outcome, ErrorKind::Invalid);
    }
    world.publish(&["tiktok"]).await.unwrap();
    let seen = async |caller| publisher.history(&caller, None, 50).await.unwrap().len();
    assert_eq!((seen(caller(2, Role::Editor)).await, seen(caller(2, Role::Admin)).await), (0, 1));
}

#[tokio::test]
async fn an_unsafe_text_does_not_go_out() {
    let mut world = World::new().await;
    world.publisher.blocklist.push("SEE THIS".to_owned());
    let error = world.publish(&["tiktok"]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Invalid, "Safety check failed: the text contains \"SEE THIS\"")
    );
    world.publisher.blocklist.clear();
    world.publisher.text_limit = Some(20);
    assert_fails(world.publish(&["tiktok"]).await, ErrorKind::Invalid);
    assert!(world.history().await.is_empty());
}

#[tokio::test]
async fn what_a_destination_refuses_has_failed_and_can_be_tried_again() {
    let world = World::new().await;
    for mood in [Mood::RefusePreparing, Mood::Refuse] {
        world.tiktok.becomes(mood);
        let outcome = world.publish(&["tiktok"]).await.unwrap();
        assert_eq!((outcome.results[0].status, outcome.published_at), (PostStatus::Failed, None));
        assert!(outcome.results[0].error.is_some());
    }
    assert!(world.told().await.is_empty());
    assert_eq!(world.content().await.status, ContentStatus::Approved);
    world.tiktok.becomes(Mood::Fine);
    assert_eq!(world.publish(&["tiktok"]).await.unwrap().results[0].status, PostStatus::Published);
    assert_eq!((world.history().await.len(), world.tiktok.posts().len()), (3, 1));
    // Out on one place, it may still go to another.
    assert_eq!(world.publish(&["webhook"]).await.unwrap().results[0].status, PostStatus::Published);
    assert_eq!(world.told().await.len(), 2);
}
