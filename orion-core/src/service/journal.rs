//! The step journal in use: nothing that costs money or time is done twice.
//!
//! A step is written down before its effect, and with its result after it. A finished step with the same
//! input is reused; a submitted one is waited for by its handle; one that never left is sent again.

use crate::domain::{BlobRef, Cost, Money, Run, Sha256, Step, StepState};
use crate::id::{CostId, StepId};
use crate::port::{Attempt, BlobStore, Clock, Entropy, Provider, Store, Submission, Usage};
use crate::service::lease::Tenure;
use crate::strategy::{Capability, Strategy, Turn};
use crate::{Bill, Charge, Error, ErrorKind, Operation, Result, Retry, Timestamp};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// So often it is looked whether there is room for what was paid for, four times a second.
const LOOKS_FOR_ROOM: u32 = 240;

/// What a piece of work gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Work<T> {
    /// The result, kept as JSON.
    pub value: T,
    /// Who did it.
    pub provider: String,
    /// Who did it, with model and side, if a strategy chose.
    pub served_by: Option<Provider>,
    /// Who failed before.
    pub after: Vec<Attempt>,
    /// The stored files that the result points at.
    pub blobs: Vec<BlobRef>,
    /// What it used, if anything is counted.
    pub usage: Option<Usage>,
}

impl<T> Work<T> {
    /// A result without files and without anything counted.
    pub fn plain(provider: &str, value: T) -> Self {
        let provider = provider.to_owned();
        Self { value, provider, served_by: None, after: Vec::new(), blobs: Vec::new(), usage: None }
    }

    /// A result of the provider whose turn it is, without files and without anything counted.
    pub fn of<P: Capability + ?Sized>(turn: &Turn<P>, value: T) -> Self {
        let (served_by, after) = (Some(turn.by().clone()), turn.after().to_vec());
        Self { served_by, after, ..Self::plain(&turn.by().name, value) }
    }
}

/// The result of a step, whenever it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<T> {
    /// The result.
    pub value: T,
    /// Who did it.
    pub provider: String,
    /// An earlier attempt had finished it.
    pub reused: bool,
    /// What it cost.
    pub cost: Money,
}

/// The journal of one run.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Arc<dyn Store>,
    blobs: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    run: Run,
    /// Under which the run is worked on, if that is at risk to be lost.
    tenure: Option<Tenure>,
}

/// Where a step stands when work on it begins.
enum Begin<T> {
    Done(Done<T>),
    Wait(Step),
    Send(Step),
}

