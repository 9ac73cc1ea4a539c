//! Having content made.

use super::super::shown::standing;
use super::{ContentDetail, detail};
use crate::http::bounds::{length, optional, text, within};
use crate::http::caller::Signed;
use crate::http::extract::Body;
use crate::http::{ApiError, Platform, Routes};
use crate::system::apart;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::{Gate, Role, Run};
use orion_core::id::TrendId;
use orion_core::service::identity::Caller;
use orion_core::service::production::{CreateRequest, Subject};
use orion_core::{Operation, Result};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

/// No script of a short video is longer.
const MOST_SCRIPT: usize = 20_000;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(generate))
}

/// What to make. Exactly one of `trend_id`, `topic`, `url`, `text` and `script` says what about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct GenerateRequest {
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
    /// Content about a trend, with everything else as the configuration has it.
    pub(super) fn of_trend(id: Uuid, gates: Vec<String>) -> Self {
        Self { trend_id: Some(id), gates, ..Self::default() }
    }

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
    pub(super) fn request(self, platform: &Platform) -> Result<CreateRequest, ApiError> {
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

/// Writes a run down; the workers do it.
pub(super) async fn begin(platform: &Platform, caller: &Caller, request: CreateRequest) -> Result<Run, ApiError> {
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
