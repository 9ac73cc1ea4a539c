//! Decisions about a piece of content, by its own identity: a person approves, refuses, or asks for another version,
//! and need not know which run waits where.

use super::gates::{Ruling, heed, open_question};
use super::{Changes, Production};
use crate::domain::{
    Approval, ApprovalState, AssetKind, Content, ContentStatus, Decision, Gate, Run, RunCommand, RunState, Sha256,
    Verdict,
};
use crate::id::{ApprovalId, ContentId, RunId, UserId};
use crate::port::{Filter, Order, RepositoryExt, Tx};
use crate::{Error, Result};
use std::time::Duration;

/// What is heeded where a person asks for another version and does not say what to do better.
const ANOTHER: &str = "another opening";

/// Where content stands: its newest run, and what it waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The content.
    pub content: Content,
    /// Its newest run.
    pub run: Option<Run>,
    /// The question that is open about it.
    pub question: Option<Approval>,
}

/// A person's refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejection {
    /// Why, or what to do better.
    pub feedback: Option<String>,
    /// Whether another version is wanted.
    pub again: bool,
}

impl Production {
    /// Where content stands.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound).
    pub async fn standing(&self, id: ContentId) -> Result<Standing> {
        let mut tx = self.store.read().await?;
        let content = tx.contents().require(id).await?;
        let run = newest_run(&mut *tx, id).await?;
        let question = match &run {
            Some(run) if matches!(run.state, RunState::Waiting { .. }) => Some(open_question(&mut *tx, run).await?),
            _ => None,
        };
        Ok(Standing { content, run, question })
    }

    /// Approves what content shows now, or exactly `subject` where the caller names what they saw: at a gate the run
    /// goes on, and a finished video is free to be published.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if there is nothing to approve, or what was seen has changed since.
    pub async fn approve(&self, id: ContentId, subject: Option<Sha256>, by: UserId) -> Result<Content> {
        let standing = self.standing(id).await?;
        match &standing.run {
            Some(run) if standing.question.is_some() => {
                let ruling = Ruling {
                    gate: None,
                    subject,
                    verdict: Verdict::Approve,
                    feedback: None,
                    again: false,
                    counted: false,
                    by,
                };
                self.rule_in_time(run, ruling).await?;
            }
            Some(run) => self.approve_file(standing.content, run, subject, by).await?,
            None => return Err(Error::conflict("this content has no video to approve")),
        }
        self.content(id).await
    }

    /// Refuses content, for good or for another version.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if it can be refused no more, or was made anew as often as it may be.
    pub async fn reject(&self, id: ContentId, rejection: Rejection, by: UserId) -> Result<Content> {
        let Rejection { feedback, again } = rejection;
        let standing = self.standing(id).await?;
        let run = match standing.run {
            Some(run) if standing.question.is_some() => return self.turn_down(&run, feedback, again, by).await,
            Some(run) => run,
            None => return Err(Error::conflict("this content was never made").with_context("content", id)),
        };
        let mut content = standing.content;
        let mut changes = self.changes(run.owner).await?;
        content.set_status(ContentStatus::Rejected, self.clock.now())?;
        self.append_updated(&mut changes, &content, &run).await?;
        self.tell_rejection(&mut changes, content.clone(), feedback.clone(), again).await?;
        if again {
            self.make_another(&mut changes, content, &run, feedback).await?;
        } else {
            heed(&mut content, feedback.as_deref(), false)?;
            changes.tx.contents().update(&mut content).await?;
        }
        self.commit(changes).await?;
        self.content(id).await
    }

    /// Has content made anew, heeding the feedback and all that was said before; what failed goes on where it failed
    /// if there is nothing to heed.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if a run is at work, the content is approved or out, or it was made anew as
    /// often as it may be.
    pub async fn regenerate(&self, id: ContentId, feedback: Option<String>, by: UserId) -> Result<Content> {
        let standing = self.standing(id).await?;
        let Some(run) = standing.run else {
            return Err(Error::conflict("this content was never made").with_context("content", id));
        };
        match &run.state {
            RunState::Waiting { .. } => {
                return self.turn_down(&run, feedback, true, by).await;
            }
            RunState::Failed { .. } | RunState::Cancelled { .. }
                if feedback.is_none() && standing.content.status == ContentStatus::Draft =>
            {
                self.command(run, RunCommand::Resume).await?;
            }
            _ => {
                let mut changes = self.changes(run.owner).await?;
                self.make_another(&mut changes, standing.content, &run, feedback).await?;
                self.commit(changes).await?;
            }
        }
        self.content(id).await
    }

