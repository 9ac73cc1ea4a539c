//! Doubt: what may have gone out is read back before anything is sent again.

use super::*;

#[tokio::test]
async fn a_lost_answer_is_read_back_and_never_sent_twice() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::LoseAnswer);
    let outcome = world.publish(&["tiktok", "webhook"]).await.unwrap();
    assert_eq!(outcome.results[0].status, PostStatus::Pending, "never failed when it may be out");
    let told = world.told().await;
    assert_eq!((told.len(), &told[0].1), (1, &names(&["webhook"])), "nobody waits for what is in doubt");
    assert_eq!(world.history().await.iter().filter(|row| row.state == PublicationState::Unknown).count(), 1);
    assert_eq!(world.resume_after(29).await, 0, "it rests");
    // Asked for again meanwhile, it is the same publication.
    assert_eq!(world.publish(&["tiktok"]).await.unwrap().results[0].status, PostStatus::Pending);
    assert_eq!(world.resume_after(1).await, 1);
    assert_eq!((world.tiktok.posts().len(), world.history().await.len()), (1, 2));
    let told = world.told().await;
    assert_eq!((told.len(), told[1].1.len()), (2, 2));
}

#[tokio::test]
async fn a_lost_call_is_sent_again_once_the_destination_was_read() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::LoseCall);
    world.publish(&["tiktok"]).await.unwrap();
    world.tiktok.becomes(Mood::Fine);
    assert_eq!(world.resume_after(30).await, 1);
    assert_eq!((world.tiktok.posts().len(), world.content().await.status), (1, ContentStatus::Published));
    assert_eq!(world.history().await[0].sends, 2);
    assert_eq!(world.told().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_decided_waits_for_a_person() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::Blind);
    world.publish(&["tiktok"]).await.unwrap();
    let id = world.history().await[0].id;
    for _ in 0..50 {
        world.resume_after(3600).await;
    }
    let row = world.history().await.remove(0);
    assert_eq!((row.state, row.sends), (PublicationState::Unknown, 1), "nothing was sent blindly");
    assert_eq!(world.resume_after(3 * 24 * 3600).await, 0, "it is left alone");
    let publisher = &world.publisher;
    assert_fails(publisher.decide(&caller(2, Role::Editor), id, true).await, ErrorKind::NotFound);
    publisher.decide(&world.caller, id, true).await.unwrap();
    assert_eq!((world.content().await.status, world.told().await.len()), (ContentStatus::Published, 1));
    assert_fails(publisher.decide(&world.caller, id, false).await, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_call_that_never_lands_is_not_sent_for_ever() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::LoseCall);
    world.publish(&["tiktok"]).await.unwrap();
    for _ in 0..20 {
        world.resume_after(3600).await;
    }
    let row = world.history().await.remove(0);
    assert_eq!((row.state, row.sends), (PublicationState::Unknown, 5));
    world.publisher.decide(&world.caller, row.id, false).await.unwrap();
    assert!(world.told().await.is_empty());
    world.tiktok.becomes(Mood::Fine);
    assert_eq!(world.publish(&["tiktok"]).await.unwrap().results[0].status, PostStatus::Published);
}

#[tokio::test]
async fn a_destination_at_work_is_asked_again() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::Busy);
    assert_eq!(world.publish(&["tiktok"]).await.unwrap().results[0].status, PostStatus::Pending);
    world.resume_after(60).await;
    assert_eq!(world.history().await[0].state, PublicationState::Processing);
    world.tiktok.becomes(Mood::Fine);
    world.resume_after(3600).await;
    assert_eq!((world.history().await[0].state, world.tiktok.posts().len()), (PublicationState::Published, 1));
}

#[tokio::test]
async fn an_approval_that_is_withdrawn_meanwhile_stops_the_second_try() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::LoseCall);
    world.publish(&["tiktok"]).await.unwrap();
    world
        .change(async |tx| {
            let mut approval = tx.approvals().require(sample::approval(1).id).await.unwrap();
            approval.void();
            tx.approvals().update(&mut approval).await.unwrap();
        })
        .await;
    world.tiktok.becomes(Mood::Fine);
    world.resume_after(30).await;
    assert_eq!(world.history().await[0].state, PublicationState::Failed);
    assert!(world.tiktok.posts().is_empty());
}
