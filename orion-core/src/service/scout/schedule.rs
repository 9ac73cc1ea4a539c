//! When is scanned for which niche: one row a schedule, so that it survives restarts, and one scan an interval however
//! many processes look.
//!
//! A scan begins by taking a lease, as work on runs does, and who comes second gets nothing. It ends in the transaction
//! that saves what was found and sets the next time. A worker that died leaves a lease that runs out; one that was
//! overtaken is refused by the fence, and then nothing of its scan is saved.

use super::health::is_race;
use super::{ScanReport, ScanRequest, Scout, built_in};
use crate::domain::Setting;
use crate::port::{Filter, Order, RepositoryExt, Tx};
use crate::service::lease::{Tenure, Worker};
use crate::{Error, Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a schedule is kept among the settings, before the name of its niche; `*` is the one without a niche.
const PREFIX: &str = "scout.schedule/";
/// The setting that names the niche in force.
const NICHE: &str = "scout.niche";
/// Most settings that are looked at for schedules.
const MOST_SETTINGS: usize = 10_000;
/// Longest time between two scans: a week, in minutes.
const LONGEST: u32 = 7 * 24 * 60;

/// What is scanned for where no schedule says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPlan {
    /// The niche in force until another one is chosen; `None` for everything.
    pub niche: Option<String>,
    /// Minutes between two scans for the niche in force; 0 for none.
    pub minutes: u32,
    /// Country whose trends are asked for.
    pub region: String,
    /// Items of each source.
    pub limit: u32,
}

impl Default for ScanPlan {
    /// Everything, every 30 minutes, in the US, 20 items (contract, section 5.1).
    fn default() -> Self {
        Self { niche: None, minutes: 30, region: "US".to_owned(), limit: 20 }
    }
}

/// When is scanned for one niche.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The niche; `None` for everything.
    pub niche: Option<String>,
    /// Minutes between two scans, 0 for none; `None` follows the plan while the niche is the one in force.
    pub minutes: Option<u32>,
    /// Country whose trends are asked for; `None` follows the plan.
    pub region: Option<String>,
    /// Items of each source; `None` follows the plan.
    pub limit: Option<u32>,
    /// When the next scan is due.
    pub next_at: Timestamp,
    /// The last scan that ended.
    pub last: Option<LastScan>,
    /// Whether a scan is under way; known from its lease, and not part of the row.
    #[serde(skip)]
    pub running: bool,
}

/// How a scheduled scan ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastScan {
    /// When it was due.
    pub due_at: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// Topics that it found.
    pub found: u64,
    /// How many of them were new.
    pub saved: u64,
    /// Why it found nothing, or what part of it failed.
    pub problem: Option<String>,
}

/// A change to a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleChange {
    /// Minutes between two scans, 0 turns it off.
    pub minutes: u32,
    /// Country whose trends are asked for; `None` follows the plan.
    pub region: Option<String>,
    /// Items of each source; `None` follows the plan.
    pub limit: Option<u32>,
}

/// The right to scan once for a schedule.
#[derive(Debug, Clone)]
pub struct ScanTurn {
    /// What to scan for.
    pub request: ScanRequest,
    key: String,
    tenure: Tenure,
    due_at: Timestamp,
    interval: Duration,
}

impl Schedule {
    fn first(niche: Option<String>, now: Timestamp) -> Self {
        Self { niche, minutes: None, region: None, limit: None, next_at: now, last: None, running: false }
    }

    /// Time between two scans under a plan and the niche in force; `None` if there are none.
    pub fn interval(&self, plan: &ScanPlan, active: Option<&str>) -> Option<Duration> {
        let planned = if self.niche.as_deref() == active { plan.minutes } else { 0 };
        let minutes = self.minutes.unwrap_or(planned).min(LONGEST);
        (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
    }

    /// Whether a scan may begin at `now`. A time far ahead was written by a clock that was wrong; one that is a little
    /// ahead by a worker that looked at the same moment.
    fn is_due(&self, interval: Duration, now: Timestamp) -> bool {
        self.next_at <= now || self.next_at > now.after(2 * interval)
    }

    fn read(setting: &Setting) -> Option<Self> {
        setting.name.strip_prefix(PREFIX)?;
        serde_json::from_value(setting.value.clone()).ok()
    }
}

fn key(niche: Option<&str>) -> String {
    format!("{PREFIX}{}", niche.unwrap_or("*"))
}

/// The lease under which is scanned for a niche.
fn lease_of(niche: Option<&str>) -> String {
    format!("scan/{}", niche.unwrap_or("*"))
}

impl Scout {
    /// The niche that scans filter by: the one that was chosen at run time, else that of the plan.
    ///
    /// # Errors
    /// What the store says.
    pub async fn active_niche(&self) -> Result<Option<String>> {
        let stored = self.store.read().await?.settings().find(NICHE).await?;
        let chosen = stored.and_then(|setting| setting.value.as_str().map(str::to_owned));
        Ok(chosen.or_else(|| self.plan.niche.clone()).filter(|niche| !niche.is_empty()))
    }

