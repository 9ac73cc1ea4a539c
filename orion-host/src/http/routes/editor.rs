//! Editor's routes, below `/api/v1/editor`: renders and speech.

use super::super::bounds::{length, text, within};
use super::super::caller::Signed;
use super::super::extract::{Body, Path, Query};
use super::super::{Answer, ApiError, Platform, Routes};
use super::media::path_of;
use super::runrow::status_of;
use super::shown::{Shown, standing};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Gate, Role, Run, RunState, Stage, Step, StepState};
use orion_core::id::ContentId;
use orion_core::port::{Filter, Order, RepositoryExt, SpeechModel, SpeechRequest, Tx};
use orion_core::service::editor::encode_wav;
use orion_core::service::production::{RenderChange, Standing};
use orion_core::{Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// Speech answers within the time that clients wait.
const PATIENCE: Duration = Duration::from_secs(50);
/// Caption styles that there are.
const STYLES: [&str; 3] = ["tiktok", "youtube", "minimal"];

mod captions;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(render))
        .routes(routes!(render_status))
        .routes(routes!(renders))
        .routes(routes!(speak))
        .merge(captions::routes())
}

#[derive(Debug, Deserialize, ToSchema)]
struct RenderRequest {
    content_id: Uuid,
    /// A voice; `default` leaves it as it was.
    voice_id: Option<String>,
    /// `tiktok`, `youtube` or `minimal`; else as it was.
    subtitle_style: Option<String>,
    /// Even, 64 to 4096; with `video_height`.
    video_width: Option<u32>,
    /// Even, 64 to 4096; with `video_width`.
    video_height: Option<u32>,
}

/// Where the render of content stands.
#[derive(Debug, Serialize, ToSchema)]
struct RenderResult {
    content_id: Uuid,
    /// `pending`, `running`, `completed` or `failed`.
    status: &'static str,
    pipeline_run_id: Option<Uuid>,
    /// The path of the video below the gateway; only `video_url` can be followed.
    video_path: Option<String>,
    video_url: Option<String>,
    message: String,
}

async fn result(platform: &Platform, standing: &Standing) -> Result<RenderResult, ApiError> {
    let Some(run) = &standing.run else {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "this content was never rendered"));
    };
    let (status, message) = match &run.state {
        // The file is there; a person looks at it.
        RunState::Waiting { gate: Gate::Review } | RunState::Completed => ("completed", "rendered".to_owned()),
        RunState::Waiting { gate } => ("running", format!("waits for a person at the gate {gate}")),
        RunState::Failed { reason, .. } => ("failed", reason.clone()),
        state => (status_of(state), state.to_string()),
    };
    let production = platform.orion.production();
    let shown = match status {
        "completed" => {
            let mut tx = production.store.read().await?;
            Shown::of(&mut *tx, &platform.links, standing.content.id, production.clock.now()).await?
        }
        _ => Shown::default(),
    };
    Ok(RenderResult {
        content_id: standing.content.id.0,
        status,
        pipeline_run_id: Some(run.id.0),
        video_path: shown.video_url.as_deref().map(path_of),
        video_url: shown.video_url,
        message,
    })
}

/// Renders the script and scenes of content once more; what is the same is not made again. Answers at once.
#[utoipa::path(post, path = "/render", tag = "editor", request_body = RenderRequest,
    responses((status = OK, body = RenderResult), (status = FORBIDDEN), (status = NOT_FOUND), (status = CONFLICT),
    (status = UNPROCESSABLE_ENTITY), (status = SERVICE_UNAVAILABLE)))]
async fn render(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(request): Body<RenderRequest>,
) -> Answer<RenderResult> {
    caller.require(Role::Editor)?;
    let id = ContentId(request.content_id);
    let captions = request.subtitle_style.map(|style| match STYLES.iter().find(|known| **known == style) {
        Some(known) => Ok((*known).to_owned()),
        None => {
            Err(ApiError::field(&["body", "subtitle_style"], "enum", format!("must be one of {}", STYLES.join(", "))))
        }
    });
    let size = match (request.video_width, request.video_height) {
        (Some(width), Some(height)) => {
            for (name, side) in [("video_width", width), ("video_height", height)] {
                within(&["body", name], side, 64..=4096)?;
                if side % 2 != 0 {
                    return Err(ApiError::field(&["body", name], "value_error", "must be even"));
                }
            }
            Some((width, height))
        }
        (None, None) => None,
        _ => return Err(ApiError::field(&["body", "video_height"], "missing", "name width and height, or neither")),
    };
    let voice = request.voice_id.filter(|voice| !matches!(voice.as_str(), "" | "default"));
    length(&["body", "voice_id"], voice.as_deref().unwrap_or_default(), 200)?;
    standing(&platform, &caller, id).await?;
    platform.orion.check_tools()?;
    let change = RenderChange { voice, captions: captions.transpose()?, size };
    let orion = platform.orion.clone();
    let run = apart(move || async move { orion.production().render_again(id, &change).await }).await?;
    Ok(Json(RenderResult {
        content_id: id.0,
        status: "running",
        pipeline_run_id: Some(run.id.0),
        video_path: None,
        video_url: None,
        message: "the render goes on in the background".to_owned(),
    }))
}

