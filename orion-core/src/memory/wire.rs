//! The live wire within one process.

use crate::Result;
use crate::event::EventRecord;
use crate::port::Wire;
use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A [`Wire`] between the tasks of one process. Clones share it.
///
/// A wait counts from the call of `woken`, not from its first poll: who calls it, then looks into the log, then
/// awaits it, misses nothing.
#[derive(Debug, Clone, Default)]
pub struct MemoryWire(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    announced: u64,
    next_waiter: u64,
    waiting: Vec<(u64, Waker)>,
}

impl MemoryWire {
    /// A wire that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Wire for MemoryWire {
    async fn announce(&self, _record: &EventRecord) -> Result<()> {
        self.wake().await
    }

    async fn wake(&self) -> Result<()> {
        let waiting = {
            let mut line = self.line();
            line.announced += 1;
            std::mem::take(&mut line.waiting)
        };
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
        Ok(())
    }

    fn woken<'life, 'async_trait>(&'life self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life: 'async_trait,
        Self: 'async_trait,
    {
        let mut line = self.line();
        line.next_waiter += 1;
        Box::pin(Woken { wire: self, number: line.next_waiter, seen: line.announced })
    }
}

/// One wait; forgets its waker when it is dropped.
struct Woken<'a> {
    wire: &'a MemoryWire,
    number: u64,
    seen: u64,
}

impl Future for Woken<'_> {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut line = self.wire.line();
        if line.announced != self.seen {
            return Poll::Ready(Ok(()));
        }
        match line.waiting.iter_mut().find(|(number, _)| *number == self.number) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => line.waiting.push((self.number, context.waker().clone())),
        }
        Poll::Pending
    }
}

impl Drop for Woken<'_> {
    fn drop(&mut self) {
        self.wire.line().waiting.retain(|(number, _)| *number != self.number);
    }
}
