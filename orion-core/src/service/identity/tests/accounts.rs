//! Accounts, profiles, passwords.

use super::*;
use crate::domain::SessionEnd;
use crate::port::{Filter, RepositoryExt};
use crate::testing::assert_fails;

#[tokio::test]
async fn an_address_has_one_account_however_it_is_written() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let again = kit.identity.register("ADA@Example.ORG", &secret(PASSWORD), "Eve").await.unwrap_err();
    assert_eq!((again.kind(), again.message()), (ErrorKind::AlreadyExists, "email already registered"));
    let wrong = [("nonsense", PASSWORD, "Ada"), ("a@b.cd", "short", "Ada"), ("a@b.cd", PASSWORD, " ")];
    for ((email, password, name), field) in wrong.into_iter().zip(["email", "password", "name"]) {
        let error = kit.identity.register(email, &secret(password), name).await.unwrap_err();
        assert_eq!((error.kind(), error.context()), (ErrorKind::Invalid, [("field", field.to_owned())].as_slice()));
    }
}

#[tokio::test]
async fn a_token_by_mail_confirms_the_address_once() {
    let kit = Kit::new().await;
    let user = kit.register("ada@example.org").await;
    let token = kit.last_token().await;
    assert_fails(kit.identity.reset_password(&token, &secret("another password")).await, ErrorKind::Unauthorized);
    kit.identity.verify_email(&token).await.unwrap();
    assert!(kit.user(user.id).await.email_verified);
    assert_fails(kit.identity.verify_email(&token).await, ErrorKind::Unauthorized);
    assert_fails(kit.identity.verify_email(&secret("nonsense")).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_reset_ends_what_went_before() {
    let kit = Kit::new().await;
    let user = kit.register("ada@example.org").await;
    let signed_in = kit.login("ada@example.org").await;
    kit.identity.forgot_password("ADA@example.org", &client("192.0.2.1", None)).await.unwrap();
    let earlier = kit.last_token().await;
    kit.identity.forgot_password("ada@example.org", &client("192.0.2.1", None)).await.unwrap();
    let token = kit.last_token().await;
    assert_ne!(earlier, token);
    assert_fails(kit.identity.reset_password(&token, &secret("short")).await, ErrorKind::Invalid);
    kit.identity.reset_password(&token, &secret("another password")).await.unwrap();
    for used in [&token, &earlier] {
        assert_fails(kit.identity.reset_password(used, &secret("a third password")).await, ErrorKind::Unauthorized);
    }
    assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    let here = client("192.0.2.1", None);
    assert_fails(kit.identity.refresh(&signed_in.refresh_token, None, &here).await, ErrorKind::Unauthorized);
    assert_fails(kit.identity.login("ada@example.org", &secret(PASSWORD), &here).await, ErrorKind::Unauthorized);
    kit.identity.login("ada@example.org", &secret("another password"), &here).await.unwrap();
    assert!(kit.user(user.id).await.email_verified);
    let sessions = kit.identity.store.read().await.unwrap().sessions().all(&Filter::default()).await.unwrap();
    assert!(sessions.iter().any(|session| session.ended_for == Some(SessionEnd::PasswordChanged)));
}

#[tokio::test]
async fn a_reset_token_is_good_for_an_hour() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    kit.identity.forgot_password("ada@example.org", &client("192.0.2.1", None)).await.unwrap();
    let token = kit.last_token().await;
    kit.clock.advance(HOUR);
    assert_fails(kit.identity.reset_password(&token, &secret("another password")).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_change_of_password_ends_every_session() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let (first, second) = (kit.login("ada@example.org").await, kit.login("ada@example.org").await);
    let caller = kit.caller(&first);
    let change = kit.identity.change_password(&caller, &secret("wrong password"), &secret("another password")).await;
    assert_fails(change, ErrorKind::Unauthorized);
    assert_fails(kit.identity.change_password(&caller, &secret(PASSWORD), &secret("short")).await, ErrorKind::Invalid);
    kit.identity.change_password(&caller, &secret(PASSWORD), &secret("another password")).await.unwrap();
    for signed_in in [first, second] {
        assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
        let again = kit.identity.refresh(&signed_in.refresh_token, None, &client("192.0.2.1", None)).await;
        assert_fails(again, ErrorKind::Unauthorized);
    }
}

#[tokio::test]
async fn a_profile_changes_as_asked_and_clears_what_may_be_empty() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let caller = kit.caller(&kit.login("ada@example.org").await);
    assert_fails(kit.identity.update_profile(&caller, ProfileChange::default()).await, ErrorKind::Invalid);
    let change = ProfileChange {
        name: Some(" Ada L ".to_owned()),
        bio: Some(Some("Counts.\nWrites.".to_owned())),
        timezone: Some("Europe/London".to_owned()),
        avatar_url: Some(Some("https://example.org/ada.png".to_owned())),
        ..ProfileChange::default()
    };
    let user = kit.identity.update_profile(&caller, change).await.unwrap().user;
    assert_eq!((user.name.as_str(), user.bio.as_deref()), ("Ada L", Some("Counts.\nWrites.")));
    let clear = ProfileChange { bio: Some(None), avatar_url: Some(None), ..ProfileChange::default() };
    let user = kit.identity.update_profile(&caller, clear).await.unwrap().user;
    assert_eq!((user.bio, user.avatar_url, user.timezone.as_str()), (None, None, "Europe/London"));
    let hostile =
        ProfileChange { avatar_url: Some(Some("javascript:alert(1)".to_owned())), ..ProfileChange::default() };
    assert_fails(kit.identity.update_profile(&caller, hostile).await, ErrorKind::Invalid);
}

#[tokio::test]
async fn settings_merge_by_their_top_level_keys() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let caller = kit.caller(&kit.login("ada@example.org").await);
    let map = |value: Value| value.as_object().cloned().unwrap();
    use serde_json::Value;
    assert!(kit.identity.settings(&caller).await.unwrap().is_empty());
    kit.identity.merge_settings(&caller, map(json!({"a": {"x": 1, "y": 2}, "b": true}))).await.unwrap();
    let merged = kit.identity.merge_settings(&caller, map(json!({"a": {"x": 3}}))).await.unwrap();
    assert_eq!(Value::Object(merged.clone()), json!({"a": {"x": 3}, "b": true}));
    let huge = map(json!({"c": "x".repeat(70_000)}));
    assert_fails(kit.identity.merge_settings(&caller, huge).await, ErrorKind::Invalid);
    assert_eq!(kit.identity.settings(&caller).await.unwrap(), merged);
}
