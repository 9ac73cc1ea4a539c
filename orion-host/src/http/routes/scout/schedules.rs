//! When is scanned by itself.

use super::super::super::bounds::{text, within};
use super::super::super::caller::Signed;
use super::super::super::extract::Body;
use super::super::super::{Answer, Platform, Routes};
use super::known;
use axum::Json;
use axum::extract::State;
use orion_core::Timestamp;
use orion_core::domain::Role;
use orion_core::service::scout::{Schedule, ScheduleChange};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(schedules, set_schedule))
}

/// When is scanned for a niche.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
struct ScheduleView {
    /// The niche; `null` for everything.
    niche: Option<String>,
    /// Minutes between two scans; 0 for none.
    minutes: u64,
    /// Whether it follows the settings, while the niche is the one in force.
    follows_settings: bool,
    region: String,
    limit: u32,
    /// When the next scan is due; `null` for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Whether a scan is under way.
    running: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    trends_found: Option<u64>,
    trends_saved: Option<u64>,
    /// Why the last scan found nothing, or what part of it failed.
    problem: Option<String>,
}

impl ScheduleView {
    fn of(platform: &Platform, schedule: Schedule, every: Option<Duration>) -> Self {
        let plan = &platform.orion.scout().plan;
        let last = schedule.last;
        Self {
            niche: schedule.niche,
            minutes: every.map_or(0, |every| every.as_secs() / 60),
            follows_settings: schedule.minutes.is_none(),
            region: schedule.region.unwrap_or_else(|| plan.region.clone()),
            limit: schedule.limit.unwrap_or(plan.limit),
            next_at: every.map(|_| schedule.next_at),
            running: schedule.running,
            last_at: last.as_ref().map(|last| last.at),
            trends_found: last.as_ref().map(|last| last.found),
            trends_saved: last.as_ref().map(|last| last.saved),
            problem: last.and_then(|last| last.problem),
        }
    }
}

/// Every schedule.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleList {
    schedules: Vec<ScheduleView>,
}

/// When is scanned for which niche, and how the last scans ended.
#[utoipa::path(get, path = "/schedules", tag = "scout", responses((status = OK, body = ScheduleList)))]
async fn schedules(State(platform): State<Arc<Platform>>, _: Signed) -> Answer<ScheduleList> {
    let schedules = platform.orion.scout().schedules().await?;
    let schedules = schedules.into_iter().map(|(schedule, every)| ScheduleView::of(&platform, schedule, every));
    Ok(Json(ScheduleList { schedules: schedules.collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
struct ScheduleBody {
    /// The niche; none for everything.
    niche: Option<String>,
    /// Minutes between two scans, 0 to turn them off, at most a week.
    minutes: u32,
    /// Country whose trends are asked for; none follows the settings.
    region: Option<String>,
    /// Items of each source, 1 to 100; none follows the settings.
    limit: Option<u32>,
}

/// Sets when is scanned for a niche; the next scan is due at once.
#[utoipa::path(put, path = "/schedules", tag = "scout", request_body = ScheduleBody,
    responses((status = OK, body = ScheduleView), (status = BAD_REQUEST)))]
async fn set_schedule(
    State(platform): State<Arc<Platform>>,
    Signed(caller): Signed,
    Body(body): Body<ScheduleBody>,
) -> Answer<ScheduleView> {
    caller.require(Role::Editor)?;
    let minutes = within(&["body", "minutes"], body.minutes, 0..=7 * 24 * 60)?;
    let limit = body.limit.map(|limit| within(&["body", "limit"], limit, 1..=100)).transpose()?;
    if let Some(region) = &body.region {
        text(&["body", "region"], region, 8)?;
    }
    let niche = body.niche.filter(|niche| !niche.trim().is_empty());
    niche.as_deref().map_or(Ok(()), known)?;
    let change = ScheduleChange { minutes, region: body.region, limit };
    let schedule = platform.orion.scout().set_schedule(niche.as_deref(), change).await?;
    let every = (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60));
    Ok(Json(ScheduleView::of(&platform, schedule, every)))
}
