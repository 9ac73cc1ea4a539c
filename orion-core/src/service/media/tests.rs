//! Which pictures are fetched when, what is remembered of those that cannot be had, and what an error leaves behind.

mod clips;

use super::*;
use crate::domain::{Picture, Sha256};
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
use crate::port::{ImageLayer, Provider, Shelf, Side, Sleeper, Store, Stored, Usage};
use crate::service::lease::{Alone, Worker};
use crate::testing::sample;
use crate::{Cancellation, RecordedProgress, Timestamp};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Serves pictures by what their address says, and notes how many it serves at once.
#[derive(Debug, Default)]
struct Web {
    asked: Mutex<Vec<String>>,
    busy: Mutex<HashMap<String, usize>>,
    /// Most at once: of one host, and of all.
    most: Mutex<(usize, usize)>,
}

#[async_trait]
impl Fetcher for Web {
    async fn get(&self, url: &str, _: Option<&str>, _: Option<&str>, _: FetchLimits) -> Result<Fetched> {
        self.asked.lock().unwrap().push(url.to_owned());
        if url.contains("slow") {
            return std::future::pending().await;
        }
        {
            let (mut busy, mut most) = (self.busy.lock().unwrap(), self.most.lock().unwrap());
            *busy.entry(host(url)).or_default() += 1;
            *most = (most.0.max(busy[&host(url)]), most.1.max(busy.values().sum()));
        }
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        *self.busy.lock().unwrap().entry(host(url)).or_default() -= 1;
        let body = match url {
            _ if url.contains("missing") => return Err(Error::not_found("no such page")),
            _ if url.contains("page") => Bytes::from_static(b"<html>"),
            _ => Bytes::from([PNG, url.as_bytes()].concat()),
        };
        Ok(Fetched {
            url: url.to_owned(),
            status: 200,
            content_type: Some("image/png".to_owned()),
            etag: None,
            last_modified: None,
            fresh_for: None,
            body,
        })
    }
}

/// Draws at once, but fails at one scene; notes what it was asked for.
#[derive(Debug)]
struct Painter {
    provider: Provider,
    fails_at: Option<u32>,
    asked: Mutex<Vec<ImageRequest>>,
}

#[async_trait]
impl ImageModel for Painter {
    fn provider(&self) -> &Provider {
        &self.provider
    }

    async fn submit(&self, request: &ImageRequest, _: &Operation) -> Result<Submission<GeneratedImage>> {
        self.asked.lock().unwrap().push(request.clone());
        if self.fails_at == Some(request.scene_number) {
            return Err(Error::invalid("the prompt was refused"));
        }
        tokio::task::yield_now().await;
        let bytes = Bytes::from(format!("scene {}", request.scene_number));
        let layer = ImageLayer { bytes, media_type: "image/png".to_owned(), width: 64, height: 64, moves: true };
        let usage = Usage { category: CostCategory::ImageGeneration, units: 1.0, cost: Money(20_000) };
        Ok(Submission::Done(GeneratedImage { layers: vec![layer], usage }))
    }

    async fn wait(&self, _: &str, _: &Operation) -> Result<GeneratedImage> {
        Err(Error::not_found("nothing is pending"))
    }

    async fn cancel(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

/// A store that is full while it is told so.
#[derive(Debug, Default)]
struct Disk {
    blobs: MemoryBlobs,
    full: AtomicBool,
}

#[async_trait]
impl BlobStore for Disk {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        if self.full.load(Ordering::SeqCst) {
            return Err(Error::starved("no space left on the disk"));
        }
        self.blobs.put(bytes, media_type).await
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        self.blobs.import(file, media_type).await
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        self.blobs.get(sha256).await
    }

    async fn length(&self, sha256: Sha256) -> Result<Option<u64>> {
        self.blobs.length(sha256).await
    }

    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        self.blobs.read(sha256, offset, most).await
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        self.blobs.export(sha256, file).await
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        self.blobs.contains(sha256).await
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        self.blobs.delete(sha256).await
    }

    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        self.blobs.list(shelf, after, most).await
    }

    async fn set_aside(&self, sha256: Sha256) -> Result<()> {
        self.blobs.set_aside(sha256).await
    }

    async fn take_back(&self, sha256: Sha256) -> Result<()> {
        self.blobs.take_back(sha256).await
    }

    async fn discard(&self, sha256: Sha256) -> Result<()> {
        self.blobs.discard(sha256).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<u64> {
        self.blobs.tidy(before).await
    }
}

struct Studio {
    media: Media,
    web: Arc<Web>,
    painter: Arc<Painter>,
    disk: Arc<Disk>,
    journal: Journal,
}

