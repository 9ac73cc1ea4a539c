//! Stopping a run, wherever it is worked on, and taking up again one that failed or was stopped.

use super::review::newest_run;
use super::{Production, gates};
use crate::domain::{ContentStatus, Run, RunCommand, RunState, Step, StepState};
use crate::id::RunId;
use crate::port::RepositoryExt;
use crate::{Error, ErrorKind, Result};

/// How often stopping is tried against a worker that moves the run on meanwhile.
const TRIES: usize = 16;
/// What a step says that was given up with its run.
const GIVEN_UP: &str = "given up: the run was stopped";

impl Production {
    /// Stops a run that has not ended; its content becomes a draft. Whoever works on it, in this process or another,
    /// sees it in the record and stops; providers that were sent something are told to give it up, as far as they can
    /// be told. [`retry`](Self::retry) takes the run up again where it stood.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the run has ended already; the store's own.
    pub async fn cancel(&self, id: RunId) -> Result<Run> {
        let mut tries = 0;
        let run = loop {
            tries += 1;
            match self.try_cancel(id).await {
                // A worker moved it on meanwhile: look again.
                Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => {
                    let run = self.run(id).await?;
                    if run.state.is_finished() {
                        return Err(ended(&run));
                    }
                }
                outcome => break outcome?,
            }
        };
        self.recall(id).await?;
        Ok(run)
    }

    async fn try_cancel(&self, id: RunId) -> Result<Run> {
        let mut run = self.run(id).await?;
        if run.state.is_finished() {
            return Err(ended(&run));
        }
        let mut changes = self.changes(run.owner).await?;
        if matches!(run.state, RunState::Waiting { .. }) {
            let mut approval = gates::open_question(&mut *changes.tx, &run).await?;
            approval.void();
            changes.tx.approvals().update(&mut approval).await?;
            // As if it had gone on first: what waits for nobody is no longer in review.
            let mut content = changes.tx.contents().require(run.content_id).await?;
            if content.status == ContentStatus::Review {
                content.set_status(ContentStatus::Generating, self.clock.now())?;
                changes.tx.contents().update(&mut content).await?;
            }
        }
        self.apply(&mut changes, &mut run, RunCommand::Cancel).await?;
        self.commit(changes).await?;
        Ok(run)
    }

    /// Tells providers to give up what they were sent for a run that was stopped. A step that was given up is sent
    /// anew if the run is taken up again; one whose provider could not be told is waited for then. Whoever worked on
    /// the run calls it too, once it has stopped: it may have sent something after the first call.
    ///
    /// # Errors
    /// The store's own.
    pub async fn recall(&self, id: RunId) -> Result<()> {
        let run = self.run(id).await?;
        if !matches!(run.state, RunState::Cancelled { .. }) {
            return Ok(());
        }
        for step in self.journal(&run).steps().await? {
            if step.state == StepState::Submitted && self.media.recall(&step).await {
                match self.give_up(step).await {
                    // Its worker was faster.
                    Err(error) if error.kind() == ErrorKind::Conflict => {}
                    outcome => outcome?,
                }
            }
        }
        Ok(())
    }

    async fn give_up(&self, mut step: Step) -> Result<()> {
        step.failed(GIVEN_UP, self.clock.now())?;
        let mut tx = self.store.begin().await?;
        tx.steps().update(&mut step).await?;
        tx.commit().await
    }

    /// Takes up a run again that failed or was stopped, with the stage it was in; what it finished before is not done
    /// again. Workers see it in the record.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the run neither failed nor was stopped, if another run has taken its
    /// place, or if its content was decided about since; the store's own.
    pub async fn retry(&self, id: RunId) -> Result<Run> {
        let run = self.run(id).await?;
        if !matches!(run.state, RunState::Failed { .. } | RunState::Cancelled { .. }) {
            return Err(Error::conflict("only a run that failed or was stopped can be taken up again")
                .with_context("state", &run.state));
        }
        let mut tx = self.store.read().await?;
        let content = tx.contents().require(run.content_id).await?;
        let newest = newest_run(&mut *tx, run.content_id).await?;
        drop(tx);
        if newest.is_some_and(|newest| newest.id != run.id) {
            return Err(Error::conflict("another run has taken the place of this one")
                .with_hint("have the content made anew: regenerate it"));
        }
        if content.status != ContentStatus::Draft {
            return Err(Error::conflict("this content was decided about since")
                .with_context("status", content.status)
                .with_hint("have the content made anew: regenerate it"));
        }
        Ok(self.command(run, RunCommand::Resume).await?.0)
    }
}

fn ended(run: &Run) -> Error {
    Error::conflict("this run has ended already").with_context("state", &run.state)
}
