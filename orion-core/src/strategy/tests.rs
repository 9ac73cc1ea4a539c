//! Who is asked, in which order, and what the answer says of it.

use super::*;
use crate::memory::{ManualClock, SeededEntropy};
use std::sync::Mutex;

/// A provider that answers as it was told to.
#[derive(Debug)]
struct Fake {
    provider: Provider,
    fails: Option<ErrorKind>,
}

impl Capability for Fake {
    fn provider(&self) -> &Provider {
        &self.provider
    }
}

impl Fake {
    fn answer(&self) -> Result<String> {
        let name = &self.provider.name;
        match self.fails {
            Some(kind) => Err(Error::new(kind, "it failed").with_hint(format!("see {name}"))),
            None => Ok(name.clone()),
        }
    }
}

fn provider(name: &str, side: Side) -> Provider {
    Provider { name: name.to_owned(), model: "m".to_owned(), side }
}

fn strategy(policy: &str, fails: &[(&'static str, ErrorKind)]) -> Strategy<Fake> {
    let providers = [("l1", Side::Local), ("c1", Side::Cloud), ("l2", Side::Local), ("c2", Side::Cloud)];
    let fake = |(name, side): (&'static str, Side)| {
        let fails = fails.iter().find(|(failing, _)| *failing == name).map(|(_, kind)| *kind);
        Arc::new(Fake { provider: provider(name, side), fails })
    };
    Strategy::new(policy.parse().unwrap(), providers.into_iter().map(fake).collect()).unwrap()
}

/// Who was asked, and what came of it.
async fn ask(strategy: &Strategy<Fake>) -> (Vec<String>, Result<Served<String>>) {
    let asked = Mutex::new(Vec::new());
    let served = strategy
        .call(&Cancellation::new(), |fake| {
            asked.lock().unwrap().push(fake.provider.name.clone());
            async move { fake.answer() }
        })
        .await;
    (asked.into_inner().unwrap(), served)
}

const DOWN: ErrorKind = ErrorKind::Unavailable;

#[tokio::test]
async fn a_policy_decides_who_is_asked_and_in_which_order() {
    let all_down = ["l1", "l2", "c1", "c2"].map(|name| (name, DOWN));
    for (policy, order) in [
        ("local", &["l1", "l2"][..]),
        ("cloud", &["c1", "c2"]),
        ("prefer-local", &["l1", "l2", "c1", "c2"]),
        ("prefer-cloud", &["c1", "c2", "l1", "l2"]),
        ("c2", &["c2"]),
        ("c2, l1 ,c2", &["c2", "l1"]),
        ("l2/m,l1", &["l2", "l1"]),
    ] {
        let (asked, served) = ask(&strategy(policy, &all_down)).await;
        assert_eq!(asked, order, "{policy}");
        assert_eq!(served.unwrap_err().kind(), DOWN);
        let (asked, served) = ask(&strategy(policy, &[])).await;
        assert_eq!(asked, order[..1], "{policy}: the first who serves is the last who is asked");
        let served = served.unwrap();
        assert_eq!((served.value.as_str(), served.by.name.as_str(), served.after.len()), (order[0], order[0], 0));
    }
}

#[tokio::test]
async fn an_answer_says_who_failed_before() {
    let (_, served) = ask(&strategy("prefer-local", &[("l1", DOWN), ("l2", ErrorKind::Timeout)])).await;
    let served = served.unwrap();
    assert_eq!(served.by, provider("c1", Side::Cloud));
    let attempt = |name: &str| Attempt { provider: provider(name, Side::Local), error: "it failed".to_owned() };
    assert_eq!(served.after, [attempt("l1"), attempt("l2")]);
}

#[tokio::test]
async fn a_forbidden_side_never_serves() {
    let (asked, served) = ask(&strategy("local", &[("l1", DOWN), ("l2", DOWN)])).await;
    assert_eq!(asked, ["l1", "l2"]);
    let error = served.unwrap_err();
    let told = "every provider failed (tried: l1/m: it failed; l2/m: it failed, policy: local, forbidden: c1/m, c2/m)";
    assert_eq!(error.to_string(), told);
    assert_eq!(error.hint(), Some("see l1; or set a policy that permits c1/m, c2/m"));
    assert!(error.is_temporary());
}

#[tokio::test]
async fn what_is_wrong_with_the_request_ends_the_call() {
    for kind in [ErrorKind::Invalid, ErrorKind::Cancelled] {
        let (asked, served) = ask(&strategy("prefer-local", &[("l1", kind)])).await;
        assert_eq!(asked, ["l1"]);
        let error = served.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, "it failed (provider: l1/m)"));
    }
}

