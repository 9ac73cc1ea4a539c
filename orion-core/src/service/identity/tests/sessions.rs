//! Signing in, refreshing, and being sent away at once.

use super::*;
use crate::domain::SessionEnd;
use crate::port::{Filter, RepositoryExt};
use crate::testing::assert_fails;
use futures_util::FutureExt;
use futures_util::future::join_all;

const HERE: &str = "192.0.2.1";

#[tokio::test]
async fn who_registers_can_sign_in_and_is_known_by_the_token() {
    let kit = Kit::new().await;
    let user = kit.register("Ada@Example.org").await;
    assert_eq!((user.email.as_str(), user.role, user.email_verified), ("ada@example.org", Role::Viewer, false));
    let signed_in = kit.identity.login(" ADA@example.org ", &secret(PASSWORD), &client(HERE, None)).await.unwrap();
    assert!(signed_in.refresh_token.expose().starts_with("ort_"));
    assert_eq!(signed_in.refresh_token.expose().len(), 4 + 128);
    assert_eq!(signed_in.expires_in, Duration::from_secs(900));
    assert!(!signed_in.onboarding);
    let caller = kit.caller(&signed_in);
    assert_eq!((caller.user_id, caller.role, caller.email.as_str()), (user.id, Role::Viewer, "ada@example.org"));
    assert_eq!(kit.user(user.id).await.last_login_at, Some(kit.clock.now()));
    kit.clock.advance(ACCESS_LIFE);
    assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn wrong_and_unknown_get_the_same_answer_after_the_same_work() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let disabled = kit.register("bob@example.org").await;
    kit.identity
        .change_user(disabled.id, |user| {
            user.active = false;
            Ok(())
        })
        .await
        .unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada@example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("bob@example.org", PASSWORD),
        ("ada", PASSWORD),
    ] {
        let before = kit.hasher.evaluated.load(Ordering::SeqCst);
        let error = kit.identity.login(name, &secret(password), &client(HERE, None)).await.unwrap_err();
        answers.push((format!("{error:?}"), kit.hasher.evaluated.load(Ordering::SeqCst) - before));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.1 == 1), "{answers:?}");
    // What cannot be a password costs nothing, and tells nothing.
    let before = kit.hasher.evaluated.load(Ordering::SeqCst);
    let long = secret(&"x".repeat(10_000));
    assert_fails(kit.identity.login("ada@example.org", &long, &client(HERE, None)).await, ErrorKind::Unauthorized);
    assert_eq!(kit.hasher.evaluated.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_on_the_way_in() {
    let kit = Kit::new().await;
    let user = kit.register("ada@example.org").await;
    kit.identity
        .change_user(user.id, |user| {
            user.password = user.password.as_ref().map(|hash| secret(&hash.expose().replace("fast$", "old$")));
            Ok(())
        })
        .await
        .unwrap();
    kit.login("ada@example.org").await;
    let stored = kit.user(user.id).await.password.unwrap();
    assert!(stored.expose().starts_with("fast$"));
    kit.login("ada@example.org").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_sign_in_at_once_with_an_outdated_hash_all_get_in() {
    let kit = Arc::new(Kit::new().await);
    let user = kit.register("ada@example.org").await;
    for _ in 0..20 {
        kit.identity
            .change_user(user.id, |user| {
                user.password = user.password.as_ref().map(|hash| secret(&hash.expose().replace("fast$", "old$")));
                Ok(())
            })
            .await
            .unwrap();
        let logins = (0..4).map(|_| {
            let kit = Arc::clone(&kit);
            tokio::spawn(async move { kit.login("ada@example.org").await })
        });
        for login in join_all(logins).await {
            login.unwrap();
        }
    }
}

#[tokio::test]
async fn the_same_successor_comes_again_within_the_grace_and_theft_ends_the_family() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let first = kit.login("ada@example.org").await;
    let here = client(HERE, Some(&first.device));
    let second = kit.identity.refresh(&first.refresh_token, None, &here).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_eq!(second.device, first.device);
    kit.clock.advance(Duration::from_secs(10));
    let again = kit.identity.refresh(&first.refresh_token, None, &here).await.unwrap();
    assert_eq!(again.refresh_token, second.refresh_token, "a lost answer is given again");
    assert_ne!(again.access_token, second.access_token);
    let third = kit.identity.refresh(&second.refresh_token, None, &here).await.unwrap();
    // The grandparent is old, however young.
    assert_fails(kit.identity.refresh(&first.refresh_token, None, &here).await, ErrorKind::Unauthorized);
    for token in [&third.refresh_token, &second.refresh_token] {
        assert_fails(kit.identity.refresh(token, None, &here).await, ErrorKind::Unauthorized);
    }
    for signed_in in [&first, &second, &again, &third] {
        assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    }
    let ended = kit.identity.store.read().await.unwrap().sessions().all(&Filter::default()).await.unwrap();
    assert_eq!(ended[0].ended_for, Some(SessionEnd::Reuse));
}

#[tokio::test]
async fn a_predecessor_after_the_grace_is_a_theft() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let first = kit.login("ada@example.org").await;
    let here = client(HERE, None);
    let second = kit.identity.refresh(&first.refresh_token, None, &here).await.unwrap();
    kit.clock.advance(Duration::from_micros(10_000_001));
    assert_fails(kit.identity.refresh(&first.refresh_token, None, &here).await, ErrorKind::Unauthorized);
    assert_fails(kit.identity.refresh(&second.refresh_token, None, &here).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn made_up_tokens_harm_nobody() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let signed_in = kit.login("ada@example.org").await;
    let live = kit.identity.refresh(&signed_in.refresh_token, None, &client(HERE, None)).await.unwrap().refresh_token;
    let text = live.expose();
    let mut forged: Vec<String> =
        ["", "ort_", "ort_zz", "Bearer x", &text.to_uppercase(), &text[..100]].map(str::to_owned).into();
    for at in 4..text.len() {
        let digit = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
        forged.push(format!("{}{digit}{}", &text[..at], &text[at + 1..]));
    }
    for token in forged {
        assert_fails(kit.identity.refresh(&secret(&token), None, &client(HERE, None)).await, ErrorKind::Unauthorized);
    }
    kit.identity.refresh(&live, None, &client(HERE, None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_agree_on_one_successor() {
    let kit = Arc::new(Kit::new().await);
    kit.register("ada@example.org").await;
    let mut token = kit.login("ada@example.org").await.refresh_token;
    for _ in 0..20 {
        let tries = (0..64).map(|_| {
            let (kit, token) = (Arc::clone(&kit), token.clone());
            tokio::spawn(async move { kit.identity.refresh(&token, None, &client(HERE, None)).await })
        });
        let answers = join_all(tries).await;
        let mut successors: Vec<String> =
            answers.into_iter().map(|answer| answer.unwrap().unwrap().refresh_token.expose().to_owned()).collect();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        token = Secret::new(successors.remove(0));
    }
}

#[tokio::test]
async fn leaving_is_at_once_and_here_and_elsewhere() {
    let kit = Kit::new().await;
    let other = kit.second().await;
    kit.register("ada@example.org").await;
    let signed_in = kit.login("ada@example.org").await;
    let caller = kit.caller(&signed_in);
    other.identity.authenticate(signed_in.access_token.expose()).unwrap();
    let woken = kit.identity.wire.woken();
    kit.identity.logout(&caller, Some(&signed_in.refresh_token)).await.unwrap();
    assert!(woken.now_or_never().is_some(), "other processes are woken");
    kit.identity.logout(&caller, None).await.unwrap();
    assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    kit.clock.advance(Duration::from_millis(100));
    other.identity.follow_revocations().await.unwrap();
    assert_fails(other.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    let restarted = kit.second().await;
    assert_fails(restarted.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
    assert_fails(
        kit.identity.refresh(&signed_in.refresh_token, None, &client(HERE, None)).await,
        ErrorKind::Unauthorized,
    );
}

#[tokio::test]
async fn nobody_is_let_in_before_revocations_are_read() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let signed_in = kit.login("ada@example.org").await;
    let identity = Identity { revoked: Revoked::new(), ..kit.identity.clone() };
    assert_fails(identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unavailable);
    identity.follow_revocations().await.unwrap();
    identity.authenticate(signed_in.access_token.expose()).unwrap();
}

#[tokio::test]
async fn a_refresh_revokes_the_access_token_it_replaces() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let first = kit.login("ada@example.org").await;
    let elsewhere = kit.login("ada@example.org").await;
    let (old, foreign) = (kit.caller(&first), kit.caller(&elsewhere));
    let second = kit.identity.refresh(&first.refresh_token, Some(&old), &client(HERE, None)).await.unwrap();
    assert_fails(kit.identity.authenticate(first.access_token.expose()), ErrorKind::Unauthorized);
    kit.identity.refresh(&second.refresh_token, Some(&foreign), &client(HERE, None)).await.unwrap();
    kit.identity.authenticate(elsewhere.access_token.expose()).unwrap();
    kit.identity.authenticate(second.access_token.expose()).unwrap();
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    kit.register("eve@example.org").await;
    let (first, second) = (kit.login("ada@example.org").await, kit.login("ada@example.org").await);
    let (ada, eve) = (kit.caller(&first), kit.caller(&kit.login("eve@example.org").await));
    assert_eq!(kit.identity.sessions(&ada).await.unwrap().len(), 2);
    assert_fails(kit.identity.end_session(&eve, ada.session_id).await, ErrorKind::NotFound);
    assert_eq!(kit.identity.end_other_sessions(&ada).await.unwrap(), 1);
    assert_fails(kit.identity.authenticate(second.access_token.expose()), ErrorKind::Unauthorized);
    kit.identity.end_session(&ada, ada.session_id).await.unwrap();
    assert_fails(kit.identity.authenticate(first.access_token.expose()), ErrorKind::Unauthorized);
    assert_eq!(kit.identity.sessions(&ada).await.unwrap(), []);
}

#[tokio::test]
async fn a_socket_ticket_opens_once_and_not_for_long() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let caller = kit.caller(&kit.login("ada@example.org").await);
    let ticket = kit.identity.socket_ticket(&caller).await.unwrap();
    let form = ticket.expose().parse::<uuid::Uuid>().unwrap();
    assert_eq!((form.get_version_num(), form.to_string().as_str()), (4, ticket.expose()));
    let stored = kit.identity.store.read().await.unwrap().tickets().all(&Filter::default()).await.unwrap();
    assert!(!serde_json::to_string(&stored).unwrap().contains(ticket.expose()), "only its hash is kept");
    let spelt = Secret::new(ticket.expose().to_uppercase());
    assert_fails(kit.identity.redeem_socket_ticket(&spelt).await, ErrorKind::Unauthorized);
    assert_eq!(kit.identity.redeem_socket_ticket(&ticket).await.unwrap(), caller);
    assert_fails(kit.identity.redeem_socket_ticket(&ticket).await, ErrorKind::Unauthorized);
    let late = kit.identity.socket_ticket(&caller).await.unwrap();
    kit.clock.advance(Duration::from_secs(30));
    assert_fails(kit.identity.redeem_socket_ticket(&late).await, ErrorKind::Unauthorized);
    let ended = kit.identity.socket_ticket(&caller).await.unwrap();
    kit.identity.logout(&caller, None).await.unwrap();
    assert_fails(kit.identity.redeem_socket_ticket(&ended).await, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn what_has_expired_is_swept_and_the_rest_stays() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let caller = kit.caller(&kit.login("ada@example.org").await);
    kit.identity.logout(&caller, None).await.unwrap();
    let kept = kit.login("ada@example.org").await;
    assert_eq!(kit.identity.sweep().await.unwrap(), 0);
    kit.clock.advance(SESSION_LIFE - Duration::from_secs(60));
    let kept = kit.identity.refresh(&kept.refresh_token, None, &client(HERE, None)).await.unwrap();
    kit.clock.advance(Duration::from_secs(61));
    // The session that ended, its revocation and that of its token, a count of guesses, and the mailed ticket.
    assert_eq!(kit.identity.sweep().await.unwrap(), 5);
    kit.identity.refresh(&kept.refresh_token, None, &client(HERE, None)).await.unwrap();
}
