//! Against local servers that check what they are asked and answer in the documented forms, also on bad days.

mod days;
mod sites;
mod witness;

use crate::Asking;
use orion_core::domain::Secret;
use orion_core::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
use orion_core::port::{Clock, SourceScan, TrendSource};
use orion_core::service::scout::Visits;
use orion_core::{Operation, Result};
use orion_fetch::HttpFetcher;
use std::sync::Arc;
use std::time::Duration;
use wiremock::MockServer;

/// A server, and somebody who asks it with a memory and a clock of their own.
struct Bed {
    server: MockServer,
    asking: Asking,
    clock: ManualClock,
}

impl Bed {
    async fn new() -> Self {
        Self::showing("x-unused", "").await
    }

    /// The fetcher shows this header to the server.
    async fn showing(header: &'static str, secret: &str) -> Self {
        let server = MockServer::start().await;
        let builder = HttpFetcher::builder().allow_private(["127.0.0.1"]).pause(Duration::ZERO);
        let builder = builder.credential(&server.uri(), header, &Secret::new(secret)).unwrap();
        let store = Arc::new(MemoryStore::new());
        let visits = Visits::new(store, Arc::new(MemoryBlobs::new()), Arc::new(SeededEntropy::new(7)));
        let asking = Asking::new(Arc::new(builder.build().unwrap()), visits);
        Self { server, asking, clock: ManualClock::at("2026-11-27T12:00:00Z".parse().unwrap()) }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.uri())
    }

    async fn fetch(&self, source: &dyn TrendSource, limit: u32) -> Result<SourceScan> {
        source.fetch("US", limit, self.clock.now(), &Operation::detached()).await
    }

    async fn requests(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

fn titles(scan: &SourceScan) -> Vec<(&str, f64)> {
    scan.items.iter().map(|seen| (seen.item.title.as_str(), seen.score)).collect()
}