fn studio(fails_at: Option<u32>) -> Studio {
    let provider = Provider { name: "painter".to_owned(), model: "test".to_owned(), side: Side::Local };
    let (web, disk) = (Arc::new(Web::default()), Arc::new(Disk::default()));
    let painter = Arc::new(Painter { provider, fails_at, asked: Mutex::default() });
    let clock = Arc::new(ManualClock::at(sample::time(0)));
    let entropy = Arc::new(SeededEntropy::new(7));
    Studio {
        media: Media {
            images: painter.clone().into(),
            clips: Strategy::nobody(),
            fetcher: Some(web.clone()),
            blobs: disk.clone(),
        },
        journal: Journal::new(Arc::new(MemoryStore::new()), disk.clone(), clock, entropy, &sample::run(1)),
        web,
        painter,
        disk,
    }
}

impl Studio {
    /// Illustrates a plan of one scene per source, whose pictures have these addresses.
    async fn illustrate(&self, urls: &[&str], operation: &Operation) -> Result<Vec<ScenePicture>> {
        let source = |(number, url): (u32, &&str)| Source {
            number,
            title: format!("Headline {number}"),
            url: None,
            publisher: Some(format!("Paper {number}")),
            author: None,
            published_at: None,
            text: "Text.".to_owned(),
            picture: Some(Picture { url: (*url).to_owned(), credit: None, caption: None, width: None, height: None }),
        };
        let sources: Vec<Source> = (1..).zip(urls).map(source).collect();
        let mut plan = sample::scene_plan();
        let scene = plan.prompts.remove(0);
        plan.prompts = (1..=sources.len() as u32)
            .map(|n| VisualPrompt { scene_number: n, picture_source: Some(n), ..scene.clone() })
            .collect();
        let material = Material { topic: "T".to_owned(), language: "en".to_owned(), sources, notes: vec![] };
        self.media.illustrate(&self.journal, &plan, &material, Canvas::VERTICAL, operation).await
    }

