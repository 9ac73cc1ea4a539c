//! Director's routes, below `/api/v1/director`: content from the request to the decision.

use super::super::bounds::{length, optional, text, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use super::actions::{self, ApproveRequest, MOST_FEEDBACK, RegenerateRequest, RejectRequest};
use super::runrow::{RunRow, states_of};
use super::shown::{ActionResult, PromptsView, ScriptView, Shown, content, standing, status};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::Timestamp;
use orion_core::domain::{Card, Gate, Line, LineRole, Role, Run, RunState, Verdict};
use orion_core::id::{ContentId, RunId, TrendId};
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::identity::Caller;
use orion_core::service::production::{CreateRequest, Revision, Standing, Subject};
use orion_core::{Operation, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// No script of a short video is longer.
const MOST_SCRIPT: usize = 20_000;
/// No line of a script is longer.
const MOST_LINE: usize = 1000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(generate))
        .routes(routes!(resume))
        .routes(routes!(one))
        .routes(routes!(script, revise_script))
        .routes(routes!(visual_prompts))
        .routes(routes!(revise_scene))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(regenerate))
        .routes(routes!(pipelines, run_pipeline))
}

/// What to make. Exactly one of `trend_id`, `topic`, `url`, `text` and `script` says what about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct GenerateRequest {
    /// A trend.
    trend_id: Option<Uuid>,
    /// The trend's topic, as the client shows it; the record knows it better.
    trend_topic: Option<String>,
    /// A topic in words, looked up in the configured feeds.
    topic: Option<String>,
    /// A page.
    url: Option<String>,
    /// A text to write a script from.
    text: Option<String>,
    /// A script to speak as it is.
    script: Option<String>,
    /// The niche; else the trend's.
    niche: Option<String>,
    /// `youtube_shorts`, `tiktok`, `instagram_reels` or `youtube`.
    target_platform: Option<String>,
    tone: Option<String>,
    /// `cinematic`, `anime`, `realistic`, `cartoon` or `minimal`; another one is `cinematic`.
    visual_style: Option<String>,
    /// Length to aim at, 5 to 180 seconds.
    seconds: Option<u32>,
    /// `9:16`, `4:5`, `1:1` or `16:9`.
    format: Option<String>,
    /// `draft`, `standard` or `premium`.
    quality: Option<String>,
    /// `tiktok`, `youtube` or `minimal`.
    captions: Option<String>,
    /// Speaking rate, 0.5 to 2.
    speed: Option<f64>,
    /// Where to wait for a person beside the review of the video: `script`, `prompts`.
    gates: Vec<String>,
    /// Decides what is left to taste.
    seed: Option<u64>,
}

impl GenerateRequest {
    fn subject(&self) -> Result<Subject, ApiError> {
        let given = [
            self.trend_id.map(|id| Subject::Trend { id: TrendId(id) }),
            self.topic.clone().map(|topic| Subject::Topic { topic }),
            self.url.clone().map(|url| Subject::Url { url }),
            self.text.clone().map(|text| Subject::Text { text }),
            self.script.clone().map(|script| Subject::Script { script }),
        ];
        let mut given = given.into_iter().flatten();
        let (Some(subject), None) = (given.next(), given.next()) else {
            let message = "name exactly one of trend_id, topic, url, text and script";
            return Err(ApiError::field(&["body", "trend_id"], "missing", message));
        };
        match &subject {
            Subject::Topic { topic } => text(&["body", "topic"], topic, 512)?,
            Subject::Url { url } => text(&["body", "url"], url, 2048)?,
            Subject::Text { text: given } => text(&["body", "text"], given, 100_000)?,
            Subject::Script { script } => text(&["body", "script"], script, MOST_SCRIPT)?,
            Subject::Trend { .. } | Subject::Feed { .. } => {}
        }
        Ok(subject)
    }

