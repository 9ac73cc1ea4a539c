//! One worker at a time, whichever process it is in; what comes too late changes nothing.

use super::*;
use crate::port::Sleeper;
use crate::service::lease::{Alone, LEASE};
use crate::testing::{assert_fails, sample};
use futures_util::future::{join, select};
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Draws once it may, and says that it was asked.
#[derive(Debug)]
struct Slow {
    tools: Arc<Tools>,
    asked: Cancellation,
    may: Cancellation,
}

#[async_trait]
impl ImageModel for Slow {
    fn provider(&self) -> &Provider {
        &self.tools.provider
    }

    async fn submit(&self, request: &ImageRequest, operation: &Operation) -> Result<Submission<GeneratedImage>> {
        self.asked.cancel();
        self.may.cancelled().await;
        self.tools.submit(request, operation).await
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage> {
        self.tools.wait(handle, operation).await
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}

/// Sleeps until it is told to wake, for once; then for ever.
#[derive(Debug, Default)]
struct Alarm(Cancellation, AtomicBool);

#[async_trait]
impl Sleeper for Alarm {
    async fn sleep(&self, _: Duration) {
        self.0.cancelled().await;
        if self.1.swap(true, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

struct World {
    clock: Arc<ManualClock>,
    tools: Arc<Tools>,
    slow: Arc<Slow>,
    alarm: Arc<Alarm>,
    one: Production,
    other: Production,
}

/// Two processes on one record; the first has a provider that takes its time.
fn world() -> World {
    let (production, tools) = production();
    let clock = Arc::new(ManualClock::at(production.clock.now()));
    let (asked, may) = (Cancellation::new(), Cancellation::new());
    let slow = Arc::new(Slow { tools: tools.clone(), asked, may });
    let alarm = Arc::new(Alarm::default());
    let other = Production { clock: clock.clone(), worker: worker(2), ..production };
    let one = Production {
        media: Media { images: slow.clone().into(), ..other.media.clone() },
        worker: Worker::new(alarm.clone(), Arc::new(Alone(sample::uuid(1)))),
        ..other.clone()
    };
    World { clock, tools, slow, alarm, one, other }
}

async fn standing(production: &Production, id: RunId) -> (usize, usize, Vec<Event>) {
    let mut tx = production.store.read().await.unwrap();
    let steps = tx.steps().all(&Filter { parent: Some(id.0), ..Filter::default() }).await.unwrap();
    let costs = tx.costs().all(&Filter::default()).await.unwrap();
    (steps.len(), costs.len(), events(production).await)
}

#[tokio::test]
async fn a_run_that_is_worked_on_is_left_alone() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let looks = async {
        world.slow.asked.cancelled().await;
        let mut tx = world.other.store.read().await.unwrap();
        assert!(!world.other.is_free(&mut *tx, run.id).await.unwrap());
        assert_fails(world.other.advance(run.id, &operation).await, ErrorKind::Conflict);
        assert_fails(world.one.advance(run.id, &operation).await, ErrorKind::Conflict);
        assert_fails(world.other.tell_progress(&run, Stage::Images, 50).await, ErrorKind::Conflict);
        world.one.tell_progress(&run, Stage::Images, 50).await.unwrap();
        world.slow.may.cancel();
    };
    let (made, ()) = join(world.one.advance(run.id, &operation), looks).await;
    assert_eq!(made.unwrap().state, RunState::Completed);
    assert!(world.other.is_free(&mut *world.other.store.read().await.unwrap(), run.id).await.unwrap());
}

/// A worker stands still past its lease, and then goes on as if nothing had been.
#[tokio::test]
async fn who_was_overtaken_changes_nothing() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let overtakes = async {
        world.slow.asked.cancelled().await;
        world.clock.advance(LEASE);
        let made = world.other.advance(run.id, &operation).await.unwrap();
        assert_eq!(made.state, RunState::Completed);
        let before = standing(&world.other, run.id).await;
        world.slow.may.cancel();
        before
    };
    let (late, before) = join(world.one.advance(run.id, &operation), overtakes).await;
    assert_fails(late, ErrorKind::Conflict);
    assert_eq!(standing(&world.other, run.id).await, before);
    assert_eq!(world.other.run(run.id).await.unwrap().state, RunState::Completed);
}

/// A task that lost its lease to another task of its own process takes nothing from that one when it ends.
#[tokio::test]
async fn a_late_task_does_not_free_what_its_process_took_again() {
    let World { clock, other, .. } = world();
    let clock: Arc<dyn Clock> = {
        clock.advance(LEASE);
        clock
    };
    let first = other.worker.take(&other.store, &clock, "run/1").await.unwrap();
    let later: Arc<dyn Clock> = Arc::new(ManualClock::at(clock.now().after(LEASE)));
    let second = other.worker.take(&other.store, &later, "run/1").await.unwrap();
    drop(first);
    let mut tx = other.store.read().await.unwrap();
    assert!(!other.worker.is_free(&mut *tx, "run/1", later.now()).await.unwrap());
    drop(second);
    assert!(other.worker.is_free(&mut *tx, "run/1", later.now()).await.unwrap());
}

/// A worker that hears that its lease is gone ends its work at once; the provider's answer is not waited for.
#[tokio::test]
async fn work_whose_lease_is_gone_is_dropped() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let overtakes = async {
        world.slow.asked.cancelled().await;
        world.clock.advance(LEASE);
        world.other.advance(run.id, &operation).await.unwrap();
        world.alarm.0.cancel();
    };
    let (late, ()) = join(world.one.advance(run.id, &operation), overtakes).await;
    assert_fails(late, ErrorKind::Conflict);
    assert!(!world.slow.may.is_cancelled());
}

/// A worker that was slow but not overtaken keeps its lease and its work.
#[tokio::test]
async fn a_late_sign_of_life_is_better_than_none() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let wakes = async {
        world.slow.asked.cancelled().await;
        world.clock.advance(LEASE + LEASE / 2);
        world.alarm.0.cancel();
        let is_free = async || {
            let mut tx = world.other.store.read().await.unwrap();
            world.other.is_free(&mut *tx, run.id).await.unwrap()
        };
        while is_free().await {
            tokio::task::yield_now().await;
        }
        world.slow.may.cancel();
    };
    let (made, ()) = join(world.one.advance(run.id, &operation), wakes).await;
    assert_eq!(made.unwrap().state, RunState::Completed);
}

/// A clock that is set forward by hours looks like having stood still; nobody took over, so nothing is lost by it.
#[tokio::test]
async fn a_clock_that_jumps_fails_no_run() {
    let World { clock, slow, one, .. } = world();
    let run = one.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let jumps = async {
        slow.asked.cancelled().await;
        clock.advance(Duration::from_secs(3 * 3600));
        slow.may.cancel();
    };
    let (made, ()) = join(one.advance(run.id, &operation), jumps).await;
    assert_eq!(made.unwrap().state, RunState::Completed);
}

/// Knows of one worker that it has ended.
#[derive(Debug)]
struct Knows(Alone, Alone);

#[async_trait]
impl crate::port::Roster for Knows {
    async fn me(&self) -> uuid::Uuid {
        self.0.0
    }

