//! What is waited for, sent again, and paid.

use super::*;
use crate::memory::{ManualClock, MemoryBlobs, MemoryStore, SeededEntropy};
use crate::testing::sample;
use std::sync::atomic::{AtomicU32, Ordering};

fn journal() -> Journal {
    let clock = Arc::new(ManualClock::at(sample::time(0)));
    let entropy = Arc::new(SeededEntropy::new(7));
    Journal::new(Arc::new(MemoryStore::new()), Arc::new(MemoryBlobs::new()), clock, entropy, &sample::run(1))
}

/// Sends `key` if the journal wants it sent, and waits with this outcome; tells how often it has been sent.
async fn wait(journal: &Journal, sent: &AtomicU32, outcome: impl Fn() -> Result<u32> + Send + Sync) -> Result<u32> {
    let submit = || async {
        let number = sent.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Submission::Pending(format!("request-{number}")))
    };
    let wait = |handle: String| {
        let outcome = outcome();
        async move {
            assert!(handle.starts_with("request-"));
            outcome.map(|value| Work::plain("fal", value))
        }
    };
    journal
        .submitted("images/1", "a city", (&Provider::cloud("fal", ""), &[]), submit, wait)
        .await
        .map(|done| done.value)
}

async fn state(journal: &Journal) -> (StepState, Option<String>, Option<String>, u32) {
    let step = journal.steps().await.unwrap().remove(0);
    (step.state, step.provider, step.handle, step.attempts)
}

#[tokio::test]
async fn what_a_provider_has_is_waited_for_and_not_sent_again() {
    let (journal, sent) = (journal(), AtomicU32::new(0));
    let some = |text: &str| Some(text.to_owned());
    let exhausted = || Err(Error::unavailable("the provider is away").with_retry(Retry::Exhausted));
    assert!(wait(&journal, &sent, || Err(Error::cancelled())).await.is_err());
    assert!(wait(&journal, &sent, || Err(Error::new(ErrorKind::Timeout, "too slow"))).await.is_err());
    assert!(wait(&journal, &sent, exhausted).await.is_err());
    assert_eq!(state(&journal).await, (StepState::Submitted, some("fal"), some("request-1"), 1));
    assert_eq!(wait(&journal, &sent, || Ok(5)).await.unwrap(), 5);
    assert_eq!(wait(&journal, &sent, || Ok(6)).await.unwrap(), 5, "what is done stays done");
    assert_eq!(sent.load(Ordering::SeqCst), 1);
    assert_eq!(state(&journal).await, (StepState::Finished, some("fal"), some("request-1"), 1));
}

#[tokio::test]
async fn what_a_provider_refused_or_forgot_is_sent_again() {
    let (journal, sent) = (journal(), AtomicU32::new(0));
    assert!(wait(&journal, &sent, || Err(Error::invalid("the prompt was refused"))).await.is_err());
    assert_eq!(state(&journal).await.0, StepState::Failed);
    assert!(wait(&journal, &sent, || Err(Error::cancelled())).await.is_err());
    assert_eq!(state(&journal).await, (StepState::Submitted, Some("fal".to_owned()), Some("request-2".to_owned()), 2));
    // The second handle is unknown, the third is not.
    let asked = AtomicU32::new(0);
    let forgotten = || match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Error::not_found("no such request")),
        _ => Ok(9),
    };
    assert_eq!(wait(&journal, &sent, forgotten).await.unwrap(), 9);
    assert_eq!((sent.load(Ordering::SeqCst), state(&journal).await.3), (3, 3));
}

#[tokio::test]
async fn what_was_bought_on_the_way_is_a_cost_even_if_the_work_fails() {
    use crate::domain::CostCategory;
    let (journal, bill) = (journal(), Bill::new());
    let tokens = |cost| Usage { category: CostCategory::LlmTokens, units: 10.0, cost: Money(cost) };
    let by = Provider::cloud("openai", "m");
    let fails = || async {
        bill.add(&by, tokens(300));
        Err::<Work<u32>, _>(Error::new(ErrorKind::Corrupt, "no draft can be used"))
    };
    journal.billed("script", "brief", &bill, fails).await.unwrap_err();
    assert_eq!(journal.spent().await.unwrap(), Money(300));
    let works = || async {
        bill.add(&by, tokens(500));
        Ok(Work { usage: Some(tokens(20)), ..Work::plain("openai", 7) })
    };
    let done = journal.billed("script", "brief", &bill, works).await.unwrap();
    assert_eq!((done.value, done.cost), (7, Money(520)));
    assert_eq!(journal.spent().await.unwrap(), Money(820));
    let again: Done<u32> =
        journal.billed("script", "brief", &bill, || async { Err(Error::cancelled()) }).await.unwrap();
    assert!(again.reused && journal.spent().await.unwrap() == Money(820));
}
