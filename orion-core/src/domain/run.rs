//! One run from trend to reviewed video, as a pure state machine:
//! `(state, command) -> (state', effect)`. Gates are states; nothing is held in memory while a person thinks.

use super::{Gate, Verdict, illegal, named};
use crate::id::{ContentId, RunId, UserId};
use crate::{Result, StageStatus, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

named! {
    /// The stages of a run in order (contract, section 1.12; `prompts` is the planning that opens `images`).
    Stage {
        /// Gathers sources.
        Research = "research",
        /// Writes the script.
        Script = "script",
        /// Scores it, and has it rewritten when it is weak.
        Critique = "critique",
        /// Plans the scenes.
        Prompts = "prompts",
        /// Makes the pictures.
        Images = "images",
        /// Speaks, and times the captions.
        Video = "video",
        /// Draws, mixes, encodes and checks the file.
        Render = "render",
    }
}

impl Stage {
    /// The stage after this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|stage| *stage > self)
    }

    /// The gate that stands behind this stage.
    pub fn gate(self) -> Option<Gate> {
        Gate::ALL.iter().copied().find(|gate| Self::before(*gate) == self)
    }

    /// The stage that this gate stands behind.
    fn before(gate: Gate) -> Self {
        match gate {
            Gate::Script => Self::Critique,
            Gate::Prompts => Self::Prompts,
            Gate::Review => Self::Render,
        }
    }

    /// The stage that answers a rejection at this gate.
    fn answering(gate: Gate) -> Self {
        match gate {
            Gate::Script | Gate::Review => Self::Script,
            Gate::Prompts => Self::Prompts,
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunState {
    /// Written down, not begun.
    Pending,
    /// At work on a stage; after a crash the same stage goes on.
    Running {
        /// The stage.
        stage: Stage,
    },
    /// A person must decide.
    Waiting {
        /// Where.
        gate: Gate,
    },
    /// Done.
    Completed,
    /// A stage failed; it can be retried.
    Failed {
        /// Which stage.
        stage: Stage,
        /// Why, at most 2000 characters.
        reason: String,
        /// What a person can do about it, if that is known; at most 2000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_step: Option<String>,
    },
    /// A person refused it without asking for another try.
    Rejected {
        /// Where.
        gate: Gate,
    },
    /// Somebody stopped it; it can be retried.
    Cancelled {
        /// The stage that was stopped, or the one before the gate where it waited.
        stage: Stage,
    },
}

impl RunState {
    /// The name in the store and on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running { .. } => "running",
            Self::Waiting { .. } => "waiting",
            Self::Completed => "completed",
            Self::Failed { .. } => "failed",
            Self::Rejected { .. } => "rejected",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether nothing more will happen by itself or by a decision.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed { .. } | Self::Rejected { .. } | Self::Cancelled { .. })
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Pending | Self::Completed => Ok(()),
            Self::Running { stage } | Self::Failed { stage, .. } | Self::Cancelled { stage } => write!(f, " {stage}"),
            Self::Waiting { gate } | Self::Rejected { gate } => write!(f, " {gate}"),
        }
    }
}

/// What can be asked of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunCommand {
    /// Begin.
    Start,
    /// Go on after a restart, a failure or a stop.
    Resume,
    /// A stage is done.
    Complete(Stage),
    /// A stage failed for this reason, and what a person can do about it.
    Fail(Stage, String, Option<String>),
    /// A person decided; feedback with a rejection asks for another try.
    Decide(Gate, Verdict, Option<String>),
    /// Stop.
    Cancel,
}

impl fmt::Display for RunCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::Resume => f.write_str("resume"),
            Self::Complete(stage) => write!(f, "complete {stage}"),
            Self::Fail(stage, ..) => write!(f, "fail {stage}"),
            Self::Decide(gate, verdict, _) => write!(f, "{verdict} {gate}"),
            Self::Cancel => f.write_str("cancel"),
        }
    }
}

/// What the caller has to do after a transition has been committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEffect {
    /// Do this stage, then report [`RunCommand::Complete`] or [`RunCommand::Fail`].
    Execute(Stage),
    /// Ask a person; nothing to do until [`RunCommand::Decide`].
    Ask(Gate),
    /// Nothing more.
    Nothing,
}

/// The outcome of a command: the effect, and the change of stage to announce, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What to do now.
    pub effect: RunEffect,
    /// `(stage, status)` for `orion.pipeline.stage_changed`.
    pub announce: Vec<(Stage, StageStatus)>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Identity.
    pub id: RunId,
    /// What it makes.
    pub content_id: ContentId,
    /// Who owns it.
    pub owner: UserId,
    /// The gates that are turned on.
    pub gates: Vec<Gate>,
    /// Where it stands.
    pub state: RunState,
    /// All feedback given so far, oldest first; a rewrite sees all of it.
    pub feedback: Vec<String>,
    /// What was asked for, as the use case wrote it: input, settings, seed.
    pub request: serde_json::Value,
    /// How often it was started or resumed.
    pub attempts: u32,
    /// How often in a row its worker ended without a word, in the stage that it is in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_off: u32,
    /// Creation.
    pub created_at: Timestamp,
    /// First start.
    pub started_at: Option<Timestamp>,
    /// End, for better or worse.
    pub finished_at: Option<Timestamp>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