    /// Chooses the niche that scans filter by from now on, in every process.
    ///
    /// # Errors
    /// `Invalid` for an unknown niche; `Conflict` if somebody else chose at the same moment; what the store says.
    pub async fn choose_niche(&self, name: &str) -> Result<String> {
        let name = built_in(name)?.name;
        let mut tx = self.store.begin().await?;
        let stored = tx.settings().find(NICHE).await?;
        self.put(tx.as_mut(), stored, NICHE.to_owned(), name.clone().into(), self.clock.now()).await?;
        tx.commit().await?;
        Ok(name)
    }

    /// Every schedule with its interval, the one of the niche in force among them even before its first scan.
    ///
    /// # Errors
    /// What the store says.
    pub async fn schedules(&self) -> Result<Vec<(Schedule, Option<Duration>)>> {
        let now = self.clock.now();
        let mut schedules = self.schedules_at(now).await?;
        let mut tx = self.store.read().await?;
        for (schedule, _) in &mut schedules {
            let lease = tx.lease(&lease_of(schedule.niche.as_deref())).await?;
            schedule.running = lease.is_some_and(|lease| lease.until > now);
        }
        Ok(schedules)
    }

    /// The same at a moment: one that was never run is due then, not a little later by the clock that goes on.
    async fn schedules_at(&self, now: Timestamp) -> Result<Vec<(Schedule, Option<Duration>)>> {
        let active = self.active_niche().await?;
        let mut tx = self.store.read().await?;
        let settings = tx.settings().every(&Filter::default(), Order::Oldest, MOST_SETTINGS).await?;
        let mut schedules: Vec<Schedule> = settings.iter().filter_map(Schedule::read).collect();
        if !schedules.iter().any(|schedule| schedule.niche == active) {
            schedules.push(Schedule::first(active.clone(), now));
        }
        schedules.sort_by(|a, b| a.niche.cmp(&b.niche));
        let with_interval = |schedule: Schedule| {
            let interval = schedule.interval(&self.plan, active.as_deref());
            (schedule, interval)
        };
        Ok(schedules.into_iter().map(with_interval).collect())
    }

    /// Sets when is scanned for a niche, or for everything. The next scan is due at once.
    ///
    /// # Errors
    /// `Invalid` for an unknown niche or numbers out of bounds; `Conflict` if a scan of it ends at this moment.
    pub async fn set_schedule(&self, niche: Option<&str>, change: ScheduleChange) -> Result<Schedule> {
        let niche = niche.map(built_in).transpose()?.map(|niche| niche.name);
        if change.minutes > LONGEST {
            return Err(Error::invalid("a scan comes at least once a week").with_context("minutes", change.minutes));
        }
        if let Some(limit) = change.limit.filter(|limit| !(1..=100).contains(limit)) {
            return Err(Error::invalid("a scan takes 1 to 100 items").with_context("limit", limit));
        }
        let (now, key) = (self.clock.now(), key(niche.as_deref()));
        let mut tx = self.store.begin().await?;
        let stored = tx.settings().find(&key).await?;
        let mut schedule = stored.as_ref().and_then(Schedule::read).unwrap_or_else(|| Schedule::first(niche, now));
        (schedule.region, schedule.limit) = (change.region, change.limit);
        (schedule.minutes, schedule.next_at) = (Some(change.minutes), now);
        self.put(tx.as_mut(), stored, key, serde_json::to_value(&schedule)?, now).await?;
        tx.commit().await?;
        Ok(schedule)
    }