    async fn has_ended(&self, worker: uuid::Uuid) -> bool {
        worker == self.1.0
    }
}

#[tokio::test]
async fn nobody_waits_for_who_has_ended() {
    let World { slow, one, other, tools, .. } = world();
    let run = other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    {
        let work = one.advance(run.id, &operation);
        let killed = slow.asked.cancelled();
        // Dropped where it stands, as by a kill.
        futures_util::future::select(std::pin::pin!(work), std::pin::pin!(killed)).await;
    }
    let drawn = tools.drawn.load(Ordering::SeqCst);
    assert_fails(other.advance(run.id, &operation).await, ErrorKind::Conflict);
    let knows = Knows(Alone(sample::uuid(3)), Alone(sample::uuid(1)));
    let heir = Production { worker: Worker::new(Arc::new(crate::testing::Standstill), Arc::new(knows)), ..other };
    assert!(heir.is_free(&mut *heir.store.read().await.unwrap(), run.id).await.unwrap());
    assert_eq!(heir.advance(run.id, &operation).await.unwrap().state, RunState::Completed);
    assert!(tools.drawn.load(Ordering::SeqCst) > drawn);
}

/// The same process goes on at once with what it dropped: it knows best that nobody is at it.
#[tokio::test]
async fn who_dropped_its_own_work_takes_it_up_again() {
    let World { slow, one, .. } = world();
    let run = one.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    {
        let work = one.advance(run.id, &operation);
        let stopped = slow.asked.cancelled();
        futures_util::future::select(std::pin::pin!(work), std::pin::pin!(stopped)).await;
    }
    slow.may.cancel();
    assert_eq!(one.advance(run.id, &operation).await.unwrap().state, RunState::Completed);
}

/// Lets time pass at once, and others do something meanwhile.
#[derive(Debug)]
struct Jumps(Arc<ManualClock>);

#[async_trait]
impl Sleeper for Jumps {
    async fn sleep(&self, duration: Duration) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.0.advance(duration);
    }
}

/// Fails the transactions that write, for a while.
#[derive(Debug)]
struct Away {
    store: Arc<dyn Store>,
    /// So many fail from the next one on.
    failures: Arc<AtomicU32>,
}

#[async_trait]
impl Store for Away {
    async fn begin(&self) -> Result<Box<dyn Tx>> {
        let fails = |left: u32| left.checked_sub(1);
        match self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails) {
            Ok(_) => Err(Error::unavailable("the store is away").of_the_record()),
            Err(_) => self.store.begin().await,
        }
    }

    async fn read(&self) -> Result<Box<dyn Tx>> {
        self.store.read().await
    }
}

