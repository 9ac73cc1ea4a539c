//! Another run for content that one was made for before. It takes over from the journal of the earlier one what it
//! can use: a step with the same input is not done, and not paid for, a second time.

use super::{Changes, CreateRequest, Production};
use crate::domain::timeline::Canvas;
use crate::domain::{Content, ContentStatus, Money, Run, RunState, StepState};
use crate::id::{ContentId, RunId, StepId};
use crate::port::{Filter, Order, RepositoryExt};
use crate::{Error, Result};
use std::time::Duration;

/// More steps than a run has.
const MOST_STEPS: usize = 10_000;

/// What is to be different in another render of the same script and scenes; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderChange {
    /// The voice.
    pub voice: Option<String>,
    /// Name of the caption style.
    pub captions: Option<String>,
    /// Width and height.
    pub size: Option<(u32, u32)>,
}

impl RenderChange {
    fn apply(&self, request: &mut CreateRequest) {
        if let Some(voice) = &self.voice {
            request.voice = Some(voice.clone());
        }
        if let Some(captions) = &self.captions {
            request.captions.clone_from(captions);
        }
        if let Some((width, height)) = self.size {
            request.canvas = Canvas { width, height, ..request.canvas };
        }
    }
}

impl Production {
    /// Renders the script and the scenes of content once more with other settings, in a run of its own that asks for
    /// review again.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) if there are no scenes to render;
    /// [`Conflict`](crate::ErrorKind::Conflict) if a run is at work, or the content is approved or out;
    /// [`Invalid`](crate::ErrorKind::Invalid) for settings out of bounds.
    pub async fn render_again(&self, id: ContentId, change: &RenderChange) -> Result<Run> {
        let standing = self.standing(id).await?;
        let (mut content, Some(run)) = (standing.content, standing.run) else {
            return Err(Error::not_found("this content has no scenes to render").with_context("content", id));
        };
        if content.scenes.is_none() {
            return Err(Error::not_found("this content has no scenes to render").with_context("content", id));
        }
        let mut request: CreateRequest = serde_json::from_value(run.request.clone())?;
        change.apply(&mut request);
        request.check()?;
        let mut changes = self.changes(run.owner).await?;
        let asked = (serde_json::to_value(&request)?, run.feedback.clone());
        self.withdraw(&mut changes, run.clone()).await?;
        let again = self.begin_again(&mut changes, &mut content, &run, asked, |_| true).await?;
        self.commit(changes).await?;
        Ok(again)
    }

    /// Writes another run for content down, with the steps of the earlier one whose keys are to be kept.
    pub(super) async fn begin_again(
        &self,
        changes: &mut Changes,
        content: &mut Content,
        earlier: &Run,
        (request, feedback): (serde_json::Value, Vec<String>),
        keep: impl Fn(&str) -> bool,
    ) -> Result<Run> {
        if matches!(earlier.state, RunState::Pending | RunState::Running { .. }) {
            return Err(Error::conflict("a run is at work on this content").with_context("run", earlier.id));
        }
        // The newest run is the one that counts, also where the clock was set back.
        let now = self.clock.now().max(earlier.created_at.after(Duration::from_micros(1)));
        content.set_status(ContentStatus::Generating, now)?;
        let mut run = Run {
            id: RunId::random(&*self.entropy),
            content_id: content.id,
            owner: earlier.owner,
            gates: earlier.gates.clone(),
            state: RunState::Pending,
            feedback,
            request,
            attempts: 0,
            cut_off: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            version: 0,
        };
        changes.tx.contents().update(content).await?;
        changes.tx.runs().insert(&mut run).await?;
        let filter = Filter { parent: Some(earlier.id.0), ..Filter::default() };
        let steps = changes.tx.steps().every(&filter, Order::Oldest, MOST_STEPS).await?;
        for mut step in steps.into_iter().filter(|step| step.state == StepState::Finished && keep(&step.key)) {
            step.id = StepId::random(&*self.entropy);
            step.run_id = run.id;
            // It was paid for in the run that did it.
            step.cost = Money::ZERO;
            step.version = 0;
            changes.tx.steps().insert(&mut step).await?;
        }
        self.append_updated(changes, content, &run).await?;
        Ok(run)
    }
}
