//! Scenarios of [`Wire`](crate::port::Wire).

use super::{let_others_on, sample};
use crate::event::EventRecord;
use crate::id::EventId;
use crate::port::Wire;
use futures_util::future::{Either, join, join_all, select};
use std::pin::pin;
use std::sync::Arc;

fn record(n: u64) -> EventRecord {
    let id = EventId(sample::uuid(n));
    EventRecord { sequence: n, id, at: sample::time(n), owner: None, event: sample::event(n) }
}

/// Announces again and again: a wire may lose news, so one announcement proves nothing.
async fn announce_until_dropped(wire: &Arc<dyn Wire>) {
    for n in 1.. {
        wire.announce(&record(n)).await.unwrap();
        let_others_on().await;
    }
}

/// Announcing into the void succeeds.
pub async fn nobody_needs_to_listen(wire: Arc<dyn Wire>) {
    for n in 1..100 {
        wire.announce(&record(n)).await.unwrap();
    }
}

/// One announcement wakes every waiter, again and again.
pub async fn everybody_who_waits_wakes(wire: Arc<dyn Wire>) {
    for _ in 0..3 {
        let waiters = pin!(join_all((0..20).map(|_| wire.woken())));
        match select(waiters, pin!(announce_until_dropped(&wire))).await {
            Either::Left((woken, _)) => woken.into_iter().for_each(|woken| woken.unwrap()),
            Either::Right(_) => panic!("the announcer never ends by itself"),
        }
    }
}

/// A wait that begins after an announcement waits for the next one.
pub async fn old_news_wakes_nobody(wire: Arc<dyn Wire>) {
    wire.announce(&record(1)).await.unwrap();
    let mut waiting = pin!(wire.woken());
    let mut polls = 0;
    let woke = std::future::poll_fn(|context| {
        polls += 1;
        match waiting.as_mut().poll(context) {
            std::task::Poll::Pending if polls < 50 => {
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            }
            other => std::task::Poll::Ready(other.is_ready()),
        }
    })
    .await;
    assert!(!woke, "an announcement from before the call is old news");
}

/// Giving up waiting disturbs nobody else.
pub async fn a_wait_can_be_dropped(wire: Arc<dyn Wire>) {
    let mut dropped = Box::pin(wire.woken());
    let polled = std::future::poll_fn(|context| std::task::Poll::Ready(dropped.as_mut().poll(context).is_pending()));
    assert!(polled.await);
    drop(dropped);
    let announcer = pin!(announce_until_dropped(&wire));
    match select(pin!(join(wire.woken(), wire.woken())), announcer).await {
        Either::Left(((first, second), _)) => first.and(second).unwrap(),
        Either::Right(_) => panic!("the announcer never ends by itself"),
    }
}

/// What is no event wakes everybody too.
pub async fn waking_is_as_announcing(wire: Arc<dyn Wire>) {
    wire.wake().await.unwrap();
    let again = async {
        loop {
            wire.wake().await.unwrap();
            let_others_on().await;
        }
    };
    let waiters = pin!(join_all((0..20).map(|_| wire.woken())));
    match select(waiters, pin!(again)).await {
        Either::Left((woken, _)) => woken.into_iter().for_each(|woken| woken.unwrap()),
        Either::Right(((), _)) => panic!("the announcer never ends by itself"),
    }
}
