//! Scout: what trends.
//!
//! A scan asks every source, merges what is one topic, keeps what fits the niche, drops what was made into
//! content lately or is known already, and saves the rest as trends, each with its event, in one transaction.
//! Scans by hand and by schedule are the same call.

mod choose;
mod feeds;
mod health;
mod niche;
mod rank;
mod schedule;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;
mod visits;

pub use choose::{choose, merit};
pub use feeds::FeedSource;
pub use health::{SourceHealth, SourceStanding};
pub use niche::{built_in, names as niche_names};
pub use rank::{SAME_STORY, SAME_TOPIC, ScoredTrend, apply, distinct, drop_used, merge, rank, score_at};
pub use schedule::{LastScan, ScanPlan, ScanTurn, Schedule, ScheduleChange};
pub use visits::{Manner, Visits};

use crate::domain::{Niche, Trend, TrendStatus};
use crate::event::{Event, EventRecord};
use crate::id::{EventId, TrendId};
use crate::port::{
    BlobStore, Clock, Entity, Entropy, FeedReader, Filter, Order, Page, RepositoryExt, ScoredItem, SourceScan, Store,
    TrendSource, TrendWitness, Tx, Wire,
};
use crate::text::fold;
use crate::{Error, ErrorKind, Operation, Result, Timestamp};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sources asked at a time; each is somewhere else.
const AT_ONCE: usize = 8;
/// Most topics that witnesses are asked about.
const MOST_VERIFIED: usize = 20;

/// What to scan for.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanRequest {
    /// Country whose trends are asked for, where a source knows countries.
    pub region: String,
    /// Items taken of each feed or source, 1 to 100.
    pub limit: u32,
    /// The niche to filter by; none keeps everything.
    pub niche: Option<Niche>,
    /// Feeds to read instead of the configured sources: addresses or files.
    pub feeds: Vec<String>,
}

impl Default for ScanRequest {
    /// Region `US`, 20 items, no niche, the configured sources.
    fn default() -> Self {
        Self { region: "US".to_owned(), limit: 20, niche: None, feeds: Vec::new() }
    }
}

impl ScanRequest {
    /// A scan of one feed.
    pub fn of_feed(location: impl Into<String>) -> Self {
        Self { feeds: vec![location.into()], ..Self::default() }
    }
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanReport {
    /// Topics found that fit the niche and were not made into content lately.
    pub found: usize,
    /// How many of them are new and were saved.
    pub saved: usize,
    /// Topics left out because content was made of them in the last seven days.
    pub used: usize,
    /// The trends of the topics found, best first: those saved now, and those known from the last 24 hours.
    pub trends: Vec<Trend>,
    /// What failed, for people.
    pub problems: Vec<String>,
}

/// Finds trends and lets old ones expire.
#[derive(Debug, Clone)]
pub struct Scout {
    /// The record.
    pub store: Arc<dyn Store>,
    /// Keeps the bodies of feeds for conditional requests.
    pub blobs: Arc<dyn BlobStore>,
    /// Reads feeds that are asked for by name.
    pub reader: Arc<dyn FeedReader>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers.
    pub entropy: Arc<dyn Entropy>,
    /// Announces committed events.
    pub wire: Arc<dyn Wire>,
    /// Where trends are seen, when no feed is asked for by name.
    pub sources: Vec<Arc<dyn TrendSource>>,
    /// Who is asked how much is said of what the sources see.
    pub witnesses: Vec<Arc<dyn TrendWitness>>,
    /// What is scanned for where no schedule says otherwise.
    pub plan: ScanPlan,
}

impl Scout {
    /// A source over these feeds with this scout's own memory of them.
    pub fn feeds(&self, locations: Vec<String>) -> FeedSource {
        FeedSource::new(Arc::clone(&self.reader), self.visits(), locations)
    }

    /// The memory of what was visited.
    pub fn visits(&self) -> Visits {
        Visits::new(Arc::clone(&self.store), Arc::clone(&self.blobs), Arc::clone(&self.entropy))
    }

    /// Scans once.
    ///
    /// A source that fails is named in the report; the others count all the same.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to 100 or with nothing to scan, the first source's error if every one
    /// failed, `Cancelled`, and what the store says.
    pub async fn scan(&self, request: &ScanRequest, operation: &Operation) -> Result<ScanReport> {
        self.scan_as(request, None, operation).await
    }

