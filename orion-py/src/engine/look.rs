//! Reading the record: trends, contents, runs, events, costs.

use super::Engine;
use crate::calls::{Call, reply, unsupported};
use orion_core::domain::{Asset, ContentStatus, Money, Role, Step};
use orion_core::id::{AssetId, ContentId};
use orion_core::port::{Filter, Order, RepositoryExt};
use orion_core::service::budget;
use orion_core::service::identity::Caller;
use orion_core::service::production::CreateRequest;
use orion_core::service::pulse::{Spending, content_of};
use orion_core::service::scout::{ScanRequest, built_in};
use orion_core::{Error, Operation, Result};
use orion_host::system::apart;
use serde_json::{Value, json};
use std::time::Duration;

/// Most rows of a list.
const MOST_ROWS: u32 = 10_000;
/// Most events of one answer.
const MOST_EVENTS: u32 = 5_000;
/// How often the log is read for what other processes have written; what this one writes wakes it at once.
const LOOK: Duration = Duration::from_millis(500);
/// The longest wait for an event; who wants to wait longer asks again.
const LONGEST_WAIT: f64 = 60.0;

impl Engine {
    pub(super) async fn look(&self, caller: &Caller, call: Call, operation: &Operation) -> Result<Vec<u8>> {
        let store = &self.orion.production().store;
        let owner = caller.sees();
        let mine = || Filter { owner: owner.map(|owner| owner.0), ..Filter::default() };
        match call {
            Call::Scan { feeds, niche, region, limit } => {
                caller.require(Role::Editor)?;
                let niche = niche.as_deref().map(built_in).transpose()?;
                let request = ScanRequest { region, limit, niche, feeds };
                let (orion, operation) = (self.orion.clone(), operation.clone());
                let scan = apart(move || async move { orion.scout().scan(&request, &operation).await }).await?;
                reply(&json!({
                    "found": scan.found, "saved": scan.saved, "used": scan.used, "trends": scan.trends,
                    "problems": scan.problems,
                }))
            }
            Call::Trends { statuses, limit } => {
                let states = statuses.iter().map(ToString::to_string).collect();
                let filter = Filter { states, ..Filter::default() };
                reply(&store.read().await?.trends().window(&filter, Order::RankDown, 0, limit.min(MOST_ROWS)).await?)
            }
            Call::Trend { id } => reply(&store.read().await?.trends().require(id).await?),
            Call::SetTrend { id, status } => {
                caller.require(Role::Editor)?;
                reply(&self.orion.scout().set_status(id, status).await?)
            }
            Call::Contents { statuses, limit } => {
                let states: Result<Vec<String>> =
                    statuses.iter().map(|name| Ok(name.parse::<ContentStatus>()?.to_string())).collect();
                let filter = Filter { states: states?, ..mine() };
                reply(&store.read().await?.contents().window(&filter, Order::Newest, 0, limit.min(MOST_ROWS)).await?)
            }
            Call::Content { id } => reply(&self.content(caller, id).await?),
            Call::Runs { limit } => {
                reply(&store.read().await?.runs().window(&mine(), Order::Newest, 0, limit.min(MOST_ROWS)).await?)
            }
            Call::Run { id } => reply(&self.own_run(caller, id).await?),
            Call::Steps { run } => {
                self.own_run(caller, run).await?;
                let filter = Filter { parent: Some(run.0), ..Filter::default() };
                let steps = store.read().await?.steps().every(&filter, Order::Oldest, MOST_ROWS as usize).await?;
                reply(&steps.iter().map(shown).collect::<Vec<_>>())
            }
            Call::Assets { content } => {
                self.content(caller, content).await?;
                let filter = Filter { parent: Some(content.0), ..Filter::default() };
                reply(&store.read().await?.assets().every(&filter, Order::Newest, MOST_ROWS as usize).await?)
            }
            Call::Save { content, asset, path } => {
                let found = self.asset(caller, content, asset).await?;
                self.orion.blobs().export(found.blob.sha256, &path).await?;
                reply(&path)
            }
            Call::Events { after, limit, wait } => Box::pin(self.events(caller, after, limit, wait, operation)).await,
            call => Box::pin(self.account(caller, call)).await,
        }
    }

    /// A file of content that the caller may see.
    pub(super) async fn asset(&self, caller: &Caller, content: ContentId, id: AssetId) -> Result<Asset> {
        self.content(caller, content).await?;
        let found = self.orion.production().store.read().await?.assets().require(id).await?;
        if found.content_id != content {
            return Err(Error::not_found("this content has no such asset").with_context("asset", id));
        }
        Ok(found)
    }

