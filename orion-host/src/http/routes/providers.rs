//! Who generates: which provider serves a capability, and which is to serve from now on (contract, section 2.8).

use super::super::bounds::length;
use super::super::caller::Signed;
use super::super::extract::{Body, Path};
use super::super::{Answer, ApiError, Platform, Routes};
use crate::engine::Orion;
use crate::work::scan::put_setting;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::Role;
use orion_core::port::{Provider, Side};
use orion_core::strategy::{Capability, Policy, Strategy};
use orion_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The capabilities that can be switched.
const SERVICES: [&str; 3] = ["llm", "image", "tts"];

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(status)).routes(routes!(configure))
}

/// Who serves a capability.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderStatus {
    /// `llm`, `image` or `tts`.
    service: String,
    /// `LOCAL` or `CLOUD`.
    provider: &'static str,
    /// The provider with its model.
    model: String,
    /// `connected`: somebody may serve.
    status: &'static str,
}

fn shown(service: String, serving: Option<Provider>) -> Result<ProviderStatus, ApiError> {
    let serving = serving.ok_or_else(|| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "nobody serves this under the policy in force")
    })?;
    Ok(ProviderStatus {
        service,
        provider: match serving.side {
            Side::Local => "LOCAL",
            Side::Cloud => "CLOUD",
        },
        model: serving.to_string(),
        status: "connected",
    })
}

/// Who may serve a capability, in the order in which they are asked.
fn order(orion: &Orion, service: &str) -> Result<Vec<Provider>, ApiError> {
    let production = orion.production();
    match service {
        "llm" => Ok(production.director.writer.order()),
        "image" => Ok(production.media.images.order()),
        "tts" => Ok(production.editor.speech.order()),
        "video" => {
            let message = "clips are not generated here: stills are set in motion by the renderer";
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message))
        }
        _ => Err(ApiError::new(StatusCode::NOT_FOUND, "the services are llm, image, video and tts")),
    }
}

/// Who serves a capability first.
#[utoipa::path(get, path = "/{service}/status", tag = "providers", params(("service" = String, Path)),
    responses((status = OK, body = ProviderStatus), (status = NOT_FOUND), (status = SERVICE_UNAVAILABLE)))]
async fn status(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Path(service): Path<String>,
) -> Answer<ProviderStatus> {
    let serving = order(&platform.orion, &service)?.into_iter().next();
    Ok(Json(shown(service, serving)?))
}

/// Who is to serve.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct ProviderChoice {
    /// `LOCAL` or `CLOUD`.
    provider: String,
    /// A provider or model of that side; empty takes all of them in the order of the configuration.
    #[serde(default)]
    model: String,
}

/// Chooses who serves a capability from now on, after restarts too.
#[utoipa::path(put, path = "/{service}/config", tag = "providers", params(("service" = String, Path)),
    request_body = ProviderChoice, responses((status = OK, body = ProviderStatus), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = UNPROCESSABLE_ENTITY)))]
async fn configure(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(service): Path<String>,
    Body(choice): Body<ProviderChoice>,
) -> Answer<ProviderStatus> {
    caller.require(Role::Editor)?;
    order(&platform.orion, &service)?;
    length(&["body", "model"], &choice.model, 200)?;
    apply(&platform.orion, &service, &choice)?;
    put_setting(&platform.orion, &name(&service), serde_json::to_value(&choice).unwrap_or_default()).await?;
    let serving = order(&platform.orion, &service)?.into_iter().next();
    Ok(Json(shown(service, serving)?))
}

fn name(service: &str) -> String {
    format!("provider/{service}")
}

fn apply(orion: &Orion, service: &str, choice: &ProviderChoice) -> Result<(), ApiError> {
    let production = orion.production();
    match service {
        "llm" => choose(&production.director.writer, choice),
        "image" => choose(&production.media.images, choice),
        _ => choose(&production.editor.speech, choice),
    }
}

fn choose<P: Capability + ?Sized>(strategy: &Strategy<P>, choice: &ProviderChoice) -> Result<(), ApiError> {
    let (side, policy) = match choice.provider.as_str() {
        "LOCAL" => (Side::Local, Policy::Local),
        "CLOUD" => (Side::Cloud, Policy::Cloud),
        _ => return Err(ApiError::field(&["body", "provider"], "enum", "must be LOCAL or CLOUD")),
    };
    let policy = match choice.model.trim() {
        "" => policy,
        model => {
            let mut there = strategy.providers().filter(|provider| provider.side == side);
            let chosen = there.find(|provider| provider.answers_to(model) || provider.model == model);
            let Some(chosen) = chosen else {
                let known: Vec<String> = strategy.providers().map(ToString::to_string).collect();
                let message = format!("nobody of this name is set up; there are: {}", known.join(", "));
                return Err(ApiError::field(&["body", "model"], "value_error", message));
            };
            Policy::Chain(vec![chosen.to_string()])
        }
    };
    strategy.set_policy(policy).map_err(|error| match error.kind() {
        ErrorKind::Invalid => ApiError::field(&["body", "provider"], "value_error", error.to_string()),
        _ => error.into(),
    })
}

/// Puts the choices of earlier days in force. One that no longer fits, because a provider is gone, is left out.
///
/// # Errors
/// What the store says.
pub(in super::super) async fn restore(orion: &Orion) -> Result<()> {
    let mut tx = orion.production().store.read().await?;
    for service in SERVICES {
        let Some(setting) = tx.settings().find(&name(service)).await? else { continue };
        let choice = serde_json::from_value::<ProviderChoice>(setting.value).ok();
        if choice.is_none_or(|choice| apply(orion, service, &choice).is_err()) {
            tracing::warn!(service, "the provider that was chosen is no longer set up; the configuration holds");
        }
    }
    Ok(())
}
