//! One server, and the connection that calls share. It is made when it is first needed and again when it breaks.

use crate::{RedisBroadcast, RedisLimiter, RedisWire, address};
use orion_core::port::Wire;
use orion_core::{Error, ErrorKind, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A connection is there by then.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);
/// An answer is there by then; servers answer within a millisecond.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);

/// A Redis server. Clones share one connection.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: ConnectionManager,
    name: String,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(&self.name).finish()
    }
}

impl Redis {
    /// The server at `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or with TLS at `rediss://…`, where `?ca=FILE` names the
    /// certificate of an authority of one's own. Connects to nobody yet; needs a tokio runtime around it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for another address, without showing it.
    pub fn open(address: &str) -> Result<Self> {
        let (client, name) = address::client(address)?;
        // One attempt for each call: whoever calls knows how long to wait before the next.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)
            .map_err(|error| translate(&name, &error))?;
        Ok(Self { client, connection, name })
    }

    /// Host, port and database: `10.0.0.7:6379/1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks whether it is there and lets this user in.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable), [`Timeout`](ErrorKind::Timeout), or
    /// [`Unauthorized`](ErrorKind::Unauthorized) for a wrong password.
    pub async fn ping(&self) -> Result<()> {
        let mut connection = self.connection();
        self.within(ANSWER, async move { redis::cmd("PING").exec_async(&mut connection).await }).await
    }

    /// Wakes workers and sockets of every process at this server. It listens as long as it lives.
    pub fn wire(&self) -> RedisWire {
        RedisWire::start(self.clone(), None)
    }

    /// As [`wire`](Self::wire), with another way to the same processes, which is heard at all times and spoken to while
    /// the server does not answer.
    pub fn wire_beside(&self, spare: Arc<dyn Wire>) -> RedisWire {
        RedisWire::start(self.clone(), Some(spare))
    }

    /// Shows events to whoever subscribes to `orion.*`.
    pub fn broadcast(&self) -> RedisBroadcast {
        RedisBroadcast::new(self.clone())
    }

    /// Counts calls of all gateways at this server together.
    pub fn limiter(&self) -> RedisLimiter {
        RedisLimiter::new(self.clone())
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// Waits for the server, but no longer than that.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = std::result::Result<T, RedisError>>,
    ) -> Result<T> {
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome.map_err(|error| translate(&self.name, &error)),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the Redis server does not answer")
                .with_context("server", &self.name)
                .with_context("seconds", limit.as_secs_f32())),
        }
    }
}

/// What the driver says, in Orion's words. It never quotes an address.
fn translate(server: &str, error: &RedisError) -> Error {
    use redis::ErrorKind as Kind;
    let no_permission = error.code() == Some("NOPERM");
    let no_entry =
        matches!(error.kind(), Kind::AuthenticationFailed) || matches!(error.code(), Some("WRONGPASS" | "NOAUTH"));
    let told = match error.kind() {
        _ if no_entry => {
            Error::new(ErrorKind::Unauthorized, "the Redis server lets nobody in with this name and password")
                .with_hint("check the user and the password in the address: redis://USER:PASSWORD@HOST")
        }
        _ if no_permission => Error::new(ErrorKind::Forbidden, "the user of the Redis server may not do this")
            .with_hint("the documentation of the Redis adapter names the commands and channels that it needs"),
        Kind::Io if error.is_timeout() => Error::new(ErrorKind::Timeout, "the Redis server does not answer"),
        Kind::InvalidClientConfig => Error::invalid("the Redis server cannot be used with this address"),
        _ => Error::unavailable("the Redis server cannot be used"),
    };
    told.with_context("server", server).with_context("cause", error)
}
