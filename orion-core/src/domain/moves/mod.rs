//! Every move of every state machine: what is allowed does what it says, all else is refused and changes nothing.
//! Beside the tables, random walks hold what must be true wherever a walk may lead.

mod run;

use super::*;
use crate::id::UserId;
use crate::testing::sample;
use crate::{ErrorKind, Timestamp};
use proptest::prelude::*;

/// Tries every move of a machine. `moves` holds a line per state: its name, and the states it may become.
fn check_table<S>(all: &[S], moves: &str, can_become: fn(S, S) -> bool)
where
    S: Copy + PartialEq + std::fmt::Display,
{
    let row = |from: &S| {
        let next: Vec<String> = all.iter().filter(|to| can_become(*from, **to)).map(S::to_string).collect();
        format!("{from}: {}", next.join(" ")).trim_end().to_owned()
    };
    let expected: Vec<&str> = moves.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(all.iter().map(row).collect::<Vec<_>>(), expected);
}

/// Asserts a refusal that names both ends of the move and leaves the value as it was.
#[track_caller]
fn assert_refused<T: PartialEq + std::fmt::Debug, R: std::fmt::Debug>(
    before: &T,
    after: &T,
    refusal: Result<R>,
    ends: [&str; 2],
) {
    let error = refusal.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(before, after);
    assert_eq!(error.context(), [("from", ends[0].to_owned()), ("to", ends[1].to_owned())]);
}

fn now() -> Timestamp {
    sample::time(500)
}

#[test]
fn a_trend_moves_as_the_contract_says() {
    let moves = "
        active: used discarded expired
        used: active discarded
        discarded: active
        expired: active";
    check_table(TrendStatus::ALL, moves, TrendStatus::can_become);
    for from in TrendStatus::ALL {
        for to in TrendStatus::ALL {
            let before = Trend { status: *from, expired_at: Some(sample::time(3)), ..sample::trend(1) };
            let mut trend = before.clone();
            let outcome = trend.set_status(*to, now());
            if from.can_become(*to) {
                let gone = matches!(to, TrendStatus::Discarded | TrendStatus::Expired);
                assert_eq!(trend, Trend { status: *to, expired_at: gone.then(now), ..before });
            } else {
                assert_refused(&before, &trend, outcome, [from.as_str(), to.as_str()]);
            }
        }
    }
}

#[test]
fn content_moves_as_the_contract_says() {
    // Beyond the contract: a failed run is taken up again (draft), and an edit voids an approval (approved).
    let moves = "
        draft: generating approved rejected
        generating: draft review
        review: generating approved rejected
        approved: review published
        published:
        rejected: generating";
    check_table(ContentStatus::ALL, moves, ContentStatus::can_become);
    for from in ContentStatus::ALL {
        for to in ContentStatus::ALL {
            let before = Content { status: *from, ..sample::content(1) };
            let mut content = before.clone();
            let outcome = content.set_status(*to, now());
            if from.can_become(*to) {
                let published_at = (*to == ContentStatus::Published).then(now);
                assert_eq!(content, Content { status: *to, updated_at: now(), published_at, ..before });
            } else {
                assert_refused(&before, &content, outcome, [from.as_str(), to.as_str()]);
            }
        }
    }
}

#[test]
fn a_publication_never_fails_in_doubt() {
    let moves = "
        prepared: uploading armed failed
        uploading: uploading processing armed unknown failed
        processing: armed published unknown failed
        armed: processing published unknown failed
        published:
        unknown: processing armed published failed
        failed:";
    check_table(PublicationState::ALL, moves, PublicationState::can_become);
    for from in PublicationState::ALL {
        for to in PublicationState::ALL {
            let before = Publication { state: *from, ..sample::publication(1) };
            let mut publication = before.clone();
            let outcome = publication.set_state(*to, now());
            if from.can_become(*to) {
                let published_at = (*to == PublicationState::Published).then(now);
                let doubted = matches!(to, PublicationState::Processing | PublicationState::Unknown);
                assert_eq!(publication, Publication { state: *to, published_at, doubted, ..before });
            } else {
                assert_refused(&before, &publication, outcome, [from.as_str(), to.as_str()]);
            }
        }
    }
}