    /// Scans by hand, or in a turn of a schedule that ends with what is saved.
    async fn scan_as(
        &self,
        request: &ScanRequest,
        turn: Option<&ScanTurn>,
        operation: &Operation,
    ) -> Result<ScanReport> {
        if !(1..=100).contains(&request.limit) {
            return Err(Error::invalid("a scan takes 1 to 100 items").with_context("limit", request.limit));
        }
        let now = self.clock.now();
        let seen = self.ask(request, now, operation).await?;
        let mut topics = rank(seen.items, request.niche.as_ref());
        let fitting = topics.len();
        drop_used(&mut topics, &self.used_topics(now).await?);
        operation.cancellation.check()?;
        let (found, used) = (topics.len(), fitting - topics.len());
        let problem = Some(seen.problems.join("; ")).filter(|problem| !problem.is_empty());
        let turn = turn.map(|turn| (turn, problem));
        let (trends, saved) = self.save(topics, request.niche.as_ref(), turn, now).await?;
        Ok(ScanReport { found, saved, used, trends, problems: seen.problems })
    }

    /// What all sources see, in their order, and what witnesses say of it.
    async fn ask(&self, request: &ScanRequest, now: Timestamp, operation: &Operation) -> Result<SourceScan> {
        if !request.feeds.is_empty() {
            return self
                .feeds(request.feeds.clone())
                .insistent()
                .fetch(&request.region, request.limit, now, operation)
                .await;
        }
        if self.sources.is_empty() {
            return Err(Error::invalid("there is nothing to scan").with_hint("name a feed, or configure sources"));
        }
        let mut asked: Vec<BoxFuture<'_, Result<SourceScan>>> = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            let fetch = source.fetch(&request.region, request.limit, now, operation);
            asked.push(Box::pin(operation.cancellation.unless_cancelled(fetch)));
        }
        let answers: Vec<Result<SourceScan>> = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
        operation.cancellation.check()?;
        let names = self.sources.iter().map(|source| source.name().to_owned());
        let mut outcomes: BTreeMap<String, Result<SourceScan>> = BTreeMap::new();
        let (mut all, mut answered, mut failed) = (SourceScan::default(), false, None);
        for (name, answer) in names.zip(answers) {
            match &answer {
                Ok(scan) => {
                    answered = true;
                    all.items.extend(scan.items.iter().cloned());
                    all.problems.extend(scan.problems.iter().cloned());
                }
                Err(error) => all.problems.push(format!("{name}: {error}")),
            }
            outcomes.insert(name, answer);
        }
        if answered && !self.witnesses.is_empty() {
            let said = self.verify(&all.items, request.niche.as_ref(), now, operation).await?;
            for (name, answer) in said {
                match &answer {
                    Ok(scan) => {
                        all.items.extend(scan.items.iter().cloned());
                        all.problems.extend(scan.problems.iter().cloned());
                    }
                    Err(error) => all.problems.push(format!("{name}: {error}")),
                }
                outcomes.insert(name, answer);
            }
        }
        self.note(&outcomes, now).await?;
        for (_, outcome) in outcomes {
            failed = failed.or(outcome.err());
        }
        match failed {
            Some(error) if !answered => Err(error),
            _ => Ok(all),
        }
    }

    /// What witnesses say of the topics that would be saved.
    async fn verify(
        &self,
        items: &[ScoredItem],
        niche: Option<&Niche>,
        now: Timestamp,
        operation: &Operation,
    ) -> Result<Vec<(String, Result<SourceScan>)>> {
        let topics = rank(items.to_vec(), niche);
        let topics: Vec<String> = topics.into_iter().map(|topic| topic.topic).take(MOST_VERIFIED).collect();
        let mut said = Vec::new();
        for witness in self.witnesses.iter().filter(|_| !topics.is_empty()) {
            let answer = operation.cancellation.unless_cancelled(witness.verify(&topics, now, operation)).await;
            operation.cancellation.check()?;
            said.push((witness.name().to_owned(), answer));
        }
        Ok(said)
    }

    /// Topics that content was made of in the last seven days.
    async fn used_topics(&self, now: Timestamp) -> Result<Vec<String>> {
        let mut tx = self.store.read().await?;
        let filter = Filter { since: Some(now.before(WEEK)), ..Filter::default() };
        let contents = tx.contents().all(&filter).await?;
        let mut topics = Vec::with_capacity(contents.len());
        for content in contents {
            let trend = match content.trend_id {
                Some(id) => tx.trends().get(id).await?,
                None => None,
            };
            topics.push(trend.map_or(content.title, |trend| trend.topic));
        }
        Ok(topics)
    }

