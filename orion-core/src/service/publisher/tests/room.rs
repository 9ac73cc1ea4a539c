//! A machine without room: what is to go out waits, holds up nobody else, and goes out by itself.

use super::*;

/// What a destination has no room for is written down as waiting, with the next step, and is out once there is some.
#[tokio::test]
async fn without_room_a_publication_waits_and_goes_out_by_itself() {
    for mood in [Mood::Full, Mood::FullAtLast] {
        let world = World::new().await;
        world.tiktok.becomes(mood);
        let outcome = world.publish(&["tiktok", "webhook"]).await.unwrap();
        assert_eq!(outcome.results.len(), 2, "{outcome:?}");
        let (full, other) = (&outcome.results[0], &outcome.results[1]);
        assert_eq!((full.status, other.status), (PostStatus::Pending, PostStatus::Published), "{mood:?}");
        let told = full.error.as_ref().unwrap();
        assert!(told.starts_with("waits for room, and then goes on: the disk is full"), "{told}");
        // The other one is told of at once: who waits for room may wait for days.
        let first =
            BTreeMap::from([("tiktok".to_owned(), PostStatus::Pending), ("webhook".to_owned(), PostStatus::Published)]);
        let told = world.told().await;
        assert_eq!((told.len(), &told[0].1, &told[0].2), (1, &names(&["webhook"]), &first), "{mood:?}");
        for _ in 0..20 {
            assert_eq!(world.resume_after(1).await + world.resume_after(1).await, 1, "soon, and not all the time");
        }
        let waiting = world.history().await.into_iter().find(|row| row.destination == Destination::Tiktok).unwrap();
        assert_eq!((waiting.sends, world.tiktok.posts().len()), (0, 0), "nothing was sent: {waiting:?}");
        world.tiktok.becomes(Mood::Fine);
        assert_eq!(world.resume_after(2).await, 1);
        let rows = world.history().await;
        assert!(rows.iter().all(|row| row.state == PublicationState::Published && row.error.is_none()), "{rows:?}");
        assert_eq!((world.tiktok.posts().len(), world.webhook.posts().len()), (1, 1));
        let told = world.told().await;
        assert_eq!((told.len(), told[1].1.len()), (2, 2), "told of again, with both");
        assert_eq!(world.resume_after(60).await, 0);
    }
}

/// A worker that dies while it waits for room leaves nothing behind that another could not go on with.
#[tokio::test]
async fn another_worker_goes_on_where_one_waited_for_room() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::Full);
    world.publish(&["tiktok"]).await.unwrap();
    world.tiktok.becomes(Mood::Fine);
    let other = world.restarted();
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(other.resume(&Operation::detached()).await.unwrap(), 1);
    assert_eq!(world.tiktok.posts().len(), 1);
}

/// A publication whose content is gone is told of, and holds up none of the others.
#[tokio::test]
async fn what_cannot_be_taken_up_holds_up_nobody() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::Full);
    world.publish(&["tiktok"]).await.unwrap();
    let mut orphan = world.history().await.remove(0);
    (orphan.id, orphan.content_id, orphan.version) = (PublicationId(sample::uuid(50)), ContentId(sample::uuid(51)), 0);
    orphan.created_at = orphan.created_at.before(Duration::from_secs(60));
    world.change(async |tx| tx.publications().insert(&mut orphan).await.unwrap()).await;
    world.tiktok.becomes(Mood::Fine);
    world.clock.advance(Duration::from_secs(2));
    let outcome = world.publisher.resume(&Operation::detached()).await;
    assert_fails(outcome, ErrorKind::NotFound);
    assert_eq!(world.history().await[0].state, PublicationState::Published);
}
