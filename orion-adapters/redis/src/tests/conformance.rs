//! The suites of the ports.

use super::client;
use async_trait::async_trait;
use futures_util::StreamExt;
use orion_core::port::{Broadcast, RateLimiter, Wire};
use orion_core::testing::broadcast::{Listener, Shown};
use orion_private_redis::Server;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Subscribes to `orion.*`, as others do.
pub(super) struct Subscriber(Mutex<redis::aio::PubSub>);

impl Subscriber {
    pub(super) async fn new(server: &Server) -> Self {
        let client = redis::Client::open(server.address()).unwrap();
        let mut subscribed = client.get_async_pubsub().await.unwrap();
        subscribed.psubscribe("orion.*").await.unwrap();
        Self(Mutex::new(subscribed))
    }
}

#[async_trait]
impl Listener for Subscriber {
    async fn next(&self) -> (String, String) {
        let mut subscribed = self.0.lock().await;
        let message = tokio::time::timeout(std::time::Duration::from_secs(20), subscribed.on_message().next()).await;
        let message = message.unwrap().unwrap();
        (message.get_channel_name().to_owned(), message.get_payload().unwrap())
    }
}

mod wires {
    use super::*;

    async fn wire() -> Option<(Arc<dyn Wire>, Server)> {
        let server = Server::start(&[])?;
        Some((Arc::new(client(&server).wire()), server))
    }
    orion_core::wire_conformance!(wire);
}

mod limiters {
    use super::*;

    async fn limiter() -> Option<(Arc<dyn RateLimiter>, Server)> {
        let server = Server::start(&[])?;
        Some((Arc::new(client(&server).limiter()), server))
    }
    orion_core::limiter_conformance!(limiter);
}

mod broadcasts {
    use super::*;

    async fn shown() -> Option<(Shown, Server)> {
        let server = Server::start(&[])?;
        let broadcast: Arc<dyn Broadcast> = Arc::new(client(&server).broadcast());
        Some(((broadcast, Box::new(Subscriber::new(&server).await)), server))
    }
    orion_core::broadcast_conformance!(shown);
}
