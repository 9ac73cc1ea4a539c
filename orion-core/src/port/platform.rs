//! Publishing platforms.

use crate::domain::{BlobRef, Credentials, Destination, Secret};
use crate::id::{ContentId, PublicationId};
use crate::{Operation, Result, Timestamp};
use async_trait::async_trait;
use std::fmt::Debug;

/// What is put on a platform.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishRequest {
    /// The publication: the same at every attempt, so that the other side can tell a second one.
    pub id: PublicationId,
    /// The content.
    pub content_id: ContentId,
    /// The approved file.
    pub video: BlobRef,
    /// A still for listings.
    pub thumbnail: Option<BlobRef>,
    /// Where the file can be fetched for a while without any other right, if this installation serves files.
    pub video_url: Option<Secret>,
    /// Title.
    pub title: String,
    /// Text below it.
    pub description: String,
    /// What opens the account.
    pub credentials: Credentials,
}

/// What the platform says of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishStatus {
    /// The platform has it and is still at work.
    Processing,
    /// Out, under this identifier.
    Published(String),
    /// Certainly not out, and why.
    Failed(String),
    /// Certainly not out, and nothing will ever be with this account, and why.
    Gone(String),
    /// The platform has nothing of it, or would know a second call for the same: it may be sent (again).
    Absent,
    /// Cannot be told, and why.
    Unknown(String),
}

/// Puts videos on one platform, one journaled move at a time.
#[async_trait]
pub trait PlatformPublisher: Debug + Send + Sync {
    /// Which destination.
    fn destination(&self) -> Destination;

    /// How many characters the text below a video may have there.
    fn text_limit(&self) -> Option<usize>;

    /// Checks credentials before they are kept.
    ///
    /// # Behavior
    /// - `Invalid` for keys that are missing, unknown or make no sense, and `Forbidden` for a place that must not be
    ///   written to; neither shows a value.
    async fn check(&self, credentials: &Credentials) -> Result<()>;

    /// Does everything but the last call, and gives the platform's handle.
    ///
    /// # Behavior
    /// - Nothing is visible to others afterwards, however often it is done.
    /// - An error that the machine's lack of room caused ([`Error::starved`](crate::Error::starved)) fails nothing: it is
    ///   done again a little later, for as long as it takes.
    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String>;

    /// The last call, for the handle that [`prepare`](Self::prepare) gave.
    ///
    /// # Behavior
    /// - Sends once; more often only where the other side can tell that it is the same.
    /// - Answers within 15 seconds. On doubt it answers `Unknown`; an error is read as `Unknown`, too, but for one that
    ///   says that the machine has no room ([`Error::starved`](crate::Error::starved)): then nothing was sent.
    async fn publish(&self, request: &PublishRequest, handle: &str, operation: &Operation) -> Result<PublishStatus>;

    /// Reads back what became of a publication.
    ///
    /// # Behavior
    /// - Changes nothing.
    /// - `Absent` only if a call that is still on its way could do no harm either.
    async fn reconcile(&self, request: &PublishRequest, handle: &str) -> Result<PublishStatus>;
}

/// Makes links to stored files for those who can show no other right.
pub trait FileLinks: Debug + Send + Sync {
    /// A link to this file.
    ///
    /// # Behavior
    /// - Serves exactly these bytes until then, and nothing afterwards.
    fn link(&self, file: &BlobRef, until: Timestamp) -> Result<Secret>;
}
