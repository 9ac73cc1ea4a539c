//! Content that nobody asked for by name: made of trends that score high enough.

use super::{CreateRequest, Production};
use crate::domain::{Run, Setting, TrendStatus};
use crate::id::{Id, SettingId, TrendId, UserId};
use crate::port::{Filter, Order, Page, RepositoryExt, Tx};
use crate::{ErrorKind, Result};

/// The setting that whoever starts a run by itself writes, so that of two processes at the same moment one does.
const TURN: &str = "director.automatic";
/// So many of the best trends are looked at.
const LOOKED_AT: u32 = 50;

impl Production {
    /// Starts a run for the best trend that scores at least `threshold`, if fewer than `most` of those runs that
    /// `counts` counts are open. It belongs to the system's user. The trend is used from then on, in the same
    /// transaction, and a trend that content was made from before is left alone: so no trend is taken twice, by however
    /// many processes and however often they start.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_best(
        &self,
        threshold: f64,
        most: usize,
        counts: impl Fn(&Run) -> bool + Send + Sync,
        request: impl Fn(TrendId) -> Result<CreateRequest> + Send + Sync,
    ) -> Result<Option<Run>> {
        let mut changes = self.changes(UserId::SYSTEM).await?;
        let Some(trend) = best(&mut *changes.tx, threshold).await? else { return Ok(None) };
        let states = ["pending", "running"].map(str::to_owned).to_vec();
        let open = Filter { states, ..Filter::default() };
        let open = changes.tx.runs().list(&open, &Page::first(Order::Oldest, Page::MOST)).await?.items;
        if open.iter().filter(|run| counts(run)).count() >= most {
            return Ok(None);
        }
        let started: Result<Run> = async {
            self.take_turn(&mut *changes.tx).await?;
            let run = self.write_down(&mut changes, UserId::SYSTEM, &request(trend)?).await?;
            self.commit(changes).await?;
            Ok(run)
        }
        .await;
        match started {
            Ok(run) => Ok(Some(run)),
            // Another process was faster: there may be another trend the next time.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn take_turn(&self, tx: &mut dyn Tx) -> Result<()> {
        let now = self.clock.now();
        let value = serde_json::to_value(now)?;
        match tx.settings().find(TURN).await? {
            Some(mut turn) => {
                (turn.value, turn.updated_at) = (value, now);
                tx.settings().update(&mut turn).await
            }
            None => {
                let id = SettingId::random(&*self.entropy);
                let mut turn = Setting { id, name: TURN.to_owned(), value, updated_at: now, version: 0 };
                tx.settings().insert(&mut turn).await
            }
        }
    }
}

/// The best trend that is free and was never made into content.
async fn best(tx: &mut dyn Tx, threshold: f64) -> Result<Option<TrendId>> {
    let free = Filter { states: vec![TrendStatus::Active.to_string()], ..Filter::default() };
    let trends = tx.trends().window(&free, Order::RankDown, 0, LOOKED_AT).await?;
    for trend in trends.into_iter().take_while(|trend| trend.score >= threshold) {
        let of_trend = Filter { parent: Some(trend.id.as_uuid()), ..Filter::default() };
        if tx.contents().count(&of_trend).await? == 0 {
            return Ok(Some(trend.id));
        }
    }
    Ok(None)
}