    fn fetched(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.web.asked.lock().unwrap());
        asked.sort();
        asked
    }

    /// By scene: whether its picture was there, and the credit.
    fn shown(&self) -> Vec<Option<String>> {
        let mut asked = std::mem::take(&mut *self.painter.asked.lock().unwrap());
        asked.sort_by_key(|request| request.scene_number);
        asked.into_iter().map(|request| request.picture.map(|(_, credit)| credit.unwrap_or_default())).collect()
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn hosts_are_asked_side_by_side_and_each_for_one_picture_at_a_time() {
    let studio = studio(None);
    let urls: Vec<String> =
        (0..18).map(|n| format!("https://{}.example/{n}.png", ["a", "B", "b", "c", "d", "e"][n % 6])).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let made = studio.illustrate(&urls, &Operation::detached()).await.unwrap();
    assert_eq!(made.iter().map(|picture| picture.scene_number).collect::<Vec<_>>(), (1..=18).collect::<Vec<_>>());
    assert_eq!(studio.fetched().len(), 18);
    assert_eq!(*studio.web.most.lock().unwrap(), (1, HOSTS_AT_ONCE));
}

#[tokio::test]
async fn a_picture_of_several_scenes_is_fetched_once() {
    let studio = studio(None);
    let urls = ["https://a.example/1.png", "https://b.example/2.png", "https://a.example/1.png"];
    let made = studio.illustrate(&urls, &Operation::detached()).await.unwrap();
    assert_eq!(studio.fetched(), owned(&urls[..2]));
    assert_eq!(studio.shown(), ["Paper 1", "Paper 2", "Paper 3"].map(|credit| Some(credit.to_owned())));
    assert_eq!(studio.illustrate(&urls, &Operation::detached()).await.unwrap(), made);
    assert!(studio.fetched().is_empty() && studio.shown().is_empty(), "nothing is done twice");
}

#[tokio::test]
async fn a_picture_that_cannot_be_had_is_left_out_and_not_asked_for_again() {
    let studio = studio(None);
    let urls = ["https://a.example/missing.png", "https://a.example/page.png", "https://a.example/good.png"];
    studio.illustrate(&urls, &Operation::detached()).await.unwrap();
    assert_eq!(studio.shown(), [None, None, Some("Paper 3".to_owned())]);
    assert_eq!(studio.fetched().len(), 3);
    studio.illustrate(&urls, &Operation::detached()).await.unwrap();
    assert!(studio.fetched().is_empty());
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_is_not_remembered_as_no_picture() {
    let studio = studio(None);
    studio.disk.full.store(true, Ordering::SeqCst);
    let urls = ["https://a.example/1.png"];
    let error = studio.illustrate(&urls, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    let step = studio.journal.steps().await.unwrap().remove(0);
    assert_eq!((step.key.as_str(), step.state), ("pictures/1", StepState::Failed));
    studio.disk.full.store(false, Ordering::SeqCst);
    studio.illustrate(&urls, &Operation::detached()).await.unwrap();
    assert_eq!(studio.shown(), [Some("Paper 1".to_owned())]);
    assert_eq!(studio.fetched().len(), 2);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_slow_host() {
    let studio = studio(None);
    let urls = ["https://a.example/slow.png", "https://a.example/after.png", "https://b.example/1.png"];
    let cancellation = Cancellation::new();
    let operation = Operation::new(cancellation.clone(), Arc::new(RecordedProgress::default()));
    let stop = async {
        while studio.web.asked.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        cancellation.cancel();
    };
    let (made, ()) = tokio::join!(studio.illustrate(&urls, &operation), stop);
    assert_eq!(made.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(studio.fetched(), owned(&[urls[0], urls[2]]));
    // Nothing is held against the host: it is asked again.
    let again = ["https://a.example/slow.png"];
    let operation = Operation::new(Cancellation::new(), Arc::new(RecordedProgress::default()));
    let asked = async {
        while studio.web.asked.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        operation.cancellation.cancel();
    };
    let (made, ()) = tokio::join!(studio.illustrate(&again, &operation), asked);
    assert_eq!(made.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn scenes_at_work_are_finished_when_one_fails_and_no_other_is_begun() {
    let studio = studio(Some(2));
    let urls: Vec<String> = (1..=9).map(|n| format!("https://a.example/{n}.png")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let error = studio.illustrate(&urls, &Operation::detached()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.context().contains(&("scene", "2".to_owned())), "{error}");
    let steps = studio.journal.steps().await.unwrap();
    let state = |n: u32| steps.iter().find(|step| step.key == format!("images/{n}")).map(|step| step.state);
    assert_eq!((state(1), state(2)), (Some(StepState::Finished), Some(StepState::Failed)));
    assert!(steps.iter().all(|step| step.state != StepState::Prepared), "nobody is left half way");
    assert!((4..=9).filter(|n| state(*n).is_some()).count() <= 1);
    assert_eq!(state(9), None);
}

#[test]
fn files_are_known_by_their_bytes() {
    assert_eq!(image_type(b"\x89PNG\r\n"), Some("image/png"));
    assert_eq!(image_type(b"RIFF\0\0\0\0WEBPVP8"), Some("image/webp"));
    assert_eq!(image_type(b"<svg onload=alert(1)>"), None);
    assert_eq!(image_type(b""), None);
}

#[test]
fn hosts_are_told_apart() {
    for (url, expected) in [
        ("https://News.example/a.png?b=c", "news.example"),
        ("https://news.example:8443/a.png", "news.example:8443"),
        ("https://user@news.example?x/y", "news.example"),
        ("http://[::1]/a", "[::1]"),
        ("not an address", "not an address"),
        ("", ""),
    ] {
        assert_eq!(host(url), expected);
    }
}

/// Makes room after so many pauses; a lease is never renewed.
#[derive(Debug)]
struct Frees(Arc<Disk>, std::sync::atomic::AtomicU32);

#[async_trait]
impl Sleeper for Frees {
    async fn sleep(&self, _: Duration) {
        if self.1.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.full.store(false, Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_paid_waits_for_room_and_is_not_asked_for_again() {
    let mut studio = studio(None);
    studio.media.fetcher = None;
    let (urls, operation) = (["https://a.example/1.png"], Operation::detached());
    studio.disk.full.store(true, Ordering::SeqCst);
    let error = studio.illustrate(&urls, &operation).await.unwrap_err();
    assert!(error.is_starved(), "without a lease nobody knows how long to wait: {error:?}");
    assert_eq!(studio.shown().len(), 1);

    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let clock: Arc<dyn crate::port::Clock> = Arc::new(ManualClock::at(sample::time(0)));
    let frees = Arc::new(Frees(studio.disk.clone(), 5.into()));
    let worker = Worker::new(frees, Arc::new(Alone(sample::uuid(1))));
    let tenure = worker.take(&store, &clock, "run").await.unwrap();
    studio.journal = studio.journal.clone().under(tenure);
    let made = studio.illustrate(&urls, &operation).await.unwrap();
    assert_eq!((made.len(), studio.shown().len()), (1, 1), "it was drawn once");
    assert_eq!(studio.journal.spent().await.unwrap(), Money(20_000));

    // What cost nothing waits for nothing, and whoever stops it need not make room.
    studio.disk.full.store(true, Ordering::SeqCst);
    let free = studio.journal.keep(Bytes::from_static(b"free"), "image/png", Money::ZERO, &operation).await;
    assert!(free.unwrap_err().is_starved());
    operation.cancellation.cancel();
    let stopped = studio.journal.keep(Bytes::from_static(b"another"), "image/png", Money(1), &operation).await;
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
}