/// Where the newest render of content stands.
#[utoipa::path(get, path = "/render/{content_id}/status", tag = "editor", params(("content_id" = Uuid, Path)),
    responses((status = OK, body = RenderResult), (status = FORBIDDEN), (status = NOT_FOUND)))]
async fn render_status(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(id): Path<ContentId>,
) -> Answer<RenderResult> {
    let standing = standing(&platform, &caller, id).await?;
    Ok(Json(result(&platform, &standing).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LimitQuery {
    /// 1 to 200, else 50.
    limit: Option<u32>,
}

/// One part of a render.
#[derive(Debug, Serialize, ToSchema)]
struct RenderStage {
    /// `tts`, `captions` or `stitching`.
    name: &'static str,
    label: &'static str,
    /// `pending`, `running`, `completed` or `failed`.
    status: &'static str,
    duration_seconds: Option<f64>,
}

/// One render.
#[derive(Debug, Serialize, ToSchema)]
struct RenderJob {
    id: Uuid,
    content_id: Uuid,
    content_title: String,
    /// `queued`, `rendering`, `completed` or `failed`.
    status: &'static str,
    stages: Vec<RenderStage>,
    total_duration_seconds: Option<f64>,
    output_format: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    error: Option<String>,
}

/// Renders, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct RenderList {
    items: Vec<RenderJob>,
    total: u64,
}

/// The caller's renders, newest first; everybody's for administrators.
#[utoipa::path(get, path = "/renders", tag = "editor", params(LimitQuery), responses((status = OK, body = RenderList)))]
async fn renders(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Query(query): Query<LimitQuery>,
) -> Answer<RenderList> {
    let limit = within(&["query", "limit"], query.limit.unwrap_or(50), 1..=200)?;
    let filter = Filter { owner: caller.sees().map(|owner| owner.0), ..Filter::default() };
    let mut tx = platform.orion.production().store.read().await?;
    let total = tx.runs().count(&filter).await?;
    let mut items = Vec::new();
    for run in tx.runs().window(&filter, Order::Newest, 0, limit).await? {
        items.push(job(&mut *tx, &run).await?);
    }
    Ok(Json(RenderList { items, total }))
}

async fn job(tx: &mut dyn Tx, run: &Run) -> Result<RenderJob> {
    let content = tx.contents().require(run.content_id).await?;
    let filter = Filter { parent: Some(run.id.0), ..Filter::default() };
    let steps = tx.steps().every(&filter, Order::Oldest, 10_000).await?;
    let at = match &run.state {
        RunState::Running { stage } | RunState::Failed { stage, .. } | RunState::Cancelled { stage } => Some(*stage),
        _ => None,
    };
    let rendered = steps.iter().any(|step| step.key == "render" && step.state == StepState::Finished);
    let ended = matches!(run.state, RunState::Completed | RunState::Waiting { gate: Gate::Review });
    let broken = matches!(run.state, RunState::Failed { .. } | RunState::Cancelled { .. });
    let of = |stage: Stage| match at {
        _ if ended => "completed",
        Some(now) if now > stage => "completed",
        Some(now) if now == stage && broken => "failed",
        Some(now) if now == stage => "running",
        _ => "pending",
    };
    let took = |key: fn(&str) -> bool| {
        let times: Vec<f64> =
            steps.iter().filter(|step| key(&step.key)).filter_map(Step::took).map(|took| took.as_secs_f64()).collect();
        (!times.is_empty()).then(|| times.iter().sum::<f64>())
    };
    let (speech, render) = (took(|key| key.starts_with("speech/")), took(|key| key == "render"));
    // Captions are laid out from the voice's own word times, within the render.
    let captions = if of(Stage::Video) == "completed" { of(Stage::Render) } else { "pending" };
    let stages = vec![
        RenderStage { name: "tts", label: "TTS", status: of(Stage::Video), duration_seconds: speech },
        RenderStage { name: "captions", label: "Captions", status: captions, duration_seconds: None },
        RenderStage { name: "stitching", label: "Stitching", status: of(Stage::Render), duration_seconds: render },
    ];
    let status = match &run.state {
        _ if ended || rendered && !broken => "completed",
        RunState::Running { stage: Stage::Video | Stage::Render } => "rendering",
        RunState::Failed { .. } | RunState::Rejected { .. } | RunState::Cancelled { .. } => "failed",
        _ => "queued",
    };
    let done = steps.iter().filter(|step| step.key == "render").find_map(|step| step.finished_at);
    let started = steps.iter().filter(|step| step.key.starts_with("speech/")).map(|step| step.started_at).min();
    Ok(RenderJob {
        id: run.id.0,
        content_id: run.content_id.0,
        content_title: content.title,
        status,
        stages,
        total_duration_seconds: speech.zip(render).map(|(speech, render)| speech + render),
        output_format: "mp4",
        started_at: started.or(run.started_at).unwrap_or(run.created_at),
        completed_at: (status == "completed").then_some(done).flatten(),
        error: match &run.state {
            RunState::Failed { reason, .. } => Some(reason.clone()),
            _ => None,
        },
    })
}

#[derive(Debug, Deserialize, ToSchema)]
struct SpeechOrder {
    /// 1 to 5000 characters.
    text: String,
    /// A voice, or `default`.
    voice_id: Option<String>,
    /// 0.5 to 2, else 1.
    speed: Option<f64>,
    /// `mp3` (else) or `wav`.
    output_format: Option<String>,
    /// Language of the text, else `en`.
    language: Option<String>,
}

/// Speech as a file.
#[derive(Debug, Serialize, ToSchema)]
struct SpeechAnswer {
    /// Its path below the gateway; only `url` can be followed.
    file_path: String,
    /// A signed link to it.
    url: String,
    duration_seconds: f64,
    provider: String,
}

/// Speaks a text.
#[utoipa::path(post, path = "/tts", tag = "editor", request_body = SpeechOrder,
    responses((status = OK, body = SpeechAnswer), (status = UNPROCESSABLE_ENTITY), (status = SERVICE_UNAVAILABLE)))]
