//! From the items of many sources to a few ranked topics. Pure.

use crate::domain::{FeedItem, Niche};
use crate::port::ScoredItem;
use crate::text::fold;
use crate::text::keyword::{Keyword, Words};
use crate::text::similarity::{Headline, Sketch, Sketches};
use std::collections::{BTreeMap, HashMap};

/// Two topics this alike are one (token-sort ratio, 0 to 100; contract, section 5.1).
pub const SAME_TOPIC: f64 = 85.0;
/// Two stories that share this part of their text are one, however their headlines differ.
pub const SAME_STORY: f64 = 0.5;
/// Longest topic in characters.
const LONGEST_TOPIC: usize = 512;
/// Most items kept with one topic.
const MOST_ITEMS: usize = 12;
/// Most words that describe a topic.
const MOST_KEYWORDS: usize = 12;

/// A topic with its score, before it becomes a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredTrend {
    /// The topic in words.
    pub topic: String,
    /// 0 to 100, two decimals.
    pub score: f64,
    /// Where it was seen: sorted, without repeats.
    pub sources: Vec<String>,
    /// Words that describe it: the niche's that occur, then those of its items.
    pub keywords: Vec<String>,
    /// The items it was seen in, best first.
    pub items: Vec<FeedItem>,
    /// What sources said of it in numbers, by their names.
    pub signals: BTreeMap<String, serde_json::Value>,
}

/// The score of the item at a place of a feed: `70 - place * 70 / limit`, never below zero
/// (contract, section 5.1).
pub fn score_at(place: u32, limit: u32) -> f64 {
    rounded((70.0 - f64::from(place) * 70.0 / f64::from(limit.max(1))).max(0.0))
}

/// Keeps the best item of each topic of one source; topics are compared without case. The order stays.
pub fn distinct(items: Vec<ScoredItem>) -> Vec<ScoredItem> {
    let mut kept: Vec<ScoredItem> = Vec::with_capacity(items.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in items {
        let place = *places.entry(fold(&item.item.title)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(known) if known.score < item.score => *known = item,
            Some(_) => {}
            None => kept.push(item),
        }
    }
    kept
}

/// Ranks what the sources saw: merges what is one topic, applies the niche if there is one, best first.
pub fn rank(items: Vec<ScoredItem>, niche: Option<&Niche>) -> Vec<ScoredTrend> {
    let mut trends = merge(items);
    if let Some(niche) = niche {
        apply(niche, &mut trends);
    }
    trends.sort_by(|a, b| b.score.total_cmp(&a.score));
    trends
}

/// Merges items of one topic: the first absorbs later ones whose headline or whose story is alike. The best score
/// wins, and all sources and items are kept.
pub fn merge(items: Vec<ScoredItem>) -> Vec<ScoredTrend> {
    let mut headlines: Vec<Headline> = Vec::new();
    let mut sketches = Sketches::default();
    let mut clusters: Vec<Vec<ScoredItem>> = Vec::new();
    for item in items {
        let headline = Headline::new(&item.item.title);
        let sketch = Sketch::of(story(&item.item));
        let same_topic = headlines.iter().position(|known| known.is_like(&headline, SAME_TOPIC));
        let same_story = sketches.first_like(&sketch, SAME_STORY);
        match [same_topic, same_story].into_iter().flatten().min() {
            Some(cluster) => clusters[cluster].push(item),
            None => {
                headlines.push(headline);
                sketches.push(sketch);
                clusters.push(vec![item]);
            }
        }
    }
    clusters.into_iter().filter_map(trend).collect()
}

/// The longest text that an item carries.
pub(super) fn story(item: &FeedItem) -> &str {
    if item.content.len() > item.summary.len() { &item.content } else { &item.summary }
}

fn trend(mut scored: Vec<ScoredItem>) -> Option<ScoredTrend> {
    let topic = scored.first()?.item.title.chars().take(LONGEST_TOPIC).collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score));
    let score = rounded(scored.first()?.score);
    let mut sources: Vec<String> = scored.iter().map(|item| item.source.clone()).collect();
    sources.sort();
    sources.dedup();
    let mut keywords: Vec<String> = Vec::new();
    for word in scored.iter().flat_map(|item| &item.item.categories) {
        if keywords.len() < MOST_KEYWORDS && !keywords.contains(word) {
            keywords.push(word.clone());
        }
    }
    let mut signals = BTreeMap::new();
    for seen in scored.iter_mut().filter(|seen| !seen.signals.is_null()) {
        signals.entry(seen.source.clone()).or_insert_with(|| seen.signals.take());
    }
    // The topic of each source first, then what else they know of it.
    let (items, more): (Vec<FeedItem>, Vec<Vec<FeedItem>>) =
        scored.into_iter().map(|seen| (seen.item, seen.more)).unzip();
    let items = items.into_iter().chain(more.into_iter().flatten()).take(MOST_ITEMS).collect();
    Some(ScoredTrend { topic, score, sources, keywords, items, signals })
}

