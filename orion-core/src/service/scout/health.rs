//! How the sources of trends do: what each gave when it was last asked, or why it gave nothing and when it is asked
//! again. Kept in the record, so that every process and whoever asks sees the same.

use super::Scout;
use crate::domain::Setting;
use crate::id::SettingId;
use crate::port::{SourceScan, Tx};
use crate::{Error, ErrorKind, Result, Retry, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a source's health is kept among the settings, before its name.
const PREFIX: &str = "scout.source/";
/// Longest problem that is kept, in characters.
const LONGEST: usize = 600;

/// How a source did when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceHealth {
    /// When it was last asked.
    pub asked_at: Timestamp,
    /// When it last gave something.
    pub answered_at: Option<Timestamp>,
    /// What it gave then.
    pub items: u64,
    /// How often in a row it gave nothing at all.
    pub failures: u32,
    /// What failed: all of it, or some part.
    pub problem: Option<String>,
    /// When it may be asked again, if it must be left alone until then.
    pub next_try: Option<Timestamp>,
}

/// A source and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStanding {
    /// Its name: `rss`, `hacker_news`.
    pub name: String,
    /// How it did; `None` before it was ever asked.
    pub health: Option<SourceHealth>,
}

impl SourceStanding {
    /// `ok`, `degraded` (some part failed), `failing` or `unasked`.
    pub fn status(&self) -> &'static str {
        match &self.health {
            None => "unasked",
            Some(health) if health.failures > 0 => "failing",
            Some(health) if health.problem.is_some() => "degraded",
            Some(_) => "ok",
        }
    }
}

impl SourceHealth {
    /// After an answer or a failure at `now`.
    fn after(before: Option<Self>, outcome: &Result<SourceScan>, now: Timestamp) -> Self {
        let cut = |problem: String| problem.chars().take(LONGEST).collect::<String>();
        let (answered_at, items, failures) =
            before.map_or((None, 0, 0), |health| (health.answered_at, health.items, health.failures));
        match outcome {
            Ok(scan) => Self {
                asked_at: now,
                answered_at: Some(now),
                items: scan.items.len() as u64,
                failures: 0,
                problem: Some(cut(scan.problems.join("; "))).filter(|problem| !problem.is_empty()),
                next_try: None,
            },
            Err(error) => Self {
                asked_at: now,
                answered_at,
                items,
                failures: failures.saturating_add(1),
                problem: Some(cut(error.to_string())),
                next_try: match error.retry() {
                    Retry::Later(Some(wait)) => Some(now.after(wait)),
                    _ => None,
                },
            },
        }
    }
}

impl Scout {
    /// Every source and how it does, in the order in which they are asked.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sources(&self) -> Result<Vec<SourceStanding>> {
        let mut tx = self.store.read().await?;
        let mut standings = Vec::new();
        for name in self.names() {
            let stored = tx.settings().find(&format!("{PREFIX}{name}")).await?;
            let health = stored.and_then(|stored| serde_json::from_value(stored.value).ok());
            standings.push(SourceStanding { name: name.to_owned(), health });
        }
        Ok(standings)
    }

    /// Names of all sources and witnesses.
    fn names(&self) -> impl Iterator<Item = &str> {
        let sources = self.sources.iter().map(|source| source.name());
        sources.chain(self.witnesses.iter().map(|witness| witness.name()))
    }

    /// Writes down how sources did. Of two scans at once one is remembered.
    pub(super) async fn note(&self, outcomes: &BTreeMap<String, Result<SourceScan>>, now: Timestamp) -> Result<()> {
        match self.write_down(outcomes, now).await {
            Err(error) if is_race(&error) => Ok(()),
            written => written,
        }
    }

    async fn write_down(&self, outcomes: &BTreeMap<String, Result<SourceScan>>, now: Timestamp) -> Result<()> {
        let mut tx = self.store.begin().await?;
        for (name, outcome) in outcomes {
            if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled) {
                continue;
            }
            let key = format!("{PREFIX}{name}");
            let stored = tx.settings().find(&key).await?;
            let before = stored.as_ref().and_then(|stored| serde_json::from_value(stored.value.clone()).ok());
            let health = serde_json::to_value(SourceHealth::after(before, outcome, now))?;
            self.put(tx.as_mut(), stored, key, health, now).await?;
        }
        tx.commit().await
    }

    /// Writes a setting in the place of what is stored under its name, or anew.
    pub(super) async fn put(
        &self,
        tx: &mut dyn Tx,
        stored: Option<Setting>,
        name: String,
        value: serde_json::Value,
        now: Timestamp,
    ) -> Result<()> {
        match stored {
            Some(mut stored) => {
                (stored.value, stored.updated_at) = (value, now);
                tx.settings().update(&mut stored).await
            }
            None => {
                let id = SettingId::random(self.entropy.as_ref());
                tx.settings().insert(&mut Setting { id, name, value, updated_at: now, version: 0 }).await
            }
        }
    }
}

/// Whether somebody else was faster.
pub(super) fn is_race(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists)
}
