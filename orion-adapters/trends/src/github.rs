//! GitHub, by its search (<https://docs.github.com/en/rest/search/search#search-repositories>): the page of trending
//! repositories has no interface, so new repositories are ordered by the stars that they got within a week. Ten searches
//! a minute are open to everybody, thirty with a token.

use crate::source::{Asking, base, below, item, json, line, web};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const FRESH: Duration = Duration::from_secs(1800);
const NAME: &str = "github";

/// A [`TrendSource`] over the repositories of the last week with the most stars.
#[derive(Debug, Clone)]
pub struct GithubSource {
    asking: Asking,
    api: Url,
}

impl GithubSource {
    /// Where the interface is.
    pub const API: &str = "https://api.github.com";

    /// A source at this address of the interface.
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }
}

#[derive(Debug, Deserialize)]
struct Found {
    items: Vec<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
    html_url: String,
    description: Option<String>,
    stargazers_count: u64,
    language: Option<String>,
    created_at: Option<Timestamp>,
    #[serde(default)]
    topics: Vec<String>,
}

#[async_trait]
impl TrendSource for GithubSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, _region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let mut url = below(&self.api, &["search", "repositories"]);
        url.query_pairs_mut()
            .append_pair("q", &format!("created:>={}", now.before(WEEK).day()))
            .append_pair("sort", "stars")
            .append_pair("order", "desc")
            .append_pair("per_page", "100");
        let found: Found = self.asking.get(&url, FRESH, now, |bytes, _| json(bytes)).await?;
        let found = found.items.into_iter().take(limit as usize).zip(0..);
        Ok(SourceScan {
            items: found.filter_map(|(repository, place)| scored(repository, place, limit)).collect(),
            problems: Vec::new(),
        })
    }
}

fn scored(repository: Repository, place: u32, limit: u32) -> Option<ScoredItem> {
    let description = line(repository.description.as_deref().unwrap_or_default());
    let name = repository.full_name.rsplit('/').next().unwrap_or_default();
    let title = if description.is_empty() { repository.full_name.clone() } else { format!("{name}: {description}") };
    let mut topic = item(&title, "GitHub", place)?;
    topic.url = web(&repository.html_url);
    topic.summary = description;
    topic.author = repository.full_name.split('/').next().map(str::to_owned);
    topic.published_at = repository.created_at;
    topic.categories = repository.language.iter().cloned().chain(repository.topics).take(12).collect();
    let signals = json!({"stars": repository.stargazers_count, "repository": repository.full_name});
    Some(ScoredItem::new(topic, score_at(place, limit), NAME).with_signals(signals))
}