/// Applies a niche: 15 points for each of its keywords in the topic, 30 off for each excluded one, and what falls
/// below its least score is dropped.
pub fn apply(niche: &Niche, trends: &mut Vec<ScoredTrend>) {
    let prepared = |words: &[String]| words.iter().map(|word| Keyword::new(word)).collect::<Vec<_>>();
    let (wanted, excluded) = (prepared(&niche.keywords), prepared(&niche.excluded));
    trends.retain_mut(|trend| {
        let words = Words::of(&trend.topic);
        let hits = wanted.iter().zip(&niche.keywords).filter(|(keyword, _)| words.contain(keyword));
        let hits: Vec<&String> = hits.map(|(_, text)| text).collect();
        let misses = excluded.iter().filter(|keyword| words.contain(keyword)).count();
        let score = trend.score + 15.0 * hits.len() as f64 - 30.0 * misses as f64;
        trend.score = rounded(score.clamp(0.0, 100.0));
        let mut keywords: Vec<String> = hits.into_iter().cloned().collect();
        keywords.extend(trend.keywords.drain(..).filter(|word| !niche.keywords.contains(word)));
        keywords.truncate(MOST_KEYWORDS);
        trend.keywords = keywords;
        trend.score >= niche.min_score
    });
}

/// Drops topics that are like one of these, which were made into content already.
pub fn drop_used(trends: &mut Vec<ScoredTrend>, used: &[String]) {
    let used: Vec<Headline> = used.iter().map(|topic| Headline::new(topic)).collect();
    trends.retain(|trend| {
        let headline = Headline::new(&trend.topic);
        !used.iter().any(|used| used.is_like(&headline, SAME_TOPIC))
    });
}