async fn speak(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(order): Body<SpeechOrder>,
) -> Answer<SpeechAnswer> {
    caller.require(Role::Editor)?;
    text(&["body", "text"], &order.text, SpeechRequest::MOST_CHARACTERS)?;
    let speed = within(&["body", "speed"], order.speed.unwrap_or(1.0), 0.5..=2.0)?;
    let mp3 = match order.output_format.as_deref() {
        None | Some("mp3") => true,
        Some("wav") => false,
        Some(_) => return Err(ApiError::field(&["body", "output_format"], "enum", "must be mp3 or wav")),
    };
    if mp3 {
        platform.orion.check_tools()?;
    }
    let language = order.language.unwrap_or_else(|| "en".to_owned());
    text(&["body", "language"], &language, 16)?;
    let voice = order.voice_id.filter(|voice| !matches!(voice.as_str(), "" | "default"));
    length(&["body", "voice_id"], voice.as_deref().unwrap_or_default(), 200)?;
    let request = SpeechRequest { text: order.text, voice, language, speed };
    let orion = platform.orion.clone();
    let spoken = apart(move || async move {
        let operation = Operation::detached();
        let (speech, request) = (&orion.production().editor.speech, &request);
        let operation = &operation;
        let say = |model: Arc<dyn SpeechModel>| async move { model.speak(request, operation).await };
        let served = speech.call(&operation.cancellation, say).await?;
        let seconds = served.value.samples.len() as f64 / f64::from(served.value.sample_rate.max(1));
        let wav = encode_wav(&served.value.samples, served.value.sample_rate);
        let (sound, media_type) = match mp3 {
            true => (orion.transcoder().mp3(wav, operation).await?, "audio/mpeg"),
            false => (wav, "audio/wav"),
        };
        let blob = orion.production().blobs.put(sound, media_type).await?;
        Ok((blob, seconds, served.by.name))
    });
    let late = |_| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the voice did not answer in time");
    let (blob, duration_seconds, provider) = tokio::time::timeout(PATIENCE, spoken).await.map_err(late)??;
    let url = platform.links.to(&blob, "speech", platform.orion.production().clock.now());
    Ok(Json(SpeechAnswer { file_path: path_of(&url), url, duration_seconds, provider }))
}
