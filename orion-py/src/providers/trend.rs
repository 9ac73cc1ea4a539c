//! A source of trends written in Python.

use super::Object;
use async_trait::async_trait;
use orion_core::domain::FeedItem;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::{Error, Operation, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most items that are taken of one source.
const MOST_ITEMS: usize = 1000;

#[derive(Debug)]
pub(super) struct Source(pub(super) Arc<Object>);

#[derive(Serialize)]
struct Asked<'a> {
    region: &'a str,
    limit: u32,
}

#[derive(Deserialize)]
struct Seen {
    score: f64,
    source: Option<String>,
    /// What the source says of it in numbers.
    #[serde(default)]
    signals: serde_json::Value,
    item: FeedItem,
}

#[async_trait]
impl TrendSource for Source {
    fn name(&self) -> &str {
        &self.0.provider.name
    }

    async fn fetch(&self, region: &str, limit: u32, _now: Timestamp, operation: &Operation) -> Result<SourceScan> {
        let answer = self.0.ask("fetch", &Asked { region, limit }, Some(&operation.cancellation)).await?;
        let seen: Vec<Seen> = answer.read()?;
        let mut items = Vec::with_capacity(seen.len().min(MOST_ITEMS));
        for one in seen.into_iter().take(MOST_ITEMS.min(limit as usize)) {
            if one.item.title.trim().is_empty() || !(0.0..=100.0).contains(&one.score) {
                return Err(
                    Error::invalid("a trend has a title and a score of 0 to 100").with_context("score", one.score)
                );
            }
            let score = (one.score * 100.0).round() / 100.0;
            let source = one.source.unwrap_or_else(|| self.name().to_owned());
            items.push(ScoredItem::new(one.item, score, source).with_signals(one.signals));
        }
        Ok(SourceScan { items, problems: Vec::new() })
    }
}
