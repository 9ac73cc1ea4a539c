//! Where the queue is, who asks, how long it may take and what it costs.

use orion_core::domain::{Money, Secret};
use orion_core::{Error, Result};
use std::time::Duration;
use url::Url;

/// Where the queue is, who asks, how long it may take and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FalOptions {
    /// Address of the queue.
    pub queue: Url,
    /// The key.
    pub key: Secret,
    /// How often a request is asked about.
    pub poll: Duration,
    /// Longest time to wait for one. What has not begun by then is not begun any more, and costs nothing.
    pub deadline: Duration,
    /// What one result costs.
    pub rate: Money,
}

impl FalOptions {
    /// Where Fal's own queue is.
    pub const QUEUE: &str = "https://queue.fal.run";

    /// The queue at this address with this key. Times are those of pictures (contract, section 5.6): asked about every
    /// two seconds, five minutes long.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that is not HTTP, or a missing key.
    pub fn at(queue: &str, key: Secret, rate: Money) -> Result<Self> {
        let invalid =
            || Error::invalid("this is no address of a queue").with_hint(format!("write it as `{}`", Self::QUEUE));
        let queue = Url::parse(queue.trim()).map_err(|error| invalid().with_source(error))?;
        if !matches!(queue.scheme(), "http" | "https") || !queue.has_host() {
            return Err(invalid());
        }
        if key.expose().trim().is_empty() {
            return Err(Error::invalid("Fal needs a key")
                .with_hint("make one at fal.ai, and set `fal.key` (ORION_FAL_KEY) to it"));
        }
        Ok(Self { queue, key, poll: Duration::from_secs(2), deadline: Duration::from_secs(300), rate })
    }

    /// With the times of clips: asked about every three seconds, ten minutes long.
    #[must_use]
    pub fn for_clips(self) -> Self {
        Self { poll: Duration::from_secs(3), deadline: Duration::from_secs(600), ..self }
    }
}

/// A model's name in addresses: `fal-ai/flux/schnell`; the short names of the contract (section 5.6) are known too.
///
/// # Errors
/// [`Invalid`](orion_core::ErrorKind::Invalid) for what cannot be one.
pub(crate) fn endpoint(model: &str) -> Result<String> {
    let model = match model.trim() {
        "flux-schnell" => "fal-ai/flux/schnell",
        "flux-dev" => "fal-ai/flux/dev",
        "flux-pro" => "fal-ai/flux-pro",
        "kling" => "fal-ai/kling-video/v1.5/standard/image-to-video",
        other => other,
    };
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    };
    if model.split('/').count() < 2 || !model.split('/').all(plain) {
        return Err(Error::invalid("this is no model of Fal")
            .with_context("model", model)
            .with_hint("for example `fal:flux-schnell`, or a name as Fal writes it: `fal:fal-ai/flux/dev`"));
    }
    Ok(model.to_owned())
}
