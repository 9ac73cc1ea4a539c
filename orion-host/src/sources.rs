//! Opens the sources of trends that the settings name.

use crate::config::Config;
use orion_adapters::trends::Asking;
use orion_adapters::{Parts, SourceKey, TrendKeys, TrendPlace};
use orion_core::port::Fetcher;
use orion_core::service::scout::{ScanPlan, Scout};
use orion_core::{Error, Result};
use std::sync::Arc;

/// What `auto:` stands for where no feed is configured: what is open to everybody.
const OPEN: [&str; 5] = ["google:", "hackernews:", "reddit:", "wikipedia:", "github:"];

/// The addresses that the setting comes to: whoever names feeds wants those, and whoever gives a key wants it used.
pub(crate) fn addresses(config: &Config) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for address in config.sources.iter().map(|address| address.trim()).filter(|address| !address.is_empty()) {
        if address != "auto:" {
            addresses.push(address.to_owned());
            continue;
        }
        if config.feeds.is_empty() {
            addresses.extend(OPEN.map(str::to_owned));
        }
        let keyed = [("youtube:", &config.youtube_key), ("x:", &config.x_token)];
        let there = keyed.into_iter().filter(|(_, key)| !key.expose().is_empty());
        addresses.extend(there.map(|(address, _)| address.to_owned()));
    }
    for address in addresses.iter_mut().filter(|address| matches!(address.as_str(), "x:" | "x-trends:")) {
        address.push_str(config.x_url.trim());
    }
    addresses
}

/// What is scanned for where no schedule says otherwise.
pub(crate) fn plan(config: &Config) -> ScanPlan {
    ScanPlan {
        niche: Some(config.niche.clone()).filter(|niche| !niche.is_empty()),
        minutes: config.scan_interval,
        region: config.region.clone(),
        ..ScanPlan::default()
    }
}

/// The fetcher of all that is read, with the keys of the sources.
///
/// # Errors
/// `Invalid` for a source that needs a key which is not there, and for keys that fit no header.
pub(crate) fn fetcher(config: &Config, parts: &Parts) -> Result<Arc<dyn Fetcher>> {
    let keys = TrendKeys {
        youtube: config.youtube_key.clone(),
        x: config.x_token.clone(),
        github: config.github_token.clone(),
    };
    let mut shown: Vec<SourceKey> = Vec::new();
    for address in addresses(config) {
        shown.extend(parts.trend_key(&address, &keys)?);
    }
    parts.fetcher(&config.allow_private, &config.contact, &shown)
}

/// Gives a scout its sources; without a fetcher only the feeds that are files can be read.
///
/// # Errors
/// `Invalid` for an address that names no source, or a source that is named twice.
pub(crate) fn open(config: &Config, parts: &Parts, fetcher: Option<Arc<dyn Fetcher>>, scout: &mut Scout) -> Result<()> {
    if !config.feeds.is_empty() {
        scout.sources.push(Arc::new(scout.feeds(config.feeds.clone())));
    }
    let Some(fetcher) = fetcher else { return Ok(()) };
    let asking = Asking::new(fetcher, scout.visits());
    for address in addresses(config) {
        let told = |error: Error| error.with_context("setting", "scout.sources");
        let twice = |name: &str| Error::invalid("a source of trends is named twice").with_context("source", name);
        match parts.trends(&address, asking.clone()).map_err(told)? {
            TrendPlace::Source(source) if scout.sources.iter().any(|known| known.name() == source.name()) => {
                return Err(told(twice(source.name())));
            }
            TrendPlace::Source(source) => scout.sources.push(source),
            TrendPlace::Witness(witness) if !scout.witnesses.is_empty() => return Err(told(twice(witness.name()))),
            TrendPlace::Witness(witness) => scout.witnesses.push(witness),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use orion_core::domain::Secret;

    #[test]
    fn auto_means_what_one_would_expect() {
        let of = |sources: &[&str], feeds: &[&str], x: &str| {
            let list = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
            addresses(&Config {
                sources: list(sources),
                feeds: list(feeds),
                x_token: Secret::new(x),
                ..Config::default()
            })
        };
        assert_eq!(of(&["auto:"], &[], ""), OPEN);
        assert!(of(&["auto:"], &["https://news.example/rss"], "").is_empty(), "who names feeds wants those");
        assert_eq!(of(&["auto:"], &["https://news.example/rss"], "token"), ["x:"]);
        assert_eq!(of(&["wikipedia:", "auto:"], &["a.xml"], ""), ["wikipedia:"]);
        assert!(of(&[], &[], "token").is_empty(), "nothing is nothing");
    }

    #[tokio::test]
    async fn sources_are_opened_or_refused_with_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let build = |sources: &[&str]| {
            let sources = sources.iter().map(|source| (*source).to_owned()).collect();
            let (data_dir, voice) = (folder.path().to_owned(), "silent:".to_owned());
            let config = Config { sources, data_dir, voice, store: "memory:".to_owned(), ..Config::default() };
            crate::Orion::builder().config(config).build()
        };
        let orion = build(&["hackernews:", "wikipedia:"]).await.unwrap();
        let names: Vec<String> = orion.scout().sources().await.unwrap().into_iter().map(|source| source.name).collect();
        assert_eq!(names, ["hacker_news", "wikipedia"]);
        assert!(orion.scout().sources().await.unwrap().iter().all(|source| source.status() == "unasked"));
        for (wrong, told) in [
            (["x:"].as_slice(), "x.token"),
            (["digg:"].as_slice(), "google:"),
            (["reddit:a", "reddit:b"].as_slice(), ""),
        ] {
            let error = build(wrong).await.unwrap_err();
            assert!(error.hint().unwrap_or_default().contains(told), "{error:?}");
        }
    }
}
