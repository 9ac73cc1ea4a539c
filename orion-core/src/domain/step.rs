//! The step journal: what a run has paid for or spent time on, so that it is never done twice.

use super::{BlobRef, Money, Sha256, check_move, named};
use crate::id::{RunId, StepId};
use crate::port::{Attempt, Provider};
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};

named! {
    /// Where a step stands.
    StepState {
        /// Written down before anything was sent.
        Prepared = "prepared",
        /// The provider has it; its handle is known, and waiting goes on by that handle.
        Submitted = "submitted",
        /// Done; its output is reused.
        Finished = "finished",
        /// It failed; it may be sent again.
        Failed = "failed",
    }
}

/// One journaled effect of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Identity.
    pub id: StepId,
    /// The run it belongs to.
    pub run_id: RunId,
    /// Stable name within the run: `images/3`, `speech/0`. Unique with the run.
    pub key: String,
    /// Hash of everything that decides the output; another hash means another effect.
    pub input: Sha256,
    /// Where it stands.
    pub state: StepState,
    /// The provider that has it or did it, by name.
    pub provider: Option<String>,
    /// The same with its model and side, if a strategy chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<Provider>,
    /// Who was asked before and failed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Attempt>,
    /// The provider's own name for it (prompt id, request id), written before waiting on it.
    pub handle: Option<String>,
    /// The result as JSON.
    pub output: Option<serde_json::Value>,
    /// The files of the result; a sweeper keeps what a step points at.
    pub blobs: Vec<BlobRef>,
    /// What it cost.
    pub cost: Money,
    /// How often it was sent.
    pub attempts: u32,
    /// Why it failed last.
    pub error: Option<String>,
    /// First preparation.
    pub started_at: Timestamp,
    /// End, for better or worse.
    pub finished_at: Option<Timestamp>,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Step {
    /// Whether this step is done for exactly this input.
    pub fn is_done_for(&self, input: Sha256) -> bool {
        self.state == StepState::Finished && self.input == input
    }

    /// Prepares the step (again) for an input, whatever its state: forgets handle, output and error of another attempt.
    pub fn prepare(&mut self, input: Sha256, now: Timestamp) {
        self.input = input;
        self.state = StepState::Prepared;
        self.provider = None;
        self.served_by = None;
        self.after.clear();
        self.handle = None;
        self.output = None;
        self.blobs.clear();
        self.cost = Money::ZERO;
        self.error = None;
        self.attempts = self.attempts.saturating_add(1);
        self.started_at = now;
        self.finished_at = None;
    }

    /// The provider has it.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) unless it was prepared.
    pub fn submitted(&mut self, provider: &str, handle: &str) -> Result<()> {
        check_move(
            self.state == StepState::Prepared,
            "a step cannot make this move",
            self.state,
            StepState::Submitted,
        )?;
        self.state = StepState::Submitted;
        self.provider = Some(provider.to_owned());
        self.handle = Some(handle.to_owned());
        Ok(())
    }

    /// It is done.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) unless it was prepared or submitted.
    pub fn finished(
        &mut self,
        provider: &str,
        output: serde_json::Value,
        blobs: Vec<BlobRef>,
        cost: Money,
        now: Timestamp,
    ) -> Result<()> {
        let open = matches!(self.state, StepState::Prepared | StepState::Submitted);
        check_move(open, "a step cannot make this move", self.state, StepState::Finished)?;
        self.state = StepState::Finished;
        self.provider = Some(provider.to_owned());
        self.output = Some(output);
        self.blobs = blobs;
        self.cost = cost;
        self.finished_at = Some(now);
        Ok(())
    }

    /// It failed.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) unless it was prepared or submitted.
    pub fn failed(&mut self, reason: &str, now: Timestamp) -> Result<()> {
        let open = matches!(self.state, StepState::Prepared | StepState::Submitted);
        check_move(open, "a step cannot make this move", self.state, StepState::Failed)?;
        self.state = StepState::Failed;
        self.error = Some(reason.chars().take(2000).collect());
        self.finished_at = Some(now);
        Ok(())
    }
}