    /// Takes the turn of a scan that is due, if there is one. Of many who ask at once one gets it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn take_turn(&self, worker: &Worker) -> Result<Option<ScanTurn>> {
        let now = self.clock.now();
        let active = self.active_niche().await?;
        let due = self.schedules_at(now).await?.into_iter().filter_map(|(schedule, interval)| {
            let interval = interval.filter(|interval| schedule.is_due(*interval, now))?;
            Some((schedule.next_at, schedule.niche, interval))
        });
        let Some((_, niche, _)) = due.min_by_key(|(at, ..)| *at) else { return Ok(None) };
        match self.take(worker, niche, active.as_deref()).await {
            Err(error) if is_race(&error) => Ok(None),
            taken => taken,
        }
    }

    async fn take(&self, worker: &Worker, niche: Option<String>, active: Option<&str>) -> Result<Option<ScanTurn>> {
        let tenure = worker.take(&self.store, &self.clock, &lease_of(niche.as_deref())).await?;
        // Somebody else may have scanned since it was looked: now nobody does.
        let (now, key) = (self.clock.now(), key(niche.as_deref()));
        let stored = self.store.read().await?.settings().find(&key).await?;
        let known = stored.as_ref().and_then(Schedule::read);
        let schedule = known.unwrap_or_else(|| Schedule::first(niche.clone(), now));
        let Some(interval) = schedule.interval(&self.plan, active).filter(|every| schedule.is_due(*every, now)) else {
            tenure.end().await;
            return Ok(None);
        };
        let request = ScanRequest {
            region: schedule.region.unwrap_or_else(|| self.plan.region.clone()),
            limit: schedule.limit.unwrap_or(self.plan.limit),
            niche: niche.as_deref().map(built_in).transpose()?,
            feeds: Vec::new(),
        };
        Ok(Some(ScanTurn { request, tenure, due_at: schedule.next_at.min(now), interval, key }))
    }

    /// Scans in a turn that was taken, and holds its lease meanwhile. What is found is saved in the transaction that
    /// sets the next time; a scan that failed sets it too. One that was stopped is due again at once.
    ///
    /// # Errors
    /// As [`scan`](Self::scan); `Conflict` if another worker has taken the turn over, and then nothing was saved.
    pub async fn scan_in_turn(&self, turn: &ScanTurn, operation: &Operation) -> Result<ScanReport> {
        let fenced = Self { store: turn.tenure.store(), ..self.clone() };
        let scanned = turn.tenure.during(fenced.scan_as(&turn.request, Some(turn), operation)).await;
        match scanned {
            Err(error) if error.kind() == crate::ErrorKind::Cancelled || is_race(&error) => {
                turn.tenure.end().await;
                Err(error)
            }
            Err(error) => {
                self.give_up(turn, &error).await?;
                Err(error)
            }
            Ok(report) => {
                turn.tenure.end().await;
                Ok(report)
            }
        }
    }

    /// Ends a turn whose scan failed or took too long: the next one comes in its time.
    ///
    /// # Errors
    /// `Conflict` if another worker has taken the turn over; what the store says.
    pub async fn give_up(&self, turn: &ScanTurn, problem: &Error) -> Result<()> {
        let mut tx = turn.tenure.store().begin().await?;
        self.note_turn(tx.as_mut(), turn, (0, 0), Some(problem.to_string())).await?;
        tx.commit().await?;
        turn.tenure.end().await;
        Ok(())
    }

    /// Writes down how a turn went and when the next one is, as part of a transaction under its lease.
    pub(super) async fn note_turn(
        &self,
        tx: &mut dyn Tx,
        turn: &ScanTurn,
        (found, saved): (usize, usize),
        problem: Option<String>,
    ) -> Result<()> {
        let now = self.clock.now();
        let stored = tx.settings().find(&turn.key).await?;
        let known = stored.as_ref().and_then(Schedule::read);
        let niche = turn.request.niche.as_ref().map(|niche| niche.name.clone());
        let mut schedule = known.unwrap_or_else(|| Schedule::first(niche, turn.due_at));
        // Somebody may have asked for another scan meanwhile; else it is the next place in the row, without those that
        // were missed.
        if schedule.next_at <= turn.due_at.max(now) {
            let passed = now.since(turn.due_at).as_micros() / turn.interval.as_micros().max(1);
            let places = u32::try_from(passed + 1).unwrap_or(u32::MAX);
            schedule.next_at = turn.due_at.after(turn.interval.saturating_mul(places));
        }
        let problem = problem.map(|problem| problem.chars().take(600).collect());
        schedule.last =
            Some(LastScan { due_at: turn.due_at, at: now, found: found as u64, saved: saved as u64, problem });
        self.put(tx, stored, turn.key.clone(), serde_json::to_value(&schedule)?, now).await
    }
}