#[test]
fn a_step_ends_once() {
    use StepState::{Failed, Finished, Prepared, Submitted};
    for from in StepState::ALL {
        let before = Step { state: *from, output: None, error: None, ..sample::step(1) };
        for to in [Submitted, Finished, Failed] {
            let mut step = before.clone();
            let outcome = match to {
                Submitted => step.submitted("fal", "request-1"),
                Finished => step.finished("fal", serde_json::json!(1), vec![], Money(5), now()),
                _ => step.failed("no room", now()),
            };
            let legal = match to {
                Submitted => *from == Prepared,
                _ => matches!(from, Prepared | Submitted),
            };
            if !legal {
                assert_refused(&before, &step, outcome, [from.as_str(), to.as_str()]);
                continue;
            }
            let (some, moved) = (|text: &str| Some(text.to_owned()), Step { state: to, ..before.clone() });
            let expected = match to {
                Submitted => Step { provider: some("fal"), handle: some("request-1"), ..moved },
                Finished => Step {
                    provider: some("fal"),
                    output: Some(serde_json::json!(1)),
                    blobs: vec![],
                    cost: Money(5),
                    finished_at: Some(now()),
                    ..moved
                },
                _ => Step { error: some("no room"), finished_at: Some(now()), ..moved },
            };
            assert_eq!(step, expected);
        }
        let mut step = before.clone();
        step.prepare(Sha256::of(b"new"), now());
        let Step { id, run_id, key, .. } = before;
        let expected = Step {
            id,
            run_id,
            key,
            input: Sha256::of(b"new"),
            state: Prepared,
            provider: None,
            served_by: None,
            after: vec![],
            handle: None,
            output: None,
            blobs: vec![],
            cost: Money::ZERO,
            attempts: 2,
            error: None,
            started_at: now(),
            finished_at: None,
            version: 0,
        };
        assert_eq!(step, expected);
        assert!(!step.is_done_for(Sha256::of(b"new")));
    }
}

fn decision(verdict: Verdict, second: u64) -> Decision {
    Decision { verdict, feedback: None, by: UserId::SYSTEM, at: sample::time(second) }
}

#[test]
fn a_question_is_decided_once_in_time_and_about_what_was_shown() {
    // The question of `sample::approval(1)` is open until second 3601.
    let (shown, other) = (Sha256::of(b"video"), Sha256::of(b"another video"));
    for state in ApprovalState::ALL {
        let before = Approval { state: *state, ..sample::approval(1) };
        for verdict in Verdict::ALL {
            for (subject, second) in [(shown, 3600), (shown, 3601), (other, 3600)] {
                let mut approval = before.clone();
                let outcome = approval.decide(subject, decision(*verdict, second));
                if *state == ApprovalState::Open && subject == shown && second < 3601 {
                    outcome.unwrap();
                    let state = match verdict {
                        Verdict::Approve => ApprovalState::Approved,
                        Verdict::Reject => ApprovalState::Rejected,
                    };
                    let decision = Some(decision(*verdict, second));
                    assert_eq!(approval, Approval { state, decision, ..before.clone() });
                    assert_eq!(approval.permits(shown), *verdict == Verdict::Approve);
                    assert!(!approval.permits(other));
                } else {
                    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
                    assert_eq!(approval, before);
                }
            }
        }
        for second in [3600, 3601] {
            let mut approval = before.clone();
            let expires = *state == ApprovalState::Open && second == 3601;
            assert_eq!(approval.expire(sample::time(second)), expires);
            let state = if expires { ApprovalState::Expired } else { *state };
            assert_eq!(approval, Approval { state, ..before.clone() });
        }
        let mut approval = before.clone();
        approval.void();
        let voided = matches!(state, ApprovalState::Open | ApprovalState::Approved);
        let state = if voided { ApprovalState::Voided } else { *state };
        assert_eq!(approval, Approval { state, ..before });
        assert!(!approval.permits(shown));
    }
}

#[test]
fn a_reason_is_kept_within_bounds() {
    let mut run = Run { state: RunState::Running { stage: Stage::Video }, ..sample::run(1) };
    run.apply(RunCommand::Fail(Stage::Video, "ö".repeat(3000), Some("ü".repeat(3000))), now()).unwrap();
    assert!(matches!(&run.state, RunState::Failed { reason, next_step: Some(next), .. }
        if reason.chars().count() == 2000 && next.chars().count() == 2000));
    let mut step = Step { state: StepState::Prepared, ..sample::step(1) };
    step.failed(&"ö".repeat(3000), now()).unwrap();
    assert_eq!(step.error.unwrap().chars().count(), 2000);
}

