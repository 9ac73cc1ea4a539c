//! The clock of a PostgreSQL server, as all processes on its database go by it.

use crate::error::translate;
use crate::postgres;
use orion_core::port::Clock;
use orion_core::{Error, ErrorKind, Result, Timestamp};
use rustix::time::{ClockId, clock_gettime};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often the server is asked: what two good oscillators drift apart meanwhile is far below what its answer takes.
const ASK: Duration = Duration::from_secs(10);
/// How long an answer may take, with the connection that it needs. The later it comes, the less it counts.
const PATIENCE: Duration = Duration::from_secs(10);
/// Microseconds since 1970, by the wall clock and not by the beginning of the transaction.
const NOW: &str = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";

/// What runs on evenly while the wall clock is set, and also while the machine sleeps where the system counts that.
#[cfg(any(target_os = "linux", target_os = "android"))]
const EVEN: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const EVEN: ClockId = ClockId::Monotonic;

/// The clock of a database server.
///
/// Leases and claims compare what one machine has written with the clock of another. Machines whose clocks disagree by
/// more than a lease would take each other's work away, again and again; nothing would be done twice, and little would
/// be done at all. So everybody goes by the server's clock: it is asked now and then, and between its answers time goes
/// on by a clock that nobody can set. While the server is away it goes on so, too.
#[derive(Debug)]
pub struct PgClock {
    ahead: Arc<AtomicI64>,
    asking: JoinHandle<()>,
}

impl PgClock {
    /// The clock of the server at `postgres://…`, which is asked once before this returns.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the address is malformed; [`Timeout`](ErrorKind::Timeout),
    /// [`Unavailable`](ErrorKind::Unavailable) if the server does not answer.
    pub async fn open(uri: &str) -> Result<Self> {
        let pool = postgres::pool(postgres::options(uri)?, 1);
        let ahead = Arc::new(AtomicI64::new(ask(&pool).await?.ahead));
        let asking = tokio::spawn(follow(pool, ahead.clone()));
        Ok(Self { ahead, asking })
    }
}

impl Drop for PgClock {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

impl Clock for PgClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(even().saturating_add(self.ahead.load(Ordering::Relaxed)))
    }
}

/// An answer of the server.
#[derive(Debug, Clone, Copy)]
struct Answer {
    /// By how many microseconds it is ahead of the clock that runs on evenly.
    ahead: i64,
    /// By how many that may be wrong.
    give: i64,
}

/// Microseconds of the clock that runs on evenly, from some moment on.
fn even() -> i64 {
    let now = clock_gettime(EVEN);
    now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000)
}

async fn ask(pool: &PgPool) -> Result<Answer> {
    // A connection of its own first: making one is no part of the way of an answer.
    let asked = async {
        let mut connection = pool.acquire().await?;
        let sent = even();
        let (server,): (i64,) = sqlx::query_as(NOW).fetch_one(&mut *connection).await?;
        let give = even().saturating_sub(sent) / 2;
        Ok(Answer { ahead: server.saturating_sub(sent.saturating_add(give)), give })
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(translate),
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the PostgreSQL server does not tell its time")
            .with_hint("check the server, and what lies between")),
    }
}

async fn follow(pool: PgPool, ahead: Arc<AtomicI64>) {
    loop {
        tokio::time::sleep(ASK).await;
        match ask(&pool).await {
            Ok(answer) => {
                let off = answer.ahead.saturating_sub(ahead.load(Ordering::Relaxed));
                // What the way of the answer explains is no reason to jump.
                if off.abs() > answer.give {
                    ahead.store(answer.ahead, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::debug!(%error, "the server's clock is not known anew; it is taken to run on"),
        }
    }
}
