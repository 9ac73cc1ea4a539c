//! Editing what waits at a gate: the script, and single scenes.

use super::super::shown::standing;
use super::{ContentDetail, detail};
use crate::http::bounds::{length, optional, text};
use crate::http::caller::Signed;
use crate::http::extract::{Body, Path};
use crate::http::{Answer, ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Card, Line, LineRole, Role};
use orion_core::id::{ContentId, RunId};
use orion_core::service::production::Revision;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// No line of a script is longer.
const MOST_LINE: usize = 1000;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(revise_script)).routes(routes!(revise_scene))
}

/// One line of another script.
#[derive(Debug, Deserialize, ToSchema)]
struct LineChange {
    /// `hook`, `body` or `cta`; else the hook first, the call to action last.
    role: Option<String>,
    text: String,
    visual_cue: Option<String>,
    /// Numbers of the sources that it rests on; else those of the line with the same words.
    sources: Option<Vec<u32>>,
}

/// Another script, in place of the one that the gate shows.
#[derive(Debug, Deserialize, ToSchema)]
struct ScriptChange {
    title: Option<String>,
    lines: Vec<LineChange>,
}

/// Puts another script in place of the one that waits at its gate; the question is asked anew about it.
#[utoipa::path(put, path = "/content/{id}/script", tag = "director", params(("id" = Uuid, Path)),
    request_body = ScriptChange, responses((status = OK, body = ContentDetail), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = CONFLICT), (status = UNPROCESSABLE_ENTITY)))]
async fn revise_script(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    Body(change): Body<ScriptChange>,
) -> Answer<ContentDetail> {
    caller.require(Role::Editor)?;
    let standing = standing(&platform, &caller, id).await?;
    let (run, mut script) = match (standing.run, standing.content.script) {
        (Some(run), Some(script)) => (run, script),
        _ => return Err(ApiError::new(StatusCode::CONFLICT, "there is no script to edit yet")),
    };
    if change.lines.is_empty() || change.lines.len() > 100 {
        return Err(ApiError::field(&["body", "lines"], "out_of_range", "must have 1 to 100 lines"));
    }
    if let Some(title) = optional(&["body", "title"], change.title, 200)? {
        script.title = title;
    }
    let last = change.lines.len() - 1;
    let mut lines = Vec::with_capacity(change.lines.len());
    for (index, line) in change.lines.into_iter().enumerate() {
        let number = index.to_string();
        text(&["body", "lines", &number, "text"], &line.text, MOST_LINE)?;
        let cue = optional(&["body", "lines", &number, "visual_cue"], line.visual_cue, 500)?;
        let role = match line.role.as_deref() {
            Some(role) => role
                .parse::<LineRole>()
                .map_err(|error| ApiError::field(&["body", "lines", &number, "role"], "enum", error.to_string()))?,
            None if index == 0 => LineRole::Hook,
            None if index == last => LineRole::CallToAction,
            None => LineRole::Body,
        };
        let same = script.lines.iter().find(|other| other.text == line.text);
        let cue = cue.or_else(|| same.map(|same| same.visual_cue.clone())).unwrap_or_else(|| line.text.clone());
        let sources = line.sources.or_else(|| same.map(|same| same.sources.clone())).unwrap_or_default();
        lines.push(Line { role, text: line.text.trim().to_owned(), sources, visual_cue: cue });
    }
    script.lines = lines;
    script.author = "user".to_owned();
    revise(&platform, run.id, id, Revision::Script(script)).await
}

/// What is to be different in one scene.
#[derive(Debug, Deserialize, ToSchema)]
struct SceneChange {
    description: Option<String>,
    style: Option<String>,
    camera_angle: Option<String>,
    mood: Option<String>,
    negative_prompt: Option<String>,
    /// The scene as a card of the built-in graphics, in the form in which it was given.
    #[schema(value_type = Option<Object>)]
    card: Option<serde_json::Value>,
}

/// Changes one scene that waits at its gate; the question is asked anew about all of them.
#[utoipa::path(patch, path = "/content/{id}/visual-prompts/{scene}", tag = "director",
    params(("id" = Uuid, Path), ("scene" = u32, Path, description = "Number of the scene, from one")),
    request_body = SceneChange, responses((status = OK, body = ContentDetail), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = CONFLICT), (status = UNPROCESSABLE_ENTITY)))]
async fn revise_scene(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path((id, scene)): Path<(ContentId, u32)>,
    Body(change): Body<SceneChange>,
) -> Answer<ContentDetail> {
    caller.require(Role::Editor)?;
    let standing = standing(&platform, &caller, id).await?;
    let (run, mut plan) = match (standing.run, standing.content.scenes) {
        (Some(run), Some(plan)) => (run, plan),
        _ => return Err(ApiError::new(StatusCode::CONFLICT, "there are no scenes to edit yet")),
    };
    let prompt = plan.prompts.iter_mut().find(|prompt| prompt.scene_number == scene);
    let prompt = prompt.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no such scene"))?;
    for (place, part, given) in [
        ("description", &mut prompt.description, change.description),
        ("style", &mut prompt.style, change.style),
        ("camera_angle", &mut prompt.camera_angle, change.camera_angle),
        ("mood", &mut prompt.mood, change.mood),
        ("negative_prompt", &mut prompt.negative_prompt, change.negative_prompt),
    ] {
        if let Some(given) = given {
            length(&["body", place], &given, 2000)?;
            *part = given.trim().to_owned();
        }
    }
    if let Some(card) = change.card {
        length(&["body", "card"], &card.to_string(), 4000)?;
        prompt.card = serde_json::from_value::<Card>(card)
            .map_err(|error| ApiError::field(&["body", "card"], "value_error", error.to_string()))?;
    }
    revise(&platform, run.id, id, Revision::Plan(plan)).await
}

async fn revise(platform: &Platform, run: RunId, id: ContentId, revision: Revision) -> Answer<ContentDetail> {
    let orion = platform.orion.clone();
    let revised = apart(move || async move {
        orion.production().revise(run, revision).await?;
        orion.production().standing(id).await
    });
    Ok(Json(detail(platform, revised.await?).await?))
}
