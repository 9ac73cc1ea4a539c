//! What a person decides about content: the same under the director's paths and the dashboard's.

use super::super::bounds::optional;
use super::super::{ApiError, Platform};
use super::shown::{ActionResult, standing};
use crate::system::apart;
use orion_core::domain::{Content, ContentStatus, Role, Sha256};
use orion_core::id::ContentId;
use orion_core::service::identity::Caller;
use orion_core::service::production::Rejection;
use serde::Deserialize;
use utoipa::ToSchema;

/// No feedback is longer.
pub(super) const MOST_FEEDBACK: usize = 2000;

/// An approval; the body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct ApproveRequest {
    /// SHA-256 of what was seen, as `review_payload.subject` gave it: if it has changed since, nothing is approved.
    subject: Option<String>,
}

/// A refusal; the body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct RejectRequest {
    /// Why.
    reason: Option<String>,
    /// What to do better.
    feedback: Option<String>,
    /// Whether another version is wanted.
    #[serde(default)]
    regenerate: bool,
}

/// A wish for another version; the body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct RegenerateRequest {
    /// What to do better.
    feedback: Option<String>,
}

pub(super) async fn approve(
    platform: &Platform,
    caller: &Caller,
    id: ContentId,
    request: ApproveRequest,
) -> Result<ActionResult, ApiError> {
    caller.require(Role::Editor)?;
    standing(platform, caller, id).await?;
    let subject = request.subject.as_deref().map(str::parse::<Sha256>).transpose();
    let subject = subject.map_err(|error| ApiError::field(&["body", "subject"], "value_error", error.to_string()))?;
    let (orion, by) = (platform.orion.clone(), caller.user_id);
    let content = apart(move || async move { orion.production().approve(id, subject, by).await }).await?;
    Ok(ActionResult::of(&content, told(&content)))
}

pub(super) async fn reject(
    platform: &Platform,
    caller: &Caller,
    id: ContentId,
    request: RejectRequest,
) -> Result<ActionResult, ApiError> {
    caller.require(Role::Editor)?;
    standing(platform, caller, id).await?;
    let reason = optional(&["body", "reason"], request.reason, MOST_FEEDBACK)?;
    let feedback = optional(&["body", "feedback"], request.feedback, MOST_FEEDBACK)?;
    let feedback = match (reason, feedback) {
        (Some(reason), Some(feedback)) if reason != feedback => Some(format!("{reason}\n{feedback}")),
        (reason, feedback) => feedback.or(reason),
    };
    let (orion, by) = (platform.orion.clone(), caller.user_id);
    let rejection = Rejection { feedback, again: request.regenerate };
    let content = apart(move || async move { orion.production().reject(id, rejection, by).await }).await?;
    Ok(ActionResult::of(&content, told(&content)))
}

pub(super) async fn regenerate(
    platform: &Platform,
    caller: &Caller,
    id: ContentId,
    request: RegenerateRequest,
) -> Result<ActionResult, ApiError> {
    caller.require(Role::Editor)?;
    standing(platform, caller, id).await?;
    let feedback = optional(&["body", "feedback"], request.feedback, MOST_FEEDBACK)?;
    let (orion, by) = (platform.orion.clone(), caller.user_id);
    let content = apart(move || async move { orion.production().regenerate(id, feedback, by).await }).await?;
    Ok(ActionResult::of(&content, told(&content)))
}

fn told(content: &Content) -> &'static str {
    match content.status {
        ContentStatus::Generating => "work goes on in the background",
        ContentStatus::Approved => "approved; it may be published now",
        ContentStatus::Rejected => "rejected",
        ContentStatus::Review => "waits for review",
        ContentStatus::Draft | ContentStatus::Published => "done",
    }
}
