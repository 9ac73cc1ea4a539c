//! Against a real `redis-server`, with its bad days.

mod bad_days;
mod conformance;
mod entry;

use crate::Redis;
use orion_private_redis::Server;

/// A client of a server.
fn client(server: &Server) -> Redis {
    Redis::open(&server.address()).unwrap()
}