    /// Saves what is new, with its events, in one transaction, which also ends the turn of a schedule. The second part
    /// is how many were.
    async fn save(
        &self,
        topics: Vec<ScoredTrend>,
        niche: Option<&Niche>,
        turn: Option<(&ScanTurn, Option<String>)>,
        now: Timestamp,
    ) -> Result<(Vec<Trend>, usize)> {
        let mut tx = self.store.begin().await?;
        let filter = Filter { since: Some(now.before(DAY)), ..Filter::default() };
        let known = tx.trends().all(&filter).await?;
        let known: HashMap<String, Trend> = known.into_iter().map(|trend| (fold(&trend.topic), trend)).collect();
        let (mut trends, mut news) = (Vec::with_capacity(topics.len()), Vec::new());
        for topic in topics {
            if let Some(known) = known.get(&fold(&topic.topic)) {
                trends.push(known.clone());
                continue;
            }
            let mut trend = Trend {
                id: TrendId::random(self.entropy.as_ref()),
                topic: topic.topic,
                sources: topic.sources,
                score: topic.score,
                niche: niche.map(|niche| niche.name.clone()),
                keywords: topic.keywords,
                items: topic.items,
                signals: topic.signals,
                detected_at: now,
                expired_at: None,
                status: TrendStatus::Active,
                version: 0,
            };
            match tx.trends().insert(&mut trend).await {
                Ok(()) => {
                    news.push(self.detected(tx.as_mut(), &trend, now).await?);
                    trends.push(trend);
                }
                // Another scan was faster, or this one has the topic twice.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let unique = trend.index().unique.unwrap_or_default();
                    trends.extend(tx.trends().find(&unique).await?);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some((turn, problem)) = turn {
            self.note_turn(tx.as_mut(), turn, (trends.len(), news.len()), problem).await?;
        }
        tx.commit().await?;
        self.announce(&news).await;
        Ok((trends, news.len()))
    }

    /// Wakes whoever listens. The wire may fail: the log is the record.
    async fn announce(&self, news: &[EventRecord]) {
        for record in news {
            let _ = self.wire.announce(record).await;
        }
    }

    async fn detected(&self, tx: &mut dyn Tx, trend: &Trend, now: Timestamp) -> Result<EventRecord> {
        let event = Event::TrendDetected {
            trend_id: trend.id,
            topic: trend.topic.clone(),
            source: trend.sources.join(","),
            score: trend.score,
            detected_at: trend.detected_at,
            niche: trend.niche.clone(),
        };
        tx.append(EventId::random(self.entropy.as_ref()), now, None, &event).await
    }

    /// Moves a trend to another status, because a person says so.
    ///
    /// # Errors
    /// `NotFound`, and `Conflict` for a move that the contract does not know.
    pub async fn set_status(&self, id: TrendId, status: TrendStatus) -> Result<Trend> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut trend = tx.trends().require(id).await?;
        trend.set_status(status, now)?;
        tx.trends().update(&mut trend).await?;
        let mut news = Vec::new();
        if status == TrendStatus::Expired {
            news.push(self.expired(tx.as_mut(), &trend, now).await?);
        }
        tx.commit().await?;
        self.announce(&news).await;
        Ok(trend)
    }

    async fn expired(&self, tx: &mut dyn Tx, trend: &Trend, now: Timestamp) -> Result<EventRecord> {
        let event = Event::TrendExpired { trend_id: trend.id, source: Some(trend.sources.join(",")) };
        tx.append(EventId::random(self.entropy.as_ref()), now, None, &event).await
    }

    /// Lets active trends that are older than seven days expire, each with its event; gives their number.
    ///
    /// # Errors
    /// What the store says; then nothing of the last page has expired, and the next call goes on there.
    pub async fn expire(&self, operation: &Operation) -> Result<usize> {
        let now = self.clock.now();
        let filter = Filter {
            states: vec![TrendStatus::Active.to_string()],
            until: Some(now.before(WEEK)),
            ..Filter::default()
        };
        let mut expired = 0;
        loop {
            operation.cancellation.check()?;
            let mut tx = self.store.begin().await?;
            let old = tx.trends().list(&filter, &Page::first(Order::Oldest, Page::MOST)).await?.items;
            if old.is_empty() {
                return Ok(expired);
            }
            let mut news = Vec::with_capacity(old.len());
            for mut trend in old {
                trend.set_status(TrendStatus::Expired, now)?;
                tx.trends().update(&mut trend).await?;
                news.push(self.expired(tx.as_mut(), &trend, now).await?);
            }
            tx.commit().await?;
            self.announce(&news).await;
            expired += news.len();
        }
    }
}
