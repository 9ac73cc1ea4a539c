//! Production: drives one run from its subject to a reviewed video.
//!
//! What happens next is decided by the pure state machine of [`Run`]; what a stage *does* is a pull:
//! each stage asks for the result of the one before, and the journal gives it without doing it again.
//! So a run goes on after a crash, a failure or weeks of waiting for a person exactly where it stood.

mod again;
mod automatic;
mod brand;
mod estimate;
#[cfg(test)]
mod forms;
mod gates;
mod own;
mod product;
mod request;
mod review;
mod seed;
mod stages;
mod stop;
#[cfg(test)]
mod tests;

pub use again::RenderChange;
pub use brand::{Brand, Bumper, LowerThird};
pub use estimate::StageEstimate;
pub use gates::Revision;
pub use own::{OWN, Own, OwnScene};
pub use product::{Product, RunReport, StepReport};
pub use request::{CreateRequest, Subject};
pub use review::{Rejection, Standing};
pub use seed::Seeded;
pub use stages::Choice;

use crate::domain::{Content, ContentStatus, Run, RunCommand, RunEffect, RunState, Stage, TrendStatus};
use crate::event::{Event, EventRecord};
use crate::id::{ContentId, EventId, RunId, TrendId, UserId};
use crate::port::{Attempt, BlobStore, Clock, Entropy, RepositoryExt, Store, Tx, Wire};
use crate::service::budget::{Budget, RunPurse};
use crate::service::director::Director;
use crate::service::editor::Editor;
use crate::service::journal::Journal;
use crate::service::lease::{Tenure, Worker};
use crate::service::media::Media;
use crate::service::scout::Scout;
use crate::{Error, ErrorKind, Operation, ProgressUpdate, Result, StageStatus};
use std::sync::Arc;

/// The use case: everything that a run needs, by port and by the services it calls.
#[derive(Debug, Clone)]
pub struct Production {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Files.
    pub blobs: Arc<dyn BlobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Announces committed events.
    pub wire: Arc<dyn Wire>,
    /// Finds trends.
    pub scout: Scout,
    /// Writes and plans.
    pub director: Director,
    /// Makes pictures.
    pub media: Media,
    /// Speaks, captions, renders, checks.
    pub editor: Editor,
    /// What may be spent.
    pub budget: Budget,
    /// Takes the leases under which runs are worked on.
    pub worker: Worker,
}

/// A run at work: its row, what was asked, its journal, and the operation it belongs to.
struct Job<'a> {
    run: Run,
    request: CreateRequest,
    journal: Journal,
    operation: &'a Operation,
}

/// A transaction with the events to announce once it has been committed.
struct Changes {
    tx: Box<dyn Tx>,
    records: Vec<EventRecord>,
    owner: UserId,
}

impl Production {
    /// Writes a new run down. Nothing is done yet; [`advance`](Self::advance) does it. A trend that is named is used
    /// from now on, so that no second run takes it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a request out of bounds; [`NotFound`](ErrorKind::NotFound) for a trend that
    /// is not there, [`Conflict`](ErrorKind::Conflict) for one that was put aside.
    pub async fn start(&self, owner: UserId, request: &CreateRequest) -> Result<Run> {
        let mut changes = self.changes(owner).await?;
        let run = self.write_down(&mut changes, owner, request).await?;
        self.commit(changes).await?;
        Ok(run)
    }

    /// As [`start`](Self::start), in a transaction that says more.
    async fn write_down(&self, changes: &mut Changes, owner: UserId, request: &CreateRequest) -> Result<Run> {
        request.check()?;
        let now = self.clock.now();
        let mut content = Content {
            id: ContentId::random(&*self.entropy),
            trend_id: None,
            owner,
            title: title_before_script(&request.subject),
            status: ContentStatus::Generating,
            script: None,
            scenes: None,
            critique: None,
            niche: request.niche.clone(),
            platform: request.platform,
            regeneration_count: 0,
            feedback: Vec::new(),
            created_at: now,
            updated_at: now,
            published_at: None,
            version: 0,
        };
        let mut run = Run {
            id: RunId::random(&*self.entropy),
            content_id: content.id,
            owner,
            gates: request.gates.clone(),
            state: RunState::Pending,
            feedback: Vec::new(),
            request: serde_json::to_value(request)?,
            attempts: 0,
            cut_off: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            version: 0,
        };
        if let Subject::Trend { id } = &request.subject {
            self.take_trend(changes, &mut content, *id).await?;
        }
        changes.tx.contents().insert(&mut content).await?;
        changes.tx.runs().insert(&mut run).await?;
        self.append_updated(changes, &content, &run).await?;
        Ok(run)
    }

