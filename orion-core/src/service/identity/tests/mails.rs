//! Mails go out once, or later, and nothing is lost with them.

use super::*;
use crate::service::lease::LEASE;

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

/// Stands still within the second look at the key, when the mail is written, while another process goes on.
#[derive(Debug)]
struct StandsStill {
    vault: Arc<dyn Vault>,
    looks: AtomicUsize,
    clock: Arc<ManualClock>,
    other: Identity,
}

impl Vault for StandsStill {
    fn seal(&self, text: &Secret, purpose: &str) -> Result<Secret> {
        self.vault.seal(text, purpose)
    }

    fn open(&self, sealed: &Secret, purpose: &str) -> Result<Secret> {
        self.vault.open(sealed, purpose)
    }

    fn derive(&self, purpose: &str, data: &[u8]) -> Result<[u8; 32]> {
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 {
            assert_eq!(sends(&self.other), 0, "somebody is at it");
            self.clock.advance(LEASE);
            assert_eq!(sends(&self.other), 1);
        }
        self.vault.derive(purpose, data)
    }
}

/// Delivers on a record that never lets wait.
fn sends(identity: &Identity) -> usize {
    futures_util::FutureExt::now_or_never(identity.deliver_mails()).unwrap().unwrap()
}

#[tokio::test]
async fn who_stood_still_sends_nothing_that_another_has_sent() {
    let kit = Kit::new().await;
    let other = kit.second().await;
    kit.register("ada@example.org").await;
    kit.identity.forgot_password("ada@example.org", &client("192.0.2.1", None)).await.unwrap();
    let sent = kit.postbox.mails.lock().unwrap().len();
    let vault = StandsStill {
        vault: Arc::clone(&kit.identity.vault),
        looks: AtomicUsize::new(0),
        clock: Arc::clone(&kit.clock),
        other: other.identity.clone(),
    };
    let slow = Identity { vault: Arc::new(vault), ..kit.identity.clone() };
    assert_eq!(slow.deliver_mails().await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(kit.postbox.mails.lock().unwrap().len(), sent, "it was sent twice");
    assert_eq!(other.postbox.mails.lock().unwrap().len(), 1);
    assert_eq!(sends(&kit.identity) + sends(&other.identity), 0);
}

/// Never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl Mailer for Silent {
    async fn send(&self, _: &Mail) -> Result<()> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_sent_by_another_when_its_lease_is_over() {
    let kit = Kit::new().await;
    let other = kit.second().await;
    kit.register("ada@example.org").await;
    kit.identity.forgot_password("ada@example.org", &client("192.0.2.1", None)).await.unwrap();
    let dies = Identity { mailer: Arc::new(Silent), ..kit.identity.clone() };
    assert!(futures_util::FutureExt::now_or_never(dies.deliver_mails()).is_none());
    kit.clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(sends(&other.identity), 0);
    kit.clock.advance(Duration::from_millis(1));
    assert_eq!(sends(&other.identity), 1);
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
