//! Gates: a run asks, a person decides about exactly what was shown.

use super::stages::{REVISED_PLAN, REVISED_SCRIPT, Revised};
use super::{Changes, Job, Production};
use crate::domain::{
    Approval, ApprovalState, AssetKind, Content, Decision, Gate, Run, RunCommand, RunState, ScenePlan, Script, Sha256,
    Verdict,
};
use crate::event::{Event, RejectAction};
use crate::id::{ApprovalId, RunId, UserId};
use crate::port::{Filter, Order, Page, RepositoryExt, Tx};
use crate::service::journal::Work;
use crate::{Error, Operation, Result};
use std::time::Duration;

/// How long a question stays open.
const OPEN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a person changed before approving.
#[derive(Debug, Clone, PartialEq)]
pub enum Revision {
    /// Another script, at the script gate.
    Script(Script),
    /// Another scene plan, at the prompts gate.
    Plan(ScenePlan),
}

impl Production {
    /// What a run that waits has to show: the gate and the hash that a decision must name.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the run does not wait.
    pub async fn question(&self, id: RunId) -> Result<Approval> {
        let mut tx = self.store.read().await?;
        let run = tx.runs().require(id).await?;
        open_question(&mut *tx, &run).await
    }

    /// Decides at a gate about exactly the `subject` that was shown, and gives the run as it then stands;
    /// [`advance`](Production::advance) goes on with it. Feedback with a rejection asks for another try.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the run does not wait at this gate, the question was decided
    /// or has expired, or what was shown has changed since.
    pub async fn decide(
        &self,
        id: RunId,
        gate: Gate,
        subject: Sha256,
        verdict: Verdict,
        feedback: Option<String>,
        by: UserId,
    ) -> Result<Run> {
        let again = feedback.is_some();
        let ruling = Ruling { gate: Some(gate), subject: Some(subject), verdict, feedback, again, counted: false, by };
        self.rule(id, ruling).await
    }

    /// Decides at the gate where a run waits.
    pub(super) async fn rule(&self, id: RunId, ruling: Ruling) -> Result<Run> {
        let Ruling { gate, subject, verdict, feedback, again, counted, by } = ruling;
        let mut run = self.run(id).await?;
        let mut changes = self.changes(run.owner).await?;
        let mut approval = open_question(&mut *changes.tx, &run).await?;
        if gate.is_some_and(|gate| approval.gate != gate) {
            return Err(Error::conflict("the run waits at another gate").with_context("gate", approval.gate));
        }
        let decision = Decision { verdict, feedback: feedback.clone(), by, at: self.clock.now() };
        approval.decide(subject.unwrap_or(approval.subject), decision)?;
        changes.tx.approvals().update(&mut approval).await?;
        let rewrite = (verdict == Verdict::Reject && again).then(|| feedback.clone().unwrap_or_default());
        self.apply(&mut changes, &mut run, RunCommand::Decide(approval.gate, verdict, rewrite)).await?;
        if verdict == Verdict::Reject {
            let mut content = changes.tx.contents().require(run.content_id).await?;
            heed(&mut content, feedback.as_deref(), again && counted)?;
            changes.tx.contents().update(&mut content).await?;
            self.tell_rejection(&mut changes, content, feedback, again).await?;
        }
        self.commit(changes).await?;
        Ok(run)
    }

    /// Adds the event that a person refused content.
    pub(super) async fn tell_rejection(
        &self,
        changes: &mut Changes,
        content: Content,
        feedback: Option<String>,
        again: bool,
    ) -> Result<()> {
        let trend = match content.trend_id {
            Some(id) => changes.tx.trends().get(id).await?,
            None => None,
        };
        let event = Event::ContentRejected {
            content_id: content.id,
            action: if again { RejectAction::Regenerate } else { RejectAction::Discard },
            feedback: feedback.unwrap_or_default(),
            trend_topic: trend.map(|trend| trend.topic),
            niche: content.niche,
        };
        self.append(changes, &event).await
    }