    /// Makes content about a trend, which is used from now on.
    async fn take_trend(&self, changes: &mut Changes, content: &mut Content, id: TrendId) -> Result<()> {
        let mut trend = changes.tx.trends().require(id).await?;
        match trend.status {
            TrendStatus::Active => {
                trend.set_status(TrendStatus::Used, self.clock.now())?;
                changes.tx.trends().update(&mut trend).await?;
            }
            TrendStatus::Used => {}
            TrendStatus::Discarded | TrendStatus::Expired => {
                return Err(Error::conflict("this trend was put aside")
                    .with_context("status", trend.status)
                    .with_hint("make it active again first"));
            }
        }
        content.trend_id = Some(id);
        content.title = content_for(&trend.topic);
        if content.niche.is_none() {
            content.niche = trend.niche;
        }
        Ok(())
    }

    /// Tells how far a stage of a run is, in percent, to whoever watches. Nothing else changes.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if another process works on the run; what the store says.
    pub async fn tell_progress(&self, run: &Run, stage: Stage, percent: u8) -> Result<()> {
        let mut changes = self.changes(run.owner).await?;
        self.worker.check(&mut *changes.tx, &lease_of(run.id)).await?;
        let event = Event::StageChanged {
            content_id: run.content_id,
            stage,
            status: StageStatus::Running,
            progress: Some(percent.min(100)),
            pipeline_run_id: Some(run.id),
            cost: None,
            provider: None,
            failed_before: Vec::new(),
        };
        self.append(&mut changes, &event).await?;
        self.commit(changes).await
    }

    /// Works on a run until it waits for a person or is finished, and gives it as it then stands. It works under the
    /// run's lease: no other process works on it meanwhile, and if one took over from this, the work here is dropped.
    /// A run that failed, was stopped or was cut off by a crash goes on with the stage it was in; one that waits with
    /// a question that has expired asks it anew.
    ///
    /// # Errors
    /// The error of the stage that failed, after the run has been marked; [`Cancelled`](ErrorKind::Cancelled)
    /// if the operation was stopped, which leaves the run ready to go on; [`Conflict`](ErrorKind::Conflict) if another
    /// process works on the run. A run for which the machine has no room ([`Error::starved`]) is not marked: it stays at
    /// work, and goes on by itself for whoever looks for work.
    pub async fn advance(&self, id: RunId, operation: &Operation) -> Result<Run> {
        let run = self.run(id).await?;
        match run.state {
            RunState::Completed | RunState::Rejected { .. } => Ok(run),
            RunState::Waiting { gate } => {
                self.ask_again_if_expired(&run, gate).await?;
                Ok(run)
            }
            _ => self.carry_on(run, operation).await,
        }
    }

