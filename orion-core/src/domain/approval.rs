//! A person's decision, bound to exactly what the person saw.

use super::{Sha256, named};
use crate::id::{ApprovalId, ContentId, RunId, UserId};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

named! {
    /// Where a run can wait for a person.
    Gate {
        /// The script, before pictures are planned.
        Script = "script",
        /// The scenes, before pictures are made.
        Prompts = "prompts",
        /// The finished file, before it is published.
        Review = "review",
    }
}

named! {
    /// What the person said.
    Verdict {
        /// Go on.
        Approve = "approve",
        /// Stop, or do it again with the feedback.
        Reject = "reject",
    }
}

named! {
    /// Where an approval stands.
    ApprovalState {
        /// Nobody has decided.
        Open = "open",
        /// Go on.
        Approved = "approved",
        /// Refused.
        Rejected = "rejected",
        /// What was shown has changed since.
        Voided = "voided",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

/// A decision as given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What was said.
    pub verdict: Verdict,
    /// Why, or what to do better.
    pub feedback: Option<String>,
    /// Who said it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// A question to a person about one exact thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Identity.
    pub id: ApprovalId,
    /// The run that waits.
    pub run_id: RunId,
    /// The content in question.
    pub content_id: ContentId,
    /// Which gate.
    pub gate: Gate,
    /// Hash of exactly what was shown: the script's JSON, the plan's JSON, or the video file.
    pub subject: Sha256,
    /// Where it stands.
    pub state: ApprovalState,
    /// The decision, once given.
    pub decision: Option<Decision>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// After this, nobody can decide any more.
    pub expires_at: Timestamp,
    /// Count of changes, for optimistic locking.
    pub version: u64,
}

impl Approval {
    /// Records a decision about `subject`, which must be what was shown.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if it was decided before, has expired, or the subject has changed;
    /// the approval is unchanged.
    pub fn decide(&mut self, subject: Sha256, decision: Decision) -> Result<()> {
        if self.state != ApprovalState::Open {
            return Err(Error::conflict("this question is closed").with_context("state", self.state));
        }
        if decision.at >= self.expires_at {
            return Err(Error::conflict("this question has expired")
                .with_context("expired", self.expires_at)
                .with_hint("resume the run to be asked again"));
        }
        if subject != self.subject {
            return Err(Error::conflict("what was shown has changed since")
                .with_hint("look at the present version and decide again"));
        }
        self.state = match decision.verdict {
            Verdict::Approve => ApprovalState::Approved,
            Verdict::Reject => ApprovalState::Rejected,
        };
        self.decision = Some(decision);
        Ok(())
    }

    /// Closes a question that nobody decided in time, and tells whether it did so now.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let late = self.state == ApprovalState::Open && now >= self.expires_at;
        if late {
            self.state = ApprovalState::Expired;
        }
        late
    }

    /// Voids the approval because what was shown has changed; one that was refused or has expired stays as it is.
    pub fn void(&mut self) {
        if matches!(self.state, ApprovalState::Open | ApprovalState::Approved) {
            self.state = ApprovalState::Voided;
        }
    }

    /// Whether `subject` may pass this gate.
    pub fn permits(&self, subject: Sha256) -> bool {
        self.state == ApprovalState::Approved && self.subject == subject
    }
}
