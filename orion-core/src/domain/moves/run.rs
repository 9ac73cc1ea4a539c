//! Every move of a run, held against its way written down once more.

use super::{assert_refused, now};
use crate::StageStatus;
use crate::domain::*;
use crate::testing::sample;
use proptest::prelude::*;

/// A place on the way of a run; what follows what is told by [`way`], not by the machine under test.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    Stage(Stage),
    Gate(Gate),
    End,
}

/// The way of a run with these gates.
fn way(gates: &[Gate]) -> Vec<Place> {
    use Place::{End, Gate as At, Stage as Do};
    let all = [
        Do(Stage::Research),
        Do(Stage::Script),
        Do(Stage::Critique),
        At(Gate::Script),
        Do(Stage::Prompts),
        At(Gate::Prompts),
        Do(Stage::Images),
        Do(Stage::Video),
        Do(Stage::Render),
        At(Gate::Review),
        End,
    ];
    all.into_iter().filter(|place| !matches!(place, At(gate) if !gates.contains(gate))).collect()
}

fn state_at(place: Place) -> RunState {
    match place {
        Place::Stage(stage) => RunState::Running { stage },
        Place::Gate(gate) => RunState::Waiting { gate },
        Place::End => RunState::Completed,
    }
}

/// The stage that a gate stands behind, also where the gate is turned off.
fn stage_at(gate: Gate) -> Stage {
    match gate {
        Gate::Script => Stage::Critique,
        Gate::Prompts => Stage::Prompts,
        Gate::Review => Stage::Render,
    }
}

/// What must follow, or `None` for a refusal.
fn expected(gates: &[Gate], state: &RunState, command: &RunCommand) -> Option<RunState> {
    let way = way(gates);
    let behind = |place: Place| {
        let at = way.iter().position(|other| *other == place)?;
        way.get(at + 1).copied().map(state_at)
    };
    match (state, command) {
        (RunState::Pending, RunCommand::Start | RunCommand::Resume) => {
            Some(RunState::Running { stage: Stage::Research })
        }
        (RunState::Pending, RunCommand::Cancel) => Some(RunState::Cancelled { stage: Stage::Research }),
        (RunState::Running { stage }, RunCommand::Complete(done)) if done == stage => behind(Place::Stage(*stage)),
        (RunState::Running { stage }, RunCommand::Fail(failed, reason, next_step)) if failed == stage => {
            Some(RunState::Failed { stage: *stage, reason: reason.clone(), next_step: next_step.clone() })
        }
        (RunState::Running { stage }, RunCommand::Cancel) => Some(RunState::Cancelled { stage: *stage }),
        (RunState::Waiting { gate }, RunCommand::Cancel) => Some(RunState::Cancelled { stage: stage_at(*gate) }),
        (RunState::Waiting { gate }, RunCommand::Decide(decided, verdict, feedback)) if decided == gate => {
            match (verdict, feedback, gate) {
                (Verdict::Approve, _, _) => behind(Place::Gate(*gate)),
                (Verdict::Reject, None, _) => Some(RunState::Rejected { gate: *gate }),
                (Verdict::Reject, Some(_), Gate::Prompts) => Some(RunState::Running { stage: Stage::Prompts }),
                (Verdict::Reject, Some(_), _) => Some(RunState::Running { stage: Stage::Script }),
            }
        }
        (
            RunState::Running { stage } | RunState::Failed { stage, .. } | RunState::Cancelled { stage },
            RunCommand::Resume,
        ) => Some(RunState::Running { stage: *stage }),
        _ => None,
    }
}

fn run_states() -> Vec<RunState> {
    let mut states = vec![RunState::Pending, RunState::Completed];
    for stage in Stage::ALL.iter().copied() {
        let (reason, next_step) = ("no room".to_owned(), None);
        let failed = RunState::Failed { stage, reason, next_step };
        states.extend([RunState::Running { stage }, failed, RunState::Cancelled { stage }]);
    }
    for gate in Gate::ALL.iter().copied() {
        states.extend([RunState::Waiting { gate }, RunState::Rejected { gate }]);
    }
    states
}

fn run_commands() -> Vec<RunCommand> {
    let mut commands = vec![RunCommand::Start, RunCommand::Resume, RunCommand::Cancel];
    for stage in Stage::ALL.iter().copied() {
        let failed = RunCommand::Fail(stage, "it broke".to_owned(), Some("mend it".to_owned()));
        commands.extend([RunCommand::Complete(stage), failed]);
    }
    for gate in Gate::ALL.iter().copied() {
        for feedback in [None, Some("shorter".to_owned())] {
            commands.extend(Verdict::ALL.iter().map(|verdict| RunCommand::Decide(gate, *verdict, feedback.clone())));
        }
    }
    commands
}

fn gate_sets() -> Vec<Vec<Gate>> {
    let set = |bits: usize| (0..3).filter(|n| bits >> n & 1 == 1).map(|n| Gate::ALL[n]).collect();
    (0..8).map(set).collect()
}

