//! The live wire on an SQLite file: processes on one file wake each other.

use crate::sqlite;
use async_trait::async_trait;
use orion_core::Result;
use orion_core::event::EventRecord;
use orion_core::memory::MemoryWire;
use orion_core::port::Wire;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The pause after a look that failed; everybody is woken then, to look by themselves.
const AGAIN: Duration = Duration::from_secs(1);

/// A [`Wire`] between the processes on one SQLite file.
///
/// Within the process news is immediate. What others commit shows in the file's `data_version`, which is looked at ten
/// times a second: one statement, in place of one by everybody who waits. A commit of this process shows there too, so
/// it may wake twice.
///
/// A wait counts from the call of `woken`, not from its first poll: who calls it, then looks into the log, then awaits
/// it, misses nothing.
pub struct SqliteWire {
    file: PathBuf,
    local: MemoryWire,
    task: JoinHandle<()>,
}

impl SqliteWire {
    /// A wire on the file that `sqlite:PATH` names. It opens the file by itself, a moment later: commands that end
    /// before never do.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) if the URI names no file.
    pub fn open(uri: &str) -> Result<Self> {
        let file = PathBuf::from(sqlite::path_of(uri)?);
        let options = SqliteConnectOptions::new().filename(&file).pragma("query_only", "on");
        let local = MemoryWire::new();
        let task = tokio::spawn(watch(options, local.clone()));
        Ok(Self { file, local, task })
    }
}

impl Drop for SqliteWire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for SqliteWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteWire").field("sqlite", &self.file).finish()
    }
}

#[async_trait]
impl Wire for SqliteWire {
    async fn announce(&self, record: &EventRecord) -> Result<()> {
        self.local.announce(record).await
    }

    async fn wake(&self) -> Result<()> {
        self.local.wake().await
    }

    fn woken<'life, 'async_trait>(&'life self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life: 'async_trait,
        Self: 'async_trait,
    {
        // Counts from this call, not from the first poll.
        self.local.woken()
    }

    fn hears_others(&self) -> bool {
        true
    }
}

/// Wakes everybody whenever the file has changed, or may have.
async fn watch(options: SqliteConnectOptions, local: MemoryWire) {
    let mut line = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let changed = look(&options, &mut line).await;
        if let Err(error) = &changed {
            tracing::debug!(%error, "it cannot be seen what other processes commit; everybody looks by themselves");
            line = None;
        }
        if !matches!(changed, Ok(false)) {
            // Within a process it never fails.
            let _ = local.wake().await;
        }
        if changed.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Whether something was committed since the last look on this connection. The first cannot tell, so it says yes.
async fn look(options: &SqliteConnectOptions, line: &mut Option<(SqliteConnection, i64)>) -> sqlx::Result<bool> {
    let version = sqlx::query_scalar("pragma data_version");
    match line {
        Some((connection, seen)) => {
            let now = version.fetch_one(connection).await?;
            Ok(std::mem::replace(seen, now) != now)
        }
        None => {
            let mut connection = options.connect().await?;
            let now = version.fetch_one(&mut connection).await?;
            *line = Some((connection, now));
            Ok(true)
        }
    }
}
