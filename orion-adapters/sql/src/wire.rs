//! The live wire on PostgreSQL's `notify`: processes on one database wake each other.

use crate::postgres;
use async_trait::async_trait;
use orion_core::Result;
use orion_core::event::EventRecord;
use orion_core::port::Wire;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener};
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// The channel. Its payload is the number of who announces.
const CHANNEL: &str = "orion";

/// A line on which nothing was said for so long is asked whether it still stands.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How long to wait for the answer, and for a notification to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause before the next attempt to listen; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A [`Wire`] between the processes on one PostgreSQL database.
///
/// Within the process news is immediate. To the others it goes by `notify` on a connection of its own, many
/// announcements at once if they come faster than they can be sent. While the server is away nothing is sent and
/// announcing still succeeds; when it is back everybody wakes, for nobody knows what was missed.
///
/// A wait counts from the call of `woken`, not from its first poll: who calls it, then looks into the log, then awaits
/// it, misses nothing.
pub struct PgWire {
    name: String,
    news: watch::Sender<u64>,
    unsent: Arc<Notify>,
    tasks: [JoinHandle<()>; 2],
}

impl PgWire {
    /// A wire on the database at `postgres://…`. It connects by itself, now and whenever it must.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) if the address is malformed.
    pub fn open(uri: &str) -> Result<Self> {
        let options = postgres::options(uri)?;
        let me = RandomState::new().hash_one(std::process::id()).to_string();
        let news = watch::Sender::new(0);
        let unsent = Arc::new(Notify::new());
        let name = postgres::name(&options);
        let pool = || postgres::pool(PgConnectOptions::clone(&options), 1);
        let tasks =
            [tokio::spawn(listen(pool(), me.clone(), news.clone())), tokio::spawn(send(pool(), me, unsent.clone()))];
        Ok(Self { name, news, unsent, tasks })
    }
}

impl Drop for PgWire {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for PgWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgWire").field("postgres", &self.name).finish()
    }
}

#[async_trait]
impl Wire for PgWire {
    async fn announce(&self, _record: &EventRecord) -> Result<()> {
        self.wake().await
    }

    async fn wake(&self) -> Result<()> {
        tell(&self.news);
        self.unsent.notify_one();
        Ok(())
    }

    fn woken<'life, 'async_trait>(&'life self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life: 'async_trait,
        Self: 'async_trait,
    {
        let mut news = self.news.subscribe();
        Box::pin(async move {
            // The sender is a field, so it cannot be gone.
            let _ = news.changed().await;
            Ok(())
        })
    }
}

/// Wakes everybody in this process.
fn tell(news: &watch::Sender<u64>) {
    news.send_modify(|count| *count = count.wrapping_add(1));
}

/// Wakes this process whenever another announces something.
async fn listen(pool: PgPool, me: String, news: watch::Sender<u64>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match PgListener::connect_with(&pool).await {
            Ok(mut listener) => {
                listener.eager_reconnect(false);
                if listener.listen(CHANNEL).await.is_ok() {
                    pause = FIRST_PAUSE;
                    // Nobody knows what was said before.
                    tell(&news);
                    while hear(&mut listener, &me, &news).await {}
                    tracing::warn!("the line to other processes is down; they are looked after by polling");
                }
            }
            Err(error) => tracing::debug!(%error, "the line to other processes is not up yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for a while; `false` once the connection is of no more use.
async fn hear(listener: &mut PgListener, me: &str, news: &watch::Sender<u64>) -> bool {
    match tokio::time::timeout(HEARTBEAT, listener.try_recv()).await {
        Ok(Ok(Some(said))) => {
            if said.payload() != me {
                tell(news);
            }
            true
        }
        Ok(Ok(None) | Err(_)) => false,
        Err(_) => {
            let answer = tokio::time::timeout(PATIENCE, sqlx::query("select 1").execute(listener)).await;
            matches!(answer, Ok(Ok(_)))
        }
    }
}

/// Tells the other processes, once for everything that was announced since the last time.
async fn send(pool: PgPool, me: String, unsent: Arc<Notify>) {
    loop {
        unsent.notified().await;
        let sent = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(&me).execute(&pool);
        match tokio::time::timeout(PATIENCE, sent).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "other processes were not woken; they look by themselves"),
            Err(_) => tracing::debug!("other processes were not woken in time; they look by themselves"),
        }
    }
}
