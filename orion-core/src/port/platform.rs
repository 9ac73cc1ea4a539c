//! Publishing platforms.

use crate::domain::{BlobRef, Destination, Publication};
use crate::{Operation, Result};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// What is put on a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishRequest {
    /// The approved file.
    pub video: BlobRef,
    /// Title.
    pub title: String,
    /// Text below it.
    pub description: String,
}

/// What the platform says of a publication.
#[derive(Debug, Clone, PartialEq)]
pub enum PublishStatus {
    /// Still at work.
    Processing,
    /// Out, under this identifier.
    Published(String),
    /// Certainly not out, and why.
    Failed(String),
    /// Cannot be told.
    Unknown,
}

/// Puts videos on one platform, one journaled move at a time.
#[async_trait]
pub trait PlatformPublisher: Debug + Send + Sync {
    /// Which destination.
    fn destination(&self) -> Destination;

    /// Does everything but the last call, and gives the platform's handle.
    ///
    /// # Behavior
    /// - Nothing is visible to others afterwards.
    async fn prepare(&self, request: &PublishRequest, operation: &Operation) -> Result<String>;

    /// The last call.
    ///
    /// # Behavior
    /// - Sends once. On doubt it answers `Unknown`, never an error that reads as "failed".
    async fn publish(&self, publication: &Publication, operation: &Operation) -> Result<PublishStatus>;

    /// Reads back what became of a publication.
    ///
    /// # Behavior
    /// - Changes nothing.
    async fn reconcile(&self, publication: &Publication) -> Result<PublishStatus>;
}