    /// As [`advance`](Self::advance), for whoever looks for work: a run that failed or was stopped stays as it is until
    /// somebody takes it up again.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub async fn work_on(&self, id: RunId, operation: &Operation) -> Result<Run> {
        let run = self.run(id).await?;
        match run.state {
            RunState::Pending | RunState::Running { .. } => self.carry_on(run, operation).await,
            _ => Ok(run),
        }
    }

    /// Whether nobody works on a run, or who did has ended.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_free(&self, tx: &mut dyn Tx, id: RunId) -> Result<bool> {
        self.worker.is_free(tx, &lease_of(id), self.clock.now()).await
    }

    /// Works on a run as it was read, under its lease.
    async fn carry_on(&self, run: Run, operation: &Operation) -> Result<Run> {
        let tenure = self.worker.take(&self.store, &self.clock, &lease_of(run.id)).await?;
        let store = tenure.store();
        let scout = Scout { store: store.clone(), ..self.scout.clone() };
        let fenced = Self { store, scout, ..self.clone() };
        let outcome = tenure.during(fenced.go_through(run, &tenure, operation)).await;
        tenure.end().await;
        outcome
    }

    /// Works on a run as it was read; if somebody has moved it since, that counts. A record that is away for a while
    /// fails no run: what could not be written is done again from what was, as long as the lease holds.
    async fn go_through(&self, mut run: Run, tenure: &Tenure, operation: &Operation) -> Result<Run> {
        let mut goes_on = false;
        loop {
            let id = run.id;
            match self.go_through_stages(run, goes_on, tenure, operation).await {
                Err(error) if is_away(&error) => tenure.wait(error).await?,
                outcome => return outcome,
            }
            run = loop {
                match self.run(id).await {
                    Err(error) if is_away(&error) => tenure.wait(error).await?,
                    outcome => break outcome?,
                }
            };
            goes_on = true;
            if !matches!(run.state, RunState::Pending | RunState::Running { .. }) {
                return Ok(run);
            }
        }
    }

    async fn go_through_stages(&self, run: Run, goes_on: bool, tenure: &Tenure, operation: &Operation) -> Result<Run> {
        let (mut run, mut effect) = match run.state {
            RunState::Running { stage } if goes_on => (run, RunEffect::Execute(stage)),
            RunState::Running { stage } if run.is_poison() => return Err(self.put_aside(run, stage).await),
            _ => self.command(run, RunCommand::Resume).await?,
        };
        let journal = self.journal(&run);
        // What is in the hands of providers is not paid yet, but as good as spent.
        let spent = journal.spent().await? + self.media.owed(&journal.steps().await?, &self.budget.rates);
        let (store, clock, entropy) = (self.store.clone(), self.clock.clone(), self.entropy.clone());
        let purse = RunPurse::new(store, clock, entropy, self.budget.clone(), spent);
        let operation = &operation.paid_from(Arc::new(purse));
        while let RunEffect::Execute(stage) = effect {
            let request = serde_json::from_value(run.request.clone())?;
            let journal = self.journal(&run).under(tenure.clone());
            let job = Job { run, request, journal, operation };
            report(operation, stage, StageStatus::Running);
            let made = match self.execute(&job, stage).await {
                Ok(made) => made,
                Err(error) if is_away(&error) => return Err(error),
                Err(error) => {
                    report(operation, stage, StageStatus::Failed);
                    return Err(self.stopped(job.run, stage, error).await);
                }
            };
            // What the stage made and that it is done are written down together: neither is ever told twice.
            (run, effect) = self.conclude(made, job.run, RunCommand::Complete(stage)).await?;
            report(operation, stage, StageStatus::Completed);
        }
        Ok(run)
    }

    /// Applies a command to a run and commits the new state with its events and what follows from it.
    async fn command(&self, run: Run, command: RunCommand) -> Result<(Run, RunEffect)> {
        self.conclude(self.changes(run.owner).await?, run, command).await
    }

    /// As [`command`](Self::command), together with changes that are not committed yet.
    async fn conclude(&self, mut changes: Changes, mut run: Run, command: RunCommand) -> Result<(Run, RunEffect)> {
        let effect = self.apply(&mut changes, &mut run, command).await?;
        self.commit(changes).await?;
        Ok((run, effect))
    }

    /// The provider that served a stage, by name, and who failed before; of several, those of the first step.
    async fn server_of(&self, run: &Run, stage: Stage) -> Result<(Option<String>, Vec<Attempt>)> {
        let key = match stage {
            Stage::Script => "script",
            Stage::Images => "images/1",
            Stage::Video => "speech/0",
            _ => return Ok((None, Vec::new())),
        };
        let step = self.journal(run).find(key).await?;
        Ok(step.map_or((None, Vec::new()), |step| (step.served_by.map(|by| by.name), step.after)))
    }

    async fn apply(&self, changes: &mut Changes, run: &mut Run, command: RunCommand) -> Result<RunEffect> {
        let transition = run.apply(command, self.clock.now())?;
        changes.tx.runs().update(run).await?;
        for (stage, status) in transition.announce {
            let (provider, failed_before) = match status {
                StageStatus::Completed => self.server_of(run, stage).await?,
                _ => (None, Vec::new()),
            };
            let event = Event::StageChanged {
                content_id: run.content_id,
                stage,
                status,
                progress: None,
                pipeline_run_id: Some(run.id),
                cost: None,
                provider,
                failed_before,
            };
            self.append(changes, &event).await?;
        }
        let mut content = changes.tx.contents().require(run.content_id).await?;
        if let Some(next) = content_follows(&run.state, content.status) {
            content.set_status(next, self.clock.now())?;
            changes.tx.contents().update(&mut content).await?;
            self.append_updated(changes, &content, run).await?;
        }
        if let RunState::Failed { stage: Stage::Images | Stage::Video | Stage::Render, reason, .. } = &run.state {
            let error: String = reason.chars().take(500).collect();
            let event = Event::MediaFailed {
                content_id: content.id,
                errors: vec![error.clone()],
                error,
                pipeline_run_id: Some(run.id),
            };
            self.append(changes, &event).await?;
        }
        if let RunEffect::Ask(gate) = transition.effect {
            self.ask(&mut *changes.tx, run, &content, gate).await?;
        }
        Ok(transition.effect)
    }

    /// Marks a run as failed whose workers all ended without a word.
    async fn put_aside(&self, run: Run, stage: Stage) -> Error {
        let error = Error::unexpected("whoever worked on this stage ended, each time")
            .with_context("times", run.cut_off)
            .with_hint("look into the logs of the processes that ended: did they run out of memory?");
        self.stopped(run, stage, error).await
    }

    /// Marks a run whose stage ended with an error, and gives the error back.
    async fn stopped(&self, mut run: Run, stage: Stage, error: Error) -> Error {
        if error.is_starved() {
            // The run stays as it stands, and goes on by itself once there is room. That it waits is no fault of it.
            if std::mem::take(&mut run.cut_off) > 0
                && let Ok(mut changes) = self.changes(run.owner).await
                && changes.tx.runs().update(&mut run).await.is_ok()
            {
                let _ = self.commit(changes).await;
            }
            return error;
        }
        let command = match error.kind() {
            ErrorKind::Cancelled => RunCommand::Cancel,
            _ => RunCommand::Fail(stage, error.to_string(), error.hint().map(str::to_owned)),
        };
        // The stage's error is what the caller must see; a run that could not be marked stays "running"
        // and goes on from the same stage when it is resumed.
        let _ = self.command(run, command).await;
        error
    }

    /// Commits, then wakes whoever listens. The wire may fail: the log is the record.
    async fn commit(&self, changes: Changes) -> Result<()> {
        changes.tx.commit().await?;
        for record in &changes.records {
            let _ = self.wire.announce(record).await;
        }
        Ok(())
    }

    /// A transaction about what somebody owns.
    async fn changes(&self, owner: UserId) -> Result<Changes> {
        let tx = self.store.begin().await?;
        Ok(Changes { tx, records: Vec::new(), owner })
    }

    /// Adds an event to what will be committed.
    async fn append(&self, changes: &mut Changes, event: &Event) -> Result<()> {
        let id = EventId::random(&*self.entropy);
        let record = changes.tx.append(id, self.clock.now(), Some(changes.owner), event).await?;
        changes.records.push(record);
        Ok(())
    }

    /// Adds the event that content has another status.
    async fn append_updated(&self, changes: &mut Changes, content: &Content, run: &Run) -> Result<()> {
        let event = Event::ContentUpdated {
            content_id: content.id,
            status: content.status,
            stage: None,
            pipeline_run_id: Some(run.id),
            validation_passed: None,
            validation_score: None,
        };
        self.append(changes, &event).await
    }

    async fn run(&self, id: RunId) -> Result<Run> {
        self.store.read().await?.runs().require(id).await
    }

    fn journal(&self, run: &Run) -> Journal {
        Journal::new(self.store.clone(), self.blobs.clone(), self.clock.clone(), self.entropy.clone(), run)
    }
}