    /// The run's request: what is not said is as the configuration has it.
    fn request(self, platform: &Platform) -> Result<CreateRequest, ApiError> {
        let subject = self.subject()?;
        length(&["body", "trend_topic"], self.trend_topic.as_deref().unwrap_or_default(), 512)?;
        let mut config = platform.orion.config().clone();
        let replaced = [
            (&mut config.format, self.format),
            (&mut config.quality, self.quality),
            (&mut config.captions, self.captions),
            (&mut config.platform, self.target_platform),
        ];
        for (setting, given) in replaced {
            if let Some(given) = given {
                *setting = given;
            }
        }
        let mut request = config.request(subject)?;
        if let Some(niche) = optional(&["body", "niche"], self.niche, 64)? {
            request.niche = Some(niche);
        } else if matches!(request.subject, Subject::Trend { .. }) {
            request.niche = None;
        }
        if let Some(tone) = optional(&["body", "tone"], self.tone, 500)? {
            request.tone = tone;
        }
        if let Some(seconds) = self.seconds {
            request.seconds = within(&["body", "seconds"], seconds, CreateRequest::SECONDS)?;
        }
        if let Some(speed) = self.speed {
            request.speed = within(&["body", "speed"], speed, 0.5..=2.0)?;
        }
        request.style = self.visual_style.as_deref().and_then(style);
        request.seed = self.seed.unwrap_or_default();
        for gate in &self.gates {
            let gate: Gate = gate
                .parse()
                .map_err(|error: orion_core::Error| ApiError::field(&["body", "gates"], "enum", error.to_string()))?;
            if !request.gates.contains(&gate) {
                request.gates.push(gate);
            }
        }
        // What is published was seen by a person.
        if !request.gates.contains(&Gate::Review) {
            request.gates.push(Gate::Review);
        }
        request.gates.sort_unstable();
        Ok(request)
    }
}

/// The words for picture models behind a style's name; the director's own style is the cinematic one.
fn style(name: &str) -> Option<String> {
    let words = match name.trim().to_ascii_lowercase().as_str() {
        "anime" => "anime illustration, clean lines, expressive light",
        "realistic" => "realistic photograph, natural colours, sharp detail",
        "cartoon" => "flat cartoon illustration, bold shapes, bright colours",
        "minimal" => "minimal composition, few shapes, much empty space",
        _ => return None,
    };
    Some(words.to_owned())
}

/// Content with everything that was made for it so far; what is not there yet is null.
#[derive(Debug, Serialize, ToSchema)]
struct ContentDetail {
    content_id: Uuid,
    id: Uuid,
    trend_id: Option<Uuid>,
    title: String,
    status: &'static str,
    /// The run; a decision at a gate names it.
    thread_id: Option<Uuid>,
    pipeline_run_id: Option<Uuid>,
    /// Whether a gate waits for a person.
    interrupted: bool,
    /// The gate: `script`, `prompts` or `review`.
    stage: Option<&'static str>,
    /// What the gate shows; `subject` is the hash of exactly this.
    #[schema(value_type = Option<Object>)]
    review_payload: Option<serde_json::Value>,
    script: Option<ScriptView>,
    visual_prompts: Option<PromptsView>,
    /// What the critic thinks of the script, 0 to 1.
    confidence_score: Option<f64>,
    niche: Option<String>,
    target_platform: &'static str,
    regeneration_count: u32,
    feedback_history: Vec<String>,
    video_url: Option<String>,
    thumbnail_url: Option<String>,
    /// Why the run failed.
    error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

async fn detail(platform: &Platform, standing: Standing) -> Result<ContentDetail, ApiError> {
    let Standing { content, run, question } = standing;
    let production = platform.orion.production();
    let mut tx = production.store.read().await?;
    let shown = Shown::of(&mut *tx, &platform.links, content.id, production.clock.now()).await?;
    let script = content.script.as_ref().map(ScriptView::from);
    let visual_prompts = content.scenes.as_ref().map(PromptsView::from);
    let payload = question.as_ref().map(|question| {
        let common = |instruction: &str| {
            serde_json::json!({
                "stage": question.gate, "instruction": instruction, "subject": question.subject,
                "expires_at": question.expires_at,
            })
        };
        let mut payload = match question.gate {
            Gate::Script => common("approve the script, edit it, or reject it with what to do better"),
            Gate::Prompts => common("approve the scenes, edit them, or reject them with what to do better"),
            Gate::Review => common("watch the video; approve it to publish it, or reject it"),
        };
        match question.gate {
            Gate::Script => {
                payload["script"] = serde_json::json!(script);
                let critique = content.critique.as_ref();
                payload["critique"] = serde_json::json!({
                    "score": critique.map(|critique| critique.confidence()),
                    "feedback": critique.map(|critique| &critique.feedback),
                });
            }
            Gate::Prompts => {
                payload["visual_prompts"] = serde_json::json!(visual_prompts);
                let part = |role| content.script.as_ref().map(|script| script.text_of(role));
                let (hook, cta) = (part(LineRole::Hook), part(LineRole::CallToAction));
                payload["script_summary"] = serde_json::json!({ "hook": hook, "cta": cta });
            }
            Gate::Review => {
                payload["video_url"] = serde_json::json!(shown.video_url);
                payload["thumbnail_url"] = serde_json::json!(shown.thumbnail_url);
            }
        }
        payload
    });
    let run_id = run.as_ref().map(|run| run.id.0);
    Ok(ContentDetail {
        content_id: content.id.0,
        id: content.id.0,
        trend_id: content.trend_id.map(|id| id.0),
        status: content.status.as_str(),
        thread_id: run_id,
        pipeline_run_id: run_id,
        interrupted: question.is_some(),
        stage: question.as_ref().map(|question| question.gate.as_str()),
        review_payload: payload,
        confidence_score: content.critique.as_ref().map(|critique| critique.confidence()),
        target_platform: content.platform.as_str(),
        regeneration_count: content.regeneration_count,
        video_url: shown.video_url,
        thumbnail_url: shown.thumbnail_url,
        error: run.and_then(|run| match run.state {
            RunState::Failed { reason, .. } => Some(reason),
            _ => None,
        }),
        created_at: content.created_at,
        updated_at: content.updated_at,
        title: content.title,
        niche: content.niche,
        feedback_history: content.feedback,
        script,
        visual_prompts,
    })
}

/// Writes a run down; the workers do it.
async fn begin(platform: &Platform, caller: &Caller, request: CreateRequest) -> Result<Run, ApiError> {
    caller.require(Role::Editor)?;
    request.check()?;
    platform.orion.check_tools()?;
    let (orion, owner) = (platform.orion.clone(), caller.user_id);
    Ok(apart(move || async move { orion.start(owner, request, &Operation::detached()).await }).await?)
}

/// Has content made. Answers at once; the work goes on in the background and stops for review.
#[utoipa::path(post, path = "/content/generate", tag = "director", request_body = GenerateRequest,
    responses((status = CREATED, body = ContentDetail), (status = NOT_FOUND), (status = CONFLICT),
    (status = UNPROCESSABLE_ENTITY), (status = SERVICE_UNAVAILABLE)))]