/// Two decimals.
fn rounded(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::tests::item;
    use super::*;
    use crate::service::scout::built_in;
    use serde_json::json;

    fn scored(title: &str, score: f64, source: &str) -> ScoredItem {
        ScoredItem::new(item(title, ""), score, source)
    }

    fn topics(trends: &[ScoredTrend]) -> Vec<(&str, f64)> {
        trends.iter().map(|trend| (trend.topic.as_str(), trend.score)).collect()
    }

    #[test]
    fn places_have_scores() {
        let scores: Vec<f64> = [0, 1, 2, 19, 20, 40].map(|place| score_at(place, 20)).to_vec();
        assert_eq!(scores, [70.0, 66.5, 63.0, 3.5, 0.0, 0.0]);
        assert_eq!(score_at(1, 3), 46.67);
        assert_eq!(score_at(1, 0), 0.0);
    }

    #[test]
    fn one_source_says_each_topic_once() {
        let items = vec![scored("A Story", 10.0, "x"), scored("Other", 9.0, "x"), scored("a  story", 20.0, "x")];
        let kept: Vec<(String, f64)> = distinct(items).into_iter().map(|item| (item.item.title, item.score)).collect();
        assert_eq!(kept, [("a  story".to_owned(), 20.0), ("Other".to_owned(), 9.0)]);
    }

    #[test]
    fn the_first_topic_absorbs_later_ones() {
        let trends = rank(
            vec![
                scored("Apple unveils new iPhone", 40.0, "rss:B"),
                scored("A bridge is rebuilt", 50.0, "rss:B"),
                scored("Apple unveils the new iPhone 20", 60.0, "rss:A"),
                scored("new iPhone: Apple unveils", 30.0, "rss:B"),
            ],
            None,
        );
        assert_eq!(topics(&trends), [("Apple unveils new iPhone", 60.0), ("A bridge is rebuilt", 50.0)]);
        assert_eq!(trends[0].sources, ["rss:A", "rss:B"]);
        let titles: Vec<&str> = trends[0].items.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(
            titles,
            ["Apple unveils the new iPhone 20", "Apple unveils new iPhone", "new iPhone: Apple unveils"]
        );
    }

    #[test]
    fn the_same_story_under_other_headlines_is_one_topic() {
        let text = "Engineers have finished the first tunnel under the strait, two years later than planned, and the first \
            trains are to run through it before the end of the year if the tests of the signals go as well as they hope.";
        let mut a = scored("First trains this year", 50.0, "rss:A");
        let mut b = scored("Tunnel under the strait is finished", 70.0, "rss:B");
        a.item.summary = text.to_owned();
        b.item.content = format!("(Agency) {text}");
        let trends = rank(vec![a, b, scored("Something else", 10.0, "rss:A")], None);
        assert_eq!(topics(&trends), [("First trains this year", 70.0), ("Something else", 10.0)]);
    }

    #[test]
    fn a_niche_lifts_drops_and_sinks() {
        let niche = built_in("tech").unwrap();
        let items = vec![
            scored("AI startup raises money", 10.0, "x"),
            scored("He said it again", 40.0, "x"),
            scored("Celebrity gossip about software", 70.0, "x"),
            scored("A quiet day", 14.99, "x"),
            scored("AI GPU cloud software API startup", 60.0, "x"),
        ];
        let trends = rank(items, Some(&niche));
        let expected = [
            ("AI GPU cloud software API startup", 100.0),
            ("AI startup raises money", 40.0),
            ("He said it again", 40.0),
            ("Celebrity gossip about software", 25.0),
        ];
        assert_eq!(topics(&trends), expected);
        assert_eq!(trends[1].keywords, ["AI", "startup"]);
    }

    #[test]
    fn what_sources_say_in_numbers_and_know_besides_stays_with_the_topic() {
        let mut google = scored("Rhine bridge", 60.0, "google_trends_daily").with_signals(json!({"traffic": 2000}));
        google.more = vec![item("Old Rhine bridge is closed", "It will be closed for a year.")];
        let x = scored("rhine bridge", 70.0, "twitter_v2").with_signals(json!({"posts_24h": 900}));
        let trends = rank(vec![google, x, scored("Other", 1.0, "rss:A")], None);
        assert_eq!(topics(&trends), [("Rhine bridge", 70.0), ("Other", 1.0)]);
        let titles: Vec<&str> = trends[0].items.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles, ["rhine bridge", "Rhine bridge", "Old Rhine bridge is closed"]);
        assert_eq!(trends[0].signals["google_trends_daily"], json!({"traffic": 2000}));
        assert_eq!((trends[0].signals.len(), trends[1].signals.len()), (2, 0));
    }

    #[test]
    fn used_topics_do_not_come_back() {
        let mut trends =
            rank(vec![scored("Apple unveils new iPhone", 40.0, "x"), scored("A bridge is rebuilt", 50.0, "x")], None);
        drop_used(&mut trends, &["apple unveils the new iPhone 20".to_owned()]);
        assert_eq!(topics(&trends), [("A bridge is rebuilt", 50.0)]);
    }

    #[test]
    fn a_thousand_topics_are_compared_with_each_other() {
        let words =
            ["river", "bridge", "council", "tunnel", "minister", "train", "school", "harbour", "market", "storm"];
        let items = (0..1000_usize).map(|n| {
            let title = format!("{} {} {n:04} {} {:x}", words[n % 10], words[n / 10 % 10], words[n / 100], n * 7919);
            scored(&title, 50.0, "x")
        });
        assert!(merge(items.collect()).len() > 100);
    }
}
