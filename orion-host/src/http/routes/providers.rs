//! Who generates: which provider serves a capability, how each does, and which is to serve from now on (contract,
//! section 2.8).

use super::super::bounds::length;
use super::super::caller::Signed;
use super::super::extract::{Body, Path};
use super::super::{Answer, ApiError, Platform, Routes};
use crate::switch::{CapabilityStanding, Choice, NOBODY, Switchable};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::domain::Role;
use orion_core::port::Side;
use orion_core::strategy::{CircuitState, Standing};
use orion_core::{ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(status)).routes(routes!(configure, reset))
}

/// Who serves a capability.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderStatus {
    /// `llm`, `image`, `video`, `tts`, `stt` or `embeddings`.
    service: String,
    /// `LOCAL` or `CLOUD`.
    provider: &'static str,
    /// The provider with its model.
    model: String,
    /// `connected`: somebody may serve, and is not being left alone. `off`: it was switched off just now.
    status: &'static str,
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Local => "LOCAL",
        Side::Cloud => "CLOUD",
    }
}

/// The capability of a path.
fn switchable(service: &str) -> Result<Switchable, ApiError> {
    Switchable::named(service).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, format!("the services are {}", Switchable::names().join(", ")))
    })
}

fn standing(platform: &Platform, capability: Switchable) -> Option<CapabilityStanding> {
    platform.orion.capabilities().into_iter().find(|standing| standing.name == capability.as_str())
}

fn shown(platform: &Platform, capability: Switchable) -> Result<ProviderStatus, ApiError> {
    let providers = standing(platform, capability).map(|standing| standing.providers).unwrap_or_default();
    let mut serving: Vec<Standing> = providers.into_iter().filter(|provider| provider.place.is_some()).collect();
    serving.sort_by_key(|provider| provider.place);
    let none = || ApiError::new(StatusCode::NOT_FOUND, "nobody serves this under the policy in force");
    if serving.is_empty() {
        return Err(none());
    }
    let open = |standing: &Standing| matches!(standing.circuit, CircuitState::Open { .. });
    let first = serving.into_iter().find(|standing| !open(standing)).ok_or_else(|| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "everybody who may serve kept failing, and is left alone")
    })?;
    Ok(ProviderStatus {
        service: capability.as_str().to_owned(),
        provider: side(first.provider.side),
        model: first.provider.to_string(),
        status: "connected",
    })
}

/// Who serves a capability first.
#[utoipa::path(get, path = "/{service}/status", tag = "providers", params(("service" = String, Path)),
    responses((status = OK, body = ProviderStatus), (status = NOT_FOUND), (status = SERVICE_UNAVAILABLE)))]
async fn status(
    State(platform): State<Arc<Platform>>,
    _: Signed,
    Path(service): Path<String>,
) -> Answer<ProviderStatus> {
    Ok(Json(shown(&platform, switchable(&service)?)?))
}

/// A failure of a provider.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderFailure {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    error: String,
}

/// How one provider does, since the process began that asks it.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderView {
    provider: String,
    model: String,
    /// `LOCAL` or `CLOUD`.
    mode: &'static str,
    /// Its place among those who are asked, from one; null for one that the policy forbids.
    place: Option<usize>,
    /// Whether it would be asked now.
    available: bool,
    /// Why not.
    why_not: Option<String>,
    /// `closed`: it is asked. `open`: it is left alone because it kept failing. `half_open`: one call finds out.
    circuit: &'static str,
    /// How often it was asked, retries included.
    requests: u64,
    errors: u64,
    /// How often another was asked in its place.
    fallbacks: u64,
    cost_usd: f64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_served_at: Option<Timestamp>,
    /// Latest first, at most five.
    last_failures: Vec<ProviderFailure>,
}

impl ProviderView {
    fn of(capability: &CapabilityStanding, standing: Standing) -> Self {
        let Standing { provider, place, circuit, tally } = standing;
        let why_not = match (place, circuit) {
            (None, _) => Some(format!("never asked, as policy is {}", capability.policy)),
            (_, CircuitState::Open { until }) => Some(format!("kept failing, and is left alone until {until}")),
            (_, CircuitState::HalfOpen) => Some("kept failing, and one call finds out how it is".to_owned()),
            _ => None,
        };
        Self {
            provider: provider.name,
            model: provider.model,
            mode: side(provider.side),
            place,
            available: why_not.is_none(),
            why_not,
            circuit: circuit.as_str(),
            requests: tally.requests,
            errors: tally.errors,
            fallbacks: tally.fallbacks,
            cost_usd: tally.paid.dollars(),
            last_served_at: tally.served_at,
            last_failures: tally
                .failures
                .into_iter()
                .map(|failure| ProviderFailure { at: failure.at, error: failure.error })
                .collect(),
        }
    }
}

