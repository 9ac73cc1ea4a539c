//! Many at once, stopped or cut off anywhere: nothing is lost, and nothing goes out twice.

use super::*;
use crate::service::publisher::drive::HOLD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_at_once_publish_once() {
    for _ in 0..20 {
        let world = Arc::new(World::new().await);
        let asks = (0..8).map(|n| {
            let world = world.clone();
            tokio::spawn(async move {
                // Half of them in another process, which shares only the record.
                let publisher = if n % 2 == 0 { world.publisher.clone() } else { world.restarted() };
                let names = names(&["tiktok", "webhook"]);
                publisher.publish(&world.caller, world.content, names, &Operation::detached()).await
            })
        });
        for ask in asks.collect::<Vec<_>>() {
            match ask.await.unwrap() {
                Ok(outcome) => assert!(outcome.results.iter().all(|result| result.status != PostStatus::Failed)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
            }
        }
        while world.resume_after(60).await > 0 {}
        assert_eq!((world.tiktok.posts().len(), world.webhook.posts().len()), (1, 1));
        assert_eq!((world.history().await.len(), world.told().await.len()), (2, 1));
        assert_eq!(world.content().await.status, ContentStatus::Published);
    }
}

#[tokio::test]
async fn a_stopped_operation_leaves_the_work_ready_to_go_on() {
    let world = World::new().await;
    let operation = Operation::detached();
    operation.cancellation.cancel();
    let outcome = world.publisher.publish(&world.caller, world.content, names(&["tiktok"]), &operation).await.unwrap();
    assert_eq!(outcome.results[0].status, PostStatus::Pending);
    assert_fails(world.publisher.resume(&operation).await, ErrorKind::Cancelled);
    assert_eq!(world.resume_after(0).await, 1);
    assert_eq!(world.tiktok.posts().len(), 1);
}

/// Works on a publication whose upload takes long, while another process looks for work; gives what came of it, and how often
/// the other finished anything.
async fn slow_beside_another(jump: Duration) -> (World, PostStatus, usize) {
    let mut world = World::new().await;
    world.publisher.sleeper = Arc::new(Jumps(world.clock.clone(), jump));
    world.tiktok.becomes(Mood::Slow);
    let other = Publisher { sleeper: Arc::new(crate::testing::Standstill), ..world.restarted() };
    let mut taken = 0;
    let (begun, operation) = (world.clock.now(), Operation::detached());
    let look = async {
        loop {
            taken += other.resume(&operation).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let outcome = match select(pin!(world.publish(&["tiktok"])), pin!(look)).await {
        Either::Left((outcome, _)) => outcome.unwrap(),
        Either::Right(_) => unreachable!("looking never ends"),
    };
    assert!(world.clock.now().since(begun) > HOLD, "the upload took longer than a lease");
    (world, outcome.results[0].status, taken)
}

#[tokio::test]
async fn a_long_upload_stays_with_a_worker_that_is_alive() {
    let (world, status, taken) = slow_beside_another(Duration::from_secs(8)).await;
    assert_eq!((status, world.tiktok.posts().len(), taken), (PostStatus::Published, 1, 0));
}

#[tokio::test]
async fn a_worker_that_slept_past_its_lease_gives_way() {
    let (world, status, _) = slow_beside_another(Duration::from_secs(25)).await;
    assert_eq!((status, world.tiktok.posts().len()), (PostStatus::Pending, 0), "another has taken it over");
    while world.resume_after(60).await > 0 {}
    assert_eq!(world.tiktok.posts().len(), 1);
    assert_eq!(world.content().await.status, ContentStatus::Published);
}

/// Cuts the power before every transaction and every call of the destinations, one after the other.
#[tokio::test]
async fn a_crash_anywhere_loses_nothing_and_publishes_once() {
    let mut crashes = 0;
    for calls in 0.. {
        let world = World::new().await;
        world.fuse.0.store(calls, Ordering::SeqCst);
        let finished = match select(pin!(world.publish(&["tiktok", "webhook"])), pin!(world.fuse.blown())).await {
            Either::Left((outcome, _)) => Some(outcome.unwrap()),
            Either::Right(_) => None,
        };
        let after = world.restarted();
        let operation = Operation::detached();
        if finished.is_none() {
            crashes += 1;
            // The power may be cut a second time on the way back.
            world.clock.advance(Duration::from_secs(21));
            world.fuse.0.store(calls % 7, Ordering::SeqCst);
            let again = world.publisher.clone();
            let again = Publisher { at_work: AtWork::default(), ..again };
            select(pin!(again.resume(&operation)), pin!(world.fuse.blown())).await;
            world.fuse.0.store(i64::MAX, Ordering::SeqCst);
        }
        for _ in 0..10 {
            world.clock.advance(Duration::from_secs(3600));
            after.resume(&operation).await.unwrap();
        }
        let written = world.history().await;
        let (tiktok, webhook) = (world.tiktok.posts(), world.webhook.posts());
        if written.is_empty() {
            assert!(
                finished.is_none() && tiktok.is_empty() && webhook.is_empty(),
                "nothing leaves before it is written"
            );
            continue;
        }
        assert_eq!((tiktok.len(), webhook.len()), (1, 1), "crash before call {calls}");
        assert!(written.iter().all(|row| row.state == PublicationState::Published), "crash before call {calls}");
        assert_eq!(world.content().await.status, ContentStatus::Published);
        let told = world.told().await;
        assert!(told.last().is_some_and(|told| told.1.len() == 2), "crash before call {calls}: {told:?}");
        assert_eq!(told.len(), 1, "crash before call {calls}: {told:?}");
        if finished.is_some() {
            break;
        }
    }
    assert!(crashes > 15, "{crashes}");
}
