//! Opens the places where trends are seen, each with its key.

/// A key that a server is shown in a header.
#[cfg(feature = "feeds")]
#[derive(Debug, Clone)]
pub struct SourceKey {
    /// An address of the server.
    pub address: String,
    /// The header's name, in lower case.
    pub header: &'static str,
    /// The header's value.
    pub secret: orion_core::domain::Secret,
}

/// Keys of the places where trends are seen; empty for none.
#[cfg(feature = "trends")]
#[derive(Debug, Clone)]
pub struct TrendKeys {
    /// Of YouTube's Data API.
    pub youtube: orion_core::domain::Secret,
    /// A bearer token of X.
    pub x: orion_core::domain::Secret,
    /// A token of GitHub, which allows more searches.
    pub github: orion_core::domain::Secret,
}

/// A place where trends are seen, or one that is asked about what others saw.
#[cfg(feature = "trends")]
#[derive(Debug, Clone)]
pub enum TrendPlace {
    /// Sees trends.
    Source(std::sync::Arc<dyn orion_core::port::TrendSource>),
    /// Is asked about them.
    Witness(std::sync::Arc<dyn orion_core::port::TrendWitness>),
}

#[cfg(feature = "trends")]
impl crate::Parts {
    /// A place where trends are seen: `google:`, `hackernews:`, `reddit:SUBREDDITS`, `wikipedia:`, `github:`, `youtube:`,
    /// `x-trends:` or the witness `x:`; a web address after the colon is a mirror of it.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an unknown scheme and an address that is none.
    pub fn trends(&self, address: &str, asking: orion_trends::Asking) -> orion_core::Result<TrendPlace> {
        use orion_trends::{
            GithubSource, GoogleTrendsSource, HackerNewsSource, RedditSource, WikipediaSource, XTrendsSource, XWitness,
            YoutubeSource,
        };
        let uri = crate::Uri::parse(address)?;
        let at = |usual: &'static str| if uri.rest().is_empty() { usual } else { uri.rest() };
        Ok(TrendPlace::Source(match uri.scheme() {
            "google" => std::sync::Arc::new(GoogleTrendsSource::new(asking, at(GoogleTrendsSource::FEED))?),
            "hackernews" => std::sync::Arc::new(HackerNewsSource::new(asking, at(HackerNewsSource::API))?),
            "reddit" => std::sync::Arc::new(RedditSource::new(asking, uri.rest())?),
            "wikipedia" => std::sync::Arc::new(WikipediaSource::new(asking, at(WikipediaSource::API))?),
            "github" => std::sync::Arc::new(GithubSource::new(asking, at(GithubSource::API))?),
            "youtube" => std::sync::Arc::new(YoutubeSource::new(asking, at(YoutubeSource::API))?),
            "x-trends" => std::sync::Arc::new(XTrendsSource::new(asking, at(XWitness::API))?),
            "x" => return Ok(TrendPlace::Witness(std::sync::Arc::new(XWitness::new(asking, at(XWitness::API))?))),
            _ => {
                let known = [
                    "google:",
                    "hackernews:",
                    "reddit:SUBREDDITS",
                    "wikipedia:",
                    "github:",
                    "youtube:",
                    "x:",
                    "x-trends:",
                ];
                return Err(uri.unknown("trends", &known));
            }
        }))
    }

    /// The web address that a place of trends is asked at.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for what is no address.
    pub fn trend_server(&self, address: &str) -> orion_core::Result<String> {
        use orion_trends::{
            GithubSource, GoogleTrendsSource, HackerNewsSource, RedditSource, WikipediaSource, XWitness, YoutubeSource,
        };
        let uri = crate::Uri::parse(address)?;
        if uri.rest().contains("://") {
            return Ok(uri.rest().to_owned());
        }
        let usual = match uri.scheme() {
            "google" => GoogleTrendsSource::FEED,
            "hackernews" => HackerNewsSource::API,
            "reddit" => RedditSource::SITE,
            "wikipedia" => WikipediaSource::API,
            "github" => GithubSource::API,
            "youtube" => YoutubeSource::API,
            "x" | "x-trends" => XWitness::API,
            // `trends` tells which there are.
            _ => "",
        };
        Ok(usual.to_owned())
    }