    /// Replaces what a run shows at its gate; the question is asked anew about the new version.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the run does not wait at the gate of this revision;
    /// [`Invalid`](crate::ErrorKind::Invalid) for an empty one.
    pub async fn revise(&self, id: RunId, revision: Revision) -> Result<Approval> {
        let run = self.run(id).await?;
        let (gate, key) = match &revision {
            Revision::Script(_) => (Gate::Script, REVISED_SCRIPT),
            Revision::Plan(_) => (Gate::Prompts, REVISED_PLAN),
        };
        if run.state != (RunState::Waiting { gate }) {
            return Err(Error::conflict("the run does not wait at this gate").with_context("gate", gate));
        }
        let mut content = self.store.read().await?.contents().require(run.content_id).await?;
        let operation = Operation::detached();
        let request = serde_json::from_value(run.request.clone())?;
        let job = Job { journal: self.journal(&run), run: run.clone(), request, operation: &operation };
        match revision {
            Revision::Script(script) if script.lines.is_empty() => return Err(Error::invalid("a script needs a line")),
            Revision::Plan(plan) if plan.prompts.is_empty() => return Err(Error::invalid("a plan needs a scene")),
            Revision::Script(script) => {
                let revised = Revised { base: Sha256::of_json(&self.drafted(&job).await?.script)?, value: script };
                job.journal.step(key, &revised, || async { Ok(Work::plain("user", revised.clone())) }).await?;
                content.script = Some(revised.value);
            }
            Revision::Plan(plan) => {
                let revised = Revised { base: Sha256::of_json(&self.planned(&job).await?)?, value: plan };
                job.journal.step(key, &revised, || async { Ok(Work::plain("user", revised.clone())) }).await?;
                content.scenes = Some(revised.value);
            }
        }
        let mut tx = self.store.begin().await?;
        let mut approval = open_question(&mut *tx, &run).await?;
        approval.void();
        tx.approvals().update(&mut approval).await?;
        tx.contents().update(&mut content).await?;
        let asked = self.ask(&mut *tx, &run, &content, gate).await?;
        tx.commit().await?;
        Ok(asked)
    }

    /// Asks anew where nobody decided in time: a run must not wait for what nobody can decide any more.
    pub(super) async fn ask_again_if_expired(&self, run: &Run, gate: Gate) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let mut approval = open_question(&mut *tx, run).await?;
        if approval.expire(self.clock.now()) {
            tx.approvals().update(&mut approval).await?;
            let content = tx.contents().require(run.content_id).await?;
            self.ask(&mut *tx, run, &content, gate).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Writes the question of a gate down, bound to the hash of what is shown.
    pub(super) async fn ask(&self, tx: &mut dyn Tx, run: &Run, content: &Content, gate: Gate) -> Result<Approval> {
        let now = self.clock.now();
        let subject = match gate {
            Gate::Script => Sha256::of_json(&content.script)?,
            Gate::Prompts => Sha256::of_json(&content.scenes)?,
            Gate::Review => {
                let filter = Filter {
                    parent: Some(content.id.0),
                    states: vec![AssetKind::Video.to_string()],
                    ..Filter::default()
                };
                let videos = tx.assets().list(&filter, &Page::first(Order::Newest, 1)).await?;
                let video = videos.items.first().ok_or_else(|| Error::unexpected("there is no video to review"))?;
                video.blob.sha256
            }
        };
        let mut approval = Approval {
            id: ApprovalId::random(&*self.entropy),
            run_id: run.id,
            content_id: run.content_id,
            gate,
            subject,
            state: ApprovalState::Open,
            decision: None,
            created_at: now,
            expires_at: now.after(OPEN_FOR),
            version: 0,
        };
        tx.approvals().insert(&mut approval).await?;
        Ok(approval)
    }
}

/// A decision at a gate.
#[derive(Debug)]
pub(super) struct Ruling {
    /// At which; none means the one where the run waits.
    pub(super) gate: Option<Gate>,
    /// About what; none means what is shown now.
    pub(super) subject: Option<Sha256>,
    pub(super) verdict: Verdict,
    pub(super) feedback: Option<String>,
    /// Whether a rejection asks for another try.
    pub(super) again: bool,
    /// Whether that counts among those that a person may ask for.
    pub(super) counted: bool,
    pub(super) by: UserId,
}

/// Remembers what a person said of content, and counts the version that they ask for.
pub(super) fn heed(content: &mut Content, feedback: Option<&str>, counted: bool) -> Result<()> {
    if counted {
        if content.regeneration_count >= Content::MOST_REGENERATIONS {
            return Err(Error::conflict("this content was made anew as often as it may be")
                .with_context("times", content.regeneration_count));
        }
        content.regeneration_count += 1;
    }
    content.feedback.extend(feedback.map(str::to_owned));
    Ok(())
}

pub(super) async fn open_question(tx: &mut dyn Tx, run: &Run) -> Result<Approval> {
    let filter = Filter { parent: Some(run.id.0), states: vec![ApprovalState::Open.to_string()], ..Filter::default() };
    let open = tx.approvals().list(&filter, &Page::first(Order::Newest, 1)).await?;
    open.items.into_iter().next().ok_or_else(|| {
        Error::conflict("the run does not wait for a decision").with_context("state", run.state.as_str())
    })
}
