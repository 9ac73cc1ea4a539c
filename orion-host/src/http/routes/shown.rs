//! Content as clients see it, and who may see it.

use super::super::links::Links;
use super::super::{ApiError, Platform};
use axum::http::StatusCode;
use orion_core::domain::{AssetKind, BlobRef, Content, ContentStatus, LineRole, ScenePlan, Script};
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, RepositoryExt, Tx};
use orion_core::service::identity::Caller;
use orion_core::service::production::Standing;
use orion_core::{ErrorKind, Result, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Content that a caller may see, with where it stands: 404 if it is not there, 403 if it is somebody else's.
pub(super) async fn standing(platform: &Platform, caller: &Caller, id: ContentId) -> Result<Standing, ApiError> {
    let standing = platform.orion.production().standing(id).await.map_err(missing)?;
    caller.owns(standing.content.owner)?;
    Ok(standing)
}

/// The same for content alone.
pub(super) async fn content(platform: &Platform, caller: &Caller, id: ContentId) -> Result<Content, ApiError> {
    let content = platform.orion.production().store.read().await?.contents().get(id).await?;
    let content = content.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "Content not found"))?;
    caller.owns(content.owner)?;
    Ok(content)
}

fn missing(error: orion_core::Error) -> ApiError {
    match error.kind() {
        ErrorKind::NotFound => ApiError::new(StatusCode::NOT_FOUND, "Content not found"),
        _ => error.into(),
    }
}

/// More thumbnails than content ever has.
const MOST_THUMBNAILS: u32 = 16;

/// Signed links to what content shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    pub(super) video_url: Option<String>,
    pub(super) thumbnail_url: Option<String>,
}

impl Shown {
    pub(super) async fn of(tx: &mut dyn Tx, links: &Links, id: ContentId, now: Timestamp) -> Result<Self> {
        let link = |blob: Option<BlobRef>, stem: &str| blob.map(|blob| links.to(&blob, stem, now));
        Ok(Self {
            video_url: link(newest(tx, id, AssetKind::Video).await?, "video"),
            thumbnail_url: link(thumbnail(tx, id).await?, "thumbnail"),
        })
    }
}

/// The thumbnail of the video's own shape, which stands before those for single platforms.
async fn thumbnail(tx: &mut dyn Tx, id: ContentId) -> Result<Option<BlobRef>> {
    let states = vec![AssetKind::Thumbnail.to_string()];
    let filter = Filter { parent: Some(id.0), states, ..Filter::default() };
    let found = tx.assets().window(&filter, Order::Newest, 0, MOST_THUMBNAILS).await?;
    Ok(found.into_iter().min_by_key(|asset| asset.position).map(|asset| asset.blob))
}

/// The newest file of a kind.
async fn newest(tx: &mut dyn Tx, id: ContentId, kind: AssetKind) -> Result<Option<BlobRef>> {
    let filter = Filter { parent: Some(id.0), states: vec![kind.to_string()], ..Filter::default() };
    Ok(tx.assets().window(&filter, Order::Newest, 0, 1).await?.into_iter().next().map(|asset| asset.blob))
}

/// The status that a client names, or 400.
pub(super) fn status(name: Option<&str>) -> Result<Vec<String>, ApiError> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        None => Ok(Vec::new()),
        Some(name) => match name.parse::<ContentStatus>() {
            Ok(status) => Ok(vec![status.to_string()]),
            Err(error) => Err(ApiError::new(StatusCode::BAD_REQUEST, "unknown status").hint(error.hint())),
        },
    }
}

/// One spoken line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ScriptLine)]
pub(super) struct LineView {
    /// `hook`, `body` or `cta`.
    role: &'static str,
    text: String,
    visual_cue: String,
    /// Numbers of the sources that it rests on.
    sources: Vec<u32>,
}

/// A script in its three parts, and line by line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Script)]
pub(super) struct ScriptView {
    title: String,
    hook: String,
    body: String,
    cta: String,
    visual_cues: Vec<String>,
    lines: Vec<LineView>,
    author: String,
}

impl From<&Script> for ScriptView {
    fn from(script: &Script) -> Self {
        let lines = script.lines.iter();
        Self {
            title: script.title.clone(),
            hook: script.text_of(LineRole::Hook),
            body: script.text_of(LineRole::Body),
            cta: script.text_of(LineRole::CallToAction),
            visual_cues: lines.clone().map(|line| line.visual_cue.clone()).collect(),
            lines: lines
                .map(|line| LineView {
                    role: line.role.as_str(),
                    text: line.text.clone(),
                    visual_cue: line.visual_cue.clone(),
                    sources: line.sources.clone(),
                })
                .collect(),
            author: script.author.clone(),
        }
    }
}

/// What one scene shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VisualPrompt)]
pub(super) struct PromptView {
    scene_number: u32,
    description: String,
    style: String,
    camera_angle: String,
    mood: String,
    negative_prompt: String,
    /// The same scene as a card of the built-in graphics.
    #[schema(value_type = Object)]
    card: serde_json::Value,
}

/// What all scenes show.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = VisualPromptSet)]
pub(super) struct PromptsView {
    style_guide: String,
    prompts: Vec<PromptView>,
}

impl From<&ScenePlan> for PromptsView {
    fn from(plan: &ScenePlan) -> Self {
        let prompts = plan.prompts.iter().map(|prompt| PromptView {
            scene_number: prompt.scene_number,
            description: prompt.description.clone(),
            style: prompt.style.clone(),
            camera_angle: prompt.camera_angle.clone(),
            mood: prompt.mood.clone(),
            negative_prompt: prompt.negative_prompt.clone(),
            card: serde_json::to_value(&prompt.card).unwrap_or_default(),
        });
        Self { style_guide: plan.style_guide.clone(), prompts: prompts.collect() }
    }
}

/// What came of an action on content.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionResult {
    content_id: Uuid,
    id: Uuid,
    title: String,
    status: &'static str,
    message: String,
}

impl ActionResult {
    pub(super) fn of(content: &Content, message: &str) -> Self {
        Self {
            content_id: content.id.0,
            id: content.id.0,
            title: content.title.clone(),
            status: content.status.as_str(),
            message: message.to_owned(),
        }
    }
}