#[tokio::test]
async fn the_only_one_who_fails_speaks_for_itself() {
    let alone = Fake { provider: provider("c1", Side::Cloud), fails: Some(ErrorKind::Unauthorized) };
    let error = ask(&Strategy::only(Arc::new(alone))).await.1.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Unauthorized, Some("see c1")));
    assert_eq!(error.to_string(), "it failed (provider: c1/m)");
    assert!(!error.is_temporary());
    let nobody: Strategy<Fake> = Strategy::new(Policy::Local, vec![]).unwrap();
    assert_eq!(ask(&nobody).await.1.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn where_nobody_was_somebody_can_come_and_go() {
    let strategy: Strategy<Fake> = Strategy::nobody();
    assert!(!strategy.serves());
    strategy.add(Arc::new(Fake { provider: provider("c1", Side::Cloud), fails: None })).unwrap();
    assert!(!strategy.serves(), "who comes later serves only where a policy names it");
    strategy.set_policy(Policy::Chain(vec!["c1".to_owned()])).unwrap();
    assert_eq!(ask(&strategy).await.0, ["c1"]);
    assert_eq!(strategy.set_policy(Policy::Chain(vec![])).unwrap_err().kind(), ErrorKind::Invalid);
    strategy.set_policy(Policy::Local).unwrap();
    assert_eq!(ask(&strategy).await.1.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn nobody_serves_where_that_is_said() {
    let strategy = strategy("local", &[]);
    assert!(strategy.serves());
    strategy.set_policy(Policy::Nobody).unwrap();
    assert!(!strategy.serves() && strategy.standings().iter().all(|standing| standing.place.is_none()));
    let (asked, refused) = ask(&strategy).await;
    assert_eq!((asked.len(), refused.unwrap_err().kind()), (0, ErrorKind::Unavailable));
    strategy.set_policy(Policy::Local).unwrap();
    assert_eq!(ask(&strategy).await.0, ["l1"]);
}

#[tokio::test]
async fn a_policy_is_switched_between_calls_and_checked() {
    let strategy = strategy("local", &[]);
    assert_eq!(ask(&strategy).await.0, ["l1"]);
    strategy.set_policy(Policy::Cloud).unwrap();
    assert_eq!(ask(&strategy).await.0, ["c1"]);
    let unknown = strategy.set_policy(Policy::Chain(vec!["c2".to_owned(), "C1".to_owned()])).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Invalid);
    assert_eq!(strategy.set_policy(Policy::Chain(vec![])).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(strategy.policy(), Policy::Cloud, "a refused policy changes nothing");

    let here = |name| Arc::new(Fake { provider: provider(name, Side::Local), fails: None });
    assert!(Strategy::new(Policy::Cloud, vec![here("a")]).is_err(), "nobody is permitted");
    assert!(Strategy::new(Policy::Local, vec![here("a"), here("a")]).is_err(), "nobody is named twice");
}

fn retrying(clock: &Arc<ManualClock>) -> Retrying {
    Retrying::new(clock.clone(), clock.clone(), Arc::new(SeededEntropy::new(1)))
}

#[tokio::test]
async fn one_who_was_added_serves_only_where_it_is_named() {
    let strategy = strategy("prefer-local", &[("l1", DOWN), ("l2", DOWN), ("c1", DOWN), ("c2", DOWN)]);
    let shared = strategy.clone();
    let added = || Arc::new(Fake { provider: provider("l3", Side::Local), fails: None });
    strategy.add(added()).unwrap();
    strategy.add(added()).unwrap();
    assert_eq!(strategy.providers().len(), 5, "nobody is there twice");
    assert_eq!(ask(&strategy).await.0, ["l1", "l2", "c1", "c2"]);
    strategy.set_policy("c1,l3,l1".parse().unwrap()).unwrap();
    assert_eq!(ask(&shared).await.0, ["c1", "l3"], "clones share it");
    assert_eq!(strategy.order().len(), 3);
    strategy.set_policy(Policy::Local).unwrap();
    assert_eq!(strategy.order().len(), 2);
    for number in 0..MOST - 5 {
        strategy.add(Arc::new(Fake { provider: provider(&format!("n{number}"), Side::Local), fails: None })).unwrap();
    }
    let full = strategy.add(Arc::new(Fake { provider: provider("last", Side::Local), fails: None })).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::Exhausted);
}

#[tokio::test]
async fn how_providers_do_is_counted_and_who_keeps_failing_is_passed_over() {
    let clock = Arc::new(ManualClock::default());
    let strategy = strategy("prefer-local", &[("l1", DOWN), ("l2", ErrorKind::Unauthorized)])
        .with_retrying(retrying(&clock).with_attempts(5));
    let (asked, served) = ask(&strategy).await;
    assert_eq!((asked.len(), served.unwrap().by.name.as_str()), (7, "c1"));
    let (asked, served) = ask(&strategy).await;
    assert_eq!(asked, ["l2", "c1"], "the first is left alone");
    let after = served.unwrap().after;
    assert!(after[0].error.contains("left alone") && after[0].error.contains("it failed"), "{after:?}");
    let standings = strategy.standings();
    let told: Vec<_> = standings
        .iter()
        .map(|standing| {
            let Standing { provider, place, circuit, tally } = standing;
            let counts = (tally.requests, tally.errors, tally.fallbacks, tally.served_at.is_some());
            (provider.name.as_str(), *place, circuit.as_str(), counts)
        })
        .collect();
    let expected = [
        ("l1", Some(1), "open", (5, 5, 2, false)),
        ("c1", Some(3), "closed", (2, 0, 0, true)),
        ("l2", Some(2), "closed", (2, 2, 2, false)),
        ("c2", Some(4), "closed", (0, 0, 0, false)),
    ];
    assert_eq!(told, expected);
    assert_eq!(standings[2].tally.failures[0].error, "it failed");
    let paid = strategy.in_turn(None, |turn| async move {
        turn.paid(Money(7));
        Ok(())
    });
    assert_eq!(paid.await.unwrap().by.name, "l1");
    assert_eq!(strategy.standings()[0].tally.paid, Money(7));
}

#[tokio::test]
async fn one_providers_retries_come_before_the_next_ones_turn() {
    let retrying = retrying(&Arc::default()).with_attempts(3);
    let wrong = ErrorKind::Unauthorized;
    let strategy = strategy("prefer-local", &[("l1", DOWN), ("l2", wrong)]).with_retrying(retrying);
    let (asked, served) = ask(&strategy).await;
    assert_eq!(asked, ["l1", "l1", "l1", "l2", "c1"]);
    let told: Vec<String> = served.unwrap().after.into_iter().map(|attempt| attempt.error).collect();
    assert_eq!(told, ["it failed (attempts: 3)", "it failed"]);
}

#[tokio::test]
async fn who_holds_work_goes_first_and_a_policy_keeps_new_work_from_it() {
    let strategy = strategy("local", &[]);
    let cloud = strategy.find(&provider("c2", Side::Cloud)).unwrap();
    let never = Cancellation::new();
    let turns = Mutex::new(Vec::new());
    let fetched = strategy.in_turn(Some(cloud.clone()), |turn| {
        turns.lock().unwrap().push(turn.by().name.clone());
        let never = &never;
        async move { turn.fetch(never, |fake| async move { fake.answer() }).await }
    });
    assert_eq!(fetched.await.unwrap().by.name, "c2");
    let asked = strategy.in_turn(Some(cloud), |turn| {
        let never = &never;
        async move { turn.ask(never, |fake| async move { fake.answer() }).await }
    });
    let served = asked.await.unwrap();
    assert_eq!((served.by.name.as_str(), served.after[0].provider.name.as_str()), ("l1", "c2"));
    assert!(served.after[0].error.contains("the policy forbids"), "{:?}", served.after);
    assert_eq!(*turns.lock().unwrap(), ["c2"]);
    assert!(strategy.find(&Provider::local("c2", "another model")).is_none());
}
