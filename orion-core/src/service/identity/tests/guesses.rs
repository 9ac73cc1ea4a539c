//! Who guesses is stopped, and nobody else.

use super::*;
use crate::Retry;
use crate::testing::assert_fails;

/// Guesses until it is refused; gives how many guesses were evaluated.
async fn storm(kit: &Kit, name: &str, from: impl Fn(usize) -> Client) -> usize {
    let before = kit.hasher.evaluated.load(Ordering::SeqCst);
    for n in 0..60 {
        let answer = kit.identity.login(name, &secret(&format!("guess number {n}")), &from(n)).await;
        assert!(matches!(answer.unwrap_err().kind(), ErrorKind::Unauthorized | ErrorKind::RateLimited));
    }
    kit.hasher.evaluated.load(Ordering::SeqCst) - before
}

#[tokio::test]
async fn an_hour_has_at_most_twenty_guesses_and_the_honest_user_gets_in() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let home = kit.login("ada@example.org").await;
    let eve = kit.register("eve@example.org").await;
    let eves = kit.login("eve@example.org").await;
    assert_eq!(eve.id, eves.user.id);
    // Through any address, with a device of somebody else's, and by an address that is known.
    let mut evaluated = storm(&kit, "ada@example.org", |n| client(&format!("198.51.100.{n}"), None)).await;
    evaluated += storm(&kit, "ADA@example.org ", |_| client("203.0.113.9", Some(&eves.device))).await;
    evaluated += storm(&kit, "ada@example.org", |_| client("192.0.2.1", None)).await;
    let restarted = kit.second().await;
    evaluated += storm(&restarted, "ada@example.org", |_| client("203.0.113.9", None)).await;
    assert!((1..=12).contains(&evaluated), "{evaluated}");
    let honest =
        kit.identity.login("ada@example.org", &secret(PASSWORD), &client("198.51.100.7", Some(&home.device))).await;
    let honest = honest.unwrap();
    // Even who has stolen the device gets no more than twenty in all.
    evaluated += storm(&kit, "ada@example.org", |_| client("203.0.113.9", Some(&honest.device))).await;
    assert!(evaluated <= 20, "{evaluated}");
}

#[tokio::test]
async fn who_reads_the_mail_gets_in_from_anywhere_while_others_guess() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    storm(&kit, "ada@example.org", |_| client("203.0.113.9", None)).await;
    let nowhere = client("198.51.100.1", None);
    let locked_out = kit.identity.login("ada@example.org", &secret(PASSWORD), &nowhere).await;
    assert_fails(locked_out, ErrorKind::RateLimited);
    kit.identity.forgot_password("ada@example.org", &nowhere).await.unwrap();
    let device = kit.identity.reset_password(&kit.last_token().await, &secret("another password")).await.unwrap();
    let here = client("198.51.100.1", Some(&device));
    kit.identity.login("ada@example.org", &secret("another password"), &here).await.unwrap();
}

#[tokio::test]
async fn known_and_unknown_names_are_stopped_alike() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let stranger = |n| client(&format!("198.51.100.{n}"), None);
    let known = storm(&kit, "ada@example.org", stranger).await;
    let unknown = storm(&kit, "nobody@example.org", stranger).await;
    assert_eq!(known, unknown);
    let mut waits = Vec::new();
    for name in ["ada@example.org", "nobody@example.org"] {
        let error = kit.identity.login(name, &secret(PASSWORD), &stranger(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        waits.push((format!("{error:?}"), error.retry()));
    }
    assert_eq!(waits[0], waits[1]);
    assert_eq!(waits[0].1, Retry::Later(Some(Duration::from_secs(3600))));
}

#[tokio::test]
async fn no_rolling_hour_sees_more_and_an_hour_of_quiet_ends_it() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let stranger = client("198.51.100.1", None);
    let (mut times, start) = (Vec::new(), kit.clock.now());
    for _ in 0..600 {
        let before = kit.hasher.evaluated.load(Ordering::SeqCst);
        assert!(kit.identity.login("ada@example.org", &secret("a wrong guess"), &stranger).await.is_err());
        if kit.hasher.evaluated.load(Ordering::SeqCst) > before {
            times.push(kit.clock.now().since(start));
        }
        kit.clock.advance(Duration::from_secs(60));
    }
    let busiest = times.iter().map(|from| times.iter().filter(|at| *at >= from && **at < *from + HOUR).count()).max();
    assert!(busiest.unwrap() <= 20, "{busiest:?}");
    kit.clock.advance(HOUR);
    kit.login("ada@example.org").await;
}

#[tokio::test]
async fn a_right_password_is_no_guess() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    for n in 0..50 {
        let stranger = client(&format!("198.51.100.{n}"), None);
        kit.identity.login("ada@example.org", &secret(PASSWORD), &stranger).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_are_counted_too() {
    let kit = Arc::new(Kit::new().await);
    kit.register("ada@example.org").await;
    let guesses = (0..100).map(|n| {
        let kit = Arc::clone(&kit);
        tokio::spawn(async move {
            kit.identity.login("ada@example.org", &secret(&format!("guess {n}")), &client("198.51.100.1", None)).await
        })
    });
    for guess in futures_util::future::join_all(guesses).await {
        assert!(guess.unwrap().is_err());
    }
    assert_eq!(kit.hasher.evaluated.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_stolen_token_does_not_let_the_password_be_guessed() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let caller = kit.caller(&kit.login("ada@example.org").await);
    let mut kinds = Vec::new();
    for n in 0..30 {
        let change =
            kit.identity.change_password(&caller, &secret(&format!("guess number {n}")), &secret("new password")).await;
        kinds.push(change.unwrap_err().kind());
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == ErrorKind::Unauthorized).count(), 8);
    assert_fails(
        kit.identity.change_password(&caller, &secret(PASSWORD), &secret("new password")).await,
        ErrorKind::RateLimited,
    );
}
