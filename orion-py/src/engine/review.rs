//! What a person decides at gates, and changes there.

use super::Engine;
use crate::calls::{LineOrder, SceneOrder, reply};
use orion_core::domain::{Content, Line, LineRole, Role, Run, ScenePlan, Script, Sha256};
use orion_core::id::ContentId;
use orion_core::service::identity::Caller;
use orion_core::service::production::{Rejection, Revision};
use orion_core::{Error, Result};
use orion_host::system::apart;

/// Most lines of a script.
const MOST_LINES: usize = 100;

impl Engine {
    pub(super) async fn question(&self, caller: &Caller, id: ContentId) -> Result<Vec<u8>> {
        let standing = self.orion.production().standing(id).await?;
        caller.owns(standing.content.owner)?;
        reply(&standing.question)
    }

    pub(super) async fn approve(&self, caller: &Caller, id: ContentId, subject: Option<Sha256>) -> Result<Vec<u8>> {
        self.decider(caller, id).await?;
        let (orion, by) = (self.orion.clone(), caller.user_id);
        reply(&apart(move || async move { orion.production().approve(id, subject, by).await }).await?)
    }

    pub(super) async fn reject(
        &self,
        caller: &Caller,
        id: ContentId,
        feedback: Option<String>,
        again: bool,
    ) -> Result<Vec<u8>> {
        self.decider(caller, id).await?;
        let (orion, by) = (self.orion.clone(), caller.user_id);
        let rejection = Rejection { feedback, again };
        reply(&apart(move || async move { orion.production().reject(id, rejection, by).await }).await?)
    }

    pub(super) async fn regenerate(&self, caller: &Caller, id: ContentId, feedback: Option<String>) -> Result<Vec<u8>> {
        self.decider(caller, id).await?;
        let (orion, by) = (self.orion.clone(), caller.user_id);
        reply(&apart(move || async move { orion.production().regenerate(id, feedback, by).await }).await?)
    }

    pub(super) async fn edit_script(
        &self,
        caller: &Caller,
        id: ContentId,
        title: Option<String>,
        lines: Vec<LineOrder>,
    ) -> Result<Vec<u8>> {
        let (run, content) = self.at_work(caller, id).await?;
        let script = content.script.ok_or_else(|| Error::conflict("there is no script to edit yet"))?;
        self.revise(run, Revision::Script(edited(script, title, lines)?)).await
    }

    pub(super) async fn edit_scene(
        &self,
        caller: &Caller,
        id: ContentId,
        number: u32,
        change: SceneOrder,
    ) -> Result<Vec<u8>> {
        let (run, content) = self.at_work(caller, id).await?;
        let mut plan: ScenePlan = content.scenes.ok_or_else(|| Error::conflict("there are no scenes to edit yet"))?;
        let scene = plan.prompts.iter_mut().find(|scene| scene.scene_number == number);
        let scene = scene.ok_or_else(|| Error::not_found("there is no such scene").with_context("scene", number))?;
        let parts = [
            (&mut scene.description, change.description),
            (&mut scene.style, change.style),
            (&mut scene.camera_angle, change.camera_angle),
            (&mut scene.mood, change.mood),
            (&mut scene.negative_prompt, change.negative_prompt),
        ];
        for (part, given) in parts {
            if let Some(given) = given {
                *part = given;
            }
        }
        self.revise(run, Revision::Plan(plan)).await
    }

    async fn revise(&self, run: Run, revision: Revision) -> Result<Vec<u8>> {
        let orion = self.orion.clone();
        reply(&apart(move || async move { orion.production().revise(run.id, revision).await }).await?)
    }

    async fn decider(&self, caller: &Caller, id: ContentId) -> Result<()> {
        caller.require(Role::Editor)?;
        self.content(caller, id).await.map(drop)
    }

    /// Content with the run that makes it.
    async fn at_work(&self, caller: &Caller, id: ContentId) -> Result<(Run, Content)> {
        caller.require(Role::Editor)?;
        let standing = self.orion.production().standing(id).await?;
        caller.owns(standing.content.owner)?;
        let run =
            standing.run.ok_or_else(|| Error::conflict("this content was never made").with_context("content", id))?;
        Ok((run, standing.content))
    }
}

/// The script with other lines. What is not said of a line is as it was in the line of the same words.
fn edited(mut script: Script, title: Option<String>, lines: Vec<LineOrder>) -> Result<Script> {
    if lines.is_empty() || lines.len() > MOST_LINES {
        return Err(Error::invalid("a script has 1 to 100 lines").with_context("lines", lines.len()));
    }
    let last = lines.len() - 1;
    let edit = |(index, line): (usize, LineOrder)| {
        let role = match line.role.as_deref() {
            Some(role) => role.parse::<LineRole>()?,
            None if index == 0 => LineRole::Hook,
            None if index == last => LineRole::CallToAction,
            None => LineRole::Body,
        };
        let text = line.text.trim().to_owned();
        if text.is_empty() {
            return Err(Error::invalid("a line of a script has words").with_context("line", index));
        }
        let same = script.lines.iter().find(|other| other.text == text);
        let visual_cue =
            line.visual_cue.or_else(|| same.map(|same| same.visual_cue.clone())).unwrap_or_else(|| text.clone());
        let sources = line.sources.or_else(|| same.map(|same| same.sources.clone())).unwrap_or_default();
        Ok(Line { role, text, sources, visual_cue })
    };
    let lines = lines.into_iter().enumerate().map(edit).collect::<Result<Vec<_>>>()?;
    script.lines = lines;
    script.title = title.unwrap_or(script.title);
    script.author = "user".to_owned();
    Ok(script)
}