impl Journal {
    /// The journal of a run.
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn BlobStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        run: &Run,
    ) -> Self {
        Self { store, blobs, clock, entropy, run: run.clone(), tenure: None }
    }

    /// The same journal, kept under a lease: a worker that stood still for longer than it holds sends nothing, and what
    /// was done is written down even if the record is away for a moment.
    #[must_use]
    pub fn under(self, tenure: Tenure) -> Self {
        Self { tenure: Some(tenure), ..self }
    }

    /// Runs `work` once for this key and input: a finished step with the same input hash is reused,
    /// unless one of its files is gone.
    ///
    /// # Errors
    /// The error of the work, after it has been written down; the store's own errors.
    pub async fn step<T, I, W, F>(&self, key: &str, input: &I, work: W) -> Result<Done<T>>
    where
        T: Serialize + DeserializeOwned + Send,
        I: Serialize + Sync + ?Sized,
        W: FnOnce() -> F + Send,
        F: Future<Output = Result<Work<T>>> + Send,
    {
        self.billed(key, input, &Bill::new(), work).await
    }

    /// As [`step`](Self::step), for work that buys things on its way: what is on the bill is a cost of the run, also
    /// if the work fails.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn billed<T, I, W, F>(&self, key: &str, input: &I, bill: &Bill, work: W) -> Result<Done<T>>
    where
        T: Serialize + DeserializeOwned + Send,
        I: Serialize + Sync + ?Sized,
        W: FnOnce() -> F + Send,
        F: Future<Output = Result<Work<T>>> + Send,
    {
        match self.begin(key, Sha256::of_json(input)?).await? {
            Begin::Done(done) => Ok(done),
            Begin::Wait(step) | Begin::Send(step) => {
                let outcome = work().await;
                self.end(step, outcome, bill.settle()).await
            }
        }
    }

    /// Who has the next turn at a step that one of several providers does: whoever has done it for this very input,
    /// or was sent it. `None` leaves the choice to the policy. `input` is what the step hashes for a provider.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the work is in the hands of a provider that is no longer set up;
    /// the store's own errors.
    pub async fn holder<P, I>(
        &self,
        key: &str,
        strategy: &Strategy<P>,
        input: impl Fn(&Provider) -> I,
    ) -> Result<Option<Arc<P>>>
    where
        P: Capability + ?Sized,
        I: Serialize,
    {
        let Some(step) = self.find(key).await? else { return Ok(None) };
        let Some(by) = &step.served_by else { return Ok(None) };
        if step.input != Sha256::of_json(&input(by))? {
            return Ok(None);
        }
        match (step.state, strategy.find(by)) {
            (StepState::Finished | StepState::Submitted, Some(port)) => Ok(Some(port)),
            (StepState::Submitted, None) => Err(Error::unavailable("a provider that is not set up has the work")
                .with_retry(Retry::Never)
                .with_context("provider", by)
                .with_context("step", key)
                .with_context("handle", step.handle.unwrap_or_default())
                .with_hint(format!("set up {by} again to fetch what it was asked for, or begin a new run"))),
            _ => Ok(None),
        }
    }

    /// The result of a step that one of several providers has finished for this very input, whether it is set up here or
    /// not: nobody does again what is done. `input` is what the step hashes for a provider.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn done<T, I>(&self, key: &str, input: impl Fn(&Provider) -> I) -> Result<Option<Done<T>>>
    where
        T: DeserializeOwned,
        I: Serialize,
    {
        let Some(step) = self.find(key).await? else { return Ok(None) };
        let Some(by) = &step.served_by else { return Ok(None) };
        if step.is_done_for(Sha256::of_json(&input(by))?) { self.reuse(&step).await } else { Ok(None) }
    }

    /// What a provider other than this one has in hand for a step, and under which handle.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn in_other_hands(&self, key: &str, than: &Provider) -> Result<Option<(Provider, String)>> {
        let step = self.find(key).await?.filter(|step| step.state == StepState::Submitted);
        Ok(step.and_then(|step| step.served_by.zip(step.handle)).filter(|(by, _)| !by.is(than)))
    }

    /// As [`step`](Self::step), for a provider that gives a handle: the handle and whose it is are committed before
    /// `wait` begins, so after a crash only `wait` runs. A handle that the provider no longer knows is sent again; one
    /// that could not be waited for this time (stopped, or the provider is away for a while) is waited for the next
    /// time.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub async fn submitted<T, I, S, SF, W, WF>(
        &self,
        key: &str,
        input: &I,
        (by, after): (&Provider, &[Attempt]),
        submit: S,
        wait: W,
    ) -> Result<Done<T>>
    where
        T: Serialize + DeserializeOwned + Send,
        I: Serialize + Sync + ?Sized,
        S: FnOnce() -> SF + Send,
        SF: Future<Output = Result<Submission<Work<T>>>> + Send,
        W: Fn(String) -> WF + Send,
        WF: Future<Output = Result<Work<T>>> + Send,
    {
        let input = Sha256::of_json(input)?;
        let mut step = match self.begin(key, input).await? {
            Begin::Done(done) => return Ok(done),
            Begin::Send(step) => step,
            Begin::Wait(step) => {
                let outcome = wait(step.handle.clone().unwrap_or_default()).await;
                match outcome {
                    Err(error) if error.kind() == ErrorKind::NotFound => self.prepare_again(step, input).await?,
                    outcome => return self.end_waiting(step, outcome).await,
                }
            }
        };
        match submit().await {
            Ok(Submission::Done(work)) => self.end(step, Ok(work), Vec::new()).await,
            Ok(Submission::Pending(handle)) => {
                step.submitted(&by.name, &handle)?;
                step.served_by = Some(by.clone());
                step.after = after.to_vec();
                self.write(&mut step, &[]).await?;
                let outcome = wait(handle).await;
                self.end_waiting(step, outcome).await
            }
            Err(error) => self.end(step, Err(error), Vec::new()).await,
        }
    }

    /// Stores what a provider has made for a step. Where there is no room for what was paid for, it waits for some, a
    /// minute at most and as long as its lease holds: it must not be made again because a disk was full for a moment.
    ///
    /// # Errors
    /// As [`BlobStore::put`]; [`Cancelled`](ErrorKind::Cancelled) if the operation was stopped meanwhile.
    pub async fn keep(&self, bytes: Bytes, media_type: &str, paid: Money, operation: &Operation) -> Result<BlobRef> {
        let mut looks = if paid > Money::ZERO { LOOKS_FOR_ROOM } else { 0 };
        loop {
            match (self.blobs.put(bytes.clone(), media_type).await, &self.tenure) {
                (Err(error), Some(tenure)) if error.is_starved() && looks > 0 => {
                    looks -= 1;
                    operation.cancellation.unless_cancelled(tenure.wait(error)).await?;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    /// The result of a finished step, whatever its input was; `None` if it has not been finished.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn finished<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let step = self.find(key).await?.filter(|step| step.state == StepState::Finished);
        Ok(step.and_then(|step| step.output).and_then(|output| serde_json::from_value(output).ok()))
    }

    /// A step as it stands.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn find(&self, key: &str) -> Result<Option<Step>> {
        self.store.read().await?.steps().find(&self.unique(key)).await
    }

    /// Every step of the run so far, earliest first.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn steps(&self) -> Result<Vec<Step>> {
        use crate::port::{Filter, Order, Page};
        let mut tx = self.store.read().await?;
        let filter = Filter { parent: Some(self.run.id.0), ..Filter::default() };
        let mut page = Page::first(Order::Oldest, Page::MOST);
        let mut steps = Vec::new();
        loop {
            let slice = tx.steps().list(&filter, &page).await?;
            steps.extend(slice.items);
            match slice.next {
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(steps),
            }
        }
    }

    /// What the run has cost so far, with what failed and was done again.
    ///
    /// # Errors
    /// The store's own errors.
    pub async fn spent(&self) -> Result<Money> {
        use crate::port::{Filter, Order, Page};
        let mut tx = self.store.read().await?;
        let filter = Filter { parent: Some(self.run.content_id.0), ..Filter::default() };
        let mut page = Page::first(Order::Oldest, Page::MOST);
        let mut spent = Money::ZERO;
        loop {
            let slice = tx.costs().list(&filter, &page).await?;
            let ours = slice.items.iter().filter(|cost| cost.run_id == Some(self.run.id));
            spent = spent + ours.map(|cost| cost.amount).sum();
            match slice.next {
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(spent),
            }
        }
    }

    async fn begin<T: DeserializeOwned>(&self, key: &str, input: Sha256) -> Result<Begin<T>> {
        let mut step = match self.find(key).await? {
            // Its files are looked for before anything is locked: they may be far away.
            Some(step) if step.is_done_for(input) => match self.reuse(&step).await? {
                Some(done) => return Ok(Begin::Done(done)),
                None => step,
            },
            Some(step) if step.state == StepState::Submitted && step.input == input => return Ok(Begin::Wait(step)),
            Some(step) => step,
            None => self.new_step(key, input, self.clock.now()),
        };
        let mut tx = self.store.begin().await?;
        step.prepare(input, self.clock.now());
        if step.version == 0 {
            tx.steps().insert(&mut step).await?;
        } else {
            tx.steps().update(&mut step).await?;
        }
        tx.commit().await?;
        self.may_send().await?;
        Ok(Begin::Send(step))
    }

    /// The result of a finished step, or `None` if it can no longer be used: another shape, a missing file.
    async fn reuse<T: DeserializeOwned>(&self, step: &Step) -> Result<Option<Done<T>>> {
        for blob in &step.blobs {
            if !self.blobs.contains(blob.sha256).await? {
                return Ok(None);
            }
        }
        let value = step.output.clone().and_then(|output| serde_json::from_value(output).ok());
        Ok(value.map(|value| Done {
            value,
            provider: step.provider.clone().unwrap_or_default(),
            reused: true,
            cost: step.cost,
        }))
    }

    async fn prepare_again(&self, mut step: Step, input: Sha256) -> Result<Step> {
        step.prepare(input, self.clock.now());
        let mut tx = self.store.begin().await?;
        tx.steps().update(&mut step).await?;
        tx.commit().await?;
        self.may_send().await?;
        Ok(step)
    }

    async fn may_send(&self) -> Result<()> {
        match &self.tenure {
            Some(tenure) => tenure.check().await,
            None => Ok(()),
        }
    }

    /// As [`end`](Self::end), but leaves the step submitted when only the waiting came to an end: the provider still
    /// works, and has to be paid, for what it has.
    async fn end_waiting<T: Serialize>(&self, step: Step, outcome: Result<Work<T>>) -> Result<Done<T>> {
        match outcome {
            Err(error) if error.kind() == ErrorKind::Cancelled || error.retry() != Retry::Never => Err(error),
            outcome => self.end(step, outcome, Vec::new()).await,
        }
    }

    /// Writes the outcome down, with what was bought on the way. The version of the step is the fence: a worker that
    /// was overtaken gets `Conflict`.
    async fn end<T: Serialize>(
        &self,
        mut step: Step,
        outcome: Result<Work<T>>,
        charges: Vec<Charge>,
    ) -> Result<Done<T>> {
        let now = self.clock.now();
        let mut costs: Vec<Cost> = charges.iter().map(|charge| self.cost(&charge.by.name, charge.usage, now)).collect();
        let bought: Money = charges.iter().map(|charge| charge.usage.cost).sum();
        match outcome {
            Ok(work) => {
                let cost = bought + work.usage.map_or(Money::ZERO, |usage| usage.cost);
                let output = serde_json::to_value(&work.value)?;
                step.finished(&work.provider, output, work.blobs, cost, now)?;
                step.served_by = work.served_by;
                // Work that was waited for again remembers who failed before it was sent.
                if !work.after.is_empty() {
                    step.after = work.after;
                }
                costs.extend(work.usage.map(|usage| self.cost(&work.provider, usage, now)));
                self.write(&mut step, &costs).await?;
                Ok(Done { value: work.value, provider: work.provider, reused: false, cost })
            }
            Err(error) => {
                step.failed(&error.to_string(), now)?;
                self.write(&mut step, &costs).await?;
                Err(error)
            }
        }
    }

    /// Writes a step down with its costs. Under a lease it is tried for as long as that holds: what was paid must not
    /// be forgotten because the record was away for a moment.
    async fn write(&self, step: &mut Step, costs: &[Cost]) -> Result<()> {
        let mut in_doubt = false;
        loop {
            let mut written = step.clone();
            match (self.try_write(&mut written, costs).await, &self.tenure) {
                (Err(error), Some(tenure)) if error.is_of_the_record() && error.is_temporary() => {
                    in_doubt = true;
                    tenure.wait(error).await?;
                }
                // The attempt before may have been committed, and only its answer was lost.
                (Err(error), _) if in_doubt && error.kind() == ErrorKind::Conflict => {
                    let stored = self.store.read().await?.steps().get(step.id).await?;
                    let mine = Step { version: step.version + 1, ..step.clone() };
                    return match stored {
                        Some(stored) if stored == mine => {
                            *step = mine;
                            Ok(())
                        }
                        _ => Err(error),
                    };
                }
                (outcome, _) => {
                    *step = written;
                    return outcome;
                }
            }
        }
    }

    async fn try_write(&self, step: &mut Step, costs: &[Cost]) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.steps().update(step).await?;
        for cost in costs {
            tx.costs().insert(&mut cost.clone()).await?;
        }
        tx.commit().await
    }

    fn unique(&self, key: &str) -> String {
        format!("{}/{key}", self.run.id)
    }

    fn cost(&self, provider: &str, usage: Usage, now: Timestamp) -> Cost {
        Cost {
            id: CostId::random(&*self.entropy),
            content_id: Some(self.run.content_id),
            run_id: Some(self.run.id),
            owner: self.run.owner,
            provider: provider.to_owned(),
            category: usage.category,
            units: usage.units,
            amount: usage.cost,
            recorded_at: now,
            version: 0,
        }
    }

    fn new_step(&self, key: &str, input: Sha256, now: Timestamp) -> Step {
        Step {
            id: StepId::random(&*self.entropy),
            run_id: self.run.id,
            key: key.to_owned(),
            input,
            state: StepState::Prepared,
            provider: None,
            served_by: None,
            after: Vec::new(),
            handle: None,
            output: None,
            blobs: Vec::new(),
            cost: Money::ZERO,
            attempts: 0,
            error: None,
            started_at: now,
            finished_at: None,
            version: 0,
        }
    }
}

impl Step {
    /// How long the last attempt took, once it has ended.
    pub fn took(&self) -> Option<Duration> {
        self.finished_at.map(|end| end.since(self.started_at))
    }
}

#[cfg(test)]
mod tests;
