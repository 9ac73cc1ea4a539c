//! Accounts: checked before they are kept, sealed, and their owners'.

use super::*;

#[tokio::test]
async fn accounts_are_checked_sealed_and_their_owners() {
    let world = World::bare().await;
    let publisher = &world.publisher;
    let connect = async |name: &str, credentials: serde_json::Value| {
        let map = credentials.as_object().unwrap().clone();
        publisher.connect(&world.caller, Destination::Tiktok, name, &map).await
    };
    for (name, credentials) in [
        ("", json!({"token": "x"})),
        ("Ours", json!({})),
        ("Ours", json!({"token": 5})),
        ("Ours", json!({"token": "  "})),
        ("Ours", json!({"tokn": "x"})),
        ("Ours", json!({"token": "x", "more": "y"})),
        ("Ours", json!({"token": "x".repeat(9000)})),
    ] {
        let error = connect(name, credentials).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    let twitter = publisher.connect(&world.caller, Destination::Twitter, "X", &token()).await;
    assert_fails(twitter, ErrorKind::Invalid);
    let refused = publisher.connect(&caller(1, Role::Viewer), Destination::Tiktok, "Ours", &token()).await;
    assert_fails(refused, ErrorKind::Forbidden);

    let account = connect("Ours", json!({"token": "s3cret"})).await.unwrap();
    assert!(account.credentials.expose().starts_with(&format!("orion/account/{}|", account.id)));
    assert!(!format!("{account:?}").contains("s3cret"));
    assert_eq!(publisher.accounts(&world.caller).await.unwrap(), std::slice::from_ref(&account));
    assert!(publisher.accounts(&caller(2, Role::Admin)).await.unwrap().is_empty());

    // A seal that was moved to another account opens nothing.
    let other = world.connect(Destination::Tiktok).await;
    world
        .change(async |tx| {
            let mut moved = tx.accounts().require(other.id).await.unwrap();
            moved.credentials = account.credentials.clone();
            tx.accounts().update(&mut moved).await.unwrap();
        })
        .await;
    let outcome = world.publish(&["tiktok"]).await.unwrap();
    assert_eq!(outcome.results[0].status, PostStatus::Failed);
    assert!(world.tiktok.posts().is_empty());

    assert_fails(publisher.disconnect(&caller(2, Role::Editor), account.id).await, ErrorKind::Forbidden);
    assert_fails(publisher.disconnect(&world.caller, SocialAccountId(sample::uuid(9))).await, ErrorKind::NotFound);
    for id in [account.id, other.id] {
        publisher.disconnect(&world.caller, id).await.unwrap();
        assert_fails(publisher.disconnect(&world.caller, id).await, ErrorKind::NotFound);
        let gone = world.store.read().await.unwrap().accounts().require(id).await.unwrap();
        assert!(!gone.active && gone.credentials.expose().is_empty(), "its credentials are forgotten");
    }
    let outcome = world.publish(&["tiktok"]).await.unwrap();
    assert_eq!(outcome.results[0].error.as_deref(), Some("no account at tiktok is connected"));
}

#[tokio::test]
async fn one_of_several_accounts_can_be_named() {
    let world = World::bare().await;
    let (first, second) = (world.connect(Destination::Webhook).await, world.connect(Destination::Webhook).await);
    let named = format!("webhook:{}", first.id);
    world.publish(&["webhook", &named, "webhook:nonsense"]).await.unwrap();
    let used: Vec<_> = world.history().await.iter().map(|row| row.account_id).collect();
    assert!(used.contains(&Some(first.id)) && used.contains(&Some(second.id)), "{used:?}");
    assert_eq!(world.webhook.posts().len(), 2);
}

#[tokio::test]
async fn an_account_that_is_gone_is_disconnected() {
    let world = World::new().await;
    world.tiktok.becomes(Mood::Gone);
    assert_eq!(world.publish(&["tiktok"]).await.unwrap().results[0].status, PostStatus::Failed);
    let left = world.publisher.accounts(&world.caller).await.unwrap();
    assert!(left.iter().all(|account| account.destination != Destination::Tiktok), "{left:?}");
}
