//! Samples for a record that has nothing to show yet: trends, costs, and runs that really are worked on. Everything
//! says that it is a sample, and a second time nothing is added.

use super::{CreateRequest, Production, Subject};
use crate::domain::{Cost, CostCategory, FeedItem, Money, Setting, Sha256, Trend, TrendStatus};
use crate::id::{CostId, SettingId, TrendId, UserId};
use crate::port::{Entity, Repository};
use crate::{ErrorKind, Result};
use std::time::Duration;
use uuid::Uuid;

/// How a sample is marked wherever a source, a provider or a title is shown.
const MARK: &str = "sample";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Topic, niche, score and where the trend stands.
const TRENDS: &[(&str, &str, f64, TrendStatus)] = &[
    ("Sample: a city bridge closes for repairs", "tech", 68.0, TrendStatus::Active),
    ("Sample: a new open source compiler", "tech", 64.5, TrendStatus::Active),
    ("Sample: sleep and memory, a large study", "health", 57.25, TrendStatus::Active),
    ("Sample: a handheld console is announced", "gaming", 51.0, TrendStatus::Active),
    ("Sample: a rumour that nobody confirmed", "tech", 33.0, TrendStatus::Discarded),
    ("Sample: last week's stock market", "finance", 28.5, TrendStatus::Expired),
];

/// Scripts that runs are started with.
const SCRIPTS: &[&str] = &[
    "Sample: why do bees dance?\n\nA bee that found flowers dances for the others.\n\nThe angle shows the way, the \
     length shows how far.\n\nFollow for more.",
    "Sample: how old is the moon?\n\nRocks from the moon are over four billion years old.\n\nThey formed soon after \
     the planets did.\n\nFollow for more.",
];

/// What was spent: category, units, and how many days ago.
const COSTS: &[(CostCategory, f64, u32)] = &[
    (CostCategory::LlmTokens, 41_000.0, 27),
    (CostCategory::ImageGeneration, 12.0, 21),
    (CostCategory::TtsCharacters, 9_400.0, 14),
    (CostCategory::ImageGeneration, 18.0, 9),
    (CostCategory::VideoClips, 4.0, 6),
    (CostCategory::LlmTokens, 66_000.0, 3),
    (CostCategory::TtsCharacters, 12_800.0, 1),
];

/// How many samples were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seeded {
    /// Trends.
    pub trends: u64,
    /// Rows of the cost ledger.
    pub costs: u64,
    /// Runs, which workers take up like any other.
    pub runs: u64,
}

impl Production {
    /// Adds the samples that are not there yet; runs and costs belong to `owner`. `request` says how a script is made
    /// into a video here.
    ///
    /// # Errors
    /// As [`start`](Self::start); what was added by then stays.
    pub async fn seed(
        &self,
        owner: UserId,
        request: impl Fn(Subject) -> Result<CreateRequest> + Send + Sync,
    ) -> Result<Seeded> {
        let now = self.clock.now();
        let mut seeded = Seeded::default();
        let mut tx = self.store.begin().await?;
        for (place, (topic, niche, score, status)) in (0..).zip(TRENDS) {
            let detected_at = now.before(Duration::from_secs(3600 * (1 + u64::from(place))));
            let mut trend = Trend {
                id: TrendId(known_id("trend", place)),
                topic: (*topic).to_owned(),
                sources: vec![MARK.to_owned()],
                score: *score,
                niche: Some((*niche).to_owned()),
                keywords: vec![MARK.to_owned()],
                items: vec![sample_item(topic, place)],
                detected_at,
                expired_at: (!matches!(status, TrendStatus::Active | TrendStatus::Used)).then_some(now),
                status: *status,
                version: 0,
            };
            seeded.trends += add(tx.trends(), &mut trend).await?;
        }
        for (place, (category, units, days)) in (0..).zip(COSTS) {
            let mut cost = Cost {
                id: CostId(known_id("cost", place)),
                content_id: None,
                run_id: None,
                owner,
                provider: MARK.to_owned(),
                category: *category,
                units: *units,
                amount: Money::from_dollars(units * category.default_rate()),
                recorded_at: now.before(DAY * *days),
                version: 0,
            };
            seeded.costs += add(tx.costs(), &mut cost).await?;
        }
        tx.commit().await?;
        for (place, script) in (0..).zip(SCRIPTS) {
            let script = Subject::Script { script: (*script).to_owned() };
            seeded.runs += u64::from(self.seed_run(owner, place, &request(script)?).await?);
        }
        Ok(seeded)
    }

    /// Starts a sample's run unless that was done before; the note of it commits with the run.
    async fn seed_run(&self, owner: UserId, place: u32, request: &CreateRequest) -> Result<bool> {
        let now = self.clock.now();
        let mut note = Setting {
            id: SettingId(known_id("run", place)),
            name: format!("{MARK}/run/{place}"),
            value: serde_json::to_value(now)?,
            updated_at: now,
            version: 0,
        };
        let mut changes = self.changes(owner).await?;
        if add(changes.tx.settings(), &mut note).await? == 0 {
            return Ok(false);
        }
        self.write_down(&mut changes, owner, request).await?;
        self.commit(changes).await?;
        Ok(true)
    }
}

/// Adds a row that is not there yet, and tells how many were added.
async fn add<T: Entity>(table: &mut dyn Repository<T>, row: &mut T) -> Result<u64> {
    match table.insert(row).await {
        Ok(()) => Ok(1),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(0),
        Err(error) => Err(error),
    }
}

/// The same identity for the same sample, always.
fn known_id(kind: &str, place: u32) -> Uuid {
    let digest = Sha256::of(format!("orion/{MARK}/{kind}/{place}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn sample_item(topic: &str, rank: u32) -> FeedItem {
    FeedItem {
        title: topic.to_owned(),
        url: None,
        summary: format!("{topic}. This text is a sample and tells of nothing that happened."),
        content: String::new(),
        author: None,
        published_at: None,
        picture: None,
        categories: vec![MARK.to_owned()],
        feed_title: MARK.to_owned(),
        language: Some("en".to_owned()),
        rank,
    }
}
