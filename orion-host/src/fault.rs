//! Points at which a test can have the program die, as by a power cut: `ORION_FAULT=step.finished.before:3` ends it the
//! third time that a finished step is about to be committed. Only in builds with the feature `faults`; a release has
//! nothing of this.
//!
//! The ports that remember or reach outside are wrapped; what is wrapped does not know.

mod tx;

use async_trait::async_trait;
use bytes::Bytes;
use orion_core::domain::{BlobRef, Credentials, Destination, Sha256};
use orion_core::event::EventRecord;
use orion_core::port::{BlobStore, PlatformPublisher, PublishRequest, PublishStatus, Shelf, Store, Stored, Tx, Wire};
use orion_core::{Operation, Result, Timestamp};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tx::FaultyTx;

/// Everything before and after which there is a point.
const MARKS: [&str; 21] = [
    "lease.taken",
    "lease.returned",
    "step.prepared",
    "step.submitted",
    "step.finished",
    "run",
    "gate",
    "content",
    "assets",
    "event",
    "claim.done",
    "notification",
    "publication.prepared",
    "publication.uploading",
    "publication.armed",
    "publication.published",
    "blob",
    "sweep",
    "wake",
    "publish.prepare",
    "publish.send",
];

/// The name of the variable.
const VARIABLE: &str = "ORION_FAULT";

/// Tells all points to standard error, if the variable asks for it: `list`.
#[expect(clippy::print_stderr, reason = "whoever asks reads it there")]
pub fn list_if_asked() {
    if std::env::var(VARIABLE).is_ok_and(|wish| wish == "list") {
        for mark in MARKS {
            eprintln!("fault point {mark}.before\nfault point {mark}.after");
        }
    }
}

/// Where to die, and how often the point is still to be passed.
fn wish() -> Option<&'static (String, AtomicU64)> {
    static WISH: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    let read = || {
        let wish = std::env::var(VARIABLE).ok()?;
        let (name, nth) = wish.split_once(':').unwrap_or((&wish, "1"));
        Some((name.to_owned(), AtomicU64::new(nth.parse().unwrap_or(1))))
    };
    WISH.get_or_init(read).as_ref()
}

/// Dies here, if it was wished: at once, with nothing flushed or told.
fn at(mark: &str, side: &str) {
    if let Some((name, left)) = wish()
        && name.split_once(mark).is_some_and(|(before, after)| before.is_empty() && after == side)
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}

/// Something that can end before or after it is done.
async fn around<T>(mark: &str, work: impl Future<Output = T>) -> T {
    at(mark, ".before");
    let done = work.await;
    at(mark, ".after");
    done
}

/// A record whose commits can end.
pub(crate) fn store(inner: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(Faulty(inner))
}

/// Files whose keeping can end.
pub(crate) fn blobs(inner: Arc<dyn BlobStore>) -> Arc<dyn BlobStore> {
    Arc::new(Faulty(inner))
}

/// A wire whose announcing can end.
pub(crate) fn wire(inner: Arc<dyn Wire>) -> Arc<dyn Wire> {
    Arc::new(Faulty(inner))
}

/// A destination whose calls can end.
#[cfg(feature = "http")]
pub(crate) fn destination(inner: Arc<dyn PlatformPublisher>) -> Arc<dyn PlatformPublisher> {
    Arc::new(Faulty(inner))
}

#[derive(Debug)]
struct Faulty<P: ?Sized>(Arc<P>);

#[async_trait]
impl Store for Faulty<dyn Store> {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        Ok(Box::new(FaultyTx::new(self.0.begin().await?)))
    }

    async fn read(&self) -> Result<Box<dyn Tx>> {
        self.0.read().await
    }
}

#[async_trait]
impl BlobStore for Faulty<dyn BlobStore> {
    async fn put(&self, bytes: Bytes, media_type: &str) -> Result<BlobRef> {
        around("blob", self.0.put(bytes, media_type)).await
    }

    async fn import(&self, file: &Path, media_type: &str) -> Result<BlobRef> {
        around("blob", self.0.import(file, media_type)).await
    }

    async fn get(&self, sha256: Sha256) -> Result<Option<Bytes>> {
        self.0.get(sha256).await
    }

    async fn length(&self, sha256: Sha256) -> Result<Option<u64>> {
        self.0.length(sha256).await
    }

    async fn read(&self, sha256: Sha256, offset: u64, most: usize) -> Result<Option<Bytes>> {
        self.0.read(sha256, offset, most).await
    }

    async fn export(&self, sha256: Sha256, file: &Path) -> Result<()> {
        self.0.export(sha256, file).await
    }

    async fn contains(&self, sha256: Sha256) -> Result<bool> {
        self.0.contains(sha256).await
    }

    async fn delete(&self, sha256: Sha256) -> Result<()> {
        self.0.delete(sha256).await
    }

    async fn list(&self, shelf: Shelf, after: Option<Sha256>, most: usize) -> Result<Vec<Stored>> {
        self.0.list(shelf, after, most).await
    }

    async fn set_aside(&self, sha256: Sha256) -> Result<()> {
        around("sweep", self.0.set_aside(sha256)).await
    }

    async fn take_back(&self, sha256: Sha256) -> Result<()> {
        self.0.take_back(sha256).await
    }

    async fn discard(&self, sha256: Sha256) -> Result<()> {
        around("sweep", self.0.discard(sha256)).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<u64> {
        self.0.tidy(before).await
    }
}

#[async_trait]
impl Wire for Faulty<dyn Wire> {
    async fn announce(&self, record: &EventRecord) -> Result<()> {
        around("wake", self.0.announce(record)).await
    }

    async fn wake(&self) -> Result<()> {
        around("wake", self.0.wake()).await
    }

    async fn woken(&self) -> Result<()> {
        self.0.woken().await
    }

    fn hears_others(&self) -> bool {
        self.0.hears_others()
    }
}

#[async_trait]
impl PlatformPublisher for Faulty<dyn PlatformPublisher> {
    fn destination(&self) -> Destination {
        self.0.destination()
    }

    fn text_limit(&self) -> Option<usize> {
        self.0.text_limit()
    }

    async fn check(&self, credentials: &Credentials) -> Result<()> {
        self.0.check(credentials).await
    }

    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String> {
        around("publish.prepare", self.0.prepare(request, operation)).await
    }

    async fn publish(&self, request: &PublishRequest, handle: &str, operation: &Operation) -> Result<PublishStatus> {
        around("publish.send", self.0.publish(request, handle, operation)).await
    }

    async fn reconcile(&self, request: &PublishRequest, handle: &str) -> Result<PublishStatus> {
        self.0.reconcile(request, handle).await
    }
}