/// Name of the lease under which a run is worked on.
fn lease_of(run: RunId) -> String {
    format!("run/{run}")
}

/// Whether the record failed, and may be there again in a moment.
fn is_away(error: &Error) -> bool {
    error.is_of_the_record() && error.is_temporary()
}

/// The status that content takes when its run reaches a state, if it changes at all.
fn content_follows(run: &RunState, content: ContentStatus) -> Option<ContentStatus> {
    use ContentStatus::{Approved, Draft, Generating, Rejected, Review};
    match (run, content) {
        // A run ends at "review" by itself; past the review gate it is approved.
        (RunState::Completed, Review) => Some(Approved),
        (RunState::Waiting { .. } | RunState::Completed, Generating) => Some(Review),
        (RunState::Running { .. }, Draft | Review) => Some(Generating),
        (RunState::Failed { .. } | RunState::Cancelled { .. }, Generating) => Some(Draft),
        (RunState::Rejected { .. }, Review) => Some(Rejected),
        _ => None,
    }
}

fn report(operation: &Operation, stage: Stage, status: StageStatus) {
    operation.report(ProgressUpdate { status, ..ProgressUpdate::running(stage, 0, 0, "") });
}

/// What content is called before its script has a title.
fn title_before_script(subject: &Subject) -> String {
    let words = match subject {
        Subject::Feed { location } => location.as_str(),
        Subject::Trend { .. } => "a trend",
        Subject::Url { url } => url.as_str(),
        Subject::Topic { topic } => topic.as_str(),
        Subject::Text { text } | Subject::Script { script: text } => text.lines().next().unwrap_or_default(),
    };
    content_for(words)
}

fn content_for(topic: &str) -> String {
    let short: String = topic.chars().take(200).collect();
    format!("Content for: {short}")
}
