//! The suite of the ports, and what only a file can do.

mod crash;
mod file;
mod notifier;

mod conformance {
    use crate::SqlStore;
    use orion_core::port::Store;
    use std::sync::Arc;

    async fn make() -> (Arc<dyn Store>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let uri = format!("sqlite:{}", folder.path().join("orion.db").display());
        (Arc::new(SqlStore::open(&uri).await.unwrap()), folder)
    }

    orion_core::store_conformance!(make);
}