/// How a capability stands.
#[derive(Debug, Serialize, ToSchema)]
struct CapabilityView {
    /// `llm`, `critic` (chosen with `llm`), `image`, `video`, `tts`, `stt` or `embeddings`.
    service: &'static str,
    /// Who may serve, in words: `local`, `cloud`, `prefer-local`, `prefer-cloud`, or names in their order.
    policy: String,
    /// What was chosen at run time; null while the configuration holds.
    chosen: Option<ProviderChoice>,
    /// Who served last.
    served_last: Option<String>,
    providers: Vec<ProviderView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Capabilities {
    items: Vec<CapabilityView>,
}

/// How every capability stands: who serves, who not and why, and how each did.
#[utoipa::path(get, path = "", tag = "providers", operation_id = "list_providers",
    responses((status = OK, body = Capabilities)))]
async fn list(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<Capabilities> {
    let items = platform.orion.capabilities().into_iter().map(|mut capability| {
        let standings = std::mem::take(&mut capability.providers);
        let served = standings.iter().filter(|standing| standing.tally.served_at.is_some());
        let served_last = served.max_by_key(|standing| standing.tally.served_at).map(|last| last.provider.to_string());
        CapabilityView {
            service: capability.name,
            policy: capability.policy.to_string(),
            chosen: capability.choice.as_ref().map(ProviderChoice::from),
            served_last,
            providers: standings.into_iter().map(|standing| ProviderView::of(&capability, standing)).collect(),
        }
    });
    Ok(Json(Capabilities { items: items.collect() }))
}

/// Who is to serve.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct ProviderChoice {
    /// `LOCAL` or `CLOUD`.
    provider: String,
    /// A provider or model of that side; empty takes all of them in the order of the configuration.
    #[serde(default)]
    model: String,
    /// The provider's name, or the scheme of its address. With it one can be chosen that no setting names: `ollama`
    /// with the model `mistral`. `none` switches `video` or `stt` off.
    #[serde(default)]
    name: String,
    /// Whether those whom the configuration names follow if it fails.
    #[serde(default)]
    fallback: bool,
}

impl From<&Choice> for ProviderChoice {
    fn from(choice: &Choice) -> Self {
        let Choice { mode, provider, model, fallback } = choice.clone();
        Self { provider: side(mode).to_owned(), model, name: provider, fallback }
    }
}

impl ProviderChoice {
    fn read(self) -> Result<Choice, ApiError> {
        length(&["body", "model"], &self.model, 200)?;
        length(&["body", "name"], &self.name, 200)?;
        let mode = match self.provider.as_str() {
            "LOCAL" => Side::Local,
            "CLOUD" => Side::Cloud,
            _ => return Err(ApiError::field(&["body", "provider"], "enum", "must be LOCAL or CLOUD")),
        };
        let (provider, model) = (self.name.trim().to_owned(), self.model.trim().to_owned());
        Ok(Choice { mode, provider, model, fallback: self.fallback })
    }
}

/// Chooses who serves a capability from now on, in every process and after restarts too.
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
    let capability = switchable(&service)?;
    let choice = choice.read()?;
    // What a person names is opened by its address; its credentials are the operator's, and only admins may have more
    // opened than the operator named.
    if !platform.orion.is_set_up(capability, &choice) {
        caller.require(Role::Admin)?;
    }
    let mode = choice.is_nobody().then(|| side(choice.mode));
    platform.orion.switch(capability, Some(choice)).await.map_err(|error| match error.kind() {
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Unsupported => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            ApiError::field(&["body", "model"], "value_error", format!("{error}{hint}"))
        }
        _ => error.into(),
    })?;
    if let Some(provider) = mode {
        let service = capability.as_str().to_owned();
        return Ok(Json(ProviderStatus { service, provider, model: NOBODY.to_owned(), status: "off" }));
    }
    Ok(Json(shown(&platform, capability)?))
}

/// Goes back to whoever the configuration names, in every process. Where it names nobody, that is said with a 404 after
/// the change is made.
#[utoipa::path(delete, path = "/{service}/config", tag = "providers", params(("service" = String, Path)),
    operation_id = "reset_provider", responses((status = OK, body = ProviderStatus), (status = FORBIDDEN),
    (status = NOT_FOUND), (status = SERVICE_UNAVAILABLE)))]
async fn reset(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Path(service): Path<String>,
) -> Answer<ProviderStatus> {
    caller.require(Role::Editor)?;
    let capability = switchable(&service)?;
    platform.orion.switch(capability, None).await?;
    Ok(Json(shown(&platform, capability)?))
}
