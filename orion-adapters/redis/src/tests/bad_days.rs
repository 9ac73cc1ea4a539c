//! The server is away, killed, emptied, asleep: nobody waits for it, and everything is as before once it is back.

use super::client;
use super::conformance::Subscriber;
use crate::Redis;
use orion_core::ErrorKind;
use orion_core::event::{Event, EventRecord};
use orion_core::id::EventId;
use orion_core::memory::{ManualClock, MemoryStore, MemoryWire, SeededEntropy};
use orion_core::port::{Broadcast, Clock, RateLimiter, Store, Wire};
use orion_core::service::relay::{Relay, Step};
use orion_core::testing::broadcast::Listener;
use orion_core::testing::sample;
use orion_private_redis::Server;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Far longer than anything takes.
const SOON: Duration = Duration::from_secs(20);

pub(super) fn record(n: u64, event: Event) -> EventRecord {
    EventRecord { sequence: n, id: EventId(sample::uuid(n)), at: sample::time(n), owner: None, event }
}

/// Whether what one process announces wakes another.
async fn passes(here: &dyn Wire, there: &dyn Wire) -> bool {
    let woken = there.woken();
    tokio::select! {
        woken = woken => woken.is_ok(),
        () = async { loop {
            here.announce(&record(1, sample::event(1))).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        } } => false,
        () = tokio::time::sleep(SOON) => false,
    }
}

#[tokio::test]
async fn a_wire_wakes_other_processes_and_never_itself_by_echo() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (client(&server).wire(), client(&server).wire());
    assert!(passes(&one, &other).await && passes(&other, &one).await);
    // What it announced before a wait is old news, also when it comes back from the server. What the other one said
    // a moment ago may still be on its way; an echo would come every time.
    let mut quiet = false;
    for _ in 0..20 {
        if quiet {
            break;
        }
        one.wake().await.unwrap();
        quiet |= tokio::time::timeout(Duration::from_millis(200), one.woken()).await.is_err();
    }
    assert!(quiet, "its own message comes back and wakes it");
    assert!(passes(&other, &one).await);
}

#[tokio::test]
async fn a_wire_works_within_the_process_while_the_server_is_away_and_beyond_when_it_is_back() {
    let Some(server) = Server::start(&[]) else { return };
    let (one, other) = (client(&server).wire(), client(&server).wire());
    assert!(passes(&one, &other).await);
    for round in 0..3 {
        server.kill();
        let begun = Instant::now();
        for n in 0..1000 {
            one.announce(&record(n, sample::event(n))).await.unwrap();
        }
        assert!(begun.elapsed() < SOON, "announcing waits for nobody");
        assert!(passes(&one, &one).await, "round {round}");
        let woken = other.woken();
        server.start_again();
        // Nothing new is announced: that something was, while they were apart, is told now.
        tokio::time::timeout(SOON, woken).await.unwrap().unwrap();
        assert!(passes(&one, &other).await && passes(&other, &one).await, "round {round}");
    }
    server.pause();
    one.wake().await.unwrap();
    assert!(passes(&one, &one).await);
    server.go_on();
    assert!(passes(&one, &other).await);
}

/// While the server is dead or asleep, processes wake each other the other way, and with it they do not.
#[tokio::test]
async fn another_way_is_taken_while_the_server_does_not_answer() {
    let Some(server) = Server::start(&[]) else { return };
    let spare = Arc::new(MemoryWire::new());
    let (one, other) = (client(&server).wire_beside(spare.clone()), client(&server).wire_beside(spare.clone()));
    let straight = async || {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < SOON, "the other way is taken although the server answers");
            // One more may go both ways until the server is known to answer.
            assert!(passes(&one, &other).await);
            let said = spare.woken();
            one.wake().await.unwrap();
            if tokio::time::timeout(Duration::from_millis(150), said).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    straight().await;
    server.pause();
    assert!(passes(&one, &other).await && passes(&other, &one).await);
    server.go_on();
    straight().await;
    server.kill();
    assert!(passes(&one, &other).await && passes(&other, &one).await);
    let begun = Instant::now();
    for n in 0..1000 {
        one.announce(&record(n, sample::event(n))).await.unwrap();
    }
    assert!(begun.elapsed() < SOON, "announcing waits for nobody");
    server.start_again();
    straight().await;
}

