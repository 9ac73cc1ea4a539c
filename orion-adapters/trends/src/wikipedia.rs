//! Wikipedia, by the page views of its Analytics interface
//! (<https://wikitech.wikimedia.org/wiki/Analytics/AQS/Pageviews>): the thousand pages that a country read most on a day.
//!
//! Days are counted in UTC and are there some hours after they ended, so yesterday is asked for, and the day before if
//! it is not there yet. What is read much every day trends no more than the weather: pages are ordered by how much more
//! they were read than on the day before.

use crate::source::{Asking, base, below, country, item, json, web};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Error, ErrorKind, Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A day that is over does not change; another one comes at midnight.
const FRESH: Duration = Duration::from_secs(3600);
const NAME: &str = "wikipedia";
/// Pages of a list that are compared.
const MOST: usize = 1000;

/// A [`TrendSource`] over the pages of Wikipedia that a country read more than the day before.
#[derive(Debug, Clone)]
pub struct WikipediaSource {
    asking: Asking,
    api: Url,
}

impl WikipediaSource {
    /// Where the interface is.
    pub const API: &str = "https://wikimedia.org/api/rest_v1";

    /// A source at this address of the interface.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }

    async fn day(&self, country: &str, day: Timestamp, now: Timestamp) -> Result<Vec<Page>> {
        let day = day.day();
        let mut parts = vec!["metrics", "pageviews", "top-per-country", country, "all-access"];
        parts.extend(day.split('-'));
        let answer: Answer = self.asking.get(&below(&self.api, &parts), FRESH, now, |bytes, _| json(bytes)).await?;
        Ok(answer.items.into_iter().flat_map(|list| list.articles).filter(Page::is_article).take(MOST).collect())
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    items: Vec<List>,
}

#[derive(Debug, Deserialize)]
struct List {
    articles: Vec<Page>,
}

#[derive(Debug, Deserialize)]
struct Page {
    /// Title as in its address: `Rhine_bridge`.
    article: String,
    /// `en.wikipedia`.
    project: String,
    /// Views, rounded up to a hundred.
    views_ceil: u64,
}

impl Page {
    /// Whether it is an article of a Wikipedia: no front page, search or talk. The front page of English Wikipedia is
    /// `Main_Page`; those of others have a colon or are named like a page of their own, which is read so evenly that it
    /// never comes up.
    fn is_article(&self) -> bool {
        let title = self.article.as_str();
        let service = title.split_once(':').is_some_and(|(space, rest)| !space.contains('_') && !rest.starts_with('_'));
        self.project.ends_with(".wikipedia") && !service && !matches!(title, "Main_Page" | "-" | "" | "other")
    }

    /// How much more it was read than the day before. A page that was not among the most read then was read less than
    /// the last of them.
    fn rise(&self, before: &HashMap<(&str, &str), u64>, least: u64) -> f64 {
        let then = before.get(&(self.project.as_str(), self.article.as_str())).copied().unwrap_or(least);
        self.views_ceil.saturating_sub(then) as f64
    }
}

#[async_trait]
impl TrendSource for WikipediaSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let country = country(region)?;
        let mut day = now.before(DAY);
        let pages = match self.day(&country, day, now).await {
            // Not counted yet.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                day = day.before(DAY);
                self.day(&country, day, now).await?
            }
            pages => pages?,
        };
        if pages.is_empty() {
            return Err(Error::new(ErrorKind::Corrupt, "the list of the most read pages is empty")
                .with_context("country", country));
        }
        let mut problems = Vec::new();
        let before = self.day(&country, day.before(DAY), now).await.unwrap_or_else(|error| {
            problems.push(format!("nothing to compare the day with: {error}"));
            Vec::new()
        });
        let least = before.iter().map(|page| page.views_ceil).min().unwrap_or(0);
        let views: HashMap<(&str, &str), u64> =
            before.iter().map(|page| ((page.project.as_str(), page.article.as_str()), page.views_ceil)).collect();
        let mut pages: Vec<(f64, Page)> = pages.into_iter().map(|page| (page.rise(&views, least), page)).collect();
        pages.sort_by(|a, b| b.0.total_cmp(&a.0));
        let pages = pages.into_iter().filter(|(rise, _)| *rise > 0.0).take(limit as usize).zip(0..);
        let items = pages.filter_map(|((rise, page), place)| scored(&page, rise, place, limit, day)).collect();
        Ok(SourceScan { items, problems })
    }
}

fn scored(page: &Page, rise: f64, place: u32, limit: u32, day: Timestamp) -> Option<ScoredItem> {
    let mut topic = item(&page.article.replace('_', " "), "Wikipedia", place)?;
    let language = page.project.split('.').next()?;
    let address = Url::parse(&format!("https://{language}.wikipedia.org/wiki/")).ok()?;
    topic.url = web(below(&address, &[&page.article]).as_str());
    topic.language = Some(language.to_owned());
    let signals = json!({"views": page.views_ceil, "rise": rise, "day": day.day(), "project": page.project});
    Some(ScoredItem::new(topic, score_at(place, limit), NAME).with_signals(signals))
}