/// A record that is away for a moment fails no run, and nothing that was paid is paid again.
#[tokio::test]
async fn a_record_that_is_away_for_a_moment_fails_no_run() {
    let World { slow, one, tools, clock, .. } = world();
    let failures = Arc::new(AtomicU32::new(0));
    let store: Arc<dyn Store> = Arc::new(Away { store: one.store.clone(), failures: failures.clone() });
    let worker = Worker::new(Arc::new(Jumps(clock)), Arc::new(Alone(sample::uuid(1))));
    let scout = Scout { store: store.clone(), ..one.scout.clone() };
    let one = Production { store, scout, worker, ..one };
    let run = one.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    let fails = async {
        slow.asked.cancelled().await;
        failures.store(3, Ordering::SeqCst);
        slow.may.cancel();
    };
    let (made, ()) = join(one.advance(run.id, &operation), fails).await;
    assert_eq!(made.unwrap().state, RunState::Completed);
    let mut tx = one.store.read().await.unwrap();
    let steps = tx.steps().all(&Filter { parent: Some(run.id.0), ..Filter::default() }).await.unwrap();
    let pictures = steps.iter().filter(|step| step.key.starts_with("images/")).count();
    assert_eq!(tools.drawn.load(Ordering::SeqCst) as usize, pictures);
    assert!(steps.iter().all(|step| step.attempts == 1), "{steps:?}");
}

/// Takes a run up and ends without a word, as a process that dies does.
async fn dies(world: &World, id: RunId) {
    let operation = Operation::detached();
    let images = Arc::new(Deadly(world.tools.clone())).into();
    let dead =
        Production { worker: worker(7), media: Media { images, ..world.other.media.clone() }, ..world.other.clone() };
    let while_it_lives = async {
        for _ in 0..2000 {
            tokio::task::yield_now().await;
        }
    };
    select(pin!(dead.work_on(id, &operation)), pin!(while_it_lives)).await;
}

/// Draws for ever: whoever asks is dropped.
#[derive(Debug)]
struct Deadly(Arc<Tools>);

#[async_trait]
impl ImageModel for Deadly {
    fn provider(&self) -> &Provider {
        &self.0.provider
    }

    async fn submit(&self, _: &ImageRequest, _: &Operation) -> Result<Submission<GeneratedImage>> {
        std::future::pending().await
    }

    async fn wait(&self, handle: &str, operation: &Operation) -> Result<GeneratedImage> {
        self.0.wait(handle, operation).await
    }

    async fn cancel(&self, _handle: &str) -> Result<()> {
        Ok(())
    }
}

/// A run that ends whatever works on it is put aside with stage, reason and next step, and taken up again by a person.
#[tokio::test]
async fn a_run_that_ends_its_workers_is_put_aside() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let read = async || world.other.run(run.id).await.unwrap();
    for times in 0..=Run::MOST_CUT_OFF {
        assert_eq!((read().await.cut_off, read().await.state.is_finished()), (times.saturating_sub(1), false));
        dies(&world, run.id).await;
        world.clock.advance(LEASE * 2);
    }
    assert!(matches!(read().await.state, RunState::Running { stage: Stage::Images }), "{:?}", read().await.state);
    assert!(read().await.is_poison());
    assert!(world.other.work_on(run.id, &Operation::detached()).await.is_err());
    let aside = read().await;
    let is_told = matches!(&aside.state, RunState::Failed { stage: Stage::Images, reason, next_step: Some(next) }
        if reason.contains("times: 20") && next.contains("out of memory"));
    assert!(is_told, "{:?}", aside.state);
    // A person takes it up again, and it has all its chances.
    let again = world.other.retry(run.id).await.unwrap();
    assert_eq!(again.cut_off, 0);
    assert_eq!(world.other.work_on(run.id, &Operation::detached()).await.unwrap().state, RunState::Completed);
}

/// A run that waits for room is not one that ends its workers, however long it waits.
#[tokio::test]
async fn a_run_that_waits_for_room_is_never_put_aside() {
    let world = world();
    let run = world.other.start(UserId::SYSTEM, &request(&[])).await.unwrap();
    let operation = Operation::detached();
    for _ in 0..3 * Run::MOST_CUT_OFF {
        *world.tools.fails.lock().unwrap() = Some(Error::starved("the disk is full"));
        let waits = world.other.work_on(run.id, &operation).await.unwrap_err();
        assert!(waits.is_starved(), "{waits:?}");
        let run = world.other.run(run.id).await.unwrap();
        assert!(matches!(run.state, RunState::Running { .. }) && run.cut_off == 0, "{run:?}");
    }
    assert_eq!(world.other.work_on(run.id, &operation).await.unwrap().state, RunState::Completed);
}