    /// Writes another run down that heeds the feedback and all that was said before; what was found for the earlier one
    /// is not looked for again.
    async fn make_another(
        &self,
        changes: &mut Changes,
        mut content: Content,
        earlier: &Run,
        feedback: Option<String>,
    ) -> Result<Run> {
        let feedback = feedback.unwrap_or_else(|| ANOTHER.to_owned());
        heed(&mut content, Some(&feedback), true)?;
        let mut all = earlier.feedback.clone();
        all.push(feedback);
        let sources = |key: &str| key == "scout" || key.starts_with("research");
        self.begin_again(changes, &mut content, earlier, (earlier.request.clone(), all), sources).await
    }

    /// The content that a run makes.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound).
    pub async fn content_of(&self, run: RunId) -> Result<ContentId> {
        Ok(self.run(run).await?.content_id)
    }

    async fn content(&self, id: ContentId) -> Result<Content> {
        self.store.read().await?.contents().require(id).await
    }

    /// Rejects at the gate where a run waits.
    async fn turn_down(&self, run: &Run, feedback: Option<String>, again: bool, by: UserId) -> Result<Content> {
        let feedback = feedback.or_else(|| again.then(|| ANOTHER.to_owned()));
        let verdict = Verdict::Reject;
        let ruling = Ruling { gate: None, subject: None, verdict, feedback, again, counted: again, by };
        self.rule_in_time(run, ruling).await?;
        self.content(run.content_id).await
    }

    /// Decides, after a question that has expired was asked anew: what is shown is still the same.
    async fn rule_in_time(&self, run: &Run, ruling: Ruling) -> Result<Run> {
        if let RunState::Waiting { gate } = run.state {
            self.ask_again_if_expired(run, gate).await?;
        }
        self.rule(run.id, ruling).await
    }

    /// Approves the newest video of content whose run asks nothing, and keeps the approval as a gate would.
    async fn approve_file(&self, mut content: Content, run: &Run, subject: Option<Sha256>, by: UserId) -> Result<()> {
        let now = self.clock.now();
        let mut changes = self.changes(run.owner).await?;
        content.set_status(ContentStatus::Approved, now)?;
        let video = newest_video(&mut *changes.tx, content.id).await?.ok_or_else(|| {
            Error::conflict("this content has no video to approve").with_hint("have it made: regenerate it")
        })?;
        let mut approval = Approval {
            id: ApprovalId::random(&*self.entropy),
            run_id: run.id,
            content_id: content.id,
            gate: Gate::Review,
            subject: video,
            state: ApprovalState::Open,
            decision: None,
            created_at: now,
            expires_at: now.after(Duration::from_secs(1)),
            version: 0,
        };
        let decision = Decision { verdict: Verdict::Approve, feedback: None, by, at: now };
        approval.decide(subject.unwrap_or(video), decision)?;
        changes.tx.approvals().insert(&mut approval).await?;
        changes.tx.contents().update(&mut content).await?;
        self.append_updated(&mut changes, &content, run).await?;
        self.commit(changes).await
    }

    /// Takes the question of a run that waits away, and stops the run: another one takes its place.
    pub(super) async fn withdraw(&self, changes: &mut Changes, mut run: Run) -> Result<()> {
        if !matches!(run.state, RunState::Waiting { .. }) {
            return Ok(());
        }
        let mut approval = open_question(&mut *changes.tx, &run).await?;
        approval.void();
        changes.tx.approvals().update(&mut approval).await?;
        run.apply(RunCommand::Cancel, self.clock.now())?;
        changes.tx.runs().update(&mut run).await
    }
}

/// The newest run of content.
pub(super) async fn newest_run(tx: &mut dyn Tx, id: ContentId) -> Result<Option<Run>> {
    let filter = Filter { parent: Some(id.0), ..Filter::default() };
    Ok(tx.runs().window(&filter, Order::Newest, 0, 1).await?.into_iter().next())
}

/// The file that content shows now.
async fn newest_video(tx: &mut dyn Tx, id: ContentId) -> Result<Option<Sha256>> {
    let states = vec![AssetKind::Video.to_string()];
    let filter = Filter { parent: Some(id.0), states, ..Filter::default() };
    Ok(tx.assets().window(&filter, Order::Newest, 0, 1).await?.into_iter().next().map(|asset| asset.blob.sha256))
}