/// Left out of what is stored.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Run {
    /// Work on one stage is cut off so often at most. A run that ends whatever works on it would otherwise be begun
    /// again for ever, and take along whatever else is at work there.
    pub const MOST_CUT_OFF: u32 = 20;

    /// Whether it has ended its workers too often to be given to another by itself.
    pub fn is_poison(&self) -> bool {
        self.cut_off >= Self::MOST_CUT_OFF
    }

    /// Applies a command at `now`.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the run does not know this move; the run is unchanged.
    pub fn apply(&mut self, command: RunCommand, now: Timestamp) -> Result<Transition> {
        let (state, transition) = self.transition(&command)?;
        if let RunCommand::Decide(_, Verdict::Reject, Some(feedback)) = &command {
            self.feedback.push(feedback.clone());
        }
        if matches!(command, RunCommand::Start | RunCommand::Resume) {
            self.attempts = self.attempts.saturating_add(1);
            self.started_at.get_or_insert(now);
        }
        // Who was at work on it has neither finished the stage nor failed at it.
        let was_cut_off = matches!((&self.state, &command), (RunState::Running { .. }, RunCommand::Resume));
        self.cut_off = if was_cut_off { self.cut_off.saturating_add(1) } else { 0 };
        self.finished_at = state.is_finished().then_some(now);
        self.state = state;
        Ok(transition)
    }

    fn transition(&self, command: &RunCommand) -> Result<(RunState, Transition)> {
        match (&self.state, command) {
            (RunState::Pending, RunCommand::Start | RunCommand::Resume) => Ok(execute(Stage::Research)),
            (
                RunState::Running { stage } | RunState::Failed { stage, .. } | RunState::Cancelled { stage },
                RunCommand::Resume,
            ) => Ok(execute(*stage)),
            (RunState::Running { stage }, RunCommand::Complete(done)) if stage == done => {
                let (state, mut transition) = self.after(*stage);
                transition.announce.insert(0, (*stage, StageStatus::Completed));
                Ok((state, transition))
            }
            (RunState::Running { stage }, RunCommand::Fail(failed, reason, next_step)) if stage == failed => {
                let cut = |text: &String| text.chars().take(2000).collect();
                Ok((
                    RunState::Failed { stage: *stage, reason: cut(reason), next_step: next_step.as_ref().map(cut) },
                    Transition { effect: RunEffect::Nothing, announce: vec![(*stage, StageStatus::Failed)] },
                ))
            }
            (RunState::Waiting { gate }, RunCommand::Decide(decided, verdict, feedback)) if gate == decided => {
                Ok(match (verdict, feedback) {
                    (Verdict::Approve, _) => self.past(*gate),
                    (Verdict::Reject, Some(_)) => execute(Stage::answering(*gate)),
                    (Verdict::Reject, None) => (
                        RunState::Rejected { gate: *gate },
                        Transition { effect: RunEffect::Nothing, announce: vec![] },
                    ),
                })
            }
            (RunState::Pending, RunCommand::Cancel) => Ok(stopped(Stage::Research)),
            (RunState::Running { stage }, RunCommand::Cancel) => Ok(stopped(*stage)),
            (RunState::Waiting { gate }, RunCommand::Cancel) => Ok(stopped(Stage::before(*gate))),
            _ => Err(illegal("a run cannot make this move", &self.state, command)),
        }
    }

    /// What follows a finished stage: its gate when that is turned on, else what stands behind the gate.
    fn after(&self, stage: Stage) -> (RunState, Transition) {
        match stage.gate() {
            Some(gate) if self.gates.contains(&gate) => {
                (RunState::Waiting { gate }, Transition { effect: RunEffect::Ask(gate), announce: vec![] })
            }
            _ => stage.next().map_or_else(completed, execute),
        }
    }

    /// What follows an approved gate.
    fn past(&self, gate: Gate) -> (RunState, Transition) {
        Stage::before(gate).next().map_or_else(completed, execute)
    }
}

fn execute(stage: Stage) -> (RunState, Transition) {
    (
        RunState::Running { stage },
        Transition { effect: RunEffect::Execute(stage), announce: vec![(stage, StageStatus::Running)] },
    )
}

fn stopped(stage: Stage) -> (RunState, Transition) {
    (
        RunState::Cancelled { stage },
        Transition { effect: RunEffect::Nothing, announce: vec![(stage, StageStatus::Failed)] },
    )
}

fn completed() -> (RunState, Transition) {
    (RunState::Completed, Transition { effect: RunEffect::Nothing, announce: vec![] })
}
