//! Mails go out once, or later, and nothing is lost with them.

use super::*;

#[tokio::test]
async fn a_mail_server_that_is_away_loses_nothing() {
    let kit = Kit::new().await;
    kit.postbox.down.store(true, Ordering::SeqCst);
    let user = kit.register("ada@example.org").await;
    kit.clock.advance(Duration::from_secs(5));
    let refusal = kit.identity.deliver_mails().await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Unavailable);
    assert!(!format!("{refusal:?}").contains("token="));
    kit.postbox.down.store(false, Ordering::SeqCst);
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 0, "not before its time");
    kit.clock.advance(Duration::from_secs(600));
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 1);
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 0, "once");
    kit.identity.verify_email(&kit.last_token().await).await.unwrap();
    assert!(kit.user(user.id).await.email_verified);
}

#[tokio::test]
async fn only_known_and_active_addresses_get_a_mail_and_nobody_can_tell() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    let off = kit.register("off@example.org").await;
    kit.identity
        .change_user(off.id, |user| {
            user.active = false;
            Ok(())
        })
        .await
        .unwrap();
    kit.postbox.mails.lock().unwrap().clear();
    let here = client("192.0.2.1", None);
    for email in ["nobody@example.org", "off@example.org", "ada@example.org", "nonsense", ""] {
        kit.identity.forgot_password(email, &here).await.unwrap();
    }
    assert!(kit.postbox.mails.lock().unwrap().is_empty(), "no mail is sent while somebody measures");
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 1);
    let mails = kit.postbox.mails.lock().unwrap();
    assert_eq!(mails[0].to, "ada@example.org");
    assert!(mails[0].text.contains("http://localhost:3001/reset-password?token="));
}

#[tokio::test]
async fn nobody_is_flooded_with_mails() {
    let kit = Kit::new().await;
    kit.register("ada@example.org").await;
    for n in 0..30 {
        kit.identity.forgot_password("ada@example.org", &client(&format!("198.51.100.{n}"), None)).await.unwrap();
    }
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 5);
}

#[tokio::test]
async fn two_processes_send_a_mail_once() {
    let kit = Kit::new().await;
    let other = kit.second().await;
    kit.register("ada@example.org").await;
    kit.identity.forgot_password("ada@example.org", &client("192.0.2.1", None)).await.unwrap();
    let (a, b) = futures_util::future::join(kit.identity.deliver_mails(), other.identity.deliver_mails()).await;
    assert_eq!(a.unwrap() + b.unwrap(), 1);
}

#[tokio::test]
async fn a_lost_mail_of_confirmation_is_sent_again_to_who_needs_it() {
    let kit = Kit::new().await;
    let user = kit.register("ada@example.org").await;
    let first = kit.last_token().await;
    kit.postbox.mails.lock().unwrap().clear();
    let here = client("192.0.2.1", None);
    for email in ["nobody@example.org", "ada@example.org", "nonsense"] {
        kit.identity.resend_verification(email, &here).await.unwrap();
    }
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 1);
    let again = kit.last_token().await;
    assert_ne!(first, again);
    kit.identity.verify_email(&again).await.unwrap();
    assert!(kit.user(user.id).await.email_verified);
    kit.identity.resend_verification("ada@example.org", &here).await.unwrap();
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 0, "who has confirmed needs none");
    for n in 0..30 {
        kit.identity.resend_verification("bob@example.org", &client(&format!("198.51.100.{n}"), None)).await.unwrap();
    }
}