    /// The key that the fetcher must show to a place where trends are seen, if it takes one and there is one.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for a place that needs a key which is not there.
    pub fn trend_key(&self, address: &str, keys: &TrendKeys) -> orion_core::Result<Option<SourceKey>> {
        use orion_trends::{GithubSource, XWitness, YoutubeSource};
        let uri = crate::Uri::parse(address)?;
        let bearer = "authorization";
        let (setting, needed, usual, header, before, key) = match uri.scheme() {
            "github" => ("github.token", false, GithubSource::API, bearer, "Bearer ", &keys.github),
            "youtube" => ("youtube.key", true, YoutubeSource::API, YoutubeSource::KEY, "", &keys.youtube),
            "x" | "x-trends" => ("x.token", true, XWitness::API, bearer, "Bearer ", &keys.x),
            _ => return Ok(None),
        };
        if key.expose().is_empty() {
            let missing = orion_core::Error::invalid("this source of trends needs a key")
                .with_context("source", uri.scheme())
                .with_hint(format!("set `{setting}`, or name the source no longer"));
            return if needed { Err(missing) } else { Ok(None) };
        }
        let at = if uri.rest().is_empty() { usual } else { uri.rest() };
        let secret = orion_core::domain::Secret::new(format!("{before}{}", key.expose()));
        Ok(Some(SourceKey { address: at.to_owned(), header, secret }))
    }
}

#[cfg(all(test, feature = "trends"))]
mod tests {
    use super::*;
    use crate::Parts;
    use orion_core::memory::{MemoryBlobs, MemoryStore};
    use std::sync::Arc;

    #[test]
    fn places_of_trends_are_opened_with_their_keys() {
        use orion_core::domain::Secret;
        let parts = Parts::new("/nonexistent");
        let store = Arc::new(MemoryStore::new());
        let entropy = Arc::new(orion_core::memory::SeededEntropy::new(1));
        let visits = orion_core::service::scout::Visits::new(store, Arc::new(MemoryBlobs::new()), entropy);
        let asking = orion_trends::Asking::new(Arc::new(crate::Offline), visits);
        let name = |address: &str| match parts.trends(address, asking.clone()) {
            Ok(TrendPlace::Source(source)) => source.name().to_owned(),
            Ok(TrendPlace::Witness(witness)) => witness.name().to_owned(),
            Err(error) => error.hint().unwrap_or_default().to_owned(),
        };
        let all = [
            "google:",
            "hackernews:https://mirror.example/api",
            "reddit:rust",
            "wikipedia:",
            "github:",
            "youtube:",
            "x-trends:",
            "x:",
        ];
        let names = [
            "google_trends_daily",
            "hacker_news",
            "reddit",
            "wikipedia",
            "github",
            "youtube",
            "x_trends",
            "twitter_v2",
        ];
        assert_eq!(all.map(name), names);
        assert!(name("myspace:").contains("reddit:SUBREDDITS"));
        let servers = all.map(|address| parts.trend_server(address).unwrap());
        assert!(servers.iter().all(|server| server.starts_with("https://")), "{servers:?}");
        assert_eq!(
            (servers[1].as_str(), servers[2].as_str()),
            ("https://mirror.example/api", "https://www.reddit.com")
        );
        let some = |key| Secret::new(key);
        let keys = TrendKeys { youtube: some("y"), x: some("t"), github: some("") };
        let key = |address: &str| parts.trend_key(address, &keys).unwrap();
        assert!(key("google:").is_none() && key("github:").is_none());
        let x = key("x:http://127.0.0.1:9/base").unwrap();
        assert_eq!(
            (x.address.as_str(), x.header, x.secret.expose()),
            ("http://127.0.0.1:9/base", "authorization", "Bearer t")
        );
        assert_eq!(key("youtube:").unwrap().secret.expose(), "y");
        let keys = TrendKeys { youtube: some(""), ..keys };
        assert!(parts.trend_key("youtube:", &keys).unwrap_err().hint().unwrap().contains("youtube.key"));
    }
}
