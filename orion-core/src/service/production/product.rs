//! What a finished run gives: files to take away, and the report of how they came about.

use super::stages::KEPT;
use super::{CreateRequest, Job, Production};
use crate::domain::timeline::Timeline;
use crate::domain::{BlobRef, ContentStatus, RunState, Sha256, Step, StepState};
use crate::id::{ContentId, RunId};
use crate::port::{Attempt, MediaInfo, Provider, Repair, RepositoryExt, Validation};
use crate::service::director::markdown;
use crate::service::editor::{CaptionFiles, Cover};
use crate::{Error, Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A finished video with everything that goes beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Title of the video.
    pub title: String,
    /// The file.
    pub video: BlobRef,
    /// A still for listings (JPEG): the best of the video's own shape.
    pub thumbnail: BlobRef,
    /// The video as data, to be edited or exported.
    pub timeline: Timeline,
    /// Captions as files.
    pub captions: CaptionFiles,
    /// The script with a source for every claim (Markdown).
    pub script_markdown: String,
    /// How it came about.
    pub report: RunReport,
}

/// How a video came about: steps, times, costs, hashes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run.
    pub run_id: RunId,
    /// The content it made.
    pub content_id: ContentId,
    /// Where the content stands.
    pub status: ContentStatus,
    /// Title of the video.
    pub title: String,
    /// What was asked for.
    pub request: CreateRequest,
    /// The topic that was chosen, with its score, when it came from a feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<(String, f64)>,
    /// When the run was written down.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How often it was started or resumed.
    pub attempts: u32,
    /// Seconds of work by stage; the sum of its steps, which may have run side by side.
    pub seconds_by_stage: BTreeMap<String, f64>,
    /// Every step.
    pub steps: Vec<StepReport>,
    /// What it cost in all, in dollars, with what failed and was done again.
    pub cost_usd: f64,
    /// What the file really is.
    pub video: MediaInfo,
    /// The checks of the file.
    pub validation: Validation,
    /// The encoder as used.
    pub encoder: String,
    /// What was set right in a second pass over the file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub repaired: BTreeSet<Repair>,
    /// The thumbnails of every shape, with how good each is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<Cover>,
    /// Hash of each file by its name in the folder.
    pub files: BTreeMap<String, Sha256>,
    /// What could not be had and why.
    pub notes: Vec<String>,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Its name: `speech/3`.
    pub key: String,
    /// Where it stands.
    pub state: StepState,
    /// Who did it, by name.
    pub provider: Option<String>,
    /// Who did it, with model and side, if a strategy chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<Provider>,
    /// Who was asked before and failed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Attempt>,
    /// How often it was sent; more than one only after a failure or a change of its input.
    pub attempts: u32,
    /// When the last attempt began.
    pub started_at: Timestamp,
    /// How long the last attempt took, in seconds.
    pub seconds: Option<f64>,
    /// What it cost, in dollars.
    pub cost_usd: f64,
    /// Hash of its input.
    pub input: Sha256,
    /// Hashes of its files.
    pub output: Vec<Sha256>,
}

impl From<&Step> for StepReport {
    fn from(step: &Step) -> Self {
        Self {
            key: step.key.clone(),
            state: step.state,
            provider: step.provider.clone(),
            served_by: step.served_by.clone(),
            after: step.after.clone(),
            attempts: step.attempts,
            started_at: step.started_at,
            seconds: step.took().map(|took| took.as_secs_f64()),
            cost_usd: step.cost.dollars(),
            input: step.input,
            output: step.blobs.iter().map(|blob| blob.sha256).collect(),
        }
    }
}

/// A note about every provider in whose place another one served, once for all steps of its kind.
fn replaced(steps: &[Step]) -> Vec<String> {
    let mut notes = Vec::new();
    for step in steps {
        let Some(by) = &step.served_by else { continue };
        let asked = step.key.split('/').next().unwrap_or_default();
        for note in step.after.iter().map(|attempt| attempt.note(asked, by)) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// A note if later runs will not know of this one.
fn not_kept(steps: &[Step]) -> Option<String> {
    let step = steps.iter().find(|step| step.key == KEPT && step.state == StepState::Failed)?;
    Some(format!("not kept as an example for later scripts: {}", step.error.as_deref().unwrap_or("unknown")))
}

/// A note if a second pass over the file was needed.
fn set_right(repaired: &BTreeSet<Repair>) -> Option<String> {
    let names: Vec<&str> = repaired.iter().map(|repair| repair.as_str()).collect();
    (!names.is_empty()).then(|| format!("render: set right in a second pass: {}", names.join(", ")))
}

impl Production {
    /// What a run has made, once its file is rendered: at the review gate and after it.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) if the run has not come that far.
    pub async fn product(&self, id: RunId) -> Result<Product> {
        let run = self.run(id).await?;
        if !matches!(run.state, RunState::Completed | RunState::Waiting { gate: crate::domain::Gate::Review }) {
            return Err(Error::conflict("the run has no finished video").with_context("state", run.state.as_str()));
        }
        let content = self.store.read().await?.contents().require(run.content_id).await?;
        let operation = Operation::detached();
        let request: CreateRequest = serde_json::from_value(run.request.clone())?;
        let journal = self.journal(&run);
        let job = Job { run, request, journal, operation: &operation };
        // Every step is finished: these are reads.
        let (material, choice, (script, mut drafted)) =
            (self.material(&job).await?, self.choice(&job).await?, self.script(&job).await?);
        let narration = self.narration(&job).await?;
        let made = self.made(&job).await?;
        drafted.script = script;
        let steps = job.journal.steps().await?;
        let mut seconds_by_stage: BTreeMap<String, f64> = BTreeMap::new();
        for step in &steps {
            let stage = step.key.split('/').next().unwrap_or_default().to_owned();
            *seconds_by_stage.entry(stage).or_default() += step.took().map_or(0.0, |took| took.as_secs_f64());
        }
        let cost = job.journal.spent().await?;
        let thumbnail = made.thumbnail().map(|best| best.picture.clone());
        let thumbnail = thumbnail.ok_or_else(|| Error::unexpected("the run has no thumbnail"))?;
        let repaired = set_right(&made.rendered.repaired);
        let problems = choice.iter().flat_map(|choice| choice.problems.clone());
        let report = RunReport {
            run_id: job.run.id,
            content_id: content.id,
            status: content.status,
            title: content.title.clone(),
            trend: choice.as_ref().map(|choice| (choice.trend.topic.clone(), choice.trend.score)),
            created_at: job.run.created_at,
            finished_at: job.run.finished_at,
            attempts: job.run.attempts,
            seconds_by_stage,
            steps: steps.iter().map(StepReport::from).collect(),
            cost_usd: cost.dollars(),
            video: made.rendered.info,
            validation: made.validation,
            encoder: made.rendered.encoder,
            repaired: made.rendered.repaired,
            covers: made.covers,
            files: BTreeMap::new(),
            notes: problems
                .chain(material.notes.clone())
                .chain(drafted.notes.clone())
                .chain(replaced(&steps))
                .chain(not_kept(&steps))
                .chain(narration.note())
                .chain(repaired)
                .collect(),
            request: job.request.clone(),
        };
        Ok(Product {
            title: content.title,
            video: made.rendered.video,
            thumbnail,
            captions: CaptionFiles::of(&made.timeline.captions, &made.timeline.canvas),
            timeline: made.timeline,
            script_markdown: markdown(&drafted, &material),
            report,
        })
    }
}
