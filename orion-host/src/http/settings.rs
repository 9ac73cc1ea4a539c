//! What the gateway's layers and routes go by, read once from the configuration.

use crate::config::Config;
use axum::http::HeaderValue;
use ipnet::IpNet;
use orion_core::domain::Secret;
use orion_core::{Error, Result};
use std::collections::HashSet;
use std::net::IpAddr;
use url::Url;

/// The environments that [`Config::env`] can name.
const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// Settings of the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether this is somebody's own machine: local pages may call, and tokens may stand in addresses of sockets.
    pub development: bool,
    /// Whether a socket may show its access token in the address.
    pub token_query: bool,
    /// Where browsers reach the gateway; without a slash at its end.
    pub gateway_url: String,
    /// Where browsers reach the dashboard; without a slash at its end.
    pub dashboard_url: String,
    /// What Prometheus and Alertmanager show; empty lets none of them in.
    pub(super) monitor_token: Secret,
    pub(super) origins: Origins,
    pub(super) proxies: Vec<IpNet>,
}

/// Who may call from a browser.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    pub(super) any: bool,
    listed: HashSet<HeaderValue>,
}

impl Origins {
    pub(super) fn allows(&self, origin: &HeaderValue) -> bool {
        self.any || self.names(origin)
    }

    /// Whether this very origin is listed; everybody being welcome does not count.
    pub(super) fn names(&self, origin: &HeaderValue) -> bool {
        self.listed.contains(origin)
    }
}

impl Settings {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an environment, origin, address or network that is none.
    pub fn new(config: &Config) -> Result<Self> {
        if !ENVIRONMENTS.contains(&config.env.as_str()) {
            return Err(Error::invalid("unknown environment")
                .with_context("env", &config.env)
                .with_hint("`env` must be development, staging or production"));
        }
        let development = config.env == "development";
        let port = config.http_listen.rsplit_once(':').map_or("8000", |(_, port)| port);
        let gateway = match config.gateway_url.as_str() {
            "" => web_address("http.listen", &format!("http://localhost:{port}"))?,
            text => web_address("urls.gateway", text)?,
        };
        let dashboard = match config.dashboard_url.as_str() {
            "" => gateway.clone(),
            text => web_address("urls.dashboard", text)?,
        };
        let mut listed = HashSet::new();
        // The gateway's own pages call it too, and the dashboard is there to.
        let own = [&gateway, &dashboard];
        for origin in config.allowed_origins.iter().filter(|origin| *origin != "*").cloned().chain(own.map(origin_of)) {
            listed.insert(header(&origin_of(&web_address("http.allowed_origins", &origin)?))?);
        }
        if development {
            let local = ["3000", "3001", "3002"].into_iter().filter(|_| config.allowed_origins.is_empty());
            for port in local.chain([port]) {
                listed.insert(header(&format!("http://localhost:{port}"))?);
                listed.insert(header(&format!("http://127.0.0.1:{port}"))?);
            }
        }
        Ok(Self {
            development,
            monitor_token: config.monitor_token.clone(),
            token_query: development || config.ws_token_query,
            gateway_url: gateway.as_str().trim_end_matches('/').to_owned(),
            dashboard_url: dashboard.as_str().trim_end_matches('/').to_owned(),
            origins: Origins { any: config.allowed_origins.iter().any(|origin| origin == "*"), listed },
            proxies: config.trusted_proxies.iter().map(|text| network(text)).collect::<Result<_>>()?,
        })
    }
}

fn web_address(key: &str, text: &str) -> Result<Url> {
    let told = || {
        Error::invalid("a setting is no address of a web server")
            .with_context("setting", key)
            .with_context("value", text)
            .with_hint(format!("write {key} like https://orion.example.org"))
    };
    let url = Url::parse(text).map_err(|_| told())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(told()) }
}

fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn header(origin: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(origin).map_err(|_| Error::invalid("an origin has characters that no header may have"))
}

fn network(text: &str) -> Result<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        Error::invalid("http.trusted_proxies names something that is no address or network")
            .with_context("value", text)
            .with_hint("write addresses like 10.0.0.7 or networks like 10.0.0.0/8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Config)) -> Result<Settings> {
        let mut config = Config::default();
        change(&mut config);
        Settings::new(&config)
    }

    fn allows(settings: &Settings, origin: &str) -> bool {
        settings.origins.allows(&HeaderValue::from_str(origin).unwrap())
    }

    #[test]
    fn development_allows_this_machine_until_origins_are_named() {
        let settings = with(|_| ()).unwrap();
        for port in [3000, 3001, 3002, 8000] {
            assert!(allows(&settings, &format!("http://localhost:{port}")));
            assert!(allows(&settings, &format!("http://127.0.0.1:{port}")));
        }
        assert!(!allows(&settings, "http://localhost:4000"));
        assert!(!allows(&settings, "https://localhost:3000"));
        let settings = with(|config| config.allowed_origins = vec!["https://a.example/".to_owned()]).unwrap();
        assert!(allows(&settings, "https://a.example"));
        assert!(!allows(&settings, "http://localhost:3000"));
    }

    #[test]
    fn outside_development_only_what_is_listed_and_the_gateway_itself_may_call() {
        let settings = with(|config| {
            config.env = "production".to_owned();
            config.gateway_url = "https://api.example".to_owned();
            config.allowed_origins = vec!["https://a.example".to_owned()];
        });
        let settings = settings.unwrap();
        assert!(allows(&settings, "https://a.example") && allows(&settings, "https://api.example"));
        assert!(!allows(&settings, "http://localhost:3000") && !allows(&settings, "http://localhost:8000"));
        assert!(!settings.token_query);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_name() {
        for (change, part) in [
            ((|config| config.env = "prod".to_owned()) as fn(&mut Config), "prod"),
            (|config| config.gateway_url = "localhost:8000".to_owned(), "urls.gateway"),
            (|config| config.allowed_origins = vec!["a.example".to_owned()], "http.allowed_origins"),
            (|config| config.trusted_proxies = vec!["10.0.0.0/99".to_owned()], "10.0.0.0/99"),
        ] {
            let error = with(change).unwrap_err();
            assert_eq!(error.kind(), orion_core::ErrorKind::Invalid);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
