//! What X itself shows as trending in a country (<https://docs.x.com/x-api/trends/get-trends-by-woeid>). The bearer token is
//! the fetcher's. 75 questions are allowed in a quarter of an hour, and each is paid for.

use crate::source::{Asking, base, below, country, item, json};
use async_trait::async_trait;
use orion_core::port::{ScoredItem, SourceScan, TrendSource};
use orion_core::service::scout::score_at;
use orion_core::{Error, ErrorKind, Operation, Result, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

/// X makes its list anew every few minutes; a question is paid for.
const FRESH: Duration = Duration::from_secs(900);
const NAME: &str = "x_trends";
/// Most that X gives.
const MOST: u32 = 50;

/// Countries by their numbers in Yahoo's GeoPlanet, by which X knows places: those that it has trends of.
const PLACES: [(&str, u32); 49] = [
    ("AE", 23_424_738),
    ("AR", 23_424_747),
    ("AT", 23_424_750),
    ("AU", 23_424_748),
    ("BE", 23_424_757),
    ("BR", 23_424_768),
    ("BY", 23_424_765),
    ("CA", 23_424_775),
    ("CH", 23_424_957),
    ("CL", 23_424_782),
    ("CO", 23_424_787),
    ("DE", 23_424_829),
    ("DK", 23_424_796),
    ("DO", 23_424_800),
    ("DZ", 23_424_740),
    ("EC", 23_424_801),
    ("EG", 23_424_802),
    ("ES", 23_424_950),
    ("FR", 23_424_819),
    ("GB", 23_424_975),
    ("GH", 23_424_824),
    ("GR", 23_424_833),
    ("ID", 23_424_846),
    ("IE", 23_424_803),
    ("IL", 23_424_852),
    ("IN", 23_424_848),
    ("IT", 23_424_853),
    ("JP", 23_424_856),
    ("KE", 23_424_863),
    ("KR", 23_424_868),
    ("MX", 23_424_900),
    ("MY", 23_424_901),
    ("NG", 23_424_908),
    ("NL", 23_424_909),
    ("NO", 23_424_910),
    ("NZ", 23_424_916),
    ("PE", 23_424_919),
    ("PH", 23_424_934),
    ("PK", 23_424_922),
    ("PL", 23_424_923),
    ("PT", 23_424_925),
    ("SA", 23_424_938),
    ("SE", 23_424_954),
    ("SG", 23_424_948),
    ("TH", 23_424_960),
    ("TR", 23_424_969),
    ("UA", 23_424_976),
    ("US", 23_424_977),
    ("ZA", 23_424_942),
];

/// A [`TrendSource`] over the trends of a country on X.
#[derive(Debug, Clone)]
pub struct XTrendsSource {
    asking: Asking,
    api: Url,
}

impl XTrendsSource {
    /// A source at this address of the interface, such as [`XWitness::API`](crate::XWitness::API).
    ///
    /// # Errors
    /// `Invalid` for what is no web address.
    pub fn new(asking: Asking, api: &str) -> Result<Self> {
        Ok(Self { asking, api: base(api)? })
    }
}

#[derive(Debug, Deserialize)]
struct Trends {
    data: Vec<Trend>,
}

#[derive(Debug, Deserialize)]
struct Trend {
    trend_name: String,
    /// Posts of the last day, where X tells.
    tweet_count: Option<u64>,
}

fn place_of(region: &str) -> Result<u32> {
    let country = country(region)?;
    let place = PLACES.iter().find(|(code, _)| *code == country);
    place.map(|(_, number)| *number).ok_or_else(|| {
        let known = PLACES.map(|(code, _)| code).join(", ");
        Error::invalid("X has no trends of this country").with_context("region", country).with_hint(known)
    })
}

#[async_trait]
impl TrendSource for XTrendsSource {
    fn name(&self) -> &str {
        NAME
    }

    async fn fetch(&self, region: &str, limit: u32, now: Timestamp, _operation: &Operation) -> Result<SourceScan> {
        let place = place_of(region)?.to_string();
        let mut url = below(&self.api, &["2", "trends", "by", "woeid", &place]);
        url.query_pairs_mut()
            .append_pair("max_trends", &MOST.to_string())
            .append_pair("trend.fields", "trend_name,tweet_count");
        let read = |bytes: &[u8], _: Option<&str>| match json::<Trends>(bytes)? {
            trends if trends.data.is_empty() => Err(Error::new(ErrorKind::Corrupt, "X tells of no trends at all")),
            trends => Ok(trends),
        };
        let trends = self.asking.get(&url, FRESH, now, read).await?;
        let trends = trends.data.into_iter().take(limit as usize).zip(0..);
        Ok(SourceScan {
            items: trends.filter_map(|(trend, place)| scored(&trend, place, limit)).collect(),
            problems: Vec::new(),
        })
    }
}

fn scored(trend: &Trend, place: u32, limit: u32) -> Option<ScoredItem> {
    let mut topic = item(trend.trend_name.trim_start_matches('#'), "X", place)?;
    let mut search = Url::parse("https://x.com/search").ok()?;
    search.query_pairs_mut().append_pair("q", &trend.trend_name);
    topic.url = Some(search.to_string());
    let signals = json!({ "posts_24h": trend.tweet_count });
    Some(ScoredItem::new(topic, score_at(place, limit), NAME).with_signals(signals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_have_places_of_their_own() {
        assert_eq!((place_of("us").unwrap(), place_of("JP").unwrap()), (23_424_977, 23_424_856));
        assert!(place_of("AQ").unwrap_err().hint().unwrap().contains("DE"));
        let numbers: std::collections::BTreeSet<u32> = PLACES.map(|(_, number)| number).into();
        assert_eq!(numbers.len(), PLACES.len());
    }
}
