//! The webhook, against a receiver that verifies what it gets.

use super::receiver::{Receiver, Turn};
use super::{credentials, request};
use crate::{WebhookDestination, WebhookPatience};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use orion_core::port::{PlatformPublisher, PublishRequest, PublishStatus};
use orion_core::{ErrorKind, Operation};
use orion_fetch::HttpFetcher;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KEY: [u8; 32] = [9; 32];
const ID: &str = "00000000-0000-0000-0000-000000000007";

fn destination() -> WebhookDestination {
    let fetcher = HttpFetcher::builder().allow_private(["127.0.0.1"]).build().unwrap();
    let patience = WebhookPatience {
        answer: Duration::from_millis(300),
        pause: Duration::from_millis(20),
        whole: Duration::from_millis(1500),
    };
    WebhookDestination::new(Arc::new(fetcher)).with_patience(patience)
}

fn secret(key: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

fn to(receiver: &Receiver) -> PublishRequest {
    request(7, json!({"url": format!("http://{}/hooks/orion?team=1", receiver.address), "secret": secret(&KEY)}))
}

async fn published(turns: &[Turn]) -> (Receiver, PublishStatus) {
    let receiver = Receiver::start(&KEY, turns).await;
    let (destination, operation, wanted) = (destination(), Operation::detached(), to(&receiver));
    let handle = destination.prepare(&wanted, &operation).await.unwrap();
    assert!(receiver.calls().is_empty(), "nothing leaves before the last call");
    let status = destination.publish(&wanted, &handle, &operation).await.unwrap();
    (receiver, status)
}

#[tokio::test]
async fn a_receiver_is_told_all_it_needs_under_a_signature() {
    let (receiver, status) = published(&[]).await;
    assert_eq!(status, PublishStatus::Published(ID.to_owned()));
    let taken = receiver.taken();
    assert_eq!(taken.len(), 1);
    let (message, data) = (&taken[ID], &taken[ID]["data"]);
    assert_eq!(message["type"], "content.published");
    assert!(message["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&data["title"], &data["description"]), (&json!("Bridge opens!"), &json!("At last.\n\n#bridge")));
    assert_eq!((&data["publication_id"], &data["video"]["length"]), (&json!(ID), &json!(5)));
    assert_eq!(data["video"]["url"], "https://orion.test/files/1?signature=s");
    assert_eq!(data["video"]["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn what_is_sent_again_has_the_same_identity() {
    use Turn::{Answer, HangUp, Take, TakeAndHangUp, TakeAndStaySilent, Wait};
    for turns in [
        &[Answer(500), Answer(503), Answer(408), Take][..],
        &[HangUp, Take],
        &[TakeAndHangUp, Take],
        &[TakeAndStaySilent, Take],
        &[Wait("0"), Take],
    ] {
        let (receiver, status) = published(turns).await;
        assert_eq!(status, PublishStatus::Published(ID.to_owned()), "{turns:?}");
        assert_eq!(receiver.taken().len(), 1, "{turns:?}: it is one message, however often it came");
        let calls = receiver.calls();
        assert!(calls.len() >= 2 && calls.iter().all(|(id, _)| id == ID), "{turns:?} {calls:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_asks_to_wait_is_waited_for() {
    let began = Instant::now();
    let (_, status) = published(&[Turn::Wait("1")]).await;
    assert!(matches!(status, PublishStatus::Published(_)) && began.elapsed() >= Duration::from_secs(1));
    // Longer than a call may take: it is left for later, and not failed.
    let (receiver, status) = published(&[Turn::Wait("3600")]).await;
    assert!(matches!(status, PublishStatus::Unknown(_)), "{status:?}");
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn silence_is_doubt_and_a_later_call_is_known_for_the_same() {
    let (receiver, status) = published(&[Turn::TakeAndStaySilent; 20]).await;
    assert!(matches!(status, PublishStatus::Unknown(_)), "it may have arrived: {status:?}");
    let calls = receiver.calls().len();
    assert!((2..20).contains(&calls), "a bounded number of attempts: {calls}");
    let destination = destination();
    assert_eq!(destination.reconcile(&to(&receiver), ID).await.unwrap(), PublishStatus::Absent);
    assert_eq!(receiver.calls().len(), calls, "reading back sends nothing");
    assert_eq!(receiver.taken().len(), 1);
}

#[tokio::test]
async fn answers_that_decide() {
    for (turn, gone) in
        [(Turn::Answer(410), true), (Turn::Answer(400), false), (Turn::Answer(404), false), (Turn::Redirect, false)]
    {
        let (receiver, status) = published(&[turn]).await;
        assert_eq!(matches!(status, PublishStatus::Gone(_)), gone, "{turn:?} {status:?}");
        assert_eq!(matches!(status, PublishStatus::Failed(_)), !gone, "{turn:?} {status:?}");
        assert_eq!((receiver.calls().len(), receiver.taken().len()), (1, 0), "{turn:?}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_by_the_receiver() {
    let receiver = Receiver::start(&KEY, &[]).await;
    let wanted = request(7, json!({"url": format!("http://{}/", receiver.address), "secret": secret(&[8; 32])}));
    let status = destination().publish(&wanted, ID, &Operation::detached()).await.unwrap();
    assert!(matches!(status, PublishStatus::Failed(_)), "{status:?}");
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn a_stopped_call_is_in_doubt() {
    let receiver = Receiver::start(&KEY, &[Turn::Wait("1"); 9]).await;
    let operation = Operation::detached();
    let wanted = to(&receiver);
    let destination = destination();
    let (status, ()) = tokio::join!(destination.publish(&wanted, ID, &operation), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        operation.cancellation.cancel();
    });
    assert!(matches!(status.unwrap(), PublishStatus::Unknown(_)));
}

#[tokio::test]
async fn addresses_and_secrets_are_checked_before_they_are_kept() {
    let fetcher = HttpFetcher::builder().build().unwrap();
    let destination = WebhookDestination::new(Arc::new(fetcher));
    let (fine, secret) = ("https://example.org/hook", secret(&KEY));
    destination.check(&credentials(json!({"url": fine, "secret": secret}))).await.unwrap();
    for (wrong, kind) in [
        (json!({"url": fine}), ErrorKind::Invalid),
        (json!({"secret": secret}), ErrorKind::Invalid),
        (json!({"url": fine, "secret": "hunter2"}), ErrorKind::Invalid),
        (json!({"url": fine, "secret": secret, "method": "GET"}), ErrorKind::Invalid),
        (json!({"url": "http://example.org/hook", "secret": secret}), ErrorKind::Invalid),
        (json!({"url": "https://127.0.0.1/hook", "secret": secret}), ErrorKind::Forbidden),
        (json!({"url": "https://169.254.169.254/", "secret": secret}), ErrorKind::Forbidden),
        (json!({"url": "https://[::ffff:10.0.0.1]/", "secret": secret}), ErrorKind::Forbidden),
        (json!({"url": "https://u:p@example.org/", "secret": secret}), ErrorKind::Invalid),
    ] {
        let error = destination.check(&credentials(wrong)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(!format!("{error:?}").contains(&secret[6..]), "{error:?}");
    }
    // A name that leads to a private address is only known once it is resolved; nothing is sent there either.
    let wanted = request(7, json!({"url": "https://localhost/hook", "secret": secret}));
    let status = destination.publish(&wanted, ID, &Operation::detached()).await.unwrap();
    assert!(matches!(status, PublishStatus::Failed(_)), "{status:?}");
}