proptest! {
    /// A step that is done has its result, one that waits has its handle, and one that begins has nothing left over.
    #[test]
    fn a_step_walks_safely(moves in prop::collection::vec((0_u8..4, 0_u8..3), 0..60)) {
        let mut step = Step { attempts: 0, ..sample::step(1) };
        step.prepare(Sha256::of(&[0]), now());
        let mut prepared = 1;
        for (kind, n) in moves {
            let before = step.clone();
            let moved = match kind {
                0 => {
                    step.prepare(Sha256::of(&[n]), now());
                    prepared += 1;
                    Ok(())
                }
                1 => step.submitted("fal", "request"),
                2 => step.finished("fal", serde_json::json!(n), vec![sample::blob(1)], Money(n.into()), now()),
                _ => step.failed("no room", now()),
            };
            prop_assert!(moved.is_ok() || step == before);
            let open = matches!(step.state, StepState::Prepared | StepState::Submitted);
            prop_assert_eq!(step.finished_at.is_none(), open);
            prop_assert_eq!(step.output.is_some(), step.state == StepState::Finished);
            prop_assert_eq!(step.error.is_some(), step.state == StepState::Failed);
            prop_assert!(step.state != StepState::Prepared || step.handle.is_none() && step.blobs.is_empty());
            prop_assert!(step.state != StepState::Submitted || step.handle.is_some() && step.provider.is_some());
            prop_assert!(step.state == StepState::Finished || step.cost == Money::ZERO);
            prop_assert_eq!(step.is_done_for(step.input), step.state == StepState::Finished);
            prop_assert!(!step.is_done_for(Sha256::of(b"another")));
            prop_assert_eq!(step.attempts, prepared);
        }
    }

    /// Only a decision in time about what was shown permits, and nothing permits again what was refused or voided.
    #[test]
    fn an_approval_walks_safely(moves in prop::collection::vec((0_u8..4, any::<bool>(), 3500_u64..3700), 0..30)) {
        let shown = Sha256::of(b"video");
        let mut approval = sample::approval(1);
        let mut closed = false;
        for (kind, same, second) in moves {
            let before = approval.clone();
            let subject = if same { shown } else { Sha256::of(b"another") };
            let verdict = if kind == 0 { Verdict::Approve } else { Verdict::Reject };
            match kind {
                0 | 1 => prop_assert!(approval.decide(subject, decision(verdict, second)).is_ok() || approval == before),
                2 => drop(approval.expire(sample::time(second))),
                _ => approval.void(),
            }
            prop_assert!(!approval.permits(Sha256::of(b"another")));
            prop_assert_eq!(approval.permits(shown), approval.state == ApprovalState::Approved);
            prop_assert!(!closed || !approval.permits(shown));
            if let Some(decision) = &approval.decision {
                prop_assert!(decision.at < approval.expires_at);
            }
            use ApprovalState::{Expired, Rejected, Voided};
            closed |= matches!(approval.state, Rejected | Voided | Expired);
        }
    }

    /// What is out stays out, what failed stays failed, and the time of publishing is told exactly of what is out.
    #[test]
    fn rows_with_a_status_walk_safely(moves in prop::collection::vec(0_usize..7, 0..80)) {
        let mut publication = sample::publication(1);
        let mut content = sample::content(1);
        let mut trend = sample::trend(1);
        for (second, pick) in (1000..).zip(moves) {
            let (at, before) = (sample::time(second), (publication.clone(), content.clone(), trend.clone()));
            let next = PublicationState::ALL[pick % PublicationState::ALL.len()];
            prop_assert!(publication.set_state(next, at).is_ok() || publication == before.0);
            let next = ContentStatus::ALL[pick % ContentStatus::ALL.len()];
            prop_assert!(content.set_status(next, at).is_ok() || content == before.1);
            let next = TrendStatus::ALL[pick % TrendStatus::ALL.len()];
            prop_assert!(trend.set_status(next, at).is_ok() || trend == before.2);

            let ended = matches!(before.0.state, PublicationState::Published | PublicationState::Failed);
            prop_assert!(!ended || publication == before.0);
            prop_assert!(before.1.status != ContentStatus::Published || content == before.1);
            prop_assert_eq!(publication.published_at.is_some(), publication.state == PublicationState::Published);
            prop_assert_eq!(content.published_at.is_some(), content.status == ContentStatus::Published);
            let gone = matches!(trend.status, TrendStatus::Discarded | TrendStatus::Expired);
            prop_assert_eq!(trend.expired_at.is_some(), gone);
        }
    }
}