#[tokio::test]
async fn a_limiter_fails_fast_while_the_server_is_away_and_counts_when_it_is_back() {
    let Some(server) = Server::start(&[]) else { return };
    let limiter = client(&server).limiter();
    let hit = async |who: &str| limiter.hit("auth", 2, who, sample::time(0)).await;
    assert!(hit("a").await.unwrap().allowed && hit("a").await.unwrap().allowed && !hit("a").await.unwrap().allowed);
    let back = async || {
        let begun = Instant::now();
        while hit("probe").await.is_err() {
            assert!(begun.elapsed() < SOON, "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Asleep, it costs one wait in a while, and nobody hangs.
    server.pause();
    let begun = Instant::now();
    for _ in 0..1000 {
        let error = hit("b").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error:?}");
    }
    assert!(begun.elapsed() < SOON);
    server.go_on();
    back().await;
    assert!(!hit("a").await.unwrap().allowed, "its memory is as it was");
    // Emptied, it counts anew: also its scripts are gone.
    let redis = client(&server);
    let mut connection = redis.connection();
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut connection).await.unwrap();
    assert!(hit("a").await.unwrap().allowed && hit("a").await.unwrap().allowed && !hit("a").await.unwrap().allowed);
    server.kill();
    assert!(hit("a").await.is_err() && hit("a").await.is_err());
    server.start_again();
    back().await;
    assert!(hit("a").await.unwrap().allowed && hit("a").await.unwrap().allowed && !hit("a").await.unwrap().allowed);
    // Junk under a key is an error, and not a count.
    let begin = sample::time(0).as_micros() / 1_000_000;
    let mut connection = client(&server).connection();
    redis::cmd("SET").arg(format!("ratelimit:auth:c:{begin}")).arg("junk").exec_async(&mut connection).await.unwrap();
    assert!(hit("c").await.is_err());
}

#[tokio::test]
async fn a_server_that_never_was_there_is_no_reason_to_stop() {
    let redis = Redis::open("redis://127.0.0.1:1").unwrap();
    let error = redis.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    let wire = redis.wire();
    assert!(passes(&wire, &wire).await);
    assert!(redis.limiter().hit("auth", 1, "a", sample::time(0)).await.is_err());
    assert!(redis.broadcast().show(&[record(1, sample::event(1))]).await.is_err());
    assert!(!format!("{redis:?} {wire:?}").is_empty());
}

/// An event log and its relay.
struct Log {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    appended: u64,
}

impl Log {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: Arc::new(ManualClock::at(sample::time(0))), appended: 0 }
    }

    fn relay(&self, redis: &Redis, seed: u64) -> Relay {
        let entropy = Arc::new(SeededEntropy::new(seed));
        Relay::new(self.store.clone(), self.clock.clone(), entropy, Arc::new(redis.broadcast()))
    }

    async fn append(&mut self, count: u64) {
        let mut tx = self.store.begin().await.unwrap();
        for _ in 0..count {
            self.appended += 1;
            let n = self.appended;
            tx.append(EventId(sample::uuid(n)), self.clock.now(), None, &sample::event(n)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// Steps until all is shown; how often that failed.
async fn relayed(relay: &mut Relay) -> u32 {
    let begun = Instant::now();
    let mut failed = 0;
    loop {
        match relay.step().await {
            Ok(Step::Done) => return failed,
            Ok(_) => {}
            Err(error) => {
                assert!(begun.elapsed() < SOON, "{error:?}");
                failed += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Hears events until the last one; all of them in order, some perhaps twice.
async fn hears(listener: &Subscriber, first: u64, last: u64) {
    let mut expected = first;
    while expected <= last {
        let (_, text) = listener.next().await;
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        let id = event["_event_id"].as_str().unwrap().to_owned();
        if id == sample::uuid(expected).to_string() {
            expected += 1;
        } else {
            let known = (1..expected).any(|n| sample::uuid(n).to_string() == id);
            assert!(known, "{id} came before event {expected}");
        }
    }
}

#[tokio::test]
async fn a_listener_from_outside_hears_every_event_over_all_of_this() {
    let Some(server) = Server::start(&[]) else { return };
    let mut log = Log::new();
    let redis = client(&server);
    let mut relay = log.relay(&redis, 1);
    relay.begin().await.unwrap();
    let listener = Subscriber::new(&server).await;
    log.append(500).await;
    assert_eq!(relayed(&mut relay).await, 0);
    hears(&listener, 1, 500).await;

    // Killed: what happens meanwhile is heard by who comes back.
    log.clock.advance(Duration::from_secs(2));
    log.append(1).await;
    relayed(&mut relay).await;
    hears(&listener, 501, 501).await;
    server.kill();
    log.append(700).await;
    assert!(relay.step().await.is_err() && relay.step().await.is_err());
    server.start_again();
    let listener = Subscriber::new(&server).await;
    relayed(&mut relay).await;
    hears(&listener, 502, 1201).await;

    // Asleep, then awake.
    server.pause();
    log.append(300).await;
    assert!(relay.step().await.is_err());
    server.go_on();
    relayed(&mut relay).await;
    hears(&listener, 1202, 1501).await;

    // Emptied: there is nothing to lose.
    redis::cmd("FLUSHALL").exec_async(&mut redis.connection()).await.unwrap();
    log.append(10).await;
    relayed(&mut relay).await;
    hears(&listener, 1502, 1511).await;

    // The relay dies, and another takes over when its time is over.
    log.append(10).await;
    drop(relay);
    let mut other = log.relay(&redis, 2);
    assert_eq!(other.step().await.unwrap(), Step::Theirs);
    log.clock.advance(Duration::from_secs(10));
    relayed(&mut other).await;
    hears(&listener, 1512, 1521).await;
}
