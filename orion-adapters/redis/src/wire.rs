//! The live wire between processes. Within this process it is the in-memory wire; what happens here is told to the
//! others, and what happens there is told here, by two tasks that come back by themselves whenever the server does.
//!
//! Nobody who announces waits for the server, and many announcements in a row are one message: all that others need to
//! know is that it is time to look. Where there is another way to the same processes, it is taken while the server does
//! not answer.

use crate::Redis;
use crate::server::{ANSWER, CONNECT};
use async_trait::async_trait;
use futures_util::StreamExt;
use orion_core::Result;
use orion_core::event::EventRecord;
use orion_core::memory::MemoryWire;
use orion_core::port::Wire;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Where processes wake each other. Not below `orion.`: that is for events.
const CHANNEL: &str = "orion:woken";
/// The first pause after a failure; it doubles up to the longest.
const SHORTEST: Duration = Duration::from_millis(50);
/// A server that comes back is noticed within this.
const LONGEST: Duration = Duration::from_millis(500);
/// A server that has not answered by then is taken for away; it answers within a millisecond.
const GRACE: Duration = Duration::from_millis(50);
/// How often a silent connection is asked whether it is one.
const SILENCE: Duration = Duration::from_secs(5);

/// Wakes all processes at one server. It never fails and never waits: without the server, and without another way, it
/// wakes this process only, and the others look by themselves from time to time. Clones share it.
#[derive(Clone)]
pub struct RedisWire(Arc<Ends>);

struct Ends {
    local: MemoryWire,
    news: Arc<Notify>,
    spare: Option<Spare>,
    tasks: Vec<JoinHandle<()>>,
}

/// Another way to the same processes.
#[derive(Clone)]
struct Spare {
    wire: Arc<dyn Wire>,
    /// Whether it is the only one, as the server does not answer.
    needed: Arc<AtomicBool>,
}

impl fmt::Debug for RedisWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisWire").finish_non_exhaustive()
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl RedisWire {
    pub(crate) fn start(redis: Redis, spare: Option<Arc<dyn Wire>>) -> Self {
        let (local, news) = (MemoryWire::new(), Arc::new(Notify::new()));
        let spare = spare.map(|wire| Spare { wire, needed: Arc::default() });
        // Tells this process' messages from those of others.
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let mut tasks = vec![tokio::spawn(tell(redis.clone(), news.clone(), mark.clone(), spare.clone()))];
        tasks.push(tokio::spawn(listen(redis, local.clone(), mark)));
        tasks.extend(spare.as_ref().map(|spare| tokio::spawn(pass_on(spare.wire.clone(), local.clone()))));
        Self(Arc::new(Ends { local, news, spare, tasks }))
    }
}

#[async_trait]
impl Wire for RedisWire {
    async fn announce(&self, _record: &EventRecord) -> Result<()> {
        self.wake().await
    }

    async fn wake(&self) -> Result<()> {
        self.0.local.wake().await?;
        self.0.news.notify_one();
        match &self.0.spare {
            Some(spare) if spare.needed.load(Ordering::SeqCst) => spare.wire.wake().await,
            _ => Ok(()),
        }
    }

    fn woken<'life, 'async_trait>(&'life self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life: 'async_trait,
        Self: 'async_trait,
    {
        // Counts from this call, not from the first poll.
        self.0.local.woken()
    }

    fn hears_others(&self) -> bool {
        self.0.spare.as_ref().is_some_and(|spare| spare.wire.hears_others())
    }
}

/// Pauses that grow with every failure in a row.
struct Pauses(Duration);

impl Pauses {
    async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = LONGEST.min(self.0 * 2);
    }
}

/// Tells the others that something happened here, as soon as they can be told.
async fn tell(redis: Redis, news: Arc<Notify>, mark: String, spare: Option<Spare>) {
    let mut pauses = Pauses(SHORTEST);
    loop {
        news.notified().await;
        let mut connection = redis.connection();
        let mut message = redis::cmd("PUBLISH");
        message.arg(CHANNEL).arg(&mark);
        let mut told = pin!(redis.within(ANSWER, async move { message.exec_async(&mut connection).await }));
        let soon = tokio::time::timeout(GRACE, &mut told).await;
        let told = match soon {
            Ok(told) => told,
            Err(_) => {
                take_over(spare.as_ref()).await;
                told.await
            }
        };
        match told {
            Ok(()) => {
                pauses = Pauses(SHORTEST);
                if let Some(spare) = &spare {
                    spare.needed.store(false, Ordering::SeqCst);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "other processes cannot be woken");
                take_over(spare.as_ref()).await;
                // It stays to be told.
                news.notify_one();
                pauses.next().await;
            }
        }
    }
}

/// The server does not answer: what was to be told goes the other way, and so does all that comes until it does.
async fn take_over(spare: Option<&Spare>) {
    if let Some(spare) = spare
        && !spare.needed.swap(true, Ordering::SeqCst)
    {
        // Without it, too, they look by themselves from time to time.
        let _ = spare.wire.wake().await;
    }
}

/// Tells this process what comes the other way.
async fn pass_on(spare: Arc<dyn Wire>, local: MemoryWire) {
    let mut woken = spare.woken();
    loop {
        let heard = woken.await;
        // Before anybody is woken, so that nothing falls between.
        woken = spare.woken();
        match heard {
            Ok(()) => drop(local.wake().await),
            Err(_) => tokio::time::sleep(LONGEST).await,
        }
    }
}

/// Tells this process what happens elsewhere.
async fn listen(redis: Redis, local: MemoryWire, mark: String) {
    let mut pauses = Pauses(SHORTEST);
    let mut away = false;
    loop {
        match connect(&redis).await {
            Ok((asked, told)) => {
                if std::mem::take(&mut away) {
                    tracing::info!(server = redis.name(), "the Redis server is back");
                }
                pauses = Pauses(SHORTEST);
                // Something may have happened while nobody listened.
                let _ = local.wake().await;
                follow(asked, told, &local, &mark).await;
            }
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(%error, "the Redis server is away; work goes on without it");
                }
            }
        }
        pauses.next().await;
    }
}

type Ears = (redis::aio::PubSubSink, redis::aio::PubSubStream);

async fn connect(redis: &Redis) -> Result<Ears> {
    let ears = redis.within(CONNECT, redis.client().get_async_pubsub()).await?;
    let (mut asked, told) = ears.split();
    redis.within(ANSWER, asked.subscribe(CHANNEL)).await?;
    Ok((asked, told))
}

/// Passes on what is heard, until the connection is none any more.
async fn follow(mut asked: redis::aio::PubSubSink, mut told: redis::aio::PubSubStream, local: &MemoryWire, mark: &str) {
    loop {
        match tokio::time::timeout(SILENCE, told.next()).await {
            Ok(Some(message)) if message.get_payload_bytes() == mark.as_bytes() => {}
            Ok(Some(_)) => {
                let _ = local.wake().await;
            }
            Ok(None) => return,
            // A server that is stopped, or a way to it that is cut, says nothing at all.
            Err(_) => match tokio::time::timeout(ANSWER, asked.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                _ => return,
            },
        }
    }
}
