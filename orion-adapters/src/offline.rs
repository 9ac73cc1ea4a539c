//! A fetcher for working without a network: it refuses everything and says so.

use async_trait::async_trait;
use orion_core::port::{FetchLimits, Fetched, Fetcher};
use orion_core::{Error, Result, Retry};

/// Refuses every address. Local files are not fetched and so still work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

#[async_trait]
impl Fetcher for Offline {
    async fn get(&self, url: &str, _: Option<&str>, _: Option<&str>, _: FetchLimits) -> Result<Fetched> {
        Err(Error::unavailable("nothing is fetched in offline mode")
            .with_context("url", url)
            .with_hint("leave `--offline` away, or use a local file")
            .with_retry(Retry::Never))
    }
}