fn run_in(gates: &[Gate], state: RunState) -> Run {
    let finished_at = state.is_finished().then(|| sample::time(9));
    let started_at = (state != RunState::Pending).then(|| sample::time(2));
    Run { gates: gates.to_vec(), state, finished_at, started_at, feedback: vec![], cut_off: 3, ..sample::run(1) }
}

#[test]
fn a_run_makes_every_legal_move_and_no_other() {
    for gates in gate_sets() {
        for state in run_states() {
            // A gate that is turned off holds nobody.
            if matches!(&state, RunState::Waiting { gate } if !gates.contains(gate)) {
                continue;
            }
            for command in run_commands() {
                let before = run_in(&gates, state.clone());
                let mut run = before.clone();
                let outcome = run.apply(command.clone(), now());
                match expected(&gates, &state, &command) {
                    None => assert_refused(&before, &run, outcome, [&state.to_string(), &command.to_string()]),
                    Some(next) => check_move_of_a_run(&before, &command, next, run, outcome.unwrap()),
                }
            }
        }
    }
}

fn check_move_of_a_run(before: &Run, command: &RunCommand, next: RunState, run: Run, transition: Transition) {
    let begun = matches!(command, RunCommand::Start | RunCommand::Resume);
    let feedback = match command {
        RunCommand::Decide(_, Verdict::Reject, Some(feedback)) => vec![feedback.clone()],
        _ => vec![],
    };
    let expected = Run {
        state: next.clone(),
        feedback,
        attempts: before.attempts + u32::from(begun),
        cut_off: match (&before.state, command) {
            (RunState::Running { .. }, RunCommand::Resume) => before.cut_off + 1,
            _ => 0,
        },
        started_at: before.started_at.or(begun.then(now)),
        finished_at: next.is_finished().then(now),
        ..before.clone()
    };
    assert_eq!(run, expected, "{} after {command}", before.state);
    let (effect, mut announce) = match &next {
        RunState::Running { stage } => (RunEffect::Execute(*stage), vec![(*stage, StageStatus::Running)]),
        RunState::Waiting { gate } => (RunEffect::Ask(*gate), vec![]),
        RunState::Failed { stage, .. } | RunState::Cancelled { stage } => {
            (RunEffect::Nothing, vec![(*stage, StageStatus::Failed)])
        }
        _ => (RunEffect::Nothing, vec![]),
    };
    if let RunCommand::Complete(stage) = command {
        announce.insert(0, (*stage, StageStatus::Completed));
    }
    assert_eq!(transition, Transition { effect, announce }, "{} after {command}", before.state);
}

proptest! {
    /// Whatever is asked of a run in whatever order: it ends only past its gates, and counts what it says it counts.
    #[test]
    fn a_run_walks_safely(bits in 0_usize..8, picks in prop::collection::vec((0_usize..1000, any::<bool>()), 0..120)) {
        let gates = gate_sets().swap_remove(bits);
        let mut run = Run { attempts: 0, ..run_in(&gates, RunState::Pending) };
        let (mut begun, mut fed, mut approved, mut done) = (0, 0, Vec::new(), Vec::new());
        for (second, (pick, sensible)) in (1000..).zip(picks) {
            let mut commands = run_commands();
            if sensible {
                commands.retain(|command| expected(&gates, &run.state, command).is_some());
            }
            let Some(command) = (!commands.is_empty()).then(|| commands.swap_remove(pick % commands.len())) else { break };
            let before = run.clone();
            match run.apply(command.clone(), sample::time(second)) {
                Err(_) => prop_assert_eq!(&run, &before),
                Ok(_) => match command {
                    RunCommand::Start | RunCommand::Resume => begun += 1,
                    RunCommand::Complete(stage) => done.push(stage),
                    RunCommand::Decide(gate, Verdict::Approve, _) => approved.push(gate),
                    RunCommand::Decide(gate, Verdict::Reject, feedback) => {
                        fed += usize::from(feedback.is_some());
                        // What came of the refused version counts no more.
                        let again = if gate == Gate::Prompts { Stage::Prompts } else { Stage::Script };
                        done.retain(|stage| *stage < again);
                        approved.retain(|gate| stage_at(*gate) < again);
                    }
                    RunCommand::Fail(..) | RunCommand::Cancel => {}
                },
            }
            prop_assert_eq!(run.attempts, begun);
            prop_assert_eq!(run.feedback.len(), fed);
            prop_assert_eq!(run.finished_at.is_some(), run.state.is_finished());
            prop_assert_eq!(run.started_at.is_some(), begun > 0);
            prop_assert!(before.started_at.is_none() || run.started_at == before.started_at);
            if let RunState::Waiting { gate } = &run.state {
                prop_assert!(gates.contains(gate));
            }
            if run.state == RunState::Completed {
                prop_assert!(Stage::ALL.iter().all(|stage| done.contains(stage)), "{:?}", done);
                prop_assert!(gates.iter().all(|gate| approved.contains(gate)), "{:?}", approved);
            }
            let stored = serde_json::to_string(&run).unwrap();
            prop_assert_eq!(serde_json::from_str::<Run>(&stored).unwrap(), run.clone());
        }
    }
}
