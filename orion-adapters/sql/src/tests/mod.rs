//! The suites of the ports on both databases, and what only one of them can do.

mod crash;
mod file;
mod notifier;
mod server;
mod statements;
mod wire;

use crate::SqlStore;
use orion_core::port::Store;
use std::sync::Arc;

mod sqlite_conformance {
    use super::*;

    async fn make() -> (Arc<dyn Store>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
        (Arc::new(SqlStore::open(&uri).await.unwrap()), folder)
    }

    orion_core::store_conformance!(make);
}

mod postgres_conformance {
    use super::*;

    async fn make() -> Option<(Arc<dyn Store>, ())> {
        let uri = postgres()?;
        Some((Arc::new(SqlStore::open(&uri).await.unwrap()), ()))
    }

    orion_core::store_conformance!(make);
}

/// The address of a new database on the server of these tests; `None` if there is no server.
fn postgres() -> Option<String> {
    orion_private_postgres::Server::shared().map(orion_private_postgres::Server::database)
}