    async fn events(
        &self,
        caller: &Caller,
        after: Option<String>,
        limit: u32,
        wait: f64,
        operation: &Operation,
    ) -> Result<Vec<u8>> {
        let production = self.orion.production();
        let Some(after) = after else {
            let last = production.store.read().await?.last().await?;
            return reply(&json!({ "events": [], "cursor": last.to_string() }));
        };
        let mut after: u64 = after
            .parse()
            .map_err(|_| Error::invalid("this is no place in the log of events").with_context("after", &after))?;
        let wait = Duration::try_from_secs_f64(wait.clamp(0.0, LONGEST_WAIT)).unwrap_or_default();
        let until = tokio::time::Instant::now() + wait;
        loop {
            // Asked for before the log is read, so that nothing falls between.
            let woken = production.wire.woken();
            let records = production.store.read().await?.read(after, caller.sees(), limit.min(MOST_EVENTS)).await?;
            if let Some(last) = records.last() {
                after = last.sequence;
            }
            if !records.is_empty() || tokio::time::Instant::now() >= until {
                let mut events = Vec::with_capacity(records.len());
                for record in &records {
                    let content = content_of(&record.event);
                    events.push(json!({
                        "id": record.id, "cursor": record.sequence.to_string(), "channel": record.event.channel(),
                        "at": record.at, "content_id": content, "payload": record.to_wire()?,
                    }));
                }
                return reply(&json!({ "events": events, "cursor": after.to_string() }));
            }
            let look = tokio::time::timeout_at(until.min(tokio::time::Instant::now() + LOOK), woken);
            let looked = async {
                // A wire that fails is as one that is silent: the log is read all the same.
                let _ = look.await;
                Ok(())
            };
            operation.cancellation.unless_cancelled(looked).await?;
        }
    }

    /// What things cost, and how well runs do.
    async fn account(&self, caller: &Caller, call: Call) -> Result<Vec<u8>> {
        let pulse = self.pulse();
        match call {
            Call::Costs { days } => reply(&spent(&pulse.costs(days).await?)),
            Call::DailyCosts { days } => {
                let days = pulse.daily_costs(days).await?;
                let with_date = days.iter().map(|day| json!({ "date": day.date, "spending": spent(&day.spending) }));
                reply(&with_date.collect::<Vec<_>>())
            }
            Call::ProviderCosts { days } => {
                let paid = pulse.costs_by_provider(days).await?;
                let by_name =
                    paid.iter().map(|paid| json!({ "provider": paid.provider, "spending": spent(&paid.spending) }));
                reply(&by_name.collect::<Vec<_>>())
            }
            Call::Projections { days } => {
                let projections = pulse.projections(days).await?;
                let shown = projections.iter().map(|one| {
                    json!({ "period": one.period, "current": one.current, "projected": micros(one.projected),
                            "change": one.change.as_str() })
                });
                reply(&shown.collect::<Vec<_>>())
            }
            Call::Metrics { hours } => {
                let metrics = pulse.metrics(hours, caller.sees()).await?;
                let stages = metrics.stages.iter().map(|stage| {
                    json!({ "stage": stage.stage, "runs": stage.total_runs, "completed": stage.completed,
                            "failed": stage.failed, "seconds": stage.avg_latency_seconds })
                });
                reply(&json!({
                    "videos_per_hour": metrics.throughput_per_hour, "error_rate": metrics.error_rate,
                    "stages": stages.collect::<Vec<_>>(),
                }))
            }
            Call::Funnel => {
                let funnel = pulse.funnel(caller.sees()).await?;
                reply(&json!({
                    "generated": funnel.generated, "review": funnel.review, "approved": funnel.approved,
                    "published": funnel.published, "rejected": funnel.rejected,
                }))
            }
            Call::Budget { seconds } => self.budget(seconds).await,
            _ => Err(unsupported("an engine does not know this call", "this is a fault of the package")),
        }
    }

    /// What may be spent, what is spent today, and what a video is expected to cost at most.
    async fn budget(&self, seconds: Option<u32>) -> Result<Vec<u8>> {
        let seconds = seconds.unwrap_or(self.orion.config().seconds);
        if !CreateRequest::SECONDS.contains(&seconds) {
            return Err(Error::invalid("a video lasts 5 to 180 seconds").with_context("seconds", seconds));
        }
        let production = self.orion.production();
        let day = budget::today(&*production.store, &*production.clock, &production.budget).await?;
        let left = day.day.map(|cap| Money(cap.0.saturating_sub(day.spent.0).max(0)));
        let estimate = production.estimate(seconds);
        let expected = estimate.iter().map(|stage| stage.amount).sum::<Money>();
        let stages = estimate.iter().map(|stage| {
            json!({ "stage": stage.stage, "provider": stage.provider.to_string(), "units": stage.units,
                    "cost": stage.amount })
        });
        reply(&json!({
            "run": day.run, "day": day.day, "spent_today": day.spent, "left_today": left, "expected": expected,
            "stages": stages.collect::<Vec<_>>(),
        }))
    }
}

/// Dollars as the ledger counts them: in millionths.
pub(crate) fn micros(dollars: f64) -> i64 {
    (dollars * 1e6).round() as i64
}

fn spent(spending: &Spending) -> Value {
    json!({ "total": spending.total, "by_category": spending.by_category, "records": spending.records })
}

fn shown(step: &Step) -> Value {
    json!({
        "key": step.key, "state": step.state, "provider": step.provider, "served_by": step.served_by, "after": step.after,
        "attempts": step.attempts, "cost": step.cost, "error": step.error, "started_at": step.started_at,
        "finished_at": step.finished_at,
    })
}