async fn generate(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<GenerateRequest>,
) -> Result<(StatusCode, Json<ContentDetail>), ApiError> {
    caller.require(Role::Editor)?;
    let run = begin(&platform, &caller, request.request(&platform)?).await?;
    let standing = standing(&platform, &caller, run.content_id).await?;
    Ok((StatusCode::CREATED, Json(detail(&platform, standing).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
struct PipelineRequest {
    trend_id: Uuid,
}

/// The run that was begun.
#[derive(Debug, Serialize, ToSchema)]
struct PipelineStarted {
    content_id: Uuid,
    trend_id: Uuid,
    thread_id: Uuid,
    pipeline_run_id: Uuid,
    status: &'static str,
}

/// Has content made of a trend, with everything else as the configuration has it.
#[utoipa::path(post, path = "/pipelines", tag = "director", request_body = PipelineRequest,
    responses((status = CREATED, body = PipelineStarted), (status = NOT_FOUND), (status = CONFLICT)))]
async fn run_pipeline(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(PipelineRequest { trend_id }): Body<PipelineRequest>,
) -> Result<(StatusCode, Json<PipelineStarted>), ApiError> {
    caller.require(Role::Editor)?;
    let request = GenerateRequest { trend_id: Some(trend_id), ..GenerateRequest::default() };
    let run = begin(&platform, &caller, request.request(&platform)?).await?;
    let started = PipelineStarted {
        content_id: run.content_id.0,
        trend_id,
        thread_id: run.id.0,
        pipeline_run_id: run.id.0,
        status: "generating",
    };
    Ok((StatusCode::CREATED, Json(started)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunsQuery {
    /// 1 to 200, else 50.
    limit: Option<u32>,
    /// `pending`, `running`, `completed` or `failed`.
    status: Option<String>,
}

/// The caller's runs, newest first; everybody's for administrators.
#[utoipa::path(get, path = "/pipelines", tag = "director", params(RunsQuery),
    responses((status = OK, body = Vec<RunRow>)))]
async fn pipelines(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunRow>> {
    runs(&platform, &caller, query.limit, query.status.as_deref()).await
}

/// Rows of runs, for whoever lists them.
pub(super) async fn runs(
    platform: &Platform,
    caller: &Caller,
    limit: Option<u32>,
    status: Option<&str>,
) -> Answer<Vec<RunRow>> {
    let limit = within(&["query", "limit"], limit.unwrap_or(50), 1..=200)?;
    let states = match status.filter(|status| !status.is_empty()) {
        None => Vec::new(),
        Some(status) => states_of(status).ok_or_else(|| {
            ApiError::new(StatusCode::BAD_REQUEST, "status must be pending, running, completed or failed")
        })?,
    };
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), states, ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let runs = tx.runs().window(&filter, Order::Newest, 0, limit).await?;
    Ok(Json(runs.iter().map(RunRow::of).collect()))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ResumeRequest {
    thread_id: String,
    /// Else true at the gates of script and scenes, and false at the review.
    approved: Option<bool>,
    feedback: Option<String>,
}

/// Decides at the gate where a run waits; feedback with a refusal asks for another version.
#[utoipa::path(post, path = "/content/resume", tag = "director", request_body = ResumeRequest,
    responses((status = OK, body = ContentDetail), (status = NOT_FOUND), (status = CONFLICT)))]
async fn resume(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<ResumeRequest>,
) -> Answer<ContentDetail> {
    caller.require(Role::Editor)?;
    let unknown = || ApiError::new(StatusCode::NOT_FOUND, "there is no such thread");
    let run: RunId = request.thread_id.parse().map_err(|_| unknown())?;
    let content = platform.orion.production().content_of(run).await.map_err(|_| unknown())?;
    let standing = standing(&platform, &caller, content).await?;
    let question = standing
        .question
        .filter(|question| question.run_id == run)
        .ok_or_else(|| ApiError::new(StatusCode::CONFLICT, "this thread does not wait for a decision"))?;
    let feedback = optional(&["body", "feedback"], request.feedback, MOST_FEEDBACK)?;
    let approved = request.approved.unwrap_or(question.gate != Gate::Review);
    let (orion, by) = (platform.orion.clone(), caller.user_id);
    let decided = apart(move || async move {
        let production = orion.production();
        if approved {
            production.decide(run, question.gate, question.subject, Verdict::Approve, feedback, by).await?;
        } else {
            let again = feedback.is_some();
            let rejection = orion_core::service::production::Rejection { feedback, again };
            production.reject(content, rejection, by).await?;
        }
        production.standing(content).await
    });
    Ok(Json(detail(&platform, decided.await?).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// One status.
    status: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<u32>,
    /// Rows to leave out first.
    offset: Option<u64>,
}

/// One row of a list of content.
#[derive(Debug, Serialize, ToSchema)]
struct ContentItem {
    id: Uuid,
    trend_id: Option<Uuid>,
    title: String,
    hook: Option<String>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The caller's content, newest first; everybody's for administrators.
#[utoipa::path(get, path = "/content", tag = "director", params(ListQuery),
    responses((status = OK, body = Vec<ContentItem>), (status = BAD_REQUEST)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<ListQuery>,
) -> Answer<Vec<ContentItem>> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let offset = within(&["query", "offset"], query.offset.unwrap_or(0), 0..=1_000_000)?;
    let states = status(query.status.as_deref())?;
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), states, ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let found = tx.contents().window(&filter, Order::Newest, offset, limit).await?;
    let items = found.into_iter().map(|content| ContentItem {
        id: content.id.0,
        trend_id: content.trend_id.map(|id| id.0),
        hook: content.script.as_ref().map(|script| script.text_of(LineRole::Hook)),
        status: content.status.as_str(),
        created_at: content.created_at,
        updated_at: content.updated_at,
        title: content.title,
    });
    Ok(Json(items.collect()))
}

/// One piece of content.
#[utoipa::path(get, path = "/content/{id}", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = ContentDetail), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn one(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ContentDetail> {
    let standing = standing(&platform, &caller, id).await?;
    Ok(Json(detail(&platform, standing).await?))
}

/// The script, line by line.
#[utoipa::path(get, path = "/content/{id}/script", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = ScriptView), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn script(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<ScriptView> {
    let content = content(&platform, &caller, id).await?;
    let script = content.script.as_ref().map(ScriptView::from);
    script.map(Json).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no script yet"))
}

/// What the scenes show.
#[utoipa::path(get, path = "/content/{id}/visual-prompts", tag = "director", params(("id" = Uuid, Path)),
    responses((status = OK, body = PromptsView), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn visual_prompts(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<PromptsView> {
    let content = content(&platform, &caller, id).await?;
    let prompts = content.scenes.as_ref().map(PromptsView::from);
    prompts.map(Json).ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there are no scenes yet"))
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

/// Approves what content shows: at a gate the run goes on, and a finished video may be published.
#[utoipa::path(post, path = "/content/{id}/approve", tag = "director", params(("id" = Uuid, Path)),
    request_body = Option<ApproveRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn approve(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<ApproveRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::approve(&platform, &caller, id, request).await?))
}

/// Refuses content, for good or for another version.
#[utoipa::path(post, path = "/content/{id}/reject", tag = "director", params(("id" = Uuid, Path)),
    request_body = Option<RejectRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn reject(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<RejectRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::reject(&platform, &caller, id, request).await?))
}

/// Has content made anew, heeding the feedback; three times at most.
#[utoipa::path(post, path = "/content/{id}/regenerate", tag = "director", params(("id" = Uuid, Path)),
    request_body = Option<RegenerateRequest>,
    responses((status = OK, body = ActionResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT)))]
async fn regenerate(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
    request: Option<Body<RegenerateRequest>>,
) -> Answer<ActionResult> {
    let request = request.map(|Body(request)| request).unwrap_or_default();
    Ok(Json(actions::regenerate(&platform, &caller, id, request).await?))
}
