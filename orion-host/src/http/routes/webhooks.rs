//! What others tell the platform: alerts of what watches it (contract, section 1.5).

use super::super::extract::Body;
use super::super::{ApiError, Platform, Routes};
use axum::extract::State;
use axum::http::StatusCode;
use orion_core::event::Event;
use orion_core::id::{EventId, UserId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// So many alerts of one call are taken; Alertmanager tells of what is left over by itself.
const MOST: usize = 100;
/// Longest text of an alert that is kept, in characters.
const TEXT: usize = 500;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(alerts))
}

/// A group of alerts, as Alertmanager sends it (version 4); what is not named here is ignored.
#[derive(Debug, Deserialize, ToSchema)]
struct AlertGroup {
    alerts: Vec<Alert>,
}

/// One alert.
#[derive(Debug, Deserialize, ToSchema)]
struct Alert {
    /// `firing` or `resolved`.
    status: String,
    /// `alertname`, `severity` and others.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// `summary`, `description` and others.
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Takes alerts, and tells the administrators.
#[utoipa::path(post, path = "/alerts", tag = "system", operation_id = "take_alerts", request_body = AlertGroup,
    responses((status = NO_CONTENT), (status = UNAUTHORIZED), (status = UNPROCESSABLE_ENTITY)))]
async fn alerts(State(platform): State<Arc<Platform>>, Body(group): Body<AlertGroup>) -> Result<StatusCode, ApiError> {
    let production = platform.orion.production();
    let mut tx = production.store.begin().await?;
    let mut records = Vec::new();
    for alert in group.alerts.iter().take(MOST) {
        let firing = match alert.status.as_str() {
            "firing" => true,
            "resolved" => false,
            _ => return Err(ApiError::field(&["body", "alerts", "status"], "enum", "must be firing or resolved")),
        };
        let text = |texts: &BTreeMap<String, String>, names: &[&str]| {
            let found = names.iter().find_map(|name| texts.get(*name)).map(String::as_str).unwrap_or_default();
            found.chars().take(TEXT).collect::<String>()
        };
        let event = Event::AlertRaised {
            name: text(&alert.labels, &["alertname"]),
            severity: text(&alert.labels, &["severity"]),
            firing,
            summary: text(&alert.annotations, &["summary", "description", "message"]),
        };
        let id = EventId::random(&*production.entropy);
        // The system's own: administrators see it, and nobody else does.
        records.push(tx.append(id, production.clock.now(), Some(UserId::SYSTEM), &event).await?);
    }
    tx.commit().await?;
    for record in &records {
        // The log is the record; who is not woken looks by himself.
        let _ = production.wire.announce(record).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
