//! Which trend to make a video of. Pure.

use super::rank::story;
use crate::Timestamp;
use crate::domain::{FeedItem, Trend, TrendStatus};

/// A text of this many characters is enough for a video of half a minute (about 75 spoken words) several times
/// over, so that the writer can choose.
const ENOUGH_TEXT: f64 = 1200.0;
/// Below this many characters there is hardly more than the headline.
const HARDLY_TEXT: usize = 80;

/// The active trend that promises the best video.
///
/// The contract's score says what people talk about, not whether there is anything to tell: an item that is only a
/// link may lead. So for production alone, and without touching the score, [`merit`] adds up to 50 points for
/// material. Equal merits go by score, then by who came first.
pub fn choose(trends: &[Trend]) -> Option<&Trend> {
    let newest = trends.iter().filter_map(published).max();
    let active = trends.iter().filter(|trend| trend.status == TrendStatus::Active);
    let mut best: Option<(&Trend, f64)> = None;
    for trend in active {
        let merit = merit(trend, newest);
        let better = best.is_none_or(|(known, most)| merit > most || merit == most && trend.score > known.score);
        if better {
            best = Some((trend, merit));
        }
    }
    best.map(|(trend, _)| trend)
}

/// The score of a trend plus what speaks for a video of it:
/// - up to 30 points for the text at hand (none below 80 characters, all from 1200 on, by its square root);
/// - up to 10 for its age beside the newest item of the list, halved every day;
/// - 5 for a picture;
/// - 5 if more than one source has it.
pub fn merit(trend: &Trend, newest: Option<Timestamp>) -> f64 {
    let length = trend.items.iter().map(|item| story(item).chars().count()).max().unwrap_or(0);
    let text = if length < HARDLY_TEXT { 0.0 } else { 30.0 * (length as f64 / ENOUGH_TEXT).sqrt().min(1.0) };
    let age = published(trend).zip(newest).map(|(at, newest)| newest.since(at).as_secs_f64() / 86_400.0);
    let recency = age.map_or(0.0, |days| 10.0 * 0.5_f64.powf(days));
    let picture = if trend.items.iter().any(|item| item.picture.is_some()) { 5.0 } else { 0.0 };
    let company = if trend.sources.len() > 1 { 5.0 } else { 0.0 };
    trend.score + text + recency + picture + company
}

fn published(trend: &Trend) -> Option<Timestamp> {
    trend.items.iter().filter_map(|item: &FeedItem| item.published_at).max()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{item, trend};
    use super::*;

    #[test]
    fn a_told_story_beats_a_bare_link() {
        let bare = trend("A funny picture", 70.0, vec![item("A funny picture", "")]);
        let told = trend("A new bridge", 59.5, vec![item("A new bridge", &"The bridge is open to all. ".repeat(30))]);
        assert_eq!(choose(&[bare.clone(), told.clone()]).map(|trend| trend.id), Some(told.id));
        let far_behind = trend("Old news", 14.0, vec![item("Old news", &"The bridge is open to all. ".repeat(30))]);
        assert_eq!(choose(&[bare.clone(), far_behind]).map(|trend| trend.id), Some(bare.id));
    }

    #[test]
    fn only_active_trends_are_chosen() {
        let mut used = trend("Used", 99.0, vec![]);
        used.status = TrendStatus::Used;
        assert_eq!(choose(&[used.clone()]), None);
        let (first, second) = (trend("First", 10.0, vec![]), trend("Second", 10.0, vec![]));
        assert_eq!(choose(&[used, first.clone(), second]).map(|trend| trend.id), Some(first.id));
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn news_is_worth_more_than_history() {
        let at = |day: &str, text: &str| {
            let mut item = item(text, "");
            item.published_at = day.parse().ok();
            trend(text, 50.0, vec![item])
        };
        let (old, new) = (at("2026-11-20T00:00:00Z", "old"), at("2026-11-23T00:00:00Z", "new"));
        assert_eq!(choose(&[old, new.clone()]).map(|trend| trend.id), Some(new.id));
    }
}
